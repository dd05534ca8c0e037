"""`taller_lib`: el taller de clasificación de textos sobre la imagen de México, en funciones delgadas.

Los nombres públicos se cargan cuando se usan (PEP 562): `import taller_lib` no importa torch,
transformers, scikit-learn, matplotlib ni pandas.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_ROOMS: dict[str, tuple[str, ...]] = {
    "catalogue": ("CATALOGUE",),
    "comparison": ("compare",),
    "config": ("WorkshopConfig",),
    "data": ("load_splits",),
    "environment": ("check_environment", "device_info", "welcome"),
    "errors": ("TallerError",),
    "evaluation": ("evaluate", "save_evaluation"),
    "explain": ("explain_best_epoch",),
    "inference": ("BatchClassifier", "classify_csv"),
    "labelling": ("sample_to_label",),
    "metrics": ("compute_metrics", "confidence_intervals", "score"),
    "models": ("load_model", "load_tokenizer", "propose_model"),
    "runs": ("list_runs", "load_run", "save_run"),
    "shares": ("estimate_shares",),
    "tokenization": ("tokenize",),
    "training": ("build_trainer", "training_arguments"),
    "workspace": ("ask_upload", "offer_download", "open_workspace", "start"),
}
_ROOM_OF = {name: f"taller_lib.{room}" for room, names in _ROOMS.items() for name in names}
_ROOM_OF["read_table"] = "taller_files.reading"
_MODULES = ("baselines", "labelling", "metrics", "plots", "revisa", "sample", "tokenization", "widgets")

__all__ = [*sorted(_ROOM_OF), *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        return getattr(importlib.import_module(_ROOM_OF[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"taller_lib.{name}")
    raise AttributeError(f"taller_lib no tiene «{name}»: mira los nombres con dir(taller_lib).")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
