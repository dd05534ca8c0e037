"""Callar las barras y los avisos en inglés de las bibliotecas mientras hacen lo que se les pidió."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import datasets
import transformers


@contextmanager
def quiet() -> Iterator[None]:
    """Sin barras de `datasets` y `transformers` ni avisos de `transformers`; luego, todo como estaba."""
    verbosity = transformers.logging.get_verbosity()
    datasets_bars = datasets.utils.logging.is_progress_bar_enabled()
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(verbosity)
        if bars:
            transformers.utils.logging.enable_progress_bar()
        if datasets_bars:
            datasets.enable_progress_bars()
