"""Cada archivo de `nasty_csv` se lee, se lee con aviso o se rechaza, según expect.json."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from taller_lib.data import load_splits
from taller_lib.errors import TallerError

FOLDER = Path(__file__).parent / "nasty_csv"
CASES = {one["archivo"]: one["conducta"] for one in json.loads((FOLDER / "expect.json").read_text("utf-8"))}
# Lo que expect.json admite de dos maneras («o rechazar…») y aquí se rechaza.
REFUSED_TOO = {"45_desbalance_extremo.csv"}
KINDS = {
    "23_etiquetas_1.0_2.0.csv": ("numeric_labels", 60),
    "27_etiquetas_vacias.csv": ("empty_label", 10),
    "33_textos_vacios.csv": ("empty_text", 10),
    "35_solo_espacios.csv": ("empty_text", 10),
    "37_contradictorias.csv": ("conflicting_labels", 12),
    "47_texto_200k_campo_csv.csv": ("long_text", 1),
    "49_solo_emoji.csv": ("repeated_text", 10),
    "51_mojibake.csv": ("mojibake", 54),
    "67_etiqueta_1,0_decimal.csv": ("numeric_labels", 60),
    "69_fechas_e_ids_como_texto.csv": ("short_text", 30),
    "71_otro_idioma.csv": ("not_spanish", 60),
}
SAID = {
    "11_coma_en_texto_sin_comillas.csv": "60 filas tienen más campos",
    "13_columnas_otro_nombre.csv": "«Comentario» y «Sentimiento»",
    "17_encabezado_duplicado.csv": "«texto» está repetida (2 veces)",
    "25_etiquetas_5_estrellas.csv": "«1» (12), «2» (12), «3» (12), «4» (12) y «5» (12)",
    "29_multietiqueta.csv": "Cada texto lleva una sola",
    "31_falta_clase_en_train_TRAIN.csv": "el modelo nunca podría predecirla",
    "31_falta_clase_en_train_PRUEBA.csv": "el modelo nunca podría predecirla",
    "39_cero_filas.csv": "no hay filas",
    "41_solo_saltos.csv": "está vacío",
    "43_dos_clases.csv": "«negativo» (20) y «positivo» (20)",
    "45_desbalance_extremo.csv": "«neutral» tiene 2 (le faltan 4)",
    "55_truncado.csv": "fila 60",
    "57_xlsx_renombrado.csv": "es un Excel",
    "59_pagina_html.csv": "página web (HTML)",
    "61_json_renombrado.csv": "JSON",
    "73_inyeccion_en_etiqueta.csv": "hay 4 clases",
}


def load(name: str):
    if name.startswith("31_"):
        return load_splits(
            FOLDER / "31_falta_clase_en_train_TRAIN.csv",
            test=FOLDER / "31_falta_clase_en_train_PRUEBA.csv",
        )
    return load_splits(FOLDER / name)


def naive_rows(name: str) -> list[tuple[str, str]]:
    """Las filas leídas con `csv` y el separador a la vista: una segunda opinión."""
    text = (FOLDER / name).read_bytes().decode("utf-8-sig")
    separator = next(
        mark for mark in ",;|" if f"texto{mark}" in text or f"{mark}texto" in text or f'"texto"{mark}' in text
    )
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    text_place, label_place = rows[0].index("texto"), rows[0].index("etiqueta")
    return [(row[text_place], row[label_place]) for row in rows[1:]]


def found_rows(splits) -> list[tuple[str, str]]:
    return [
        (row["text"], dataset.features["label"].int2str(row["label"]))
        for dataset in splits.values()
        for row in dataset
    ]


@pytest.mark.parametrize("name", [name for name, what in CASES.items() if what == "LEER"])
def test_read_in_silence(name):
    splits, report = load(name)
    assert report.problems == []
    rows = naive_rows(name)
    expected = [(text, label.strip("\u00a0\u200b \ufeff")) for text, label in rows]
    assert len(rows) == 60
    assert sorted(found_rows(splits)) == sorted(expected)
    for dataset in splits.values():
        assert dataset.features["label"].names == ["negativo", "neutral", "positivo"]
    assert report.counts.to_numpy().tolist() == [[14, 14, 14], [3, 3, 3], [3, 3, 3]]


@pytest.mark.parametrize("name", KINDS)
def test_read_with_a_warning(name):
    assert CASES[name] == "LEER+AVISO"
    splits, report = load(name)
    kind, rows = KINDS[name]
    problem = next(problem for problem in report.problems if problem.kind == kind)
    assert len(problem.rows) == rows
    assert str(rows) in problem.message and name in problem.message
    assert all(problem.rows for problem in report.problems)
    assert set(found_rows(splits)) <= set(naive_rows(name))


@pytest.mark.parametrize("name", SAID)
def test_refuse(name):
    assert CASES[name] == "RECHAZAR" or name in REFUSED_TOO
    with pytest.raises(TallerError) as caught:
        load(name)
    message = str(caught.value)
    assert SAID[name] in message
    assert message.isprintable()


def test_every_case_is_here():
    silent = {name for name, what in CASES.items() if what == "LEER"}
    assert silent | set(KINDS) | set(SAID) == set(CASES)
    assert {path.name for path in FOLDER.glob("*.csv")} == set(CASES)
