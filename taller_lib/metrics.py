"""Métricas de clasificación: cada número lo calcula scikit-learn; aquí se dice qué entra en él."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from taller_files.problems import counted
from taller_lib._paths import ASSETS
from taller_lib.bootstrap import bca_intervals
from taller_lib.errors import TallerError

COMPARED = ("accuracy", "balanced_accuracy", "matthews_correlation", "macro_f1")
MIN_TEXTS = 30
FEW_TEXTS = 8
# (tiene textos, fue predicha): la nota y la frase de una clase
UNDEFINED = {tuple(case): said for case, *said in json.loads((ASSETS / "undefined_metrics.json").read_text("utf-8"))}


def score(y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None) -> dict[str, float]:
    """Las cinco métricas del taller, sin redondear.

    `macro_f1` es el de `sklearn.metrics.f1_score(y_true, y_pred, average="macro")`: el promedio
    del F1 de las clases que aparecen en la verdad o en las predicciones. Una clase declarada que
    no aparece en ninguna de las dos no tiene F1 y no cuenta (contarla como 0 bajaría el promedio
    sin que el modelo se haya equivocado); una que tiene textos y nunca se predice, o que se predice
    sin tener textos, sí cuenta, con F1 = 0. `balanced_accuracy` promedia el recall de las clases
    que tienen textos. `undefined_cases` dice con palabras cuáles de estos casos se dieron.

    Parameters
    ----------
    y_true, y_pred : sequence of int or str
        Etiquetas reales y predichas, en el mismo orden. Un entero es siempre el número de una
        clase (su lugar en `label_names`, desde 0); un texto es siempre su nombre.
    label_names : sequence of str, optional
        Clases declaradas. Sin ellas, las que aparezcan.

    Returns
    -------
    dict of str to float
        ``accuracy``, ``balanced_accuracy``, ``matthews_correlation``, ``macro_f1`` y
        ``weighted_f1``.

    Raises
    ------
    TallerError
        Si no hay etiquetas, si no hay tantas reales como predichas o si una no es de
        `label_names`.
    """
    true, pred, _ = _codes(y_true, y_pred, label_names)
    with warnings.catch_warnings():  # lo que scikit-learn avisaría lo dice undefined_cases
        warnings.simplefilter("ignore")
        values = {
            "accuracy": sk.accuracy_score(true, pred),
            "balanced_accuracy": sk.balanced_accuracy_score(true, pred),
            "matthews_correlation": sk.matthews_corrcoef(true, pred),
            "macro_f1": sk.f1_score(true, pred, average="macro", zero_division=0),
            "weighted_f1": sk.f1_score(true, pred, average="weighted", zero_division=0),
        }
    return {name: float(value) for name, value in values.items()}


def score_per_class(
    y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Precision, recall y F1 de cada clase, y cuántos textos tiene.

    Lo que no está definido es ``NaN``, y `note` dice por qué: «nunca predicha» (sin predicciones
    no hay precision), «sin textos» (sin textos no hay recall) o las dos (tampoco hay F1).

    Returns
    -------
    pandas.DataFrame
        Índice `label`; columnas `precision`, `recall`, `f1`, `support` y `note`.

    Raises
    ------
    TallerError
        Como en `score`.
    """
    true, pred, names = _codes(y_true, y_pred, label_names)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        true, pred, labels=range(len(names)), zero_division=np.nan
    )
    notes = [UNDEFINED[n > 0, i in pred][0] for i, n in enumerate(support)]
    return pd.DataFrame(
        {"precision": precision, "recall": recall, "f1": f1, "support": support, "note": notes},
        index=pd.Index(names, name="label"),
    )


def confusion(y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None) -> pd.DataFrame:
    """La matriz de confusión: una fila por clase real, una columna por clase predicha.

    Returns
    -------
    pandas.DataFrame
        Conteos; el índice se llama «real» y las columnas «predicción».

    Raises
    ------
    TallerError
        Como en `score`.
    """
    true, pred, names = _codes(y_true, y_pred, label_names)
    return pd.DataFrame(
        sk.confusion_matrix(true, pred, labels=range(len(names))),
        index=pd.Index(names, name="real"),
        columns=pd.Index(names, name="predicción"),
    )


