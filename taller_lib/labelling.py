"""Etiquetar textos propios: qué textos, dos personas, y cuánto coinciden."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from taller_files.problems import counted, listed, shown
from taller_files.reading import Table, clean, read_table
from taller_files.writing import StrPath, unescape_formula, write_csv
from taller_lib.errors import TallerError

HEADER = ("id", "texto", "etiqueta")
# Landis y Koch (1977): hasta qué kappa llega cada nombre
_NAMES = ("pobre", "leve", "aceptable", "moderado", "considerable", "casi perfecto")
LEVELS = dict(zip(_NAMES, (-1e-12, 0.2, 0.4, 0.6, 0.8, 1.0), strict=True))


@dataclasses.dataclass(frozen=True, repr=False)
class Agreement:
    """Cuánto coinciden dos personas que etiquetaron los mismos textos.

    Parameters
    ----------
    kappa : float
        Kappa de Cohen; ``nan`` si ambas usaron una sola y misma etiqueta.
    table : DataFrame
        Etiquetas de la primera (filas) contra las de la segunda (columnas).
    n : int
        Textos que las dos etiquetaron.
    disagreements : DataFrame
        Los textos en que difieren: `id`, `text`, `label_a`, `label_b`.
    notes : tuple of str
        Lo que se dejó fuera, o conviene comprobar.
    """

    kappa: float
    table: pd.DataFrame
    n: int
    disagreements: pd.DataFrame
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        same = self.n - len(self.disagreements)
        texts = counted(self.n, "texto etiquetado", "textos etiquetados")
        share = f"Coinciden en {same} de {texts} por las dos personas ({same / self.n:.0%})."
        return "\n".join([share, self._meaning(), *self.notes, "", self.table.to_string()])

    def _meaning(self) -> str:
        if self.kappa != self.kappa:
            return "Kappa no está definido: con una sola etiqueta, todo acuerdo puede ser azar."
        level = next(name for name, top in LEVELS.items() if self.kappa <= top)
        advice = "ya pueden repartirse los textos"
        if self.kappa <= LEVELS["moderado"]:
            advice = "hablen de los desacuerdos y precisen las reglas del libro de códigos"
        scale = "una vez descontado el azar (escala de Landis y Koch, 1977)"
        return f"Kappa de Cohen = {self.kappa:.2f}: acuerdo {level} {scale}; {advice}."


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


def agreement(file_a: StrPath, file_b: StrPath) -> Agreement:
    """Compara las etiquetas de dos personas, texto por texto según su `id`.

    Mayúsculas y espacios de más no cuentan como desacuerdo. Los textos que una de las dos dejó sin
    etiqueta no entran, y se dice cuántos son.

    Parameters
    ----------
    file_a, file_b : path
        Los CSV (o .xlsx) que llenó cada persona, con las columnas `id` y `etiqueta`.

    Raises
    ------
    TallerError
        Si es el mismo archivo, no comparten textos o ninguno está etiquetado en los dos.
    """
    from sklearn.metrics import cohen_kappa_score

    paths = Path(file_a), Path(file_b)
    a, b = map(read_labels, paths)
    if paths[0].samefile(paths[1]):
        raise TallerError(f"Diste dos veces el archivo {paths[0].name}: da el de cada persona.")
    both = a.merge(b.rename(columns={"text": "other"}), on="id", suffixes=("_a", "_b"))
    filled = both[(both["label_a"] != "") & (both["label_b"] != "")].reset_index(drop=True)
    if filled.empty:
        raise TallerError(
            f"Ningún texto tiene etiqueta en los dos archivos ({paths[0].name} y {paths[1].name}): "
            "deben venir de la misma muestra, con su columna id y la etiqueta llena."
        )
    notes = []
    for path, frame, column in zip(paths, (a, b), ("label_a", "label_b"), strict=True):
        if alone := len(frame) - len(both):
            notes.append(f"{counted(alone, 'texto está', 'textos están')} solo en {path.name}.")
        if empty := int((both[column] == "").sum()):
            unlabelled = counted(empty, "texto quedó", "textos quedaron")
            notes.append(f"{unlabelled} sin etiqueta en {path.name}.")
    changed = (both["text"] != both["other"]) & (both["text"] != "") & (both["other"] != "")
    if changed.any():
        ids = counted(int(changed.sum()), "id", "ids")
        note = f"En {ids} los dos archivos traen textos distintos: comprueba que vengan de la misma muestra."
        notes.append(note)
    if a.equals(b):
        notes.append("Los dos archivos son idénticos: comprueba que uno no sea copia del otro.")
    spelling = {label.casefold(): label for label in [*filled["label_a"], *filled["label_b"]]}
    for column in ("label_a", "label_b"):
        filled[column] = filled[column].str.casefold().map(spelling)
    labels = [spelling[key] for key in sorted(spelling)]
    pair = filled["label_a"], filled["label_b"]
    table = pd.crosstab(*pair).reindex(index=labels, columns=labels, fill_value=0)
    kappa = cohen_kappa_score(*pair, labels=labels) if len(labels) > 1 else float("nan")
    different = filled[pair[0] != pair[1]].drop(columns="other").reset_index(drop=True)
    return Agreement(float(kappa), table, len(filled), different, tuple(notes))


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
