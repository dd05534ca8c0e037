"""Lo que pasa mientras se entrena: el avance, la curva y lo que queda en disco."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from taller_files.progress import in_notebook, spoken_time
from taller_lib import checkpoints
from taller_lib.estimate import epoch_seconds
from taller_lib.plots import plot_training

FIRST_STEPS = 20
_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} {postfix}"


class CheckpointKeeper(TrainerCallback):
    """Deja en disco los mejores pesos y un solo estado desde el que se puede reanudar."""

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            output_dir = Path(args.output_dir or ".")
            newest = output_dir / f"checkpoint-{state.global_step}"
            checkpoints.mark_complete(newest)
            checkpoints.keep_one_resumable(output_dir, newest)
            if control.should_training_stop or state.global_step >= state.max_steps:
                checkpoints.save_state(state, output_dir.parent)


class ProgressReport(TrainerCallback):
    """El avance con el tiempo que queda: una línea que se renueva en el cuaderno o en la terminal."""

    bar: tqdm | None = None
    screen: Any = None  # dónde se ve, si no es la salida de la celda: algo con `update`, como un DisplayHandle
    handle: Any = None
    start, shown, first_step, note = 0.0, 0.0, 0, ""

    def on_train_begin(self, _: Any, state: TrainerState, *args: Any, **kwargs: Any) -> None:
        self.start, self.first_step, self.shown = time.monotonic(), state.global_step, 0.0
        if not state.is_world_process_zero:
            return
        if self.screen is not None:
            self.handle = self.screen
        elif in_notebook():
            from IPython.display import HTML, display

            self.handle = display(HTML("<p>Empieza el entrenamiento…</p>"), display_id=True)
        else:
            # disable=None: sin barra cuando la salida de errores no es una terminal
            self.bar = tqdm(total=state.max_steps, initial=state.global_step, disable=None, bar_format=_FORMAT)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, *_: Any, **kwargs: Any) -> None:
        now = time.monotonic()
        steps = state.global_step - self.first_step
        if steps == min(FIRST_STEPS, state.max_steps // state.num_train_epochs):
            self._say_epoch(args, now - self.start, steps, kwargs["train_dataloader"].dataset["input_ids"])
        if now - self.shown >= 1 or state.global_step >= state.max_steps:
            self.shown = now
            epochs = int(state.num_train_epochs)
            epoch = min(int(state.epoch or 0) + 1, epochs)
            line = f"época {epoch} de {epochs} como máximo · {self._left(state)}"
            self._show(line, state.global_step)

    def _say_epoch(self, args: TrainingArguments, elapsed: float, steps: int, ids: Sequence[Sequence[int]]) -> None:
        together = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        seconds = epoch_seconds(elapsed, steps, [len(tokens) for tokens in ids], together)
        gpu = "" if args.device.type == "cuda" else ", o una GPU"
        self.note = (
            f"Una época tardará unos {spoken_time(seconds)} en este equipo, sin contar la evaluación. Para que tarde menos: "
            f"menos filas en train, un max_length menor, congelar capas (freeze_layers){gpu}."
        )
        if self.bar is not None:
            self.bar.write(self.note, file=sys.stderr)

    def _left(self, state: TrainerState) -> str:
        done = max(1, state.global_step - self.first_step)
        left = (time.monotonic() - self.start) / done * (state.max_steps - state.global_step)
        return f"quedan {spoken_time(left)} si llega a la última"

    def _show(self, line: str, step: int) -> None:
        if self.handle is not None:
            from IPython.display import HTML

            lines = [line[0].upper() + line[1:], self.note]
            self.handle.update(HTML("".join(f"<p>{html.escape(text)}</p>" for text in lines if text)))
        if self.bar is not None:
            self.bar.set_postfix_str(line, refresh=False)
            self.bar.update(step - self.bar.n)

    def on_evaluate(self, _: Any, state: TrainerState, *args: Any, metrics: dict[str, float], **kwargs: Any) -> None:
        if self.bar is not None and "eval_macro_f1" in metrics:
            score = f"macro F1 {metrics['eval_macro_f1']:.3f} en validación"
            line = f"  época {state.epoch:.0f}: {score} · {self._left(state)}"
            self.bar.write(line, file=sys.stderr)

    def on_train_end(self, _: Any, state: TrainerState, *args: Any, **kwargs: Any) -> None:
        took = spoken_time(time.monotonic() - self.start)
        self._show(f"entrenamiento terminado en {took}", state.global_step)
        self.close()

    def close(self) -> None:
        """Cierra la barra; también tras una interrupción."""
        if self.bar is not None:
            self.bar.close()
        self.bar = self.handle = None


class TrainingMonitor(TrainerCallback):
    """La curva de pérdida y macro F1, redibujada en su sitio al terminar cada época."""

    screen: Any = None  # como en ProgressReport

    def __init__(self, baseline: float | None = None) -> None:
        self.baseline = baseline
        self.handle: Any = None

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        self.handle = self.screen

    def on_evaluate(self, _: Any, state: TrainerState, *args: Any, **kwargs: Any) -> None:
        trained = any("loss" in entry for entry in state.log_history)
        if not (trained and (self.handle is not None or in_notebook()) and state.is_world_process_zero):
            return
        from IPython.display import display

        figure = plot_training(state.log_history, baseline=self.baseline)
        if self.handle is None:
            self.handle = display(figure, display_id=True)
        else:
            self.handle.update(figure)
