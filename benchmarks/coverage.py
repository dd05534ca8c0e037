"""¿Cubren los intervalos lo que prometen? Simulaciones con una verdad conocida.

Uso: ``python benchmarks/coverage.py [--repetitions N] [--run CORRIDA] [--write]``. Con ``--run``, también las partes
de los textos nuevos de ejemplo junto a su verdad. Con ``--write``, las tablas quedan en ``docs/intervalos.md``.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import taller_lib as taller
from taller_lib._paths import SAMPLE_DATA
from taller_lib.comparison import compare_answers
from taller_lib.metrics import COMPARED, confidence_intervals, metrics_of_matrices
from taller_lib.shares import adjusted_count, adjusted_interval, powered_shares

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from check_corpus import markdown_table, write_block  # noqa: E402

SHARES = {"40/35/25": (0.40, 0.35, 0.25), "iguales": (1 / 3, 1 / 3, 1 / 3)}
SHARES |= {"60/30/10": (0.60, 0.30, 0.10), "80/15/5": (0.80, 0.15, 0.05)}
SIZES = (100, 225, 1000)
# de cada clase real, la parte que se predice de cada clase: exactitud cercana a .68
RATES = np.array([[0.74, 0.16, 0.10], [0.20, 0.62, 0.18], [0.12, 0.22, 0.66]])
EVALUATED, NEW, LABELLED = 234, 420, 60
MIN_SHIFT = 0.3


def coverage(repetitions: int) -> pd.DataFrame:
    """Parte de las simulaciones en que el intervalo de 95 % contiene el valor de la población."""
    rng, rows = np.random.default_rng(0), []
    for name, shares in SHARES.items():
        population = np.array(shares)[:, None] * RATES
        truth = metrics_of_matrices(population[None] * 1e9)[0, : len(COMPARED)]
        for n in SIZES:
            inside, warned = np.zeros(len(COMPARED)), 0
            for _ in range(repetitions):
                cells = rng.choice(9, size=n, p=population.ravel())
                table = confidence_intervals(cells // 3, cells % 3, label_names=["a", "b", "c"])
                table = table.head(len(COMPARED))
                inside += (table["low"] <= truth) & (truth <= table["high"])
                warned += table["note"].ne("").any()
            shown = [f"{100 * value / repetitions:.1f}%" for value in inside]
            rows.append([name, n, *shown, f"{100 * warned / repetitions:.0f}%"])
    return pd.DataFrame(rows, columns=["clases", "textos", *COMPARED, "con aviso"])


def false_positives(repetitions: int) -> pd.DataFrame:
    """Parte de las comparaciones de dos modelos iguales en que se dice que uno es mejor."""
    rng, names, rows = np.random.default_rng(1), list("abc"), []
    for name, shares in SHARES.items():
        for n in SIZES:
            found = 0
            for _ in range(repetitions):
                true = rng.choice(3, size=n, p=shares)
                first = _predict(true, rng)
                # el segundo repite al primero en la mitad de los textos, como dos redes parecidas
                second = np.where(rng.random(n) < 0.5, first, _predict(true, rng))
                columns = {"label": true, "prediction_a": first, "prediction_b": second}
                answers = pd.DataFrame({column: np.array(names)[codes] for column, codes in columns.items()})
                found += compare_answers(answers, names, "A", "B").distinguishable
            rows.append([name, n, f"{100 * found / repetitions:.1f}%"])
    return pd.DataFrame(rows, columns=["clases", "textos", "dice que uno es mejor"])


def share_errors(repetitions: int) -> pd.DataFrame:
    """Error y cobertura de las partes, con proporciones nuevas al azar que de verdad cambian."""
    rng = np.random.default_rng(2)
    rows = []
    for n_new in (100, NEW, 2000):
        better, inside, errors = 0, 0.0, np.zeros(3)
        powered_inside = 0.0
        for _ in range(repetitions):
            matrix = rng.multinomial(EVALUATED, (np.array(SHARES["40/35/25"])[:, None] * RATES).ravel())
            matrix = matrix.reshape(3, 3)
            shares = trained = np.array(SHARES["40/35/25"])
            while np.abs(shares - trained).sum() < MIN_SHIFT:
                shares = rng.dirichlet(np.ones(3))
            true = rng.choice(3, size=n_new, p=shares)
            predicted = _predict(true, rng)
            counts = np.bincount(predicted, minlength=3)
            corrected = adjusted_count(matrix, counts / n_new)
            hot = np.eye(3)
            sample = np.arange(n_new) < LABELLED
            powered = powered_shares(hot[true[sample]], hot[predicted[sample]], hot[predicted[~sample]])
            mistakes = [np.abs(x - shares).mean() for x in (counts / n_new, corrected, powered[:, 0])]
            errors += mistakes
            better += mistakes[1] < mistakes[0]
            low, high = adjusted_interval(matrix, counts).T
            inside += ((low <= shares) & (shares <= high)).mean()
            powered_inside += ((powered[:, 1] <= shares) & (shares <= powered[:, 2])).mean()
        parts = [100 * value / repetitions for value in (better, inside, powered_inside)]
        shown = [f"{value / repetitions:.3f}" for value in errors]
        rows.append([n_new, *shown, *(f"{part:.1f}%" for part in parts)])
    columns = ["textos nuevos", "error contando", "error corregido", f"error con {LABELLED} a mano"]
    columns += ["corregir mejora", "cubre (corregido)", "cubre (a mano)"]
    return pd.DataFrame(rows, columns=columns)


def shipped(run: str) -> pd.DataFrame:
    """Las partes de los textos nuevos de ejemplo por año, contadas y corregidas, junto a las de verdad."""
    new = pd.read_csv(SAMPLE_DATA / "imagen_mexico_nuevos.csv")
    labels = pd.read_csv(SAMPLE_DATA / "imagen_mexico_nuevos_verdad.csv").set_index("id")["etiqueta"]
    new["periodo"] = new["fecha"].str[:4]
    found = taller.estimate_shares(run, new, by="periodo").set_index(["group", "label"])
    truth = labels[new["id"]].groupby(new["periodo"].to_numpy()).value_counts(normalize=True)
    found["verdad"] = truth.rename_axis(["group", "label"])
    return found.reset_index()[["group", "label", "n", "verdad", "counted", "corrected", "low", "high"]].round(3)


def _predict(true: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(true))[:, None] > RATES[true].cumsum(axis=1)[:, :2]).sum(axis=1)


def main() -> None:
    """Simula, imprime las tablas y, con ``--write``, las deja en la documentación."""
    parser = argparse.ArgumentParser(description="Cobertura de los intervalos, por simulación.")
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--run", metavar="CORRIDA")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    simulations = {"cobertura": coverage, "falsos positivos": false_positives, "partes": share_errors}
    tables = {name: simulate(args.repetitions) for name, simulate in simulations.items()}
    if args.run:
        tables["ejemplo"] = shipped(args.run)
    command = f"python benchmarks/coverage.py --repetitions {args.repetitions}"
    for name, table in tables.items():
        print(f"\n{name}\n{table.to_string(index=False)}", flush=True)
        if args.write:
            stamp = (
                f"Medido el {datetime.date.today()} con `{command}{' --run CORRIDA' if name == 'ejemplo' else ''}`."
            )
            rows = table.itertuples(index=False)
            write_block(ROOT / "docs" / "intervalos.md", name, markdown_table(list(table.columns), rows), stamp)


if __name__ == "__main__":
    main()
