"""Mide el corpus de `sample_data/` y dice qué está dentro de sus límites.

    python tools/check_corpus.py                    # medidas sin entrenar redes, en segundos
    python tools/check_corpus.py --real TUITS.csv   # y riqueza y largo junto a textos reales
    python tools/check_corpus.py --full             # y curvas de aprendizaje, en minutos
    python tools/check_corpus.py --datasheet        # y escribe lo medido en DATASHEET.md

Termina con 1 si alguna medida de las primeras está fuera. Lo que sale de `--real` y de `--full` se
reporta como sale. Los `.csv` se leen con `id,texto,etiqueta,dimension,fuente,fecha,lectura_1..3`.
"""

from __future__ import annotations

import argparse
import datetime
import random
import re
import statistics
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, f1_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from datasets import DatasetDict

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # para `taller_lib` en una copia del repositorio sin instalar
SAMPLE_DATA = ROOT / "sample_data"
WITHOUT_MAJORITY = ROOT / "tools" / "corpus" / "sin_mayoria.csv"
DATASHEET = SAMPLE_DATA / "DATASHEET.md"

LABELS = ("negativo", "neutral", "positivo")
READINGS = ("lectura_1", "lectura_2", "lectura_3")
CARD = ["dimension", "fuente", "fecha"]
MAIN = ["id", "texto", "etiqueta", *CARD, *READINGS]
COLUMNS = {
    "train": MAIN,
    "validacion": MAIN,
    "prueba": MAIN,
    "nuevos": ["id", "texto", *CARD],
    "nuevos_verdad": ["id", "etiqueta", *READINGS],
    "dificil": [*MAIN, "fenomeno"],
}
ROWS = {
    "train": 1050, "validacion": 225, "prueba": 225,
    "nuevos": 400, "nuevos_verdad": 400, "dificil": 90,
}  # fmt: skip
SPLITS = {"train": "train", "validacion": "validation", "prueba": "test"}
SHARES = {"negativo": 0.40, "neutral": 0.35, "positivo": 0.25}
VALUES = {
    "etiqueta": set(LABELS),
    **{reading: set(LABELS) for reading in READINGS},
    "dimension": {
        "turismo", "gobernanza", "cultura", "gente", "economia", "exportaciones", "seguridad",
    },
    "fuente": {"prensa_internacional", "red_social", "resena_viaje", "columna", "informe", "foro"},
    "fenomeno": {
        "negacion", "ironia", "mixto", "comparacion", "discurso_referido",
        "hecho_negativo_neutral", "mexicanismo", "sin_acentos", "emoji", "cambio_de_codigo",
    },
}  # fmt: skip
WORST = 10
INDICATIVE = 10  # palabras que se quitan por clase
TTR_TOKENS = 5000

Corpus = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Measure:
    """Una medida, su límite (vacío si no lo tiene) y si lo cumple (`None`: solo se reporta)."""

    name: str
    value: str
    limit: str = ""
    ok: bool | None = None
    details: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """«bien», «fuera» o nada."""
        return {True: "bien", False: "fuera", None: ""}[self.ok]

    def __str__(self) -> str:
        limit = f"  [{self.limit}]" if self.limit else ""
        lines = [f"{self.verdict:<6} {self.name}: {self.value}{limit}"]
        return "\n".join([*lines, *(f"         {line}" for line in self.details)])


def between(
    name: str, value: float, low: float, high: float, form: str = ".3f", details: Sequence[str] = ()
) -> Measure:
    """Una medida que debe quedar entre dos números, ambos permitidos."""
    limit = f"de {low:g} a {high:g}"
    return Measure(name, format(value, form), limit, low <= value <= high, tuple(details))


def none_of(name: str, bad: Sequence[str], limit: str) -> Measure:
    """Una medida que cuenta lo que no debe haber."""
    return Measure(name, str(len(bad)), limit, not bad, tuple(bad[:WORST]))


# --- los archivos ------------------------------------------------------------------------------


def load_corpus(folder: Path = SAMPLE_DATA) -> Corpus:
    """Los CSV que haya, por lo que sigue a `imagen_mexico_`; todo como texto."""
    return {
        name: pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        for name in COLUMNS
        if (path := folder / f"imagen_mexico_{name}.csv").is_file()
    }


