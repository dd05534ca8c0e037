"""De una ruta a su tabla: cada celda es exactamente el texto que hay en el archivo.

`read_table` lee la tabla entera; `open_rows` la recorre fila por fila con memoria constante. Las
filas se numeran como en una hoja de cálculo: el encabezado es la 1 y las líneas vacías cuentan.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import itertools
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd

from taller_files.file_kinds import EMPTY, check_kind, detect_encoding, locate, open_text, refuse
from taller_files.problems import counted, listed, shown, which_rows
from taller_files.sheets import read_sheet
from taller_files.writing import StrPath

csv.field_size_limit(2**31 - 1)

SEPARATORS = {",": "coma", ";": "punto y coma", "\t": "tabulador", "|": "barra vertical"}
NO_SEPARATOR = "\x1f"
SAMPLE_LINES = 2000
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
SEP_LINE = re.compile(r'\ufeff*"?sep=(.)"?\s*', re.IGNORECASE)

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


@dataclasses.dataclass(frozen=True)
class RowReader:
    """Recorre las filas de una tabla ya revisada: produce ``(número de fila, celdas)``.

    Se puede recorrer varias veces; cada vez abre el archivo y lo cierra.

    Parameters
    ----------
    columns : list of str
        Encabezado limpio.
    separator, encoding : str
        Cómo está escrito; vacíos si es un Excel.
    notes : list of str
        Lo que convenga decir sobre la lectura.
    records : callable
        Da las filas que siguen al encabezado.
    total : int
        Cuántas son.
    """

    columns: list[str]
    separator: str
    encoding: str
    notes: list[str]
    records: Callable[[], Iterator[Record]]
    total: int

    def __iter__(self) -> Iterator[Record]:
        width = len(self.columns)
        for row, cells in self.records():
            yield row, (cells + [""] * (width - len(cells)))[:width]


def read_table(path: StrPath) -> Table:
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
    rows, cells = map(list, zip(*reader, strict=True))
    frame = pd.DataFrame(cells, columns=pd.Index(reader.columns, dtype=object), dtype=object)
    return Table(reader.columns, frame, rows, reader.separator, reader.encoding, reader.notes)


def open_rows(path: StrPath) -> RowReader:
    """Abre una tabla para recorrerla fila por fila, con memoria constante si es un CSV.

    Antes revisa el archivo entero, así que recorrerlo después no falla a la mitad.

    Raises
    ------
    TallerError
        Si no existe, no es una tabla o sus filas no encajan con el encabezado.
    """
    file = locate(path)
    separator = encoding = ""
    try:
        if check_kind(file) == "xlsx":
            sheet, notes = read_sheet(file)
        else:
            encoding, notes = detect_encoding(file)
            separator = _separator(file, encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        refuse(file, "está comprimido (gzip), y dañado o incompleto: descárgalo otra vez")

    def source() -> Iterator[Record]:
        return _csv_records(file, encoding, separator) if encoding else iter(sheet)

    header = _header(source()) or refuse(file, EMPTY)

    def body() -> Iterator[Record]:
        return _body(source(), len(header))

    used, total = _check_widths(file, body(), header, separator)
    return RowReader([clean(name) for name in header[:used]], separator, encoding, notes, body, total)


def find_column(columns: list[str], name: str, source: StrPath, field: str = "text_column") -> int:
    """La posición de la columna `name`; `field` es el campo de la configuración que la nombra.

    Raises
    ------
    TallerError
        Si no está o está repetida; la frase lista las columnas que sí hay.
    """
    places = [place for place, column in enumerate(columns) if column == clean(name)]
    if len(places) == 1:
        return places[0]
    if places:
        what = f"la columna {shown(name)} está repetida ({len(places)} veces)"
        refuse(Path(source), f"{what}: deja una o cambia el nombre de las otras")
    found = listed((shown(column, 40) for column in columns if column), 20)
    advice = f"Elige la tuya con `{field}` en config.json (o --{field.replace('_', '-')})"
    refuse(Path(source), f"no hay una columna {shown(name)}; las columnas son {found}. {advice}")


def _filled(cells: list[str]) -> int:
    """Cuántas celdas hay hasta la última que no está en blanco."""
    return max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)


def _csv_records(path: Path, encoding: str, separator: str) -> Iterator[Record]:
    with open_text(path, encoding) as file:
        reader = csv.reader(_lines(file), delimiter=separator or NO_SEPARATOR, strict=True)
        row, line = 0, 1
        try:
            for row, cells in enumerate(reader, 1):
                if cells:
                    yield row, cells
                line = reader.line_num + 1
        except csv.Error:
            what = f"hay comillas que no se cierran o no cuadran en la fila {row + 1} (línea {line} del archivo)"
            advice = 'complétalas (dentro de una celda se escriben dobles: "") o, si está cortado, descárgalo otra vez'
            refuse(path, f"{what}: {advice}")


def _lines(lines: Iterable[str]) -> Iterator[str]:
    """Las líneas sin marcas BOM al principio ni la línea ``sep=;`` que solo entiende Excel."""
    for number, line in enumerate(lines):
        if number or not SEP_LINE.fullmatch(line):
            yield line if number else line.lstrip("\ufeff")


def _separator(path: Path, encoding: str) -> str:
    """El separador que mejor explica el encabezado y las primeras filas; vacío si no hay."""
    with open_text(path, encoding) as file:
        lines = list(itertools.islice(file, SAMPLE_LINES))
    if declared := SEP_LINE.fullmatch("".join(lines[:1])):
        return declared[1]
    fits = {"": 0.0} | {separator: _fit(lines, separator) for separator in SEPARATORS}
    return max(fits, key=fits.__getitem__)


def _fit(lines: list[str], separator: str) -> float:
    records = csv.reader(_lines(lines), delimiter=separator)
    # Si no hay más que separadores, cualquiera sirve para decir que está vacío.
    header, *widths = [len(cells) for cells in records if any(map(str.strip, cells))] or [2]
    if header > 1:
        return 1 + widths.count(header) / max(1, len(widths))
    # El encabezado no se divide y todas las filas sí: se dirá que no encajan.
    return 0.5 * (len(widths) > 1 and widths[0] > 1 and len(set(widths)) == 1)


def _header(records: Iterable[Record]) -> list[str]:
    return next((cells for _, cells in records if any(map(clean, cells))), [])


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


def _check_widths(path: Path, records: Iterable[Record], header: list[str], separator: str) -> tuple[int, int]:
    """Comprueba que las filas encajan; devuelve cuántas columnas llegan a usarse y cuántas filas hay."""
    named = used = _filled(header)
    long, short = [], []
    total = 0
    for row, cells in records:
        total += 1
        used = max(used, _filled(cells))
        if separator and _filled(cells[named:]):  # en un Excel ninguna coma corre las celdas
            long.append(row)
        elif len(cells) < named:
            short.append(row)
    if not total:
        refuse(path, "tiene encabezado pero no hay filas debajo: añade los textos con su etiqueta")
    mark = SEPARATORS.get(separator, shown(separator))
    more = f"entrecomilla los textos con {mark} y deja el encabezado en la primera línea"
    fewer = "complétalas, o entrecomilla los textos con salto de línea"
    for rows, size, advice in ((long, "más", more), (short, "menos", fewer)):
        if rows:
            found = f"{counted(len(rows), 'fila tiene', 'filas tienen')} {size} campos que el encabezado, que tiene {named}"
            refuse(path, f"{found} ({which_rows(rows)}): {advice}")
    return used, total
