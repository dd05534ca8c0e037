"""La línea de comandos, como la usaría quien imparte el taller."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import tiny
from sklearn.metrics import f1_score

ROOT = Path(__file__).parent.parent


def taller(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "taller_lib", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )


def write(
    path: Path, rows: list[tuple[str, str]], header: tuple[str, str] = ("texto", "etiqueta")
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("línea de comandos")
    data = tiny.splits(60)
    for name, part in data.items():
        write(folder / f"{name}.csv", [(row["text"], tiny.LABELS[row["label"]]) for row in part])
    tiny.tiny_model(folder / "modelo")
    return folder


@pytest.fixture(scope="module")
def done(place: Path) -> subprocess.CompletedProcess[str]:
    return taller(
        "run", "--train", "train.csv", "--validation", "validation.csv", "--test", "test.csv",
        "--model", place / "modelo", "--epochs", 2, "--workspace", "mi taller", cwd=place,
    )  # fmt: skip


def only_run(place: Path) -> Path:
    return next((place / "mi taller" / "runs").iterdir())


def test_run_recorre_todo_el_camino(place: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert "TF-IDF + lineal" in done.stdout and "Clase mayoritaria" in done.stdout
    assert "Datos listos: 120 textos" in done.stderr and "Se conserva la época" in done.stderr
    table = pd.read_csv(only_run(place) / "predictions.csv")
    expected = f1_score(table["etiqueta"], table["prediccion"], average="macro")
    assert f"{expected:.3f}" in done.stdout
    given = pd.read_csv(place / "test.csv")
    assert table["texto"].tolist() == given["texto"].tolist()
    assert table["etiqueta"].tolist() == given["etiqueta"].tolist()


def test_resume_sobre_una_corrida_terminada_no_cambia_nada(
    place: Path, done: subprocess.CompletedProcess[str]
) -> None:
    files = {p: p.stat().st_mtime_ns for p in (place / "mi taller").rglob("*") if p.is_file()}
    again = taller("run", "--workspace", "mi taller", "--resume", cwd=place)
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout
    assert files == {
        p: p.stat().st_mtime_ns for p in (place / "mi taller").rglob("*") if p.is_file()
    }


def test_compare_lista_por_validacion(place: Path, done: subprocess.CompletedProcess[str]) -> None:
    listed = taller("compare", "--workspace", "mi taller", cwd=place)
    assert listed.returncode == 0 and only_run(place).name in listed.stdout
    empty = taller("compare", "--workspace", "otro", cwd=place)
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "No hay corridas" in empty.stderr


def test_predict_clasifica_un_archivo(place: Path, done: subprocess.CompletedProcess[str]) -> None:
    write(
        place / "nuevos.csv",
        [("una fiesta amable", "7"), ("oficina el martes", "8")],
        ("opinión", "nota"),
    )
    result = taller(
        "predict",
        only_run(place),
        "nuevos.csv",
        "salida.csv",
        "--text-column",
        "opinión",
        cwd=place,
    )
    assert result.returncode == 0, result.stderr
    assert pd.read_csv(place / "salida.csv")["opinión"].tolist() == [
        "una fiesta amable",
        "oficina el martes",
    ]


def test_check_dice_que_hay_y_cuanto_tardara(place: Path) -> None:
    result = taller(
        "check", "train.csv", "--test", "test.csv", "--model", place / "modelo", cwd=place
    )
    assert result.returncode == 0, result.stderr
    for expected in ("negativo", "max_length propuesto: ", "por época", "menos de 300"):
        assert expected in result.stdout
    assert not (place / "mi_taller").exists()


def test_check_con_avisos_termina_bien_y_los_dice(place: Path, tmp_path: Path) -> None:
    rows = [(row["text"], tiny.LABELS[row["label"]]) for row in tiny.splits(60)["train"]]
    write(tmp_path / "a.csv", [*rows, ("", "neutral"), rows[0]])
    result = taller("check", "a.csv", "--model", place / "modelo", cwd=tmp_path)
    assert result.returncode == 0
    assert "fila 62" in result.stdout and "fila 63" in result.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["check", "no.csv"], "no.csv"),
        (
            ["run", "--train", "train.csv", "--text-column", "comentario"],
            "no hay una columna «comentario»",
        ),
        (["run", "--train", "train.csv", "--epochs", "40"], "de 1 a 20"),
        (["run", "--train", "train.csv", "--label-names", "a,b"], "a"),
        (["run", "--test", "test.csv"], "Falta --train"),
        (["predict", "nada", "train.csv", "x.csv"], "No existe la carpeta de la corrida"),
    ],
)
def test_lo_que_hay_que_corregir_es_una_frase_y_codigo_1(
    place: Path, arguments: list[str], message: str
) -> None:
    result = taller(*arguments, cwd=place)
    assert result.returncode == 1
    assert message in result.stderr and "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["run", "--epocas", "3"], "no conozco --epocas"),
        (["run", "--epochs", "tres"], "lleva un número entero"),
        (["check"], "falta A.csv"),
        (["bailar"], "no existe el comando"),
        ([], "falta"),
    ],
)
def test_el_mal_uso_se_dice_en_espanol_y_codigo_2(
    place: Path, arguments: list[str], message: str
) -> None:
    result = taller(*arguments, cwd=place)
    assert result.returncode == 2
    assert message in result.stderr and "usage" not in result.stderr


def test_doctor_dice_que_hay(place: Path) -> None:
    result = taller("doctor", cwd=place)
    assert result.returncode == 0
    assert "transformers" in result.stdout and "GPU" in result.stdout


def test_importar_no_carga_lo_pesado() -> None:
    code = (
        "import sys, taller_lib; dir(taller_lib); taller_lib.WorkshopConfig(); "
        "print([m for m in ('torch','transformers','sklearn','matplotlib','pandas','datasets') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def test_todos_los_nombres_publicos_existen() -> None:
    import taller_lib

    assert len(taller_lib.__all__) <= 40
    for name in taller_lib.__all__:
        assert getattr(taller_lib, name) is not None
    with pytest.raises(AttributeError, match="no tiene «inventado»"):
        _ = taller_lib.inventado
