"""Reescribe `constraints/colab.txt` con las versiones que Colab publica.

    python tools/update_colab_constraints.py                     # lee la lista de Colab
    python tools/update_colab_constraints.py --source LISTA.txt  # o un archivo local

Los paquetes son los que ya están en `constraints/colab.txt`; solo cambian sus versiones.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints" / "colab.txt"
PUBLISHED = "https://raw.githubusercontent.com/googlecolab/backend-info/main/pip-freeze.txt"
MONTHS = ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"]
MONTHS += ["octubre", "noviembre", "diciembre"]
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;+]+)")
DATE = re.compile(rf"\b({'|'.join(MONTHS)}) de \d{{4}}\b")


def canonical(name: str) -> str:
    """El nombre de un paquete como lo compara pip."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(text: str) -> dict[str, str]:
    """Los `nombre==versión` de una lista de pip; lo demás (`nombre @ …`) no cuenta."""
    found = (PIN.match(line) for line in text.splitlines())
    return {canonical(match[1]): match[2] for match in found if match}


def update(constraints: str, published: str, today: datetime.date) -> tuple[str, list[str], list[str]]:
    """El texto nuevo, los cambios y los nombres que la lista publicada no tiene."""
    pins = read_pins(published)
    lines, changes, missing = [], [], []
    for line in constraints.splitlines():
        match = PIN.match(line)
        if match and canonical(match[1]) not in pins:
            missing.append(match[1])
        elif match and pins[canonical(match[1])] != match[2]:
            version = pins[canonical(match[1])]
            changes.append(f"{match[1]}: {match[2]} → {version}")
            line = f"{match[1]}=={version}"
        lines.append(line)
    text = "\n".join(lines) + "\n"
    if changes:
        text = DATE.sub(f"{MONTHS[today.month - 1]} de {today.year}", text, count=1)
    return text, changes, missing


def read_source(source: str) -> str:
    """La lista, de una dirección https o de un archivo."""
    if source.startswith("https://"):
        with urllib.request.urlopen(source, timeout=30) as answer:
            content: bytes = answer.read()
        return content.decode("utf-8")
    return Path(source).read_text(encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Reescribe el archivo; 1 si la lista no se puede leer o le falta un paquete."""
    parser = argparse.ArgumentParser(description="Actualiza las versiones de Colab.")
    parser.add_argument("--source", default=PUBLISHED, help="dirección o archivo de la lista")
    parser.add_argument("--constraints", type=Path, default=CONSTRAINTS)
    options = parser.parse_args(arguments)
    try:
        published = read_source(options.source)
    except OSError as error:
        print(f"✗ No se pudo leer {options.source}: {error}.", file=sys.stderr)
        return 1
    if len(read_pins(published)) < 20:
        print(f"✗ {options.source} no parece la lista de paquetes de Colab.", file=sys.stderr)
        return 1
    text, changes, missing = update(options.constraints.read_text(encoding="utf-8"), published, datetime.date.today())
    if missing:
        print(
            f"✗ Colab ya no trae: {', '.join(missing)}. Decide qué hacer con ellos.",
            file=sys.stderr,
        )
        return 1
    if changes:
        options.constraints.write_text(text, encoding="utf-8", newline="\n")
    print("\n".join(changes) or "Sin cambios: las versiones son las que Colab publica.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
