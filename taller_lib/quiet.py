"""Callar las barras y los avisos en inglés de las bibliotecas mientras hacen lo que se les pidió."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import datasets
import transformers


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Sin barras de `datasets` y `transformers`, avisos de `transformers` ni `FutureWarning`; luego, todo como estaba."""
    with contextlib.ExitStack() as restore:
        restore.enter_context(warnings.catch_warnings(action="ignore", category=FutureWarning))
        restore.callback(transformers.logging.set_verbosity, transformers.logging.get_verbosity())
        transformers.logging.set_verbosity_error()
        for library in (transformers.logging, datasets.utils.logging):
            if library.is_progress_bar_enabled():
                restore.callback(library.enable_progress_bar)
                library.disable_progress_bar()
        yield
