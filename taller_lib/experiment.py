"""El camino entero de una corrida, de los datos del espacio de trabajo a su carpeta."""

from __future__ import annotations

import shutil
from typing import Any

from taller_lib.callbacks import ProgressReport, TrainingMonitor
from taller_lib.config import WorkshopConfig
from taller_lib.data import load_splits
from taller_lib.errors import TallerError
from taller_lib.models import load_model, load_tokenizer
from taller_lib.runs import Run, save_run
from taller_lib.tokenization import tokenize
from taller_lib.training import build_trainer
from taller_lib.workspace import Workspace


def train_run(config: WorkshopConfig, workspace: Workspace, progress: Any = None, curve: Any = None) -> Run:
    """Lee los datos, carga el modelo, entrena y guarda la mejor época: las fases 3 y 4 seguidas.

    Parameters
    ----------
    config : WorkshopConfig
    workspace : Workspace
    progress, curve : object, optional
        Dónde se ven el avance y la curva, en lugar de la salida de la celda: algo con `update(contenido)`.

    Raises
    ------
    TallerError
        Lo que impida leer los datos, cargar el modelo o terminar una época.
    """
    splits, report = load_splits(**workspace.data_files(), config=config)  # type: ignore[arg-type]
    for problem in report.problems:
        print(problem.message)
    tokenizer, model = load_tokenizer(config), load_model(config, splits)
    trainer = build_trainer(model, tokenizer, tokenize(splits, tokenizer, config), config, workspace)
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, ProgressReport | TrainingMonitor):
            callback.screen = progress if isinstance(callback, ProgressReport) else curve
    trainer.train()
    if trainer.best_epoch is None:
        shutil.rmtree(trainer.run_path, ignore_errors=True)
        raise TallerError(
            "Te detuviste antes de terminar la primera época: no hay nada que guardar. Puedes entrenar otra vez."
        )
    return save_run(trainer, config)
