"""Deriva cada celda de ejercicio de la celda de solución que le sigue.

La fuente es la solución (etiqueta `solucion`). El ejercicio, justo arriba (etiqueta `ejercicio`),
es el mismo código sin la línea del título y con `...` a la derecha de cada asignación cuyo nombre
recibe `revisa.…(…)`.

    python tools/exercises.py            # reescribe las celdas de ejercicio
    python tools/exercises.py --check    # solo compara
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOLUTION_TITLE = '# @title Solución {display-mode: "form"}'
EXERCISE, SOLUTION = "ejercicio", "solucion"


class ExerciseError(Exception):
    """Una celda de solución de la que no se puede derivar su ejercicio."""


def read_notebook(path: Path) -> dict[str, Any]:
    """El cuaderno como diccionario, con `source` siempre como un solo texto."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def write_notebook(path: Path, notebook: dict[str, Any]) -> None:
    """Escribe el cuaderno como lo hace Jupyter: una línea por elemento, sangría de un espacio."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in notebook["cells"]]
    text = json.dumps({**notebook, "cells": cells}, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def tags(cell: dict[str, Any]) -> list[str]:
    """Las etiquetas de una celda."""
    found: list[str] = cell.get("metadata", {}).get("tags", [])
    return found


def _is_check(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "revisa"
    )


def _answers(tree: ast.Module) -> set[str]:
    """Los nombres que recibe la llamada a `revisa`."""
    calls = [node for node in ast.walk(tree) if _is_check(node)]
    if not calls:
        raise ExerciseError("la solución no llama a `revisa.…(…)`")
    return {name.id for call in calls for name in ast.walk(call) if isinstance(name, ast.Name) and name.id != "revisa"}


def _blank(target: ast.expr) -> str:
    if isinstance(target, ast.Tuple | ast.List):
        return ", ".join("..." for _ in target.elts)
    return "..."


def derive(solution: str) -> str:
    """El código del ejercicio que corresponde al de una solución."""
    first, _, code = solution.partition("\n")
    if first.strip() != SOLUTION_TITLE:
        raise ExerciseError(f"la primera línea de la solución debe ser: {SOLUTION_TITLE}")
    code = code.strip("\n")
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise ExerciseError(f"la solución no es Python válido (línea {error.lineno}: {error.msg})") from None
    answers = _answers(tree)
    source = code.encode("utf-8")  # ast cuenta las columnas en bytes
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    cuts: list[tuple[int, int, str]] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        else:
            continue
        names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        value = node.value
        if names & answers and value is not None and value.end_lineno and value.end_col_offset:
            begin, end = value.lineno - 1, value.end_lineno - 1
            start = starts[begin] + value.col_offset
            # los paréntesis que envuelven el valor no son parte de su nodo: se van con él
            equals = source.rfind(b"=", 0, start) + 1
            stop = starts[end] + value.end_col_offset
            opened = source[equals:start].count(b"(")
            while opened:
                stop = source.index(b")", stop) + 1
                opened -= 1
            cuts.append((equals, stop, f" {_blank(targets[0])}"))
    if not cuts:
        raise ExerciseError("ninguna asignación de la solución llega a `revisa.…(…)`")
    for start, stop, text in reversed(cuts):
        source = source[:start] + text.encode() + source[stop:]
    return source.decode("utf-8")


def solution_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Los metadatos de una celda de solución: plegada en Colab y en Jupyter."""
    jupyter = {**metadata.get("jupyter", {}), "source_hidden": True}
    return {**metadata, "cellView": "form", "jupyter": jupyter}


def process(notebook: dict[str, Any]) -> list[str]:
    """Deriva los ejercicios en `notebook` (lo cambia) y dice qué celdas cambiaron."""
    changed: list[str] = []
    cells = notebook["cells"]
    for index, cell in enumerate(cells):
        if SOLUTION not in tags(cell):
            continue
        above = cells[index - 1] if index else {}
        if EXERCISE not in tags(above):
            raise ExerciseError(
                f"celda {index + 1}: falta, justo arriba de la solución, la celda con la etiqueta `{EXERCISE}`"
            )
        try:
            exercise = derive(cell["source"])
        except ExerciseError as error:
            raise ExerciseError(f"celda {index + 1}: {error}") from None
        if above["source"] != exercise:
            above["source"] = exercise
            changed.append(f"celda {index}: el ejercicio")
        metadata = solution_metadata(cell["metadata"])
        if metadata != cell["metadata"]:
            cell["metadata"] = metadata
            changed.append(f"celda {index + 1}: los metadatos de la solución")
    orphans = [
        index + 1
        for index, cell in enumerate(cells)
        if EXERCISE in tags(cell) and SOLUTION not in tags((*cells, {})[index + 1])
    ]
    if orphans:
        raise ExerciseError(f"celda {orphans[0]}: el ejercicio no tiene su solución debajo")
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Reescribe o compara los cuadernos; 1 si algo difiere o no se puede derivar."""
    parser = argparse.ArgumentParser(description="Deriva los ejercicios de sus soluciones.")
    parser.add_argument("--check", action="store_true", help="no escribe: solo compara")
    parser.add_argument("notebooks", nargs="*", type=Path, help="por omisión, notebooks/*.ipynb")
    options = parser.parse_args(arguments)
    status = 0
    for path in options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = read_notebook(path)
        try:
            changed = process(notebook)
        except ExerciseError as error:
            print(f"✗ {path.name}, {error}.", file=sys.stderr)
            status = 1
            continue
        if changed and options.check:
            print(f"✗ {path.name}, {'; '.join(changed)}: difiere.", file=sys.stderr)
            status = 1
        elif changed:
            write_notebook(path, notebook)
            print(f"✓ {path.name}: {'; '.join(changed)}.")
    if status and options.check:
        print("Ejecuta `python tools/exercises.py` y revisa los cambios.", file=sys.stderr)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
