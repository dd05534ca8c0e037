"""Lo que llama la atención en los textos de un archivo y no impide usarlos."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from taller_files.problems import Part, Problem, counted, listed, shown, which_rows

LONG_TEXT = 5000
MANY_COPIES = 10
FEW_EXAMPLES, SMALL_SHARE = 20, 0.05
LANGUAGE_WORDS, LANGUAGE_TEXTS, LANGUAGE_SHARE = 6, 5, 0.6

# UTF-8 leído como Windows-1252: Ã o Â y un segundo byte, «â€» y compañía; y el carácter �.
SECOND = "".join(bytes([code]).decode("cp1252", "ignore") + chr(code) for code in range(0x80, 0xC0))
MOJIBAKE = re.compile(f"[ÃÂ][{re.escape(SECOND)}]|â€|â\x80|ðŸ|\ufffd")
WORD = re.compile(r"[^\W\d_]+")


@functools.cache
def _stop_words() -> dict[str, set[str]]:
    words = json.loads(Path(__file__).with_name("stop_words.json").read_text(encoding="utf-8"))
    return {language: set(line.split()) for language, line in words.items()}


def looks_foreign(text: str) -> bool | None:
    """Si el texto no parece español, por sus palabras más comunes; ``None`` si es muy corto."""
    words = [word.lower() for word in WORD.findall(text)]
    if len(words) < LANGUAGE_WORDS:
        return None
    hits = {name: sum(word in stop for word in words) for name, stop in _stop_words().items()}
    spanish = hits.pop("es")
    return max(hits.values()) > spanish or (spanish == 0 and len(words) >= 2 * LANGUAGE_WORDS)


def _is_wordless(text: str) -> bool:
    return not any(map(str.isalnum, text))


def _is_short(text: str) -> bool:
    return not _is_wordless(text) and (len(text.split()) <= 1 or not WORD.search(text))


BROKEN = "con letras rotas como «MÃ©xico» o «�»; exporta otra vez el original en UTF-8"
TOO_LONG = f"de más de {LONG_TEXT:,} caracteres, y lo que pasa de `max_length` no se lee"
CHECKS: dict[str, tuple[Callable[[str], object], str]] = {
    "mojibake": (MOJIBAKE.search, BROKEN),
    "long_text": (lambda text: len(text) > LONG_TEXT, TOO_LONG),
    "emoji_only": (_is_wordless, "sin letras ni números"),
    "short_text": (_is_short, "de una sola palabra, o solo números o fechas"),
}


def check_texts(part: Part) -> Iterator[Problem]:
    """Textos rotos, muy largos, muy cortos, sin letras o en otra lengua."""
    texts = part.frame["text"]
    for kind, (test, what) in CHECKS.items():
        if rows := part.rows(texts.map(test).map(bool)):
            found = counted(len(rows), "texto", "textos")
            yield part.problem(kind, rows, f"{found} {what} ({which_rows(rows)})")
    labels = "|".join(map(re.escape, sorted(set(part.frame["label"]) - {""})))
    swallowed = texts.str.contains(rf'[,;\t|]\s*"?(?:{labels})"?\s*[\r\n]', regex=True)
    if labels and (rows := part.rows(swallowed)):
        found = counted(len(rows), "texto parece", "textos parecen")
        what = f"{found} llevar dentro otras filas, con su etiqueta ({which_rows(rows)})"
        yield part.problem("swallowed_rows", rows, f"{what}: quizá falta cerrar unas comillas")
    verdicts = texts.map(looks_foreign)
    judged = int(verdicts.notna().sum())
    rows = part.rows(verdicts.eq(True))
    if judged >= LANGUAGE_TEXTS and len(rows) > LANGUAGE_SHARE * judged:
        found = f"{len(rows)} de {judged} textos de {LANGUAGE_WORDS} palabras o más"
        what = f"{found} no parecen estar en español: los modelos del taller son para español"
        yield part.problem("not_spanish", rows, what)


def check_copies(part: Part) -> Iterator[Problem]:
    """El mismo texto muchas veces en un archivo, antes de quitar las copias."""
    keys = part.frame["key"]
    counts = keys.value_counts()
    often = counts[counts >= MANY_COPIES]
    if len(often):
        example = shown(part.frame.loc[keys == often.index[0], "text"].iloc[0])
        found = counted(len(often), "texto se repite", "textos se repiten")
        what = f"{found} {MANY_COPIES} veces o más; el que más, {example}, {often.iloc[0]} veces"
        yield part.problem("repeated_text", part.rows(keys.isin(often.index)), what)


def check_balance(part: Part, names: list[str]) -> Iterator[Problem]:
    """Clases con muy pocos ejemplos en train, tal como llegó."""
    labels = part.frame["label"]
    counts = labels.value_counts().loc[names]
    small = [name for name in names if counts[name] < SMALL_SHARE * len(labels)]
    few = [name for name in names if name not in small and counts[name] < FEW_EXAMPLES]
    for kind, which, advice in (
        ("class_imbalance", small, "fíjate en macro F1, no en la exactitud"),
        ("few_examples", few, "las medidas serán poco estables"),
    ):
        if which:
            said = listed(f"{shown(name)} ({counts[name]} de {len(labels)})" for name in which)
            message = f"En {part.name} hay muy pocos textos de {said}; {advice}."
            yield Problem(kind, message, part.rows(labels.isin(which)), part.split)
