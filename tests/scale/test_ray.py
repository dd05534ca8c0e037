"""El ejemplo de Ray en un clúster local: cien mil filas, un trabajador que muere a la mitad, y nada se pierde ni se repite."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import tiny

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.scale

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "clasificar_con_ray.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
SHARDS, ROWS = 20, 5_000
PATIENCE = 400


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("escala")
    for name, seed in (("una", 0), ("otra", 1)):
        tiny.tiny_run(folder / name, seed=seed)
    texts = tiny.splits(500)["train"]["text"]
    (folder / "entrada").mkdir()
    for shard in range(SHARDS):
        ids = np.arange(ROWS) + shard * ROWS
        frame = pd.DataFrame({"id": ids, "texto": [texts[i % len(texts)] for i in ids]})
        if shard % 2:
            frame.to_csv(folder / "entrada" / f"{shard:03}.csv.gz", index=False)
        else:
            frame.to_parquet(folder / "entrada" / f"{shard:03}.parquet", index=False)
    return folder


def command(place: Path, run: str, workers: int = 2) -> list[str]:
    path = next((place / run / "runs").iterdir())
    arguments = [EXAMPLE, path, place / "entrada", place / "salida", "--workers", workers]
    return [sys.executable, *map(str, arguments)]


def workers(process: subprocess.Popen[str]) -> Iterator[psutil.Process]:
    """Los trabajadores de Ray que arrancó ese proceso, y solo esos."""
    for child in psutil.Process(process.pid).children(recursive=True):
        if "MapWorker(" in " ".join(child.cmdline()):
            yield child


def test_muere_un_trabajador_y_no_falta_ni_sobra_una_fila(place: Path) -> None:
    process = subprocess.Popen(
        command(place, "una"), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + PATIENCE
    while len(list((place / "salida").glob("*.parquet"))) < SHARDS // 2:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    victim = next(workers(process))
    victim.kill()
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert f"{SHARDS} de {SHARDS} fragmentos clasificados" in said
    assert not [path.name for path in (place / "salida").iterdir() if path.suffix != ".parquet"]
    shards = [pd.read_parquet(path) for path in sorted((place / "salida").glob("*.parquet"))]
    assert [len(shard) for shard in shards] == [ROWS] * SHARDS  # un fragmento de salida por cada uno de entrada
    ids = pd.concat(shards)["id"].astype(int)
    assert ids.tolist() == list(range(SHARDS * ROWS))
    assert pd.concat(shards).groupby("texto")["prediccion"].nunique().eq(1).all()


def test_repetir_no_cambia_nada_y_otra_corrida_no_se_mezcla(place: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (place / "salida").iterdir()}
    assert len(before) == SHARDS
    (place / "salida" / "003.parquet").unlink()  # uno falta
    again = subprocess.run(command(place, "una"), env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert again.returncode == 0, again.stderr
    now = {path: path.stat().st_mtime_ns for path in (place / "salida").iterdir()}
    assert {path.name for path in now if now[path] != before[path]} == {"003.parquet"}
    other = subprocess.run(command(place, "otra"), env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert other.returncode == 1
    assert other.stderr.count("ya está, clasificado por otra corrida") >= SHARDS
    assert f"0 de {SHARDS} fragmentos" in other.stdout
    assert now == {path: path.stat().st_mtime_ns for path in (place / "salida").iterdir()}


def test_el_clasificador_por_lotes_es_lo_que_pide_map_batches(place: Path) -> None:
    code = (
        "import sys, ray, taller_lib as taller\n"
        "data = ray.data.read_parquet(sys.argv[2]).limit(3000).map_batches(taller.BatchClassifier,"
        " fn_constructor_args=(sys.argv[1],), batch_size=512, compute=ray.data.ActorPoolStrategy(size=1))\n"
        "data.write_parquet(sys.argv[3])\n"
    )
    run = next((place / "una" / "runs").iterdir())
    arguments = map(str, (run, place / "entrada" / "000.parquet", place / "suelto"))
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = pd.read_parquet(place / "suelto").sort_values("id", ignore_index=True)
    expected = pd.read_parquet(place / "salida" / "000.parquet").iloc[:3000]
    assert found["prediccion"].tolist() == expected["prediccion"].tolist()
    np.testing.assert_allclose(found["confianza"], expected["confianza"], atol=1e-6)