def texts_of(corpus: Corpus) -> pd.DataFrame:
    """Todos los textos: `set`, `id`, `texto` y `fuente`."""
    frames = [
        frame.reindex(columns=["id", "texto", "fuente"], fill_value="").assign(set=name)
        for name, frame in corpus.items()
        if "texto" in frame
    ]
    return pd.concat(frames, ignore_index=True)


def readings_of(corpus: Corpus) -> Corpus:
    """Por conjunto, los textos que llevan las tres lecturas."""
    return {name: f for name, f in corpus.items() if {*READINGS, "etiqueta"} <= set(f.columns)}


def check_columns(corpus: Corpus) -> Measure:
    """Están los seis archivos, cada uno con sus columnas y en su orden."""
    bad = [f"falta imagen_mexico_{name}.csv" for name in COLUMNS if name not in corpus]
    bad += [
        f"{name}: {', '.join(frame.columns)}" for name, frame in corpus.items() if list(frame.columns) != COLUMNS[name]
    ]
    return none_of("archivos que faltan o con otras columnas", bad, "0")


def check_ids(corpus: Corpus) -> Measure:
    """Cada id una sola vez en todos los archivos; los de `nuevos_verdad` son los de `nuevos`."""
    ids = [key for name, f in corpus.items() if name != "nuevos_verdad" for key in f["id"]]
    bad = [f"{key}: {times} veces" for key, times in Counter(ids).items() if times > 1]
    bad += [f"id mal escrito: «{key}»" for key in ids if not re.fullmatch(r"im\d{4}", key)]
    if {"nuevos", "nuevos_verdad"} <= set(corpus):
        new, truth = (list(corpus[name]["id"]) for name in ("nuevos", "nuevos_verdad"))
        if new != truth:
            bad.append("los id de nuevos y de nuevos_verdad no son los mismos, en el mismo orden")
    return none_of("ids repetidos, mal escritos o sin pareja", bad, "0")


def check_values(corpus: Corpus) -> Measure:
    """Sin textos vacíos; fechas ISO que existen; clases, dimensiones y fuentes del libro."""
    bad = []
    for name, frame in corpus.items():
        for column in frame.columns:
            for key, value in zip(frame["id"], frame[column], strict=True):
                if not is_valid(column, value):
                    bad.append(f"{name}, {key}: {column} = «{value[:40]}»")
    return none_of("valores que no se admiten", bad, "0")


def is_valid(column: str, value: str) -> bool:
    """Si una columna admite ese valor."""
    if column == "fecha":
        try:
            return datetime.date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return value in VALUES[column] if column in VALUES else bool(value.strip())


def check_majority(corpus: Corpus) -> Measure:
    """`etiqueta` es lo que dicen al menos dos de las tres lecturas."""
    bad = []
    for name, frame in readings_of(corpus).items():
        for row in frame.to_dict("records"):
            label, votes = Counter(row[r] for r in READINGS).most_common(1)[0]
            if votes < 2 or label != row["etiqueta"]:
                bad.append(f"{name}, {row['id']}: {row['etiqueta']}")
    return none_of("etiquetas que no son la mayoría", bad, "0")


def check_rows(corpus: Corpus) -> list[Measure]:
    """Cuántas filas tiene cada archivo: lo previsto, con un 10 % de holgura (15 % en el difícil)."""
    measures = []
    for name, expected in ROWS.items():
        slack = 0.15 if name == "dificil" else 0.10
        low, high = round(expected * (1 - slack)), round(expected * (1 + slack))
        measures.append(between(f"filas de {name}", len(corpus.get(name, [])), low, high, "d"))
    return measures


def shares(labels: Iterable[str]) -> dict[str, float]:
    """La parte de cada clase."""
    counts = Counter(labels)
    total = sum(counts.values()) or 1
    return {label: counts[label] / total for label in LABELS}


def spoken_shares(values: Mapping[str, float]) -> str:
    """Las partes en porcentaje, en el orden de las clases."""
    return " / ".join(f"{values[label]:.0%}" for label in LABELS)


