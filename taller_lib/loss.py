"""La pérdida que se entrena: entropía cruzada, con pesos de clase o sin ellos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def class_weights(labels: Sequence[int], num_labels: int) -> Tensor:
    """Pesos de clase inversos a su frecuencia, con media 1 sobre los textos de train.

    Es el ``"balanced"`` de scikit-learn: n / (clases × textos de la clase).
    """
    counts = torch.bincount(torch.as_tensor(labels), minlength=num_labels).clamp(min=1)
    return len(labels) / (num_labels * counts.float())


class MeanLoss:
    """La entropía cruzada media sobre el lote efectivo.

    Divide entre los textos del lote efectivo, no entre los de cada porción: acumular gradiente no
    cambia ni la pérdida ni el paso.
    """

    def __init__(self, weights: Tensor | None = None) -> None:
        self.weights = weights

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        logits = outputs.logits
        weights = None if self.weights is None else self.weights.to(logits)
        total = cross_entropy(logits, labels, weight=weights, reduction="sum")
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)
