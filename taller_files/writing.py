"""Escribir un archivo completo o no escribirlo; CSV que una hoja de cálculo abre sin riesgo."""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from taller_files.errors import TallerError

StrPath = str | os.PathLike[str]
_FORMULA = re.compile(r"'*(?:[=\t\r]|[+\-@][^\n]*(?:[(|]|![$\w]))")


def escape_formula(text: str) -> str:
    """Antepone un apóstrofo a lo que una hoja de cálculo ejecutaría como fórmula.

    Es fórmula lo que empieza con ``=``, tabulador o retorno, y lo que empieza con ``+``, ``-`` o ``@``
    y lleva además ``(``, ``|`` o un ``!`` pegado a lo que sigue (llamadas, DDE y otras hojas; OWASP,
    «CSV Injection»). «@usuario ¡hola!» y «-3 grados» quedan como están. `unescape_formula` devuelve
    exactamente el texto de antes.
    """
    return "'" + text if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Deshace `escape_formula`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(path: Path, rows: Iterable[Iterable[object]], separator: str = ",") -> Path:
    """Escribe un CSV que Excel abre con acentos y sin ejecutar nada; completo o no lo escribe."""
    with replacing(path) as new, open(new, "w", encoding="utf-8-sig", newline="") as file:
        write_rows(file, rows, separator)
    return path


def write_rows(file: TextIO, rows: Iterable[Iterable[object]], separator: str = ",") -> None:
    """Añade filas a un CSV abierto, con las fórmulas neutralizadas."""
    writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
    for row in rows:
        writer.writerow([escape_formula(v) if isinstance(v, str) else v for v in row])


def unused(folder: Path, stem: str, ending: str = "") -> Path:
    """`stem` en esa carpeta, o `stem-2`, `stem-3`… si ya existe."""
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(path for path in (folder / f"{name}{ending}" for name in names) if not path.exists())


def write_text(path: Path, text: str) -> Path:
    """Escribe un texto en UTF-8; completo o no lo escribe."""
    with replacing(path) as new:
        new.write_text(text, encoding="utf-8")
    return path


def save_figure(figure: Any, path: Path) -> None:
    """Guarda una figura como PNG; completa o no la escribe."""
    with replacing(path) as new:
        figure.savefig(new, format="png", dpi=150, bbox_inches="tight")


def read_object(path: Path) -> dict[str, Any]:
    """El objeto JSON de un archivo; vacío si no lo hay o no se puede leer."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_json(path: Path, values: Any) -> Path:
    """Escribe JSON legible en UTF-8; completo o no lo escribe."""
    text = json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False)
    return write_text(path, text + "\n")


def cause_of(error: OSError) -> str:
    """Por qué falló una escritura y qué hacer, en media frase."""
    full = "el disco está lleno; libera espacio"
    causes = {
        **dict.fromkeys(FULL_DISK_ERRORS, full),
        errno.EACCES: "no hay permiso, o el archivo está abierto en otro programa; ciérralo",
    }
    return causes.get(error.errno or 0, f"{error.strerror or error}; revisa la carpeta")


FULL_DISK_ERRORS = (27, 28, 122)  # EFBIG, ENOSPC y EDQUOT, que no existen en todos los sistemas
_FULL_DISK = ("enforce fail at inline_container", "no space left", "i/o error", "errno 28")


@contextlib.contextmanager
def saying_full_disk(path: Path) -> Iterator[None]:
    """Convierte en `TallerError` el disco lleno, diga como lo diga la biblioteca que escribía."""
    try:
        yield
    except Exception as error:
        full = isinstance(error, OSError) and error.errno in FULL_DISK_ERRORS
        if not full and not any(sign in str(error).lower() for sign in _FULL_DISK):
            raise
        raise TallerError(
            f"El disco se llenó al guardar en {path}: la mejor época guardada antes sigue entera. "
            "Libera espacio y vuelve a ejecutar con resume=True."
        ) from None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Da un nombre provisional; lo que se escriba ahí pasa a `path` si no hubo ningún fallo.

    Si el provisional es una carpeta, la que hubiera en `path` se guarda como
    `<path>_anterior_<fecha>`, y se dice. Lo que falle al escribir se vuelve `TallerError`.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.{time.time_ns()}.tmp")
    older = path.with_name(f"{path.name}_anterior_{datetime.now():%Y%m%d_%H%M%S_%f}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield new
        if new.is_dir() and path.exists():
            os.replace(path, older)
        os.replace(new, path)
    except OSError as error:
        if older.exists():
            os.replace(older, path)
        raise TallerError(f"No se pudo escribir en {path}: {cause_of(error)} y vuelve a intentarlo.") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if new.exists():
            new.unlink()
    with contextlib.suppress(OSError):
        older.rmdir()  # estaba vacía: nada que guardar
    if older.exists():
        print(f"Lo que había en {path} está ahora en {older}.", file=sys.stderr)
