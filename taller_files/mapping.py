"""De una tabla de cualquier tamaño a otra con columnas nuevas, calculadas a partir de una de las suyas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from taller_files import processes
from taller_files.big_tables import digest, open_table
from taller_files.errors import TallerError
from taller_files.file_kinds import TARGETS, locate_target
from taller_files.progress import RowProgress, say
from taller_files.reading import find_column
from taller_files.resumable import ResumableTable
from taller_files.writing import StrPath

WINDOW = 10_000

Function = Callable[[list[Any]], dict[str, list[Any]]]


def map_column(
    source: StrPath,
    target: StrPath,
    column: str,
    function: Function,
    new_columns: dict[str, str],
    identity: dict[str, Any],
    window: int = WINDOW,
    resume: bool = False,
) -> Path:
    """Escribe una copia de `source` con las columnas que `function` da de las celdas de `column`.

    Recorre el archivo por ventanas, con memoria constante; con varios procesos, cada uno hace su parte de
    la ventana y solo el primero escribe. Si se interrumpe, repetir la llamada sigue donde iba.

    Parameters
    ----------
    source, target : path
    column : str
    function : callable
        De una lista de celdas, un diccionario con las columnas nuevas, en el orden de `new_columns`.
    new_columns : dict
        Nombre y tipo de Arrow de cada columna nueva.
    identity : dict
        De qué depende `function`: si cambia, lo que quedó a medias no se aprovecha.
    window : int
        Filas que se leen juntas.
    resume : bool
        Si `target` (un Parquet) ya está, hecho de lo mismo, no se hace nada.

    Raises
    ------
    TallerError
        Lo que impida leer, escribir o calcular; una ventana que no cabe en la memoria; más procesos que filas.
    """
    table = open_table(source)
    path = locate_target(target, TARGETS, table.path)
    place = find_column(table.columns, column, source)
    table.check_new_columns(new_columns)
    processes.check_rows(table.total, table.path.name)
    whole = {"el archivo": digest(table.path), "la columna del texto": column, **identity}
    columns, types = [*table.columns, *new_columns], [*table.types, *new_columns.values()]
    output = ResumableTable(path, columns, whole, types, table.separator)
    if resume and processes.from_first(output.already_there):
        say(f"{path.name} ya estaba clasificado por esta corrida: no cambia nada.")
        return path
    done = processes.from_first(output.start)
    if output.changed:
        say(f"Desde la interrupción cambió {output.changed}: se clasifica todo de nuevo.")
    if done:
        say(f"Sigue donde quedó: {done:,} de {table.total:,} filas ya estaban clasificadas.")
    progress = RowProgress(table.total, done)
    try:
        for rows in table.windows(window, done):
            new = processes.in_shares(function, [cells[place] for cells in rows])
            if processes.rank() == 0:
                output.append([[*cells, *added] for cells, *added in zip(rows, *new.values(), strict=True)])
            progress.advance(len(rows))
        return output.finish() if processes.rank() == 0 else path
    except MemoryError:
        smaller = max(1, window // 10)
        raise TallerError(
            f"Una ventana de {window:,} filas no cabe en la memoria: usa una de window={smaller} (--window {smaller}); "
            f"las {output.rows:,} filas ya clasificadas se conservan."
        ) from None
    finally:
        progress.close()
        if processes.rank() == 0:
            output.close()
