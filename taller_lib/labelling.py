"""Etiquetar textos propios: qué textos, dos personas, y cuánto coinciden."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from taller_lib._files import same_file, unescape_formula, write_csv
from taller_lib.errors import TallerError
from taller_lib.problems import counted, listed, shown
from taller_lib.reading import INVISIBLE, Table, clean, read_table

HEADER = ("id", "texto", "etiqueta")
TALK = "hablen de los desacuerdos y precisen las reglas que los causan"
REVIEW = "revisen juntos el libro de códigos y los desacuerdos antes de etiquetar más"
# Landis y Koch (1977): hasta qué kappa llega cada nombre
LEVELS = (
    (-1e-12, "pobre", REVIEW),
    (0.2, "leve", REVIEW),
    (0.4, "aceptable", REVIEW),
    (0.6, "moderado", TALK),
    (0.8, "considerable", "alcanza para seguir; aclaren los desacuerdos que se repitan"),
    (2.0, "casi perfecto", "pueden repartirse el resto de los textos"),
)


@dataclasses.dataclass(frozen=True)
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

    def __str__(self) -> str:
        return "\n".join([*self._sentences(), "", self.table.to_string()])

    def _repr_html_(self) -> str:
        import html

        lines = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self._sentences())
        with pd.option_context("display.max_colwidth", None):
            rows = self.disagreements.to_html(index=False) if len(self.disagreements) else ""
        return f"{lines}{self.table.to_html()}{rows}"

    def _sentences(self) -> list[str]:
        same = self.n - len(self.disagreements)
        texts = counted(self.n, "texto etiquetado", "textos etiquetados")
        share = f"Coinciden en {same} de {texts} por las dos personas ({same / self.n:.0%})."
        return [share, self._meaning(), *self.notes]

    def _meaning(self) -> str:
        if self.kappa != self.kappa:
            return (
                "Kappa no está definido: las dos personas usaron una sola etiqueta, y así no se "
                "distingue el acuerdo del azar."
            )
        level, advice = next((name, text) for top, name, text in LEVELS if self.kappa <= top)
        return (
            f"Kappa de Cohen = {self.kappa:.2f}: acuerdo {level} una vez descontado el azar "
            f"(escala de Landis y Koch, 1977); {advice}."
        )


def sample_to_label(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    n: int = 400,
    text_column: str = "texto",
    seed: int = 0,
) -> Path:
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
    file = _new_csv(target)
    rows = _draw(read_table(source), n, text_column, seed)
    return write_csv(file, [HEADER, *((key, text, "") for key, text in rows)])


def split_for_coders(
    source: str | os.PathLike[str],
    targets: Sequence[str | os.PathLike[str]],
    n: int = 60,
    seed: int = 0,
    text_column: str = "texto",
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
    if isinstance(targets, str | os.PathLike) or len(targets) != 2:
        raise TallerError("Hacen falta dos archivos, uno para cada persona: da una lista de dos.")
    first, second = (_new_csv(target) for target in targets)
    if first == second:
        raise TallerError(f"Los dos archivos se llaman igual ({first.name}): da dos nombres.")
    drawn = _draw(read_table(source), n, text_column, seed)
    # `source` puede traer ya los apóstrofos de `sample_to_label`: no se ponen dos veces
    rows = [(unescape_formula(key), unescape_formula(text), "") for key, text in drawn]
    reordered = list(rows)
    while len(rows) > 1 and reordered == rows:
        seed += 1
        random.Random(seed).shuffle(reordered)
    write_csv(first, [HEADER, *rows])
    try:
        write_csv(second, [HEADER, *reordered])
    except TallerError:
        first.unlink()
        raise
    return first, second


def read_labels(path: str | os.PathLike[str], label_column: str = "etiqueta") -> pd.DataFrame:
    """Lee un CSV etiquetado y deshace los apóstrofos que protegían los textos.

    Returns
    -------
    DataFrame
        Columnas `id`, `text` (vacía si el archivo no tiene `texto`) y `label`.
    """
    table = read_table(path)
    _check_column(table, "id", path)
    _check_column(table, label_column, path)
    text = table.frame["texto"] if table.columns.count("texto") == 1 else [""] * len(table.rows)
    frame = pd.DataFrame(
        {
            "id": [clean(unescape_formula(value)) for value in table.frame["id"]],
            "text": [unescape_formula(value) for value in text],
            "label": [clean(value) for value in table.frame[label_column]],
        },
        dtype=object,
    )
    repeated = list(dict.fromkeys(frame["id"][frame["id"].duplicated()]))
    if repeated:
        raise TallerError(
            f"En {Path(path).name} se repite el id de un texto "
            f"({listed(map(shown, repeated), 5)}): "
            "deja una sola fila de cada uno."
        )
    return frame


def agreement(
    file_a: str | os.PathLike[str],
    file_b: str | os.PathLike[str],
    label_columns: tuple[str, str] = ("etiqueta", "etiqueta"),
) -> Agreement:
    """Compara las etiquetas de dos personas, texto por texto según su `id`.

    Mayúsculas y espacios de más no cuentan como desacuerdo. Los textos que una de las dos dejó sin
    etiqueta no entran, y se dice cuántos son.

    Parameters
    ----------
    file_a, file_b : path
        Los CSV (o .xlsx) que llenó cada persona.
    label_columns : tuple of str
        Columna de la etiqueta en cada archivo.

    Raises
    ------
    TallerError
        Si es el mismo archivo, no comparten textos o ninguno está etiquetado en los dos.
    """
    from sklearn.metrics import cohen_kappa_score

    paths = Path(file_a), Path(file_b)
    if same_file(*paths):
        raise TallerError(f"Diste dos veces el archivo {paths[0].name}: da el de cada persona.")
    a, b = (read_labels(path, column) for path, column in zip(paths, label_columns, strict=True))
    both = a.merge(b[["id", "label"]], on="id", suffixes=("_a", "_b"))
    if both.empty:
        raise TallerError(
            f"{paths[0].name} y {paths[1].name} no tienen ningún id en común: deben venir de la "
            "misma muestra (`split_for_coders`) y conservar la columna id."
        )
    filled = both[(both["label_a"] != "") & (both["label_b"] != "")].reset_index(drop=True)
    if filled.empty:
        raise TallerError(
            f"Ningún texto tiene etiqueta en los dos archivos ({paths[0].name} y {paths[1].name}): "
            "llena la columna de la etiqueta y guarda como CSV."
        )
    notes = tuple(_notes(paths, (a, b), both))
    spelling = _spellings([*filled["label_a"], *filled["label_b"]])
    for column in ("label_a", "label_b"):
        filled[column] = filled[column].str.casefold().map(spelling)
    labels = sorted(set(filled["label_a"]) | set(filled["label_b"]))
    table = pd.crosstab(filled["label_a"], filled["label_b"])
    table = table.reindex(index=labels, columns=labels, fill_value=0)
    kappa = float("nan")
    if len(labels) > 1:
        kappa = float(cohen_kappa_score(filled["label_a"], filled["label_b"], labels=labels))
    different = filled[filled["label_a"] != filled["label_b"]].reset_index(drop=True)
    columns = ["id", "text", "label_a", "label_b"]
    return Agreement(kappa, table, len(filled), different[columns], notes)


def _draw(table: Table, n: int, text_column: str, seed: int) -> list[tuple[str, str]]:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise TallerError(f"`n` vale {n!r}: escribe cuántos textos quieres, un entero desde 1.")
    _check_column(table, text_column)
    unique: dict[str, str] = {}
    for key, text in zip(_ids(table), table.frame[text_column], strict=True):
        if INVISIBLE.sub("", text).strip():
            unique.setdefault(text, key)
    if not unique:
        raise TallerError(f"La columna «{text_column}» no tiene ningún texto: elige otra.")
    out = len(table.rows) - len(unique)
    if out:
        print(
            f"Se dejaron fuera {counted(out, 'fila vacía o repetida', 'filas vacías o repetidas')}."
        )
    if len(unique) < n:
        print(f"Pediste {n} textos y hay {len(unique)}: van todos.")
    rows = [(key, text) for text, key in unique.items()]
    random.Random(seed).shuffle(rows)
    return rows[:n]


def _ids(table: Table) -> list[str]:
    numbers = [str(row) for row in table.rows]
    if table.columns.count("id") != 1:
        return numbers
    ids = [clean(value) for value in table.frame["id"]]
    if all(ids) and len(set(ids)) == len(ids):
        return ids
    print("La columna id tiene valores vacíos o repetidos: se usa el número de fila.")
    return numbers


def _check_column(table: Table, name: str, path: str | os.PathLike[str] | None = None) -> None:
    found = table.columns.count(name)
    if found == 1:
        return
    where = f" en {Path(path).name}" if path is not None else ""
    what = "se repite" if found else "no existe"
    raise TallerError(
        f"La columna {shown(name)} {what}{where}: las columnas son "
        f"{listed(map(shown, table.columns), 20)}."
    )


def _new_csv(target: str | os.PathLike[str]) -> Path:
    file = Path(target).expanduser().absolute()
    if file.suffix.lower() != ".csv":
        raise TallerError(f"El archivo nuevo es un CSV: cambia {file.name} por {file.stem}.csv.")
    if file.exists():
        raise TallerError(
            f"Ya existe {file} y puede tener etiquetas puestas a mano: escribe otro nombre."
        )
    return file


def _notes(paths: Sequence[Path], frames: Sequence[pd.DataFrame], both: pd.DataFrame) -> list[str]:
    notes = []
    for path, frame, column in zip(paths, frames, ("label_a", "label_b"), strict=True):
        alone, empty = len(frame) - len(both), int((both[column] == "").sum())
        if alone:
            notes.append(f"{counted(alone, 'texto está', 'textos están')} solo en {path.name}.")
        if empty:
            notes.append(
                f"{counted(empty, 'texto quedó', 'textos quedaron')} sin etiqueta en {path.name}."
            )
    if paths[0].read_bytes() == paths[1].read_bytes():
        notes.append("Los dos archivos son idénticos: comprueba que uno no sea copia del otro.")
    return notes


def _spellings(labels: list[str]) -> dict[str, str]:
    """Para cada etiqueta sin mayúsculas, la forma en que más se escribió."""
    counts = Counter(labels)
    ordered = sorted(counts, key=lambda label: (counts[label], label))
    return {label.casefold(): label for label in ordered}
