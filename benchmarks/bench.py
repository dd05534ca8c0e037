"""Mide el taller junto a lo que se usaría en su lugar, en una sola corrida, y escribe docs/rendimiento.md.

Uso: ``python benchmarks/bench.py [--data CARPETA] [--only entrenamiento,memoria] [--write]``. Los datos son train.csv,
test.csv y, si lo hay, validation.csv de CARPETA; sin ella, los de ejemplo. Las repeticiones se intercalan (a, b, c, a, b,
c…) y de cada medida se da la mediana con su rango. Ninguna cifra se exige: se imprimen junto al objetivo. En Linux y macOS.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch

from taller_files.reading import read_table
from taller_lib._paths import SAMPLE_DATA
from taller_lib.environment import precision

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from check_corpus import markdown_table, write_block  # noqa: E402

DOCUMENT = ROOT / "docs" / "rendimiento.md"
ONE = ROOT / "benchmarks" / "one.py"
NAMES = {
    "workshop": "el taller",
    "run_classification": "receta `run_classification.py`",
    "course": "receta `Trainer` del curso",
    "bare_loop": "bucle de PyTorch por largo",
}
TARGETS = {"run_classification": "≤ 0.25", "course": "≤ 0.75", "bare_loop": "≤ 1.10"}
IMPORT = "import time; t = time.perf_counter(); import taller_lib; print(time.perf_counter() - t)"
LAUNCH = ("-m", "accelerate.commands.launch", "--multi_gpu", "--main_process_port", "0", "--num_processes", "2")
BIG_ROWS = 16  # sin GPU, un texto de 512 tokens le toma varios segundos a una red del tamaño de BETO
Answers = list[dict[str, Any]]


class Bench:
    """Una corrida de medidas: los datos, la carpeta de trabajo y las opciones."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args, self.folder = args, folder
        self.data = args.data or self._sample()
        self.options = ["--data", self.data, "--model", args.model, "--epochs", args.epochs]
        self.options += ["--text-column", args.text_column, "--label-column", args.label_column]
        self._run = ""

    def _sample(self) -> Path:
        data = self.folder / "datos"
        data.mkdir()
        for name, spanish in {"train": "train", "validation": "validacion", "test": "prueba"}.items():
            shutil.copy(SAMPLE_DATA / f"imagen_mexico_{spanish}.csv", data / f"{name}.csv")
        return data

    def one(self, measure: str, *options: object, launcher: Sequence[str] = ()) -> dict[str, Any]:
        """Una medida en su propio proceso."""
        command = [sys.executable, *launcher, str(ONE), measure, *map(str, [*self.options, *options])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, env=environment())
        if done.returncode:
            sys.exit(f"Falló {measure} {' '.join(map(str, options))}:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def interleaved(self, measures: dict[str, Callable[[int], dict[str, Any]]]) -> dict[str, Answers]:
        """Cada medida, tantas veces como repeticiones, por turnos."""
        answers: dict[str, Answers] = defaultdict(list)
        for repetition in range(self.args.repetitions):
            for name, measure in measures.items():
                print(f"  {name}, {repetition + 1} de {self.args.repetitions}", file=sys.stderr, flush=True)
                answers[name].append(measure(repetition))
        return answers

    @property
    def run(self) -> str:
        """Una corrida con los mismos datos, para predecir con ella."""
        if not self._run:
            self._run = self.one("make_run", "--what", self.folder / "espacio", "--epochs", 1)["path"]
        return self._run

    def texts(self, rows: int) -> list[str]:
        """Textos de los datos, en desorden y distintos (uno repetido se clasifica una vez): si no alcanzan, numerados."""
        found = [read_table(path).frame[self.args.text_column] for path in sorted(self.data.glob("*.csv"))]
        some = sorted({text for column in found for text in column if text.strip()})
        turns = -(-rows // len(some))
        every = [f"{text} {turn}" if turn else text for turn in range(turns) for text in some]
        return random.Random(0).sample(every, k=rows)

    def file(self, rows: int) -> Path:
        """Un CSV con esos textos."""
        path = self.folder / f"{rows}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["texto"], *([text] for text in self.texts(rows))])
        return path


def environment() -> dict[str, str]:
    """El entorno de cada medida: un hilo por proceso si no se pide otra cosa, y el paquete de esta carpeta."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", **os.environ, "PYTHONPATH": path}


def spread(values: Iterable[float], digits: int = 1) -> str:
    """«12.3 [11.9, 12.8]»: la mediana y el rango."""
    found = sorted(values)
    return f"{statistics.median(found):,.{digits}f} [{found[0]:,.{digits}f}, {found[-1]:,.{digits}f}]"


def ratios(ours: Answers, others: Answers, key: str) -> list[float]:
    """La proporción, repetición por repetición: cada una comparó a los dos en el mismo momento."""
    return [mine[key] / theirs[key] for mine, theirs in zip(ours, others, strict=True)]


def training(bench: Bench) -> str:
    measures = {name: lambda seed, name=name: bench.one("train", "--what", name, "--seed", seed) for name in NAMES}
    answers = bench.interleaved(measures)
    rows = []
    for name, title in NAMES.items():
        seconds, f1, memory = ([answer[key] for answer in answers[name]] for key in ("seconds", "f1", "memory"))
        ratio = "" if name == "workshop" else spread(ratios(answers["workshop"], answers[name], "seconds"), 2)
        rows.append((title, spread(seconds), ratio, TARGETS.get(name, ""), spread(f1, 3), spread(memory, 0)))
    columns = (
        "receta",
        "segundos por época",
        "el taller entre ella",
        "objetivo",
        "mejor macro F1 en validación",
        "MB",
    )
    return markdown_table(columns, rows)


def prediction(bench: Bench) -> str:
    source = bench.folder / "textos.json"
    source.write_text(json.dumps(bench.texts(bench.args.predicted_rows)), encoding="utf-8")
    run = bench.run
    methods = ("workshop", "pipeline")
    answers = bench.interleaved(
        {
            name: lambda _, name=name: bench.one("predict", "--what", name, "--run", run, "--source", source)
            for name in methods
        }
    )
    ours, theirs = (answers[name] for name in methods)
    same = sum(a == b for a, b in zip(ours[0]["said"], theirs[0]["said"], strict=True)) / len(ours[0]["said"])
    rows = [
        ("`BatchClassifier`", spread([a["rate"] for a in ours]), spread(ratios(ours, theirs, "rate"), 2), "≥ 2"),
        ("`pipeline(batch_size=32)`", spread([a["rate"] for a in theirs]), "", ""),
    ]
    table = markdown_table(("con qué", "filas por segundo", "veces", "objetivo"), rows)
    return f"{table}\n\n{len(ours[0]['said']):,} textos con sus largos, en desorden; predicciones iguales: {same:.2%}."


def memory(bench: Bench) -> str:
    sizes = (min(1_000, bench.args.streamed_rows), bench.args.streamed_rows)
    files, run = [bench.file(size) for size in sizes], bench.run
    peaks = []
    for file in files:
        target = bench.folder / f"{file.stem}_salida.csv"
        peaks.append(bench.one("stream", "--run", run, "--source", file, "--target", target)["memory"])
    rows = [(f"{size:,}", f"{peak:,.0f}") for size, peak in zip(sizes, peaks, strict=True)]
    more = f"Diferencia: {peaks[1] - peaks[0]:,.0f} MB (objetivo: ≤ 200)."
    return f"{markdown_table(('filas', 'memoria máxima, MB'), rows)}\n\n{more}"


def two_processes(bench: Bench) -> str:
    source, run = bench.file(bench.args.predicted_rows), bench.run
    target = bench.folder / "procesos.csv"
    options = ("--run", run, "--source", source, "--target", target)
    launchers = {"uno": (), "dos": LAUNCH}
    answers = bench.interleaved(
        {
            name: lambda _, launcher=launcher: bench.one("stream", *options, launcher=launcher)
            for name, launcher in launchers.items()
        }
    )
    rates = {name: [bench.args.predicted_rows / answer["seconds"] for answer in answers[name]] for name in launchers}
    times = [two / one for two, one in zip(rates["dos"], rates["uno"], strict=True)]
    rows = [
        ("uno", spread(rates["uno"]), "", ""),
        ("dos", spread(rates["dos"]), spread(times, 2), "≥ 1.6 con dos núcleos libres"),
    ]
    return markdown_table(("procesos", "filas por segundo", "veces", "objetivo"), rows)


def start_up(bench: Bench) -> str:
    def measure(_: int) -> dict[str, float]:
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], capture_output=True, text=True, env=environment(), check=True
        )
        return {"seconds": float(done.stdout)}

    measure(0)  # en frío, el disco
    answers = bench.interleaved({"import": measure})["import"]
    rows = [("`import taller_lib`", spread([answer["seconds"] for answer in answers], 3), "≤ 0.3")]
    return markdown_table(("qué", "segundos", "objetivo"), rows)


def disk(bench: Bench) -> str:
    found = bench.one("disk")
    said = {"between": ("entre épocas", "≤ 4.2 W"), "peak": ("al guardar", "≤ 7.2 W"), "end": ("al final", "≤ 1.5 W")}
    rows = [(title, f"{found[name]:.2f} W", target) for name, (title, target) in said.items()]
    return (
        f"{markdown_table(('cuándo', 'disco', 'objetivo'), rows)}\n\nW: lo que ocupan los pesos en precisión simple."
    )


def growth(bench: Bench) -> str:
    rows_grid, length_grid, big_grid = bench.args.growth_rows, bench.args.growth_lengths, bench.args.growth_big_lengths
    fixed = rows_grid[0]
    big = ("--model", bench.one("make_big", "--what", bench.folder / "grande")["path"], "--batch-size", 4)
    series = {
        "filas": [(rows, bench.one("growth", "--rows", rows)) for rows in rows_grid],
        "largo": [(length, bench.one("growth", "--rows", fixed, "--length", length)) for length in length_grid],
        "largo, tamaño de BETO": [
            (length, bench.one("growth", *big, "--rows", BIG_ROWS, "--length", length)) for length in big_grid
        ],
    }
    table = []
    titles = {
        "filas": f"textos de largos mezclados, {bench.args.model}",
        "largo": f"tokens por texto, con {fixed:,} textos, {bench.args.model}",
        "largo, tamaño de BETO": f"tokens por texto, con {BIG_ROWS} textos, tamaño de BETO",
    }
    figure, axes = plt.subplots(2, len(series), figsize=(13, 6), layout="constrained")
    for column, (name, points) in enumerate(series.items()):
        xs = [x for x, _ in points]
        for row, (key, label) in enumerate({"seconds": "segundos por época", "memory": "MB como máximo"}.items()):
            axis = axes[row][column]
            axis.plot(xs, [found[key] for _, found in points], marker="o")
            axis.set(xlabel=titles[name], ylabel=label, ylim=(0, None))
        base = points[0][1]["seconds"] / points[0][1]["tokens"]
        for x, found in points:
            each = 1e6 * found["seconds"] / found["tokens"]
            times = found["seconds"] / found["tokens"] / base
            cells = (
                f"{found['tokens']:,}",
                f"{found['seconds']:.1f}",
                f"{each:.0f}",
                f"{times:.2f}",
                f"{found['memory']:,.0f}",
            )
            table.append((name, f"{x:,}", *cells))
    path = bench.args.output.parent / "img" / "crecimiento.png"
    if bench.args.write:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    plt.close(figure)
    columns = ("al crecer", "hasta", "tokens", "segundos por época", "µs por token", "veces el primero", "MB")
    note = (
        "Donde «veces el primero» queda en 1, el tiempo crece en proporción a los tokens; más de 1, crece más deprisa. "
        f"La red del tamaño de BETO (12 capas, 768 dimensiones) lleva pesos al azar y lotes de 4, con {BIG_ROWS} textos."
    )
    image = "![Tiempo y memoria al crecer las filas y el largo](img/crecimiento.png)"
    return f"{markdown_table(columns, table)}\n\n{note}\n\n{image}"


SECTIONS: dict[str, Callable[[Bench], str]] = {
    "entrenamiento": training,
    "predicción": prediction,
    "memoria": memory,
    "procesos": two_processes,
    "arranque": start_up,
    "disco": disk,
    "crecimiento": growth,
}


def machine() -> str:
    """En qué se midió."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "sin GPU"
    threads = environment()["OMP_NUM_THREADS"]
    return f"{platform.machine()}, {cores} núcleos ({threads} por proceso), {gpu}, {precision()}, torch {torch.__version__}"


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, metavar="CARPETA", help="con train.csv, test.csv y, si lo hay, validation.csv"
    )
    parser.add_argument("--text-column", default="texto")
    parser.add_argument("--label-column", default="etiqueta")
    parser.add_argument("--model", default="colibri")
    parser.add_argument("--only", default=",".join(SECTIONS), help="qué medir, separado por comas")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--predicted-rows", type=int, default=3_000)
    parser.add_argument("--streamed-rows", type=int, default=100_000)
    parser.add_argument("--growth-rows", type=numbers, default=[500, 2_000, 8_000, 50_000])
    parser.add_argument("--growth-lengths", type=numbers, default=[16, 32, 64, 128, 256])
    parser.add_argument("--growth-big-lengths", type=numbers, default=[64, 128, 256, 512])
    parser.add_argument("--write", action="store_true", help="escribir las tablas en docs/rendimiento.md")
    parser.add_argument("--output", type=Path, default=DOCUMENT, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    args = parse(arguments)
    if args.data:
        args.data = args.data.resolve()
    said = " ".join(sys.argv[1:] if arguments is None else arguments).replace(str(args.data), "CARPETA")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, Path(folder))
        for name in args.only.split(","):
            print(f"== {name}", file=sys.stderr, flush=True)
            table = SECTIONS[name](bench)
            print(f"\n{name}\n{table}\n", flush=True)
            if args.write:
                stamp = f"Medido el {datetime.date.today()} con `python benchmarks/bench.py {said}` ({machine()})."
                write_block(args.output, name, table, stamp)


if __name__ == "__main__":
    main()
