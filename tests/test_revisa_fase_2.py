"""Las respuestas de la fase 2: cada rama, por su texto."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from taller_lib import revisa

EXERCISES = ["ejercicio_2_1", "ejercicio_2_2", "ejercicio_2_3", "ejercicio_2_4"]


def answer(capsys: pytest.CaptureFixture[str], name: str, *args: Any) -> str:
    assert getattr(revisa, name)(*args) is None
    printed = capsys.readouterr().out.strip()
    assert printed and "\n" not in printed
    return printed


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("args", [(..., ...), (14, ...), (..., "A"), ()])
def test_unanswered(capsys: pytest.CaptureFixture[str], name: str, args: tuple[Any, ...]) -> None:
    said = answer(capsys, name, *args)
    assert said.startswith("Todavía no has escrito tus")
    assert said.endswith(": sustituye los puntos suspensivos.")


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "hola",
        "",
        "14/20",
        [1, 2],
        {},
        np.nan,
        float("inf"),
        -1,
        10**400,
        True,
        object(),
        np.array([1, 2]),
        pd.DataFrame({"a": [1]}),
        pd.NA,
        len,
        "<b>A</b>",
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_gets_one_sentence(capsys: pytest.CaptureFixture[str], name: str, value: Any) -> None:
    for args in ((value, value), (value, 0.5), (14, value), (value,), (value, value, value)):
        assert not answer(capsys, name, *args).startswith("Correcto")


@pytest.mark.parametrize("name", EXERCISES)
def test_says_what_kind_of_answer_it_needs(capsys: pytest.CaptureFixture[str], name: str) -> None:
    said = answer(capsys, name, [1], None)
    assert "Necesito dos números" in said or "una sola letra" in said


@pytest.mark.parametrize(
    ("hits", "accuracy", "expected"),
    [
        (14, 0.70, "Correcto: 14 de 20"),
        (14.0, np.float64(14 / 20), "Correcto"),
        ("14", "70 %", "Correcto"),
        (14, 70, "como proporción entre 0 y 1"),
        (0.70, 14, "al revés"),
        (9, 0.45, "una sola clase"),
        (6, 0.30, "6 son los errores"),
        (20, 1, "todos los titulares"),
        (12, 0.60, "renglón o una columna"),
        (0.7, 0.7, "número entero"),
        (15, 0.75, "los tres números con marco"),
        (14, 0.30, "proporción de errores"),
        (14, 14, "Falta dividirlos"),
        (14, 20 / 14, "Dividiste al revés"),
        (14, 0.63, "promedio del acierto de cada clase"),
        (14, 0.90, "entre el total de titulares"),
    ],
)
def test_accuracy(capsys: pytest.CaptureFixture[str], hits: Any, accuracy: Any, expected: str) -> None:
    assert expected in answer(capsys, "ejercicio_2_1", hits, accuracy)


@pytest.mark.parametrize(
    ("recall", "precision", "expected"),
    [
        (3 / 5, 3 / 6, "Correcto: encontró tres de cada cinco"),
        ("0,60", "0,5", "Correcto"),
        (60, 50, "escríbelos como proporción"),
        (0.50, 0.60, "Están al revés"),
        (0.90, 0.75, "medidas de «negativo»"),
        (0.40, 1.0, "medidas de «positivo»"),
        (0.60, 0.60, "El recall está bien. Para precision: ¿cuántas veces dijo «neutral»?"),
        (0.60, 3 / 20, "Para precision: dividiste entre los 20"),
        (0.60, 3, "Para precision: 3 son los aciertos"),
        (0.60, 50, "Para precision: ese número quedó en porcentaje"),
        (0.60, 2, "Para precision: dividiste al revés"),
        (0.50, 0.50, "La precision está bien. Para recall: ¿cuántos neutrales había?"),
        (60, 0.50, "Para recall: ese número quedó en porcentaje"),
        (5 / 3, 0.50, "Para recall: dividiste al revés"),
        (3 / 20, 3 / 20, "Dividiste entre los 20 titulares"),
        (3, 3, "3 son los aciertos; falta dividirlos"),
        (0.1, 0.2, "Todavía no. En las dos se dividen los neutrales que acertó"),
    ],
)
def test_recall_and_precision(capsys: pytest.CaptureFixture[str], recall: Any, precision: Any, expected: str) -> None:
    assert expected in answer(capsys, "ejercicio_2_2", recall, precision)


@pytest.mark.parametrize(
    ("accuracy", "balanced", "expected"),
    [
        (
            0.40,
            0.33,
            "Correcto: con clases más parejas el engaño es menor, pero el piso no se mueve.",
        ),
        (0.40, 1 / 3, "Correcto"),
        ("40 %", "33 %", "Correcto"),
        (
            0.40,
            0.40,
            "La exactitud está bien. Para la balanceada, calcula primero el acierto de cada clase: "
            "¿cuánto acierta en neutral?",
        ),
        (40, 33, "Vas bien, pero escríbelos como proporción entre 0 y 1."),
        (0.33, 0.40, "cambiados de lugar"),
        (0.40, 33, "La balanceada también se escribe como proporción"),
        (0.40, 0.3, "va muy cerca"),
        (0.40, 0.13, "usaste 0.40 como acierto de «negativo»"),
        (0.40, 0.50, "piso con dos clases"),
        (0.40, 1, "1 es lo que acierta en negativo"),
        (0.40, 0, "0 es lo que acierta en neutral"),
        (0.80, 0.33, "La balanceada está bien. 0.80 es la exactitud del corpus anterior"),
        (40, 0.33, "La exactitud se escribe como proporción"),
        (0.60, 0.33, "proporción en que se equivoca"),
        (0.35, 0.33, "proporción de otra clase"),
        (0.25, 0.33, "proporción de otra clase"),
        (0.10, 0.33, "imagina 100 textos"),
        (0.10, 0.10, "imagina 100 textos"),
    ],
)
def test_lazy(capsys: pytest.CaptureFixture[str], accuracy: Any, balanced: Any, expected: str) -> None:
    assert expected in answer(capsys, "ejercicio_2_3", accuracy, balanced)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("B", "A", "Correcto: B encuentra 36 de las 40"),
        (" modelo b ", "«A»", "Correcto"),
        ("A", "B", "Justo al revés"),
        ("A", "A", "El segundo encargo está bien"),
        ("B", "B", "El primer encargo está bien"),
        ("C", "A", "una sola letra"),
        ("A y B", "A", "una sola letra"),
        (0.9, 0.85, "una sola letra"),
    ],
)
def test_choose_the_model(capsys: pytest.CaptureFixture[str], first: Any, second: Any, expected: str) -> None:
    assert expected in answer(capsys, "ejercicio_2_4", first, second)


def test_the_answers_are_those_of_scikit_learn() -> None:
    """Lo que `revisa` da por bueno es lo que sale de las matrices del cuaderno."""
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, matthews_corrcoef

    def labels(matrix: list[list[int]]) -> tuple[list[int], list[int]]:
        pairs = [(i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) for _ in range(n)]
        true, pred = zip(*pairs, strict=True)
        return list(true), list(pred)

    headlines = labels([[9, 1, 0], [2, 3, 0], [1, 2, 2]])
    assert accuracy_score(*headlines) == pytest.approx(0.70)
    assert balanced_accuracy_score(*headlines) == pytest.approx(19 / 30)
    assert matthews_corrcoef(*headlines) == pytest.approx(6 / 135**0.5)
    model_a = labels([[22, 14, 4], [2, 30, 3], [2, 5, 18]])
    model_b = labels([[36, 3, 1], [14, 18, 3], [5, 4, 16]])
    for model, macro_f1 in ((model_a, 0.70), (model_b, 0.69)):
        assert accuracy_score(*model) == pytest.approx(0.70)
        assert round(f1_score(*model, average="macro"), 2) == macro_f1
