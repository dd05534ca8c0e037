"""Métricas de clasificación: cada número lo calcula scikit-learn; aquí se dice qué entra en él."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from taller_lib.errors import TallerError

METRICS = ("accuracy", "balanced_accuracy", "matthews_correlation", "macro_f1", "weighted_f1")
NEVER_PREDICTED, NO_TEXTS = "nunca predicha", "sin textos"


def score(
    y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None
) -> dict[str, float]:
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
        values = (
            sk.accuracy_score(true, pred),
            sk.balanced_accuracy_score(true, pred),
            sk.matthews_corrcoef(true, pred),
            sk.f1_score(true, pred, average="macro", zero_division=0),
            sk.f1_score(true, pred, average="weighted", zero_division=0),
        )
    return {name: float(value) for name, value in zip(METRICS, values, strict=True)}


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
    predicted = np.bincount(pred, minlength=len(names))
    notes = [
        "; ".join(
            note for note, amount in ((NO_TEXTS, real), (NEVER_PREDICTED, said)) if amount == 0
        )
        for real, said in zip(support, predicted, strict=True)
    ]
    return pd.DataFrame(
        {"precision": precision, "recall": recall, "f1": f1, "support": support, "note": notes},
        index=pd.Index(names, name="label"),
    )


def confusion(
    y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None = None
) -> pd.DataFrame:
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
    real = np.bincount(true, minlength=len(names))
    said = np.bincount(pred, minlength=len(names))
    sentences = []
    for name, texts, predictions in zip(names, real, said, strict=True):
        if not texts and not predictions:
            sentences.append(
                f"La clase «{name}» no aparece ni en los textos ni en las predicciones: no tiene "
                "precision, recall ni F1, y no entra en ningún promedio."
            )
        elif not predictions:
            sentences.append(
                f"La clase «{name}» nunca fue predicha (tiene {_texts(texts)}): su precision no "
                "está definida y su F1 cuenta como 0 en el macro F1."
            )
        elif not texts:
            sentences.append(
                f"La clase «{name}» no tiene textos aquí y fue predicha en {_texts(predictions)}: "
                "su recall no está definido, no entra en la exactitud balanceada y su F1 cuenta "
                "como 0 en el macro F1."
            )
    for amounts, these in ((real, "Todos los textos"), (said, "Todas las predicciones")):
        if np.count_nonzero(amounts) == 1:
            sentences.append(
                f"{these} son de una sola clase, «{names[int(amounts.argmax())]}»: la correlación "
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
    logits, labels = eval_prediction.predictions, eval_prediction.label_ids
    logits = np.asarray(logits[0] if isinstance(logits, tuple | list) else logits)
    labels = np.asarray(labels[0] if isinstance(labels, tuple) else labels)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise TallerError(
            f"El modelo devolvió una tabla de forma {logits.shape} y aquí hace falta una fila de "
            "logits por texto, con una columna por clase: cárgalo con `load_model`."
        )
    if np.isnan(logits).any():
        raise TallerError(
            "El modelo devolvió logits que no son números (NaN), es decir, el entrenamiento "
            "divergió: vuelve a cargar el modelo y entrena con un `learning_rate` más pequeño."
        )
    return score(labels, logits.argmax(axis=1))  # type: ignore[arg-type]


def _texts(amount: int) -> str:
    return "1 texto" if amount == 1 else f"{amount} textos"


def _codes(
    y_true: Sequence[Any], y_pred: Sequence[Any], label_names: Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Las etiquetas como números de clase, y los nombres de las clases."""
    true, pred = _labels(y_true, "reales"), _labels(y_pred, "predichas")
    if len(true) != len(pred):
        raise TallerError(
            f"Hay {len(true)} etiquetas reales y {len(pred)} predichas: tiene que haber una "
            "predicción por texto, en el mismo orden."
        )
    if not len(true):
        raise TallerError("No hay ninguna etiqueta que medir: pasa al menos un texto.")
    numeric = [values.dtype.kind == "i" for values in (true, pred)]
    if label_names is None:
        if numeric[0] != numeric[1]:
            raise TallerError(
                "Unas etiquetas son números y las otras nombres: pasa `label_names` para saber "
                "qué nombre tiene cada número."
            )
        found = np.unique(np.concatenate([true, pred]))
        return np.searchsorted(found, true), np.searchsorted(found, pred), [str(x) for x in found]
    names = [] if isinstance(label_names, str) else [str(name) for name in label_names]
    if not names or len(set(names)) != len(names):
        raise TallerError(
            f"`label_names` vale {label_names!r}: pasa una lista de nombres de clase, sin repetir."
        )
    codes = {name: number for number, name in enumerate(names)}
    for values, is_number, which in zip(
        (true, pred), numeric, ("reales", "predichas"), strict=True
    ):
        known = range(len(names)) if is_number else codes
        unknown = [value for value in np.unique(values).tolist() if value not in known]
        if unknown:
            what = f"el número {unknown[0]}" if is_number else f"«{unknown[0]}»"
            raise TallerError(
                f"Entre las etiquetas {which} está {what}, que no es ninguna de las clases "
                f"{', '.join(names)} (números 0 a {len(names) - 1}): corrige la etiqueta o declara "
                "la clase en `label_names`."
            )
    return (
        true if numeric[0] else np.array([codes[value] for value in true]),
        pred if numeric[1] else np.array([codes[value] for value in pred]),
        names,
    )


def _labels(values: Sequence[Any], which: str) -> np.ndarray:
    """Un arreglo de enteros o de textos; nada de vacíos, decimales ni tablas."""
    if isinstance(values, str):
        values = [values]
    array = np.asarray(values)
    if array.ndim == 1 and array.size == 0:
        return array.astype(int)
    if array.ndim == 1 and array.dtype.kind == "O":
        kinds = {str if isinstance(value, str) else type(value) for value in array}
        if kinds == {str}:
            return array.astype(str)
        if all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds):
            return array.astype(int)
    elif array.ndim == 1 and array.dtype.kind in "iuU":
        return array if array.dtype.kind == "U" else array.astype(int)
    elif array.ndim == 1 and array.dtype.kind == "f":
        whole = np.isfinite(array).all() and (array % 1 == 0).all()
        if whole:
            return array.astype(int)
    raise TallerError(
        f"Las etiquetas {which} no se pueden leer: pasa una lista con un número de clase (entero) "
        "o un nombre de clase por texto, sin vacíos."
    )
