"""De una ruta a su tabla: cada celda es exactamente el texto que hay en el archivo.

`read_table` lee la tabla entera; `open_rows` la recorre fila por fila con memoria constante. Las
filas se numeran como en una hoja de cálculo: el encabezado es la 1 y las líneas vacías cuentan.
"""

from __future__ import annotations

import csv
import dataclasses
import itertools
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import pandas as pd

from taller_lib.errors import TallerError
from taller_lib.file_kinds import EMPTY, check_kind, detect_encoding, locate, refuse
from taller_lib.problems import counted, listed, shown, which_rows
from taller_lib.sheets import sheet_notes, sheet_records

csv.field_size_limit(2**31 - 1)

SEPARATORS = {",": "coma", ";": "punto y coma", "\t": "tabulador", "|": "barra vertical"}
NO_SEPARATOR = "\x1f"
SAMPLE_RECORDS, SAMPLE_LINES = 200, 5000
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

Record = tuple[int, list[str]]


def clean(text: str) -> str:
    """El texto sin caracteres invisibles ni blancos de más (NBSP incluido), en NFC.

    Solo para nombres de columnas y etiquetas: los textos no se tocan.
    """
    return " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", text)).split())


@dataclasses.dataclass(frozen=True)
class Table:
    """Una tabla leída entera.

    Parameters
    ----------
    columns : list of str
        Encabezado, ya limpio; puede tener nombres repetidos o vacíos.
    frame : DataFrame
        Las celdas, todas `str`, tal como están en el archivo.
    rows : list of int
        Número de cada fila en una hoja de cálculo.
    separator, encoding : str
        Cómo se leyó; vacíos si es un Excel.
    notes : list of str
        Lo que convenga decir sobre la lectura.
    """

    columns: list[str]
    frame: pd.DataFrame
    rows: list[int]
    separator: str
    encoding: str
    notes: list[str]


class RowReader:
    """Recorre las filas de una tabla ya revisada: produce ``(número de fila, celdas)``.

    Se puede recorrer varias veces; cada vez abre el archivo y lo cierra.

    Parameters
    ----------
    path : Path
        El archivo.
    columns : list of str
        Encabezado limpio.
    separator, encoding : str
        Cómo está escrito; vacíos si es un Excel.
    notes : list of str
        Lo que convenga decir sobre la lectura.
    records : callable
        Da las filas que siguen al encabezado.
    """

    def __init__(
        self,
        path: Path,
        columns: list[str],
        separator: str,
        encoding: str,
        notes: list[str],
        records: Callable[[], Iterator[Record]],
    ) -> None:
        self.path, self.columns = path, columns
        self.separator, self.encoding, self.notes = separator, encoding, notes
        self._records = records

    def __iter__(self) -> Iterator[Record]:
        width = len(self.columns)
        for row, cells in self._records():
            if len(cells) != width:
                cells = (cells + [""] * (width - len(cells)))[:width]
            yield row, cells


def read_table(path: str | os.PathLike[str]) -> Table:
    """Lee una tabla entera (.csv o .xlsx) sin cambiar ninguna celda.

    Parameters
    ----------
    path : str or PathLike
        El archivo; nunca se modifica.

    Raises
    ------
    TallerError
        Si no existe, no es una tabla o sus filas no encajan con el encabezado.
    """
    reader = open_rows(path)
    rows, cells = [], []
    for row, values in reader:
        rows.append(row)
        cells.append(values)
    frame = pd.DataFrame(cells, dtype=object)
    frame.columns = pd.Index(reader.columns, dtype=object)
    return Table(reader.columns, frame, rows, reader.separator, reader.encoding, reader.notes)


def open_rows(path: str | os.PathLike[str]) -> RowReader:
    """Abre una tabla para recorrerla fila por fila, con memoria constante si es un CSV.

    Antes revisa el archivo entero, así que recorrerlo después no falla a la mitad.

    Raises
    ------
    TallerError
        Si no existe, no es una tabla o sus filas no encajan con el encabezado.
    """
    file = locate(path)
    if check_kind(file) == "xlsx":
        notes = sheet_notes(file)
        separator = encoding = ""
        sheet = sheet_records(file)

        def source() -> Iterator[Record]:
            return iter(sheet)
    else:
        encoding, notes = detect_encoding(file)
        separator = _separator(file, encoding)

        def source() -> Iterator[Record]:
            return _csv_records(file, encoding, separator)

    comments, header = _header(source())
    if not header:
        refuse(file, EMPTY)
    if comments:
        lines = counted(comments, "línea", "líneas")
        notes = [*notes, f"{file.name}: se saltaron {lines} de comentario (#) sobre el encabezado."]
    names = [clean(name) for name in header]
    width = len(_trimmed(names))

    def body() -> Iterator[Record]:
        return _body(source(), len(names))

    used = _check_widths(file, body(), width, len(names), separator)
    return RowReader(file, names[: max(width, used)], separator, encoding, notes, body)


