"""Los CSV que llenan quienes etiquetan: sacar la muestra, repartirla entre dos personas y leerla de vuelta."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from taller_files.errors import TallerError
from taller_files.problems import counted, listed, shown
from taller_files.reading import Table, clean, read_table
from taller_files.writing import StrPath, unescape_formula, write_csv

HEADER = ("id", "texto", "etiqueta")


def sample_to_label(source: StrPath, target: StrPath, n: int = 400, text_column: str = "texto", seed: int = 0) -> Path:
    """Escoge textos al azar y los escribe en un CSV listo para etiquetar en una hoja de cálculo.

    Antes quita los textos vacíos y las copias exactas. Una muestra mayor con la misma semilla
    empieza con los mismos textos.

    Parameters
    ----------
    source : path
        Cualquier CSV o .xlsx con una columna de textos.
    target : path
        El CSV nuevo: `id`, `texto` y `etiqueta` (vacía). Nunca se sobrescribe: puede tener trabajo.
    n : int
        Cuántos textos; si hay menos, van todos.
    text_column : str
        Columna de `source` con el texto.
    seed : int
        Semilla aleatoria.

    Returns
    -------
    Path
        El archivo escrito, UTF-8 con BOM. `id` es la columna `id` de `source` o, si no sirve, el
        número de fila. A un texto que empieza por ``= + - @`` se le antepone un apóstrofo para que
        la hoja de cálculo no lo tome por fórmula; `read_labels` lo quita.
    """
    return write_csv(_new_csv(target), [HEADER, *_draw(source, n, text_column, seed)])


def split_for_coders(
    source: StrPath, targets: Sequence[StrPath], n: int = 60, seed: int = 0, text_column: str = "texto"
) -> tuple[Path, Path]:
    """Escribe los mismos `n` textos para dos personas, en distinto orden y sin etiquetas.

    Parameters
    ----------
    source : path
        El CSV de `sample_to_label`, u otro con una columna de textos.
    targets : two paths
        Los dos CSV nuevos; nunca se sobrescriben.
    n, seed, text_column
        Como en `sample_to_label`.

    Returns
    -------
    tuple of Path
    """
    files = [_new_csv(target) for target in targets]
    if len(set(files)) != 2:
        raise TallerError("Hacen falta dos archivos: si se llaman igual, es uno solo.")
    # `source` puede traer ya los apóstrofos de `sample_to_label`: no se ponen dos veces
    rows = [tuple(map(unescape_formula, row)) for row in _draw(source, n, text_column, seed)]
    first = write_csv(files[0], [HEADER, *rows])
    return first, write_csv(files[1], [HEADER, *reversed(rows)])


def read_labels(path: StrPath) -> pd.DataFrame:
    """Lee un CSV etiquetado y deshace los apóstrofos que protegían los textos.

    Returns
    -------
    DataFrame
        Columnas `id`, `text` (vacía si el archivo no tiene `texto`) y `label`.
    """
    table = read_table(path)
    for column in ("id", "etiqueta"):
        _check_column(table, column, path)
    ids = [clean(unescape_formula(value)) for value in table.frame["id"]]
    texts = map(unescape_formula, table.frame.get("texto", [""] * len(ids)))
    cells = zip(ids, texts, map(clean, table.frame["etiqueta"]), strict=True)
    frame = pd.DataFrame(cells, columns=["id", "text", "label"], dtype=object)
    repeated = frame["id"][frame["id"].duplicated()].unique()
    if len(repeated):
        message = (
            f"En {Path(path).name} se repite el id {listed(map(shown, repeated), 5)}: deja una sola fila de cada uno."
        )
        raise TallerError(message)
    return frame


def _draw(source: StrPath, n: int, text_column: str, seed: int) -> list[tuple[str, str, str]]:
    if n < 1:
        raise TallerError(f"`n` vale {n!r}: escribe cuántos textos quieres, un entero desde 1.")
    table = read_table(source)
    _check_column(table, text_column, source)
    rows = pd.DataFrame({"id": _ids(table), "text": table.frame[text_column]}, dtype=object)
    rows = rows[rows["text"].map(clean) != ""].drop_duplicates("text")
    if rows.empty:
        raise TallerError(f"La columna «{text_column}» no tiene ningún texto: elige otra.")
    if out := len(table.rows) - len(rows):
        lost = counted(out, "fila vacía o repetida", "filas vacías o repetidas")
        print(f"Se dejaron fuera {lost}.")
    if len(rows) < n:
        print(f"Pediste {n} textos y hay {len(rows)}: van todos.")
    drawn = [(key, text, "") for key, text in rows.itertuples(index=False, name=None)]
    random.Random(seed).shuffle(drawn)
    return drawn[:n]


def _ids(table: Table) -> list[str]:
    if table.columns.count("id") == 1:
        ids = [clean(value) for value in table.frame["id"]]
        if len(set(ids) - {""}) == len(ids):
            return ids
        print("La columna id tiene valores vacíos o repetidos: se usa el número de fila.")
    return [str(row) for row in table.rows]


def _check_column(table: Table, name: str, path: StrPath) -> None:
    if table.columns.count(name) != 1:
        what = "se repite" if name in table.columns else "no existe"
        found = f"las columnas son {listed(map(shown, table.columns), 20)}"
        raise TallerError(f"La columna {shown(name)} {what} en {Path(path).name}: {found}.")


def _new_csv(target: StrPath) -> Path:
    file = Path(target).expanduser().absolute()
    if file.suffix.lower() != ".csv":
        raise TallerError(f"El archivo nuevo es un CSV: cambia {file.name} por {file.stem}.csv.")
    if file.exists():
        raise TallerError(f"Ya existe {file} y puede tener trabajo tuyo: escribe otro nombre.")
    return file
