"""Los intervalos contra scipy, y las métricas de muchas matrices contra scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap
from sklearn import metrics as sk

import taller_lib as taller
from taller_lib.bootstrap import bca_intervals
from taller_lib.metrics import COMPARED, bounds, metrics_of_matrices, readable, score, with_interval


def answers(n: int, classes: int, hits: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.choice(classes, n, p=rng.dirichlet(np.full(classes, 2.0)))
    return true, np.where(rng.random(n) < hits, true, rng.choice(classes, n))


@pytest.mark.parametrize("seed", range(12))
def test_las_metricas_de_una_matriz_son_las_de_scikit_learn(seed: int) -> None:
    classes = 2 + seed % 4
    true, pred = answers(12 if seed % 2 else 80, classes, 0.6, seed)  # con 12 faltan clases
    matrix = sk.confusion_matrix(true, pred, labels=range(classes))
    values = metrics_of_matrices(np.array([matrix, 3 * matrix]))
    expected = score(true, pred, [str(c) for c in range(classes)])
    assert values[0, :4] == pytest.approx([expected[name] for name in COMPARED], abs=1e-12)
    parts = sk.precision_recall_fscore_support(true, pred, labels=range(classes), zero_division=np.nan)
    assert values[0, 4:] == pytest.approx(np.concatenate(parts[:3]), nan_ok=True, abs=1e-12)
    assert values[1] == pytest.approx(values[0], nan_ok=True, abs=1e-12)


def test_bca_es_el_de_scipy_para_una_media_asimetrica() -> None:
    data = np.random.default_rng(3).exponential(size=60).round(1)
    found, counts = np.unique(data, return_counts=True)
    [[low, high]] = bca_intervals(lambda c: (c @ found / c.sum(axis=1))[:, None], counts)
    expected = bootstrap((data,), np.mean, n_resamples=10_000, rng=np.random.default_rng(1))
    assert [low, high] == pytest.approx(expected.confidence_interval, abs=0.015)
    # un intervalo simétrico no pasaría: el de una exponencial se estira a la derecha
    assert high - data.mean() > 1.15 * (data.mean() - low)


def test_el_intervalo_del_macro_f1_es_el_de_scipy() -> None:
    true, pred = answers(150, 3, 0.6, 5)
    table = taller.confidence_intervals(true, pred).set_index("metric")
    expected = bootstrap(
        (true, pred),
        lambda a, b: sk.f1_score(a, b, average="macro", zero_division=0),
        paired=True,
        vectorized=False,
        n_resamples=2_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert table.loc["macro_f1", ["low", "high"]].tolist() == pytest.approx(expected, abs=0.012)


def test_la_tabla_dice_metrica_valor_extremos_y_textos() -> None:
    true, pred = answers(200, 3, 0.7, 1)
    names = ["negativo", "neutral", "positivo"]
    table = taller.confidence_intervals(true, pred, label_names=names)
    assert list(table.columns) == ["metric", "value", "low", "high", "n", "note"]
    parts = [f"{kind}_{name}" for kind in ("precision", "recall", "f1") for name in names]
    assert table["metric"].tolist() == [*COMPARED, *parts]
    assert (table["low"] < table["value"]).all() and (table["value"] < table["high"]).all()
    by_name = table.set_index("metric")
    assert by_name.loc["recall_neutral", "n"] == (true == 1).sum()
    assert by_name.loc["precision_neutral", "n"] == (pred == 1).sum()
    assert by_name.loc["macro_f1", "n"] == 200


def test_la_misma_semilla_da_lo_mismo_y_mas_cobertura_un_intervalo_mas_ancho() -> None:
    true, pred = answers(120, 3, 0.7, 2)
    first, again = (taller.confidence_intervals(true, pred, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    wide = taller.confidence_intervals(true, pred, level=0.99, seed=4)
    assert (wide["high"] - wide["low"] >= first["high"] - first["low"]).all()
    half = taller.confidence_intervals(np.repeat(true, 4), np.repeat(pred, 4), seed=4)
    width = [(t["high"] - t["low"])[:4].mean() for t in (first, half)]
    assert width[1] == pytest.approx(width[0] / 2, rel=0.1)  # cuatro veces más textos


def test_una_clase_con_pocos_textos_lleva_su_aviso_y_la_exactitud_no() -> None:
    true = np.array([0] * 60 + [1] * 35 + [2] * 5)
    pred = np.where(np.arange(100) % 4 == 0, (true + 1) % 3, true)
    notes = taller.confidence_intervals(true, pred).set_index("metric")["note"]
    assert notes["macro_f1"] == "solo 5 textos de «2»: queda corto"
    assert notes["balanced_accuracy"] and notes["matthews_correlation"]
    assert notes["accuracy"] == "" and notes["recall_0"] == ""
    assert notes["recall_2"] == "solo 5 textos: queda corto"


def test_lo_que_no_varia_no_tiene_intervalo_ni_avisos_de_python() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        true = [0, 1, 2] * 20
        table = taller.confidence_intervals(true, true)
        assert table["low"].isna().all() and table["high"].isna().all()
        assert (table["note"] == "sin intervalo: no está definida o no varía").all()
        lazy = taller.confidence_intervals(true, [0] * 60).set_index("metric")
    assert lazy.loc["balanced_accuracy", "value"] == pytest.approx(1 / 3)
    assert np.isnan(lazy.loc["balanced_accuracy", "low"]) and lazy.loc["accuracy", "low"] < 1 / 3
    assert bounds(true, true) == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([0, 1] * 14, [0, 1] * 14), "28 textos: con menos de 30"),
        (([0, 1] * 20, [0, 1] * 19), "40 etiquetas reales y 38 predichas"),
        (([0, 1] * 20, [0, 1] * 20, 95), "`level` vale 95"),
    ],
)
def test_lo_que_no_se_puede_medir_es_una_frase(arguments: tuple, said: str) -> None:
    with pytest.raises(taller.TallerError, match=said):
        taller.confidence_intervals(*arguments)


def test_se_muestran_los_decimales_que_el_intervalo_sostiene() -> None:
    assert with_interval(0.6789, 0.6211, 0.7366) == "0.68 [0.62, 0.74]"
    assert with_interval(0.6789, 0.6741, 0.6836) == "0.679 [0.674, 0.684]"
    assert with_interval(0.5, 0.2, 0.8) == "0.50 [0.20, 0.80]"
    assert with_interval(1 / 3, np.nan, np.nan) == "0.33"
    table = pd.DataFrame({"f": [0.5], "f_low": [0.41], "f_high": [0.58], "n": [99]})
    assert readable(table).to_dict("records") == [{"f": "0.50 [0.41, 0.58]", "n": 99}]
