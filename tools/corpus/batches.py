"""Reparte los textos escritos en lotes de lectura: 40 como máximo, barajados, solo `id` y `texto`.

El corpus se lee en dos tandas; en cada una, las tres lecturas barajan los textos a su manera, así que
ningún lote se repite.
Uso: ``python tools/corpus/batches.py CARPETA [TANDAS]`` escribe ``CARPETA/lectura_N/lote_NN.csv``.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
BATCH_SIZE = 40
READINGS = (1, 2, 3)
ROUNDS = (range(1, 19), range(19, 36))


def read_texts(writers: Iterable[int]) -> list[dict[str, str]]:
    """Los textos de esas plumas, por `id`."""
    rows: list[dict[str, str]] = []
    for writer in writers:
        with (HERE / "texts" / f"writer_{writer:02}.csv").open(
            encoding="utf-8", newline=""
        ) as file:
            rows += csv.DictReader(file)
    return sorted(rows, key=lambda row: row["id"])


def main(folder: Path, rounds: int) -> None:
    """Escribe los lotes de las primeras tandas y dice cuántos son."""
    for reading in READINGS:
        target = folder / f"lectura_{reading}"
        target.mkdir(parents=True, exist_ok=True)
        number = 0
        for writers in ROUNDS[:rounds]:
            texts = read_texts(writers)
            random.Random(f"lectura {reading}, desde {writers[0]}").shuffle(texts)
            for start in range(0, len(texts), BATCH_SIZE):
                number += 1
                path = target / f"lote_{number:02}.csv"
                with path.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, ["id", "texto"])
                    writer.writeheader()
                    writer.writerows(texts[start : start + BATCH_SIZE])
        print(f"lectura {reading}: {number} lotes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else len(ROUNDS))