def find_column(
    columns: list[str], name: str, source: str | os.PathLike[str], field: str = "text_column"
) -> int:
    """La posición de la columna `name`; `field` es el campo de la configuración que la nombra.

    Raises
    ------
    TallerError
        Si no está o está repetida; la frase lista las columnas que sí hay.
    """
    places = [place for place, column in enumerate(columns) if column == clean(name)]
    if len(places) == 1:
        return places[0]
    file, option = Path(source).name, "--" + field.replace("_", "-")
    if places:
        raise TallerError(
            f"{file}: la columna {shown(name)} está repetida ({len(places)} veces): deja una "
            f"sola o "
            "cambia el nombre de las otras."
        )
    found = listed((shown(column, 40) for column in columns if column), 20)
    raise TallerError(
        f"{file}: no hay una columna {shown(name)}; las columnas son {found}. Elige la tuya con "
        f"`{field}` en config.json (o {option})."
    )


def _trimmed(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _lines(lines: Iterable[str]) -> Iterator[str]:
    """Las líneas sin marcas BOM al principio ni la línea ``sep=;`` que solo entiende Excel."""
    lines = iter(lines)
    first = next(lines, "").lstrip("\ufeff")
    if not SEP_LINE.fullmatch(first):
        yield first
    yield from lines


def _csv_records(path: Path, encoding: str, separator: str) -> Iterator[Record]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file), delimiter=separator or NO_SEPARATOR, strict=True)
        for row in itertools.count(1):
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                _refuse_quotes(path, row, line, str(error))
            if cells:
                yield row, cells


def _refuse_quotes(path: Path, row: int, line: int, error: str) -> NoReturn:
    where = f"fila {row}" + (f" (línea {line} del archivo)" if line != row else "")
    if "unexpected end" in error:
        refuse(
            path,
            f"hay unas comillas que se abren en la {where} y no se cierran; quizá el archivo está "
            "cortado: ciérralas o descárgalo completo",
        )
    refuse(
        path,
        f"las comillas de la {where} no cuadran: dentro de una celda entre comillas, escribe cada "
        'comilla dos veces ("")',
    )


def _separator(path: Path, encoding: str) -> str:
    """El separador que mejor explica el encabezado y las primeras filas; vacío si no hay."""
    with path.open(encoding=encoding, newline="") as file:
        lines = list(itertools.islice(file, SAMPLE_LINES))
    declared = SEP_LINE.fullmatch(lines[0].lstrip("\ufeff")) if lines else None
    if declared:
        return declared[1]
    best, choice = (0.0, 0), ""
    for separator in SEPARATORS:
        records = csv.reader(_lines(lines), delimiter=separator)
        sample = [cells for cells in records if any(map(str.strip, cells))][:SAMPLE_RECORDS]
        sample = list(itertools.dropwhile(_is_comment, sample))
        if not sample:
            return separator
        header, body = len(_trimmed(sample[0])), sample[1:]
        widths = [len(_trimmed(cells)) for cells in body]
        if header > 1:
            fits = sum(
                len(cells) >= header and width <= len(sample[0])
                for cells, width in zip(body, widths, strict=True)
            )
            best, choice = max((best, choice), ((1 + fits / max(1, len(body)), header), separator))
        elif len(widths) > 1 and widths[0] > 1 and len(set(widths)) == 1:
            # El encabezado no se divide y todas las filas sí: se dirá que no encajan.
            best, choice = max((best, choice), ((0.5, 0), separator))
    return choice


def _is_comment(cells: list[str]) -> bool:
    start = cells[0].lstrip() if cells else ""
    return start.startswith("# ") or (start.startswith("#") and len(_trimmed(cells)) == 1)


def _header(records: Iterable[Record]) -> tuple[int, list[str]]:
    comments = 0
    for _, cells in records:
        if not any(map(clean, cells)):
            continue
        if not _is_comment(cells):
            return comments, cells
        comments += 1
    return comments, []


def _body(records: Iterator[Record], width: int) -> Iterator[Record]:
    """Las filas tras el encabezado, sin las vacías del final (las deja la hoja de cálculo)."""
    _header(records)
    empty: list[Record] = []
    for row, cells in records:
        if any(map(str.strip, cells)):
            yield from empty
            empty.clear()
            yield row, cells
        elif width == 1 or len(cells) > 1:
            empty.append((row, cells + [""] * (width - len(cells))))


def _check_widths(
    path: Path, records: Iterable[Record], named: int, width: int, separator: str
) -> int:
    """Comprueba que las filas encajan; devuelve cuántas columnas llegan a usarse."""
    long, short = [], []
    count = used = 0
    for row, cells in records:
        count += 1
        if len(cells) > width and any(map(str.strip, cells[width:])):
            long.append(row)
        elif len(cells) < named:
            short.append(row)
        elif width > named:
            used = max(used, len(_trimmed(cells)))
    if not count:
        refuse(path, "tiene encabezado pero no hay filas debajo: añade los textos con su etiqueta")
    fields = f"los {named} campos" if named > 1 else "el único campo"
    name = SEPARATORS.get(separator, shown(separator))
    if long:
        refuse(
            path,
            f"{counted(len(long), 'fila tiene', 'filas tienen')} más campos que {fields} del "
            f"encabezado ({which_rows(long)}): pon entre comillas los textos que llevan {name}, o "
            "revisa que el encabezado sea la primera línea",
        )
    if short:
        refuse(
            path,
            f"{counted(len(short), 'fila tiene', 'filas tienen')} menos campos que {fields} del "
            f"encabezado ({which_rows(short)}): quizá un texto con salto de línea va sin comillas; "
            "complétalas o júntalas",
        )
    return used
