"""Dos o más corridas medidas en los mismos textos: qué diferencia hay, y si se distingue del azar."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm

from taller_files.problems import counted
from taller_files.writing import StrPath
from taller_lib.bootstrap import RESAMPLES, bca_intervals
from taller_lib.errors import TallerError
from taller_lib.metrics import COMPARED, MIN_TEXTS, metrics_of_matrices, with_interval
from taller_lib.runs import Run, list_runs, load_run, read_record, saved_predictions, write_record
from taller_lib.workspace import Workspace, open_workspace

LEVEL = 0.95
MANY_TEXTS = 100_000
MACRO_F1 = COMPARED.index("macro_f1")
SPLIT_NAMES = {"validation": "validación", "test": "prueba"}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Dos corridas en los mismos textos.

    Attributes
    ----------
    run_a, run_b : str
        Nombres de las corridas.
    split : {"validation", "test"}
    n : int
        Textos compartidos.
    table : DataFrame
        Índice `metric`; columnas `a`, `b`, `difference` (a − b), `low` y `high` (95 %).
    p_value : float
        Probabilidad, si las dos fueran iguales, de una diferencia de macro F1 así de grande (aleatorización pareada).
    only_a, only_b : int
        Textos que solo acierta una.
    mcnemar : float
        Valor p de la prueba exacta de McNemar sobre esos textos.
    disagreements : DataFrame
        Los textos en que predicen distinto: `text`, `label`, `prediction_a`, `prediction_b`.
    """

    run_a: str
    run_b: str
    split: str
    n: int
    table: pd.DataFrame
    p_value: float
    only_a: int
    only_b: int
    mcnemar: float
    disagreements: pd.DataFrame

    @property
    def distinguishable(self) -> bool:
        """¿Es `p_value` menor que 0.05?"""
        return self.p_value < 1 - LEVEL

    @property
    def needed(self) -> int | None:
        """Textos que habría que añadir para distinguirlas si la diferencia de macro F1 sigue igual.

        0 si ya se distinguen; `None` si pasan de 100,000. Lo que una diferencia se aparta del azar, en errores
        estándar, crece con la raíz de los textos.
        """
        if self.distinguishable:
            return 0
        reached = norm.isf(self.p_value / 2) / norm.isf((1 - LEVEL) / 2)
        more = self.n / reached**2 - self.n if reached > 0 else np.inf
        return None if more > MANY_TEXTS else max(1, int(np.ceil(more)))

    def __str__(self) -> str:
        difference, low, high = self.table[["difference", "low", "high"]].to_numpy()[MACRO_F1]
        texts = f"los mismos {self.n} textos de {SPLIT_NAMES[self.split]}"
        said = f"En {texts}, el macro F1 de {self.run_a} menos el de {self.run_b} es "
        said += with_interval(difference, low, high)
        if self.distinguishable:
            better = self.run_a if difference > 0 else self.run_b
            said += f": {better} es mejor en textos como estos. Otra semilla puede cambiarlo."
        else:
            more = f"unos {self.needed:,}" if self.needed else f"más de {MANY_TEXTS:,}"
            said += f": no se distingue del azar. Si la diferencia sigue igual, harían falta {more} textos más."
        return (
            f"{said} Solo {self.run_a} acierta {counted(self.only_a, 'texto', 'textos')} y solo {self.run_b}, "
            f"{self.only_b} (McNemar, p {'= ' if self.mcnemar >= 0.01 else '< '}{max(self.mcnemar, 0.01):.2f})."
        )


def compare(run_a: Run | StrPath, run_b: Run | StrPath, split: str = "validation") -> Comparison:
    """Compara dos corridas en los mismos textos (véase `compare_answers`).

    Comparar en prueba queda anotado en las dos corridas (`test_comparisons`).

    Parameters
    ----------
    run_a, run_b : Run or path
    split : {"validation", "test"}
        Para elegir un modelo, siempre validación.

    Raises
    ------
    TallerError
        Si las corridas no comparten textos y clases, si son menos de 30, o si se pide prueba y una no se ha evaluado.
    """
    runs = [load_run(run) for run in (run_a, run_b)]
    answers = _shared_answers(runs, split)
    if split == "test":
        for run in runs:
            write_record(run.path, test_comparisons=read_record(run.path).get("test_comparisons", 0) + 1)
    return compare_answers(answers, runs[0].label_names, runs[0].name, runs[1].name, split)


