"""Mirar textos de una tabla de predicciones: los de una celda, y guardarlos."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from taller_files.writing import unused
from taller_lib.prediction import write_predictions


def cell_texts(table: pd.DataFrame, label: str, prediction: str) -> pd.DataFrame:
    """Los textos de una celda de la matriz de confusión, primero los de mayor confianza.

    Parameters
    ----------
    table : DataFrame
        La de `Evaluation.table`.
    label, prediction : str
        La clase real y la predicha.
    """
    chosen = table[(table["label"] == label) & (table["prediction"] == prediction)]
    return chosen.sort_values("confidence", ascending=False, kind="stable")


def export_texts(table: pd.DataFrame, folder: Path, name: str) -> Path:
    """Guarda la tabla como `<name>.csv` en `folder`, o `<name>-2.csv`… si ya existe; devuelve la ruta."""
    name = re.sub(r"[^\w.-]+", "-", name)[:80]  # una clase puede ser larga y llevar barras
    path = unused(folder, name, ".csv")
    write_predictions(path, table)
    return path
