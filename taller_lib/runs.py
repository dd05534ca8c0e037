"""Las corridas: una carpeta por entrenamiento, con todo lo necesario para volver a usarlo."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import os
import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from taller_files.reading import read_table
from taller_files.writing import StrPath, read_object, save_figure, saying_full_disk, unused, write_json
from taller_lib._paths import SAMPLE_DATA
from taller_lib.checkpoints import save_state
from taller_lib.config import WorkshopConfig
from taller_lib.environment import device_info
from taller_lib.errors import TallerError
from taller_lib.metrics import bounds, confusion, score
from taller_lib.model_card import write_model_card
from taller_lib.plots import plot_training
from taller_lib.prediction import prediction_table, read_predictions, write_predictions
from taller_lib.quiet import quiet
from taller_lib.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from taller_lib.training import WorkshopTrainer

RECORD = "run.json"
CHECKPOINTS = "checkpoints"
HISTORY = "history.json"
PREDICTED = {"validation": "validation.csv", "test": "predictions.csv"}
DOUBT_PERCENTILE = 20
RANKED = ("macro_f1", "balanced_accuracy", "matthews_correlation", "accuracy")
ENDS = ("macro_f1_low", "macro_f1_high")
_PACKAGES = ("taller-lib", "torch", "transformers", "datasets", "tokenizers", "accelerate")


@dataclasses.dataclass(frozen=True)
class Run:
    """Una corrida terminada.

    Attributes
    ----------
    path : Path
        Su carpeta. Se puede abrir sin `taller_lib`:
        ``AutoModelForSequenceClassification.from_pretrained(run.path)``.
    record : dict
        Lo que dice `run.json`: configuración, datos, épocas, métricas de validación, versiones.
    """

    path: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """Nombre de la carpeta."""
        return self.path.name

    @property
    def config(self) -> WorkshopConfig:
        """La configuración con que se entrenó."""
        return WorkshopConfig.from_dict(self.record["config"], origin=str(self.path / RECORD))

    @property
    def label_names(self) -> list[str]:
        """Las clases, en el orden de sus números."""
        return list(self.record["label_names"])

    @property
    def warning(self) -> str:
        """Una frase si la corrida aprendió de los datos de ejemplo; vacía si no."""
        if not self.record.get("sample_data"):
            return ""
        return (
            "Aviso: esta corrida aprendió de los datos de ejemplo, que son textos inventados. "
            "Lo que diga de tus textos no mide nada real: entrénala antes con textos tuyos."
        )

    @property
    def comparison(self) -> pd.DataFrame:
        """La tabla de prueba que guardó `save_evaluation`: las líneas base y la corrida."""
        return pd.DataFrame.from_dict(self.record.get("comparison", {}), orient="index")

    @functools.cached_property
    def model(self) -> PreTrainedModel:
        """La red, en la GPU si la hay."""
        with quiet():
            model = AutoModelForSequenceClassification.from_pretrained(
                self.path, local_files_only=True, trust_remote_code=False, dtype=torch.float32
            )
        return model.to("cuda" if device_info().kind == "cuda" else "cpu")

    @functools.cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Su tokenizador."""
        return AutoTokenizer.from_pretrained(self.path, local_files_only=True, trust_remote_code=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Run, (self.path, self.record)


def new_run_path(runs: Path, model: str) -> Path:
    """Una carpeta que todavía no existe: modelo, día y hora."""
    short = re.sub(r"[^\w.-]+", "-", model.rstrip("/").rsplit("/", 1)[-1])[:40]
    stem = f"{short}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    return unused(runs, stem)


def read_record(path: Path) -> dict[str, Any]:
    """El `run.json` de una carpeta; vacío si no lo hay o no se puede leer."""
    return read_object(path / RECORD)


def write_record(path: Path, **fields: Any) -> dict[str, Any]:
    """Añade campos al `run.json` de una carpeta y devuelve el resultado."""
    record = {**read_record(path), **fields}
    write_json(path / RECORD, record)
    return record


def find_resumable(runs: Path, fingerprint: str) -> Path | None:
    """La corrida más reciente con esa configuración y esos datos, terminada o no."""
    same = [path for path in runs.glob("*/") if read_record(path).get("fingerprint") == fingerprint]
    return max(same, key=lambda folder: (folder / RECORD).stat().st_mtime, default=None)


def save_run(trainer: WorkshopTrainer, config: WorkshopConfig, workspace: Workspace | StrPath | None = None) -> Run:
    """Guarda la mejor época y todo lo que hace falta para usarla y para contarla.

    Escribe el modelo y el tokenizador (formato de `transformers`), la historia, las predicciones de
    validación (`validation.csv`), la curva, la ficha del modelo (`README.md`) y `run.json`; después
    borra los estados intermedios. Llamarla dos veces da la misma corrida.

    Parameters
    ----------
    trainer : WorkshopTrainer
        Ya entrenado.
    config : WorkshopConfig
        La configuración con que se armó.
    workspace : Workspace or path, optional
        Por defecto, el espacio de trabajo en que se entrenó.

    Raises
    ------
    TallerError
        Si no ha terminado ninguna época, o si `config` no es la del entrenamiento.
    """
    if trainer.best_epoch is None:
        raise TallerError("Todavía no termina ninguna época: ejecuta trainer.train() antes de guardar.")
    _check_same(trainer.config, config.resolved())
    path = trainer.run_path
    if workspace is not None:
        path = open_workspace(workspace).runs / trainer.run_path.name
    if read_record(path).get("state") == "finished":
        return load_run(path)
    validation: Any = trainer.eval_dataset
    names = validation.features["label"].names
    with saying_full_disk(path):
        _save_model(trainer, path)
        write_json(path / HISTORY, trainer.state.log_history)
        save_state(trainer.state, path)
        table = prediction_table(trainer.model, trainer.processing_class, validation)
        write_predictions(path / PREDICTED["validation"], table)
        figure = plot_training(trainer.state.log_history, best_epoch=trainer.best_epoch)
        save_figure(figure, path / "figures" / "training.png")
    entry = (table["label"].tolist(), table["prediction"].tolist())
    record = write_record(
        path,
        state="finished",
        fingerprint=trainer.fingerprint,
        created=datetime.datetime.now().isoformat(timespec="seconds"),
        config=trainer.config.to_dict(),
        label_names=names,
        rows={"train": len(trainer.train_dataset), "validation": len(validation)},
        epochs=int((trainer.state.epoch or 0) + 1e-6),
        best_epoch=trainer.best_epoch,
        interrupted=trainer.interrupted,
        validation=score(*entry, names),
        validation_intervals=bounds(*entry, names),
        doubt_threshold=float(np.percentile(table["confidence"], DOUBT_PERCENTILE)),
        test_evaluations=0,
        sample_data=_is_sample(trainer.train_dataset),
        device=str(device_info()),
        versions={package: _version(package) for package in _PACKAGES},
    )
    write_model_card(path, record)
    shutil.rmtree(trainer.run_path / CHECKPOINTS, ignore_errors=True)
    return Run(path, record)


def _check_same(trained: WorkshopConfig, given: WorkshopConfig) -> None:
    before, now = trained.to_dict(), given.to_dict()
    changed = [name for name in before if before[name] != now[name]]
    if changed:
        raise TallerError(
            f"La configuración cambió después de armar el Trainer ({', '.join(changed)}): "
            "guarda con `trainer.config`, o arma y entrena otra vez."
        )


def _save_model(trainer: WorkshopTrainer, path: Path) -> None:
    """Escribe aparte y pone cada archivo en su lugar cuando todos están enteros."""
    temporary = path / ".guardando"
    temporary.mkdir(parents=True, exist_ok=True)
    if hasattr(trainer.model, "merge_and_unload"):  # LoRA: los adaptadores se suman a los pesos
        trainer.model = trainer.model.merge_and_unload()
    with quiet():
        trainer.model.save_pretrained(temporary)
        trainer.processing_class.save_pretrained(temporary)
    for file in temporary.iterdir():
        os.replace(file, path / file.name)
    temporary.rmdir()


def _version(package: str) -> str:
    with contextlib.suppress(ImportError):
        return version(package)
    return ""


def _is_sample(train: Dataset) -> bool:
    sample = set(read_table(SAMPLE_DATA / "imagen_mexico_train.csv").frame["texto"])
    texts = train["text"]
    return sum(text in sample for text in texts) > len(texts) / 2


def load_run(path: Run | StrPath) -> Run:
    """Abre una corrida guardada con `save_run`.

    Parameters
    ----------
    path : Run or path
        Su carpeta, o su nombre dentro del espacio de trabajo. Una corrida ya abierta se devuelve igual.

    Raises
    ------
    TallerError
        Si no existe, no terminó o le faltan archivos.
    """
    if isinstance(path, Run):
        return path
    folder = Path(path)
    if not folder.is_dir() and len(folder.parts) == 1:
        folder = open_workspace().runs / folder
    if not folder.is_dir():
        raise TallerError(f"No existe la carpeta de la corrida {path}: mira las que hay con taller.list_runs().")
    record = read_record(folder)
    if not record:
        raise TallerError(f"{folder} no es la carpeta de una corrida: no tiene un {RECORD} legible.")
    if record.get("state") != "finished":
        raise TallerError(
            f"La corrida {folder.name} no se ha guardado: termina la fase 4 "
            "(build_trainer con resume=True sigue donde quedó, y save_run la guarda)."
        )
    missing = [n for n in ("config.json", "model.safetensors") if not (folder / n).is_file()]
    if missing:
        raise TallerError(
            f"A la corrida {folder.name} le falta {missing[0]}: vuelve a copiar la carpeta completa o entrena otra vez."
        )
    return Run(folder.resolve(), record)


def saved_predictions(run: Run, split: str = "validation") -> pd.DataFrame:
    """Las predicciones guardadas de una corrida: `text`, `label`, `prediction`, `confidence`…

    Raises
    ------
    TallerError
        Si falta el archivo: `save_run` escribe el de validación y `save_evaluation` el de prueba.
    """
    path = run.path / PREDICTED[split]
    if not path.is_file():
        advice = "evalúala en la fase 5" if split == "test" else "vuelve a copiar la carpeta completa"
        raise TallerError(f"La corrida {run.name} no tiene {path.name}: {advice}.")
    return read_predictions(path)


def confusion_of(run: Run, split: str = "validation") -> pd.DataFrame:
    """La matriz de confusión (`metrics.confusion`) de las predicciones guardadas de una corrida."""
    answers = saved_predictions(run, split)
    return confusion(answers["label"].tolist(), answers["prediction"].tolist(), run.label_names)


def list_runs(workspace: Workspace | StrPath | None = None) -> pd.DataFrame:
    """Las corridas del espacio de trabajo, de mejor a peor macro F1 en **validación**.

    Returns
    -------
    DataFrame
        Índice `run`; columnas `model`, `macro_f1` (y los extremos de su intervalo), `balanced_accuracy`, `matthews_correlation`,
        `accuracy` (todas de validación), `best_epoch`, `epochs`, `train_rows`, `class_weights`, `seed`, `created`,
        `data` (las que comparten esta clave se entrenaron con los mismos textos) y
        `test_evaluations`. Sin corridas, vacía. Las que no terminaron no aparecen.
    """
    runs = open_workspace(workspace).runs
    records = {folder.name: read_record(folder) for folder in sorted(runs.glob("*/"))}
    finished = {
        name: record
        for name, record in records.items()
        if record.get("state") == "finished" and "fingerprint" in record
    }
    rows = [
        {
            "model": record["config"]["model"],
            **{metric: record["validation"][metric] for metric in RANKED},
            **{end: record.get("validation_intervals", {}).get(end) for end in ENDS},
            **{name: record[name] for name in ("best_epoch", "epochs", "created", "test_evaluations")},
            **{name: record["config"][name] for name in ("class_weights", "seed")},
            "train_rows": record["rows"]["train"],
            "data": record["fingerprint"].partition("-")[2][:6],
        }
        for record in finished.values()
    ]
    columns = ["model", "macro_f1", *ENDS, *RANKED[1:], "best_epoch", "epochs", "train_rows", "class_weights", "seed"]
    columns += ["created", "data", "test_evaluations"]
    table = pd.DataFrame(rows, index=pd.Index(list(finished), name="run", dtype=object), columns=columns)
    return table.sort_values("macro_f1", ascending=False, kind="stable")
