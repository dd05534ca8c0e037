"""La línea de comandos, como la usaría quien imparte el taller."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tiny
from sklearn.metrics import f1_score

from taller_files.writing import write_json
from taller_lib.cli import main

ROOT = Path(__file__).parent.parent
Done = subprocess.CompletedProcess[str]


def taller(*arguments: object, cwd: Path) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "taller_lib", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )


def write(path: Path, rows: list[tuple[str, str]], header: tuple[str, str] = ("texto", "etiqueta")) -> Path:
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
def done(place: Path) -> Done:
    return taller(
        "run", "--train", "train.csv", "--validation", "validation.csv", "--test", "test.csv",
        "--model", place / "modelo", "--epochs", 2, "--workspace", "mi taller", cwd=place,
    )  # fmt: skip


def only_run(place: Path) -> Path:
    return next((place / "mi taller" / "runs").iterdir())


def test_run_recorre_todo_el_camino(place: Path, done: Done) -> None:
    assert done.returncode == 0, done.stderr
    assert "TF-IDF + lineal" in done.stdout and "Clase mayoritaria" in done.stdout
    assert "Datos listos: 120 textos" in done.stderr and "Se conserva la época" in done.stderr
    table = pd.read_csv(only_run(place) / "predictions.csv")
    expected = f1_score(table["etiqueta"], table["prediccion"], average="macro")
    assert f"{expected:.2f}" in done.stdout
    given = pd.read_csv(place / "test.csv")
    assert table["texto"].tolist() == given["texto"].tolist()
    assert table["etiqueta"].tolist() == given["etiqueta"].tolist()


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """La misma orden en este proceso: código de salida, salida normal y salida de errores."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("TALLER_WORKSPACE", raising=False)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_resume_sobre_una_corrida_terminada_no_cambia_nada(place: Path, done: Done, here: Any) -> None:
    files = {p: p.stat().st_mtime_ns for p in (place / "mi taller").rglob("*") if p.is_file()}
    code, out, err = here("run", "--workspace", "mi taller", "--resume")
    assert code == 0, err
    assert out == done.stdout
    assert files == {p: p.stat().st_mtime_ns for p in (place / "mi taller").rglob("*") if p.is_file()}


def test_compare_lista_por_validacion(place: Path, done: Done, here: Any) -> None:
    code, out, _ = here("compare", "--workspace", "mi taller")
    assert code == 0 and only_run(place).name in out
    code, out, err = here("compare", "--workspace", "otro")
    assert (code, out) == (1, "") and "No hay corridas" in err


def test_varias_semillas_con_informe_se_comparan(place: Path, here: Any) -> None:
    options = ("--model", place / "modelo", "--epochs", 2, "--seeds", 2, "--report", "--workspace", "semillas")
    files = ("--train", "train.csv", "--validation", "validation.csv", "--test", "test.csv")
    code, out, err = here("run", *files, *options)
    assert code == 0, err
    runs = sorted((place / "semillas" / "runs").iterdir())
    configs = [json.loads((run / "config.json").read_text("utf-8")) for run in runs]
    assert len(configs) == 2 and out.count("Informe: ") == 2 and "Por semilla" in out
    assert {json.loads((run / "run.json").read_text("utf-8"))["config"]["seed"] for run in runs} == {0, 1}
    assert all((run / "informe.html").stat().st_size > 5000 for run in runs)
    code, out, err = here("compare", "--workspace", "semillas")
    assert code == 0 and "p_holm" in out and "Por semilla aleatoria" in out, err
    names = [run.name for run in runs]
    code, out, err = here("compare", *names, "--workspace", "semillas")
    assert code == 0 and "los mismos 30 textos de validación" in out, err
    assert "test_comparisons" not in (runs[0] / "run.json").read_text("utf-8")
    code, out, _ = here("compare", *names, "--test", "--workspace", "semillas")
    assert code == 0 and "textos de prueba" in out
    assert '"test_comparisons": 1' in (runs[0] / "run.json").read_text("utf-8")
    code, _, err = here("compare", names[0], "--workspace", "semillas")
    assert code == 1 and "hacen falta dos corridas" in err
    code, _, err = here("run", "--seeds", 0, "--workspace", "semillas")
    assert code == 1 and "--seeds vale 0" in err


