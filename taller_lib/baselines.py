"""Líneas base: lo que el ajuste fino tiene que superar, medido en los mismos textos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from datasets import DatasetDict
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from taller_lib.catalogue import COLIBRI
from taller_lib.config import WorkshopConfig
from taller_lib.data import text_key
from taller_lib.errors import TallerError
from taller_lib.metrics import COMPARED, bounds, score
from taller_lib.models import load_model, load_tokenizer
from taller_lib.prediction import mean_states
from taller_lib.tokenization import tokenize

C_VALUES = (0.1, 0.3, 1, 3, 10)
CLASS_WEIGHTS = (None, "balanced")


@dataclass(frozen=True)
class Baseline:
    """Las predicciones de una línea base, junto a las etiquetas reales de los mismos textos.

    Attributes
    ----------
    name : str
        El nombre que ve el participante.
    predictions, labels : dict of str to list of int
        Por conjunto (`validation`, `test`), las clases predichas y las reales, en el mismo orden.
    settings : dict
        Lo que se eligió y con qué; se puede escribir en JSON.
    label_names : list of str
        Los nombres de las clases.
    rows : list of int or None
        Lugares de los textos dentro del conjunto, si no son todos (los de `reader`).
    split : str
        El conjunto que se mide cuando no se dice otro.
    """

    name: str
    predictions: dict[str, list[int]]
    labels: dict[str, list[int]]
    settings: dict[str, Any]
    label_names: list[str]
    rows: list[int] | None = None
    split: str = "test"

    def entry(self, split: str | None = None, rows: Sequence[int] | None = None) -> tuple[list[int], list[int]]:
        """El par (reales, predichas) que `comparison_table` espera; `rows` elige textos.

        Raises
        ------
        TallerError
            Si no hay predicciones de ese conjunto.
        """
        split = split or self.split
        if split not in self.predictions:
            raise TallerError(
                f"La línea base «{self.name}» no tiene predicciones de `{split}`: tiene las de "
                f"{', '.join(self.predictions)}."
            )
        true, pred = self.labels[split], self.predictions[split]
        if rows is None:
            return true, pred
        known = self.rows or range(len(true))
        places = [known.index(row) for row in rows]
        return [true[place] for place in places], [pred[place] for place in places]

    def scores(self, split: str | None = None) -> dict[str, float]:
        """Las métricas de `metrics.score` en un conjunto.

        Raises
        ------
        TallerError
            Si no hay predicciones de ese conjunto.
        """
        return score(*self.entry(split), self.label_names)


def majority(splits: DatasetDict, split: str = "test") -> Baseline:
    """El clasificador perezoso: a todo responde la clase más frecuente de train.

    Parameters
    ----------
    splits : datasets.DatasetDict
        Con `text` y `label`, como las da `load_splits`.
    split : str
        El conjunto que `scores()` mide cuando no se le dice otro.

    Raises
    ------
    TallerError
        Si falta ese conjunto.
    """
    names = splits["train"].features["label"].names
    most = int(np.bincount(splits["train"]["label"], minlength=len(names)).argmax())
    labels = _truth(splits, split)
    return Baseline(
        name=f"Clase mayoritaria («{names[most]}»)",
        predictions={which: [most] * len(true) for which, true in labels.items()},
        labels=labels,
        settings={"label": names[most]},
        label_names=names,
        split=split,
    )


def tfidf(splits: DatasetDict, seed: int = 0) -> Baseline:
    """TF-IDF y un clasificador lineal: sin red neuronal, en segundos, y difícil de superar.

    Palabras (1 y 2 seguidas, también las de una letra) y trozos de 2 a 5 letras dentro de cada
    palabra; `LinearSVC` con cada `C` de 0.1 a 10 y con y sin pesos por clase. Gana el mejor macro
    F1 de validation; si empatan, el más simple: el `C` más pequeño, sin pesos. El vocabulario sale
    solo de train, y lo elegido no se vuelve a entrenar con train y validation juntos: así aprende
    de los mismos textos que el modelo con el que se compara. Los textos de test solo se predicen.

    Parameters
    ----------
    splits : datasets.DatasetDict
        Con train y validation (y test, si lo hay).
    seed : int
        Semilla aleatoria de `LinearSVC`.

    Raises
    ------
    TallerError
        Si falta validation.
    """
    labels = _truth(splits, "validation")
    vectorizer = FeatureUnion([("words", _ngrams("word")), ("letters", _ngrams("char_wb"))])
    features = vectorizer.fit_transform(list(splits["train"]["text"]))
    matrices = {which: vectorizer.transform(list(splits[which]["text"])) for which in labels}
    best, value = _tuned(
        lambda c, weights: LinearSVC(C=c, class_weight=weights, random_state=seed, max_iter=5000),
        features,
        list(splits["train"]["label"]),
        matrices["validation"],
        labels["validation"],
    )
    return Baseline(
        name="TF-IDF + lineal",
        predictions={which: best.predict(x).tolist() for which, x in matrices.items()},
        labels=labels,
        settings={
            "C": best.C,
            "class_weight": best.class_weight,
            "validation_macro_f1": value,
            "features": features.shape[1],
            "seed": seed,
        },
        label_names=splits["train"].features["label"].names,
    )


def frozen(splits: DatasetDict) -> Baseline:
    """colibri sin ajuste fino: sus estados, promediados por texto, y una regresión logística.

    Lo que separa esta línea base del modelo entrenado es el ajuste fino. `C` y los pesos por clase se
    eligen como en `tfidf`, en validation.

    Parameters
    ----------
    splits : datasets.DatasetDict
        Con train y validation (y test, si lo hay).

    Raises
    ------
    TallerError
        Si falta validation.
    """
    labels = _truth(splits, "validation")
    config = WorkshopConfig(model=COLIBRI)
    tokenizer, model = load_tokenizer(config), load_model(config, splits)
    tokenized = tokenize(splits, tokenizer, config)
    states = {which: mean_states(model, tokenizer, data) for which, data in tokenized.items()}
    best, value = _tuned(
        lambda c, weights: LogisticRegression(C=c, class_weight=weights, max_iter=2000),
        states["train"],
        list(splits["train"]["label"]),
        states["validation"],
        labels["validation"],
    )
    return Baseline(
        name="colibri congelado + lineal",
        predictions={which: best.predict(states[which]).tolist() for which in labels},
        labels=labels,
        settings={"C": best.C, "class_weight": best.class_weight, "validation_macro_f1": value},
        label_names=splits["train"].features["label"].names,
    )


def _tuned(
    make: Callable[[float, str | None], Any], x: Any, y: list[int], x_valid: Any, y_valid: list[int]
) -> tuple[Any, float]:
    """El clasificador con el mejor macro F1 en validation; si empatan, el más simple."""
    models = [make(c, weights).fit(x, y) for c, weights in product(C_VALUES, CLASS_WEIGHTS)]
    values = [score(y_valid, model.predict(x_valid))["macro_f1"] for model in models]
    best = int(np.argmax(values))
    return models[best], values[best]


def reader(own_labels: Mapping[str, str], splits: DatasetDict) -> Baseline | None:
    """La fila «tú»: las etiquetas que puso el participante, en los textos de test que leyó.

    Parameters
    ----------
    own_labels : mapping of str to str
        Texto → etiqueta (las de `mis_etiquetas.csv`). Lo que sigue vacío no cuenta.
    splits : datasets.DatasetDict
        Con test.

    Returns
    -------
    Baseline or None
        Solo con los textos compartidos, cuyos lugares en test son `rows`; ``None`` si no hay
        ninguno (los datos son otros).

    Raises
    ------
    TallerError
        Si una etiqueta no es una de las clases.
    """
    own = {text_key(text): label for text, label in own_labels.items() if label.strip()}
    keys = [text_key(text) for text in splits["test"]["text"]]
    rows = [row for row, key in enumerate(keys) if key in own]
    if not rows:
        return None
    names = splits["test"].features["label"].names
    numbers = {text_key(name): number for number, name in enumerate(names)}
    said = [numbers.get(text_key(own[keys[row]]), -1) for row in rows]
    if -1 in said:
        raise TallerError(
            f"Entre tus etiquetas está «{own[keys[rows[said.index(-1)]]]}», que no es ninguna de las clases "
            f"{', '.join(names)}: corrígela."
        )
    return Baseline(
        name="Tú",
        predictions={"test": said},
        labels={"test": [splits["test"]["label"][row] for row in rows]},
        settings={"n": len(rows)},
        label_names=names,
        rows=rows,
    )


def comparison_table(
    entries: Mapping[str, tuple[Sequence[Any], Sequence[Any]]], label_names: Sequence[str]
) -> pd.DataFrame:
    """Una fila por línea base o corrida, todas medidas en los mismos textos.

    Parameters
    ----------
    entries : mapping of str to (y_true, y_pred)
        Por nombre, las etiquetas reales y las predichas (`Baseline.entry` da el par).
    label_names : sequence of str
        Los nombres de las clases.

    Returns
    -------
    pandas.DataFrame
        Índice `name`; `accuracy`, `balanced_accuracy`, `matthews_correlation` y `macro_f1`, cada una con
        los extremos de su intervalo de 95 % (`_low`, `_high`; `NaN` con menos de 30 textos), y `n`.

    Raises
    ------
    TallerError
        Si dos no traen las mismas etiquetas reales.
    """
    names = list(label_names)
    records: dict[str, dict[str, float]] = {}
    truth: list[int] = []
    for name, (true, pred) in entries.items():
        scores = score(true, pred, names)
        real = [names.index(y) if isinstance(y, str) else y for y in true]
        truth = truth or real
        if real != truth:
            raise TallerError(
                f"«{next(iter(entries))}» y «{name}» no están medidas en los mismos textos ({len(truth)} y "
                f"{len(real)}): compáralas en los textos que comparten, en el mismo orden."
            )
        records[name] = {key: scores[key] for key in COMPARED}
        records[name] |= bounds(true, pred, names) | {"n": len(real)}
    return pd.DataFrame.from_dict(records, orient="index").rename_axis("name")


def _ngrams(analyzer: str) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=(1, 2) if analyzer == "word" else (2, 5),
        token_pattern=r"\w+" if analyzer == "word" else None,  # también «a», «y», «o»
        sublinear_tf=True,
        dtype=np.float32,
    )


def _truth(splits: DatasetDict, needed: str) -> dict[str, list[int]]:
    """Las etiquetas reales de validation y test; `needed` tiene que estar."""
    if needed not in splits:
        raise TallerError(f"Falta el conjunto `{needed}`: carga los datos con `load_splits`.")
    return {split: list(splits[split]["label"]) for split in splits if split != "train"}
