"""Cada respuesta a los ejercicios de la fase 0, por su texto."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from taller_lib import revisa
from taller_lib.revisa import fase_0

ODD = (..., None, "", "hola", [], [1, 2], {}, object(), float("nan"), float("inf"), -1, True, b"x")
FINE = ["bien"] * 10
INCOMPLETE = ["bien"] * 7 + ["falta: %pip install seaborn"] * 3


def said(capsys: pytest.CaptureFixture[str], name: str, *answers: Any) -> str:
    assert getattr(revisa, name)(*answers) is None
    return capsys.readouterr().out.strip()


def put_states(monkeypatch: pytest.MonkeyPatch, states: list[str]) -> None:
    table = pd.DataFrame({"estado": states})
    monkeypatch.setattr(fase_0, "check_environment", lambda: table)


@pytest.mark.parametrize(
    ("states", "answers", "text"),
    [
        (FINE, (..., ...), "Todavía no has escrito tus dos respuestas: sustituye los puntos"),
        (FINE, ("datasets", ...), "Todavía no has escrito"),
        (FINE, ("datasets", 10), "Correcto: datasets guarda los textos y ninguna fila pide nada"),
        (FINE, (" Datasets ", "10"), "Correcto"),
        (
            INCOMPLETE,
            ("datasets", 7),
            "Correcto: datasets guarda los textos, y hay filas que piden",
        ),
        (FINE, (10, "datasets"), "cambiadas de lugar"),
        (FINE, ("dataset", 10), "letra por letra"),
        (FINE, ("transformers", 10), "El paquete transformers trae los modelos que leen"),
        (FINE, ("pandas", 10), "El paquete pandas guarda tablas de cualquier cosa"),
        (FINE, ("Python", 10), "El paquete python es el lenguaje"),
        (FINE, ("textos", 10), "no está en la tabla"),
        (FINE, (None, 10), "no está en la tabla"),
        (FINE, ("textos", 10), "Las filas están bien contadas."),
        (FINE, ("datasets", 9), "El paquete está bien. Con las filas estás a una: la primera"),
        (FINE, ("datasets", 11), "el encabezado no es un paquete"),
        (INCOMPLETE, ("datasets", 10), "Esas son todas las filas"),
        (FINE, ("datasets", "100 %"), "no un porcentaje"),
        (FINE, ("datasets", 3), "recorre la columna `estado`"),
        (FINE, ("datasets", "todas"), "En `filas_bien` escribe un número"),
        (FINE, ("datasets", [10]), "En `filas_bien` escribe un número"),
    ],
)
def test_reading_the_table(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    states: list[str],
    answers: tuple[Any, ...],
    text: str,
) -> None:
    put_states(monkeypatch, states)
    assert text in said(capsys, "ejercicio_0_1", *answers)


def test_every_package_of_the_table_has_its_answer() -> None:
    packages = {name.lower() for name in fase_0.check_environment()["paquete"]}
    assert packages == {fase_0.TEXTS_PACKAGE, *fase_0.OTHER_PACKAGES}


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ((..., ..., ...), "Todavía no has escrito tus tres respuestas: sustituye los puntos"),
        ((20, 1, ...), "Todavía no has escrito"),
        ((20, 1, "gpu"), "Correcto: 400 pasos"),
        (("20", "1,0", " La GPU "), "Correcto: 400 pasos"),
        ((1, 20, "gpu"), "cambiados de lugar"),
        (("20 minutos", 1, "gpu"), "sin comillas ni unidades"),
        (([20], 1, "gpu"), "sin comillas ni unidades"),
        ((1200, 60, "gpu"), "Con el procesador te dio en segundos"),
        (
            (20, 60, "gpu"),
            "Con el procesador están bien los minutos. Con la GPU te dio en segundos",
        ),
        ((1 / 3, 1, "gpu"), "Con el procesador te dio en horas"),
        ((20, 1 / 60, "gpu"), "Con la GPU te dio en horas"),
        ((1, 1, "gpu"), "Con el procesador calculaste una sola época"),
        ((20, 0.05, "gpu"), "Con la GPU calculaste una sola época"),
        ((320, 16, "gpu"), "Con el procesador contaste un paso por texto"),
        ((20, 16, "gpu"), "Con la GPU contaste un paso por texto"),
        ((400, 1, "gpu"), "Con el procesador, eso son pasos"),
        ((7, 1, "gpu"), "Con el procesador, ve por partes"),
        ((7, 1, "gpu"), "La máquina está bien elegida."),
        ((20, 1, "procesador"), "¿cuánto suman tres entrenamientos con el procesador?"),
        ((20, 1, "CPU"), "Compáralo con media hora"),
        ((20, 1, "las dos"), 'En `maquina` escribe, entre comillas, "procesador" o "gpu".'),
        ((20, 1, None), "En `maquina` escribe"),
    ],
)
def test_how_long_it_takes(capsys: pytest.CaptureFixture[str], answers: tuple[Any, ...], text: str) -> None:
    assert text in said(capsys, "ejercicio_0_2", *answers)


@pytest.mark.parametrize(("name", "right"), [("ejercicio_0_1", ("datasets", 10)), ("ejercicio_0_2", (20, 1, "gpu"))])
def test_never_raises(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    right: tuple[Any, ...],
) -> None:
    put_states(monkeypatch, FINE)
    for odd in ODD:
        for place in range(len(right)):
            answer = said(capsys, name, *right[:place], odd, *right[place + 1 :])
            assert answer and "\n" not in answer
            assert not answer.startswith("Correcto")
    assert said(capsys, name)
    assert said(capsys, name, *right, "de más")