def farthest(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """La mayor diferencia entre las partes de una misma clase."""
    return max(abs(one[label] - other[label]) for label in LABELS)


def check_shares(corpus: Corpus) -> list[Measure]:
    """Clases cerca de 40/35/25 %; los dos periodos de `nuevos` difieren de train y entre sí."""
    measures = []
    for name, frame in readings_of(corpus).items():
        found = shares(frame["etiqueta"])
        held = name in SPLITS
        limit = f"cada una a 10 puntos o menos de {spoken_shares(SHARES)}" if held else ""
        ok = farthest(found, SHARES) <= 0.10 if held else None
        title = f"clases de {name} ({' / '.join(LABELS)})"
        measures.append(Measure(title, spoken_shares(found), limit, ok))
    if {"train", "nuevos", "nuevos_verdad"} <= set(corpus):
        measures.append(check_periods(corpus))
    return measures


def check_periods(corpus: Corpus) -> Measure:
    """Los años de `nuevos` son dos periodos, con otras clases que train y que el otro."""
    new = corpus["nuevos"].merge(corpus["nuevos_verdad"], on="id")
    groups = {"train": shares(corpus["train"]["etiqueta"])}
    groups |= {f"nuevos de {year}": shares(f["etiqueta"]) for year, f in new.groupby(new["fecha"].str[:4])}
    nearest = min(farthest(a, b) for a, b in combinations(groups.values(), 2))
    return Measure(
        "menor distancia entre las clases de train y de los dos periodos de nuevos",
        f"{nearest:.3f}",
        "dos periodos, 0.05 o más",
        len(groups) == 3 and nearest >= 0.05,
        tuple(f"{name}: {spoken_shares(found)}" for name, found in groups.items()),
    )


def check_phenomena(corpus: Corpus) -> list[Measure]:
    """El conjunto difícil tiene los diez fenómenos, con cinco textos o más cada uno."""
    if "fenomeno" not in corpus.get("dificil", ()):
        return []
    counts = Counter(corpus["dificil"]["fenomeno"])
    fewest = min(counts[name] for name in VALUES["fenomeno"])
    listed = ", ".join(f"{name} {counts[name]}" for name in sorted(VALUES["fenomeno"]))
    return [Measure("textos del fenómeno más escaso", str(fewest), "5 o más", fewest >= 5, (listed,))]


# --- los textos --------------------------------------------------------------------------------


def normalized(text: str) -> str:
    """Sin mayúsculas, acentos ni espacios de más."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def word_counts(texts: pd.Series) -> pd.Series:
    """Palabras de cada texto, separadas por espacios."""
    return texts.map(lambda text: len(text.split()))


def check_lengths(corpus: Corpus) -> list[Measure]:
    """De 6 a 120 palabras, mediana de 18 a 25, cerca de una décima parte con más de 60."""
    texts = texts_of(corpus)
    words = word_counts(texts["texto"])
    details = [
        f"{name}: mínimo {w.min()}, mediana {w.median():g}, máximo {w.max()}, más de 60: {(w > 60).mean():.1%}"
        for name, w in words.groupby(texts["set"], sort=False)
    ]
    return [
        between("palabras del texto más corto", int(words.min()), 6, 120, "d"),
        between("palabras del texto más largo", int(words.max()), 6, 120, "d"),
        between("mediana de palabras", float(words.median()), 18, 25, "g"),
        between("parte con más de 60 palabras", float((words > 60).mean()), 0.05, 0.15, ".3f", details),
    ]


def most_alike(texts: Sequence[str], n: int = WORST, first: int | None = None) -> list[tuple[float, int, int]]:
    """Los `n` pares con mayor Jaccard de secuencias de cinco letras: valor y lugar de cada uno.

    Con `first`, solo pares de uno de los `first` primeros textos con uno de los demás.
    """
    vectorizer = CountVectorizer(analyzer="char", ngram_range=(5, 5), binary=True, dtype=np.int32)
    grams = vectorizer.fit_transform([f"{normalized(text):<5}" for text in texts])
    sizes = np.asarray(grams.sum(axis=1)).ravel()
    if first is None:
        start, shared = 0, sparse.triu(grams @ grams.T, k=1).tocoo()
    else:
        start, shared = first, (grams[:first] @ grams[first:].T).tocoo()
    rows, columns = shared.row, shared.col + start
    jaccard = shared.data / (sizes[rows] + sizes[columns] - shared.data)
    order = np.argsort(-jaccard, kind="stable")[:n]
    return [(float(jaccard[i]), int(rows[i]), int(columns[i])) for i in order]


def check_near_copies(corpus: Corpus) -> Measure:
    """Ningún par, en un archivo o entre dos, con Jaccard de 0.5 o más."""
    texts = texts_of(corpus)
    pairs = most_alike(list(texts["texto"]))
    worst = pairs[0][0] if pairs else 0.0
    details = []
    for value, *places in pairs:
        one, other = (texts.iloc[place] for place in places)
        details.append(
            f"{value:.2f}  {one['id']} ({one['set']}) «{one['texto'][:45]}»"
            f" · {other['id']} ({other['set']}) «{other['texto'][:45]}»"
        )
    name = "mayor parecido entre dos textos (Jaccard de cinco letras)"
    return Measure(name, f"{worst:.3f}", "menos de 0.5", worst < 0.5, tuple(details))


def opening(text: str) -> str:
    """Las tres primeras palabras, sin mayúsculas, acentos ni puntuación."""
    return " ".join(re.findall(r"\w+", normalized(text))[:3])


def check_openings(corpus: Corpus) -> Measure:
    """Ningún comienzo de tres palabras en más de 1 % de los textos (uno solo no se repite)."""
    texts = texts_of(corpus)["texto"]
    counts = Counter(map(opening, texts)).most_common(WORST)
    times = counts[0][1]
    return Measure(
        "veces del comienzo de tres palabras más repetido",
        f"{times} de {len(texts)} ({times / len(texts):.2%})",
        "1 % o menos",
        times <= max(1, 0.01 * len(texts)),
        tuple(f"{count:3} «{words}»" for words, count in counts),
    )


# --- las lecturas ------------------------------------------------------------------------------


def krippendorff_alpha(units: Iterable[Sequence[str]]) -> float:
    """Alfa nominal por la matriz de coincidencias (Krippendorff 2011); «» es un dato que falta."""
    coincidences: dict[tuple[str, str], float] = defaultdict(float)
    for unit in units:
        counts = Counter(value for value in unit if value)
        readers = sum(counts.values())
        for one, other in ((a, b) for a in counts for b in counts if readers > 1):
            pairs = counts[one] * (counts[other] - (one == other))
            coincidences[one, other] += pairs / (readers - 1)
    totals: dict[str, float] = defaultdict(float)
    for (one, _), weight in coincidences.items():
        totals[one] += weight
    n = sum(totals.values())
    expected = n * n - sum(count * count for count in totals.values())
    observed = sum(w for (one, other), w in coincidences.items() if one != other)
    return 1 - (n - 1) * observed / expected if expected else float("nan")


def agreement(name: str, readings: pd.DataFrame, held: bool) -> Measure:
    """Alfa, kappas de Cohen por pares y parte de lecturas 3–0, 2–1 y sin mayoría."""
    units = readings[list(READINGS)].to_numpy().tolist()
    alpha = krippendorff_alpha(units)
    kappas = [cohen_kappa_score(readings[a], readings[b]) for a, b in combinations(READINGS, 2)]
    votes = Counter(max(Counter(unit).values()) for unit in units)
    parts = ", ".join(
        f"{title} {votes[count] / len(units):.1%}" for title, count in (("3–0", 3), ("2–1", 2), ("sin mayoría", 1))
    )
    detail = f"kappa de Cohen por pares {', '.join(f'{k:.3f}' for k in kappas)}; {parts}"
    title = f"alfa de Krippendorff, {name} ({len(units)})"
    if held:
        return between(title, alpha, 0.5, 0.95, ".3f", [detail])
    return Measure(title, f"{alpha:.3f}", details=(detail,))


def check_agreement(corpus: Corpus, without_majority: Path = WITHOUT_MAJORITY) -> list[Measure]:
    """El acuerdo en todo lo leído, contado lo que quedó sin mayoría, y en cada conjunto."""
    frames = readings_of(corpus)
    read = [frame[list(READINGS)] for frame in frames.values()]
    if without_majority.is_file():
        read.append(pd.read_csv(without_majority, dtype=str, keep_default_na=False)[list(READINGS)])
    if not read:
        return []
    everything = pd.concat(read, ignore_index=True)
    left_out = len(everything) - sum(map(len, frames.values()))
    measures = [
        Measure("textos leídos que quedaron fuera por no tener mayoría", str(left_out)),
        agreement("todo lo leído, con lo que quedó sin mayoría", everything, held=True),
    ]
    # en el conjunto difícil el desacuerdo es parte de lo que se busca: se reporta
    return measures + [agreement(name, f, name != "dificil") for name, f in frames.items()]


# --- lo que se puede aprender -------------------------------------------------------------------


def leak_score(train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Macro F1 en `test` de lo que no es el texto: dimensión, fuente, mes y largo en palabras."""
    encoder, scaler = OneHotEncoder(handle_unknown="ignore"), StandardScaler()
    tables = []
    for place, frame in enumerate((train, test)):
        facts = frame[["dimension", "fuente"]].assign(month=frame["fecha"].str[:7]).to_numpy()
        words = word_counts(frame["texto"]).to_numpy(dtype=float).reshape(-1, 1)
        steps = (encoder.transform, scaler.transform)
        if place == 0:
            steps = (encoder.fit_transform, scaler.fit_transform)
        tables.append(sparse.hstack([steps[0](facts), steps[1](words)]).tocsr())
    model = LogisticRegression(class_weight="balanced", max_iter=2000)
    model.fit(tables[0], train["etiqueta"])
    return float(f1_score(test["etiqueta"], model.predict(tables[1]), average="macro"))


def to_splits(corpus: Corpus) -> DatasetDict:
    """Los tres conjuntos como los da `load_splits`: `text` y `label`."""
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=list(LABELS))})
    return DatasetDict(
        {
            split: Dataset.from_dict(
                {
                    "text": corpus[name]["texto"].tolist(),
                    "label": [LABELS.index(label) for label in corpus[name]["etiqueta"]],
                },
                features=features,
            )
            for name, split in SPLITS.items()
        }
    )


