"""De los párrafos a un archivo de frases limpias, una por renglón, en el orden de los documentos."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from .readers import READERS, TAG
from .sources import TextPackage

SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[\"'«¡¿A-ZÁÉÍÓÚÑ0-9—–-])|\n\s*\n")
PLACEHOLDER = re.compile(r"%[-0-9.$]*[a-zA-Z]+|\{[^{}]{0,40}\}|\$[A-Za-z_0-9|]+|&[a-z]+;|~|\\[a-zA-Z]+|\^")
# Palabras frecuentes: una frase de cinco o más palabras que no tenga ninguna no suele ser español.
_COMMON = (
    "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha "
    "me si sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta "
    "desde está mi porque qué sólo han yo hay vez puede todos así nos ni parte tiene él uno donde "
    "bien tiempo mismo ese ahora cada e vida otro después te otros aunque esa eso hace otra gobierno "
    "tan durante siempre día tanto ella tres sí dijo sido gran país según menos"
)
COMMON_WORDS = frozenset(_COMMON.split())
# Lo que no son frases (sinónimos, emoji) entra entero y no forma pasajes.
WHOLE = ("thesaurus", "emoji")
MAX_CHARACTERS = 400


def clean(text: str) -> str:
    """El texto sin etiquetas, variables de programa ni espacios repetidos."""
    text = html.unescape(TAG.sub(" ", text)).replace("\\n", " ").replace("\\t", " ")
    text = " ".join(PLACEHOLDER.sub(" ", text).split()).strip(" -*•|=_")
    return re.sub(r" (?=[,.;:!?])", "", text)


def sentences(paragraph: str, min_words: int = 3) -> Iterator[str]:
    """Las frases de un párrafo que parecen español: al menos 3 palabras y 80 % de letras."""
    for piece in SENTENCE_END.split(paragraph):
        sentence = clean(piece)
        words = sentence.casefold().split()
        if not sentence or len(sentence) > MAX_CHARACTERS or len(words) < min_words:
            continue
        if sum(c.isalpha() or c == " " for c in sentence) < 0.8 * len(sentence):
            continue
        if len(words) >= 5 and not any(w.strip('.,;:¡!¿?"«»()') in COMMON_WORDS for w in words):
            continue
        yield sentence


def write_text(packages_folder: Path, path: Path, packages: Iterable[TextPackage]) -> dict[str, int]:
    """Escribe ``paquete<TAB>documento<TAB>frase`` y devuelve cuántas frases dio cada paquete.

    Una frase repetida entra una sola vez.
    """
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for source in packages:
            for document, paragraph in READERS[source.reader](packages_folder / source.package):
                whole = source.reader in WHOLE
                for sentence in [paragraph] if whole else sentences(paragraph):
                    key = re.sub(r"\W+", " ", sentence.casefold())
                    if not whole and key in seen:
                        continue
                    seen.add(key)
                    counts[source.package] += 1
                    file.write(f"{source.package}\t{document}\t{sentence}\n")
    partial.rename(path)
    return dict(counts)
