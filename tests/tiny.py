"""Modelos diminutos con pesos al azar, en carpetas locales, y textos que sí se pueden aprender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from taller_lib._paths import ASSETS

LABELS = ["negativo", "neutral", "positivo"]
WORDS = {
    "negativo": ["robo", "miedo", "peor", "sucio"],
    "neutral": ["horario", "oficina", "martes", "lista"],
    "positivo": ["amable", "sabor", "mejor", "fiesta"],
}
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {**SIZE, "intermediate_size": 64, "max_position_embeddings": 64, "pad_token_id": 1},
    "roberta": {**SIZE, "intermediate_size": 64, "max_position_embeddings": 66, "pad_token_id": 1},
    "xlm-roberta": {
        **SIZE,
        "intermediate_size": 64,
        "max_position_embeddings": 66,
        "pad_token_id": 1,
    },
    "distilbert": {
        "dim": 32,
        "n_layers": 2,
        "n_heads": 2,
        "hidden_dim": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
    },
    "electra": {
        **SIZE,
        "embedding_size": 32,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
    },
    "deberta-v2": {
        **SIZE,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
        "pooler_hidden_size": 32,
    },
    "modernbert": {
        **SIZE,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
        "cls_token_id": 0,
        "sep_token_id": 2,
    },
    "albert": {
        **SIZE,
        "embedding_size": 32,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
    },
}


def tiny_model(folder: Path, family: str = "bert", **changes: Any) -> Path:
    """Guarda en `folder` un modelo diminuto de esa familia con el tokenizador de colibri."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(ASSETS / "colibri")
    settings = {**FAMILIES[family], "vocab_size": len(tokenizer), **changes}
    config = transformers.AutoConfig.for_model(family, **settings)
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def splits(n: int = 60, classes: list[str] | None = None, seed: int = 0) -> DatasetDict:
    """Textos de largos distintos con una palabra que delata la clase."""
    names = classes or LABELS
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    generator = torch.Generator().manual_seed(seed)

    def part(size: int, offset: int) -> Dataset:
        rows = []
        for number in range(size):
            label = (number * 7 + offset) % len(names)
            clue = WORDS.get(names[label], [f"pista{label}"])[number % len(WORDS.get(names[label], [0]))]
            filler = " ".join(f"cosa{int(i)}" for i in torch.randint(0, 30, (1 + number % 9,), generator=generator))
            rows.append({"text": f"{filler} {clue} número {offset + number}", "label": label})
        return Dataset.from_list(rows, features=features)

    return DatasetDict(train=part(n, 0), validation=part(30, 1000), test=part(30, 2000))


def tiny_run(workspace: Path, seed: int = 0) -> Any:
    """Una corrida diminuta ya entrenada y guardada en `workspace`."""
    import taller_lib as taller

    settings = {"num_train_epochs": 1, "batch_size": 8, "max_length": 32, "learning_rate": 5e-3, "seed": seed}
    config = taller.WorkshopConfig(model=str(tiny_model(workspace / "modelo")), **settings)
    data = splits()
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    trainer = taller.build_trainer(model, tokenizer, taller.tokenize(data, tokenizer, config), config, workspace)
    trainer.train()
    return taller.save_run(trainer, config)
