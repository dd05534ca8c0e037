"""El zip con el que un taller viaja entre cuadernos."""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar

from taller_lib._files import dated, replace_whole, same_file, temporary, writing
from taller_lib.config import CONFIG_NAME, WorkshopConfig
from taller_lib.errors import TallerError

SINGLE_FILES = (CONFIG_NAME, "mis_etiquetas.csv")
FOLDERS = ("data", "runs")
CHECKPOINT = re.compile(r"checkpoints$|checkpoint-\d+$")
COMPRESSED_ALREADY = (".safetensors", ".bin", ".pt", ".xlsx", ".png")
Entry = TypeVar("Entry")


def pack(folder: Path, file: Path) -> Path:
    """Guarda en `file` lo que hay en `folder`, sin los estados intermedios del entrenamiento."""
    members = [member for member in _members(folder) if not same_file(member, file)]
    if not members:
        raise TallerError(f"La carpeta {folder} no tiene todavía nada que guardar.")

    def write(partial: Path) -> None:
        with zipfile.ZipFile(partial, "w", strict_timestamps=False) as archive:
            for member in members:
                packed = member.suffix.lower() in COMPRESSED_ALREADY
                kind = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                archive.write(member, member.relative_to(folder).as_posix(), compress_type=kind)

    return replace_whole(file, write)


def unpack(source: Path, folder: Path) -> None:
    """Abre `source` en `folder`; lo que había ahí pasa a `<folder>_anterior_<fecha>`."""
    if not source.is_file():
        raise TallerError(f"No existe el archivo {source}: revisa el nombre y la carpeta.")
    partial = temporary(folder)
    try:
        with writing(folder), zipfile.ZipFile(source) as archive:
            for name, info in _entries(archive, source).items():
                target = partial / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as packed, open(target, "wb") as file:
                    shutil.copyfileobj(packed, file)
            _check_config(partial, source)
            _put_in_place(partial, folder)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise TallerError(
            f"El archivo {source} no es un zip que se pueda abrir (dañado, incompleto o con "
            "contraseña): vuelve a descargarlo del cuaderno anterior."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _members(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in SINGLE_FILES if (folder / name).is_file())
    for top in FOLDERS:
        for parent, subfolders, names in os.walk(folder / top):
            subfolders[:] = sorted(name for name in subfolders if not CHECKPOINT.match(name))
            files = (Path(parent) / name for name in sorted(names) if not name.endswith(".tmp"))
            yield from (file for file in files if file.is_file())


def _entries(archive: zipfile.ZipFile, source: Path) -> dict[PurePosixPath, zipfile.ZipInfo]:
    entries: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = PurePosixPath(info.filename.replace("\\", "/"))
        link = stat.S_ISLNK(info.external_attr >> 16)
        if name.is_absolute() or ".." in name.parts or ":" in info.filename or link:
            raise TallerError(
                f"El zip {source} quiere escribir fuera de la carpeta de trabajo («{name}»): "
                "no lo abras; usa el que descargaste del cuaderno anterior."
            )
        if not info.is_dir():
            entries[name] = info
    # a veces la carpeta entera se comprime a mano y todo queda un nivel más abajo
    tops = {name.parts[0] for name in entries if name.parts} - {"__MACOSX"}
    inner = {
        PurePosixPath(*n.parts[1:]): info
        for n, info in entries.items()
        if n.parts[:1] != ("__MACOSX",)
    }
    if len(tops) == 1 and PurePosixPath(CONFIG_NAME) in inner:
        entries = inner
    found = _of_workshop(entries)
    if not found:
        raise TallerError(
            f"El zip {source} no es de un taller: no contiene {CONFIG_NAME}, data/ ni runs/; "
            "usa el que descargaste del cuaderno anterior."
        )
    return found


def _of_workshop(entries: dict[PurePosixPath, Entry]) -> dict[PurePosixPath, Entry]:
    return {
        name: entry
        for name, entry in entries.items()
        if str(name) in SINGLE_FILES or (len(name.parts) > 1 and name.parts[0] in FOLDERS)
    }


def _check_config(partial: Path, source: Path) -> None:
    if (partial / CONFIG_NAME).exists():
        try:
            WorkshopConfig.load(partial)
        except TallerError as error:
            raise TallerError(str(error).replace(str(partial), str(source))) from None


def _put_in_place(partial: Path, folder: Path) -> None:
    older = None
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    elif folder.exists():
        older = dated(folder.parent, f"{folder.name}_anterior_")
        os.replace(folder, older)
    try:
        os.replace(partial, folder)
    except OSError:
        if older is not None:
            os.replace(older, folder)
        raise
    if older is not None:
        print(f"Lo que había en {folder} está ahora en {older}.")
