"""Las métricas contra cuentas hechas a mano, y sus casos sin definir."""

from __future__ import annotations

import math
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from taller_lib import metrics
from taller_lib.errors import TallerError

NAMES = ["negativo", "neutral", "positivo"]
#                neg neu pos   predicción
MATRIX = np.array(
    [
        [5, 2, 1],  # negativo: 8 textos
        [1, 3, 2],  # neutral:  6
        [0, 1, 5],  # positivo: 6
    ]
)


def labels_of(matrix):
    """Las listas de etiquetas reales y predichas que dan esa matriz."""
    pairs = [(i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) for _ in range(n)]
    return [i for i, _ in pairs], [j for _, j in pairs]


TRUE, PRED = labels_of(MATRIX)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def gorodkin(matrix):
    """Matthews para K clases (Gorodkin 2004, ecuación 8), desde la matriz de confusión."""
    n, hits = matrix.sum(), np.trace(matrix)
    real, said = matrix.sum(axis=1), matrix.sum(axis=0)
    over = n * hits - (real * said).sum()
    under = math.sqrt(n**2 - (said**2).sum()) * math.sqrt(n**2 - (real**2).sum())
    return over / under


def test_score_equals_the_hand_calculation():
    scores = metrics.score(TRUE, PRED, NAMES)
    # F1 = 2·aciertos / (textos + predicciones)
    f1 = [2 * 5 / (8 + 6), 2 * 3 / (6 + 6), 2 * 5 / (6 + 8)]
    assert list(scores) == [
        "accuracy",
        "balanced_accuracy",
        "matthews_correlation",
        "macro_f1",
        "weighted_f1",
    ]
    assert all(type(value) is float for value in scores.values())
    assert scores["accuracy"] == pytest.approx(13 / 20, abs=1e-12)
    assert scores["balanced_accuracy"] == pytest.approx((5 / 8 + 3 / 6 + 5 / 6) / 3, abs=1e-12)
    assert scores["macro_f1"] == pytest.approx(sum(f1) / 3, abs=1e-12)
    assert scores["weighted_f1"] == pytest.approx((8 * f1[0] + 6 * f1[1] + 6 * f1[2]) / 20, abs=1e-12)
    # Gorodkin a mano: (20·13 − (8·6 + 6·6 + 6·8)) / (√(400−136) · √(400−136)) = 128 / 264
    assert scores["matthews_correlation"] == pytest.approx(128 / 264, abs=1e-12)
    assert gorodkin(MATRIX) == pytest.approx(128 / 264, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_matthews_equals_gorodkin_on_random_matrices(seed):
    matrix = np.random.default_rng(seed).integers(1, 30, size=(4, 4))
    scores = metrics.score(*labels_of(matrix))
    assert scores["matthews_correlation"] == pytest.approx(gorodkin(matrix), abs=1e-12)


def test_names_numbers_and_mixed_give_the_same():
    as_names = [NAMES[i] for i in PRED]
    expected = metrics.score(TRUE, PRED, NAMES)
    assert metrics.score(TRUE, as_names, NAMES) == expected
    assert metrics.score(pd.Series(TRUE), pd.Series(as_names), NAMES) == expected
    assert metrics.score(pd.Series(TRUE, dtype="Int64"), pd.Categorical(as_names), NAMES) == expected
    assert metrics.score(TRUE, PRED) == pytest.approx(expected)
    assert metrics.score([NAMES[i] for i in TRUE], as_names) == pytest.approx(expected)


@pytest.mark.parametrize(
    "true, pred",
    [
        ([0, 0, 1, 1], [0, 0, 1, 1]),  # una clase declarada que no aparece
        ([0, 0, 1, 2], [0, 0, 1, 1]),  # nunca predicha
        ([0, 0, 1, 1], [0, 2, 1, 1]),  # predicha sin tener textos
        ([0, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [1, 1, 1]),
    ],
)
def test_macro_f1_is_plain_sklearn(true, pred):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        macro = f1_score(true, pred, average="macro")
        weighted = f1_score(true, pred, average="weighted")
    scores = metrics.score(true, pred, NAMES)
    assert (scores["macro_f1"], scores["weighted_f1"]) == (macro, weighted)


def test_a_declared_class_that_does_not_appear_does_not_count_as_zero():
    assert metrics.score([0, 1], [0, 1], NAMES)["macro_f1"] == 1.0


def test_per_class_by_hand():
    table = metrics.score_per_class(TRUE, PRED, NAMES)
    assert table.index.name == "label" and list(table.index) == NAMES
    assert list(table.columns) == ["precision", "recall", "f1", "support", "note"]
    assert table["precision"].tolist() == pytest.approx([5 / 6, 3 / 6, 5 / 8])
    assert table["recall"].tolist() == pytest.approx([5 / 8, 3 / 6, 5 / 6])
    assert table["f1"].tolist() == pytest.approx([10 / 14, 6 / 12, 10 / 14])
    assert table["support"].tolist() == [8, 6, 6]
    assert table["note"].tolist() == ["", "", ""]
    assert metrics.undefined_cases(TRUE, PRED, NAMES) == []


def test_per_class_states_what_is_undefined():
    #        nunca predicha: b · sin textos: c · ninguna de las dos: d
    table = metrics.score_per_class(list("aaab"), list("aaac"), list("abcd"))
    assert table["note"].tolist() == [
        "",
        "nunca predicha",
        "sin textos",
        "sin textos; nunca predicha",
    ]
    nan = float("nan")
    assert table["precision"].tolist() == pytest.approx([1, nan, 0, nan], nan_ok=True)
    assert table["recall"].tolist() == pytest.approx([1, 0, nan, nan], nan_ok=True)
    assert table["f1"].tolist() == pytest.approx([1, 0, 0, nan], nan_ok=True)
    # el macro F1 es el promedio de los F1 que existen
    assert metrics.score(list("aaab"), list("aaac"), list("abcd"))["macro_f1"] == pytest.approx(1 / 3)
    sentences = metrics.undefined_cases(list("aaab"), list("aaac"), list("abcd"))
    assert len(sentences) == 3
    assert "«b» nunca fue predicha (tiene 1 texto)" in sentences[0]
    assert "«c» no tiene textos aquí y fue predicha en 1 texto:" in sentences[1]
    assert "«d» no aparece" in sentences[2]


@pytest.mark.parametrize(
    "true, pred, start",
    [
        ([0, 1, 2, 1], [1, 1, 1, 1], "Todas las predicciones son de una sola clase, «neutral»"),
        ([1, 1, 1, 1], [0, 1, 2, 1], "Todos los textos son de una sola clase, «neutral»"),
    ],
)
def test_matthews_undefined_is_said(true, pred, start):
    assert metrics.score(true, pred, NAMES)["matthews_correlation"] == 0
    assert any(s.startswith(start) for s in metrics.undefined_cases(true, pred, NAMES))


def test_confusion_rows_are_real():
    table = metrics.confusion(TRUE, PRED, NAMES)
    assert (table.index.name, table.columns.name) == ("real", "predicción")
    assert list(table.index) == list(table.columns) == NAMES
    assert (table.to_numpy() == MATRIX).all()
    assert metrics.confusion(["a"], ["a"], ["b", "a"]).to_numpy().tolist() == [[0, 0], [0, 1]]


def test_confusion_cells_say_counts_and_shares_and_darker_is_more():
    matrix = pd.DataFrame([[6, 2, 0], [1, 3, 0], [0, 0, 0]], index=list("abc"), columns=list("abc"))
    counts = metrics.confusion_cells(matrix)
    assert {pair: int(text) for pair, (text, _) in counts.items()} == matrix.stack().to_dict()
    assert [counts[pair][1] for pair in (("a", "a"), ("b", "b"), ("a", "b"), ("c", "c"))] == [5, 3, 2, 0]
    assert metrics.confusion_cells(matrix, "row")["a", "b"] == ("25 %", 2)
    assert metrics.confusion_cells(matrix, "column")["a", "b"] == ("40 %", 2)
    assert metrics.confusion_cells(matrix, "row")["c", "a"] == ("–", 0)
    assert metrics.confusion_cells(matrix, "column")["a", "c"] == ("–", 0)


def test_compute_metrics_takes_logits_or_a_tuple():
    logits = np.eye(3)[PRED] * 4 - 1
    expected = metrics.score(TRUE, PRED)
    labels = np.array(TRUE)
    for predictions in (logits, (logits, np.zeros((20, 7))), logits.astype(np.float16)):
        got = metrics.compute_metrics(SimpleNamespace(predictions=predictions, label_ids=labels))
        assert got == expected


def test_compute_metrics_refuses_what_is_no_table_of_logits():
    labels = np.array([0, 1])
    diverged = SimpleNamespace(predictions=np.array([[0.1, np.nan], [0, 1]]), label_ids=labels)
    with pytest.raises(TallerError, match="NaN"):
        metrics.compute_metrics(diverged)
    for shape in ((2,), (2, 1), (2, 5, 3)):
        with pytest.raises(TallerError, match="logits por texto"):
            metrics.compute_metrics(SimpleNamespace(predictions=np.zeros(shape), label_ids=labels))


def test_metrics_never_imports_transformers():
    import subprocess
    import sys

    code = "import sys, taller_lib.metrics; assert not {'transformers', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "true, pred, names, match",
    [
        ([0, 1], [0], NAMES, "2 etiquetas reales y 1 predichas"),
        ([], [], NAMES, "ninguna etiqueta"),
        ([0, 3], [0, 1], NAMES, "reales está el número 3"),
        ([0, 1], [0, -1], NAMES, "predichas está el número -1"),
        (["negativo"], ["Negativo"], NAMES, "predichas está «Negativo»"),
        ([0, 1], ["a", "b"], None, "label_names"),
        ([0, None], [0, 1], NAMES, "reales no se pueden leer"),
        ([0.0, math.nan], [0, 1], NAMES, "reales no se pueden leer"),
        ([0.5, 1], [0, 1], NAMES, "reales no se pueden leer"),
        ([math.inf, 1], [0, 1], NAMES, "reales no se pueden leer"),
        (pd.Series(["a", None]), ["a", "a"], ["a", "b"], "reales no se pueden leer"),
        (np.zeros((2, 3)), [0, 1], NAMES, "reales no se pueden leer"),
    ],
)
def test_bad_input_is_one_sentence(true, pred, names, match):
    calls = (metrics.score, metrics.score_per_class, metrics.confusion, metrics.undefined_cases)
    for function in calls:
        with pytest.raises(TallerError, match=match):
            function(true, pred, names)
