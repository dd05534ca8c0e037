"""De la carpeta del alumno a los archivos que se publican."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .download import sha256

HIDDEN_DROPOUT = 0.1
# Sin dropout en la atención, torch usa en CPU su núcleo rápido: cada época tarda una décima menos.
ATTENTION_DROPOUT = 0.0


def export(student: Path, folder: Path) -> None:
    """Escribe en ``folder`` los pesos en fp16, la configuración, el tokenizer y la suma SHA-256.

    `config.json` pide float32, que es como se entrena en CPU; el tokenizer lleva el nombre de clase
    que conocen todas las versiones de transformers que admite el taller.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: value.to(torch.float16).contiguous() for name, value in load_file(student / "model.safetensors").items()
    }
    path = folder / "model.safetensors"
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)
    path.with_name(path.name + ".sha256").write_text(sha256(path) + "\n", encoding="ascii")
    config = json.loads((student / "config.json").read_text(encoding="utf-8"))
    config["hidden_dropout_prob"] = HIDDEN_DROPOUT
    config["attention_probs_dropout_prob"] = ATTENTION_DROPOUT
    config |= {"dtype": "float32", "torch_dtype": "float32"}
    tokenizer = json.loads((student / "tokenizer_config.json").read_text(encoding="utf-8"))
    tokenizer["tokenizer_class"] = "PreTrainedTokenizerFast"
    for name in ("backend", "is_local", "local_files_only"):
        tokenizer.pop(name, None)
    for name, content in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copyfile(student / "tokenizer.json", folder / "tokenizer.json")
