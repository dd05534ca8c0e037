"""Qué parte de unos textos nuevos es de cada clase, corregida por los errores del modelo."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from taller_files.reading import clean, read_table
from taller_files.writing import StrPath, read_object
from taller_lib.bootstrap import RESAMPLES
from taller_lib.data import text_key
from taller_lib.errors import TallerError
from taller_lib.evaluation import METRICS
from taller_lib.inference import BatchClassifier
from taller_lib.metrics import MIN_TEXTS, confusion
from taller_lib.runs import Run, load_run, saved_predictions

LEVEL = 0.95
MAX_CONDITION = 20
DIFFERENT_AUC = 0.8
COMPARED_TEXTS = 1_000
_ISO_DATE = r"\d{4}-\d{2}(-\d{2})?"


def estimate_shares(run: Run | StrPath, texts: pd.DataFrame | StrPath, by: str | None = None) -> pd.DataFrame:
    """La parte de cada clase en textos nuevos, contada y corregida, con su intervalo de 95 %.

    Contar predicciones da partes sesgadas: un modelo que confunde dos clases mueve textos de una a la
    otra. La corrección resuelve «partes contadas = partes reales × matriz de confusión» (conteo ajustado:
    Forman 2008, doi 10.1007/s10618-008-0097-y) y su intervalo remuestrea a la vez la matriz y los
    textos nuevos. Supone que el modelo se equivoca en ellos como en los textos con que se evaluó.

    Si al menos 30 textos del grupo, tomados al azar, llevan su etiqueta puesta a mano, se usa *prediction-powered
    inference* (Angelopoulos, Duchi y Zrnic 2023, «PPI++», arXiv 2311.01453, ec. 6), que no
    necesita ese supuesto.

    Parameters
    ----------
    run : Run or path
        Su matriz es la de la evaluación de prueba guardada; si no la hay, la de validación.
    texts : DataFrame or path
        Con la columna de texto de la corrida. Una etiqueta no vacía marca el texto como parte de la
        muestra al azar etiquetada a mano.
    by : str, optional
        Columna por la que agrupar; si son fechas AAAA-MM-DD, por mes.

    Returns
    -------
    DataFrame
        `group`, `label`, `counted`, `corrected`, `low`, `high` (partes de 0 a 1), `n` (textos del grupo) y
        `note`. Con menos de 30 textos solo hay conteo.

    Raises
    ------
    TallerError
        Si faltan columnas o textos, si una etiqueta no es de la corrida o si su matriz no se puede
        invertir.
    """
    run = load_run(run)
    frame = texts if isinstance(texts, pd.DataFrame) else read_table(texts).frame
    frame = _with_texts(frame, run.config.text_column)
    matrix, names = _confusion(run), run.label_names
    classifier = BatchClassifier(run, run.config.text_column)
    said = classifier.classify(frame[run.config.text_column].tolist())["prediccion"]
    predicted = np.array([names.index(name) for name in said])
    truth = _own_labels(frame, run)
    for warning in (run.warning, _shift_warning(run, frame[run.config.text_column])):
        if warning:
            print(warning, file=sys.stderr)
    rows = []
    for group, members in _groups(frame, by).items():
        rows += _group_rows(group, predicted[members], truth[members], matrix, names)
    columns = ["group", "label", "counted", "corrected", "low", "high", "n", "note"]
    return pd.DataFrame(rows, columns=columns)


def adjusted_count(matrix: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Las partes que, con esa matriz de confusión, darían las contadas.

    Parameters
    ----------
    matrix : ndarray
        Forma (…, clases, clases): textos, filas reales y columnas predichas.
    counted : ndarray
        Forma (…, clases): partes contadas.

    Returns
    -------
    ndarray
        Partes corregidas: no negativas, suman 1 (las negativas se ponen en 0 y las demás se reescalan).
    """
    rates = matrix / np.maximum(matrix.sum(axis=-1, keepdims=True), 1)
    shares = np.einsum("...i,...ij->...j", counted, np.linalg.pinv(rates))
    shares = np.clip(shares, 0, None)
    return shares / shares.sum(axis=-1, keepdims=True)


