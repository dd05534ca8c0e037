"""Los CSV que una persona abrirá en su hoja de cálculo: con acentos, enteros y sin fórmulas."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from taller_lib._files import escape_formula, replace_whole


class csv_writer:
    """Como `csv.writer`, pero ninguna celda puede ejecutarse como fórmula."""

    def __init__(self, file: TextIO, separator: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")

    def writerow(self, cells: Sequence[object]) -> None:
        """Escribe una fila."""
        self._writer.writerow([escape_formula(c) if isinstance(c, str) else c for c in cells])


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Escribe un CSV en UTF-8 con BOM (así lo abre bien Excel en español); completo o no lo escribe."""

    def write(partial: Path) -> None:
        with partial.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv_writer(file)
            writer.writerow(columns)
            for row in rows:
                writer.writerow(row)

    replace_whole(path, write)


def write_json(path: Path, values: Any) -> None:
    """Escribe JSON legible en UTF-8; completo o no lo escribe."""
    text = json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    replace_whole(path, lambda partial: _write_text(partial, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
