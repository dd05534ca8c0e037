"""Etiquetar textos propios: qué textos, dos personas, y cuánto coinciden."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd

from taller_files.coding import read_labels as read_labels
from taller_files.coding import sample_to_label as sample_to_label
from taller_files.coding import split_for_coders as split_for_coders
from taller_files.problems import counted
from taller_files.writing import StrPath
from taller_lib.errors import TallerError

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
