"""Cuatro maneras de entrenar el mismo modelo con los mismos datos: tres que se encuentran en internet y la del taller."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from datasets import DatasetDict
from transformers import DataCollatorWithPadding, EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase, Trainer
from transformers.trainer_pt_utils import get_length_grouped_indices

import taller_lib as taller
from taller_lib.environment import precision

EVALUATED_AT_ONCE = 64


@dataclasses.dataclass
class Task:
    """Lo que todas las recetas reciben igual: datos, modelo recién cargado y configuración."""

    config: taller.WorkshopConfig
    splits: DatasetDict
    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel
    folder: Path

    def tokenized(self, padding: bool) -> DatasetDict:
        """Los textos en números; con `padding`, todos rellenos hasta `max_length`."""
        length = self.config.max_length

        def encode(batch: dict[str, list[str]]) -> Any:
            return self.tokenizer(
                batch["text"], truncation=True, max_length=length, padding="max_length" if padding else False
            )

        return self.splits.map(encode, batched=True)


Result = tuple[float, float]  # segundos por época, mejor macro F1 en validación


def _trainer(task: Task, padding: bool) -> Result:
    epochs, batch_size = task.config.num_train_epochs, task.config.batch_size or 32
    data = task.tokenized(padding)
    args = transformers.TrainingArguments(
        output_dir=str(task.folder),
        num_train_epochs=epochs,
        learning_rate=task.config.learning_rate or 5e-5,
        per_device_train_batch_size=batch_size,
        per_device_eval_batch_size=EVALUATED_AT_ONCE,
        eval_strategy="epoch",
        save_strategy="epoch",
        fp16=precision() == "fp16",
        bf16=precision() == "bf16",
        use_cpu=not torch.cuda.is_available(),
        seed=task.config.seed,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=task.model,
        args=args,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=task.tokenizer,
        data_collator=transformers.default_data_collator if padding else DataCollatorWithPadding(task.tokenizer),
        compute_metrics=taller.compute_metrics,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    start = time.perf_counter()
    trainer.train()
    seconds = (time.perf_counter() - start) / epochs
    return seconds, max(entry["eval_macro_f1"] for entry in trainer.state.log_history if "eval_macro_f1" in entry)


def run_classification(task: Task) -> Result:
    """La de `run_classification.py`: todo relleno hasta `max_length`, un estado completo por época."""
    return _trainer(task, padding=True)


def course(task: Task) -> Result:
    """La del curso de Hugging Face: relleno dinámico y orden al azar."""
    return _trainer(task, padding=False)


def bare_loop(task: Task) -> Result:
    """Un bucle de PyTorch con lotes de largo parecido: lo más rápido que se puede esperar sin la biblioteca."""
    epochs, batch_size, model = task.config.num_train_epochs, task.config.batch_size or 32, task.model
    data = task.tokenized(padding=False)
    inputs = [name for name in data["train"].column_names if name in task.tokenizer.model_input_names]
    train, validation = (data[name].select_columns([*inputs, "label"]).to_list() for name in ("train", "validation"))
    collate, device = DataCollatorWithPadding(task.tokenizer), "cuda" if torch.cuda.is_available() else "cpu"
    half = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(precision())
    mixed = torch.autocast(device, half, enabled=half is not None)
    scaler = torch.amp.GradScaler(device, enabled=half is torch.float16)
    lengths = [len(row["input_ids"]) for row in train]
    steps = -(-len(train) // batch_size) * epochs
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=task.config.learning_rate or 5e-5, fused=True)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 0, steps)
    scores = []
    start = time.perf_counter()
    for epoch in range(epochs):
        model.train()
        order = get_length_grouped_indices(lengths, batch_size)
        for first in range(0, len(order), batch_size):
            batch = collate([train[row] for row in order[first : first + batch_size]]).to(device)
            with mixed:
                loss = model(**batch).loss
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            optimizer.zero_grad()
        model.eval()
        rows = sorted(validation, key=lambda row: -len(row["input_ids"]))
        logits = []
        with torch.inference_mode(), mixed:
            for first in range(0, len(rows), EVALUATED_AT_ONCE):
                batch = collate(rows[first : first + EVALUATED_AT_ONCE]).to(device)
                logits.append(model(**batch).logits.float().cpu().numpy())
        labels = np.array([row["label"] for row in rows])
        scores.append(taller.compute_metrics(EvalPrediction(np.concatenate(logits), labels))["macro_f1"])
        task.folder.mkdir(parents=True, exist_ok=True)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
        torch.save(state, task.folder / f"{epoch}.pt")
    return (time.perf_counter() - start) / epochs, max(scores)


def workshop(task: Task) -> Result:
    """La del taller."""
    tokenized = taller.tokenize(task.splits, task.tokenizer, task.config)
    trainer = taller.build_trainer(task.model, task.tokenizer, tokenized, task.config, task.folder)
    start = time.perf_counter()
    trainer.train()
    seconds = (time.perf_counter() - start) / task.config.num_train_epochs
    return seconds, float(trainer.state.best_metric or 0.0)


RECIPES: dict[str, Callable[[Task], Result]] = {
    recipe.__name__: recipe for recipe in (run_classification, course, bare_loop, workshop)
}
