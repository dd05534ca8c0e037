"""Lotes de texto para la destilación: dos tercios de frases sueltas y un tercio de pasajes largos.

El orden sale entero de la semilla y del número de vuelta, así que una destilación interrumpida sigue
con los mismos lotes.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from .sources import TEXT_PACKAGES
from .text import WHOLE

EMOJI = "😂 😍 😭 😊 ❤️ 👏 🙏 😡 😔 🤔 😉 😘 👍 🎉 😢 😅 🙄 💪 😱 🔥 😒 😁 ☺️ 😜 💔 🤦 😩"
SHORT_TOKENS = 48
PASSAGE_TOKENS = (64, 192)
PASSAGE_SHARE = 1 / 3
CHARACTERS_PER_TOKEN = 4
SHUFFLED = 2048  # textos que se ordenan juntos por su largo
UNACCENTED = str.maketrans("áéíóúÁÉÍÓÚ", "aeiouAEIOU")


class Tokenizer(Protocol):
    """Lo que se usa del tokenizer."""

    def __call__(self, text: list[str], *, truncation: bool, max_length: int) -> dict[str, list[list[int]]]: ...


def add_noise(text: str, rng: random.Random) -> str:
    """A algo más de la mitad de las frases les pone lo que traen los mensajes de una red social."""
    if rng.random() >= 0.55:
        return text

    def happens(probability: float) -> bool:
        return rng.random() < probability

    if happens(0.45):
        text = text[0].lower() + text[1:]
    if happens(0.2):
        text = text.lower()
    if happens(0.06):
        text = text.upper()
    if happens(0.25):
        text = text.rstrip(".")
    if happens(0.15):
        text = text.translate(UNACCENTED)
    if happens(0.1):
        text = text.replace("¿", "").replace("¡", "")
    if happens(0.05):
        text = text.replace("que", "q").replace("por q", "xq")
    if happens(0.05):
        text = re.sub(r"([aeiou])(?=\W*$)", lambda m: m.group(1) * rng.randint(2, 4), text)
    if happens(0.25):
        text = f"{rng.choice(['@user', '@usuario'])} {text}"
    if happens(0.08):
        text = text.rstrip(".") + "!" * rng.randint(1, 3)
    if happens(0.15):
        text = f"{text} {' '.join(rng.choices(EMOJI.split(), k=rng.randint(1, 2)))}"
    if happens(0.12):
        text = f"{text} http"
    if happens(0.05):
        text = rng.choice(["jajaja ", "Jajajaja ", "jaja ", "RT @user: "]) + text
    if happens(0.05):
        words = text.split()
        chosen = rng.randrange(len(words))
        words[chosen] = "#" + words[chosen]
        text = " ".join(words)
    return text


class Corpus:
    """Las frases de `text.write_text`, con el peso de cada paquete."""

    def __init__(self, path: Path) -> None:
        sources = {source.package: source for source in TEXT_PACKAGES}
        self.sentences: list[str] = []
        documents: dict[tuple[str, str], list[int]] = defaultdict(list)
        packages: dict[str, list[int]] = defaultdict(list)
        for line in path.read_text(encoding="utf-8").splitlines():
            package, document, sentence = line.split("\t", 2)
            number = len(self.sentences)
            self.sentences.append(sentence)
            packages[package].append(number)
            if package not in sources or sources[package].reader not in WHOLE:
                documents[package, document].append(number)
        self.following = {number: after for members in documents.values() for number, after in pairwise(members)}
        self.packages = dict(packages)
        self.weights = {name: sources[name].weight if name in sources else 1.0 for name in packages}

    def order(self, rng: random.Random) -> list[int]:
        """Una vuelta por las frases, cada paquete tantas veces como pesa."""
        chosen: list[int] = []
        for package, members in self.packages.items():
            whole, part = divmod(self.weights[package], 1)
            chosen += members * int(whole) + rng.sample(members, round(part * len(members)))
        rng.shuffle(chosen)
        return chosen

    def passage(self, start: int, rng: random.Random) -> str:
        """Frases seguidas de un documento, de 64 a 192 piezas aproximadamente."""
        wanted = rng.randint(*PASSAGE_TOKENS) * CHARACTERS_PER_TOKEN
        number, parts, length = start, [self.sentences[start]], len(self.sentences[start])
        while length < wanted and number in self.following:
            number = self.following[number]
            parts.append(self.sentences[number])
            length += len(parts[-1]) + 1
        return " ".join(parts)


def _short_texts(corpus: Corpus, rng: random.Random) -> Iterator[str]:
    while True:
        pending = iter(corpus.order(rng))
        for number in pending:
            text = corpus.sentences[number]
            while len(text) < 60 and rng.random() < 0.5:
                text = f"{text} {corpus.sentences[next(pending, number)]}"
            yield add_noise(text, rng)


def _passages(corpus: Corpus, rng: random.Random) -> Iterator[str]:
    while True:
        for number in corpus.order(rng):
            text = corpus.passage(number, rng)
            if len(text) >= PASSAGE_TOKENS[0] * CHARACTERS_PER_TOKEN:
                yield text


def _by_length(
    texts: Iterator[str], tokenizer: Tokenizer, rng: random.Random, size: int, max_length: int
) -> Iterator[list[list[int]]]:
    while True:
        chosen = [next(texts) for _ in range(SHUFFLED)]
        encoded = tokenizer(chosen, truncation=True, max_length=max_length)["input_ids"]
        batches: list[list[list[int]]] = [[]]
        for ids in sorted(encoded, key=len):
            if batches[-1] and (len(batches[-1]) + 1) * len(ids) > size:
                batches.append([])
            batches[-1].append(ids)
        rng.shuffle(batches)
        yield from batches


def make_batches(corpus: Corpus, tokenizer: Tokenizer, size: int, seed: int) -> Iterator[list[list[int]]]:
    """Lotes sin fin de unas ``size`` piezas cada uno, con textos de largo parecido.

    Un lote de cada tres es de pasajes (64 a 192 piezas) y los demás, de frases con ruido (hasta 48).
    """
    streams = {}
    for name, texts, length in (
        ("frases", _short_texts, SHORT_TOKENS),
        ("pasajes", _passages, PASSAGE_TOKENS[1]),
    ):
        rng = random.Random(f"{seed} {name}")
        streams[name] = _by_length(texts(corpus, rng), tokenizer, rng, size, length)
    turn = random.Random(f"{seed} turnos")
    while True:
        yield next(streams["pasajes" if turn.random() < PASSAGE_SHARE else "frases"])