def adjusted_interval(matrix: np.ndarray, counts: np.ndarray, level: float = LEVEL, seed: int = 0) -> np.ndarray:
    """Intervalo de percentiles de `adjusted_count`, de forma (clases, 2).

    Remuestrea los textos de la evaluación (la matriz) y los nuevos (los conteos).
    """
    rng, classes = np.random.default_rng(seed), len(counts)
    cells, n = matrix.ravel() / matrix.sum(), counts.sum()
    matrices = rng.multinomial(matrix.sum(), cells, size=RESAMPLES)
    drawn = rng.multinomial(n, counts / n, size=RESAMPLES) / n
    shares = adjusted_count(matrices.reshape(-1, classes, classes), drawn)
    return np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0).T


def powered_shares(truth: np.ndarray, predicted: np.ndarray, others: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Las partes de una muestra etiquetada a mano, con ayuda de las predicciones (PPI++).

    Parameters
    ----------
    truth, predicted : ndarray
        Forma (textos, clases), con 1 en la clase real y en la predicha, de la muestra.
    others : ndarray
        Lo mismo con lo predicho en los textos sin etiqueta, que pueden faltar.

    Returns
    -------
    ndarray
        Forma (clases, 3): la parte y los extremos de su intervalo, de 0 a 1.
    """
    n, rest = len(truth), others if len(others) else np.zeros((1, truth.shape[1]))
    spread = np.concatenate([predicted, others]).var(axis=0).sum()
    together = ((truth - truth.mean(axis=0)) * (predicted - predicted.mean(axis=0))).sum() / n
    # el mismo peso en todas las clases, para que las partes sumen 1
    weight = together / ((1 + n / len(rest)) * spread) if len(others) and spread else 0.0
    weight = np.clip(weight, 0, 1)
    mean = truth.mean(axis=0) + weight * (rest.mean(axis=0) - predicted.mean(axis=0))
    variance = (truth - weight * predicted).var(axis=0, ddof=1) / n
    variance += weight**2 * rest.var(axis=0) / len(rest)
    margin = norm.ppf((1 + level) / 2) * np.sqrt(variance)
    return np.clip(np.column_stack([mean, mean - margin, mean + margin]), 0, 1)


def domain_auc(reference: Sequence[str], new: Sequence[str], seed: int = 0) -> float:
    """Qué tan bien un clasificador distingue unos textos de otros: 0.5, nada; 1, del todo.

    Área bajo la curva ROC, en cinco partes, de TF-IDF y regresión logística (Rabanser et al. 2019,
    «Failing Loudly», arXiv 1810.11953), con 1,000 textos de cada lado como máximo.
    """
    rng = np.random.default_rng(seed)
    sides = [rng.permutation(np.array(side, dtype=object))[:COMPARED_TEXTS] for side in (reference, new)]
    side_of = np.repeat([0, 1], [len(side) for side in sides])
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(class_weight="balanced"))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    scores = cross_val_predict(model, np.concatenate(sides), side_of, cv=folds, method="decision_function")
    return float(roc_auc_score(side_of, scores))


def _with_texts(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    if column not in frame:
        raise TallerError(
            f"Los textos nuevos no tienen la columna «{column}», solo {', '.join(map(str, frame.columns))}: "
            "ponle ese nombre a la del texto."
        )
    frame = frame[frame[column].fillna("").astype(str).map(clean) != ""]
    if frame.empty:
        raise TallerError("No hay ningún texto nuevo que clasificar: revisa el archivo.")
    return frame.reset_index(drop=True)


def _confusion(run: Run) -> np.ndarray:
    """La matriz de la evaluación de prueba guardada, o la de validación."""
    if test := read_object(run.path / METRICS).get("test"):
        matrix = np.array(test["confusion"])
    else:
        saved = saved_predictions(run)
        matrix = confusion(saved["label"].tolist(), saved["prediction"].tolist(), run.label_names).to_numpy()
    texts = matrix.sum(axis=1)
    if not texts.all():
        raise TallerError(
            f"Los textos con que se evaluó {run.name} no tienen ninguno de la clase «{run.label_names[texts.argmin()]}»: "
            "sin ellos no se puede corregir el conteo. Evalúa con textos de todas las clases."
        )
    condition = np.linalg.cond(matrix / texts[:, None])
    if condition > MAX_CONDITION:
        raise TallerError(
            f"{run.name} confunde tanto sus clases que el conteo no se puede corregir (su matriz de confusión casi no se "
            "puede invertir): entrena un modelo que las distinga, o junta clases."
        )
    return matrix


def _own_labels(frame: pd.DataFrame, run: Run) -> np.ndarray:
    """El número de clase de cada texto etiquetado a mano; −1 en los demás."""
    column = run.config.label_column
    if column not in frame:
        return np.full(len(frame), -1)
    said = [text_key(text) for text in frame[column].fillna("").astype(str)]
    numbers = {text_key(name): number for number, name in enumerate(run.label_names)} | {"": -1}
    if unknown := [text for text in said if text not in numbers]:
        raise TallerError(
            f"En la columna «{column}» está «{unknown[0]}», que no es ninguna de las clases de la corrida "
            f"({', '.join(run.label_names)}): corrígela, o déjala vacía si el texto no se leyó."
        )
    return np.array([numbers[text] for text in said])


def _groups(frame: pd.DataFrame, by: str | None) -> dict[str, np.ndarray]:
    """Los lugares de los textos de cada grupo; un mes sin textos en medio queda vacío."""
    if by is None:
        return {"todos": np.arange(len(frame))}
    if by not in frame:
        raise TallerError(
            f"No hay columna «{by}» por la que agrupar: las que hay son {', '.join(map(str, frame.columns))}."
        )
    keys = frame[by].fillna("").astype(str).str.strip()
    filled = keys[keys != ""]
    if len(filled) and filled.str.fullmatch(_ISO_DATE).all():
        keys = keys.str[:7]
        months = pd.period_range(filled.min()[:7], filled.max()[:7], freq="M").astype(str)
        names = [*months, *keys[keys == ""].unique()]
    else:
        names = sorted(keys.unique())
    return {name or f"sin {by}": np.flatnonzero(keys == name) for name in names}


def _group_rows(
    group: str, predicted: np.ndarray, truth: np.ndarray, matrix: np.ndarray, names: list[str]
) -> list[tuple[object, ...]]:
    n, labelled = len(predicted), truth >= 0
    counts = np.bincount(predicted, minlength=len(names))
    counted = counts / n if n else np.full(len(names), np.nan)
    estimates = np.full((len(names), 3), np.nan)
    if labelled.sum() >= MIN_TEXTS:
        note = f"con {labelled.sum()} textos etiquetados a mano"
        hot = np.eye(len(names))
        said = hot[predicted]
        estimates = powered_shares(hot[truth[labelled]], said[labelled], said[~labelled])
    elif n >= MIN_TEXTS:
        note = "corregido con la matriz de confusión"
        estimates[:, 0] = adjusted_count(matrix, counted)
        estimates[:, 1:] = adjusted_interval(matrix, counts)
    else:
        note = f"menos de {MIN_TEXTS} textos: sin corregir" if n else "sin textos"
    return [(group, name, counted[number], *estimates[number], n, note) for number, name in enumerate(names)]


def _shift_warning(run: Run, texts: pd.Series) -> str:
    reference = saved_predictions(run)["text"].tolist()
    if len(texts) < MIN_TEXTS or len(reference) < MIN_TEXTS:
        return ""
    auc = domain_auc(reference, texts.tolist())
    if auc < DIFFERENT_AUC:
        return ""
    return (
        f"Aviso: estos textos se parecen poco a los del entrenamiento: de cada 100 parejas de uno y otro lado, un clasificador "
        f"sencillo distingue {100 * auc:.0f} (50 sería no distinguirlos). El modelo puede equivocarse en ellos de otra manera: "
        "etiqueta a mano una muestra al azar."
    )
