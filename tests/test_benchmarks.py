"""Las mediciones, en pequeño: cada receta entrena y cada tabla tiene su lugar en la documentación."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tiny

import taller_lib as taller

pytest.importorskip("resource")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import bench  # noqa: E402
from recipes import RECIPES, Task  # noqa: E402


@pytest.mark.parametrize("name", RECIPES)
def test_cada_receta_entrena_con_lo_mismo(name: str, tmp_path: Path) -> None:
    config = taller.WorkshopConfig(
        model=str(tiny.tiny_model(tmp_path / "modelo")),
        max_length=32,
        batch_size=16,
        num_train_epochs=1,
        learning_rate=1e-3,
    ).resolved()
    data = tiny.splits(40)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    before = model.classifier.weight.detach().clone()
    seconds, f1 = RECIPES[name](Task(config, data, tokenizer, model, tmp_path / "medida"))
    assert seconds > 0 and 0 < f1 <= 1
    assert not (model.classifier.weight.cpu() == before).all()
    saved = [path for path in (tmp_path / "medida").rglob("*") if path.suffix in (".pt", ".safetensors")]
    assert saved  # cada una guarda su modelo


def test_la_tabla_se_escribe_con_su_orden_y_sus_repeticiones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "rendimiento.md"
    text = bench.DOCUMENT.read_text(encoding="utf-8")
    document.write_text(text, encoding="utf-8")
    bench.main(["--only", "arranque", "--repetitions", "2", "--write", "--output", str(document)])
    written = document.read_text(encoding="utf-8")
    assert "`import taller_lib` |" in written and "bench.py --only arranque" in written
    assert capsys.readouterr().err.count("import, ") == 2
    assert all(text.count(f"<!-- {name} -->") == text.count(f"<!-- /{name} -->") == 1 for name in bench.SECTIONS)


def test_las_proporciones_son_de_la_misma_repeticion() -> None:
    ours, theirs = [{"seconds": 1.0}, {"seconds": 4.0}], [{"seconds": 2.0}, {"seconds": 4.0}]
    assert bench.ratios(ours, theirs, "seconds") == [0.5, 1.0]
    assert bench.spread([3, 1, 2]) == "2.0 [1.0, 3.0]"