def tfidf_score(corpus: Corpus) -> float:
    """Macro F1 de `taller_lib.baselines.tfidf` en prueba."""
    from taller_lib.baselines import tfidf

    return tfidf(to_splits(corpus)).scores("test")["macro_f1"]


def indicative_words(train: pd.DataFrame, n: int = INDICATIVE) -> dict[str, list[str]]:
    """Las `n` palabras de mayor coeficiente de cada clase en un modelo lineal de palabras."""
    vectorizer = TfidfVectorizer(token_pattern=r"\w+", sublinear_tf=True)
    features = vectorizer.fit_transform(train["texto"])
    model = LogisticRegression(class_weight="balanced", max_iter=2000)
    model.fit(features, train["etiqueta"])
    names = vectorizer.get_feature_names_out()
    coefficients = model.coef_
    if len(model.classes_) == 2:
        coefficients = np.vstack([-coefficients, coefficients])
    return {
        str(label): names[np.argsort(-row, kind="stable")[:n]].tolist()
        for label, row in zip(model.classes_, coefficients, strict=True)
    }


def remove_words(corpus: Corpus, words: Iterable[str]) -> Corpus:
    """Los mismos conjuntos, sin esas palabras."""
    gone = set(words)

    def clean(text: str) -> str:
        return re.sub(r"\w+", lambda found: "" if found[0].lower() in gone else found[0], text)

    return {name: corpus[name].assign(texto=corpus[name]["texto"].map(clean)) for name in SPLITS}


