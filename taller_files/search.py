"""Buscar en una tabla de textos sin mirar mayúsculas ni acentos."""

from __future__ import annotations

import unicodedata

import pandas as pd


def fold(text: str) -> str:
    """El texto sin mayúsculas ni acentos, para reconocer otra grafía de lo mismo."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def containing(table: pd.DataFrame, words: str) -> pd.DataFrame:
    """Las filas cuyo texto lleva todas esas palabras, sin mirar mayúsculas ni acentos."""
    folded = table["text"].map(fold)
    keep = pd.Series(True, index=table.index)
    for word in fold(words).split():
        keep &= folded.str.contains(word, regex=False)
    return table[keep]
