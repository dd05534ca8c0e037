"""Genera las fichas de situación del corpus (`cards.csv`).

Cada ficha describe una situación concreta: quién habla, desde qué país, de qué, con qué tono y en
cuántas palabras. La ficha no dicta frases. Los núcleos, las voces y los lugares están en
`kernels.csv`, `voices.csv` y `places.csv`, junto a este archivo. Con la misma semilla sale
siempre el mismo resultado.

Uso: python tools/corpus/make_cards.py [--writers-dir CARPETA]
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Card = dict[str, Any]

HERE = Path(__file__).resolve().parent
SEED = 20230105
COLUMNS = [
    "id", "set", "writer", "dimension", "fuente", "fecha", "pais", "voz", "lugar", "situacion",
    "afectado", "tono", "palabras", "ruido", "fenomeno",
]  # fmt: skip
MAX_USES = 6

DIMENSIONS = {
    "turismo": 0.20, "economia": 0.17, "seguridad": 0.16, "cultura": 0.15,
    "gente": 0.12, "gobernanza": 0.12, "exportaciones": 0.08,
}  # fmt: skip
SOURCES = {
    "prensa_internacional": 0.24, "red_social": 0.28, "resena_viaje": 0.15,
    "columna": 0.09, "informe": 0.10, "foro": 0.14,
}  # fmt: skip
SOURCE_CODE = dict(zip(SOURCES, "psrcif", strict=True))
# Qué tan natural es cada fuente (en el orden de SOURCES) en cada dimensión.
FIT = {
    "turismo": (0.8, 1, 3, 0.8, 0.3, 1),
    "economia": (1.2, 1, 0, 1.1, 2.2, 1),
    "seguridad": (1.1, 1, 0.7, 1, 1, 1),
    "cultura": (0.9, 1, 1.5, 1.1, 0.2, 1),
    "gente": (0.8, 1.1, 1.2, 1, 0.3, 1.2),
    "gobernanza": (1.2, 1, 0, 1.2, 1.6, 1),
    "exportaciones": (1.2, 1, 0, 0.9, 2.4, 1),
}

TONES = [
    "muy_negativo", "negativo", "negativo_leve", "informativo", "mezclado", "positivo_leve",
    "positivo", "muy_positivo", "ironico",
]  # fmt: skip
TONE_MIX = {
    "main": (0.03, 0.17, 0.16, 0.27, 0.11, 0.12, 0.07, 0.02, 0.05),
    "nuevos_a": (0.04, 0.24, 0.22, 0.22, 0.10, 0.07, 0.05, 0.01, 0.05),
    "nuevos_b": (0.03, 0.11, 0.10, 0.30, 0.11, 0.17, 0.11, 0.03, 0.04),
}
# Inclinación leve del tono: (lado negativo, informativo, mezclado, lado positivo, ironico).
LEAN = {
    "turismo": (0.95, 1, 1, 1.1, 1), "economia": (1, 1.05, 1, 0.95, 1),
    "seguridad": (1.25, 1, 1, 0.75, 0.9), "cultura": (0.8, 1, 1, 1.3, 1),
    "gente": (0.95, 0.95, 1.1, 1.15, 1), "gobernanza": (1.1, 1.05, 1, 0.85, 1.2),
    "exportaciones": (0.9, 1.05, 1, 1.15, 0.9),
    "prensa_internacional": (1, 1.25, 0.9, 0.9, 0.4), "red_social": (1.05, 0.9, 0.9, 1, 1.8),
    "resena_viaje": (1, 0.65, 1.25, 1.2, 0.9), "columna": (1.05, 0.8, 1.3, 1, 1.6),
    "informe": (0.9, 1.6, 1, 0.9, 0.1), "foro": (1, 0.95, 1.1, 1, 1.1),
}  # fmt: skip

PERIOD = {
    "main": (date(2023, 1, 5), date(2024, 6, 28)),
    "nuevos_a": (date(2024, 8, 1), date(2024, 10, 31)),
    "nuevos_b": (date(2025, 2, 1), date(2025, 4, 30)),
    "dificil": (date(2023, 1, 5), date(2024, 6, 28)),
}

# Fenómenos del conjunto difícil: tonos que admite, fuentes, dimensiones ("" = todos) y ruido.
PHENOMENA = {
    "negacion": ("negativo negativo_leve informativo positivo_leve positivo", "", "", ""),
    "ironia": ("ironico", "red_social foro columna resena_viaje", "", ""),
    "mixto": ("mezclado", "", "", ""),
    "comparacion": (
        "negativo negativo_leve informativo mezclado positivo_leve positivo", "", "", ""),
    "discurso_referido": (
        "negativo negativo_leve informativo mezclado positivo_leve positivo",
        "prensa_internacional columna informe foro red_social", "", ""),
    "hecho_negativo_neutral": (
        "informativo", "prensa_internacional informe red_social",
        "seguridad gobernanza economia exportaciones turismo", ""),
    "mexicanismo": ("", "red_social foro resena_viaje columna", "", ""),
    "sin_acentos": ("", "red_social foro resena_viaje", "", "sin acentos"),
    "emoji": ("", "red_social foro resena_viaje", "", "emoji"),
    "cambio_de_codigo": (
        "negativo negativo_leve informativo mezclado positivo_leve positivo ironico",
        "red_social foro resena_viaje columna", "", ""),
}  # fmt: skip

# Palabras por fuente: (mínimo, máximo, forma); entre mayor la forma, más textos cortos.
WORDS = {
    "red_social": (6, 40, 3.1), "resena_viaje": (20, 110, 3.4), "columna": (30, 110, 2.2),
    "informe": (25, 100, 2.4), "foro": (12, 80, 4.6),
}  # fmt: skip

NOISE_COMMON = [
    "sin acentos", "todo en minúsculas", "un dedazo", "dos dedazos", "emoji",
    "mayúsculas a medias", "abreviaturas de chat", "sin signos de apertura", "frase cortada",
    "puntos suspensivos", "sin comas", "letras repetidas", "una palabra en mayúsculas",
]  # fmt: skip
NOISE_EXTRA = {
    "red_social": [
        "hashtags", "mención @usuario", "enlace http", "hashtag y enlace", "emoji al final",
    ],
    "foro": ["enlace http", "cita de otro mensaje", "mención @usuario", "posdata"],
    "resena_viaje": ["título y cuerpo", "calificación con número", "lista con guiones"],
    "prensa_internacional": [
        "comillas", "cifra", "dos puntos y cita", "titular sin verbo", "paréntesis",
    ],
    "columna": ["comillas", "paréntesis", "pregunta retórica", "dos puntos y cita"],
    "informe": ["cifra", "paréntesis", "porcentaje", "sigla"],
}  # fmt: skip
NOISE_SHARE = {
    "red_social": 0.65, "foro": 0.55, "resena_viaje": 0.45,
    "prensa_internacional": 0.30, "columna": 0.20, "informe": 0.25,
}  # fmt: skip

COUNTRY_WEIGHT = {"Estados Unidos": 7, "España": 6, "Argentina": 4, "Colombia": 4, "Chile": 3}
LATIN = {
    "Perú", "Uruguay", "Ecuador", "Guatemala", "Costa Rica", "Panamá", "República Dominicana",
    "Bolivia", "Venezuela", "El Salvador", "Honduras", "Paraguay", "Cuba",
}  # fmt: skip

AFFECTED_PERSONAL = [
    "a ti mismo", "a ti y a tu pareja", "a tu familia", "a un grupo de amigos",
    "a un compañero de trabajo", "a unos vecinos", "a una persona desconocida", "a quien atiende",
    "a una amiga", "a nadie en particular", "a quien piensa hacer lo mismo",
]  # fmt: skip
AFFECTED_NEWS = {
    "turismo": "a viajeros|al sector turístico|a residentes del lugar|a trabajadores",
    "gobernanza": "a la ciudadanía|a quienes hacen el trámite o lo siguen|a otro país|a empresas",
    "cultura": "a artistas|al público general|a una comunidad|a estudiantes|a quienes migraron",
    "gente": "a vecinos|a familias|a jóvenes|a mujeres|a personas mayores|a visitantes",
    "economia": "a trabajadores|a proveedores|a inversionistas|a consumidores|a familias",
    "exportaciones": "a productores|a compradores|a consumidores|a trabajadores|a competidores",
    "seguridad": "a residentes|a visitantes|a familias|a comerciantes|a empresas",
}
AFFECTED_ANY = ["a nadie en particular", "a lectores de fuera"]


def read_rows(name: str) -> list[Card]:
    """Lee una tabla CSV que está junto al script."""
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def quota(shares: dict[Any, float], total: int) -> list[Any]:
    """Reparte `total` según las proporciones, con el método del mayor residuo."""
    whole = sum(shares.values())
    exact = {key: total * share / whole for key, share in shares.items()}
    counts = {key: int(value) for key, value in exact.items()}
    rest = sorted(exact, key=lambda key: counts[key] - exact[key])
    for key in rest[: total - sum(counts.values())]:
        counts[key] += 1
    return [key for key, count in counts.items() for _ in range(count)]


def source_table() -> dict[Any, Any]:
    """Ajusta FIT para que se cumplan a la vez las proporciones de dimensión y de fuente."""
    table = {(d, s): fit for d in DIMENSIONS for s, fit in zip(SOURCES, FIT[d], strict=True)}
    for _ in range(200):
        for axis, target in ((1, SOURCES), (0, DIMENSIONS)):
            sums: dict[Any, float] = defaultdict(float)
            for key, value in table.items():
                sums[key[axis]] += value
            table = {key: value * target[key[axis]] / sums[key[axis]] for key, value in table.items()}
    return table


def side(tone: str) -> str:
    """Lado del tono: neg, pos u other."""
    return "neg" if "negativo" in tone else "pos" if "positivo" in tone else "other"


def lean(tone: str, dimension: str, source: str) -> float:
    """Peso de un tono en una dimensión y una fuente."""
    place = {"neg": 0, "pos": 3}.get(side(tone), {"informativo": 1, "mezclado": 2}.get(tone, 4))
    weight = LEAN[dimension][place] * LEAN[source][place]
    if tone.startswith("muy_") and source in ("informe", "prensa_internacional"):
        weight *= 0.4
    return weight


def base_cards(rng: random.Random, set_name: str, total: int) -> list[Card]:
    """Fichas con dimensión, fuente y tono."""
    cells = [{"set": set_name, "dimension": d, "fuente": s, "fenomeno": ""}
             for d, s in quota(source_table(), total)]  # fmt: skip
    rng.shuffle(cells)
    pool = Counter(quota(dict(zip(TONES, TONE_MIX[set_name], strict=True)), total))
    for card in cells:
        weights = [pool[t] * lean(t, card["dimension"], card["fuente"]) for t in TONES]
        card["tono"] = rng.choices(TONES, weights)[0]
        pool[card["tono"]] -= 1
    return cells


def hard_cards(rng: random.Random, each: int) -> list[Card]:
    """Fichas del conjunto difícil: el fenómeno manda sobre el tono y la fuente."""
    cards, table = [], source_table()
    for name, (tones, sources, dimensions, _) in PHENOMENA.items():
        pairs = {
            (d, s): value for (d, s), value in table.items()
            if s in (sources.split() or SOURCES) and d in (dimensions.split() or DIMENSIONS)
        }  # fmt: skip
        options = tones.split() or TONES
        for index in range(each):
            dimension, source = rng.choices(list(pairs), list(pairs.values()))[0]
            cards.append({
                "set": "dificil", "dimension": dimension, "fuente": source, "fenomeno": name,
                "tono": options[index % len(options)],
            })  # fmt: skip
    return cards


def deal(rng: random.Random, cards: list[Card], first: int, last: int) -> list[Card]:
    """Baraja las fichas y las reparte por igual entre las personas que escriben."""
    rng.shuffle(cards)
    writers = last - first + 1
    for index, card in enumerate(cards):
        card["writer"] = first + index % writers
    return cards


def assign_kernels(rng: random.Random, cards: list[Card]) -> None:
    """Da a cada ficha un núcleo: a lo más seis usos y nunca dos con la misma persona."""
    kernels = read_rows("kernels.csv")
    allowed = {
        "resena_viaje": ("personal", "ambas"), "prensa_internacional": ("noticia", "ambas"),
        "informe": ("noticia", "ambas"),
    }  # fmt: skip
    used: Counter[Any] = Counter()
    same_side: Counter[Any] = Counter()
    seen: set[Any] = set()
    order = rng.sample(cards, len(cards))
    order.sort(key=lambda card: card["fuente"] not in allowed)
    for card in order:
        scales = allowed.get(card["fuente"], ("personal", "noticia", "ambas"))
        options = [
            k for k in kernels
            if k["dimension"] == card["dimension"] and k["escala"] in scales
            and used[k["situacion"]] < MAX_USES
            and (k["situacion"], card["writer"]) not in seen
            and not (card["fuente"] == "resena_viaje" and k["zona"] in ("exterior", "nacional"))
        ]  # fmt: skip
        kernel = min(options, key=lambda k: (
            used[k["situacion"]] + 2 * same_side[k["situacion"], side(card["tono"])], rng.random()
        ))  # fmt: skip
        text = kernel["situacion"]
        used[text] += 1
        same_side[text, side(card["tono"])] += 1
        seen.add((text, card["writer"]))
        card.update(situacion=text, _scale=kernel["escala"], _zone=kernel["zona"])


def assign_voices(rng: random.Random, cards: list[Card]) -> None:
    """Elige voz y país que cuadran con la fuente, la dimensión y el lugar desde donde se habla."""
    voices = read_rows("voices.csv")
    used: Counter[str] = Counter()
    for card in cards:
        abroad = card["_zone"] == "exterior"
        inside = card["_scale"] == "personal" and not abroad
        options = [
            v for v in voices
            if SOURCE_CODE[card["fuente"]] in v["fuentes"]
            and (v["dimensiones"] == "*" or card["dimension"] in v["dimensiones"].split())
            and not (abroad and v["donde"] == "m") and not (inside and v["donde"] == "x")
        ]  # fmt: skip
        if card["fenomeno"] in ("mexicanismo", "cambio_de_codigo"):
            options = [v for v in options if "mexican" in v["voz"]] or options
        voice = min(options, key=lambda v: used[v["voz"]] + 6 * rng.random())
        used[voice["voz"]] += 1
        countries = voice["paises"].split("|")
        if card["fenomeno"] == "cambio_de_codigo" and "Estados Unidos" in countries:
            countries = ["Estados Unidos"]
        weights = [COUNTRY_WEIGHT.get(c, 2 if c in LATIN else 1) for c in countries]
        card.update(voz=voice["voz"], pais=rng.choices(countries, weights)[0])


def assign_places(rng: random.Random, cards: list[Card]) -> None:
    """Elige un lugar que cuadra con el núcleo; algunas fichas quedan sin lugar."""
    places: dict[str, Any] = {}
    for row in read_rows("places.csv"):
        places.setdefault(row["zona"], []).append(row["lugar"])
    places["general"] = places["ciudad"] + places["pueblo"] + places["costa"]
    places["nacional"] = places["ciudad"] + places["pueblo"]
    empty_share = {"exterior": 1, "nacional": 0.6}
    used: Counter[Any] = Counter()
    for card in cards:
        card["lugar"] = ""
        if rng.random() >= empty_share.get(card["_zone"], 0.06):
            card["lugar"] = min(places[card["_zone"]], key=lambda p: used[p] + 4 * rng.random())
            used[card["lugar"]] += 1


def word_count(rng: random.Random, source: str) -> int:
    """Palabras pedidas según la fuente; no dependen del tono."""
    if source == "prensa_internacional":
        return rng.randint(40, 80) if rng.random() < 0.17 else round(rng.triangular(8, 25, 13))
    low, high, shape = WORDS[source]
    return round(low + (high - low) * rng.betavariate(1, shape))


def assign_details(rng: random.Random, cards: list[Card]) -> None:
    """Fecha, palabras, a quién toca y ruido."""
    for card in cards:
        start, end = PERIOD[card["set"]]
        day = start + timedelta(days=rng.randint(0, (end - start).days))
        source, scale = card["fuente"], card["_scale"]
        affected = AFFECTED_NEWS[card["dimension"]].split("|") + AFFECTED_ANY
        if source not in ("prensa_internacional", "informe") and scale != "noticia":
            affected = AFFECTED_PERSONAL
        forced = PHENOMENA[card["fenomeno"]][3] if card["fenomeno"] else ""
        noise = forced
        if not forced and rng.random() < NOISE_SHARE[source]:
            formal = source in ("prensa_internacional", "columna", "informe")
            noise = rng.choice(NOISE_EXTRA[source] + ([] if formal else NOISE_COMMON))
        card.update(
            fecha=day.isoformat(), palabras=word_count(rng, source),
            afectado=rng.choice(affected), ruido=noise,
        )  # fmt: skip


def make_cards(seed: int = SEED) -> list[Card]:
    """Construye todas las fichas, en orden de persona que escribe."""
    rng = random.Random(seed)
    new = base_cards(rng, "nuevos_a", 210), base_cards(rng, "nuevos_b", 210)
    cards = deal(rng, base_cards(rng, "main", 1560), 1, 26)
    cards += deal(rng, new[0], 27, 33) + deal(rng, new[1], 27, 33)
    cards += deal(rng, hard_cards(rng, 10), 34, 35)
    assign_kernels(rng, cards)
    rng.shuffle(cards)
    cards.sort(key=lambda card: card["writer"])
    for step in (assign_voices, assign_places, assign_details):
        step(rng, cards)
    for number, card in enumerate(cards, start=1):
        card["id"] = f"im{number:04d}"
    return cards


def write_csv(path: Path, cards: list[Card]) -> None:
    """Escribe las fichas en UTF-8."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(cards)


