"""Reparte los textos escritos en lotes de lectura: 40 como máximo, barajados, solo `id` y `texto`.

El corpus se lee en tandas: dos de plumas y una por cada vez que se reescribieron textos ya leídos
(`rewritten.csv` dice cuáles, y desde qué lote se leyeron otra vez). En cada una, las tres lecturas
barajan los textos a su manera, así que ningún lote se repite.
Uso: ``python tools/corpus/batches.py CARPETA`` escribe ``CARPETA/lectura_N/lote_NN.csv``.
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
        with (HERE / "texts" / f"writer_{writer:02}.csv").open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return sorted(rows, key=lambda row: row["id"])


def read_rounds() -> list[tuple[str, list[dict[str, str]]]]:
    """Los textos de cada tanda, con lo que la distingue al barajar."""
    rounds = [(f"desde {writers[0]}", read_texts(writers)) for writers in ROUNDS]
    everything = [row for _, texts in rounds for row in texts]
    again: dict[str, set[str]] = {}
    with (HERE / "rewritten.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            again.setdefault(row["primer_lote"], set()).add(row["id"])
    for ids in again.values():
        rounds.append(("reescritos", [row for row in everything if row["id"] in ids]))
    return rounds


def main(folder: Path) -> None:
    """Escribe los lotes de todas las tandas y dice cuántos son."""
    for reading in READINGS:
        target = folder / f"lectura_{reading}"
        target.mkdir(parents=True, exist_ok=True)
        number = 0
        for name, texts in read_rounds():
            random.Random(f"lectura {reading}, {name}").shuffle(texts)
            for start in range(0, len(texts), BATCH_SIZE):
                number += 1
                path = target / f"lote_{number:02}.csv"
                with path.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, ["id", "texto"])
                    writer.writeheader()
                    writer.writerows(texts[start : start + BATCH_SIZE])
        print(f"lectura {reading}: {number} lotes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
