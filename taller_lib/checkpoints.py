"""Los estados a medio entrenar que el `Trainer` deja en disco: cuál está entero y cuál sobra.

El `Trainer` guarda en una carpeta `checkpoint-<paso>` sin atomicidad: una interrupción a media
escritura deja una carpeta incompleta con el número más alto, que es la que él elegiría.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PureWindowsPath
from typing import Any

from taller_files.writing import read_object, replacing, write_text

STATE = "trainer_state.json"
MARKER = "complete.json"
OPTIMIZER_FILES = ("optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state*.pth")
_NEEDED = ("optimizer.pt", "scheduler.pt", "rng_state*.pth", "*.safetensors")


def _step(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def _newest_first(output_dir: Path) -> list[Path]:
    folders = [path for path in output_dir.glob("checkpoint-*") if path.is_dir()]
    return sorted(folders, key=_step, reverse=True)


def read_state(folder: Path) -> dict[str, Any] | None:
    """El `trainer_state.json` de la carpeta; `None` si falta o está cortado."""
    return read_object(folder / STATE) or None


def _sizes(folder: Path) -> dict[str, int]:
    files = [path for path in folder.iterdir() if path.is_file() and path.name != MARKER]
    return {path.name: path.stat().st_size for path in files}


def mark_complete(folder: Path) -> None:
    """Anota el tamaño de cada archivo de una carpeta recién guardada."""
    write_text(folder / MARKER, json.dumps(_sizes(folder)))


def save_state(state: Any, folder: Path) -> None:
    """Escribe `trainer_state.json` en la carpeta, entero o nada."""
    with replacing(folder / STATE) as new:
        state.save_to_json(str(new))


def is_complete(folder: Path) -> bool:
    """¿Se puede reanudar desde aquí con exactitud?

    Pide el estado legible y de ese paso, los pesos, el optimizador, el calendario y los generadores
    aleatorios; y, si la carpeta alcanzó a marcarse, los tamaños anotados.
    """
    state = read_state(folder) or {}
    needed = all(any(folder.glob(pattern)) for pattern in _NEEDED)
    if not needed or state.get("global_step") != _step(folder):
        return False
    try:
        noted = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return True
    return noted.items() <= _sizes(folder).items()


def last_complete(output_dir: Path) -> Path | None:
    """La carpeta entera más reciente; borra las más nuevas que quedaron a medias.

    También corrige la ruta de la mejor época que el estado recuerda, por si el espacio de trabajo
    cambió de lugar.
    """
    for folder in _newest_first(output_dir):
        if is_complete(folder):
            _relocate_best(folder)
            return folder
        if not _is_only_weights(folder):
            shutil.rmtree(folder)
    return None


def _is_only_weights(folder: Path) -> bool:
    """La mejor época, a la que `keep_one_resumable` ya quitó el optimizador."""
    return (folder / MARKER).is_file() and read_state(folder) is not None


def _relocate_best(folder: Path) -> None:
    state = read_state(folder) or {}
    best = state.get("best_model_checkpoint") or ""
    # la ruta pudo escribirse en otro sistema operativo: PureWindowsPath entiende las dos barras
    moved = folder.parent / PureWindowsPath(best).name
    if best and not Path(best).is_dir() and moved.is_dir():
        state["best_model_checkpoint"] = str(moved)
        write_text(folder / STATE, json.dumps(state, indent=2))
        mark_complete(folder)


def keep_one_resumable(output_dir: Path, keep: Path | None) -> None:
    """Quita el optimizador y los generadores de todas las carpetas menos `keep`."""
    for folder in _newest_first(output_dir):
        extra = [path for pattern in OPTIMIZER_FILES for path in folder.glob(pattern)]
        if extra and folder != keep:
            for path in extra:
                path.unlink()
            mark_complete(folder)


def discard_incomplete(output_dir: Path) -> None:
    """Borra lo que dejó a medias un guardado fallido (por ejemplo, con el disco lleno)."""
    for folder in _newest_first(output_dir):
        if not is_complete(folder) and not _is_only_weights(folder):
            shutil.rmtree(folder, ignore_errors=True)


def stopped_early(state: dict[str, Any]) -> bool:
    """¿El contador de paciencia de este estado ya había agotado la detención temprana?"""
    saved = state.get("stateful_callbacks", {}).get("EarlyStoppingCallback")
    if not isinstance(saved, dict):
        return False
    patience = saved.get("args", {}).get("early_stopping_patience", 0)
    counter = saved.get("attributes", {}).get("early_stopping_patience_counter", 0)
    return patience > 0 and counter >= patience
