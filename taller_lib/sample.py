"""Los datos de ejemplo que acompañan al taller."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from taller_lib._paths import SAMPLE_DATA
from taller_lib.errors import TallerError


def sample_path(name: str) -> Path:
    """La ruta de un archivo de ejemplo.

    Parameters
    ----------
    name : str
        El nombre completo, o lo que sigue a ``imagen_mexico_``: ``"train"``, ``"validacion"``,
        ``"prueba"``, ``"nuevos"``…

    Raises
    ------
    TallerError
        Si no existe; la frase lista los que sí.
    """
    for file in (SAMPLE_DATA / name, SAMPLE_DATA / f"imagen_mexico_{name}.csv"):
        if file.is_file():
            return file
    found = ", ".join(sorted(file.name for file in SAMPLE_DATA.glob("*.csv")))
    raise TallerError(f"No hay un archivo de ejemplo «{name}»: los que hay son {found}.")


def ten_texts() -> pd.DataFrame:
    """Los diez textos que se etiquetan a mano en la fase 1: los primeros del archivo de prueba.

    Returns
    -------
    DataFrame
        `id`, `texto`, `etiqueta`, `lectura_1`, `lectura_2` y `lectura_3`.
    """
    columns = ["id", "texto", "etiqueta", "lectura_1", "lectura_2", "lectura_3"]
    return pd.read_csv(sample_path("prueba"), nrows=10, encoding="utf-8")[columns]
