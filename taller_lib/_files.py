"""Escribir un archivo completo o no escribirlo; CSV que una hoja de cálculo abre sin riesgo."""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from taller_lib.errors import TallerError

_FORMULA = re.compile(r"'*(?:[=\t\r]|[+\-@][^\n]*[(|!])")


def escape_formula(text: str) -> str:
    """Antepone un apóstrofo a lo que una hoja de cálculo ejecutaría como fórmula.

    Es fórmula lo que empieza con ``=``, tabulador o retorno, y lo que empieza con ``+``, ``-`` o ``@``
    y lleva además ``(``, ``|`` o ``!`` (llamadas y DDE; OWASP, «CSV Injection»). «@usuario hola» y
    «-3 grados» quedan como están. `unescape_formula` devuelve exactamente el texto de antes.
    """
    return "'" + text if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Deshace `escape_formula`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(path: Path, rows: Iterable[Iterable[object]], separator: str = ",") -> Path:
    """Escribe un CSV que Excel abre con acentos y sin ejecutar nada; completo o no lo escribe."""

    def write(partial: Path) -> None:
        with open(partial, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
            for row in rows:
                writer.writerow([escape_formula(v) if isinstance(v, str) else v for v in row])

    return replace_whole(path, write)


def write_text(path: Path, text: str) -> Path:
    """Escribe un texto en UTF-8; completo o no lo escribe."""

    def write(partial: Path) -> None:
        partial.write_text(text, encoding="utf-8")

    return replace_whole(path, write)


def write_json(path: Path, values: Any) -> Path:
    """Escribe JSON legible en UTF-8; completo o no lo escribe."""
    return write_text(
        path, json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    )


def replace_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Llama a `write` con un archivo provisional y lo pone en `path` cuando está completo."""
    partial = temporary(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Convierte en `TallerError` lo que falle al escribir en `path`."""
    causes = {
        errno.ENOSPC: "el disco está lleno; libera espacio",
        errno.EACCES: "no hay permiso, o el archivo está abierto en otro programa; ciérralo",
    }
    try:
        yield
    except OSError as error:
        cause = causes.get(error.errno or 0, f"{error.strerror or error}; revisa la carpeta")
        message = f"No se pudo escribir en {path}: {cause} y vuelve a intentarlo."
        raise TallerError(message) from error


def temporary(path: Path) -> Path:
    """Un nombre provisional junto a `path`, que nadie más usa."""
    return path.with_name(f".{path.name}.{os.getpid()}.{time.time_ns()}.tmp")


def dated(folder: Path, prefix: str = "") -> Path:
    """Una ruta nueva dentro de `folder` cuyo nombre acaba con la fecha y la hora."""
    base = folder / (prefix + time.strftime("%Y%m%d_%H%M%S"))
    names = (base, *(base.with_name(f"{base.name}_{n}") for n in range(2, 1000)))
    return next(name for name in names if not name.exists())


def same_file(a: Path, b: Path) -> bool:
    """Si las dos rutas llevan al mismo archivo (y existe)."""
    return a.exists() and b.exists() and os.path.samefile(a, b)
