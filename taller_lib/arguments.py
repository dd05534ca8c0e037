"""Los `TrainingArguments` del taller y el lote que cabe en cada equipo."""

from __future__ import annotations

from typing import Any

import torch
from transformers import TrainingArguments

from taller_files import processes
from taller_files.writing import StrPath
from taller_lib.catalogue import training_settings
from taller_lib.config import WorkshopConfig
from taller_lib.environment import precision


def activation_bytes(model_config: Any, max_length: int) -> float:
    """Memoria de las activaciones de un texto al entrenar, en bytes (float32).

    Fórmula de Korthikanti et al. 2022 (arXiv 2205.05198, ec. 2): por capa, s·h·(34 + 5·a·s/h) bytes
    en media precisión, con s tokens, h dimensiones y a cabezas; el doble en precisión simple.
    """
    layers = getattr(model_config, "num_hidden_layers", 12)
    hidden = getattr(model_config, "hidden_size", 768)
    heads = getattr(model_config, "num_attention_heads", 12)
    return 2 * layers * max_length * hidden * (34 + 5 * heads * max_length / hidden)


def per_device_batch_size(batch_size: int, parameters: int, bytes_per_text: float, memory_bytes: float | None) -> int:
    """El mayor divisor de `batch_size` que cabe en la memoria; todo el lote si no se conoce.

    Reserva 16 bytes por parámetro (pesos, gradiente y los dos momentos de AdamW) y una quinta parte
    de la memoria.
    """
    if memory_bytes is None:
        return batch_size
    room = 0.8 * memory_bytes - 16 * parameters
    sizes = [size for size in range(1, batch_size + 1) if batch_size % size == 0]
    return max((size for size in sizes if size * bytes_per_text <= room), default=1)


def training_arguments(
    config: WorkshopConfig, output_dir: StrPath, per_device_batch_size: int | None = None
) -> TrainingArguments:
    """Los `TrainingArguments` del taller, campo por campo.

    Evalúa y guarda cada época, conserva la de mejor macro F1, agrupa los textos por largo y usa la
    precisión que el equipo permite. El lote efectivo es siempre `config.batch_size`: si al equipo le
    cabe menos (`per_device_batch_size`), el resto se acumula.

    Parameters
    ----------
    config : WorkshopConfig
    output_dir : path
        Carpeta de los estados intermedios.
    per_device_batch_size : int, optional
        Divisor de lo que le toca a cada proceso de `batch_size`; por defecto, todo.
    """
    settings, recommended = config.resolved(), training_settings(config.model)
    rate = settings.learning_rate or recommended.learning_rate
    power = max(1, recommended.decay_power * settings.num_train_epochs / 20)
    batch_size = processes.share(settings.batch_size or recommended.batch_size, "batch_size")
    per_device = per_device_batch_size or batch_size
    return TrainingArguments(
        output_dir=str(output_dir),
        num_train_epochs=settings.num_train_epochs,
        learning_rate=rate,
        lr_scheduler_type="polynomial",
        lr_scheduler_kwargs={"power": power, "lr_end": min(1e-7, rate / 10)},
        warmup_steps=recommended.warmup,
        weight_decay=recommended.weight_decay,
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=batch_size // per_device,
        per_device_eval_batch_size=max(64, per_device),
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="macro_f1",
        greater_is_better=True,
        save_total_limit=1,
        restore_callback_states_from_checkpoint=True,
        train_sampling_strategy="group_by_length" if processes.count() == 1 else "random",
        logging_nan_inf_filter=False,
        fp16=precision() == "fp16",
        bf16=precision() == "bf16",
        use_cpu=not (torch.cuda.is_available() or torch.backends.mps.is_available()),
        seed=settings.seed,
        report_to="none",
        disable_tqdm=True,
    )
