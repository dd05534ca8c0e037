"""Varios procesos (`accelerate launch`): las mismas predicciones, cada fila una vez por época, y solo uno escribe."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tiny

from taller_files import processes
from taller_files.errors import TallerError
from taller_lib.batches import SharedBatches

ROOT = Path(__file__).parent.parent
LAUNCH = [
    sys.executable,
    "-m",
    "accelerate.commands.launch",
    "--multi_gpu",
    "--main_process_port",
    "0",
    "--num_processes",
]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), "OMP_NUM_THREADS": "1"}
# no todos los sistemas donde se prueba tienen el lanzador de varios procesos
linux = pytest.mark.skipif(sys.platform != "linux", reason="dos procesos con gloo, en Linux")


def launch(n: int, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [*LAUNCH, str(n), *map(str, arguments)] if n > 1 else [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=170)


@pytest.mark.parametrize("rows, batch, world", [(60, 4, 2), (61, 4, 2), (9, 4, 2), (3, 1, 2), (7, 2, 3), (2, 8, 2)])
def test_cada_fila_una_vez_por_epoca_y_los_mismos_pasos(rows: int, batch: int, world: int) -> None:
    lengths = [1 + row * 7 % 13 for row in range(rows)]
    orders = []
    for epoch in (0, 1):
        shares = [SharedBatches(lengths, batch, rank, world, seed=0) for rank in range(world)]
        for share in shares:
            share.epoch = epoch
        steps = [list(share) for share in shares]
        assert [len(step) for step in steps] == [len(share) for share in shares]
        assert all(step for share in steps for step in share)
        assert sorted(row for share in steps for step in share for row in step) == list(range(rows))
        assert max(sum(len(share[step]) for share in steps) for step in range(len(steps[0]))) <= batch * world + 1
        orders.append(steps)
    assert rows < 8 or orders[0] != orders[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("varios procesos")
    tiny.tiny_model(folder / "modelo")
    for name, part in tiny.splits(61).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = [(row["text"], tiny.LABELS[row["label"]]) for row in part]
            csv.writer(file).writerows([("texto", "etiqueta"), *rows])
    return folder


TRAIN = """
import json, os, sys
from pathlib import Path
import tiny, taller_lib as taller
from transformers import TrainerCallback

config = taller.WorkshopConfig(model="modelo", max_length=32, num_train_epochs=3, batch_size=8, early_stopping_patience=3)
data = tiny.splits(61)
tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
trainer = taller.build_trainer(model, tokenizer, taller.tokenize(data, tokenizer, config), config, sys.argv[1])
collate, seen, epochs = trainer.data_collator, [], []

class Epochs(TrainerCallback):
    def on_epoch_end(self, *args, **kwargs):
        epochs.append([text for text in seen if text in train])
        seen.clear()

def remember(rows):
    seen.extend(decode(row["input_ids"]) for row in rows)
    return collate(rows)

def decode(ids):
    return tokenizer.decode(ids, skip_special_tokens=True)

train = {decode(ids) for ids in trainer.train_dataset["input_ids"]}

trainer.data_collator = remember
trainer.add_callback(Epochs())
trainer.train()
rank = os.environ.get("RANK", "0")
Path(f"visto_{sys.argv[1]}_{rank}.json").write_text(json.dumps([epochs, trainer.state.global_step, trainer.best_epoch]))
"""


@linux
def test_al_entrenar_se_ven_las_mismas_filas_en_los_mismos_pasos(place: Path) -> None:
    (place / "entrena.py").write_text(TRAIN, encoding="utf-8")
    for n, name in ((1, "uno"), (2, "dos")):
        done = launch(n, "entrena.py", name, cwd=place)
        assert done.returncode == 0, done.stderr
    one, *two = (
        [*json.loads(path.read_text())] for path in [place / "visto_uno_0.json", *place.glob("visto_dos_*.json")]
    )
    assert len(two) == 2
    assert one[1] == two[0][1] == two[1][1] == 3 * 8  # pasos
    assert two[0][2] == two[1][2] is not None
    for epoch in range(3):
        together = two[0][0][epoch] + two[1][0][epoch]
        assert sorted(together) == sorted(one[0][epoch])
        assert abs(len(two[0][0][epoch]) - len(two[1][0][epoch])) <= 8
    assert len(list((place / "dos" / "runs").iterdir())) == 1


@linux
def test_run_y_predict_con_dos_procesos(place: Path) -> None:
    data = [f for name in ("train", "validation", "test") for f in (f"--{name}", f"{name}.csv")]
    done = launch(
        2, "-m", "taller_lib", "run", *data, "--model", "modelo", "--epochs", 2, "--workspace", "w", cwd=place
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Corrida:") == 1 and done.stderr.count("Datos listos") == 1
    (run,) = (place / "w" / "runs").iterdir()
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["test_evaluations"] == 1
    tables: list[Any] = []
    for n in (1, 2):
        done = launch(n, "-m", "taller_lib", "predict", run, "train.csv", f"{n}.csv", "--window", 20, cwd=place)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [f"{n}.csv"]
        tables.append(pd.read_csv(place / f"{n}.csv"))
    numbers = list(tables[0].select_dtypes("number"))
    assert tables[0].drop(columns=numbers).equals(tables[1].drop(columns=numbers))
    pd.testing.assert_frame_equal(tables[0][numbers], tables[1][numbers], atol=1e-6, rtol=0)

    (place / "corto.csv").write_text("texto\nhola\n", encoding="utf-8")
    done = launch(2, "-m", "taller_lib", "predict", run, "corto.csv", "c.csv", cwd=place)
    assert done.returncode == 1
    assert done.stderr.count("corto.csv tiene 1 filas y hay 2 procesos: usa --num_processes 1") == 1
    assert not (place / "c.csv").exists()


def test_lo_que_no_se_reparte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(TallerError, match="train tiene 2 filas y hay 3 procesos"):
        processes.check_rows(2, "train")
    with pytest.raises(TallerError, match="batch_size vale 16 y no se reparte entre 3 procesos"):
        processes.share(16, "batch_size")
    assert processes.share(9, "batch_size") == 3
