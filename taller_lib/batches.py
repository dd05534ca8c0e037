"""Los lotes de una época repartidos entre varios procesos, con los textos agrupados por largo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


class SharedBatches(Sampler):
    """La parte de un proceso: entre todos, cada fila se ve una vez por época, y todos dan los mismos pasos.

    Todos sortean lo mismo: el generador depende solo de la semilla y de la época.

    Parameters
    ----------
    lengths : sequence of int
        Tokens de cada texto.
    batch_size : int
        Textos por lote en cada proceso.
    rank, world : int
        Qué proceso es este y cuántos hay.
    seed : int
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, rank: int, world: int, seed: int) -> None:
        self.lengths, self.rank, self.world, self.seed, self.epoch = lengths, rank, world, seed, 0
        self.together = batch_size * world

    def __len__(self) -> int:
        # al último lote le toca al menos una fila por proceso
        return min(-(-len(self.lengths) // self.together), len(self.lengths) // self.world)

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        order = torch.tensor(get_length_grouped_indices(self.lengths, self.together, generator=generator))
        for batch in torch.tensor_split(order, len(self)):
            yield batch[self.rank :: self.world].tolist()


class EpochLoader(DataLoader):
    """Un `DataLoader` de `SharedBatches` al que el `Trainer` le dice en qué época va."""

    batch_sampler: Any

    def set_epoch(self, epoch: int) -> None:
        """Cambia el sorteo."""
        self.batch_sampler.epoch = epoch