def test_shares_dice_las_partes_por_mes(place: Path, done: Done, here: Any) -> None:
    part = tiny.splits(80, seed=3)["train"]
    rows = [(text, "2024-01-05" if n % 2 else "2024-02-09") for n, text in enumerate(part["text"])]
    write(place / "por_mes.csv", rows, ("texto", "fecha"))
    run = shutil.copytree(only_run(place), place / "otra corrida")
    write_json(run / "metrics.json", {"test": {"confusion": [[8, 1, 1], [2, 7, 1], [0, 2, 8]]}})
    code, out, err = here("shares", run, "por_mes.csv", "--by", "fecha")
    assert code == 0, err
    assert out.count("2024-01") == 3 and out.count("2024-02") == 3 and "corrected" in out
    code, out, err = here("shares", run, "por_mes.csv", "--by", "mes")
    assert (code, out) == (1, "") and "No hay columna «mes»" in err


def test_predict_clasifica_un_archivo(place: Path, done: Done, here: Any) -> None:
    write(
        place / "nuevos.csv",
        [("una fiesta amable", "7"), ("oficina el martes", "8")],
        ("opinión", "nota"),
    )
    code, _, err = here("predict", only_run(place), "nuevos.csv", "salida.csv", "--text-column", "opinión")
    assert code == 0, err
    assert pd.read_csv(place / "salida.csv")["opinión"].tolist() == [
        "una fiesta amable",
        "oficina el martes",
    ]


def test_check_dice_que_hay_y_cuanto_tardara(place: Path, here: Any) -> None:
    code, out, err = here("check", "train.csv", "--test", "test.csv", "--model", place / "modelo")
    assert code == 0, err
    for expected in ("negativo", "max_length propuesto: ", "por época", "menos de 300"):
        assert expected in out
    assert not (place / "mi_taller").exists()


def test_check_con_avisos_termina_bien_y_los_dice(place: Path, here: Any) -> None:
    rows = [(row["text"], tiny.LABELS[row["label"]]) for row in tiny.splits(60)["train"]]
    write(place / "avisos.csv", [*rows, ("", "neutral"), rows[0]])
    code, out, _ = here("check", "avisos.csv", "--model", place / "modelo")
    assert code == 0
    assert "fila 62" in out and "fila 63" in out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["check", "no.csv"], "no.csv"),
        (
            ["run", "--train", "train.csv", "--text-column", "comentario"],
            "no hay una columna «comentario»",
        ),
        (["run", "--train", "train.csv", "--epochs", "40"], "de 1 a 20"),
        (["run", "--train", "train.csv", "--label-names", "a,b"], "train.csv"),
        (["run", "--test", "test.csv"], "Falta --train"),
        (["predict", "nada", "train.csv", "x.csv"], "No existe la carpeta de la corrida"),
    ],
)
def test_lo_que_hay_que_corregir_es_una_frase_y_codigo_1(
    place: Path, arguments: list[str], message: str, here: Any
) -> None:
    code, out, err = here(*arguments)
    assert (code, out) == (1, "")
    assert message in err and err.startswith("✗ ")
    assert not (place / "mi_taller").exists()


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
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert message in said and "usage" not in said


def test_un_error_llega_al_sistema_sin_traza(place: Path) -> None:
    result = taller("check", "no.csv", cwd=place)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Traceback" not in result.stderr


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


def test_una_clase_con_coma_va_entre_comillas(place: Path, here: Any) -> None:
    names = {"negativo": "no", "neutral": "tal vez", "positivo": "sí, claro"}
    rows = [(r["text"], names[tiny.LABELS[r["label"]]]) for r in tiny.splits(60)["train"]]
    write(place / "coma.csv", rows)
    declared = 'no, "sí, claro", tal vez'
    code, out, err = here("check", "coma.csv", "--model", place / "modelo", "--label-names", declared)
    assert (code, err) == (0, "")
    assert "sí, claro" in out


@pytest.mark.skipif(sys.platform == "win32", reason="en Windows los nombres son siempre Unicode")
def test_una_terminal_sin_acentos_recibe_una_frase(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "taller_lib", "check", "mañana.csv"],
        cwd=place,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 1
    assert b"PYTHONUTF8=1" in done.stderr and b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows no avisa así de una tubería cerrada")
def test_cerrar_la_salida_antes_del_final_no_deja_traza() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "taller_lib", "doctor"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(writer)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr and b"BrokenPipe" not in done.stderr
