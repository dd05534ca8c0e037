"""Los procesos que arrancó `accelerate launch`: cuántos son, cuál manda y cómo se reparten el trabajo.

Con un solo proceso, que es lo común, nada de esto hace nada.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from taller_files.errors import TallerError

T = TypeVar("T")


def count() -> int:
    """Cuántos procesos hay."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Qué número es este; el 0 es el único que escribe y que habla."""
    return int(os.environ.get("RANK", "0")) if count() > 1 else 0


def check_rows(rows: int, what: str) -> None:
    """Se queja en una frase si hay más procesos que filas."""
    if rows < count():
        raise TallerError(f"{what} tiene {rows} filas y hay {count()} procesos: usa --num_processes {max(1, rows)}.")


def share(size: int, what: str) -> int:
    """Lo que le toca a cada proceso de `size`, que se reparte por igual; se queja si no se puede."""
    if size % count():
        raise TallerError(
            f"{what} vale {size} y no se reparte entre {count()} procesos: que sea un múltiplo de {count()}."
        )
    return size // count()


def _connect() -> None:
    import torch
    from accelerate import PartialState

    PartialState(cpu=not torch.cuda.is_available())


def wait() -> None:
    """Espera a que todos lleguen aquí."""
    if count() > 1:
        from accelerate import PartialState

        PartialState().wait_for_everyone()


def from_first(compute: Callable[[], T]) -> T:
    """Lo que `compute` da en el proceso 0, que es el único que la llama, en todos."""
    if count() == 1:
        return compute()
    _connect()
    from accelerate.utils import broadcast_object_list

    return broadcast_object_list([compute() if rank() == 0 else None])[0]


def in_shares(function: Callable[[list[Any]], dict[str, list[Any]]], cells: list[Any]) -> dict[str, list[Any]]:
    """`function(cells)` con las celdas repartidas entre los procesos; en todos, el resultado entero y en orden."""
    if count() == 1:
        return function(cells)
    _connect()
    from accelerate.utils import gather_object

    shares = gather_object([function(cells[rank() :: count()])])
    columns: dict[str, list[Any]] = {name: [None] * len(cells) for name in shares[0]}
    for number, share in enumerate(shares):
        for name, answers in share.items():
            columns[name][number :: count()] = answers
    return columns
