"""Guardar, abrir, evaluar y usar una corrida."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny
import torch
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    matthews_corrcoef,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import taller_lib as taller
from taller_lib import baselines
from taller_lib.runs import Run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("taller con acento é")


@pytest.fixture(scope="module")
def data() -> Any:
    return tiny.splits()


@pytest.fixture(scope="module")
def run(folder: Path, data: Any) -> Run:
    path = tiny.tiny_model(folder / "modelo")
    config = taller.WorkshopConfig(
        model=str(path), max_length=32, num_train_epochs=3, learning_rate=5e-3, batch_size=8
    )
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    tokenized = taller.tokenize(data, tokenizer, config)
    trainer = taller.build_trainer(model, tokenizer, tokenized, config, folder / "mi_taller")
    trainer.train()
    first = taller.save_run(trainer, config)
    assert taller.save_run(trainer, config).path == first.path
    return first


def write(path: Path, rows: list[list[str]], separator: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def test_las_predicciones_estan_junto_al_texto_que_les_toca(run: Run, data: Any) -> None:
    table = taller.evaluate(run, data["test"]).table
    assert table["text"].tolist() == data["test"]["text"][:]
    model = AutoModelForSequenceClassification.from_pretrained(run.path)
    tokenizer = AutoTokenizer.from_pretrained(run.path)
    model.eval()
    for row in table.itertuples():  # uno por uno, sin relleno ni orden
        with torch.no_grad():
            logits = model(**tokenizer(row.text, return_tensors="pt", truncation=True, max_length=32)).logits
        expected = torch.softmax(logits, -1)[0]
        assert row.prediction == run.label_names[int(expected.argmax())]
        assert row.confidence == pytest.approx(float(expected.max()), abs=1e-4)


def test_las_metricas_son_las_de_scikit_learn_sobre_lo_guardado(run: Run, data: Any) -> None:
    evaluation = taller.evaluate(run, data["test"])
    saved = taller.save_evaluation(run, evaluation, [baselines.majority(data)])
    table = pd.read_csv(run.path / "predictions.csv")
    assert list(table.columns) == [
        "texto",
        "etiqueta",
        "prediccion",
        "confianza",
        *(f"probabilidad_{n}" for n in tiny.LABELS),
    ]
    real, predicted = table["etiqueta"], table["prediccion"]
    written = json.loads((run.path / "metrics.json").read_text("utf-8"))["test"]["scores"]
    assert written["accuracy"] == accuracy_score(real, predicted)
    assert written["balanced_accuracy"] == balanced_accuracy_score(real, predicted)
    assert written["matthews_correlation"] == pytest.approx(matthews_corrcoef(real, predicted), abs=1e-12)
    assert written["macro_f1"] == pytest.approx(f1_score(real, predicted, average="macro"), abs=1e-12)
    assert evaluation.confusion.to_numpy().tolist() == confusion_matrix(real, predicted, labels=tiny.LABELS).tolist()
    validation = pd.read_csv(run.path / "validation.csv")
    assert saved.record["validation"]["macro_f1"] == pytest.approx(
        f1_score(validation["etiqueta"], validation["prediccion"], average="macro"), abs=1e-12
    )
    assert sorted(p.name for p in run.path.rglob("*predic*")) == ["predictions.csv"]
    assert (run.path / "figures" / "confusion.png").stat().st_size > 1000
    assert len(saved.comparison) == 2


def test_se_cuenta_cuantas_veces_se_miro_la_prueba(run: Run, data: Any) -> None:
    before = taller.load_run(run.path).record["test_evaluations"]
    saved = taller.save_evaluation(run, taller.evaluate(run, data["test"]))
    assert saved.record["test_evaluations"] == before + 1
    assert taller.load_run(run.path).record["test_evaluations"] == before + 1
    assert "Prueba: 30 textos" in (run.path / "README.md").read_text("utf-8")


def test_una_evaluacion_de_otras_clases_no_se_guarda(run: Run, data: Any) -> None:
    evaluation = taller.evaluate(run, data["test"])
    other = type(evaluation)(evaluation.table, ["x", "y", "z"])
    before = {path: path.stat().st_mtime_ns for path in run.path.iterdir()}
    with pytest.raises(taller.TallerError, match="guárdala en la corrida con que se hizo"):
        taller.save_evaluation(run, other)
    assert before == {path: path.stat().st_mtime_ns for path in run.path.iterdir()}


def test_los_errores_van_del_mas_seguro_al_menos(run: Run, data: Any) -> None:
    flipped = data["test"].map(lambda row: {"label": (row["label"] + 1) % 3})
    evaluation = taller.evaluate(run, flipped)
    errors = evaluation.errors(5)
    assert (errors["label"] != errors["prediction"]).all()
    assert errors["confidence"].is_monotonic_decreasing
    wrong = evaluation.table[evaluation.table["label"] != evaluation.table["prediction"]]
    assert errors["confidence"].max() == wrong["confidence"].max()


def test_otras_clases_se_rechazan(run: Run) -> None:
    others = tiny.splits(classes=["a", "b", "c"])["test"]
    with pytest.raises(taller.TallerError, match="La corrida conoce las clases"):
        taller.evaluate(run, others)
    with pytest.raises(taller.TallerError, match="una sola parte"):
        taller.evaluate(run, tiny.splits())
    with pytest.raises(taller.TallerError, match="no tiene textos"):
        taller.evaluate(run, tiny.splits()["test"].select([]))


def test_abrir_lo_que_no_es_una_corrida(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(taller.TallerError, match="No existe la carpeta"):
        taller.load_run(tmp_path / "nada")
    with pytest.raises(taller.TallerError, match="no es la carpeta de una corrida"):
        taller.load_run(tmp_path)
    (tmp_path / "run.json").write_text('{"state": "training"}', encoding="utf-8")
    with pytest.raises(taller.TallerError, match="no se ha guardado"):
        taller.load_run(tmp_path)
    (tmp_path / "run.json").write_text('{"state": "finished"}', encoding="utf-8")
    with pytest.raises(taller.TallerError, match=r"le falta config\.json"):
        taller.load_run(tmp_path)
    monkeypatch.setenv("TALLER_WORKSPACE", str(run.path.parent.parent))
    assert taller.load_run(run.name).path == run.path


def test_las_corridas_se_ordenan_por_validacion(run: Run, folder: Path, tmp_path: Path) -> None:
    assert taller.list_runs(tmp_path).empty
    for name, value in (("a", 0.2), ("b", 0.9), ("c", 0.5)):
        other = tmp_path / "runs" / name
        other.mkdir(parents=True)
        record = {**run.record, "validation": {**run.record["validation"], "macro_f1": value}}
        (other / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (tmp_path / "runs" / "a medias").mkdir()
    table = taller.list_runs(tmp_path)
    assert table.index.tolist() == ["b", "c", "a"]
    assert table["macro_f1"].tolist() == [0.9, 0.5, 0.2]
    assert not [c for c in table.columns if c.startswith("test") and c != "test_evaluations"]


def test_guardar_con_otra_configuracion_se_rechaza(folder: Path, data: Any, tmp_path: Path) -> None:
    config = taller.WorkshopConfig(model=str(folder / "modelo"), max_length=32, num_train_epochs=1, batch_size=8)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    trainer = taller.build_trainer(model, tokenizer, taller.tokenize(data, tokenizer, config), config, tmp_path)
    trainer.train()
    with pytest.raises(taller.TallerError, match=r"cambió después de armar el Trainer \(seed\)"):
        taller.save_run(trainer, config.replace(seed=9))
    other = taller.save_run(trainer, config, tmp_path / "otro")
    assert other.path.parent == tmp_path / "otro" / "runs"


def test_la_ficha_no_ejecuta_el_nombre_de_una_clase() -> None:
    from taller_lib.model_card import escape_markdown

    assert escape_markdown("<img src=x onerror=alert(1)>") == r"&lt;img src=x onerror=alert\(1\)&gt;"
    assert escape_markdown("[clic](javascript:x)\n# título") == r"\[clic\]\(javascript:x\) \# título"


@pytest.mark.parametrize("separator, encoding", [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-8-sig")])
def test_classify_csv_conserva_filas_orden_columnas_y_separador(
    run: Run, tmp_path: Path, data: Any, separator: str, encoding: str
) -> None:
    texts = [
        *data["test"]["text"][:12],
        "",
        "  ",
        'con "comillas", comas;\ny saltos',
        "@usuario está aquí",
        "=SUM(1+1)",
    ]
    source = write(
        tmp_path / "mis textos.csv",
        [["nota", "texto"], *[[f"{i:03}", t] for i, t in enumerate(texts)]],
        separator,
        encoding,
    )
    before = source.read_bytes()
    target = taller.classify_csv(run, source, tmp_path / "salida" / "clasificados.csv")
    assert source.read_bytes() == before
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(target, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert list(table.columns) == [
        "nota",
        "texto",
        "prediccion",
        "confianza",
        *(f"probabilidad_{n}" for n in tiny.LABELS),
        "dudoso",
    ]
    assert table["nota"].tolist() == [f"{i:03}" for i in range(len(texts))]
    assert table["texto"].tolist() == [*texts[:-1], "'=SUM(1+1)"]
    empty = table[table["texto"].str.strip() == ""]
    assert (empty["prediccion"] == "").all() and (empty["dudoso"] == "sí").all()
    expected = taller.evaluate(run, data["test"]).table
    assert table["prediccion"].tolist()[:12] == expected["prediction"].tolist()[:12]
    confident = table[table["texto"].str.strip() != ""]
    doubtful = confident["confianza"].astype(float) < run.record["doubt_threshold"]
    assert (confident["dudoso"] == "sí").tolist() == doubtful.tolist()
    again = taller.classify_csv(run, source, target)
    assert again == target
    assert len(list(target.parent.glob("clasificados_anterior_*.csv"))) == 1


def test_el_umbral_de_duda_es_el_percentil_20_de_validacion(run: Run) -> None:
    confidence = pd.read_csv(run.path / "validation.csv")["confianza"]
    assert run.record["doubt_threshold"] == pytest.approx(np.percentile(confidence, 20))


def test_classify_csv_rechaza_lo_que_no_puede(run: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", [["comentario"], ["hola qué tal"]])
    with pytest.raises(taller.TallerError, match=r"no hay una columna «texto».*comentario"):
        taller.classify_csv(run, source, tmp_path / "b.csv")
    assert not (tmp_path / "b.csv").exists()
    with pytest.raises(taller.TallerError, match="el mismo que el de entrada"):
        taller.classify_csv(run, source, source, "comentario")
    done = taller.classify_csv(run, source, tmp_path / "b.csv", "comentario")
    with pytest.raises(taller.TallerError, match="ya tiene la columna «prediccion»"):
        taller.classify_csv(run, done, tmp_path / "c.csv", "comentario")


def test_el_clasificador_por_lotes_viaja_a_otro_proceso(run: Run, data: Any) -> None:
    classifier = taller.BatchClassifier(run)
    texts = data["test"]["text"][:5]
    here = classifier({"texto": texts, "otra": list(range(5))})
    there = pickle.loads(pickle.dumps(classifier))({"texto": texts, "otra": list(range(5))})
    assert here == there
    assert here["otra"] == list(range(5))
    assert set(here) == {"texto", "otra", *classifier.new_columns}
    mapped = data["test"].select(range(5)).rename_column("text", "texto").map(classifier, batched=True, batch_size=2)
    assert mapped["prediccion"][:] == here["prediccion"]
    with pytest.raises(taller.TallerError, match="no tiene la columna «texto»"):
        classifier({"text": texts})
