"""La forma de los cuadernos: lo que se ve sin ejecutarlos (las medidas son las de CONTRIBUTING)."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

import exercises
import set_repository
from phases import NOTEBOOKS, PHASES, notebook_path

Cell = dict[str, Any]
MINUTES = (15, 20, 35, 45, 30, 45)
CELLS = range(25, 51)
LONGEST_CELL, USUAL_CELL, SET_UP_LINES, STREAK = 15, 10, 15, 2


@pytest.fixture
def cells(path: Path) -> list[Cell]:
    found: list[Cell] = exercises.read_notebook(path)["cells"]
    return found


def code(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell["cell_type"] == "code"]


def code_lines(source: str) -> int:
    """Líneas con código: sin las vacías ni las de comentario."""
    lines = (line.strip() for line in source.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def test_there_is_one_notebook_for_each_phase_and_no_other() -> None:
    expected = [notebook_path(phase) for phase in PHASES]
    assert sorted(NOTEBOOKS.glob("*.ipynb")) == expected


def test_is_a_valid_clean_notebook(path: Path, cells: list[Cell]) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"
    for number, cell in enumerate(code(cells), start=1):
        assert cell["outputs"] == [], f"celda de código {number}: tiene salidas guardadas"
        assert cell["execution_count"] is None, f"celda de código {number}: tiene número"


def test_set_up_cell_is_the_same_in_all(path: Path, cells: list[Cell]) -> None:
    first = code(exercises.read_notebook(notebook_path(0))["cells"])[0]["source"]
    mine = code(cells)[0]["source"]
    assert mine == first
    assert len([line for line in mine.splitlines() if line.strip()]) <= SET_UP_LINES
    assert "taller.start(origen)" in mine
    assert set_repository.SET_UP.search(mine), "la celda no dice la dirección y la etiqueta"


def test_begins_with_title_badge_and_minutes(phase: int, path: Path, cells: list[Cell]) -> None:
    opening = "\n".join(
        cell["source"] for cell in itertools.takewhile(lambda cell: cell["cell_type"] == "markdown", cells)
    )
    assert opening.startswith("# ")
    slug = set_repository.slug_of(set_repository.declared(NOTEBOOKS.parent)[0])
    badge = rf"https://colab\.research\.google\.com/github/{re.escape(slug)}/blob/[\w.-]+/notebooks/"
    assert re.search(badge + re.escape(path.name), opening), "falta la insignia de Colab"
    assert re.search(rf"\b{MINUTES[phase]}\s+minutos", opening.replace("*", ""))


def test_ends_with_what_you_take_and_the_next_phase(phase: int, cells: list[Cell]) -> None:
    closing = "\n".join(cell["source"] for cell in cells[-4:] if cell["cell_type"] == "markdown")
    assert "Qué te llevas" in closing
    if phase + 1 in PHASES:
        assert notebook_path(phase + 1).name in closing, "falta el enlace a la fase siguiente"


def test_keeps_the_rhythm(cells: list[Cell]) -> None:
    lengths = [code_lines(cell["source"]) for cell in code(cells)]
    assert len(cells) in CELLS
    assert max(lengths) <= LONGEST_CELL
    assert sum(n <= USUAL_CELL for n in lengths) >= 0.9 * len(lengths)
    streaks = itertools.groupby(cell["cell_type"] for cell in cells)
    assert max(len(list(group)) for kind, group in streaks if kind == "code") <= STREAK


def test_code_parses(cells: list[Cell]) -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    for number, cell in enumerate(code(cells), start=1):
        try:
            ast.parse(TransformerManager().transform_cell(cell["source"]))
        except SyntaxError as error:
            pytest.fail(f"celda de código {number}: {error}")


def test_has_two_exercises_derived_from_their_solutions(path: Path, phase: int) -> None:
    notebook = exercises.read_notebook(path)
    solutions = [cell for cell in notebook["cells"] if exercises.SOLUTION in exercises.tags(cell)]
    assert len(solutions) >= 2
    assert exercises.process(notebook) == [], "ejecuta `python tools/exercises.py`"
    checks = importlib.import_module(f"taller_lib.revisa.fase_{phase}")
    for cell in solutions:
        name = re.search(r"revisa\.(\w+)\(", cell["source"])
        assert name and name[1].startswith(f"ejercicio_{phase}_")
        assert callable(getattr(checks, name[1], None)), f"no existe revisa.{name[1]}"
