"""Los textos de una celda, los que llevan unas palabras, y lo que se guarda de ellos."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from taller_files.search import containing
from taller_lib.browsing import cell_texts, export_texts

NAMES = ["negativo", "neutral", "positivo"]


def predictions(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([1, 1, 1], n)
    return pd.DataFrame(
        {
            "text": [f"texto {i}" for i in range(n)],
            "label": rng.choice(NAMES, n),
            "prediction": np.array(NAMES)[shares.argmax(1)],
            "confidence": shares.max(1),
            **{f"probability_{name}": shares[:, k] for k, name in enumerate(NAMES)},
        }
    )


def test_las_celdas_reparten_todos_los_textos_y_van_de_mas_a_menos_confianza() -> None:
    table = predictions()
    cells = {(real, said): cell_texts(table, real, said) for real in NAMES for said in NAMES}
    assert sorted(pd.concat(cells.values())["text"]) == sorted(table["text"])
    for (real, said), rows in cells.items():
        assert set(rows["label"]) == {real} and set(rows["prediction"]) == {said}
        assert rows["confidence"].is_monotonic_decreasing


def test_la_busqueda_no_mira_acentos_ni_mayusculas_y_pide_todas_las_palabras() -> None:
    table = pd.DataFrame({"text": ["El taxi en México", "TAXI caro", "mexico lindo", "a.b (c)"]})
    assert containing(table, "MÉXICO taxi").index.tolist() == [0]
    assert containing(table, "taxi").index.tolist() == [0, 1]
    assert containing(table, "b (").index.tolist() == [3]  # no es una expresión regular
    assert containing(table, "  ").index.tolist() == [0, 1, 2, 3]


def test_lo_guardado_se_abre_sin_riesgo_y_nada_se_sobrescribe(tmp_path: Path) -> None:
    table = predictions(3).assign(text=["=1+1", "ñandú", "x"])
    paths = [export_texts(table, tmp_path / "textos", "negativo-neutral") for _ in range(3)]
    assert [path.name for path in paths] == [
        "negativo-neutral.csv",
        "negativo-neutral-2.csv",
        "negativo-neutral-3.csv",
    ]
    with paths[0].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:4] == ["texto", "etiqueta", "prediccion", "confianza"]
    assert [row["texto"] for row in rows] == ["'=1+1", "ñandú", "x"]


def test_una_clase_con_barras_no_saca_el_archivo_de_su_carpeta(tmp_path: Path) -> None:
    path = export_texts(predictions(2), tmp_path / "textos", "real-../a/b-prediccion-c:d")
    assert path.parent == tmp_path / "textos" and path.is_file()
