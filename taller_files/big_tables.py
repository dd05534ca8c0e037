"""Tablas de cualquier tamaño, recorridas por ventanas de filas con memoria constante."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from taller_files.file_kinds import EMPTY, locate, refuse
from taller_files.reading import clean, open_rows
from taller_files.writing import StrPath

Row = list[Any]
WINDOW_CHARACTERS = 4_000_000  # una ventana se cierra antes si sus textos son muy largos
BATCH_ROWS = 1_024
BROKEN = "es Parquet y está dañado o incompleto: descárgalo o escríbelo otra vez"


@dataclasses.dataclass(frozen=True)
class BigTable:
    """Una tabla (CSV, .csv.gz, .xlsx o Parquet) ya revisada, que se recorre por ventanas.

    Parameters
    ----------
    path : Path
    columns : list of str
        Encabezado, ya limpio.
    total : int
        Cuántas filas hay.
    separator : str
        El del CSV; una coma si no es un CSV.
    types : list
        El tipo de Arrow de cada columna; ``"string"`` si no viene de un Parquet.
    records : callable
        Da las filas.
    """

    path: Path
    columns: list[str]
    total: int
    separator: str
    types: list[Any]
    records: Callable[[], Iterator[Row]]

    def check_new_columns(self, names: Iterable[str]) -> None:
        """Se queja si alguna de las columnas que se van a añadir ya está."""
        repeated = [name for name in names if name in self.columns]
        if repeated:
            what = f"ya tiene la columna «{repeated[0]}», que aquí se añadiría"
            refuse(self.path, f"{what}: cámbiale el nombre o quítala, y vuelve a clasificar")

    def windows(self, size: int, start: int = 0) -> Iterator[list[Row]]:
        """Las filas desde la número `start`, en ventanas de `size` filas como máximo."""
        window: list[Row] = []
        characters = 0
        for cells in islice(self.records(), start, None):
            window.append(cells)
            characters += sum(len(cell) for cell in cells if isinstance(cell, str))
            if len(window) >= size or characters >= WINDOW_CHARACTERS:
                yield window
                window, characters = [], 0
        if window:
            yield window


def digest(path: Path) -> str:
    """La huella del contenido de un archivo."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def open_table(path: StrPath) -> BigTable:
    """Abre una tabla para recorrerla por ventanas; antes la revisa entera.

    Raises
    ------
    TallerError
        Si no existe, no es una tabla, está dañada o no tiene filas.
    """
    file = locate(path)
    with file.open("rb") as content:
        if content.read(4) == b"PAR1":
            return _open_parquet(file)
    reader = open_rows(file)

    def records() -> Iterator[Row]:
        return (cells for _, cells in reader)

    types = ["string"] * len(reader.columns)
    return BigTable(file, reader.columns, reader.total, reader.separator or ",", types, records)


def _open_parquet(path: Path) -> BigTable:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    def records() -> Iterator[Row]:
        try:
            with ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH_ROWS):
                    yield from map(list, zip(*(column.to_pylist() for column in batch.columns), strict=True))
        except (pa.ArrowException, OSError):
            refuse(path, BROKEN)

    try:
        with ParquetFile(path) as file:
            schema, total = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError):
        refuse(path, BROKEN)
    if not total:
        refuse(path, EMPTY)
    return BigTable(path, [clean(name) for name in schema.names], total, ",", schema.types, records)