def print_cross(cards: list[Card], row: str) -> None:
    """Imprime cuántas fichas hay por `row` y tono."""
    counts = Counter((card[row], card["tono"]) for card in cards)
    print(f"\n{row:<14}" + "".join(f"{tone:>15}" for tone in TONES) + f"{'total':>8}")
    for value in dict.fromkeys(card[row] for card in cards):
        line = [counts[value, tone] for tone in TONES]
        print(f"{value:<14}" + "".join(f"{n:>15}" for n in line) + f"{sum(line):>8}")


def main() -> None:
    """Genera `cards.csv` y, si se pide, un archivo por persona que escribe."""
    parser = argparse.ArgumentParser(description="Genera las fichas de situación del corpus.")
    parser.add_argument("--writers-dir", type=Path, help="carpeta para un CSV por persona")
    args = parser.parse_args()
    cards = make_cards()
    write_csv(HERE / "cards.csv", cards)
    if args.writers_dir:
        args.writers_dir.mkdir(parents=True, exist_ok=True)
        for writer in sorted({card["writer"] for card in cards}):
            rows = [card for card in cards if card["writer"] == writer]
            write_csv(args.writers_dir / f"writer_{writer:02d}.csv", rows)
    print_cross(cards, "set")
    print_cross(cards, "dimension")
    words = [card["palabras"] for card in cards]
    uses = Counter(card["situacion"] for card in cards)
    print(f"\nfichas: {len(cards)}; núcleos: {len(uses)} (usos máximos: {max(uses.values())})")
    for column in ("voz", "lugar", "pais"):
        print(f"{column}: {len({card[column] for card in cards} - {''})}")
    print(f"palabras: mediana {statistics.median(words)}, percentil 90 "
          f"{statistics.quantiles(words, n=10)[-1]}")  # fmt: skip


if __name__ == "__main__":
    main()
