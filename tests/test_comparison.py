"""Comparar corridas: la diferencia, si se distingue, y lo que no se puede comparar."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, norm, permutation_test
from sklearn.metrics import accuracy_score, f1_score

import taller_lib as taller
from taller_lib.comparison import by_seed, compare_with_best, holm
from taller_lib.prediction import write_predictions
from taller_lib.runs import PREDICTED, Run, read_record, write_record

NAMES = ["negativo", "neutral", "positivo"]


def saved_run(
    folder: Path,
    true: np.ndarray,
    pred: np.ndarray,
    seed: int = 0,
    name: str = "",
    **fields: object,
) -> Run:
    """Una corrida guardada con esas respuestas en validación (y en prueba), sin entrenar nada."""
    path = folder / "runs" / (name or f"colibri-{len(list(folder.glob('runs/*')))}")
    path.mkdir(parents=True)
    table = pd.DataFrame(
        {
            "text": [f"texto número {n}" for n in range(len(true))],
            "label": np.array(NAMES)[true],
            "prediction": np.array(NAMES)[pred],
            "confidence": 0.5,
        }
    )
    for file in PREDICTED.values():
        write_predictions(path / file, table)
    for empty in ("config.json", "model.safetensors"):
        (path / empty).write_text("{}", encoding="utf-8")
    record = {
        "state": "finished",
        "config": taller.WorkshopConfig(seed=seed).resolved().to_dict(),
        "label_names": NAMES,
        "validation": taller.score(true, pred, NAMES),
        "best_epoch": 1,
        "epochs": 2,
        "rows": {"train": 500, "validation": len(true)},
        "created": "2026-01-01T00:00:00",
        "fingerprint": "ajustes-datos",
        "test_evaluations": 1,
    } | fields
    return Run(path, write_record(path, **record))


def answers(n: int = 300, hits: tuple[float, float] = (0.7, 0.6), seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.choice(3, n, p=[0.4, 0.35, 0.25])
    return [true, *(np.where(rng.random(n) < hit, true, (true + 1) % 3) for hit in hits)]


def test_la_diferencia_y_su_intervalo_son_los_de_sklearn_y_scipy(tmp_path: Path) -> None:
    true, first, second = answers()
    found = taller.compare(saved_run(tmp_path, true, first), saved_run(tmp_path, true, second))
    f1 = [f1_score(true, pred, average="macro") for pred in (first, second)]
    assert found.table.loc["macro_f1", ["a", "b"]].tolist() == pytest.approx(f1, abs=1e-12)
    gain = accuracy_score(true, first) - accuracy_score(true, second)
    assert found.table.loc["accuracy", "difference"] == pytest.approx(gain, abs=1e-12)
    expected = bootstrap(
        (true, first, second),
        lambda t, a, b: f1_score(t, a, average="macro") - f1_score(t, b, average="macro"),
        paired=True,
        vectorized=False,
        n_resamples=1_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    ends = found.table.loc["macro_f1", ["low", "high"]].tolist()
    assert ends == pytest.approx(expected, abs=0.02)
    assert found.n == 300 and found.split == "validation"
    right = [(true == first), (true == second)]
    assert found.only_a == (right[0] & ~right[1]).sum()
    different = np.flatnonzero(first != second)
    assert set(found.disagreements["text"]) == {f"texto número {n}" for n in different}
    assert (found.disagreements["prediction_a"] != found.disagreements["prediction_b"]).all()


def test_el_valor_p_es_el_de_la_prueba_de_permutacion_de_scipy(tmp_path: Path) -> None:
    true, first, second = answers(hits=(0.7, 0.62), n=120, seed=5)
    found = taller.compare(saved_run(tmp_path, true, first), saved_run(tmp_path, true, second))
    expected = permutation_test(
        (first, second),
        lambda a, b: f1_score(true, a, average="macro") - f1_score(true, b, average="macro"),
        permutation_type="samples",
        vectorized=False,
        n_resamples=1_000,
        rng=np.random.default_rng(0),
    )
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.05)
    assert found.distinguishable == (found.p_value < 0.05)


def test_mcnemar_exacta(tmp_path: Path) -> None:
    # ejemplo de statsmodels.stats.contingency_tables.mcnemar: 121 y 59 discordantes
    true = np.zeros(314, dtype=int)
    first = np.repeat([0, 0, 1, 1], [101, 121, 59, 33])
    second = np.repeat([0, 1, 0, 1], [101, 121, 59, 33])
    found = taller.compare(saved_run(tmp_path, true, first), saved_run(tmp_path, true, second))
    assert (found.only_a, found.only_b) == (121, 59)
    assert found.mcnemar == pytest.approx(4.43444926375551e-06, rel=1e-6)


def test_el_orden_de_los_textos_no_importa_y_comparar_al_reves_da_lo_contrario(
    tmp_path: Path,
) -> None:
    true, first, second = answers()
    a, b = saved_run(tmp_path, true, first), saved_run(tmp_path, true, second)
    before = taller.compare(a, b)
    path = b.path / PREDICTED["validation"]
    pd.read_csv(path).sample(frac=1, random_state=1).to_csv(path, index=False)
    after = taller.compare(a, b)
    pd.testing.assert_frame_equal(before.table, after.table)
    back = taller.compare(b, a)
    assert back.table["difference"].tolist() == pytest.approx((-before.table["difference"]).tolist())
    assert (back.only_a, back.only_b) == (before.only_b, before.only_a)


def test_dice_que_no_se_distingue_y_cuantos_textos_faltan(tmp_path: Path) -> None:
    true, first, second = answers(hits=(0.66, 0.63), seed=3)
    found = taller.compare(saved_run(tmp_path, true, first), saved_run(tmp_path, true, second))
    assert not found.distinguishable and "no se distingue del azar" in str(found)
    low, high = found.table.loc["macro_f1", ["low", "high"]]
    assert low < 0 < high and found.needed
    # con los textos que faltan, la misma diferencia llega a 1.96 errores estándar
    reached = norm.isf(found.p_value / 2) * ((300 + found.needed) / 300) ** 0.5
    assert reached == pytest.approx(1.96, abs=0.01)
    assert f"unos {found.needed:,} textos más" in str(found)


def test_dice_cual_es_mejor_cuando_se_distingue(tmp_path: Path) -> None:
    true, first, second = answers(hits=(0.5, 0.8), seed=1)
    a, b = saved_run(tmp_path, true, first, name="a"), saved_run(tmp_path, true, second, name="b")
    found = taller.compare(a, b)
    assert found.distinguishable and found.p_value < 0.01 and found.needed == 0
    assert "b es mejor en textos como estos" in str(found)


def test_dos_corridas_iguales_no_se_distinguen(tmp_path: Path) -> None:
    true, first, _ = answers()
    found = taller.compare(saved_run(tmp_path, true, first), saved_run(tmp_path, true, first))
    assert found.needed is None and found.p_value == 1 and found.mcnemar == 1
    assert "no se distingue" in str(found) and found.disagreements.empty


def test_comparar_en_prueba_se_pide_y_queda_anotado(tmp_path: Path) -> None:
    true, first, second = answers()
    a, b = saved_run(tmp_path, true, first), saved_run(tmp_path, true, second)
    taller.compare(a, b)
    assert "test_comparisons" not in read_record(a.path)
    assert taller.compare(a, b, split="test").split == "test"
    taller.compare(b, a, split="test")
    assert [read_record(run.path)["test_comparisons"] for run in (a, b)] == [2, 2]


def test_lo_que_no_se_puede_comparar_es_una_frase(tmp_path: Path) -> None:
    true, first, second = answers()
    a = saved_run(tmp_path, true, first)
    fewer = saved_run(tmp_path, true[:200], second[:200])
    with pytest.raises(taller.TallerError, match=r"textos distintos \(comparten 200 de 300 y 200\)"):
        taller.compare(a, fewer)
    few = [saved_run(tmp_path, true[:20], pred[:20]) for pred in (first, second)]
    with pytest.raises(taller.TallerError, match="20 textos de validación: con menos de 30"):
        taller.compare(*few)
    other = saved_run(tmp_path, true, second, label_names=["bien", "mal", "igual"])
    with pytest.raises(taller.TallerError, match="las mismas clases"):
        taller.compare(a, other)
    with pytest.raises(taller.TallerError, match='"validation" o "test"'):
        taller.compare(a, a, split="prueba")
    (fewer.path / PREDICTED["test"]).unlink()
    with pytest.raises(taller.TallerError, match="evalúala en la fase 5"):
        taller.compare(fewer, fewer, split="test")


def test_holm_es_el_de_r() -> None:
    # p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") en R
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_las_demas_frente_a_la_mejor(tmp_path: Path) -> None:
    true, first, second = answers(hits=(0.8, 0.5))
    third = answers(hits=(0.78, 0.5), seed=9)[1]
    third = np.where(third == answers(hits=(0.78, 0.5), seed=9)[0], true, (true + 1) % 3)
    for name, pred in (("peor", second), ("mejor", first), ("cerca", third)):
        saved_run(tmp_path, true, pred, name=name)
    saved_run(tmp_path, true[:100], first[:100], name="otros textos")
    table = compare_with_best(tmp_path)
    assert set(table.index) == {"peor", "cerca"}
    assert table.loc["peor", "p_holm"] == pytest.approx(2 * table.loc["peor", "p_value"])
    assert table.loc["peor", "low"] > 0 and table.loc["cerca", "p_holm"] > 0.05
    assert compare_with_best(tmp_path / "vacío").empty


def test_las_semillas_se_juntan(tmp_path: Path) -> None:
    true = answers()[0]
    f1 = []
    for seed in range(3):
        pred = answers(hits=(0.7, 0.6), seed=seed + 20)
        pred = np.where(pred[1] == pred[0], true, (true + 1) % 3)
        f1.append(f1_score(true, pred, average="macro"))
        saved_run(tmp_path, true, pred, seed=seed)
    other = taller.WorkshopConfig(learning_rate=1e-3).resolved().to_dict()
    saved_run(tmp_path, true, true, config=other)
    table = by_seed(tmp_path).set_index("seeds")
    assert sorted(table.index) == [1, 3]
    row = table.loc[3]
    assert (row["mean"], row["std"]) == pytest.approx((np.mean(f1), np.std(f1, ddof=1)))
    assert (row["lowest"], row["highest"]) == (min(f1), max(f1))
    assert np.isnan(table.loc[1, "std"])
