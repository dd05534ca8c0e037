"""Todas las corridas en una tabla, y borrar una."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score
from test_comparison import NAMES, answers, saved_run

import taller_lib as taller
from taller_files.disk import free_space
from taller_lib.overview import delete_run, overview, unfinished
from taller_lib.widgets import RunsTable


def test_cada_corrida_con_su_f1_por_clase_su_prueba_y_su_tamano(tmp_path: Path) -> None:
    true, better, worse = answers()
    saved_run(tmp_path, true, worse, name="floja", test_evaluations=0, fingerprint="ajustes-otros")
    tested = {"scores": {"macro_f1": 0.61}}
    run = saved_run(tmp_path, true, better, name="buena", test=tested, test_evaluations=2, test_comparisons=1)
    (run.path / "model.safetensors").write_bytes(b"x" * 3_000_000)
    table = overview(tmp_path)
    assert table.index.tolist() == ["buena", "floja"]  # de mejor a peor en validación
    expected = f1_score(true, better, average=None)
    assert table.loc["buena", [f"f1_{name}" for name in NAMES]].tolist() == pytest.approx(expected.tolist())
    assert table.loc["buena", "test_macro_f1"] == 0.61 and table.loc["buena", "looks"] == 3
    assert np.isnan(table.loc["floja", "test_macro_f1"]) and table.loc["floja", "looks"] == 0
    on_disk = sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file())
    assert table.loc["buena", "size_mb"] == pytest.approx(on_disk / 1e6) and on_disk > 3_000_000


def test_sin_corridas_la_tabla_esta_vacia(tmp_path: Path) -> None:
    assert overview(tmp_path / "nuevo").empty
    assert free_space(tmp_path / "nuevo") > 0


def test_borrar_quita_una_corrida_y_solo_esa(tmp_path: Path) -> None:
    true, better, worse = answers()
    kept, gone = (saved_run(tmp_path, true, pred) for pred in (better, worse))
    size = sum(file.stat().st_size for file in gone.path.rglob("*") if file.is_file())
    assert delete_run(gone.name, tmp_path) == size
    assert not gone.path.exists() and kept.path.is_dir()


@pytest.mark.parametrize("name", ["", ".", "..", "../data", "no-existe", "sin_registro", "../../fuera"])
def test_no_se_borra_lo_que_no_es_una_corrida(tmp_path: Path, name: str) -> None:
    workspace = tmp_path / "taller"
    (workspace / "data").mkdir(parents=True)
    (workspace / "runs" / "sin_registro").mkdir(parents=True)
    true, pred, _ = answers()
    outside = saved_run(tmp_path / "fuera", true, pred)
    (tmp_path / "fuera" / "run.json").write_text('{"state": "finished"}', encoding="utf-8")
    with pytest.raises(taller.TallerError, match="No hay una corrida"):
        delete_run(name, workspace)
    assert outside.path.is_dir() and (workspace / "data").is_dir() and (workspace / "runs" / "sin_registro").is_dir()


def test_lo_incompleto_no_estorba_se_nombra_y_se_puede_borrar(tmp_path: Path) -> None:
    true, better, worse = answers()
    good = saved_run(tmp_path, true, better, name="buena")
    (saved_run(tmp_path, true, worse, name="sin_modelo").path / "model.safetensors").unlink()
    (saved_run(tmp_path, true, worse, name="sin_respuestas").path / "validation.csv").unlink()
    saved_run(tmp_path, true, worse, name="a_medias", state="training")
    (tmp_path / "runs" / "rota").mkdir()
    (tmp_path / "runs" / "rota" / "run.json").write_text("{", encoding="utf-8")
    workspace = taller.open_workspace(tmp_path)
    assert overview(workspace).index.tolist() == ["buena"]
    bad = {"a_medias", "rota", "sin_modelo", "sin_respuestas"}
    assert unfinished(workspace, overview(workspace)).keys() == bad
    table = RunsTable(workspace)
    assert all(name in table.static() for name in bad | {"buena"})
    for name in bad:
        table.doomed.value = name
        table.guarded(table._ask)()
        table.guarded(table._delete)()
        assert f"Se borró {name}" in table.status.value
    assert unfinished(workspace, overview(workspace)) == {} and good.path.is_dir()


def test_se_borra_la_que_se_anuncio_y_no_la_que_quedo_elegida(tmp_path: Path) -> None:
    true, better, worse = answers()
    for name, pred in (("buena", better), ("sobra", worse)):
        saved_run(tmp_path, true, pred, name=name)
    table = RunsTable(tmp_path)
    assert table.doomed.value == "sobra"  # nunca la mejor por omisión
    table.guarded(table._ask)()
    assert "sobra" in table.question.value
    table.doomed.value = "buena"
    assert table.confirm.layout.display == "none"
    table.guarded(table._delete)()
    assert (tmp_path / "runs" / "buena").is_dir() and not (tmp_path / "runs" / "sobra").exists()


def test_las_miradas_son_las_de_todas_las_corridas_de_esos_datos(tmp_path: Path) -> None:
    true, better, worse = answers()
    saved_run(tmp_path, true, better, name="a", test_evaluations=2)
    saved_run(tmp_path, true, worse, name="b", test_evaluations=1)
    saved_run(tmp_path, true, worse, name="c", test_evaluations=5, fingerprint="ajustes-otros")
    assert overview(tmp_path)["looks"].to_dict() == {"a": 3, "b": 3, "c": 5}