def confusion_cells(matrix: pd.DataFrame, show: str = "count") -> dict[tuple[str, str], tuple[str, int]]:
    """Qué se escribe en cada celda de una matriz de confusión y con qué tono.

    Parameters
    ----------
    matrix : DataFrame
        La de `confusion`.
    show : {"count", "row", "column"}
        Textos, porcentaje de la fila (de la clase real) o de la columna (de la predicha).

    Returns
    -------
    dict
        De (real, predicción) a (texto, tono de 0 a 5); «–» donde la fila o la columna está vacía.
    """
    totals = {"count": matrix.to_numpy().max(), "row": matrix.sum(axis=1), "column": matrix.sum(axis=0)}[show]
    share = matrix.div(totals, axis="columns" if show == "column" else "index").to_numpy()
    counts, names = matrix.to_numpy(), list(map(str, matrix.columns))
    cells = {}
    for i, j in np.ndindex(*matrix.shape):
        text = str(counts[i, j]) if show == "count" else "–" if np.isnan(share[i, j]) else f"{100 * share[i, j]:.0f} %"
        tone = 0 if np.isnan(share[i, j]) else math.ceil(5 * share[i, j])
        cells[names[i], names[j]] = (text, tone)
    return cells


def metrics_of_matrices(matrices: np.ndarray) -> np.ndarray:
    """Las métricas de muchas matrices de confusión a la vez, con las reglas de `score`.

    Parameters
    ----------
    matrices : ndarray
        Forma (matrices, clases, clases): filas reales, columnas predichas.

    Returns
    -------
    ndarray
        Forma (matrices, 4 + 3 × clases): las de `COMPARED` y, de todas las clases, precision,
        recall y F1. `NaN` donde no están definidas.
    """
    matrices = matrices.astype(float)  # n⁴ no cabe en un entero
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    real, said = matrices.sum(axis=2), matrices.sum(axis=1)
    n = real.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall, f1 = hits / said, hits / real, 2 * hits / (real + said)
        accuracy = hits.sum(axis=1) / n
        # Gorodkin 2004 (doi 10.1016/j.compbiolchem.2004.09.006); 0 si una parte no varía
        chance = (real * said).sum(axis=1)
        spread = (n**2 - (said**2).sum(axis=1)) * (n**2 - (real**2).sum(axis=1))
        matthews = (accuracy * n**2 - chance) / np.sqrt(spread)
    matthews = np.where(spread > 0, matthews, 0)
    together = [accuracy, np.nanmean(recall, axis=1), matthews, np.nanmean(f1, axis=1)]
    return np.column_stack([*together, precision, recall, f1])


