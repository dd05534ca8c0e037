"""El catálogo: modelos del Hub que entienden español, con lo que sus autores recomiendan.

Las cifras y las advertencias vienen de las fichas y los artículos de cada modelo; los
hiperparámetros, de las búsquedas que publicaron sus autores (BETO y ALBETO: Cañete et al. 2022,
arXiv 2204.09145; RoBERTuito: Pérez et al. 2022, arXiv 2111.09453). Los modelos sin receta publicada
usan la de BETO. Los de colibri se eligieron en validación. Los datos están en `assets/catalogue.json`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taller_lib._paths import ASSETS

COLIBRI = "colibri"
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl")


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """Hiperparámetros recomendados para un modelo.

    Parameters
    ----------
    learning_rate : float
        Tasa de aprendizaje máxima de AdamW.
    max_length : int
        Tokens por texto.
    batch_size : int
        Lote efectivo, en textos.
    early_stopping_patience : int
        Épocas sin mejora antes de detenerse.
    warmup : float
        Parte inicial de los pasos en que la tasa sube, de 0 a 1.
    decay_power : float
        Con qué exponente baja después, casi hasta 0, con 20 épocas: más de 1, deprisa al principio; con menos épocas, más recto.
    weight_decay : float
        Decaimiento de pesos de AdamW.
    """

    learning_rate: float = 3e-5
    max_length: int = 128
    batch_size: int = 32
    early_stopping_patience: int = 3
    warmup: float = 0.05
    decay_power: float = 1
    weight_decay: float = 0.01


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """La ficha de un modelo: quién es, qué leyó, cuánto pesa y con qué cuidado se usa.

    Parameters
    ----------
    model : str
        Nombre en el Hub (o ``"colibri"``).
    title : str
        Nombre con el que se le conoce.
    parameters : float
        Millones de parámetros del clasificador de tres clases.
    download_mb : float or None
        Tamaño de la descarga en MB; ``None`` si no se conoce.
    languages, training_text, casing, licence : str
        Idiomas, textos con que se preentrenó, trato de mayúsculas y acentos, licencia.
    max_positions : int
        Tokens que el modelo puede leer como máximo.
    num_hidden_layers, hidden_size, num_attention_heads : int
        La forma de la red: de ella depende la memoria que pide entrenar.
    settings : TrainingSettings
        Hiperparámetros recomendados.
    text_format : {"", "robertuito", "e5"}
        Preparación de los textos que piden sus autores (véase `taller_lib.preprocessing`).
    note : str
        Lo que conviene saber antes de elegirlo.
    measured : str
        Cuánto tardó donde se midió, con la fecha y la orden; vacía si nadie lo ha medido.
    """

    model: str
    title: str
    parameters: float
    download_mb: float | None
    languages: str
    training_text: str
    casing: str
    licence: str
    max_positions: int
    num_hidden_layers: int
    hidden_size: int
    num_attention_heads: int
    settings: TrainingSettings = TrainingSettings()
    text_format: str = ""
    note: str = ""
    measured: str = ""


def _read() -> dict[str, ModelCard]:
    cards = json.loads((ASSETS / "catalogue.json").read_text(encoding="utf-8"))
    for card in cards:
        card["settings"] = TrainingSettings(**card["settings"])
    return {card["model"]: ModelCard(**card) for card in cards}


CATALOGUE = _read()

WITHDRAWN = dict.fromkeys(("roberta-base-bne", "roberta-large-bne", "roberta-bne", "maria"), "BSC-LT/MrBERT-es")


def max_positions(model_config: Mapping[str, Any]) -> int | None:
    """Tokens que un modelo puede leer, según su `config.json`; `None` si no lo dice.

    Las familias RoBERTa y XLM-R reservan `pad_token_id + 1` posiciones: de 514 quedan 512.
    """
    positions = model_config.get("max_position_embeddings")
    if positions and model_config.get("model_type") in _OFFSET_POSITIONS:
        positions -= (model_config.get("pad_token_id") or 0) + 1
    return positions


def training_settings(model: str) -> TrainingSettings:
    """Los hiperparámetros recomendados; los de BETO para un modelo que no está en el catálogo.

    De una carpeta local se mira además cuántos tokens puede leer.
    """
    if model in CATALOGUE:
        return CATALOGUE[model].settings
    settings = TrainingSettings()
    try:
        text = (Path(model).expanduser() / "config.json").read_text(encoding="utf-8")
        positions = max_positions(json.loads(text)) or settings.max_length
    except (OSError, ValueError, AttributeError):
        return settings
    return dataclasses.replace(settings, max_length=min(settings.max_length, positions))
