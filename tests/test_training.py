"""El entrenamiento: lo que se conserva, lo que se reanuda y lo que se dice cuando algo falla."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from sklearn.metrics import f1_score
from transformers import TrainerCallback
from transformers.trainer_pt_utils import get_length_grouped_indices

import taller_lib as taller
from taller_lib import checkpoints
from taller_lib.arguments import activation_bytes, per_device_batch_size
from taller_lib.estimate import epoch_seconds
from taller_lib.loss import MeanLoss, class_weights
from taller_lib.prediction import prediction_table

ROOT = Path(__file__).parent.parent


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    return tiny.tiny_model(tmp_path / "modelo")


def build(model_path: Path, workspace: Path, resume: bool = False, n: int = 60, **changes: Any) -> Any:
    settings = {
        "num_train_epochs": 5,
        "learning_rate": 5e-3,
        "batch_size": 8,
        "max_length": 32,
        "early_stopping_patience": 3,
    }
    config = taller.WorkshopConfig(model=str(model_path), **{**settings, **changes})
    data = tiny.splits(n)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    tokenized = taller.tokenize(data, tokenizer, config)
    return taller.build_trainer(model, tokenizer, tokenized, config, workspace, resume)


def f1_now(trainer: Any) -> float:
    table = prediction_table(trainer.model, trainer.processing_class, trainer.eval_dataset)
    return float(f1_score(table["label"], table["prediction"], average="macro"))


def fail_once(trainer: Any, method: str, call: int, error: Exception) -> None:
    """Hace que `method` falle en esa llamada, y solo en esa."""
    original, calls = getattr(trainer, method), []

    def fails(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == call:
            raise error
        return original(*args, **kwargs)

    setattr(trainer, method, fails)


class RowCounter(TrainerCallback):
    """Anota los textos que ve cada época, pasando por el modelo."""

    def __init__(self, trainer: Any) -> None:
        self.epochs: list[list[int]] = []
        self.steps = 0
        trainer.add_callback(self)
        original = trainer.training_step

        def training_step(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(model, inputs, *args, **kwargs)
            self.epochs[-1] += [hash(tuple(row[row != 1].tolist())) for row in inputs["input_ids"].cpu()]
            return result

        trainer.training_step = training_step

    def on_epoch_begin(self, *args: Any, **kwargs: Any) -> None:
        self.epochs.append([])

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.steps += 1


def test_se_conserva_la_mejor_epoca_y_no_la_ultima(model_path: Path, tmp_path: Path) -> None:
    trainer = build(
        model_path,
        tmp_path / "taller",
        learning_rate=1e-2,
        num_train_epochs=8,
        early_stopping_patience=8,
    )
    trainer.train()
    history = {round(e["epoch"]): e["eval_macro_f1"] for e in trainer.state.log_history if "eval_macro_f1" in e}
    assert len(set(history.values())) > 1
    assert f1_now(trainer) == pytest.approx(max(history.values()), abs=1e-6)
    assert history[trainer.best_epoch] == max(history.values())
    run = taller.save_run(trainer, trainer.config)
    saved = taller.evaluate(run, trainer.eval_dataset)
    assert saved.scores["macro_f1"] == pytest.approx(max(history.values()), abs=1e-6)


def test_se_detiene_cuando_f1_deja_de_mejorar(model_path: Path, tmp_path: Path) -> None:
    trainer = build(
        model_path,
        tmp_path / "taller",
        learning_rate=1e-7,
        num_train_epochs=20,
        early_stopping_patience=2,
    )
    trainer.train()
    assert round(trainer.state.epoch) == 3  # la primera época y dos que no la mejoran
    assert trainer.best_epoch == 1
    assert "se detuvo en la 3" in taller.explain_best_epoch(trainer)
    assert "Ninguna época superó" in taller.explain_best_epoch(trainer, baseline=0.99)


def test_en_disco_queda_un_solo_estado_para_reanudar_y_al_final_solo_el_modelo(
    model_path: Path, tmp_path: Path
) -> None:
    trainer = build(model_path, tmp_path / "taller")
    weights = sum(p.numel() * 4 for p in trainer.model.parameters())
    sizes, optimizers = [], []

    class Scale(TrainerCallback):
        def on_epoch_begin(self, *args: Any, **kwargs: Any) -> None:
            files = [f for f in trainer.output_dir.rglob("*") if f.suffix in (".safetensors", ".pt")]
            sizes.append(sum(f.stat().st_size for f in files))
            optimizers.append(sum(f.name == "optimizer.pt" for f in files))

    trainer.add_callback(Scale())
    trainer.train()
    assert max(sizes) <= 4.2 * weights
    assert set(optimizers[1:]) == {1}
    run = taller.save_run(trainer, trainer.config)
    assert not (run.path / "checkpoints").exists()
    assert sum(f.stat().st_size for f in run.path.rglob("*.safetensors")) <= 1.1 * weights


SCRIPT = """
import os, sys
sys.path[:0] = [{root!r}, {tests!r}]
import test_training as t
from pathlib import Path
from transformers import TrainerCallback
from transformers.trainer_pt_utils import get_length_grouped_indices
workspace, resume, die_at = Path(sys.argv[1]), sys.argv[2] == "resume", int(sys.argv[3])
trainer = t.build(Path(sys.argv[4]), workspace, resume, learning_rate=1e-3)
counter = t.RowCounter(trainer)
class Die(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == die_at:
            os._exit(9)
trainer.add_callback(Die())
trainer.train()
run = t.taller.save_run(trainer, trainer.config)
table = t.taller.evaluate(run, t.tiny.splits()["test"]).table
table.to_csv(sys.argv[5], index=False)
print(len(counter.epochs), counter.steps, trainer.best_epoch)
"""


def run_script(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = SCRIPT.format(root=str(ROOT), tests=str(ROOT / "tests"))
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


def test_reanudar_tras_una_muerte_subita_da_el_mismo_modelo(model_path: Path, tmp_path: Path) -> None:
    whole = run_script(tmp_path / "entero", "new", 0, model_path, tmp_path / "entero.csv")
    assert whole.returncode == 0, whole.stderr
    epochs, steps, best = map(int, whole.stdout.split()[-3:])
    killed = run_script(tmp_path / "taller con acento é", "new", 8 * 2 + 3, model_path, tmp_path / "x.csv")
    assert killed.returncode == 9
    (tmp_path / "taller con acento é").rename(tmp_path / "movido")
    resumed = run_script(tmp_path / "movido", "resume", 0, model_path, tmp_path / "reanudado.csv")
    assert resumed.returncode == 0, resumed.stderr
    again, steps_again, best_again = map(int, resumed.stdout.split()[-3:])
    assert (again, steps_again) == (epochs - 2, steps - 16)  # dos épocas terminadas no se repiten
    assert best_again == best
    assert (tmp_path / "reanudado.csv").read_text("utf-8") == (tmp_path / "entero.csv").read_text("utf-8")
    assert len(list((tmp_path / "movido" / "runs").iterdir())) == 1


def test_reanudar_una_corrida_terminada_no_entrena_nada(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller")
    trainer.train()
    run = taller.save_run(trainer, trainer.config)
    before = (run.path / "model.safetensors").stat().st_mtime_ns
    again = build(model_path, tmp_path / "taller", resume=True)
    counter = RowCounter(again)
    again.train()
    assert counter.steps == 0
    assert f1_now(again) == pytest.approx(f1_now(trainer), abs=1e-9)
    assert taller.save_run(again, again.config).path == run.path
    assert (run.path / "model.safetensors").stat().st_mtime_ns == before


def test_reanudar_despues_de_la_detencion_temprana_no_entrena_otra_epoca(model_path: Path, tmp_path: Path) -> None:
    settings = {"learning_rate": 1e-7, "num_train_epochs": 20, "early_stopping_patience": 2}
    trainer = build(model_path, tmp_path / "taller", **settings)

    class DieAtTheEnd(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if control.should_training_stop:
                raise SystemExit

    trainer.add_callback(DieAtTheEnd())
    with pytest.raises(SystemExit):
        trainer.train()
    again = build(model_path, tmp_path / "taller", resume=True, **settings)
    counter = RowCounter(again)
    again.train()
    assert counter.steps == 0
    assert again.best_epoch == 1


def test_sin_nada_que_reanudar_se_empieza_de_nuevo(model_path: Path, tmp_path: Path) -> None:
    first = build(model_path, tmp_path / "taller", num_train_epochs=1)
    first.train()
    other = build(model_path, tmp_path / "taller", resume=True, num_train_epochs=1, seed=3)
    counter = RowCounter(other)
    other.train()
    assert counter.steps == 8
    assert other.run_path != first.run_path


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("HIP out of memory")])
def test_sin_memoria_se_parte_el_lote_y_cada_texto_se_ve_una_vez(
    model_path: Path, tmp_path: Path, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"learning_rate": 1e-3, "num_train_epochs": 4, "early_stopping_patience": 4}
    calm = build(model_path, tmp_path / "tranquilo", **settings)
    calm.train()
    trainer = build(model_path, tmp_path / "taller", **settings)
    counter = RowCounter(trainer)
    fail_once(trainer, "training_step", 8 + 7, error)
    trainer.train()
    assert trainer.args.per_device_train_batch_size == 4
    assert trainer.args.gradient_accumulation_steps == 2
    whole = [epoch for epoch in counter.epochs if len(epoch) == 60]
    assert len(whole) == len(counter.epochs) - 1  # la época interrumpida se repite entera
    assert all(sorted(epoch) == sorted(whole[0]) and len(set(epoch)) == 60 for epoch in whole)
    scores = [[e["eval_loss"] for e in t.state.log_history if "eval_loss" in e] for t in (calm, trainer)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)  # mismo lote efectivo, misma pérdida
    assert "La memoria no alcanzó: ahora caben 4 textos a la vez" in capsys.readouterr().err


def test_sin_memoria_en_la_primera_epoca_se_vuelve_a_los_pesos_iniciales(model_path: Path, tmp_path: Path) -> None:
    calm = build(model_path, tmp_path / "tranquilo", num_train_epochs=1)
    calm.train()
    trainer = build(model_path, tmp_path / "taller", num_train_epochs=1)
    fail_once(trainer, "training_step", 5, torch.OutOfMemoryError("CUDA out of memory"))
    trainer.train()
    losses = [t.state.log_history[0]["loss"] for t in (calm, trainer)]
    assert losses[0] == pytest.approx(losses[1], abs=0.05)


def test_si_no_cabe_ni_un_texto_se_dice(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", batch_size=2)

    def never(*args: Any, **kwargs: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    trainer.training_step = never
    with pytest.raises(taller.TallerError, match="no alcanza ni para un texto a la vez"):
        trainer.train()


def test_detenerse_a_mano_deja_la_mejor_epoca_y_train_sigue_despues(
    model_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = build(model_path, tmp_path / "taller", learning_rate=1e-3, early_stopping_patience=5)

    class Square(TrainerCallback):
        pressed = False

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 20 and not Square.pressed:
                Square.pressed = True
                raise KeyboardInterrupt

    trainer.add_callback(Square())
    trainer.train()
    assert "Te detuviste en la época 3" in capsys.readouterr().err
    assert trainer.interrupted
    assert f1_now(trainer) == pytest.approx(trainer.state.best_metric, abs=1e-6)
    counter = RowCounter(trainer)
    trainer.train()
    assert counter.steps == (5 - 2) * 8


def test_detenerse_mientras_se_guarda_deja_la_mejor_epoca_entera(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", learning_rate=1e-3)
    save, calls = torch.save, []

    def stop_while_saving(value: Any, path: Any, *args: Any, **kwargs: Any) -> None:
        calls.append(str(path).endswith("optimizer.pt"))
        if sum(calls) == 2 and calls[-1]:
            raise KeyboardInterrupt
        save(value, path, *args, **kwargs)

    torch.save = stop_while_saving
    try:
        trainer.train()
    finally:
        torch.save = save
    history = [e["eval_macro_f1"] for e in trainer.state.log_history if "eval_macro_f1" in e]
    assert f1_now(trainer) == pytest.approx(history[0], abs=1e-6)
    run = taller.save_run(trainer, trainer.config)
    assert run.record["interrupted"]
    again = build(model_path, tmp_path / "taller", resume=True, learning_rate=1e-3)
    counter = RowCounter(again)
    again.train()
    assert counter.steps == 0


def test_detenerse_antes_de_la_primera_epoca_no_deja_nada_que_guardar(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller")

    def stop(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    trainer.training_step = stop
    trainer.train()
    with pytest.raises(taller.TallerError, match="Todavía no termina ninguna época"):
        taller.save_run(trainer, trainer.config)


def test_con_el_disco_lleno_la_mejor_epoca_sigue_entera(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = build(model_path, tmp_path / "taller")
    save, calls = torch.save, []

    def full(value: Any, path: Any, *args: Any, **kwargs: Any) -> None:
        calls.append(path)
        if str(path).endswith("optimizer.pt") and sum(str(p).endswith("optimizer.pt") for p in calls) == 3:
            raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0")
        save(value, path, *args, **kwargs)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(taller.TallerError, match="El disco se llenó"):
        trainer.train()
    left = sorted(trainer.output_dir.glob("checkpoint-*"))
    assert left and all(int(folder.name.split("-")[1]) <= 16 for folder in left)
    assert checkpoints.is_complete(trainer.output_dir / "checkpoint-16")


@pytest.mark.parametrize("error", [ValueError("algo de otra biblioteca"), OSError(28, "No space left on device")])
def test_tras_un_fallo_lo_que_se_guarda_es_la_mejor_epoca(model_path: Path, tmp_path: Path, error: Exception) -> None:
    trainer = build(model_path, tmp_path / "taller", learning_rate=1e-2)
    step, calls = trainer.training_step, []

    def fails(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 8 * 3 + 5:
            raise error
        return step(*args, **kwargs)

    trainer.training_step = fails
    with pytest.raises((ValueError, taller.TallerError)):
        trainer.train()
    history = [e["eval_macro_f1"] for e in trainer.state.log_history if "eval_macro_f1" in e]
    assert f1_now(trainer) == pytest.approx(max(history), abs=1e-6)
    run = taller.save_run(trainer, trainer.config)
    assert run.record["validation"]["macro_f1"] == pytest.approx(max(history), abs=1e-6)


def test_morir_despues_de_la_ultima_epoca_no_repite_ninguna(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", learning_rate=1e-2)

    class DieAtTheEnd(TrainerCallback):
        def on_train_end(self, *args: Any, **kwargs: Any) -> None:
            raise SystemExit

    trainer.add_callback(DieAtTheEnd())
    with pytest.raises(SystemExit):
        trainer.train()
    again = build(model_path, tmp_path / "taller", resume=True, learning_rate=1e-2)
    counter = RowCounter(again)
    again.train()
    assert counter.steps == 0
    assert again.best_epoch == trainer.best_epoch
    assert f1_now(again) == pytest.approx(trainer.state.best_metric, abs=1e-6)


def test_un_estado_final_cortado_no_impide_reanudar(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", num_train_epochs=1)
    trainer.train()
    state = trainer.run_path / checkpoints.STATE
    state.write_text(state.read_text("utf-8")[:200], encoding="utf-8")
    again = build(model_path, tmp_path / "taller", resume=True, num_train_epochs=1)
    again.train()
    assert again.best_epoch == 1


def test_predict_viene_en_el_orden_de_los_textos(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", num_train_epochs=1)
    data = trainer.eval_dataset
    output = trainer.predict(data)
    assert output.label_ids.tolist() == data["label"][:]
    assert trainer.args.train_sampling_strategy == "group_by_length"


def test_sin_memoria_al_evaluar_solo_se_parte_el_lote_de_evaluacion(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", num_train_epochs=1)
    fail_once(trainer, "prediction_step", 1, torch.OutOfMemoryError("CUDA out of memory"))
    trainer.train()
    assert trainer.args.per_device_eval_batch_size == 32
    assert trainer.args.per_device_train_batch_size == 8


def test_sin_disco_suficiente_se_dice_antes_de_empezar(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = build(model_path, tmp_path / "taller")
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr("taller_files.disk.shutil.disk_usage", lambda _: usage)
    with pytest.raises(taller.TallerError, match=r"quedan 0\.0 GB"):
        trainer.train()


@pytest.mark.parametrize("file", ["trainer_state.json", "optimizer.pt", "model.safetensors", "rng_state.pth"])
def test_un_estado_a_medias_no_se_usa_para_reanudar(model_path: Path, tmp_path: Path, file: str) -> None:
    trainer = build(model_path, tmp_path / "taller", num_train_epochs=2, learning_rate=1e-7)
    kept = {}

    class Copy(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            kept[state.global_step] = checkpoints.last_complete(trainer.output_dir)
            if state.global_step == 16:
                whole = trainer.output_dir / "checkpoint-16" / file
                whole.write_bytes(whole.read_bytes()[:20])
                kept["after"] = checkpoints.last_complete(trainer.output_dir)

    trainer.add_callback(Copy())
    with pytest.raises(Exception):  # noqa: B017 - el Trainer tropieza al cargar lo cortado
        trainer.train()
        raise RuntimeError
    assert kept[8].name == "checkpoint-8"
    assert kept["after"] is None or kept["after"].name == "checkpoint-8"
    assert not (trainer.output_dir / "checkpoint-16").exists()


@pytest.mark.parametrize("weighted", [False, True])
def test_la_perdida_no_depende_de_como_se_acumule(weighted: bool) -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(8, 3, requires_grad=True), torch.tensor([0, 1, 2, 0, 1, 2, 0, 0])
    weights = class_weights(labels.tolist(), 3) if weighted else None
    loss, outputs = MeanLoss(weights), type("Outputs", (), {})

    def gradient(parts: int) -> torch.Tensor:
        logits.grad = None
        for rows in torch.arange(8).chunk(parts):
            outputs.logits = logits[rows]
            loss(outputs, labels[rows], num_items_in_batch=8).backward()
        assert logits.grad is not None
        return logits.grad.clone()

    assert torch.allclose(gradient(1), gradient(4), atol=1e-7)
    outputs.logits = logits
    reference = torch.nn.functional.cross_entropy(logits, labels, weight=weights, reduction="sum") / 8
    assert loss(outputs, labels).item() == pytest.approx(reference.item())


def test_los_pesos_de_clase_son_los_de_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = [0] * 80 + [1] * 12 + [2] * 8
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert class_weights(labels, 3).tolist() == pytest.approx(expected.tolist())
    assert np.mean([class_weights(labels, 3)[label] for label in labels]) == pytest.approx(1)


def test_el_lote_por_equipo_es_el_mayor_divisor_que_cabe() -> None:
    config = type("Config", (), {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12})
    each = activation_bytes(config, 128)
    assert each == pytest.approx(2 * 12 * 128 * 768 * (34 + 5 * 12 * 128 / 768))
    assert per_device_batch_size(32, 110_000_000, each, None) == 32
    assert per_device_batch_size(32, 110_000_000, each, 15e9) == 32
    tight = (16 * 110e6 + 9 * each) / 0.8
    assert per_device_batch_size(32, 110_000_000, each, tight) == 8
    assert per_device_batch_size(12, 110_000_000, each, tight) == 6
    assert per_device_batch_size(32, 110_000_000, each, 1e9) == 1


def test_clases_distintas_se_dicen_antes_de_entrenar(model_path: Path, tmp_path: Path) -> None:
    config = taller.WorkshopConfig(model=str(model_path), max_length=32)
    data = tiny.splits()
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, data)
    others = taller.tokenize(tiny.splits(classes=["a", "b", "c", "d"]), tokenizer, config)
    with pytest.raises(taller.TallerError, match="vuelve a cargarlo con load_model"):
        taller.build_trainer(model, tokenizer, others, config, tmp_path)
    with pytest.raises(taller.TallerError, match="no está tokenizada"):
        taller.build_trainer(model, tokenizer, data, config, tmp_path)


def test_congelar_capas_no_las_cambia(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", freeze_layers=1, num_train_epochs=1)
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.train()
    changed = {name for name, p in trainer.model.named_parameters() if not torch.equal(p, before[name])}
    assert not any(n.startswith(("bert.embeddings", "bert.encoder.layer.0")) for n in changed)
    assert any(n.startswith("bert.encoder.layer.1") for n in changed)
    run = taller.load_run(taller.save_run(trainer, trainer.config).path)
    assert run.config.freeze_layers == 1
    before_saving = taller.evaluate(trainer, trainer.eval_dataset).table["prediction"].tolist()
    assert taller.evaluate(run, trainer.eval_dataset).table["prediction"].tolist() == before_saving
    with pytest.raises(taller.TallerError, match="tiene 2 capas"):
        build(model_path, tmp_path / "taller", freeze_layers=2)


@pytest.mark.filterwarnings("error:.*is_gradient_checkpointing:FutureWarning")
def test_con_lora_se_entrena_poco_y_la_corrida_se_abre_como_cualquiera(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", lora=True, learning_rate=None)
    assert trainer.config.learning_rate == pytest.approx(3e-4)
    trained = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    assert trained < 0.1 * sum(p.numel() for p in trainer.model.parameters())
    trainer.train()
    before = taller.evaluate(trainer, trainer.eval_dataset).table
    run = taller.save_run(trainer, trainer.config)
    after = taller.evaluate(taller.load_run(run.path), trainer.eval_dataset).table
    assert after["confidence"].tolist() == pytest.approx(before["confidence"].tolist(), abs=1e-5)
    assert after["prediction"].tolist() == before["prediction"].tolist()
    again = build(model_path, tmp_path / "taller", resume=True, lora=True, learning_rate=None)
    again.train()
    assert f1_now(again) == pytest.approx(f1_now(trainer), abs=1e-6)


def test_la_misma_semilla_da_las_mismas_predicciones(model_path: Path, tmp_path: Path) -> None:
    tables = []
    for name in ("uno", "dos"):
        trainer = build(model_path, tmp_path / name, num_train_epochs=2)
        trainer.train()
        tables.append(taller.evaluate(trainer, trainer.eval_dataset).table)
    assert tables[0].equals(tables[1])


def test_run_json_dice_lo_que_paso(model_path: Path, tmp_path: Path) -> None:
    trainer = build(model_path, tmp_path / "taller", num_train_epochs=2)
    trainer.train()
    run = taller.save_run(trainer, trainer.config)
    record = json.loads((run.path / "run.json").read_text("utf-8"))
    history = json.loads((run.path / "history.json").read_text("utf-8"))
    assert record["epochs"] == 2
    assert record["rows"] == {"train": 60, "validation": 30}
    assert record["validation"]["macro_f1"] == max(e["eval_macro_f1"] for e in history if "eval_macro_f1" in e)
    assert record["config"]["batch_size"] == 8
    assert not record["sample_data"]


@pytest.mark.parametrize("n", [60, 400])
def test_tras_los_primeros_pasos_dice_cuanto_tardara_una_epoca(
    model_path: Path, tmp_path: Path, n: int, capsys: pytest.CaptureFixture[str]
) -> None:
    build(model_path, tmp_path / "taller", n=n, num_train_epochs=2).train()
    said = [line for line in capsys.readouterr().err.splitlines() if "Una época tardará unos" in line]
    assert len(said) == 1  # una sola vez, aunque haya dos épocas
    assert all(way in said[0] for way in ("menos filas", "max_length", "freeze_layers", "GPU"))


@pytest.mark.parametrize("rows, steps", [(100, 2), (300, 5), (700, 20), (2_000, 20), (20_000, 20)])
def test_el_tiempo_de_una_epoca_se_cuenta_por_tokens(rows: int, steps: int) -> None:
    generator = torch.Generator().manual_seed(rows)
    lengths = (4 + torch.rand(rows, generator=generator) ** 3 * 120).int().tolist()
    order = get_length_grouped_indices(lengths, 32, generator=generator)
    cost = 0.001
    elapsed = cost * sum(lengths[row] for row in order[: steps * 32])
    assert epoch_seconds(elapsed, steps, lengths, 32) == pytest.approx(cost * sum(lengths), rel=0.15)
