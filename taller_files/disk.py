"""Lo que ocupa una carpeta y lo que queda libre en su disco."""

from __future__ import annotations

import shutil
from pathlib import Path


def folder_size(folder: Path) -> int:
    """Bytes de los archivos de una carpeta."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def free_space(folder: Path) -> int:
    """Bytes libres en el disco de una carpeta, exista ya o no."""
    return shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free
