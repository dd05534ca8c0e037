"""Las filas de la primera hoja de un Excel (.xlsx), cada celda como el texto que se ve."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taller_lib.file_kinds import refuse
from taller_lib.problems import shown


def _sheets(path: Path, formulas: bool) -> Any:
    from openpyxl import load_workbook

    try:
        return load_workbook(path, read_only=True, data_only=not formulas)
    except Exception as error:  # openpyxl deja pasar errores de zip, XML y de tipos
        refuse(path, f"es un Excel dañado ({type(error).__name__}): ábrelo y guárdalo otra vez")


def sheet_notes(path: Path) -> list[str]:
    """Lo que convenga decir sobre las hojas del archivo."""
    book = _sheets(path, formulas=False)
    names = [sheet.title for sheet in book.worksheets]
    book.close()
    if not names:
        refuse(path, "no tiene ninguna hoja con celdas")
    if len(names) == 1:
        return []
    return [f"{path.name} tiene {len(names)} hojas: solo se lee la primera ({shown(names[0])})."]


def sheet_records(path: Path) -> list[tuple[int, list[str]]]:
    """Las filas de la primera hoja, con su número y todas del mismo ancho; sin las vacías."""
    records = list(_ragged_records(path))
    width = max((len(cells) for _, cells in records), default=0)
    return [(row, cells + [""] * (width - len(cells))) for row, cells in records]


def _ragged_records(path: Path) -> Iterator[tuple[int, list[str]]]:
    books = [_sheets(path, formulas=False), _sheets(path, formulas=True)]
    try:
        first, second = (book.worksheets[0] for book in books)
        first.reset_dimensions()
        second.reset_dimensions()
        rows = zip(first.iter_rows(), second.iter_rows(), strict=True)
        for row, (cells, sources) in enumerate(rows, 1):
            for cell, source in zip(cells, sources, strict=True):
                if source.value is not None and cell.value is None:
                    refuse(
                        path,
                        f"la fila {row} tiene una fórmula sin resultado guardado: ábrelo en "
                        f"Excel y "
                        "guárdalo, o copia y pega los valores",
                    )
            if cells:
                yield row, [_cell_text(cell) for cell in cells]
    finally:
        for book in books:
            book.close()


def _cell_text(cell: Any) -> str:
    """El valor de una celda de Excel como se ve en ella: 1 y no 1.0, fechas ISO."""
    from openpyxl.utils.escape import unescape

    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return str(unescape(value))
    if isinstance(value, bool):
        return "VERDADERO" if value else "FALSO"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, int | float) and float(value).is_integer():
        zeros = re.fullmatch("0+", cell.number_format or "")
        return str(int(value)).zfill(len(zeros[0]) if zeros else 1)
    return str(value)
