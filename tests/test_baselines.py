"""Las líneas base: qué eligen, con qué, y que test no elige nada."""

from __future__ import annotations

import json
import random
from typing import ClassVar

import numpy as np
import pytest
import tiny
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC
from transformers import AutoModel, AutoTokenizer

from taller_lib import baselines, metrics
from taller_lib._paths import ASSETS
from taller_lib.baselines import comparison_table, majority, reader, tfidf
from taller_lib.errors import TallerError

NAMES = ["negativo", "neutral", "positivo"]
WORDS = {
    0: "crimen violencia muerte crisis corrupción miedo",
    1: "reunión informe cifra visita acuerdo lunes",
    2: "fiesta cultura orgullo playa música éxito",
}
COMMON = "el la y a de México"


def texts_of(n, noise, seed):
    """Textos de palabras propias de su clase; una parte con la etiqueta cambiada."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        label = i % 3
        words = rng.sample(WORDS[label].split(), 3) + rng.sample(COMMON.split(), 3)
        rng.shuffle(words)
        rows.append((" ".join(words) + f" {i}", rng.choice([0, 1, 2]) if rng.random() < noise else label))
    return rows


def make(names=NAMES, **splits):
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return DatasetDict(
        {
            name: Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]}, features=features)
            for name, rows in splits.items()
        }
    )


@pytest.fixture(scope="module")
def splits():
    return make(
        train=[*texts_of(90, 0.3, 1), ("otra fiesta", 2)],
        validation=texts_of(45, 0.2, 2),
        test=texts_of(60, 0.2, 3),
    )


def test_majority_comes_from_train(splits):
    counts = np.bincount(splits["train"]["label"])
    baseline = majority(splits)
    most = int(counts.argmax())
    assert baseline.name == f"Clase mayoritaria («{NAMES[most]}»)"
    assert baseline.predictions == {"validation": [most] * 45, "test": [most] * 60}
    assert baseline.label_names == NAMES
    share = list(splits["test"]["label"]).count(most) / 60
    assert baseline.scores()["accuracy"] == pytest.approx(share)
    assert baseline.scores("test")["balanced_accuracy"] == pytest.approx(1 / 3)
    assert majority(splits, split="validation").scores() == baseline.scores("validation")


def test_tfidf_learns_and_says_what_it_chose(splits):
    baseline = tfidf(splits)
    assert baseline.settings["C"] in baselines.C_VALUES
    assert baseline.settings["class_weight"] in baselines.CLASS_WEIGHTS
    value = f1_score(splits["validation"]["label"], baseline.predictions["validation"], average="macro")
    assert baseline.settings["validation_macro_f1"] == value == baseline.scores("validation")["macro_f1"]
    assert baseline.scores("test")["macro_f1"] > majority(splits).scores("test")["macro_f1"] + 0.3
    json.dumps(baseline.settings), json.dumps(baseline.predictions)
    assert tfidf(splits) == baseline  # la misma semilla, lo mismo


def test_tfidf_keeps_one_letter_words_and_accents():
    tokens = baselines._ngrams("word").build_analyzer()("Él y yo, ¿o tú? mañana")
    assert tokens[:6] == ["él", "y", "yo", "o", "tú", "mañana"]


def test_tfidf_takes_its_vocabulary_from_train_only(splits, monkeypatch):
    seen = []
    fit = baselines.FeatureUnion.fit_transform
    monkeypatch.setattr(
        baselines.FeatureUnion,
        "fit_transform",
        lambda self, x: seen.append(list(x)) or fit(self, x),
    )
    tfidf(splits)
    assert seen == [list(splits["train"]["text"])]


class Scripted(LinearSVC):
    """Un clasificador con tantos aciertos en cada conjunto como diga su guion."""

    script: ClassVar[dict] = {}
    truth: ClassVar[dict] = {}

    def fit(self, x, y):
        return self

    def predict(self, x):
        truth = self.truth[x.shape[0]]
        hits = self.script[(self.C, self.class_weight)][x.shape[0]]
        return np.array([y if i < hits else (y + 1) % 3 for i, y in enumerate(truth)])


def scripted(monkeypatch, splits, script):
    truth = {len(splits[s]): list(splits[s]["label"]) for s in ("validation", "test")}
    monkeypatch.setattr(Scripted, "truth", truth)
    monkeypatch.setattr(Scripted, "script", script)
    monkeypatch.setattr(baselines, "LinearSVC", Scripted)


def test_validation_chooses_where_test_would_choose_another(splits, monkeypatch):
    # en validation (45) gana C=3 con pesos; en test (60) ganaría C=0.3 sin pesos
    script = {(c, w): {45: 20, 60: 30} for c in baselines.C_VALUES for w in baselines.CLASS_WEIGHTS}
    script[(3, "balanced")] = {45: 40, 60: 10}
    script[(0.3, None)] = {45: 25, 60: 60}
    scripted(monkeypatch, splits, script)
    baseline = tfidf(splits)
    assert (baseline.settings["C"], baseline.settings["class_weight"]) == (3, "balanced")
    assert baseline.scores("test")["accuracy"] == pytest.approx(10 / 60)


def test_ties_go_to_the_simpler(splits, monkeypatch):
    script = {(c, w): {45: 20, 60: 30} for c in baselines.C_VALUES for w in baselines.CLASS_WEIGHTS}
    for key in ((1, None), (1, "balanced"), (10, None)):
        script[key] = {45: 30, 60: 30}
    scripted(monkeypatch, splits, script)
    settings = tfidf(splits).settings
    assert (settings["C"], settings["class_weight"]) == (1, None)


def test_changing_test_changes_no_choice(splits):
    other = DatasetDict(splits)
    other["test"] = make(test=[(t, (y + 1) % 3) for t, y in texts_of(60, 0.0, 9)])["test"]
    one, two = tfidf(splits), tfidf(other)
    assert one.settings == two.settings
    assert one.predictions["validation"] == two.predictions["validation"]


def test_frozen_is_a_logistic_regression_on_mean_states():
    data = tiny.splits(60)
    found = baselines.frozen(data)
    encoder = AutoModel.from_pretrained(ASSETS / "colibri", dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(ASSETS / "colibri")

    def states(texts):
        with torch.no_grad():  # uno por uno, sin relleno
            rows = [encoder(**tokenizer(t, return_tensors="pt")).last_hidden_state.mean(1)[0] for t in texts]
        return torch.stack(rows).double().numpy()

    model = LogisticRegression(C=found.settings["C"], class_weight=found.settings["class_weight"], max_iter=2000).fit(
        states(data["train"]["text"]), data["train"]["label"]
    )
    assert model.predict(states(data["test"]["text"])).tolist() == found.predictions["test"]
    assert set(found.predictions) == {"validation", "test"}


def test_comparison_has_intervals_where_there_are_enough_texts(splits):
    lazy, linear = majority(splits), tfidf(splits)
    table = comparison_table({b.name: b.entry("test") for b in (lazy, linear)}, NAMES)
    expected = metrics.confidence_intervals(*linear.entry("test"), label_names=NAMES).set_index("metric")
    assert table.loc[linear.name, "macro_f1_low"] == expected.loc["macro_f1", "low"]
    assert np.isnan(table.loc[lazy.name, "balanced_accuracy_low"])  # siempre un tercio: no varía
    shown = metrics.readable(table)
    assert list(shown.columns) == [*metrics.COMPARED, "n"]
    assert "[" in shown.loc[linear.name, "macro_f1"] and "[" not in shown.loc[lazy.name, "balanced_accuracy"]


def test_reader_is_measured_on_the_shared_texts(splits):
    texts, true = list(splits["test"]["text"]), list(splits["test"]["label"])
    own = {texts[i]: NAMES[true[i]] for i in (7, 3, 11)}
    own[texts[3]] = NAMES[(true[3] + 1) % 3]
    own |= {"un texto de otro archivo": "lo que sea", texts[20]: "  "}
    you = reader(own, splits)
    assert you.name == "Tú" and you.rows == [3, 7, 11]
    assert you.labels["test"] == [true[i] for i in (3, 7, 11)]
    assert you.scores()["accuracy"] == pytest.approx(2 / 3)
    typed = {text.upper() + "  ": label.capitalize() for text, label in own.items()}
    assert reader(typed, splits) == you
    typed[texts[7].upper() + "  "] = ""
    assert reader(typed, splits).rows == [3, 11]


def test_reader_is_absent_with_other_data(splits):
    assert reader({"nada que ver": "negativo"}, splits) is None
    assert reader({}, splits) is None


def test_comparison_on_the_ten_texts(splits):
    texts, true = list(splits["test"]["text"]), list(splits["test"]["label"])
    you = reader({texts[i]: NAMES[true[i]] for i in range(5, 15)}, splits)
    lazy, linear = majority(splits), tfidf(splits)
    entries = {b.name: b.entry(rows=you.rows) for b in (lazy, linear, you)}
    table = comparison_table(entries, NAMES)
    assert table.index.name == "name" and list(table.index) == [lazy.name, linear.name, "Tú"]
    assert list(table.columns) == [*metrics.COMPARED, "n"]
    assert table["n"].tolist() == [10, 10, 10]
    assert table.loc["Tú", "macro_f1"] == 1.0
    expected = f1_score(*linear.entry(rows=you.rows), average="macro")
    assert table.loc[linear.name, "macro_f1"] == expected


def test_comparison_reads_names_and_numbers_alike():
    table = comparison_table({"a": ([0, 1], [0, 1]), "b": (["negativo", "neutral"], [1, 1])}, NAMES)
    assert table["accuracy"].tolist() == [1.0, 0.5]


def test_bad_input_is_one_sentence(splits):
    one = make(train=[("a b", 1), ("c d", 1)], validation=[("a", 1), ("b", 2)])
    without = DatasetDict({"train": splits["train"], "test": splits["test"]})
    text = splits["test"]["text"][0]
    cases = [
        (lambda: majority(one), "Falta el conjunto `test`"),
        (lambda: tfidf(without), "Falta el conjunto `validation`"),
        (lambda: majority(splits).scores("train"), "no tiene predicciones de `train`"),
        (lambda: reader({text: "bueno"}, splits), "«bueno», que no es ninguna"),
        (
            lambda: comparison_table({"a": ([0, 1], [0, 1]), "b": ([0, 2], [0, 1])}, NAMES),
            "mismos textos",
        ),
    ]
    for call, match in cases:
        with pytest.raises(TallerError, match=match):
            call()
