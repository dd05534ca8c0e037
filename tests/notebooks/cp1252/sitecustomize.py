"""Un Python cuya codificación por omisión es cp1252, como en Windows: va en PYTHONPATH.

Un `open` de texto que no dice su codificación escribe y lee cp1252, en cualquier sistema.
"""

import builtins
import io

_open = io.open


def _open_as_in_windows(file, mode="r", buffering=-1, encoding=None, *rest, **options):
    if "b" not in mode and encoding in (None, "locale"):
        encoding = "cp1252"
    return _open(file, mode, buffering, encoding, *rest, **options)


builtins.open = io.open = _open_as_in_windows
