"""Lo que llama la atención en los textos de un archivo y no impide usarlos."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable

import pandas as pd

from taller_lib._paths import ASSETS
from taller_lib.labels import Part
from taller_lib.problems import Problem, counted, listed, shown, which_rows

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
    words = json.loads((ASSETS / "stop_words.json").read_text(encoding="utf-8"))
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


CHECKS: tuple[tuple[str, Callable[[str], object], str], ...] = (
    (
        "mojibake",
        MOJIBAKE.search,
        "con letras rotas como «MÃ©xico» o «�»; exporta otra vez el original en UTF-8",
    ),
    (
        "long_text",
        lambda text: len(text) > LONG_TEXT,
        f"de más de {LONG_TEXT:,} caracteres, y lo que pasa de `max_length` no se lee",
    ),
    ("emoji_only", _is_wordless, "sin letras ni números"),
    ("short_text", _is_short, "de una sola palabra, o solo números o fechas"),
)


def check_texts(part: Part) -> list[Problem]:
    """Textos rotos, muy largos, muy cortos, sin letras o en otra lengua."""
    texts, problems = part.frame["text"], []
    for kind, test, what in CHECKS:
        rows = part.rows(texts.map(test).map(bool))
        if rows:
            found = counted(len(rows), "texto", "textos")
            message = f"En {part.name}, {found} {what} ({which_rows(rows)})."
            problems.append(Problem(kind, message, rows, part.split))
    labels = "|".join(map(re.escape, sorted(set(part.frame["label"]) - {""})))
    swallowed = texts.str.contains(rf'[,;\t|]\s*"?(?:{labels})"?\s*[\r\n]', regex=True)
    if labels and (rows := part.rows(swallowed)):
        message = (
            f"En {part.name}, {counted(len(rows), 'texto parece', 'textos parecen')} llevar dentro otras filas, con su "
            f"etiqueta ({which_rows(rows)}): quizá falta cerrar unas comillas."
        )
        problems.append(Problem("swallowed_rows", message, rows, part.split))
    verdicts = texts.map(looks_foreign)
    judged = int(verdicts.notna().sum())
    rows = part.rows(verdicts.eq(True))
    if judged >= LANGUAGE_TEXTS and len(rows) > LANGUAGE_SHARE * judged:
        message = (
            f"En {part.name}, {len(rows)} de {judged} textos de {LANGUAGE_WORDS} palabras o más no parecen estar en "
            "español: los modelos del taller son para español."
        )
        problems.append(Problem("not_spanish", message, rows, part.split))
    return problems


def check_copies(part: Part, keys: pd.Series) -> list[Problem]:
    """El mismo texto muchas veces en un archivo, antes de quitar las copias."""
    counts = keys.value_counts()
    often = counts[counts >= MANY_COPIES]
    if often.empty:
        return []
    example = part.frame.loc[keys == often.index[0], "text"].iloc[0]
    message = (
        f"En {part.name}, {counted(len(often), 'texto se repite', 'textos se repiten')} {MANY_COPIES} veces o más; "
        f"el que más, {shown(example)}, {often.iloc[0]} veces."
    )
    return [Problem("repeated_text", message, part.rows(keys.isin(often.index)), part.split)]


def check_balance(part: Part, names: list[str]) -> list[Problem]:
    """Clases con muy pocos ejemplos en train, tal como llegó."""
    labels = part.frame["label"]
    counts = labels.value_counts().loc[names]
    small = [name for name in names if counts[name] < SMALL_SHARE * len(labels)]
    few = [name for name in names if name not in small and counts[name] < FEW_EXAMPLES]
    problems = []
    for kind, which, advice in (
        ("class_imbalance", small, "fíjate en macro F1, no en la exactitud"),
        ("few_examples", few, "las medidas serán poco estables"),
    ):
        if which:
            said = listed(f"{shown(name)} ({counts[name]} de {len(labels)})" for name in which)
            message = f"En {part.name} hay muy pocos textos de {said}; {advice}."
            problems.append(Problem(kind, message, part.rows(labels.isin(which)), part.split))
    return problems
