"""La huella de una corrida: dos con la misma configuración y los mismos datos tienen la misma."""

from __future__ import annotations

import hashlib
import json

from datasets import DatasetDict

from taller_lib.config import WorkshopConfig


def fingerprint(config: WorkshopConfig, splits: DatasetDict) -> str:
    """``<configuración>-<datos>``: los datos son los textos y etiquetas de train y validation."""
    settings = hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode())
    data = hashlib.sha256()
    for name in ("train", "validation"):
        for text, label in zip(splits[name]["text"], splits[name]["label"], strict=True):
            data.update(f"{label}\x1f{text}\x1e".encode("utf-8", "surrogatepass"))
    return f"{settings.hexdigest()[:16]}-{data.hexdigest()[:16]}"
