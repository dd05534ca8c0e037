"""El zip con el que un taller viaja entre cuadernos."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from taller_files.errors import TallerError
from taller_files.writing import replacing

PARTS = ("config.json", "mis_etiquetas.csv", "data", "runs")
LEFT_OUT = re.compile(r"/runs/[^/]+/checkpoint(s|-\d+)/|\.tmp$")
# a veces la carpeta entera se comprime a mano y todo queda un nivel más abajo
TOP_FOLDER = re.compile(r"^([^/\n]+/)config\.json$", re.MULTILINE)


def pack(folder: Path, file: Path) -> Path:
    """Guarda en `file` lo que hay en `folder`, sin los estados intermedios del entrenamiento."""
    found = [f for top in PARTS for f in (folder / top, *sorted((folder / top).rglob("*")))]
    kept = [f for f in found if f.is_file() and f != file and not LEFT_OUT.search(f.as_posix())]
    if not kept:
        raise TallerError(f"La carpeta {folder} no tiene todavía nada que guardar.")
    with replacing(file) as new, zipfile.ZipFile(new, "w", strict_timestamps=False) as archive:
        for member in kept:
            archive.write(member, member.relative_to(folder).as_posix())
    return file


def unpack(source: Path, folder: Path) -> None:
    """Abre `source` en `folder`; lo que había ahí pasa a `<folder>_anterior_<fecha>`."""
    if not source.is_file():
        raise TallerError(f"No existe el archivo {source}: revisa el nombre y la carpeta.")
    try:
        with replacing(folder) as new, zipfile.ZipFile(source) as archive:
            top = TOP_FOLDER.search("\n".join(archive.namelist()))
            for member in archive.infolist():
                member.filename = member.filename.removeprefix(top[1] if top else "")
                if member.filename.split("/")[0] in PARTS:  # `extract` no escribe fuera de `new`
                    archive.extract(member, new)
            if not new.exists():
                message = f"El zip {source} no es de un taller: usa el que descargaste del cuaderno anterior."
                raise TallerError(message)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        message = (
            f"El archivo {source} no es un zip que se pueda abrir (dañado o con contraseña): descárgalo otra vez."
        )
        raise TallerError(message) from error
