"""Cada respuesta a los ejercicios de la fase 1, por su texto."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset

from taller_lib import revisa
from taller_lib.revisa import fase_1

ODD = (..., None, "", "hola", [], [1, 2], {}, object(), float("nan"), float("inf"), -1, True, b"x")
# 4 de seguridad entre 10; 3 de prensa; 2 de turismo; 5 positivas
TABLE = {
    "dimension": ["seguridad"] * 4 + ["turismo"] * 2 + ["gente"] * 4,
    "fuente": ["prensa_internacional"] * 3 + ["foro"] * 7,
    "etiqueta": ["positivo"] * 5 + ["negativo"] * 5,
}
DATA = Dataset.from_dict(TABLE)
MINE = pd.Series(["a", "b", "c", "a", "b"])
THEIRS = pd.Series(["a", "b", "c", "b", "a"])


def said(capsys: pytest.CaptureFixture[str], name: str, *answers: Any) -> str:
    assert getattr(revisa, name)(*answers) is None
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (..., "Todavía no has escrito tu filtro: sustituye los puntos suspensivos."),
        (4, "Correcto: 4 de 10 textos"),
        ("4", "Correcto: 4 de 10 textos"),
        (np.int64(4), "Correcto"),
        (DATA.select(range(4)), "¿qué función los contaba"),
        (lambda fila: True, "nadie la ha usado todavía"),
        (None, "Necesito un número"),
        ("cuatro", "Necesito un número"),
        (10, "Son todos los renglones"),
        (0, "mayúsculas y acentos"),
        (6, "`!=` en lugar de `==`"),
        (3, "Esos son los de prensa internacional"),
        (2, "Ese número corresponde a «turismo»"),
        (5, "Ese número corresponde a «positivo»"),
        (9, 'La condición compara `fila["dimension"]`'),
    ],
)
def test_filter(capsys: pytest.CaptureFixture[str], answer: Any, text: str) -> None:
    assert text in said(capsys, "ejercicio_1_1", answer, DATA)


@pytest.mark.parametrize("data", [None, "tabla", [], 3, {"texto": []}])
def test_filter_without_the_table(capsys: pytest.CaptureFixture[str], data: Any) -> None:
    assert "ejecuta otra vez las celdas del paso 2" in said(capsys, "ejercicio_1_1", 4, data)


def test_filter_reads_a_pandas_table_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Correcto" in said(capsys, "ejercicio_1_1", 4, pd.DataFrame(TABLE))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (..., "Todavía no has escrito tu cuenta: sustituye los puntos suspensivos."),
        (3, "Correcto: coinciden en 3 de 5 textos. Lo que queda fuera no es basura"),
        (np.int64(3), "Correcto"),
        (2, "Contaste los desacuerdos"),
        (0.6, "escribe la cuenta y no la proporción"),
        (60, "escribe la cuenta y no la proporción"),
        ("60 %", "escribe la cuenta y no la proporción"),
        (6, "un entero entre 0 y 5"),
        (-1, "un entero entre 0 y 5"),
        (2.5, "un entero entre 0 y 5"),
        (4, "Contaste de más"),
        (1, "Contaste de menos"),
        ("tres", "Necesito un número entero"),
    ],
)
def test_count(capsys: pytest.CaptureFixture[str], answer: Any, text: str) -> None:
    assert text in said(capsys, "ejercicio_1_2", answer, MINE, THEIRS)


@pytest.mark.parametrize(
    ("answer", "theirs", "text"),
    [
        (5, MINE, "Correcto: coinciden en 5 de 5 textos. Nadie discute aquí"),
        (0, ["x"] * 5, "Correcto: coinciden en 0 de 5 textos. Con tanto desacuerdo"),
    ],
)
def test_count_says_what_it_means(capsys: pytest.CaptureFixture[str], answer: int, theirs: Any, text: str) -> None:
    assert text in said(capsys, "ejercicio_1_2", answer, MINE, theirs)


def test_count_of_one_or_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "1 de 1 texto." in said(capsys, "ejercicio_1_2", 1, ["a"], ["a"])
    assert "No encuentro las dos columnas" in said(capsys, "ejercicio_1_2", 1)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ((..., ...), "Todavía no has escrito tus dos números: sustituye los puntos suspensivos."),
        ((0.9, ...), "Todavía no has escrito"),
        ((0.9, 0), "Correcto: como Ana no distingue nada"),
        ((0.9, 0.0), "Correcto"),
        (("0,9", "0"), "Correcto"),
        (("90 %", 0), "Correcto"),
        ((np.float64(0.9), np.float64(0.0)), "Correcto"),
        ((0, 0.9), "al revés"),
        ((90, 0), "El kappa está bien. Vas bien con el acuerdo, pero escríbelo como proporción"),
        ((9, 0), "divídelas entre el total"),
        ((0.1, 0.5), "Eso es el desacuerdo"),
        ((1, 0), "hay una nota en que no ponen lo mismo"),
        ((0.7, 0.7), "Para el acuerdo, cuenta"),
        ((0.9, 0.9), "El acuerdo está bien. Para el kappa falta descontar el azar"),
        ((0.9, 90), "no es un porcentaje"),
        ((0.9, 0.1), "el divisor"),
        ((0.9, 0.8), "restaste 0.10"),
        ((0.9, 0.85), "un azar de ⅓"),
        ((0.9, 0.81), "Multiplicaste 0.90 por 0.90"),
        ((0.9, 3), "Un kappa nunca pasa de 1"),
        ((0.9, 1), "Un 1 sería acuerdo total"),
        ((0.9, -0.5), "peor que la suerte"),
        ((0.9, 0.4), "calcula primero el azar"),
        ((None, 0), "Necesito dos números"),
        (("casi todo", 0), "Necesito dos números"),
    ],
)
def test_agreement_and_kappa(capsys: pytest.CaptureFixture[str], answers: tuple[Any, Any], text: str) -> None:
    assert text in said(capsys, "ejercicio_1_3", *answers)


@pytest.mark.parametrize("name", ["ejercicio_1_1", "ejercicio_1_2", "ejercicio_1_3"])
def test_never_raises(capsys: pytest.CaptureFixture[str], name: str) -> None:
    for first in ODD:
        for second in ODD:
            assert len(said(capsys, name, first, second)) > 20
            assert len(said(capsys, name, first, second, *[second] * (name[-1] == "2"))) > 20


def test_the_hints_do_not_give_the_answer_away() -> None:
    hints = [fase_1._kappa_hint(value) for value in (0.9, 90, 0.1, 0.8, 0.85, 0.81, 3, 1, -1, 0.4)]
    assert not any("kappa es 0" in hint or "vale 0:" in hint for hint in hints)
