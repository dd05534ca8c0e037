"""Líneas base: lo que el ajuste fino tiene que superar, medido en los mismos textos."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from datasets import ClassLabel, DatasetDict
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from taller_lib.errors import TallerError
from taller_lib.metrics import score

COMPARED = ("accuracy", "balanced_accuracy", "matthews_correlation", "macro_f1")
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
    rows: list[int] | None = field(default=None)
    split: str = "test"

    def entry(
        self, split: str | None = None, rows: Sequence[int] | None = None
    ) -> tuple[list[int], list[int]]:
        """El par (reales, predichas) que `comparison_table` espera; `rows` elige textos.

        Raises
        ------
        TallerError
            Si no hay predicciones de ese conjunto, o si ya está limitada a otros textos.
        """
        split = split or self.split
        if split not in self.predictions:
            raise TallerError(
                f"La línea base «{self.name}» no tiene predicciones de `{split}`: "
                f"tiene las de {', '.join(self.predictions)}."
            )
        true, pred = self.labels[split], self.predictions[split]
        if rows is None or rows == self.rows:
            return true, pred
        if self.rows is not None:
            raise TallerError(
                f"La línea base «{self.name}» solo tiene {len(self.rows)} textos: compárala en "
                "ellos, con `rows` igual al suyo."
            )
        return [true[row] for row in rows], [pred[row] for row in rows]

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
        Si falta train, ese conjunto o la columna `label`.
    """
    names = _label_names(splits)
    _, train = _columns(splits, "train")
    most = int(np.bincount(train, minlength=len(names)).argmax())
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
        Si falta train o validation, o si train tiene una sola clase o ninguna palabra.
    """
    names = _label_names(splits)
    texts, train = _columns(splits, "train")
    labels = _truth(splits, "validation")
    if len(set(train)) < 2:
        raise TallerError(
            "En train hay textos de una sola clase: TF-IDF necesita ejemplos de dos por lo menos."
        )
    vectorizer = FeatureUnion([("words", _ngrams("word")), ("letters", _ngrams("char_wb"))])
    try:
        features = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise TallerError(
            f"De los textos de train no sale ninguna palabra ({error}): revisa la columna del "
            "texto."
        ) from None
    matrices = {which: vectorizer.transform(_columns(splits, which)[0]) for which in labels}
    best, chosen, settings = -1.0, None, {}
    for c, weights in product(C_VALUES, CLASS_WEIGHTS):  # de lo más simple a lo menos
        model = LinearSVC(C=c, class_weight=weights, random_state=seed, max_iter=5000)
        model.fit(features, train)
        value = score(labels["validation"], model.predict(matrices["validation"]))["macro_f1"]
        if value > best:
            best, chosen = value, model
            settings = {"C": c, "class_weight": weights, "validation_macro_f1": value}
    assert chosen is not None
    return Baseline(
        name="TF-IDF + lineal",
        predictions={which: chosen.predict(x).tolist() for which, x in matrices.items()},
        labels=labels,
        settings=settings | {"features": int(features.shape[1]), "seed": seed},
        label_names=names,
    )


def reader(own_labels: Mapping[str, str] | pd.DataFrame, splits: DatasetDict) -> Baseline | None:
    """La fila «tú»: las etiquetas que puso el participante, en los textos de test que leyó.

    Parameters
    ----------
    own_labels : mapping of str to str, or pandas.DataFrame
        Texto → etiqueta, o una tabla con las columnas `texto` y `etiqueta` (`mis_etiquetas.csv`).
        Lo que sigue vacío no cuenta; de un texto repetido vale la última etiqueta.
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
        Si a la tabla le falta una columna o una etiqueta no es una de las clases.
    """
    if isinstance(own_labels, pd.DataFrame):
        missing = [name for name in ("texto", "etiqueta") if name not in own_labels]
        if missing:
            raise TallerError(
                f"A tus etiquetas les falta la columna «{missing[0]}»: la tabla lleva `texto` y "
                "`etiqueta`."
            )
        pairs = list(zip(own_labels["texto"], own_labels["etiqueta"], strict=True))
    else:
        pairs = list(own_labels.items())
    own = {
        _key(text): label.strip()
        for text, label in pairs
        if isinstance(text, str) and isinstance(label, str) and label.strip()
    }
    names = _label_names(splits)
    texts, true = _columns(splits, "test")
    rows = [row for row, text in enumerate(texts) if _key(text) in own]
    if not rows:
        return None
    numbers = {name.casefold(): number for number, name in enumerate(names)}
    numbers |= {name: number for number, name in enumerate(names)}
    said = []
    for row in rows:
        label = own[_key(texts[row])]
        if label not in numbers and label.casefold() not in numbers:
            raise TallerError(
                f"Entre tus etiquetas está «{label}», que no es ninguna de las clases "
                f"{', '.join(names)}: corrígela."
            )
        said.append(numbers.get(label, numbers.get(label.casefold(), -1)))
    return Baseline(
        name="Tú",
        predictions={"test": said},
        labels={"test": [true[row] for row in rows]},
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
        Índice `name`; columnas `accuracy`, `balanced_accuracy`, `matthews_correlation`,
        `macro_f1` y `n`.

    Raises
    ------
    TallerError
        Si no hay filas o si dos no traen las mismas etiquetas reales.
    """
    if not entries:
        raise TallerError("No hay nada que comparar: pasa al menos una línea base o una corrida.")
    names = list(label_names)
    first, truth = "", None
    records = []
    for name, (true, pred) in entries.items():
        real = [names.index(y) if isinstance(y, str) and y in names else y for y in true]
        if truth is None:
            first, truth = name, real
        elif real != truth:
            raise TallerError(
                f"«{first}» y «{name}» no están medidas en los mismos textos ({len(truth)} y "
                f"{len(real)}): compáralas en los textos que comparten, en el mismo orden."
            )
        scores = score(true, pred, names)
        records.append({key: scores[key] for key in COMPARED} | {"n": len(real)})
    return pd.DataFrame(records, index=pd.Index(list(entries), name="name"))


def _ngrams(analyzer: str) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=(1, 2) if analyzer == "word" else (2, 5),
        token_pattern=r"\w+" if analyzer == "word" else None,  # también «a», «y», «o»
        lowercase=True,
        sublinear_tf=True,
        min_df=1,
        dtype=np.float32,
    )


def _label_names(splits: DatasetDict) -> list[str]:
    _columns(splits, "train")
    feature = splits["train"].features["label"]
    if not isinstance(feature, ClassLabel):
        raise TallerError(
            "La columna `label` no dice los nombres de las clases: carga los datos con "
            "`load_splits`."
        )
    return list(feature.names)


def _columns(splits: DatasetDict, split: str) -> tuple[list[str], list[int]]:
    if split not in splits:
        raise TallerError(f"Falta el conjunto `{split}`: carga los datos con `load_splits`.")
    missing = [name for name in ("text", "label") if name not in splits[split].column_names]
    if missing:
        raise TallerError(
            f"Al conjunto `{split}` le falta la columna `{missing[0]}`: carga los datos con "
            "`load_splits`."
        )
    return list(splits[split]["text"]), list(splits[split]["label"])


def _truth(splits: DatasetDict, needed: str) -> dict[str, list[int]]:
    """Las etiquetas reales de validation y test; `needed` tiene que estar."""
    _columns(splits, needed)
    return {w: _columns(splits, w)[1] for w in ("validation", "test") if w in splits}


def _key(text: str) -> str:
    """La forma en que dos copias de un texto son iguales: NFC, mayúsculas y espacios aparte."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