def check_learning(corpus: Corpus) -> list[Measure]:
    """Cuánto se acierta sin leer el texto, con TF-IDF y con TF-IDF sin las palabras que delatan."""
    if not set(SPLITS) <= set(corpus):
        return []
    leak = leak_score(corpus["train"], corpus["prueba"])
    whole = tfidf_score(corpus)
    words = indicative_words(corpus["train"])
    cost = whole - tfidf_score(remove_words(corpus, (w for group in words.values() for w in group)))
    return [
        Measure(
            "macro F1 en prueba con dimensión, fuente, mes y largo, sin el texto",
            f"{leak:.3f}",
            "0.55 o menos",
            leak <= 0.55,
        ),
        between("macro F1 en prueba de TF-IDF", whole, 0.50, 0.80),
        Measure(
            f"lo que pierde TF-IDF sin las {INDICATIVE} palabras más indicativas de cada clase",
            f"{cost:.3f}",
            "menos de 0.08",
            cost < 0.08,
            tuple(f"{label}: {', '.join(group)}" for label, group in words.items()),
        ),
    ]


def static_measures(corpus: Corpus, without_majority: Path = WITHOUT_MAJORITY) -> list[Measure]:
    """Todo lo que se mide sin entrenar una red; un archivo con otras columnas solo se reporta."""
    sound = {name: f for name, f in corpus.items() if list(f.columns) == COLUMNS[name]}
    measures = [check_columns(corpus), *check_rows(corpus)]
    if not any("texto" in frame for frame in sound.values()):
        return measures
    return [
        *measures,
        check_ids(sound),
        check_values(sound),
        check_majority(sound),
        *check_shares(sound),
        *check_phenomena(sound),
        *check_lengths(sound),
        check_near_copies(sound),
        check_openings(sound),
        *check_agreement(sound, without_majority),
        *check_learning(sound),
    ]


