"""Lo que llama la atención en los textos de un archivo y no impide usarlos."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

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
STOP_WORDS = {
    "es": "a al así como con de del desde donde e el ella en entre era es esa ese esta este está "
    "están fue ha hasta hay la las le les lo los me mi muy más nada ni no nos o para pero por "
    "porque "
    "que qué quien se según ser si sin sobre son su sus sí también te tiene todo tu un una y ya yo",
    "en": "a about an and are as at be but by for from has have he her his how i in is it its my "
    "of "
    "on or our she so that the their they this to was we were what when who will with you your",
    "pt": "a ao as com como da das de do dos e ela ele em essa esse está eu foi isso mais mas meu "
    "minha muito na nas no nos não o os ou para pela pelo por que se sem ser seu sua são também "
    "tem um uma você",
    "fr": "au aux avec ce cette dans de des du elle en est et il ils je la le les leur mais ne "
    "nous "
    "on ou par pas plus pour que qui sa se ses son sont sur un une vous à été être",
    "it": "a al alla anche che chi con da dal dei del della delle di e gli ha i il in io la le "
    "lo ma "
    "mi nel nella non o per più questo se si sono su sua suo un una è",
    "de": "auf aus bei das dem den der des die ein eine es für hat ich im in ist mit nicht oder "
    "sich "
    "sie sind und von war wie wir zu zum",
}
STOP_SETS = {language: frozenset(words.split()) for language, words in STOP_WORDS.items()}


def looks_foreign(text: str) -> bool | None:
    """Si el texto no parece español, por sus palabras más comunes; ``None`` si es muy corto."""
    words = [word.lower() for word in WORD.findall(text)]
    if len(words) < LANGUAGE_WORDS:
        return None
    hits = {name: sum(word in stop for word in words) for name, stop in STOP_SETS.items()}
    spanish = hits.pop("es")
    return max(hits.values()) > spanish or (spanish == 0 and len(words) >= 2 * LANGUAGE_WORDS)


def _is_short(text: str) -> bool:
    return len(text.split()) <= 1 or not WORD.search(text)


def _is_emoji(text: str) -> bool:
    return not any(character.isalnum() for character in text)


CHECKS: tuple[tuple[str, Callable[[str], bool], str, str], ...] = (
    (
        "mojibake",
        lambda text: bool(MOJIBAKE.search(text)),
        "texto tiene letras rotas como «MÃ©xico» o «�»",
        "textos tienen letras rotas como «MÃ©xico» o «�»",
    ),
    (
        "long_text",
        lambda text: len(text) > LONG_TEXT,
        f"texto pasa de {LONG_TEXT:,} caracteres y se cortará a `max_length`",
        f"textos pasan de {LONG_TEXT:,} caracteres y se cortarán a `max_length`",
    ),
    (
        "emoji_only",
        _is_emoji,
        "texto no tiene letras ni números",
        "textos no tienen letras ni números",
    ),
    (
        "short_text",
        lambda text: _is_short(text) and not _is_emoji(text),
        "texto es muy corto: una sola palabra, o solo números o fechas",
        "textos son muy cortos: una sola palabra, o solo números o fechas",
    ),
)
ADVICE = {"mojibake": " Exporta otra vez el original como UTF-8."}


def check_texts(part: Part) -> list[Problem]:
    """Textos rotos, muy largos, muy cortos, sin letras o en otra lengua."""
    texts, problems = part.frame["text"], []
    for kind, test, singular, plural in CHECKS:
        rows = part.frame.loc[texts.map(test).astype(bool), "row"].tolist()
        if rows:
            message = (
                f"En {part.name}, {counted(len(rows), singular, plural)} ({which_rows(rows)})."
            )
            problems.append(Problem(kind, message + ADVICE.get(kind, ""), rows, part.split))
    verdicts = texts.map(looks_foreign)
    judged = int(verdicts.notna().sum())
    rows = part.frame.loc[verdicts.eq(True), "row"].tolist()
    if judged >= LANGUAGE_TEXTS and len(rows) > LANGUAGE_SHARE * judged:
        message = (
            f"En {part.name}, {len(rows)} de {counted(judged, 'texto', 'textos')} de "
            f"{LANGUAGE_WORDS} palabras o más ({len(rows) / judged:.0%}) no parecen estar en "
            f"español: "
            "los modelos del taller son para español."
        )
        problems.append(Problem("not_spanish", message, rows, part.split))
    return problems


def check_copies(part: Part, keys: pd.Series) -> list[Problem]:
    """El mismo texto muchas veces en un archivo, antes de quitar las copias."""
    counts = keys.value_counts()
    often = counts[counts >= MANY_COPIES]
    if often.empty:
        return []
    rows = part.frame.loc[keys.isin(often.index), "row"].tolist()
    example = part.frame.loc[keys == often.index[0], "text"].iloc[0]
    texts = counted(len(often), "texto se repite", "textos se repiten")
    message = (
        f"En {part.name}, {texts} {MANY_COPIES} veces o más; el que más, {shown(example)}, "
        f"{often.iloc[0]} veces."
    )
    return [Problem("repeated_text", message, rows, part.split)]


def check_balance(part: Part, names: list[str]) -> list[Problem]:
    """Clases con muy pocos ejemplos en train, tal como llegó."""
    labels = part.frame["label"]
    counts = labels.value_counts().reindex(names, fill_value=0)
    total = int(counts.sum())
    small = [name for name in names if counts[name] < SMALL_SHARE * total]
    few = [name for name in names if name not in small and counts[name] < FEW_EXAMPLES]
    problems = []
    for kind, which, advice in (
        ("class_imbalance", small, "fíjate en macro F1, no en la exactitud"),
        ("few_examples", few, "las medidas serán poco estables"),
    ):
        if which:
            said = listed(f"{shown(name)} ({counts[name]} de {total})" for name in which)
            message = (
                f"En {part.name}, "
                f"{'esta clase tiene' if len(which) == 1 else 'estas clases tienen'} "
                f"muy pocos textos: {said}; {advice}."
            )
            rows = part.frame.loc[labels.isin(which), "row"].tolist()
            problems.append(Problem(kind, message, rows, part.split))
    return problems
