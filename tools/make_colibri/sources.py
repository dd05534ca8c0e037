"""Los paquetes con que se hace `colibri`, fijados por versión y SHA-256."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES: dict[str, Any] = json.loads((Path(__file__).parent / "sources.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class TextPackage:
    """Un paquete de Debian del que se leen textos en español."""

    package: str
    version: str
    sha256: str
    licence: str
    content: str
    reader: str
    weight: float  # cuántas veces entra cada frase en una vuelta (menos de 1: una muestra)


TEXT_PACKAGES = tuple(TextPackage(**entry) for entry in SOURCES["texts"])