# --- junto a textos reales ----------------------------------------------------------------------


def tokens_of(text: str) -> list[str]:
    """Las palabras en minúsculas; no cuentan menciones ni enlaces, que se repiten por anonimato."""
    return re.findall(r"\w+", re.sub(r"@\w+|https?\S*", " ", text).lower())


def type_token_ratio(texts: Sequence[str], n: int, draws: int = 20, seed: int = 0) -> float:
    """Palabras distintas entre palabras, en muestras de textos al azar con `n` palabras cada una."""
    generator, ratios = random.Random(seed), []
    for _ in range(draws):
        sample = [w for text in generator.sample(texts, len(texts)) for w in tokens_of(text)][:n]
        ratios.append(len(set(sample)) / len(sample))
    return statistics.mean(ratios)


def compare_with_real(corpus: Corpus, real: Sequence[str]) -> pd.DataFrame:
    """Riqueza de vocabulario y largo de los textos del corpus y de los reales."""
    texts = texts_of(corpus)
    groups = {
        "corpus": list(texts["texto"]),
        "corpus, red social": list(texts["texto"][texts["fuente"] == "red_social"]),
        "corpus, prensa": list(texts["texto"][texts["fuente"] == "prensa_internacional"]),
        "textos reales": list(real),
    }
    groups = {name: group for name, group in groups.items() if any(map(tokens_of, group))}
    fewest = min(sum(len(tokens_of(t)) for t in group) for group in groups.values())
    n = min(TTR_TOKENS, fewest)
    rows = {}
    for name, group in groups.items():
        words = pd.Series([len(text.split()) for text in group])
        rows[name] = {
            "textos": len(group),
            f"distintas por palabra (en {n})": f"{type_token_ratio(group, n):.3f}",
            **{f"p{p}": f"{words.quantile(p / 100):.0f}" for p in (5, 25, 50, 75, 95)},
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def nearest_real(corpus: Corpus, real: Sequence[str]) -> str:
    """Una frase con el mayor parecido entre un texto del corpus y uno real."""
    texts = list(texts_of(corpus)["texto"])
    pairs = most_alike([*texts, *real], n=1, first=len(texts))
    worst = pairs[0][0] if pairs else 0.0
    return f"Mayor parecido de un texto del corpus con uno real (Jaccard de cinco letras): {worst:.3f}."


# --- lo que se imprime y se escribe --------------------------------------------------------------


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Una tabla de Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "\\|") for c in r) + " |" for r in lines)


def measures_table(measures: Iterable[Measure]) -> str:
    """Las medidas como tabla de Markdown; de los detalles, los de acuerdo."""
    rows = []
    for m in measures:
        more = f" ({m.details[0]})" if m.name.startswith("alfa") else ""
        rows.append((m.name, m.value + more, m.limit, m.verdict))
    return markdown_table(["medida", "valor", "límite", ""], rows)


