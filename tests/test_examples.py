"""Los ejemplos que corren sin nada más que el paquete: el arreglo de trabajos de Slurm (el de Ray, en tests/scale)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import tiny

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="necesita bash")
def test_el_arreglo_de_slurm_clasifica_un_fragmento_por_trabajo(tmp_path: Path) -> None:
    run = tiny.tiny_run(tmp_path)
    texts = tiny.splits(20)["train"]["text"]
    (tmp_path / "entrada").mkdir()
    pd.DataFrame({"texto": texts}).to_csv(tmp_path / "entrada" / "a 1.csv.gz", index=False)
    pd.DataFrame({"texto": texts[:7]}).to_parquet(tmp_path / "entrada" / "b.parquet")

    def task(number: int) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(number), "PYTHONPATH": str(ROOT)}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        script = ["bash", str(ROOT / "examples" / "arreglo_slurm.sbatch"), str(run.path), "entrada", "salida"]
        return subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert [task(number).returncode for number in (0, 1)] == [0, 0]
    assert len(pd.read_parquet(tmp_path / "salida" / "a 1.parquet")) == 20
    assert len(pd.read_parquet(tmp_path / "salida" / "b.parquet")) == 7
    again = task(0)
    assert again.returncode == 0 and "no cambia nada" in again.stderr
    beyond = task(2)
    assert beyond.returncode == 1 and "No hay un fragmento número 2: en entrada hay 2" in beyond.stderr
