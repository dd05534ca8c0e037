"""Si un modelo sirve aquí, antes de entrenarlo: existe, se lee, sus pesos son seguros y cabe en la memoria."""

from __future__ import annotations

from typing import Any

import psutil
import torch

from taller_lib.arguments import activation_bytes, per_device_batch_size
from taller_lib.catalogue import CATALOGUE
from taller_lib.config import WorkshopConfig
from taller_lib.environment import GIB, device_info
from taller_lib.errors import TallerError
from taller_lib.models import checked_source, load_tokenizer
from taller_lib.quiet import quiet


def check_model(config: WorkshopConfig) -> list[str]:
    """Lo que se sabe de `config.model` sin descargar sus pesos, en frases.

    Raises
    ------
    TallerError
        Si no existe, pide permiso, no tiene tokenizador o pesos, o no sirve para clasificar.
    """
    source, model_config = checked_source(config)
    tokenizer = load_tokenizer(config)
    with quiet(), torch.device("meta"):
        model = source.blank(model_config)
    said = [f"«{config.model}» existe y su tokenizador se lee: conoce {len(tokenizer):,} piezas."]
    files = source.files()
    if any(name.endswith(".safetensors") for name in files):
        said.append("Sus pesos están en safetensors, el formato seguro.")
    elif any(name.endswith(".bin") for name in files):
        said.append("Sus pesos solo están en .bin: se leen sin ejecutar nada de lo que traigan.")
    elif files:
        raise TallerError(f"«{config.model}» no tiene archivos de pesos (.safetensors o .bin): elige otro modelo.")
    return [*said, memory_sentence(config, model.num_parameters(), model_config)]


def memory_sentence(config: WorkshopConfig, parameters: int, model_config: Any = None) -> str:
    """Cuánta memoria pide entrenar con ese lote y ese largo, y si la hay aquí.

    Es un cálculo: 16 bytes por parámetro (pesos, gradientes y los dos momentos de AdamW) y, por cada texto del
    lote, sus activaciones (`arguments.activation_bytes`).
    """
    settings, device = config.resolved(), device_info()
    shape = model_config or CATALOGUE[config.model]
    batch_size, length = settings.batch_size or 1, settings.max_length or 1
    per_text = activation_bytes(shape, length)
    needed = (16 * parameters + batch_size * per_text) / GIB
    there = device.memory_gb or psutil.virtual_memory().total / GIB
    fits = per_device_batch_size(batch_size, parameters, per_text, there * GIB)
    asked = f"Memoria para entrenar, calculada con lote de {batch_size} y {length} piezas: {needed:.1f} GB"
    said = f"{asked}; aquí hay {there:.1f} GB"
    if fits == batch_size:
        return f"{said}: cabe."
    if 16 * parameters + per_text > 0.8 * there * GIB:
        return f"{said}: no cabe. Baja max_length o elige un modelo más pequeño."
    return f"{said}: cabe de {fits} en {fits} textos, y el lote se junta."
