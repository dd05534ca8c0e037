"""Métricas de clasificación: cada número lo calcula scikit-learn; aquí se dice qué entra en él."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from taller_lib.errors import TallerError
from taller_lib.problems import counted

UNDEFINED = {  # (tiene textos, fue predicha): la nota y la frase de una clase
    (True, True): ("", ""),
    (False, False): (
        "sin textos; nunca predicha",
        "La clase «{0}» no aparece ni en los textos ni en las predicciones: no tiene precision, recall ni F1, "
        "y no entra en ningún promedio.",
    ),
    (True, False): (
        "nunca predicha",
        "La clase «{0}» nunca fue predicha (tiene {1}): su precision no está definida y su F1 cuenta como 0 "
        "en el macro F1.",
    ),
    (False, True): (
        "sin textos",
        "La clase «{0}» no tiene textos aquí y fue predicha en {2}: su recall no está definido, no entra en la "
        "exactitud balanceada y su F1 cuenta como 0 en el macro F1.",
    ),
}


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