def compare_answers(
    answers: pd.DataFrame, label_names: Sequence[str], name_a: str, name_b: str, split: str = "test"
) -> Comparison:
    """Compara dos respuestas a los mismos textos: dos corridas, o una corrida y una línea base.

    El intervalo de cada diferencia es BCa sobre textos remuestreados, con las dos respuestas de cada texto juntas
    (pareado). La prueba exacta de McNemar (1947) mira solo los textos que acierta una sola.

    Parameters
    ----------
    answers : DataFrame
        Una fila por texto: `text`, `label`, `prediction_a` y `prediction_b`, con nombres de clase.
    label_names : sequence of str
    name_a, name_b : str
    split : {"validation", "test"}

    Raises
    ------
    TallerError
        Si hay menos de 30 textos.
    """
    n, classes = len(answers), len(label_names)
    if n < MIN_TEXTS:
        where = SPLIT_NAMES[split]
        raise TallerError(
            f"Hay {counted(n, 'texto', 'textos')} de {where}: con menos de {MIN_TEXTS} no se puede comparar nada."
        )
    label, a, b = (answers[column] for column in ("label", "prediction_a", "prediction_b"))
    codes = [pd.Categorical(column, list(label_names)).codes for column in (label, a, b)]
    cells, counts = np.unique(np.column_stack(codes).astype(int), axis=0, return_counts=True)
    # qué celda de cada matriz de confusión, la de A y la de B, suma cada caso
    in_a, in_b = (np.eye(classes**2)[cells[:, 0] * classes + cells[:, k]] for k in (1, 2))

    def values(matrices: np.ndarray) -> np.ndarray:
        return metrics_of_matrices(matrices.reshape(-1, classes, classes))[:, : len(COMPARED)]

    def differences(draws: np.ndarray) -> np.ndarray:
        return values(draws @ in_a) - values(draws @ in_b)

    table = pd.DataFrame({"a": values(counts @ in_a)[0], "b": values(counts @ in_b)[0]}, index=COMPARED)
    table["difference"] = table["a"] - table["b"]
    table[["low", "high"]] = bca_intervals(differences, counts, LEVEL)
    # prueba de aleatorización pareada (Yeh 2000, COLING): si fueran iguales, daría lo mismo de quién es cada respuesta
    swapped = np.random.default_rng(0).binomial(counts, 0.5, size=(RESAMPLES, len(counts)))
    kept = counts - swapped
    mixed = values(kept @ in_a + swapped @ in_b) - values(kept @ in_b + swapped @ in_a)
    as_large = np.abs(mixed[:, MACRO_F1]) >= abs(table["difference"].iloc[MACRO_F1]) - 1e-12
    p_value = float((1 + as_large.sum()) / (1 + RESAMPLES))
    only_a, only_b = int(((a == label) & (b != label)).sum()), int(((b == label) & (a != label)).sum())
    return Comparison(
        run_a=name_a,
        run_b=name_b,
        split=split,
        n=n,
        table=table.rename_axis("metric"),
        p_value=p_value,
        only_a=only_a,
        only_b=only_b,
        mcnemar=float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0,
        disagreements=answers[a != b],
    )


def compare_with_best(workspace: Workspace | StrPath | None = None) -> pd.DataFrame:
    """Cada corrida frente a la mejor del espacio de trabajo, en validación.

    Solo entran las que comparten los textos de la mejor. `p_holm` corrige por el número de
    comparaciones (Holm 1979, *Scandinavian Journal of Statistics* 6:65).

    Returns
    -------
    DataFrame
        Índice `run`, de mejor a peor; columnas `difference` (macro F1 de la mejor menos el suyo), `low`,
        `high`, `p_value` y `p_holm`. Vacía si no hay dos que comparar.
    """
    paths = _ranked(workspace)
    rows = {}
    for path in paths[1:]:
        try:
            found = compare(paths[0], path)
        except TallerError:  # otros textos u otras clases
            continue
        rows[path.name] = {**found.table.loc["macro_f1"], "p_value": found.p_value}
    columns = ["difference", "low", "high", "p_value"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["a", "b", *columns])[columns]
    table["p_holm"] = holm(table["p_value"].tolist())
    return table.rename_axis("run")


def holm(p_values: Sequence[float]) -> list[float]:
    """Valores p corregidos por Holm, en el mismo orden."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    sorted_p = np.minimum(1, np.maximum.accumulate(np.asarray(p_values)[order] * factors))
    return [float(sorted_p[place]) for place in np.argsort(order, kind="stable")]


def by_seed(workspace: Workspace | StrPath | None = None) -> pd.DataFrame:
    """Las corridas que solo difieren en la semilla aleatoria, juntas.

    Con pocos textos la semilla sola mueve el resultado tanto como el modelo (Dodge et al. 2020, arXiv
    2002.06305; Mosbach et al. 2021, arXiv 2006.04884).

    Returns
    -------
    DataFrame
        Una fila por modelo y ajustes: `model`, `seeds` (cuántas), `mean`, `std`, `lowest` y `highest` del macro F1
        de validación (`std` es la desviación muestral; `NaN` con una semilla).
    """
    rows = []
    for path in _ranked(workspace):
        record = read_record(path)
        settings = {**record["config"], "seed": None, "data": record["fingerprint"].partition("-")[2]}
        rows.append((str(sorted(settings.items())), record["config"]["model"], record["validation"]["macro_f1"]))
    f1 = pd.DataFrame(rows, columns=["settings", "model", "f1"]).astype({"f1": float})
    table = f1.groupby(["settings", "model"], sort=False)["f1"].agg(
        seeds="size", mean="mean", std="std", lowest="min", highest="max"
    )
    return table.reset_index("settings", drop=True).reset_index()


def _ranked(workspace: Workspace | StrPath | None) -> list[Path]:
    workspace = open_workspace(workspace)
    return [workspace.runs / name for name in list_runs(workspace).index]


def _shared_answers(runs: Sequence[Run], split: str) -> pd.DataFrame:
    """Las respuestas guardadas de dos corridas, una fila por texto."""
    if split not in SPLIT_NAMES:
        raise TallerError(f'`split` vale {split!r}: escribe "validation" o "test".')
    names = [run.name for run in runs]
    if set(runs[0].label_names) != set(runs[1].label_names):
        raise TallerError(
            f"{names[0]} conoce las clases {runs[0].label_names} y {names[1]} {runs[1].label_names}: "
            "solo se comparan corridas con las mismas clases."
        )
    by = ["text", "label"]
    first, second = (saved_predictions(run, split).sort_values(by, kind="stable", ignore_index=True) for run in runs)
    if not first[by].equals(second[by]):
        keys = [Counter(table[by].itertuples(index=False, name=None)) for table in (first, second)]
        shared, sizes = (keys[0] & keys[1]).total(), f"{len(first)} y {len(second)}"
        raise TallerError(
            f"{names[0]} y {names[1]} se midieron en textos distintos (comparten {shared} de {sizes}): "
            "entrena las dos con los mismos archivos."
        )
    return first[by].assign(prediction_a=first["prediction"], prediction_b=second["prediction"])
