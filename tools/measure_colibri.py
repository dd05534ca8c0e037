"""La tabla de cifras del README de colibri: cada una sale de `taller run` o de sus archivos.

Uso: ``python tools/measure_colibri.py [--tweets CARPETA] [--set NOMBRE=CARPETA ...]``. ``CARPETA``
de ``--tweets`` es `data/sentiment/spanish` de https://github.com/cardiffnlp/xlm-t; las de ``--set``
llevan ``train.csv``, ``validacion.csv`` y ``prueba.csv`` con las columnas ``texto`` y ``etiqueta``. Sin
ninguna, se mide en los datos de ejemplo. Con ``--write``, la tabla queda en el README del encoder.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from check_corpus import markdown_table, write_block
from taller_lib._paths import ASSETS, SAMPLE_DATA

ASSET = ASSETS / "colibri"
TWEET_PARTS = {"train": "train", "validacion": "val", "prueba": "test"}
TWEET_LABELS = ("negativo", "neutral", "positivo")
TIMED_TEXTS = 1000
TIMED_TOKENS = (25, 100)
OUTPUT_TAIL = 800


def write_rows(path: Path, rows: Iterable[tuple[str, str]]) -> Path:
    """Escribe un CSV con las columnas `texto` y `etiqueta`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("texto", "etiqueta"))
        writer.writerows(rows)
    return path


def convert_tweets(source: Path, folder: Path) -> Path:
    """Los tuits de XLM-T (un archivo de textos y otro de números) como tres CSV."""
    folder.mkdir()
    for name, part in TWEET_PARTS.items():
        texts = (source / f"{part}_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
        labels = (source / f"{part}_labels.txt").read_text(encoding="utf-8").split()
        rows = [(t, TWEET_LABELS[int(n)]) for t, n in zip(texts, labels, strict=True)]
        write_rows(folder / f"{name}.csv", rows)
    return folder


def taller_run(files: dict[str, Path], workspace: Path, *options: str) -> dict[str, Any]:
    """Corre `taller run` y devuelve su `run.json`, con los segundos por época en `seconds`.

    Raises
    ------
    SystemExit
        Si el comando falla, con el final de lo que dijo.
    """
    command = [sys.executable, "-m", "taller_lib", "run", "--workspace", str(workspace)]
    for name, path in files.items():
        command += [f"--{name}", str(path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-OUTPUT_TAIL:]}")
    (folder,) = (workspace / "runs").iterdir()
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    runtime = next(entry["train_runtime"] for entry in history if "train_runtime" in entry)
    return {**record, "seconds": runtime / record["epochs"]}


def scores(name: str, folder: Path, seeds: Sequence[int]) -> dict[str, str]:
    """El renglón de un corpus: macro F1 de colibri en validación y prueba, y el de TF-IDF."""
    files = {
        option: folder / f"{part}.csv"
        for option, part in (("train", "train"), ("validation", "validacion"), ("test", "prueba"))
    }
    records = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as workspace:
            records.append(taller_run(files, Path(workspace), "--seed", str(seed)))
        values = (records[-1]["validation"]["macro_f1"], records[-1]["test"]["scores"]["macro_f1"])
        print(
            f"{name}, semilla {seed}: validación {values[0]:.3f}, prueba {values[1]:.3f}",
            flush=True,
        )
    test = [record["test"]["scores"]["macro_f1"] for record in records]
    comparison = records[0]["comparison"].items()
    tfidf = next(row["macro_f1"] for line, row in comparison if line.startswith("TF-IDF"))
    return {
        "textos de train": f"{records[0]['rows']['train']:,}",
        "TF-IDF, prueba": f"{tfidf:.3f}",
        "colibri, validación / prueba por semilla": ", ".join(
            f"{record['validation']['macro_f1']:.3f}/{value:.3f}" for record, value in zip(records, test, strict=True)
        ),
        "media en prueba": f"{statistics.mean(test):.3f}",
        "menos TF-IDF": f"{statistics.mean(test) - tfidf:+.3f}",
        "mejor época": ", ".join(str(record["best_epoch"]) for record in records),
        "s por época": f"{statistics.median(record['seconds'] for record in records):.1f}",
    }


def timed_texts(tokens: int) -> list[str]:
    """Mil textos de unas ``tokens`` piezas, hechos con frases de los datos de ejemplo."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(ASSET)
    texts = pd.read_csv(SAMPLE_DATA / "imagen_mexico_train.csv")["texto"]
    ids = [number for row in tokenizer(list(texts), add_special_tokens=False)["input_ids"] for number in row]
    ids *= 1 + TIMED_TEXTS * tokens // len(ids)
    body = tokens - 2
    return [tokenizer.decode(ids[n * body : (n + 1) * body]) for n in range(TIMED_TEXTS)]


def timing(tokens: int) -> dict[str, str]:
    """Segundos por época y memoria máxima con mil textos de ese largo."""
    texts = timed_texts(tokens)
    rows = [(text, TWEET_LABELS[n % 3]) for n, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "train": write_rows(Path(folder) / "train.csv", rows),
            "validation": write_rows(
                Path(folder) / "validacion.csv",
                [(f"{n} {t}", y) for n, (t, y) in enumerate(rows[:30])],
            ),
        }
        record = taller_run(files, Path(folder) / "taller", "--epochs", "2")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    return {"s por época": f"{record['seconds']:.1f}", "memoria máxima": f"{peak:.1f} GB"}


def table_of(rows: dict[str, dict[str, str]], title: str) -> str:
    """Una tabla de Markdown con un renglón por entrada."""
    header = [title, *next(iter(rows.values()))]
    return markdown_table(header, ([name, *row.values()] for name, row in rows.items()))


def main() -> None:
    """Mide, imprime las tablas y, si se pide, las deja en el README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tweets", type=Path, help="carpeta data/sentiment/spanish de XLM-T")
    parser.add_argument("--set", action="append", default=[], metavar="NOMBRE=CARPETA")
    parser.add_argument("--seeds", type=int, default=3, help="cuántas semillas")
    parser.add_argument("--write", action="store_true", help="deja las tablas en el README")
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    with tempfile.TemporaryDirectory() as temporary:
        folders = {}
        if arguments.tweets:
            folders["tuits (xlmt_es)"] = convert_tweets(arguments.tweets, Path(temporary) / "tuits")
        for entry in arguments.set:
            name, _, folder = entry.partition("=")
            folders[name] = Path(folder)
        if not folders:
            folders["datos de ejemplo"] = Path(temporary) / "ejemplo"
            folders["datos de ejemplo"].mkdir()
            for part in TWEET_PARTS:
                shutil.copyfile(
                    SAMPLE_DATA / f"imagen_mexico_{part}.csv",
                    folders["datos de ejemplo"] / f"{part}.csv",
                )
        times = {f"{tokens} piezas": timing(tokens) for tokens in TIMED_TOKENS}
        table = {name: scores(name, folder, seeds) for name, folder in folders.items()}
    command = "python tools/measure_colibri.py"
    command += " --tweets spanish" * bool(arguments.tweets) + "".join(
        f" --set {entry.partition('=')[0]}=CARPETA" for entry in arguments.set
    )
    stamp = f"Medido el {datetime.date.today()} con `{command}` en {os.cpu_count()} núcleos."
    text = f"{table_of(table, 'corpus')}\n\n{table_of(times, '1,000 textos de')}"
    print(f"{stamp}\n\n{text}")
    if arguments.write:
        write_block(ASSET / "README.md", "cifras", text, stamp)


if __name__ == "__main__":
    main()
