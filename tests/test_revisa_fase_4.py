"""Las respuestas de la fase 4: cada rama, por su texto; y nada las hace fallar."""

from __future__ import annotations

from typing import Any

import pytest

from taller_lib import revisa

ODD = [..., None, "", "hola", "19", [1, 2], {}, -1, 0, 1e9, float("nan"), float("inf"), True, "3 %"]


def answer(capsys: pytest.CaptureFixture[str], name: str, *args: Any) -> str:
    assert getattr(revisa, name)(*args) is None
    out = capsys.readouterr().out.strip()
    assert out and "\n" not in out
    return out


@pytest.mark.parametrize("name", ["ejercicio_4_1", "ejercicio_4_2", "ejercicio_4_3"])
@pytest.mark.parametrize("first", ODD, ids=repr)
@pytest.mark.parametrize("second", ODD, ids=repr)
def test_never_raises(name: str, first: Any, second: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, name, first, second)


@pytest.mark.parametrize("third", ODD, ids=repr)
@pytest.mark.parametrize("first", ODD, ids=repr)
def test_the_opened_bet_never_raises(first: Any, third: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "ejercicio_4_3", first, 20, third)


@pytest.mark.parametrize("name", ["ejercicio_4_1", "ejercicio_4_2", "ejercicio_4_3"])
def test_answers_without_arguments(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, name).startswith("Todavía no has escrito")


@pytest.mark.parametrize(
    ("steps", "parts", "text"),
    [
        (..., ..., "Todavía no has escrito tus dos números"),
        (19, ..., "Todavía no has escrito tus dos números"),
        ([19], 4, "Necesito dos números"),
        ("diecinueve", 4, "Necesito dos números"),
        (19, 4, "Correcto"),
        ("19", "4", "Correcto"),
        (4, 19, "al revés"),
        (18, 4, "La acumulación está bien. En 18 lotes caben 576 textos"),
        (18.75, 4, "no existe una fracción de paso"),
        (18.75, 8, "Vamos por partes. La división está bien hecha"),
        (75, 4, "75 son las veces que se llena la memoria"),
        (76, 4, "Contaste todas las partes"),
        (600, 4, "un paso por cada texto"),
        (19200, 4, "Multiplicaste"),
        (7, 7, "reparte los 600 textos"),
        (19, 8, "Los pasos están bien. 8 son los textos que caben"),
        (19, 24, "24 son los textos que faltan"),
        (19, 3, "cuenta también la primera parte"),
        (19, 256, "Multiplicaste"),
        (19, 0.25, "Dividiste al revés"),
        (19, 5, "cuántas partes de 8 textos"),
    ],
)
def test_steps_and_accumulation(steps: Any, parts: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in answer(capsys, "ejercicio_4_1", steps, parts)


@pytest.mark.parametrize(
    ("last", "kept", "text"),
    [
        (..., 3, "Todavía no has escrito tus dos épocas"),
        (None, 3, "Necesito dos números"),
        (6, 3, "Correcto"),
        (3, 6, "al revés"),
        (5, 2, "cuentas desde cero"),
        (0.56, 0.58, "no valores de F1"),
        (6, 0.58, "no su valor de F1"),
        (6, 6, "no se conserva la última"),
        (6, 5, "la 5 solo empata"),
        (6, 7, "la 7 no llegó a existir"),
        (6, 1, "entre las seis primeras"),
        (7, 3, "Tomaste el empate de la época 5"),
        (4, 3, "va una sola época"),
        (5, 3, "van dos épocas"),
        (3, 3, "todavía mejora"),
        (9, 3, "La lista tiene siete épocas"),
        (1, 3, "al llegar a 3, se detiene"),
        (7, 7, "Vamos por partes. Recorrer toda la lista"),
    ],
)
def test_early_stopping(last: Any, kept: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in answer(capsys, "ejercicio_4_2", last, kept)


@pytest.mark.parametrize(
    ("bet", "text"),
    [
        ("", "Todavía no has escrito tu apuesta: pon en la casilla"),
        (..., "Todavía no has escrito tu apuesta"),
        (None, "Todavía no has escrito tu apuesta"),
        ("la última", "No pude leer tu apuesta"),
        ("3.5", "No pude leer tu apuesta"),
        ([3], "No pude leer tu apuesta"),
        ("0", "se cuentan desde 1"),
        ("21", "20 épocas como máximo"),
        ("20", "Es la última posible"),
        ("1", "aprende de golpe"),
        (" 7 ", "Apuesta anotada: época 7. Se abre"),
        (7, "Apuesta anotada: época 7. Se abre"),
    ],
)
def test_the_bet_is_noted(bet: Any, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in answer(capsys, "ejercicio_4_3", bet, 20)


@pytest.mark.parametrize(
    ("bet", "text"),
    [
        ("", "no hubo apuesta. La mejor época fue la 6"),
        ("mucha", "la mejor época fue la 6"),
        ("6", "Correcto: la mejor fue la 6"),
        ("5", "casi, por una época"),
        ("7", "casi, por una época"),
        ("2", "te adelantaste por 4 épocas"),
        ("15", "te pasaste por 9 épocas"),
        ("40", "la tuya no podía ser: había de 1 a 20"),
        ("-2", "la tuya no podía ser"),
    ],
)
def test_the_bet_is_opened(bet: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in answer(capsys, "ejercicio_4_3", bet, 20, 6)
