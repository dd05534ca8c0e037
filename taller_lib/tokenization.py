"""Del texto a los números que lee el modelo, y cuánto se corta en el camino."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from datasets import DatasetDict
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from taller_lib.config import WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.preprocessing import preprocess
from taller_lib.quiet import quiet

SHARE_UNCUT = 0.95


def tokenize(splits: DatasetDict, tokenizer: PreTrainedTokenizerBase, config: WorkshopConfig) -> DatasetDict:
    """Añade a cada parte `input_ids` y `attention_mask`, sin relleno, cortados a `max_length`.

    Parameters
    ----------
    splits : DatasetDict
        Con la columna `text`; las demás se conservan.
    tokenizer : PreTrainedTokenizerBase
    config : WorkshopConfig
        De ella salen `max_length` y la preparación que pide `model` (`taller_lib.preprocessing`).

    Raises
    ------
    TallerError
        Si falta la columna `text`, o si más de un tercio de las piezas son desconocidas: señal de
        que el tokenizador no es el del modelo.
    """
    for name, data in splits.items():
        if "text" not in data.column_names:
            raise TallerError(
                f"La parte «{name}» no tiene la columna `text`, solo {data.column_names}: usa lo que devuelve load_splits."
            )
    options = {"truncation": True, "max_length": config.resolved().max_length}

    def encode(batch: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        return _encode(batch["text"], tokenizer, config.model, **options)

    with quiet():
        tokenized = splits.map(encode, batched=True)
    first = next(iter(tokenized.values()))
    pieces = [piece for ids in first["input_ids"][:200] for piece in ids]
    if pieces.count(tokenizer.unk_token_id) > len(pieces) / 3:
        raise TallerError(
            f"El tokenizador de «{config.model}» no conoce más de un tercio de las piezas de tus textos: "
            "no parece el de ese modelo, o los textos no están en su idioma."
        )
    return tokenized


def token_lengths(
    splits: DatasetDict, tokenizer: PreTrainedTokenizerBase, config: WorkshopConfig
) -> dict[str, list[int]]:
    """Tokens de cada texto sin cortar, por parte (incluye los dos especiales)."""
    return {
        name: [len(ids) for ids in _encode(data["text"], tokenizer, config.model)["input_ids"]]
        for name, data in splits.items()
    }


def length_statistics(lengths: dict[str, list[int]], max_length: int) -> pd.DataFrame:
    """Mediana, percentil 95 y máximo de los largos, y la parte de textos que `max_length` corta.

    Parameters
    ----------
    lengths : dict of str to list of int
        Lo que devuelve `token_lengths`.
    max_length : int

    Returns
    -------
    DataFrame
        Una fila por parte; columnas `median`, `p95`, `max`, `cut` (proporción, de 0 a 1).
    """
    rows = {
        name: (np.median(v), np.percentile(v, 95), max(v), np.mean(np.array(v) > max_length))
        for name, v in lengths.items()
        if v
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["median", "p95", "max", "cut"])


def suggest_max_length(train_lengths: list[int], limit: int = 512) -> int:
    """El menor múltiplo de 16 que deja enteros al 95 % de los textos de train, entre 16 y `limit`."""
    if not train_lengths:
        raise TallerError("No hay textos de train para sugerir un max_length: carga primero los datos.")
    needed = np.quantile(train_lengths, SHARE_UNCUT, method="inverted_cdf")
    return int(min(limit, max(16, 16 * math.ceil(needed / 16))))


def token_preview(text: str, tokenizer: PreTrainedTokenizerBase, config: WorkshopConfig | None = None) -> pd.DataFrame:
    """Las piezas en que el tokenizador parte un texto.

    Parameters
    ----------
    text : str
    tokenizer : PreTrainedTokenizerBase
    config : WorkshopConfig, optional
        Si se da, el texto se prepara como pide su modelo y se marca lo que `max_length` corta.

    Returns
    -------
    DataFrame
        Una fila por pieza: `token`, `id`, `special` (la añade el modelo), `unknown` (no la conoce)
        y `cut` (queda fuera).
    """
    limit = config.resolved().max_length if config else None
    ids = _encode([text], tokenizer, config.model if config else "")["input_ids"][0]
    kept = len(ids) if limit is None else limit
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    last = len(ids) - 1
    return pd.DataFrame(
        {
            "token": tokenizer.convert_ids_to_tokens(ids),
            "id": ids,
            "special": [number in special for number in ids],
            "unknown": [number == tokenizer.unk_token_id for number in ids],
            "cut": [len(ids) > kept and kept - 1 <= place < last for place in range(len(ids))],
        }
    )


def check_tokenized(model: PreTrainedModel, tokenized: DatasetDict) -> None:
    """Comprueba que hay train y validation tokenizados y con las clases del modelo.

    Raises
    ------
    TallerError
        Si falta una parte o su tokenización, o si las clases no son las del modelo.
    """
    expected = list((model.config.id2label or {}).values())
    for name in ("train", "validation"):
        if name not in tokenized:
            problem = f"Falta la parte «{name}» en los datos: usa lo que devuelve load_splits."
        elif "input_ids" not in tokenized[name].column_names:
            problem = f"La parte «{name}» no está tokenizada: pásala antes por taller.tokenize."
        elif (names := getattr(tokenized[name].features["label"], "names", None)) != expected:
            problem = (
                f"Las clases de «{name}» son {names} y el modelo se cargó para {expected}: "
                "vuelve a cargarlo con load_model y estos datos."
            )
        else:
            continue
        raise TallerError(problem)


def _encode(
    texts: Iterable[str], tokenizer: PreTrainedTokenizerBase, model: str, **options: Any
) -> dict[str, list[list[int]]]:
    """Lo que da el tokenizador para los textos, preparados como los pide `model`."""
    prepared = [preprocess(text, model) for text in texts]
    return dict(tokenizer(prepared, verbose=False, **options))
