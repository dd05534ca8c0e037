"""Escribe `taller_lib/assets/emoji_es.json`: cada emoji y su nombre en español.

Los nombres son los de Unicode CLDR tal como los reúne el paquete `emoji` (BSD-3-Clause); los datos de
CLDR se distribuyen con la licencia Unicode-3.0. Uso: ``pip install emoji==2.16.0`` y luego
``python tools/make_emoji_names.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import emoji

TARGET = Path(__file__).parent.parent / "taller_lib" / "assets" / "emoji_es.json"


def main() -> None:
    """Escribe el archivo y dice cuántos emoji tiene."""
    emoji.config.load_language("es")
    names = {
        symbol: data["es"].strip(":").replace("_", " ")
        for symbol, data in sorted(emoji.EMOJI_DATA.items())
        if "es" in data
    }
    TARGET.write_text(json.dumps(names, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{len(names)} emoji en {TARGET.name}")


if __name__ == "__main__":
    main()
