"""`make colibri`: de los nombres de los paquetes a `taller_lib/assets/colibri/`."""

from __future__ import annotations

import argparse
from pathlib import Path

from taller_lib._paths import ASSETS

from .distil import FOUR_LAYERS, Plan, distil
from .download import download_teacher, download_texts
from .export import export
from .sources import TEXT_PACKAGES
from .teacher import make_teacher
from .text import write_text

ROOT = Path(__file__).resolve().parent.parent.parent
ASSET = ASSETS / "colibri"
VOCABULARY = 16_000
STEPS = 6_000


def main() -> None:
    """Corre los pasos que falten."""
    parser = argparse.ArgumentParser(prog="make_colibri", description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "colibri")
    parser.add_argument("--teacher", type=Path, help="carpeta con multilingual-e5-small")
    parser.add_argument("--steps", type=int, default=STEPS, help="pasos de la destilación")
    parser.add_argument("--asset", type=Path, default=ASSET, help="dónde quedan los archivos")
    arguments = parser.parse_args()
    work: Path = arguments.work
    text, teacher, student = work / "text.tsv", work / "teacher", work / "student"

    if not text.exists():
        download_texts(work / "packages", TEXT_PACKAGES)
        counts = write_text(work / "packages", text, TEXT_PACKAGES)
        for package, count in sorted(counts.items(), key=lambda item: -item[1]):
            print(f"{package}: {count:,} frases", flush=True)
    if not (teacher / "model.safetensors").exists():
        make_teacher(arguments.teacher or download_teacher(work), text, VOCABULARY, teacher)
    if not (student / "model.safetensors").exists():
        distil(teacher, text, Plan(FOUR_LAYERS, arguments.steps), student)
    export(student, arguments.asset)
    print(f"Listo: {arguments.asset}")


if __name__ == "__main__":
    main()
