"""Lo que contesta `revisa` en la fase 3, y que la lección diga la verdad de lo que cita."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import taller_lib as taller
from taller_lib import revisa

EXERCISES = ("ejercicio_3_1", "ejercicio_3_2", "ejercicio_3_3")
RIGHT = {"ejercicio_3_1": (3, 6), "ejercicio_3_2": (5, 3), "ejercicio_3_3": (13, 260)}
ODD = (
    None,
    [],
    [3],
    {},
    "no sé",
    "",
    float("nan"),
    float("inf"),
    -1,
    0,
    True,
    1e300,
    object(),
    2.5,
)


def said(capsys: pytest.CaptureFixture[str], exercise: str, *answers: Any) -> str:
    getattr(revisa, exercise)(*answers)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.strip()
    return out.strip()


@pytest.mark.parametrize("exercise", EXERCISES)
def test_unanswered(capsys: pytest.CaptureFixture[str], exercise: str) -> None:
    for answers in ((), (...,), (..., ...), (3, ...), (..., 3)):
        assert said(capsys, exercise, *answers) == (
            "Todavía no has escrito tus números: sustituye los puntos suspensivos."
        )


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_also_as_text(capsys: pytest.CaptureFixture[str], exercise: str) -> None:
    for answers in (RIGHT[exercise], tuple(map(str, RIGHT[exercise])), map(float, RIGHT[exercise])):
        assert said(capsys, exercise, *answers).startswith("Correcto: ")


@pytest.mark.parametrize("exercise", EXERCISES)
def test_swapped(capsys: pytest.CaptureFixture[str], exercise: str) -> None:
    assert "cambiados" in said(capsys, exercise, *reversed(RIGHT[exercise]))


@pytest.mark.parametrize("exercise", EXERCISES)
def test_never_fails(capsys: pytest.CaptureFixture[str], exercise: str) -> None:
    for odd in ODD:
        for answers in ((odd, 3), (3, odd), (odd, odd)):
            assert not said(capsys, exercise, *answers).startswith("Correcto")
    said(capsys, exercise, 1, 2, 3)  # de más


@pytest.mark.parametrize("answer", ["tres", None, [3]])
@pytest.mark.parametrize("exercise", EXERCISES)
def test_not_a_number(capsys: pytest.CaptureFixture[str], exercise: str, answer: Any) -> None:
    assert "dos números" in said(capsys, exercise, answer, 3)


@pytest.mark.parametrize(
    ("exercise", "answers", "hint"),
    [
        ("ejercicio_3_1", (2, 6), "¿se van las dos"),
        ("ejercicio_3_1", (4, 6), "¿cuál de sus filas"),
        ("ejercicio_3_1", (5, 6), "relee"),
        ("ejercicio_3_1", (6, 6), "además de la fila vacía"),
        ("ejercicio_3_1", (7, 6), "todas las filas"),
        ("ejercicio_3_1", (8, 6), "encabezado es la 1"),
        ("ejercicio_3_1", (1, 6), "recorre las siete filas"),
        ("ejercicio_3_1", (3.5, 6), "recorre las siete filas"),
        ("ejercicio_3_1", (4, 6), "La fila de la copia está bien"),
        ("ejercicio_3_1", (3, 2), "esa se queda"),
        ("ejercicio_3_1", (3, 4), "no tener texto"),
        ("ejercicio_3_1", (3, 5), "encabezado es la fila 1"),
        ("ejercicio_3_1", (3, 7), "La fila 7 sale porque"),
        ("ejercicio_3_1", (3, 8), "La fila 8 sale porque"),
        ("ejercicio_3_1", (3, 9), "sin fijarte en las mayúsculas"),
        ("ejercicio_3_1", (3, 2), "Los textos que quedan están bien"),
        ("ejercicio_3_2", (3, 3), "también ocupan lugar"),
        ("ejercicio_3_2", (4, 3), "estás a una"),
        ("ejercicio_3_2", (6, 3), "estás a una"),
        ("ejercicio_3_2", (8, 3), "los que salen"),
        ("ejercicio_3_2", (13, 3), "todos los tokens"),
        ("ejercicio_3_2", (1, 3), "caben 8"),
        ("ejercicio_3_2", (1, 3), "Las palabras enteras están bien"),
        ("ejercicio_3_2", (5, 4), "¿llegaron todas las piezas"),
        ("ejercicio_3_2", (5, 5), "deja fuera el final"),
        ("ejercicio_3_2", (5, 6), "contar piezas"),
        ("ejercicio_3_2", (5, 8), "contar piezas"),
        ("ejercicio_3_2", (5, 2), "va en pedazos"),
        ("ejercicio_3_2", (5, 0), "junta las piezas"),
        ("ejercicio_3_2", (5, 4), "Las piezas fuera están bien"),
        ("ejercicio_3_3", (12.5, 250), "no hay medio paso"),
        ("ejercicio_3_3", ("12,5", 250), "no hay medio paso"),
        ("ejercicio_3_3", (12, 240), "192 textos"),
        ("ejercicio_3_3", (3200, 64000), "multiplicaste"),
        ("ejercicio_3_3", (200, 4000), "200 son los textos"),
        ("ejercicio_3_3", (15, 300), "grupos de 16"),
        ("ejercicio_3_3", (15, 300), "corrige el primero"),
        ("ejercicio_3_3", (13, 4000), "textos leídos"),
        ("ejercicio_3_3", (13, 13), "no de una"),
        ("ejercicio_3_3", (13, 250), "redondea hacia arriba"),
        ("ejercicio_3_3", (13, 240), "redondea hacia arriba"),
        ("ejercicio_3_3", (13, 1), "tantas veces como épocas"),
        ("ejercicio_3_3", (13, 1), "Los pasos por época están bien"),
        ("ejercicio_3_3", (12, 260), "El total está bien"),
    ],
)
def test_hints(capsys: pytest.CaptureFixture[str], exercise: str, answers: tuple[Any, Any], hint: str) -> None:
    answer = said(capsys, exercise, *answers)
    assert hint in answer
    assert not answer.startswith("Correcto")


def test_the_table_of_3_1_is_what_the_library_does(tmp_path: Path) -> None:
    rows = [
        "Qué rica la comida de Oaxaca,positivo",
        "Otro retén en la carretera,negativo",
        ",neutral",
        "El museo abre a las nueve,neutral",
        "QUÉ RICA la comida de Oaxaca,positivo",
        "El taxi cobró de más,negativo",
        "El taxi cobró de más,neutral",
    ]
    others = [f"Nota {name} {n},{name}" for n in range(6) for name in ("positivo", "negativo")]
    others += [f"Aviso neutral {n},neutral" for n in range(6)]
    file = tmp_path / "train.csv"
    file.write_text("\n".join(["texto,etiqueta", *rows, *others]) + "\n", encoding="utf-8")
    _, report = taller.load_splits(file)
    out = {problem.kind: problem.rows for problem in report.problems}
    assert out["duplicate"] == [6]
    assert out["conflicting_labels"] == [7, 8]
    assert out["empty_text"] == [4]
    assert int(report.counts.to_numpy().sum()) == len(others) + 3


def test_what_the_lesson_says_of_the_shipped_tokenizer() -> None:
    """El paso 7 y el ejercicio 3.2 hablan de estas piezas: si cambia colibri, cambia la lección."""
    tokenizer = taller.load_tokenizer(taller.WorkshopConfig())
    pieces = {
        word: len(tokenizer.tokenize(word))
        for word in ("violencia", "ordenador", "computadora", "Oaxaca", "güey", "GÜEY")
    }
    assert pieces["violencia"] == pieces["ordenador"] == 1
    assert min(pieces["computadora"], pieces["Oaxaca"], pieces["güey"]) > 1
    assert pieces["GÜEY"] > pieces["güey"]
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("El güey de Xochimilco canta")["input_ids"])
    assert tokens == [*("<s>", "▁El", "▁", "gü", "ey", "▁de", "▁X", "och", "im", "il", "co", "▁canta", "</s>")]


def test_the_cut_of_3_2_is_what_the_library_does() -> None:
    config = taller.WorkshopConfig(max_length=8)
    tokenizer = taller.load_tokenizer(config)
    preview = taller.tokenization.token_preview("El güey de Xochimilco canta", tokenizer, config)
    assert preview.loc[preview["cut"], "token"].tolist() == ["och", "im", "il", "co", "▁canta"]
