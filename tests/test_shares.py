"""Las partes de cada clase: corregidas contra cuentas a mano, y lo que no se puede estimar."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny
from sklearn.metrics import confusion_matrix

import taller_lib as taller
from taller_lib.prediction import write_predictions
from taller_lib.runs import PREDICTED, Run
from taller_lib.shares import adjusted_count, adjusted_interval, domain_auc, powered_shares

RATES = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]])
NEGATIVO, NEUTRAL, POSITIVO = range(3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder, data = tmp_path_factory.mktemp("partes"), tiny.splits(120)
    config = taller.WorkshopConfig(
        model=str(tiny.tiny_model(folder / "modelo")),
        max_length=32,
        num_train_epochs=4,
        learning_rate=5e-3,
        batch_size=8,
    )
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    trainer = taller.build_trainer(model, tokenizer, taller.tokenize(data, tokenizer, config), config, folder)
    trainer.train()
    return taller.save_run(trainer, config)


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """La misma red, en una corrida cuya matriz de prueba es la de `RATES` con 300 textos."""
    path = tmp_path / "corrida"
    path.mkdir()
    copy = Run(path, trained.record)
    vars(copy).update(model=trained.model, tokenizer=trained.tokenizer)
    set_confusion(copy, (100 * RATES).round().astype(int))
    table = pd.DataFrame(tiny.splits(120)["train"].to_dict()).assign(prediction=tiny.LABELS[0], confidence=0.5)
    table["label"] = [tiny.LABELS[number] for number in table["label"]]
    write_predictions(path / PREDICTED["validation"], table)
    return copy


def set_confusion(run: Run, matrix: Any) -> None:
    text = json.dumps({"test": {"confusion": np.asarray(matrix).tolist()}})
    (run.path / "metrics.json").write_text(text, encoding="utf-8")


def new_texts(n: int = 90, seed: int = 5) -> pd.DataFrame:
    part = tiny.splits(n, seed=seed)["train"]
    return pd.DataFrame({"texto": part["text"], "real": [tiny.LABELS[number] for number in part["label"]]})


def test_corregir_deshace_exactamente_la_matriz() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.0, 1.0, 0.0]])
    counted = shares @ RATES
    assert adjusted_count(1000 * RATES, counted) == pytest.approx(shares)
    # dos clases, a mano (Forman 2008): (contado − falsos) / (aciertos − falsos)
    two = np.array([[80, 20], [30, 70]])
    assert adjusted_count(two, np.array([0.4, 0.6]))[0] == pytest.approx((0.4 - 0.3) / (0.8 - 0.3))


def test_lo_corregido_es_siempre_una_proporcion() -> None:
    extreme = adjusted_count(100 * RATES, np.eye(3))
    assert (extreme >= 0).all() and extreme.sum(axis=1) == pytest.approx(1)


def test_el_intervalo_mide_tambien_lo_poco_que_se_evaluo() -> None:
    counts = np.array([400, 350, 250])
    width = [np.ptp(adjusted_interval((k * RATES).round().astype(int), counts), axis=1).mean() for k in (30, 300)]
    assert width[0] > 1.5 * width[1] > 0


def test_ppi_es_la_de_ppi_py() -> None:
    rng = np.random.default_rng(7)
    true = rng.choice(3, 460, p=[0.5, 0.3, 0.2])
    predicted = np.where(rng.random(460) < 0.7, true, rng.choice(3, 460))
    hot = np.eye(3)
    found = powered_shares(hot[true[:60]], hot[predicted[:60]], hot[predicted[60:]])
    # ppi_py 0.2.3, ppi_mean_pointestimate y ppi_mean_ci, clase por clase (aquí el peso es común a las tres)
    expected = [[0.48245, 0.37791, 0.58699], [0.29136, 0.19168, 0.39103], [0.22704, 0.14838, 0.30570]]
    assert found == pytest.approx(np.array(expected), abs=0.002)
    assert found[:, 0].sum() == pytest.approx(1)


def test_ppi_sin_mas_textos_es_la_media_de_la_muestra() -> None:
    hot = np.eye(3)
    truth = hot[np.arange(40) % 3]
    found = powered_shares(truth, hot[np.zeros(40, dtype=int)], np.zeros((0, 3)))
    assert found[:, 0] == pytest.approx(truth.mean(axis=0))


def test_la_tabla_cuenta_lo_que_predice_la_corrida(run: Run) -> None:
    texts = new_texts()
    table = taller.estimate_shares(run, texts)
    assert list(table.columns) == ["group", "label", "counted", "corrected", "low", "high", "n", "note"]
    said = taller.BatchClassifier(run).classify(texts["texto"].tolist())["prediccion"]
    expected = [said.count(name) / len(said) for name in run.label_names]
    assert table["counted"].tolist() == pytest.approx(expected)
    assert table["corrected"].tolist() == pytest.approx(adjusted_count(100 * RATES, np.array(expected)).tolist())
    assert ((table["low"] <= table["corrected"]) & (table["corrected"] <= table["high"])).all()
    assert table["n"].tolist() == [90] * 3


def test_por_mes_y_los_meses_vacios_o_con_pocos_textos_no_tienen_numero(run: Run) -> None:
    texts = new_texts().assign(fecha=["2024-03-15"] * 60 + ["2024-05-02"] * 20 + [""] * 10)
    table = taller.estimate_shares(run, texts, by="fecha").set_index(["group", "label"])
    assert list(dict.fromkeys(table.index.get_level_values(0))) == ["2024-03", "2024-04", "2024-05", "sin fecha"]
    assert table.loc["2024-03", "corrected"].notna().all()
    assert table.loc["2024-04"][["counted", "corrected", "low", "high"]].isna().all(axis=None)
    assert (table.loc["2024-04", "note"] == "sin textos").all() and (table.loc["2024-04", "n"] == 0).all()
    assert table.loc["2024-05", "counted"].notna().all() and table.loc["2024-05", "corrected"].isna().all()
    assert (table.loc["2024-05", "note"] == "menos de 30 textos: sin corregir").all()


def test_por_una_columna_cualquiera(run: Run) -> None:
    texts = new_texts().assign(fuente=["prensa", "foro", "red"] * 30)
    assert taller.estimate_shares(run, texts, by="fuente")["group"].unique().tolist() == ["foro", "prensa", "red"]


def test_con_una_muestra_etiquetada_a_mano_no_se_usa_la_matriz(run: Run, tmp_path: Path) -> None:
    texts = new_texts(150).assign(etiqueta="")
    texts.loc[:39, "etiqueta"] = texts.loc[:39, "real"]
    path = tmp_path / "nuevos.csv"
    texts.to_csv(path, index=False)
    table = taller.estimate_shares(run, path)
    assert (table["note"] == "con 40 textos etiquetados a mano").all()
    assert table["corrected"].sum() == pytest.approx(1)
    real = texts["real"].value_counts(normalize=True)
    # la red casi no falla en estos textos: PPI da la verdad, aunque la matriz diga que falla mucho
    assert table.set_index("label")["corrected"].to_dict() == pytest.approx(real.to_dict(), abs=0.06)


def test_sin_prueba_se_usa_la_matriz_de_validacion(run: Run) -> None:
    (run.path / "metrics.json").unlink()
    path = run.path / PREDICTED["validation"]
    table = pd.read_csv(path).rename(columns={"texto": "text", "etiqueta": "label"})
    swapped = table["label"].map(dict(zip(tiny.LABELS, tiny.LABELS[1:] + tiny.LABELS[:1], strict=True)))
    table["prediction"] = table["label"].where(table.index % 4 > 0, swapped)
    write_predictions(path, table[["text", "label", "prediction"]].assign(confidence=0.5))
    found = taller.estimate_shares(run, new_texts())
    matrix = confusion_matrix(table["label"], table["prediction"], labels=tiny.LABELS)
    assert found["corrected"].tolist() == pytest.approx(adjusted_count(matrix, found["counted"].to_numpy()).tolist())


def test_lo_que_no_se_puede_estimar_es_una_frase(run: Run, tmp_path: Path) -> None:
    texts = new_texts()
    refused = {
        "no tienen la columna «texto», solo cuerpo": (texts[["texto"]].set_axis(["cuerpo"], axis=1), None),
        "No hay ningún texto nuevo": (texts.assign(texto=" "), None),
        "No hay columna «mes»": (texts, "mes"),
        "está «bueno», que no es ninguna de las clases": (texts.assign(etiqueta="bueno"), None),
    }
    for said, (frame, by) in refused.items():
        with pytest.raises(taller.TallerError, match=said):
            taller.estimate_shares(run, frame, by)
    set_confusion(run, [[40, 30, 30], [40, 30, 30], [10, 10, 80]])
    with pytest.raises(taller.TallerError, match="no se puede"):
        taller.estimate_shares(run, texts)
    set_confusion(run, [[40, 0, 0], [10, 30, 0], [0, 0, 0]])
    with pytest.raises(taller.TallerError, match="ninguno de la clase «positivo»"):
        taller.estimate_shares(run, texts)


def test_textos_de_otro_mundo_llevan_aviso(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    taller.estimate_shares(run, new_texts())
    assert "se parecen poco" not in capsys.readouterr().err
    other = pd.DataFrame({"texto": [f"receta número {n}: harina, huevo y {n} gramos de azúcar" for n in range(60)]})
    taller.estimate_shares(run, other)
    assert "se parecen poco a los del entrenamiento" in capsys.readouterr().err
    sample = dataclasses.replace(run, record={**run.record, "sample_data": True})
    vars(sample).update(model=run.model, tokenizer=run.tokenizer)
    taller.estimate_shares(sample, new_texts())
    assert "aprendió de los datos de ejemplo" in capsys.readouterr().err


def test_el_clasificador_de_dominio_distingue_solo_lo_distinto() -> None:
    one, two = (new_texts(150, seed=seed)["texto"].tolist() for seed in (1, 2))
    assert domain_auc(one, two) < 0.65
    assert domain_auc(one, [f"{text} azúcar" for text in two]) > 0.99
