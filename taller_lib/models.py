"""Del nombre de un modelo a su tokenizador y su red: incluido, en una carpeta o en el Hub."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import Dataset, DatasetDict
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from taller_lib._paths import ASSETS
from taller_lib.catalogue import CATALOGUE, COLIBRI, WITHDRAWN, max_positions
from taller_lib.config import WorkshopConfig
from taller_lib.environment import device_info
from taller_lib.errors import TallerError
from taller_lib.quiet import quiet

PROBE_SECONDS = 3
BETO = "dccuchile/bert-base-spanish-wwm-cased"
COLIBRI_PATH = ASSETS / "colibri"
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_ADVICE = f'Usa el modelo incluido (model="{COLIBRI}")'

# Sin esto, un repositorio que solo tiene .bin abre un hilo que pide al Hub una conversión.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")


@dataclasses.dataclass(frozen=True)
class Source:
    """De dónde se lee un modelo: una carpeta, o el Hub (con red o solo lo ya descargado)."""

    model: str
    location: str
    local_files_only: bool

    def read(self, auto_class: Any, **options: Any) -> Any:
        """`auto_class.from_pretrained`, sin código remoto y con sus fallos en español."""
        options |= {"local_files_only": self.local_files_only, "trust_remote_code": False}
        try:
            return auto_class.from_pretrained(self.location, **options)
        except Exception as error:
            raise TallerError(_explain(error, auto_class, self)) from None

    def blank(self, model_config: PretrainedConfig) -> PreTrainedModel:
        """Un clasificador con la forma de `model_config`, sin leer sus pesos."""
        auto_class = transformers.AutoModelForSequenceClassification
        try:
            return auto_class.from_config(model_config, trust_remote_code=False)
        except Exception as error:
            raise TallerError(_explain(error, auto_class, self)) from None

    def files(self) -> list[str]:
        """Los nombres de sus archivos; vacía si ahora no se puede saber."""
        from huggingface_hub import HfApi

        if Path(self.location).is_dir():
            return [file.name for file in Path(self.location).iterdir()]
        with contextlib.suppress(Exception):  # sin red: httpx, requests o el sistema, según la versión
            return [file.rfilename for file in HfApi().model_info(self.model, timeout=PROBE_SECONDS).siblings or []]
        return []


@functools.cache
def _verified_colibri() -> Path:
    weights = COLIBRI_PATH / "model.safetensors"
    checksum = COLIBRI_PATH / "model.safetensors.sha256"
    if not weights.is_file():
        fault = f"Esta instalación de taller_lib no trae los pesos de colibri ({weights})"
    elif hashlib.sha256(weights.read_bytes()).hexdigest() != checksum.read_text("ascii").strip():
        fault = f"El archivo de pesos de colibri está dañado ({weights})"
    else:
        return COLIBRI_PATH
    raise TallerError(f"{fault}: vuelve a instalar el paquete con `pip install --force-reinstall`.")


def _find(model: str) -> Source:
    """Decide de dónde se lee `model`; pregunta al Hub tres segundos como mucho."""
    folder = _verified_colibri() if model == COLIBRI else Path(model).expanduser()
    if folder.is_dir():
        return Source(model, str(folder), True)
    name = model.rsplit("/", 1)[-1].lower()
    if name in WITHDRAWN:
        raise TallerError(
            f"El modelo «{model}» (RoBERTa-BNE, MarIA) fue retirado del Hub y ya no se puede descargar: "
            f"usa «{WITHDRAWN[name]}», su sucesor, o «{BETO}» (BETO)."
        )
    if not _HUB_NAME.fullmatch(model) or model.startswith("."):
        raise TallerError(
            f"No existe la carpeta «{model}», y tampoco es un nombre del Hub (se escriben autor/modelo): "
            "revisa cómo está escrito."
        )
    return Source(model, model, not _hub_has(model))


def _hub_has(model: str) -> bool:
    """`True` si el Hub responde que lo tiene; `False` si no hay red; si no existe, `TallerError`."""
    from huggingface_hub import HfApi, errors

    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}:
        return False
    try:
        HfApi().model_info(model, timeout=PROBE_SECONDS)
        return True
    except errors.GatedRepoError:
        problem = _gated(model)
    except errors.HFValidationError:
        problem = f"«{model}» no es un nombre válido del Hub: se escriben autor/modelo, sin espacios ni acentos."
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 404):
            problem = _unknown(model)
        elif status == 429:
            problem = f"El Hub pide esperar: hubo demasiadas descargas desde esta red. Espera unos minutos, o {_ADVICE.lower()}."
        else:
            return False
    except Exception:  # sin red: httpx, requests o el sistema, según la versión
        return False
    raise TallerError(problem)


def _gated(model: str) -> str:
    return (
        f"El modelo «{model}» pide aceptar sus condiciones en https://huggingface.co/{model} e iniciar sesión "
        f"(huggingface_hub.login()): hazlo y vuelve a intentar, o elige otro modelo."
    )


def _unknown(model: str) -> str:
    similar = difflib.get_close_matches(model, CATALOGUE, n=1, cutoff=0.6)
    hint = f" ¿Quisiste decir «{similar[0]}»?" if similar else f" {_ADVICE} mientras tanto."
    return f"No existe en el Hub un modelo público llamado «{model}»: revisa cómo está escrito (autor/modelo).{hint}"


# lo que se reconoce en la excepción (expresión regular) y la frase que la sustituye
_EXPLANATIONS = json.loads((ASSETS / "model_errors.json").read_text(encoding="utf-8"))


def _explain(error: Exception, auto_class: Any, source: Source) -> str:
    """La frase que dice por qué `transformers` no pudo leer un modelo."""
    said = " ".join(str(error).split())
    if auto_class is transformers.AutoTokenizer:
        return (
            f"No se pudo cargar el tokenizador de «{source.model}» ({said[:150]}): elige otro modelo, "
            "o copia a su carpeta los archivos tokenizer.json y tokenizer_config.json."
        )
    said = f"{type(error).__name__}: {said}"
    for sign, explanation in _EXPLANATIONS.items():
        if re.search(sign, said):
            return explanation.format(source.model)
    if source.local_files_only and not Path(source.location).is_dir():
        return (
            f"No hay conexión con el Hub y «{source.model}» no está descargado en esta computadora: "
            f"conéctate y vuelve a intentar. {_ADVICE}, que no necesita red."
        )
    return f"No se pudo cargar «{source.model}» ({said[:200]}): elige otro modelo."


def propose_model() -> tuple[str, str]:
    """El modelo con que conviene empezar aquí, y por qué: BETO con GPU y Hub; si no, colibri."""
    gpu = device_info().kind == "cuda"
    with contextlib.suppress(TallerError):
        if gpu and _hub_has(BETO):
            return BETO, "Propongo BETO: hay GPU y el Hub responde."
    reason = "el Hub no responde" if gpu else "no hay GPU"
    return COLIBRI, f"Propongo colibri, el modelo incluido: {reason}."


def checked_source(config: WorkshopConfig) -> tuple[Source, PretrainedConfig]:
    """De dónde se lee `config.model` y su `config.json`; `max_length` cabe en sus posiciones."""
    source = _find(config.model)
    model_config = source.read(transformers.AutoConfig)
    positions, length = max_positions(model_config.to_dict()), config.resolved().max_length
    if positions is not None and length is not None and length > positions:
        raise TallerError(
            f"max_length vale {length}, pero «{config.model}» lee {positions} tokens como máximo: "
            f"escribe un max_length de {positions} o menos."
        )
    return source, model_config


def load_tokenizer(config: WorkshopConfig) -> PreTrainedTokenizerBase:
    """Carga el tokenizador de `config.model` con `AutoTokenizer`.

    Raises
    ------
    TallerError
        Si el modelo no existe, no se puede leer, su tokenizador está incompleto o `max_length`
        pasa de sus posiciones.
    """
    source, model_config = checked_source(config)
    tokenizer = source.read(transformers.AutoTokenizer)
    vocabulary = getattr(model_config, "vocab_size", None)
    if vocabulary and len(tokenizer) < vocabulary / 2:
        raise TallerError(
            f"El tokenizador de «{config.model}» tiene {len(tokenizer)} piezas y el modelo espera {vocabulary}: "
            "faltan sus archivos (tokenizer.json o vocab.txt); cópialos a la carpeta del modelo."
        )
    return tokenizer


def load_model(config: WorkshopConfig, splits: DatasetDict | Dataset) -> PreTrainedModel:
    """Carga `config.model` con una cabeza de clasificación nueva para las clases de los datos.

    Usa `AutoModelForSequenceClassification` con `num_labels`, `id2label` y `label2id` tomados de la
    columna `label`, en precisión simple (float32) y sin código remoto. La cabeza se sortea con
    `config.seed`; con `freeze_layers` mayor que 0 los embeddings y esas capas quedan fijos. Con `lora`
    devuelve el `PeftModel` de `peft` (r=8, alfa=16: Hu et al. 2021, arXiv 2106.09685).

    Parameters
    ----------
    config : WorkshopConfig
    splits : DatasetDict or Dataset
        Lo que devuelve `load_splits`, o una de sus partes.

    Raises
    ------
    TallerError
        Si el modelo no existe o no sirve para clasificar, o si `max_length` pasa de sus posiciones.
    """
    source, _ = checked_source(config)
    data = splits["train"] if isinstance(splits, dict) else splits
    names = data.features["label"].names
    transformers.set_seed(config.seed)
    with quiet():
        model = source.read(
            transformers.AutoModelForSequenceClassification,
            num_labels=len(names),
            id2label=dict(enumerate(names)),
            label2id={name: number for number, name in enumerate(names)},
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
        )
        if config.freeze_layers:
            _freeze(model, config.freeze_layers)
        return _with_lora(model) if config.lora else model


def _with_lora(model: PreTrainedModel) -> PreTrainedModel:
    """Fija los pesos y añade adaptadores pequeños en cada capa lineal; la cabeza sí se entrena."""
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, lora_dropout=0.1, target_modules="all-linear")
    return get_peft_model(model, settings)


def _freeze(model: PreTrainedModel, layers: int) -> None:
    encoder = model.base_model
    stacks = [module for module in encoder.modules() if isinstance(module, torch.nn.ModuleList)]
    blocks = list(max(stacks, key=len, default=()))
    if layers >= len(blocks):
        raise TallerError(
            f"freeze_layers vale {layers}, pero este modelo tiene {len(blocks)} capas: deja al menos una por entrenar."
        )
    parts = [module for name, module in encoder.named_children() if "embeddings" in name]
    for module in (encoder.get_input_embeddings(), *parts, *blocks[:layers]):
        module.requires_grad_(False)
