"""Subir y descargar archivos: los botones de Colab, o una frase donde no los hay."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from taller_files.errors import TallerError
from taller_files.writing import StrPath


def in_colab() -> bool:
    """Si esto corre en Google Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def offer_download(path: StrPath) -> Path:
    """Descarga un archivo a tu computadora en Colab; en otro lugar dice dónde está."""
    file = Path(path).absolute()
    if not file.is_file():
        raise TallerError(f"No existe el archivo {file}: ejecuta antes la celda que lo escribe.")
    try:
        from google.colab import files

        files.download(str(file))
    except Exception:  # fuera de Colab, o sin navegador que lo reciba
        print(f"El archivo está en {file}")
    return file


def ask_upload(what: str = "tus archivos") -> list[Path]:
    """Muestra en Colab el botón para subir archivos y devuelve sus rutas; si no hay, `[]`."""
    if not in_colab():
        print(f"Aquí no hay botón para subir {what}: escribe la ruta en la celda.")
        return []
    from google.colab import files

    return [Path(name).absolute() for name in files.upload()]
