"""La preparación del texto que piden los autores de algunos modelos, y nada más.

El texto que se muestra y se guarda es siempre el original: esto ocurre justo antes de tokenizar.
"""

from __future__ import annotations

import functools
import json
import re

from taller_lib._paths import ASSETS
from taller_lib.catalogue import CATALOGUE

_URL = re.compile(r"https?://\S+|www\.\S+")
_HANDLE = re.compile(r"(?<![\w@])@\w+")
_HASHTAG = re.compile(r"(?<!\w)#(\w+)")
_CAMEL = re.compile(r"(?<=[a-záéíóúñü])(?=[A-ZÁÉÍÓÚÑÜ])")
_REPEATED = re.compile(r"(\w)\1{3,}")
_LAUGHTER = re.compile(r"\b[jh]+([aeiou])[aeiou]*(?:[jh]+[aeiou]+)+[jh]?\b", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]{2,}")


@functools.cache
def _emoji() -> tuple[dict[str, str], re.Pattern[str]]:
    names = json.loads((ASSETS / "emoji_es.json").read_text(encoding="utf-8"))
    pattern = "|".join(re.escape(emoji) for emoji in sorted(names, key=len, reverse=True))
    return names, re.compile(pattern)


def robertuito(text: str) -> str:
    """Prepara un tuit como en el preentrenamiento de RoBERTuito.

    Mención → ``@usuario``, enlace → ``url``, ``#PuebloMágico`` → ``hashtag pueblo mágico``, emoji →
    ``emoji`` + su nombre en español + ``emoji``, letras repetidas a tres, risa → ``jaja``. Sigue a
    `pysentimiento.preprocessing.preprocess_tweet` (Pérez et al., arXiv 2106.09462), con dos
    diferencias: la mención se sustituye entera (allá, solo sus primeros 15 caracteres) y los
    nombres de los emoji son los de Unicode CLDR.
    """
    names, pattern = _emoji()
    text = _HANDLE.sub("@usuario", text)
    text = _URL.sub("url", text)
    text = _HASHTAG.sub(lambda match: "hashtag " + _CAMEL.sub(" ", match.group(1)).lower(), text)
    text = _REPEATED.sub(lambda match: match.group(1) * 3, text)
    text = _LAUGHTER.sub(lambda match: 2 * f"j{match.group(1).lower()}", text)
    text = pattern.sub(lambda match: f" emoji {names[match.group()]} emoji ", text)
    return _SPACES.sub(" ", text).strip()


def preprocess(text: str, model: str) -> str:
    """Devuelve `text` como lo piden los autores de `model`; sin cambios si no piden nada."""
    card = CATALOGUE.get(model)
    if card is None or not card.text_format:
        return text
    return robertuito(text) if card.text_format == "robertuito" else f"query: {text}"
