"""El informe: todo sale del registro, nada de lo ajeno se ejecuta y nada se pide a la red."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from test_comparison import NAMES, answers, saved_run

import taller_lib as taller
from taller_lib.evaluation import Evaluation, save_evaluation
from taller_lib.prediction import write_predictions
from taller_lib.report import method_paragraph, write_report
from taller_lib.runs import PREDICTED, Run, saved_predictions


@pytest.fixture
def run(tmp_path: Path) -> Run:
    true, first, second = answers(200)
    fields = {
        "validation_intervals": {},
        "device": "CPU <2 núcleos>",
        "versions": {"taller-lib": "0.1.0", "transformers": "5"},
    }
    run = saved_run(tmp_path, true, first, **fields)
    table = saved_predictions(run, "test")
    wrong = table["label"] != table["prediction"]
    table.loc[wrong, "text"] = "<img src=x onerror=alert(1)> & «comillas» {{ 7 * 7 }}"
    other = taller.baselines.Baseline("TF-IDF + lineal", {"test": second.tolist()}, {"test": true.tolist()}, {}, NAMES)
    return save_evaluation(run, Evaluation(table.assign(confidence=0.9), NAMES), [other])


def test_el_informe_trae_los_numeros_de_la_corrida(run: Run) -> None:
    page = write_report(run).read_text(encoding="utf-8")
    test = run.record["test"]
    for name in ("macro_f1", "balanced_accuracy", "matthews_correlation", "accuracy"):
        ends = [test["intervals"][f"{name}_{end}"] for end in ("low", "high")]
        assert f"{test['scores'][name]:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]" in page
    assert "TF-IDF + lineal" in page and run.name in page and "se ha evaluado 2 veces" in page
    assert page.count("data:image/png;base64,iVBOR") == 1  # la matriz; esta corrida no tiene curva


def test_lo_que_escribio_otra_persona_es_texto(run: Run) -> None:
    page = write_report(run).read_text(encoding="utf-8")
    assert "<img src=x" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{ 7 * 7 }}" in page and "CPU &lt;2 núcleos&gt;" in page


def test_la_pagina_se_basta_sola(run: Run) -> None:
    page = write_report(run).read_text(encoding="utf-8")

    class Strict(HTMLParser):
        open_tags: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "link", "iframe")
            if tag not in ("meta", "img"):
                self.open_tags.append(tag)
            for name, value in attrs:
                assert name not in ("src", "href") or (value or "").startswith("data:")

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

    parser = Strict()
    parser.feed(page)
    assert not parser.open_tags
    assert "@media print" in page and 'lang="es"' in page


def test_el_parrafo_de_metodo_dice_lo_que_paso(run: Run) -> None:
    said = method_paragraph(run)
    assert "500 textos" in said and "200 textos de prueba" in said and "(evaluados 2 veces)" in said
    assert f"macro F1 fue {run.record['test']['scores']['macro_f1']:.2f} [" in said
    assert re.search(r"Líneas base en los mismos textos \(macro F1\): TF-IDF \+ lineal, 0\.\d\d \[", said)


def test_sin_prueba_lo_dice(tmp_path: Path) -> None:
    true, first, _ = answers(100)
    fields = {"validation_intervals": {}, "device": "CPU", "versions": {"taller-lib": "0.1.0", "transformers": "5"}}
    run = saved_run(tmp_path, true, first, **fields)
    (run.path / PREDICTED["test"]).unlink()
    page = write_report(run).read_text(encoding="utf-8")
    assert "sin evaluar" in page and "No se ha evaluado con textos de prueba" in page
    assert "Líneas base" not in page


def test_una_corrida_sin_errores(tmp_path: Path) -> None:
    true = np.arange(60) % 3
    fields = {"validation_intervals": {}, "device": "CPU", "versions": {"taller-lib": "0.1.0", "transformers": "5"}}
    run = saved_run(tmp_path, true, true, **fields)
    table = saved_predictions(run, "test")
    write_predictions(run.path / PREDICTED["test"], table)
    run = save_evaluation(run, Evaluation(table, NAMES))
    assert "No falló en ningún texto" in write_report(run).read_text(encoding="utf-8")
