"""El entrenamiento: un `transformers.Trainer` con lo que un taller necesita para no perder nada."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import Dataset, DatasetDict
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer
from transformers.trainer_utils import PredictionOutput, TrainOutput

from taller_files import processes
from taller_files.disk import folder_size, free_space
from taller_files.progress import say
from taller_files.writing import StrPath, saying_full_disk
from taller_lib import checkpoints
from taller_lib.arguments import activation_bytes, per_device_batch_size, training_arguments
from taller_lib.batches import EpochLoader, SharedBatches
from taller_lib.callbacks import CheckpointKeeper, ProgressReport, TrainingMonitor
from taller_lib.config import WorkshopConfig
from taller_lib.environment import precision
from taller_lib.errors import TallerError
from taller_lib.fingerprint import fingerprint
from taller_lib.loss import MeanLoss, class_weights
from taller_lib.metrics import compute_metrics
from taller_lib.prediction import is_out_of_memory, model_inputs
from taller_lib.quiet import quiet
from taller_lib.runs import CHECKPOINTS, find_resumable, load_run, new_run_path, write_record
from taller_lib.tokenization import check_tokenized
from taller_lib.workspace import Workspace, open_workspace

PEAK_WEIGHTS = 7.2


class WorkshopTrainer(Trainer):
    """Un `Trainer` cuyo `train()` reanuda, sobrevive a la falta de memoria y a ■.

    Todo lo demás (`evaluate`, `predict`, `state.log_history`…) es el de `transformers`.

    Attributes
    ----------
    run_path : Path
        Carpeta de la corrida en el espacio de trabajo.
    config : WorkshopConfig
        La configuración, con los valores del catálogo ya puestos.
    interrupted : bool
        `True` si se detuvo a mano.
    """

    model: PreTrainedModel
    processing_class: PreTrainedTokenizerBase
    train_dataset: Dataset
    eval_dataset: Dataset
    run_path: Path
    config: WorkshopConfig
    resume: bool
    fingerprint: str
    interrupted: bool = False

    @property
    def output_dir(self) -> Path:
        """Carpeta de los estados intermedios."""
        return Path(self.args.output_dir or ".")

    @property
    def best_epoch(self) -> int | None:
        """Época que se conserva: la de mejor macro F1 en validación; la primera, si empatan."""
        scores = [entry for entry in self.state.log_history if "eval_macro_f1" in entry]
        if not scores or self.state.best_model_checkpoint is None:
            return None
        kept = str(self.state.best_model_checkpoint)
        saved = [entry for entry in scores if kept.endswith(f"-{entry['step']}")]
        best = max(saved or scores, key=lambda entry: entry["eval_macro_f1"])
        return round(best["epoch"])

    def train(self, *args: Any, **kwargs: Any) -> TrainOutput:
        """Entrena y deja en `model` la mejor época.

        Reanuda desde la última época terminada si se pidió `resume=True` o si ya se había detenido.
        Con ■ (`KeyboardInterrupt`) vuelve con la mejor época hasta ese momento. Si la GPU se queda
        sin memoria, parte el lote a la mitad, dobla la acumulación y sigue.

        Raises
        ------
        TallerError
            Si no hay disco suficiente, si se llena, o si ni un solo texto cabe en la memoria.
        """
        self.interrupted = False
        if self.resume and checkpoints.read_state(self.run_path) is not None:
            return self._load_finished(self.run_path)
        resume = self.resume
        checkpoint = processes.from_first(lambda: checkpoints.last_complete(self.output_dir) if resume else None)
        if checkpoint and self._had_stopped(checkpoint):
            return self._finish(self._load_finished(checkpoint))
        if self.is_world_process_zero():
            self._check_disk()
            write_record(self.run_path, state="training", fingerprint=self.fingerprint)
        initial = {k: v.detach().cpu().clone() for k, v in self.model.state_dict().items()}
        self.resume = True
        while True:
            if checkpoint is None:
                self.optimizer, self.lr_scheduler = None, None
                transformers.set_seed(self.args.seed)
            try:
                path = str(checkpoint) if checkpoint else None
                with quiet(), saying_full_disk(self.run_path):
                    return self._finish(super().train(resume_from_checkpoint=path))
            except KeyboardInterrupt:
                return self._stop_by_hand(initial)
            except Exception as error:
                if not is_out_of_memory(error) or processes.count() > 1:
                    self._keep_best(initial)
                    raise
            # fuera del except: su traza retiene los tensores que no cupieron
            self._halve_batch()
            checkpoint = checkpoints.last_complete(self.output_dir)
            if checkpoint is None:
                self.model.load_state_dict(initial)

    def get_train_dataloader(self) -> DataLoader:
        """El de siempre; con varios procesos, el que reparte los lotes sin repetir ni perder filas."""
        if processes.count() == 1:
            return super().get_train_dataloader()
        data = self.train_dataset
        data = data.select_columns([*model_inputs(self.processing_class, data.column_names), "label"])
        lengths = [len(ids) for ids in data["input_ids"]]
        each = self.args.train_batch_size
        batches = SharedBatches(lengths, each, processes.rank(), processes.count(), self.args.seed)
        return EpochLoader(data, batch_sampler=batches, collate_fn=self.data_collator)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """La evaluación de siempre; si la memoria no alcanza, con lotes a la mitad."""
        while True:
            try:
                return super().evaluate(*args, **kwargs)
            except RuntimeError as error:
                if not is_out_of_memory(error) or self.args.per_device_eval_batch_size == 1:
                    raise
            self.args.per_device_eval_batch_size //= 2

    def predict(self, *args: Any, **kwargs: Any) -> PredictionOutput:
        """La predicción de siempre, en el orden de los textos (agrupados por largo se barajarían)."""
        strategy = self.args.train_sampling_strategy
        self.args.train_sampling_strategy = "random"
        try:
            return super().predict(*args, **kwargs)
        finally:
            self.args.train_sampling_strategy = strategy

    def _had_stopped(self, checkpoint: Path) -> bool:
        state = checkpoints.read_state(checkpoint) or {}
        done = round(state.get("epoch") or 0) >= self.args.num_train_epochs
        return done or checkpoints.stopped_early(state)

    def _load_finished(self, folder: Path) -> TrainOutput:
        """Recupera una corrida que ya había terminado, sin entrenar nada."""
        self.state = transformers.TrainerState.load_from_json(str(folder / checkpoints.STATE))
        best = self.output_dir / Path(self.state.best_model_checkpoint or "").name
        if best.is_dir():
            self.state.best_model_checkpoint = str(best)
            self._load_best_model()
        else:
            self.model = self.model_wrapped = load_run(self.run_path).model
            with contextlib.suppress(OSError):
                self.output_dir.rmdir()
        say("Esta corrida ya había terminado: se recupera su mejor época sin entrenar de nuevo.")
        return TrainOutput(self.state.global_step, float("nan"), {})

    def _finish(self, output: TrainOutput) -> TrainOutput:
        processes.wait()  # nadie lee ya los estados intermedios
        if self.is_world_process_zero():
            checkpoints.save_state(self.state, self.run_path)
            checkpoints.keep_one_resumable(self.output_dir, None)
        return output

    def _keep_best(self, initial: dict[str, torch.Tensor]) -> bool:
        """Vuelve a los mejores pesos guardados enteros, o a los iniciales; ¿hay época que conservar?"""
        checkpoints.discard_incomplete(self.output_dir)
        if not Path(self.state.best_model_checkpoint or "").is_dir():  # falló mientras se guardaba
            last = checkpoints.last_complete(self.output_dir)
            state = checkpoints.read_state(last) if last else None
            self.state.best_model_checkpoint = (state or {}).get("best_model_checkpoint")
        if self.state.best_model_checkpoint:
            self._load_best_model()
        else:
            self.model.load_state_dict(initial)
        return self.state.best_model_checkpoint is not None

    def _stop_by_hand(self, initial: dict[str, torch.Tensor]) -> TrainOutput:
        self.interrupted = True
        for callback in self.callback_handler.callbacks:
            if isinstance(callback, ProgressReport):
                callback.close()
        kept = self._keep_best(initial)
        say(
            f"Te detuviste en la época {int(self.state.epoch or 0) + 1}: te quedas con la mejor hasta aquí, "
            f"la {self.best_epoch}. Si vuelves a llamar a train(), sigue desde la última época terminada."
            if kept
            else "Te detuviste antes de terminar la primera época: todavía no hay un modelo que guardar."
        )
        return TrainOutput(self.state.global_step, float("nan"), {})

    def _halve_batch(self) -> None:
        args = self.args
        per_device = args.per_device_train_batch_size
        if per_device == 1:
            raise TallerError(
                f"La memoria no alcanza ni para un texto a la vez con «{self.config.model}»: "
                'baja max_length, congela capas (freeze_layers) o elige un modelo más pequeño (model="colibri").'
            )
        smaller = next(size for size in range(per_device // 2, 0, -1) if per_device % size == 0)
        factor = per_device // smaller
        args.per_device_train_batch_size = smaller
        args.gradient_accumulation_steps *= factor
        args.per_device_eval_batch_size = max(1, args.per_device_eval_batch_size // factor)
        self._train_batch_size = args.train_batch_size
        self.optimizer, self.lr_scheduler = None, None
        self.model.zero_grad(set_to_none=True)
        self.accelerator.free_memory()
        self.model_wrapped = self.model
        gc.collect()
        torch.cuda.empty_cache()
        say(
            f"La memoria no alcanzó: ahora caben {smaller} textos a la vez y se juntan {args.gradient_accumulation_steps} "
            f"veces antes de cada paso. El lote efectivo sigue siendo de {self.config.batch_size}."
        )

    def _check_disk(self) -> None:
        weights = sum(p.numel() * p.element_size() for p in self.model.parameters())
        needed = PEAK_WEIGHTS * weights + 20e6 - folder_size(self.run_path)
        runs, free = self.run_path.parent, free_space(self.run_path.resolve())
        need = f"Entrenar «{self.config.model}» ocupa hasta {needed / 1e9:.1f} GB de disco y en {runs} quedan {free / 1e9:.1f} GB"
        if free < needed:
            raise TallerError(f"{need}: libera espacio (borra corridas viejas) o usa otra carpeta.")
        say(f"{need}; al terminar quedan {weights / 1e9:.2f} GB.")


def build_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    tokenized: DatasetDict,
    config: WorkshopConfig,
    workspace: Workspace | StrPath | None = None,
    resume: bool = False,
    baseline: float | None = None,
) -> WorkshopTrainer:
    """Arma el `Trainer` del taller, listo para `train()`.

    Parameters
    ----------
    model : PreTrainedModel
        Lo que devuelve `load_model`.
    tokenizer : PreTrainedTokenizerBase
    tokenized : DatasetDict
        Lo que devuelve `tokenize`, con `train` y `validation`.
    config : WorkshopConfig
    workspace : Workspace or path, optional
        Por defecto, `TALLER_WORKSPACE` o `./mi_taller`.
    resume : bool
        Seguir la corrida sin terminar que tenga la misma configuración y los mismos datos; si no la
        hay, empezar una.
    baseline : float, optional
        Macro F1 de una línea base en validación, para dibujarla en la curva.

    Raises
    ------
    TallerError
        Si faltan partes o columnas, o si las clases de los datos no son las del modelo.
    """
    check_tokenized(model, tokenized)
    settings = config.resolved()
    runs = open_workspace(workspace).runs
    identity = fingerprint(settings, tokenized)
    found = processes.from_first(lambda: find_resumable(runs, identity) if resume else None)
    run_path = processes.from_first(lambda: found or new_run_path(runs, settings.model))
    each = activation_bytes(model.config, settings.max_length or 128)
    free = torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else None
    processes.check_rows(len(tokenized["train"]), "train")
    share = processes.share(settings.batch_size or 1, "batch_size")
    per_device = per_device_batch_size(share, model.num_parameters(), each, free)
    train, weights = tokenized["train"], None
    if settings.class_weights == "auto":
        weights = class_weights(train["label"], train.features["label"].num_classes)
    multiple = None if precision() == "fp32" else 8
    stopping = transformers.EarlyStoppingCallback(settings.early_stopping_patience or 1)
    transformers.set_seed(settings.seed)
    trainer = WorkshopTrainer(
        model=model,
        args=training_arguments(settings, run_path / CHECKPOINTS, per_device),
        train_dataset=train,
        eval_dataset=tokenized["validation"],
        processing_class=tokenizer,
        data_collator=transformers.DataCollatorWithPadding(tokenizer, pad_to_multiple_of=multiple),
        compute_metrics=compute_metrics,
        compute_loss_func=MeanLoss(weights),
        callbacks=[stopping, CheckpointKeeper(), ProgressReport(), TrainingMonitor(baseline)],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.run_path, trainer.config = run_path, settings
    trainer.resume, trainer.fingerprint = found is not None, identity
    return trainer
