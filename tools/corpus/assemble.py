"""Arma los CSV de `sample_data/` con los textos, las fichas y las lecturas crudas.

La etiqueta es la mayoría de las tres lecturas. Los textos sin mayoría quedan fuera, se cuentan y se
listan en `sin_mayoria.csv`. El reparto en train, validación y prueba es al azar con semilla fija y
estratificado por etiqueta. Uso: ``python tools/corpus/assemble.py``.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

HERE = Path(__file__).parent
SAMPLE_DATA = HERE.parent.parent / "sample_data"
LABELS = ("negativo", "neutral", "positivo")
READINGS = ("lectura_1", "lectura_2", "lectura_3")
MAIN = ["id", "texto", "etiqueta", "dimension", "fuente", "fecha", *READINGS]
SHARES = {"train": 0.70, "validacion": 0.15, "prueba": 0.15}
SEED = 2023

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """Las filas de un CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, columns: Sequence[str], rows: Iterable[Row], folder: Path = SAMPLE_DATA) -> int:
    """Escribe un CSV en UTF-8 y devuelve cuántas filas tiene."""
    rows = list(rows)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def gather() -> list[Row]:
    """Cada texto con su ficha y sus tres lecturas; `etiqueta` vacía si no hay mayoría."""
    texts = {row["id"]: row["texto"] for path in sorted(HERE.glob("texts/*.csv")) for row in read(path)}
    # un texto reescrito se leyó otra vez: valen los lotes desde el último que se anotó
    first_lot: dict[str, int] = {}
    for row in read(HERE / "rewritten.csv"):
        first_lot[row["id"]] = max(first_lot.get(row["id"], 0), int(row["primer_lote"]))
    readings: dict[str, dict[str, str]] = {reading: {} for reading in READINGS}
    for path in sorted(HERE.glob("readings/lectura_*_lote_*.csv")):
        lot = int(path.stem.rsplit("_", 1)[1])
        for row in read(path):
            if lot < first_lot.get(row["id"], 0):
                continue
            reading = readings[path.name[:9]]
            if row["id"] in reading or row["etiqueta"] not in LABELS:
                raise SystemExit(f"{path.name}: {row['id']} está repetido o mal etiquetado")
            reading[row["id"]] = row["etiqueta"]
    rows, unread = [], 0
    for card in read(HERE / "cards.csv"):
        if card["id"] not in texts:
            continue
        marks = {reading: readings[reading].get(card["id"], "") for reading in READINGS}
        if "" in marks.values():
            unread += 1
            continue
        label, votes = Counter(marks.values()).most_common(1)[0]
        text = " ".join(texts[card["id"]].split())
        rows.append({**card, **marks, "texto": text, "etiqueta": label if votes > 1 else ""})
    print(f"textos con sus tres lecturas: {len(rows)}; sin leer todavía: {unread}")
    return rows


def split(rows: list[Row]) -> dict[str, list[Row]]:
    """Reparte al azar dentro de cada etiqueta y baraja cada parte."""
    parts: dict[str, list[Row]] = {name: [] for name in SHARES}
    for label in LABELS:
        group = [row for row in rows if row["etiqueta"] == label]
        random.Random(f"{SEED} {label}").shuffle(group)
        first = round(SHARES["train"] * len(group))
        second = first + round(SHARES["validacion"] * len(group))
        for name, chunk in zip(parts, (group[:first], group[first:second], group[second:]), strict=True):
            parts[name] += chunk
    for name, part in parts.items():
        random.Random(f"{SEED} {name}").shuffle(part)
    return parts


def krippendorff_alpha(rows: Sequence[Row]) -> float:
    """Alfa de Krippendorff nominal, sin datos faltantes (Krippendorff 2011, «Computing alpha»)."""
    disagreement = [sum(row[a] != row[b] for a, b in combinations(READINGS, 2)) / 3 for row in rows]
    counts = Counter(row[reading] for row in rows for reading in READINGS)
    total = sum(counts.values())
    agreement = sum(count * (count - 1) for count in counts.values()) / (total * (total - 1))
    return 1 - (sum(disagreement) / len(rows)) / (1 - agreement)


def main() -> None:
    """Escribe los archivos y dice cuántas filas y qué acuerdo tienen."""
    rows = gather()
    kept = [row for row in rows if row["etiqueta"]]
    dropped = write("sin_mayoria.csv", ["id", *READINGS], (r for r in rows if not r["etiqueta"]), HERE)
    main_rows = [row for row in kept if row["set"] == "main"]
    for name, part in split(main_rows).items():
        print(
            f"{name}: {write(f'imagen_mexico_{name}.csv', MAIN, part)}",
            Counter(r["etiqueta"] for r in part),
        )
    new = sorted(
        (r for r in kept if r["set"].startswith("nuevos")),
        key=lambda row: (row["fecha"], row["id"]),
    )
    write("imagen_mexico_nuevos.csv", ["id", "texto", "dimension", "fuente", "fecha"], new)
    write("imagen_mexico_nuevos_verdad.csv", ["id", "etiqueta", *READINGS], new)
    for period in ("nuevos_a", "nuevos_b"):
        print(period, Counter(row["etiqueta"] for row in new if row["set"] == period))
    hard = [row for row in kept if row["set"] == "dificil"]
    write("imagen_mexico_dificil.csv", [*MAIN, "fenomeno"], hard)
    print("difícil:", len(hard), Counter(row["fenomeno"] for row in hard))
    print(f"sin mayoría: {dropped} de {len(rows)}")
    print(f"alfa de Krippendorff: {krippendorff_alpha(rows):.3f}")


if __name__ == "__main__":
    main()
