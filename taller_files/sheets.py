"""Las filas de la primera hoja de un Excel (.xlsx), cada celda como el texto que se ve."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

from taller_files.file_kinds import refuse
from taller_files.problems import shown


def read_sheet(path: Path) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Las filas de la primera hoja, numeradas y del mismo ancho, y lo que convenga decir de ellas.

    De una fórmula queda el resultado guardado; si no lo hay, la celda queda vacía.
    """
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        names = [sheet.title for sheet in book.worksheets]
        book.worksheets[0].reset_dimensions()
        rows = [list(map(_cell_text, cells)) for cells in book.worksheets[0].iter_rows()]
        book.close()
    except Exception as error:  # openpyxl deja pasar errores de zip, XML y de tipos
        refuse(path, f"es un Excel dañado ({type(error).__name__}): ábrelo y guárdalo otra vez")
    width = max(map(len, rows), default=0)
    records = [(n, cells + [""] * (width - len(cells))) for n, cells in enumerate(rows, 1) if cells]
    if len(names) == 1:
        return records, []
    first = shown(names[0])
    if not any(map(any, rows)):
        refuse(path, f"su primera hoja ({first}) está vacía: pon en primer lugar la de los datos")
    return records, [f"{path.name} tiene {len(names)} hojas: solo se lee la primera ({first})."]


def _cell_text(cell: Any) -> str:
    """El valor de una celda de Excel como se ve en ella: 1 y no 1.0, fechas ISO."""
    from openpyxl.utils.escape import unescape

    value = cell.value
    if isinstance(value, bool):
        return "VERDADERO" if value else "FALSO"
    if isinstance(value, datetime.datetime):
        return str(value).removesuffix(" 00:00:00")
    if isinstance(value, int | float) and float(value).is_integer():
        zeros = re.fullmatch("0+", cell.number_format or "")
        return str(int(value)).zfill(len(zeros[0]) if zeros else 1)
    return "" if value is None else str(unescape(str(value)))
