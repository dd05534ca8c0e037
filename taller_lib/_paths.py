"""Dónde están los archivos que acompañan al código, instalado o en una copia del repositorio."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

ASSETS = _PACKAGE / "assets"
# En el paquete instalado está dentro de `taller_lib`; en el repositorio, a su lado.
SAMPLE_DATA = next(
    (folder for folder in (_PACKAGE / "sample_data", _PACKAGE.parent / "sample_data") if folder.is_dir()),
    _PACKAGE / "sample_data",
)
