"""Cada respuesta a los ejercicios de la fase 5, por su texto."""

from __future__ import annotations

from typing import Any

import pytest

from taller_lib import revisa

ODD = (..., None, "", "hola", [], [1, 2], {}, object(), float("nan"), float("inf"), -1, True, b"x")


def said(capsys: pytest.CaptureFixture[str], name: str, *answers: Any) -> str:
    assert getattr(revisa, name)(*answers) is None
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ((..., ...), "Todavía no has escrito tus dos números: sustituye los puntos suspensivos."),
        ((6, ...), "Todavía no has escrito"),
        ((6, 20 / 30), "Correcto: seis textos"),
        (("6", "0,67"), "Correcto: seis textos"),
        ((6, "67 %"), "Correcto: seis textos"),
        ((6, 0.66), "Correcto: seis textos"),
        ((6, 67), "como proporción entre 0 y 1"),
        ((0.67, 6), "cambiados de lugar"),
        ((2, 0.67), "Tu *recall* está bien. Contaste los textos que voltean en un sentido"),
        ((4, 0.67), "falta el otro"),
        ((35, 0.67), "quita los que pasan por «neutral»"),
        ((85, 0.67), "la diagonal"),
        ((0.05, 0.67), "proporción de todos los textos"),
        ((13, 0.67), "busca las dos celdas"),
        ((6, 20 / 27), "Los volteados están bien. Dividiste entre la columna"),
        ((6, 74), "Dividiste entre la columna"),
        ((6, 20 / 120), "Dividiste entre todos los textos"),
        ((6, 1 / 3), "se le escapó"),
        ((6, 20), "20 es cuántos positivos encontró"),
        ((6, 0.9), "quédate en el renglón"),
        ((2, 20 / 27), "falta el otro: una crítica puede acabar en elogio"),
        (("seis", 0.67), "Escribe dos números"),
        (([2, 4], 0.67), "Escribe dos números"),
    ],
)
def test_reading_the_matrix(capsys: pytest.CaptureFixture[str], answers: tuple[Any, ...], text: str) -> None:
    assert text in said(capsys, "ejercicio_5_1", *answers)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ((..., ..., ...), "Todavía no has escrito de quién es cada error: sustituye"),
        (("modelo", "frontera", ...), "Todavía no has escrito"),
        (("modelo", "frontera", "etiqueta"), "Correcto: una ironía"),
        (("Del modelo", " FRONTERA ", "la etiqueta"), "Correcto: una ironía"),
        (("etiqueta", "frontera", "modelo"), "tres horas de fila? Llevas uno."),
        (("frontera", "modelo", "etiqueta"), "Le cabe en serio la lectura de elogio"),
        (("modelo", "etiqueta", "frontera"), "¿Podrías convencer a otra persona"),
        (("modelo", "modelo", "etiqueta"), "Llevas dos. Recuerda que cada palabra se usa una"),
        (("modelo", "frontera", "modelo"), "lee primero el texto y luego decide tú"),
        (("modelo", "frontera", "frontera"), "tienen que caber las dos lecturas"),
        (("modelo", "texto", "etiqueta"), "No reconozco tu segunda respuesta"),
        (("modelo", "frontera", 3), "No reconozco tu tercera respuesta"),
        (("modelo o etiqueta", "frontera", "etiqueta"), "No reconozco tu primera respuesta"),
    ],
)
def test_judging_errors(capsys: pytest.CaptureFixture[str], answers: tuple[Any, ...], text: str) -> None:
    assert text in said(capsys, "ejercicio_5_2", *answers)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ((..., ...), "Todavía no has escrito el número de textos y la letra de la frase"),
        ((1, "c"), "Correcto: con diez textos"),
        (("1", "C)"), "Correcto: con diez textos"),
        (("c", 1), "cambiados de lugar"),
        ((0.1, "c"), "Cuéntala en textos"),
        (("10 %", "c"), "Cuéntala en textos"),
        ((10, "c"), "Cuéntala en textos"),
        ((-1, "c"), "la resta al revés"),
        ((3, "c"), "no los errores de los dos"),
        ((1, "a"), "si un solo texto hubiera sido otro"),
        ((1, "b"), "no demuestra que no la haya"),
        (("uno", "c"), "En `textos` escribe un número"),
        ((1, "d"), "escribe una letra entre comillas"),
        ((1, None), "escribe una letra entre comillas"),
    ],
)
def test_ten_texts(capsys: pytest.CaptureFixture[str], answers: tuple[Any, ...], text: str) -> None:
    assert text in said(capsys, "ejercicio_5_3", *answers)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("ejercicio_5_1", (6, 2 / 3)),
        ("ejercicio_5_2", ("modelo", "frontera", "etiqueta")),
        ("ejercicio_5_3", (1, "c")),
    ],
)
def test_never_raises(capsys: pytest.CaptureFixture[str], name: str, right: tuple[Any, ...]) -> None:
    for odd in ODD:
        for place in range(len(right)):
            answers = (*right[:place], odd, *right[place + 1 :])
            answer = said(capsys, name, *answers)
            assert answer and "\n" not in answer
            assert not answer.startswith("Correcto")
    assert said(capsys, name)
    assert said(capsys, name, *right, "de más")
