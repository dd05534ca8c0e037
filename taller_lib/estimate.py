"""Cuánto tardará una época en este equipo, medido en unos pocos pasos."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from datasets import DatasetDict
from transformers import DataCollatorWithPadding, PreTrainedModel, PreTrainedTokenizerBase

from taller_lib.config import WorkshopConfig
from taller_lib.prediction import model_inputs

STEPS = 6


def epoch_seconds(elapsed: float, steps: int, lengths: Sequence[int], batch_size: int) -> float:
    """Segundos por época, por lo que tardaron los primeros pasos de un entrenamiento agrupado por largo.

    Esos pasos traen los textos más largos de su grupo (`get_length_grouped_indices`): se cuenta por tokens.
    """
    longest = np.sort(lengths)[::-1]
    group = batch_size * max(1, min(len(longest) // (4 * batch_size), 50))
    whole, rest = divmod(min(steps * batch_size, len(longest)), group)
    first = longest[: max(1, round(len(longest) * rest / group))]
    return elapsed * longest.sum() / (whole * group * longest.mean() + rest * first.mean())


def seconds_per_epoch(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tokenized: DatasetDict, config: WorkshopConfig
) -> float:
    """Segundos por época, sin contar la evaluación.

    Mide pasos de entrenamiento con lotes de largos distintos, repartidos como en los datos, y
    extrapola. El modelo no cambia: no se da ningún paso de optimización.
    """
    train, batch_size = tokenized["train"], config.resolved().batch_size or 1
    order = np.argsort([len(ids) for ids in train["input_ids"]], kind="stable")
    batches = np.array_split(order, max(1, round(len(order) / batch_size)))
    chosen = [batches[int(place)] for place in np.linspace(0, len(batches) - 1, STEPS)]
    columns = [*model_inputs(tokenizer, train.column_names), "label"]
    collate = DataCollatorWithPadding(tokenizer)
    model.train()
    times = []
    for rows in [chosen[-1], *chosen]:  # el primero calienta: aparta la memoria que pide el más largo
        start = time.perf_counter()
        batch = collate(train.select(rows).select_columns(columns).to_list())
        model(**{name: tensor.to(model.device) for name, tensor in batch.items()}).loss.backward()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    model.zero_grad(set_to_none=True)
    return float(np.mean(times[1:])) * len(batches)