def confidence_intervals(
    y_true: Sequence[Any],
    y_pred: Sequence[Any],
    level: float = 0.95,
    seed: int = 0,
    label_names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Cuánto cambiaría cada métrica con otros textos parecidos.

    Intervalos BCa sobre textos remuestreados sin estratos (`taller_lib.bootstrap`). Miden el azar de qué textos se
    evaluaron, no el de la semilla con que se entrenó. Con menos de 8 textos de una clase quedan cortos, y `note` lo
    dice. Cuánto cubren está medido en `docs/intervalos.md`.

    Parameters
    ----------
    y_true, y_pred : sequence of int or str
        Como en `score`; al menos 30.
    level : float
        Cobertura, de 0.5 a 0.999.
    seed : int
        Semilla aleatoria del remuestreo.
    label_names : sequence of str, optional
        Clases declaradas. Sin ellas, las que aparezcan.

    Returns
    -------
    pandas.DataFrame
        Columnas `metric` (las cuatro, y `precision_<clase>`, `recall_<clase>` y `f1_<clase>`), `value`, `low`, `high`,
        `n` (los textos en que se apoya) y `note`. Lo que no está definido, o no varía al remuestrear, tiene `NaN`.

    Raises
    ------
    TallerError
        Como en `score`; si hay menos de 30 textos o `level` está fuera de su rango.
    """
    if not 0.5 <= level <= 0.999:
        raise TallerError(f"`level` vale {level}: escribe un número de 0.5 a 0.999, como 0.95.")
    table = interval_table(y_true, y_pred, label_names, level, seed)
    if (n := int(table["n"][0])) < MIN_TEXTS:
        raise TallerError(
            f"Hay {counted(n, 'texto', 'textos')}: con menos de {MIN_TEXTS} un intervalo no significa nada. "
            "Etiqueta más textos de prueba."
        )
    return table


def interval_table(
    y_true: Sequence[Any],
    y_pred: Sequence[Any],
    label_names: Sequence[str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """La tabla de `confidence_intervals`; con menos de 30 textos, sin intervalos y con una nota que lo dice."""
    matrix = confusion(y_true, y_pred, label_names)
    counts = matrix.to_numpy()
    real, said, n = counts.sum(axis=1), counts.sum(axis=0), int(counts.sum())
    cells, classes = counts.ravel() > 0, len(counts)

    def values(draws: np.ndarray) -> np.ndarray:
        full = np.zeros((len(draws), classes**2), dtype=int)
        full[:, cells] = draws
        return metrics_of_matrices(full.reshape(-1, classes, classes))

    filled = counts.ravel()[cells]
    kinds = [f"{kind}_{name}" for kind in ("precision", "recall", "f1") for name in matrix]
    table = pd.DataFrame({"metric": [*COMPARED, *kinds], "value": values(filled[None])[0]})
    table[["low", "high"]] = bca_intervals(values, filled, level, seed) if n >= MIN_TEXTS else np.nan
    table["n"] = [n] * len(COMPARED) + [*said, *real, *real]
    fewest = matrix.index[real.argmin()]
    table["note"] = ["", *[_few(real.min(), fewest)] * 3, *map(_few, [*said, *real, *real])]
    why = "no está definida o no varía" if n >= MIN_TEXTS else f"menos de {MIN_TEXTS} textos"
    table.loc[table["low"].isna(), "note"] = f"sin intervalo: {why}"
    return table


def _few(texts: int, name: str = "") -> str:
    """La nota de un intervalo que se apoya en muy pocos textos."""
    of = f" de «{name}»" if name else ""
    return "" if texts >= FEW_TEXTS else f"solo {counted(texts, 'texto', 'textos')}{of}: queda corto"


def with_interval(value: float, low: float, high: float) -> str:
    """«0.68 [0.62, 0.74]», con los decimales que el intervalo sostiene; sin él, «0.68»."""
    if np.isnan(low):
        return f"{value:.2f}"
    decimals = int(np.clip(np.ceil(-np.log10(max(high - low, 1e-6) / 2)), 2, 4))
    return f"{value:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"


def shown_score(name: str, scores: dict[str, float], ends: dict[str, float]) -> str:
    """Una métrica de `score` con el intervalo que le toca en `bounds`, si lo tiene."""
    return with_interval(scores[name], *(ends.get(f"{name}_{e}", np.nan) for e in ("low", "high")))


def bounds(y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None) -> dict[str, float]:
    """Los extremos de 95 % de las cuatro métricas, los que haya: `<métrica>_low` y `<métrica>_high`."""
    table = interval_table(y_true, y_pred, label_names).head(len(COMPARED)).dropna()
    ends = [f"{metric}_{end}" for metric in table["metric"] for end in ("low", "high")]
    return dict(zip(ends, table[["low", "high"]].to_numpy().ravel().tolist(), strict=True))


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """La misma tabla con cada métrica y su intervalo en una sola columna: «0.68 [0.62, 0.74]»."""
    table = table.copy()
    for metric in [name for name in table if f"{name}_low" in table]:
        ends = [metric, f"{metric}_low", f"{metric}_high"]
        table[metric] = [with_interval(*row) for row in table[ends].to_numpy(dtype=float)]
        table = table.drop(columns=ends[1:])
    return table


def undefined_cases(
    y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None
) -> list[str]:
    """Frases sobre lo que no está definido en estas predicciones y cómo cuenta; vacía si nada.

    Raises
    ------
    TallerError
        Como en `score`.
    """
    true, pred, names = _codes(y_true, y_pred, label_names)
    real, said = (np.bincount(codes, minlength=len(names)) for codes in (true, pred))
    sentences = []
    for name, texts, predictions in zip(names, real, said, strict=True):
        if sentence := UNDEFINED[texts > 0, predictions > 0][1]:
            amounts = [counted(n, "texto", "textos") for n in (texts, predictions)]
            sentences.append(sentence.format(name, *amounts))
    for codes, these in ((real, "Todos los textos"), (said, "Todas las predicciones")):
        if np.count_nonzero(codes) == 1:
            sentences.append(
                f"{these} son de una sola clase, «{names[codes.argmax()]}»: la correlación "
                "de Matthews no está definida y scikit-learn la da como 0."
            )
    return sentences


def compute_metrics(eval_prediction: Any) -> dict[str, float]:
    """Las métricas de `score` para `transformers.Trainer(compute_metrics=...)`.

    Parameters
    ----------
    eval_prediction : transformers.EvalPrediction
        Con `predictions` (los logits, o una tupla que empieza por ellos) y `label_ids`.

    Raises
    ------
    TallerError
        Si los logits no son una fila de números por texto (un entrenamiento que divergió da NaN).
    """
    logits = eval_prediction.predictions
    logits = logits[0] if isinstance(logits, tuple | list) else logits
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise TallerError(
            f"El modelo devolvió una tabla de forma {logits.shape} y hace falta una fila de logits por texto, con una "
            "columna por clase: cárgalo con `load_model`."
        )
    if np.isnan(logits).any():
        raise TallerError(
            "El modelo devolvió logits que no son números (NaN), es decir, el entrenamiento "
            "divergió: vuelve a cargar el modelo y entrena con un `learning_rate` más pequeño."
        )
    return score(eval_prediction.label_ids, logits.argmax(axis=1))


def _codes(
    y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Las etiquetas como números de clase, y los nombres de las clases."""
    true, pred = _labels(y_true, "reales"), _labels(y_pred, "predichas")
    if len(true) != len(pred):
        raise TallerError(
            f"Hay {len(true)} etiquetas reales y {len(pred)} predichas: tiene que haber una predicción por texto, "
            "en el mismo orden."
        )
    if not true:
        raise TallerError("No hay ninguna etiqueta que medir: pasa al menos un texto.")
    if label_names is None:
        if isinstance(true[0], str) != isinstance(pred[0], str):
            raise TallerError("Unas etiquetas son números y las otras nombres: pasa `label_names`.")
        found = sorted({*true, *pred})
        names, codes = [str(value) for value in found], {x: i for i, x in enumerate(found)}
    else:
        names = [str(name) for name in label_names]
        codes = {name: i for i, name in enumerate(names)} | {i: i for i in range(len(names))}
    for values, which in ((true, "reales"), (pred, "predichas")):
        if unknown := [value for value in values if value not in codes]:
            what = f"«{unknown[0]}»" if isinstance(unknown[0], str) else f"el número {unknown[0]}"
            raise TallerError(
                f"Entre las etiquetas {which} está {what}, que no es ninguna de las clases {', '.join(names)} "
                f"(números 0 a {len(names) - 1}): corrígela o declara la clase en `label_names`."
            )
    return np.array([codes[x] for x in true]), np.array([codes[x] for x in pred]), names


def _labels(values: Sequence[Any], which: str) -> list[Any]:
    """Una lista de enteros o de textos; nada de vacíos, decimales ni tablas."""
    found = np.atleast_1d(np.asarray(values)).tolist()
    if not any(all(isinstance(value, kind) for value in found) for kind in (int, str)):
        raise TallerError(
            f"Las etiquetas {which} no se pueden leer: pasa una lista con un número de clase (entero) o un nombre "
            "de clase por texto, sin vacíos."
        )
    return found
