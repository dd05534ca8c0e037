"""Los cuadernos, ejecutados: los seis en orden (`full`) y cada uno solo (`colab`)."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest

import run_notebooks
from phases import PHASES, notebook_path
from taller_lib._paths import SAMPLE_DATA
from taller_lib.config import WorkshopConfig
from taller_lib.sample import ten_texts
from taller_lib.workspace import open_workspace

SECONDS_A_CELL = 1200
CP1252 = Path(__file__).resolve().parent / "cp1252"
# 150 filas: de cada archivo de ejemplo, las primeras de cada clase
SMALL = {
    "train": ("imagen_mexico_train.csv", 30),
    "validation": ("imagen_mexico_validacion.csv", 10),
    "test": ("imagen_mexico_prueba.csv", 10),
}


@pytest.mark.full
def test_the_road(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Los seis en orden, con todos los datos, en una ruta con acento y espacio y con cp1252."""
    folder = tmp_path_factory.mktemp("camino") / "Día uno"
    folder.mkdir()
    workspace = folder / "mi taller"
    python_path = os.pathsep.join(filter(None, [str(CP1252), os.environ.get("PYTHONPATH")]))
    for phase in PHASES:
        path = notebook_path(phase)
        notebook = run_notebooks.load(path)
        run_notebooks.execute(notebook, path.name, workspace, folder, SECONDS_A_CELL, {"PYTHONPATH": python_path})
        if phase == 1:  # como si se hubieran elegido las diez respuestas
            own = ten_texts().assign(etiqueta=lambda table: table["lectura_2"])
            open_workspace(workspace).save_own_labels(own.to_dict("records"))
    assert "Tú" in str(notebook.cells), "la fase 5 no compara con las etiquetas propias"
    runs = list(workspace.glob("runs/*/metrics.json"))
    assert runs, "la fase 5 no dejó metrics.json en la corrida"


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Los CSV de un espacio de 150 filas."""
    folder = tmp_path_factory.mktemp("pequeño")
    for split, (name, each) in SMALL.items():
        with open(SAMPLE_DATA / name, encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            counts: dict[str, int] = defaultdict(int)
            rows = []
            for row in reader:
                counts[row["etiqueta"]] += 1
                if counts[row["etiqueta"]] <= each:
                    rows.append(row)
        with open(folder / f"{split}.csv", "w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, reader.fieldnames or [])
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture
def small_workspace(tmp_path: Path, small_data: Path) -> Path:
    """Un espacio de trabajo con 150 filas y dos épocas."""
    workspace = tmp_path / "mi_taller"
    data = workspace / "data"
    data.mkdir(parents=True)
    for file in small_data.glob("*.csv"):
        (data / file.name).write_bytes(file.read_bytes())
    WorkshopConfig(num_train_epochs=2).save(workspace)
    return workspace


@pytest.mark.colab
@pytest.mark.parametrize("variant", [run_notebooks.UNANSWERED, run_notebooks.SOLVED])
def test_alone(path: Path, variant: str, small_workspace: Path, tmp_path: Path) -> None:
    """Un cuaderno abierto solo, sin responder o resuelto, no cambia las decisiones tomadas."""
    before = (small_workspace / "config.json").read_bytes()
    run_notebooks.execute(run_notebooks.load(path, variant), path.name, small_workspace, tmp_path, SECONDS_A_CELL)
    if variant == run_notebooks.UNANSWERED:
        assert (small_workspace / "config.json").read_bytes() == before


@pytest.mark.colab
def test_four_classes_of_another_domain(tmp_path: Path) -> None:
    """Los seis con cuatro clases de otro tema, columnas con otro nombre y punto y coma."""
    workspace = tmp_path / "diseño 4 é"
    (workspace / "data").mkdir(parents=True)
    clues = {
        "agua": ["fuga", "tubería", "no sale agua", "tinaco"],
        "luz": ["apagón", "farola", "cable", "foco fundido"],
        "basura": ["camión", "bolsas", "contenedor", "moscas"],
        "calles": ["bache", "banqueta", "asfalto", "tope"],
    }
    rows = [
        (f"{clue} en la cuadra {number} desde hace {number % 9 + 2} días, nadie viene", area)
        for number in range(24)
        for area, words in clues.items()
        for clue in [words[number % 4]]
    ]
    with open(workspace / "data" / "quejas.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("mensaje", "área"), *rows])
    WorkshopConfig(text_column="mensaje", label_column="área", label_names=tuple(clues), num_train_epochs=2).save(
        workspace
    )
    before = (workspace / "config.json").read_bytes()
    for phase in PHASES:
        path = notebook_path(phase)
        notebook = run_notebooks.load(path, run_notebooks.UNANSWERED)
        run_notebooks.execute(notebook, path.name, workspace, tmp_path, SECONDS_A_CELL)
    assert (workspace / "config.json").read_bytes() == before
    assert list(workspace.glob("runs/*/predictions.csv"))