def frame_table(frame: pd.DataFrame) -> str:
    """Un DataFrame como tabla de Markdown."""
    return markdown_table(["", *frame.columns], ([name, *row] for name, *row in frame.itertuples()))


def fill_block(text: str, block: str, content: str) -> str:
    """La hoja de datos con otro contenido entre `<!-- block -->` y `<!-- /block -->`."""
    start, end = f"<!-- {block} -->", f"<!-- /{block} -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise SystemExit(f"En la hoja de datos no está el bloque {start} … {end}: ponlo de nuevo.")
    before, after = text.split(start)[0], text.split(end)[1]
    return f"{before}{start}\n{content}\n{end}{after}"


def write_block(datasheet: Path, block: str, content: str, stamp: str) -> None:
    """Escribe un bloque de la hoja de datos con la fecha y la orden que lo produjo."""
    text = fill_block(datasheet.read_text(encoding="utf-8"), block, f"{stamp}\n\n{content}")
    datasheet.write_text(text, encoding="utf-8", newline="\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Las opciones de la línea de comandos."""
    parser = argparse.ArgumentParser(description="Mide el corpus de ejemplo.")
    parser.add_argument("--folder", type=Path, default=SAMPLE_DATA, help="dónde están los CSV")
    parser.add_argument("--real", type=Path, metavar="CSV", help="textos reales, columna texto")
    parser.add_argument("--full", action="store_true", help="también entrenamientos")
    parser.add_argument("--datasheet", action="store_true", help="escribe lo medido en DATASHEET.md")
    parser.add_argument(
        "--sizes",
        default="50,100,200,400,800,todo",
        help="tamaños de train de la curva (con --full)",
    )
    parser.add_argument("--seeds", default="0,1,2", help="semillas con todo train (con --full)")
    parser.add_argument("--epochs", type=int, help="épocas como máximo; si no, las del taller")
    return parser.parse_args(arguments)


def command_line(args: argparse.Namespace, defaults: argparse.Namespace) -> str:
    """La orden que repite la medición; de los archivos, solo el nombre."""
    words = ["python tools/check_corpus.py"]
    for name, value in vars(args).items():
        if value == getattr(defaults, name):
            continue
        shown = value.name if isinstance(value, Path) else value
        words.append(f"--{name}" if value is True else f"--{name} {shown}")
    return " ".join(words)


def run_full(corpus: Corpus, args: argparse.Namespace) -> str:
    """Los entrenamientos, como tablas de Markdown."""
    import corpus_training

    frames = corpus_training.measure(
        to_splits(corpus),
        sizes=[None if size == "todo" else int(size) for size in args.sizes.split(",")],
        seeds=[int(seed) for seed in args.seeds.split(",")],
        epochs=args.epochs,
    )
    return "\n\n".join(f"{title}:\n\n{frame_table(frame)}" for title, frame in frames.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Mide, imprime y, si se pide, escribe en la hoja de datos."""
    args = parse(arguments)
    corpus = load_corpus(args.folder)
    if not corpus:
        print(f"No hay ningún imagen_mexico_*.csv en {args.folder}.", file=sys.stderr)
        return 1
    today = datetime.date.today().isoformat()
    stamp = f"Medido el {today} con `{command_line(args, parse([]))}`."
    print(stamp)
    measures = static_measures(corpus)
    print(*measures, sep="\n")
    blocks = {"medidas": measures_table(measures)}
    if args.real:
        real = pd.read_csv(args.real, dtype=str, keep_default_na=False, encoding="utf-8")["texto"]
        table = frame_table(compare_with_real(corpus, list(real)))
        blocks["textos reales"] = f"{table}\n\n{nearest_real(corpus, list(real))}"
        print("", blocks["textos reales"], sep="\n")
    if args.full:
        blocks["entrenamientos"] = run_full(corpus, args)
        print("", blocks["entrenamientos"], sep="\n")
    if args.datasheet:
        for block, content in blocks.items():
            write_block(args.folder / DATASHEET.name, block, content, stamp)
    out = [measure.name for measure in measures if measure.ok is False]
    print(f"\nMedidas fuera de su límite: {len(out)}" if out else "\nTodo está en su límite.")
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
