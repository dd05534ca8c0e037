"""Reparte los textos escritos en lotes de lectura: 40 como máximo, barajados, solo `id` y `texto`.

Cada una de las tres lecturas baraja todo el corpus a su manera, así que ningún lote se repite.
Uso: ``python tools/corpus/batches.py CARPETA`` escribe ``CARPETA/lectura_N/lote_NN.csv``.
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
BATCH_SIZE = 40
READINGS = (1, 2, 3)


def read_texts() -> list[dict[str, str]]:
    """Todos los textos escritos, por `id`."""
    rows: list[dict[str, str]] = []
    for path in sorted((HERE / "texts").glob("writer_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return sorted(rows, key=lambda row: row["id"])


def main(folder: Path) -> None:
    """Escribe los lotes y dice cuántos son."""
    texts = read_texts()
    for reading in READINGS:
        shuffled = list(texts)
        random.Random(f"lectura {reading}").shuffle(shuffled)
        target = folder / f"lectura_{reading}"
        target.mkdir(parents=True, exist_ok=True)
        batches = range(0, len(shuffled), BATCH_SIZE)
        for number, start in enumerate(batches, 1):
            path = target / f"lote_{number:02}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, ["id", "texto"])
                writer.writeheader()
                writer.writerows(shuffled[start : start + BATCH_SIZE])
        print(f"lectura {reading}: {len(batches)} lotes, {len(shuffled)} textos")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
