"""Los entrenamientos de `check_corpus.py --full`: curvas de aprendizaje de TF-IDF y de colibri.

Cada entrenamiento va por el mismo camino que un cuaderno, en un espacio de trabajo temporal. Solo
cambia cuántos textos de train se usan: validación y prueba están completas.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

SUBSET_SEED = 0

Scorer = Callable[[Any, int, int | None], float]


def tfidf_f1(splits: Any, seed: int, epochs: int | None = None) -> float:
    """Macro F1 de TF-IDF en prueba."""
    from taller_lib.baselines import tfidf

    return tfidf(splits, seed=seed).scores("test")["macro_f1"]


def colibri_f1(splits: Any, seed: int, epochs: int | None = None) -> float:
    """Macro F1 de colibri en prueba, ajustado con la configuración del taller."""
    import taller_lib as taller

    config = taller.WorkshopConfig(model="colibri", seed=seed)
    if epochs is not None:
        config = config.replace(num_train_epochs=epochs)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, splits)
    tokenized = taller.tokenize(splits, tokenizer, config)
    with tempfile.TemporaryDirectory() as folder:
        trainer = taller.build_trainer(model, tokenizer, tokenized, config, taller.open_workspace(folder))
        trainer.train()
        return taller.evaluate(trainer, tokenized["test"]).scores["macro_f1"]


SCORERS: dict[str, Scorer] = {"TF-IDF": tfidf_f1, "colibri": colibri_f1}


def subset(splits: Any, size: int | None) -> Any:
    """Los mismos conjuntos con `size` textos de train, los primeros de un orden al azar fijo."""
    from datasets import DatasetDict

    train = splits["train"].shuffle(seed=SUBSET_SEED)
    if size is None or size >= len(train):
        return splits
    return DatasetDict({**splits, "train": train.select(range(size))})


def still_rises(curve: Sequence[float]) -> str:
    """«sí» si las dos últimas medidas promedian más que las dos anteriores."""
    if len(curve) < 4:
        return "no se sabe"
    return "sí" if statistics.mean(curve[-2:]) > statistics.mean(curve[-4:-2]) else "no"


def measure(
    splits: Any,
    sizes: Sequence[int | None],
    seeds: Sequence[int],
    epochs: int | None = None,
    scorers: dict[str, Scorer] | None = None,
) -> dict[str, pd.DataFrame]:
    """La curva de cada modelo con la primera semilla, y colibri en todo train con todas."""
    scorers = scorers or SCORERS
    total = len(splits["train"])
    rows: dict[str, dict[str, str]] = {}
    known: dict[str, float] = {}
    for name, scorer in scorers.items():
        curve = []
        for size in sizes:
            value = scorer(subset(splits, size), seeds[0], epochs)
            curve.append(value)
            if size is None or size >= total:
                known[name] = value
            print(f"{name}, {size or total} textos: {value:.3f}", flush=True)
        titles = [str(size or f"todo ({total})") for size in sizes]
        rows[name] = dict(zip(titles, (f"{value:.3f}" for value in curve), strict=True))
        rows[name]["sube al final"] = still_rises(curve)
    return {
        f"Macro F1 en prueba según los textos de train (semilla {seeds[0]}; sube al final: las dos "
        "últimas medidas promedian más que las dos anteriores)": pd.DataFrame.from_dict(rows, orient="index"),
        "Macro F1 en prueba con todo train": by_seed(splits, seeds, epochs, scorers, known),
    }


def by_seed(
    splits: Any,
    seeds: Sequence[int],
    epochs: int | None,
    scorers: dict[str, Scorer],
    known: dict[str, float],
) -> pd.DataFrame:
    """Cada modelo en todo train con cada semilla; `known` trae lo ya medido con la primera."""
    rows: dict[str, dict[str, str]] = {}
    for name, scorer in scorers.items():
        values = [
            known[name] if seed == seeds[0] and name in known else scorer(splits, seed, epochs) for seed in seeds
        ]
        rows[name] = {f"semilla {s}": f"{v:.3f}" for s, v in zip(seeds, values, strict=True)}
        rows[name]["media"] = f"{statistics.mean(values):.3f}"
        print(f"{name}, todo train: {', '.join(rows[name].values())}", flush=True)
    return pd.DataFrame.from_dict(rows, orient="index")
