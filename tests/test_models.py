"""Cargar modelos: el incluido, los de una carpeta y los de un Hub que falla de todas las formas."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
import torch
from fake_hub import fake_hub
from transformers import AutoConfig, AutoModel, AutoTokenizer

import taller_lib as taller
from taller_lib import models
from taller_lib.catalogue import CATALOGUE, max_positions, training_settings

ROOT = Path(__file__).parent.parent
SCRIPT = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import taller_lib as t, tiny
config = t.WorkshopConfig(model=sys.argv[1], max_length=32)
try:
    tokenizer, model = t.load_tokenizer(config), t.load_model(config, tiny.splits())
    print("CARGADO", model.num_parameters())
except t.TallerError as error:
    print("ERROR", error)
"""


def config(path: object, **changes: object) -> taller.WorkshopConfig:
    return taller.WorkshopConfig(model=str(path), **{"max_length": 32, **changes})


def in_new_process(model: str, **environment: str) -> tuple[str, float]:
    code = SCRIPT.format(root=str(ROOT), tests=str(ROOT / "tests"))
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, model],
        capture_output=True, text=True, encoding="utf-8", timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), time.monotonic() - start


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_cada_familia_carga_y_aprende(family: str, tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo", family)
    settings = config(path, num_train_epochs=1, batch_size=8)
    data = tiny.splits(24)
    tokenizer, model = taller.load_tokenizer(settings), taller.load_model(settings, data)
    assert model.config.num_labels == 3
    assert model.config.id2label == {0: "negativo", 1: "neutral", 2: "positivo"}
    assert model.config.label2id == {"negativo": 0, "neutral": 1, "positivo": 2}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    tokenized = taller.tokenize(data, tokenizer, settings)
    trainer = taller.build_trainer(model, tokenizer, tokenized, settings, tmp_path / "taller")
    trainer.train()
    run = taller.save_run(trainer, settings)
    assert len(taller.evaluate(taller.load_run(run.path), data["test"]).table) == 30


def test_colibri_carga_sin_red_en_precision_simple_y_sin_piezas_desconocidas() -> None:
    settings = taller.WorkshopConfig()
    tokenizer = taller.load_tokenizer(settings)
    model = taller.load_model(settings, tiny.splits())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    text = "¡Qué padre! 😍 «México» —dijo— cuesta $300… ¿y el güey? ÑANDÚ pingüino @usuario #Oaxaca"
    assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"]


def test_colibri_carga_con_las_clases_auto_de_transformers() -> None:
    model = AutoModel.from_pretrained(models.COLIBRI_PATH)
    tokenizer = AutoTokenizer.from_pretrained(models.COLIBRI_PATH)
    assert next(model.parameters()).dtype == torch.float32
    assert model(**tokenizer(["hola"], return_tensors="pt")).last_hidden_state.shape[-1] == 384


def test_la_cabeza_depende_solo_de_la_semilla(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    heads = [taller.load_model(config(path, seed=s), tiny.splits()).classifier.weight for s in (1, 1, 2)]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_un_modelo_en_media_precision_se_entrena_en_simple(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    AutoModel.from_pretrained(path, dtype=torch.float16).save_pretrained(path)
    model = taller.load_model(config(path), tiny.splits())
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_un_clasificador_de_otras_clases_recibe_una_cabeza_nueva(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    five = taller.load_model(config(path), tiny.splits(classes=["a", "b", "c", "d", "e"]))
    five.save_pretrained(path)
    assert taller.load_model(config(path), tiny.splits()).config.num_labels == 3


@pytest.mark.parametrize("family, limit", [("bert", 64), ("roberta", 64), ("xlm-roberta", 64), ("modernbert", 64)])
def test_max_length_mayor_que_las_posiciones_se_dice(tmp_path: Path, family: str, limit: int) -> None:
    path = tiny.tiny_model(tmp_path / "modelo", family)
    assert max_positions(AutoConfig.from_pretrained(path).to_dict()) == limit
    assert taller.WorkshopConfig(model=str(path)).resolved().max_length == limit
    taller.load_model(config(path, max_length=limit), tiny.splits())
    for load in (lambda c: taller.load_tokenizer(c), lambda c: taller.load_model(c, tiny.splits())):
        with pytest.raises(taller.TallerError, match=f"lee {limit} tokens como máximo"):
            load(config(path, max_length=limit + 1))


def break_folder(path: Path, how: str) -> None:
    if how == "sin config":
        (path / "config.json").unlink()
    elif how == "config rota":
        (path / "config.json").write_text("{", encoding="utf-8")
    elif how == "sin pesos":
        (path / "model.safetensors").unlink()
    elif how == "pesos cortados":
        weights = path / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:2000])
    elif how == "arquitectura desconocida":
        values = json.loads((path / "config.json").read_text("utf-8"))
        (path / "config.json").write_text(json.dumps({**values, "model_type": "inventada"}), encoding="utf-8")
    elif how == "código propio":
        values = json.loads((path / "config.json").read_text("utf-8"))
        values |= {"model_type": "inventada", "auto_map": {"AutoConfig": "mio.MiConfig"}}
        (path / "config.json").write_text(json.dumps(values), encoding="utf-8")
    elif how == "no clasifica":
        values = json.loads((path / "config.json").read_text("utf-8"))
        (path / "config.json").write_text(json.dumps({**values, "model_type": "vit"}), encoding="utf-8")
    elif how == "pickle malicioso":
        (path / "model.safetensors").unlink()
        (path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch hackeado'\ntR.")


@pytest.mark.parametrize(
    "how, message",
    [
        ("sin config", "No reconozco la arquitectura"),
        ("config rota", "config.json de .* está dañado"),
        ("sin pesos", "no tiene pesos"),
        ("pesos cortados", "incompleto o no es de fiar"),
        ("arquitectura desconocida", "No reconozco la arquitectura"),
        ("código propio", "código propio de su autor"),
        ("no clasifica", "no es un modelo que sirva para clasificar textos"),
        ("pickle malicioso", "incompleto o no es de fiar"),
    ],
)
def test_una_carpeta_estropeada_recibe_una_frase(tmp_path: Path, how: str, message: str) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    break_folder(path, how)
    with pytest.raises(taller.TallerError, match=message):
        taller.load_model(config(path), tiny.splits())
    assert not Path("hackeado").exists()


def test_una_carpeta_sin_tokenizador_no_da_uno_vacio(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (path / name).unlink()
    with pytest.raises(taller.TallerError, match="tokenizador"):
        taller.load_tokenizer(config(path))


@pytest.mark.parametrize("name", ["./no/existe", "C:\\modelos\\beto", "dos palabras/modelo", "a/b/c"])
def test_un_nombre_que_no_es_carpeta_ni_del_hub(name: str) -> None:
    with pytest.raises(taller.TallerError, match="No existe la carpeta"):
        taller.load_tokenizer(config(name))


def test_roberta_bne_ya_no_esta_y_se_dice_que_tomar() -> None:
    with pytest.raises(taller.TallerError, match="BSC-LT/MrBERT-es"):
        taller.load_tokenizer(config("PlanTL-GOB-ES/roberta-base-bne"))


def test_del_hub_se_descarga_y_queda_para_cuando_no_haya_red(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    home = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    with fake_hub({"grupo/modelo": path}) as url:
        first, _ = in_new_process("grupo/modelo", HF_ENDPOINT=url, **home)
    assert first.startswith("CARGADO")
    again, seconds = in_new_process("grupo/modelo", HF_ENDPOINT=url, **home)  # el Hub ya no responde
    assert again == first
    assert seconds < 60  # sin la sonda son 23 s por modelo y 46 s por tokenizador
    offline, _ = in_new_process("grupo/modelo", HF_HUB_OFFLINE="1", **home)
    assert offline == first


@pytest.mark.parametrize(
    "model, message",
    [
        ("grupo/no-existe", "No existe en el Hub"),
        ("grupo/privado", "No existe en el Hub"),
        ("grupo/cerrado", "pide aceptar sus condiciones"),
        ("grupo/saturado", "demasiadas descargas"),
        (
            "dccuchile/bert-base-spanish-wwm-case",
            "¿Quisiste decir «dccuchile/bert-base-spanish-wwm-cased»?",
        ),
    ],
)
def test_lo_que_dice_el_hub_llega_en_espanol(tmp_path: Path, model: str, message: str) -> None:
    broken = {"grupo/privado": 401, "grupo/cerrado": 403, "grupo/saturado": 429}
    with fake_hub(broken) as url:
        said, _ = in_new_process(model, HF_ENDPOINT=url, HF_HOME=str(tmp_path), HF_HUB_DISABLE_XET="1")
    assert said.startswith("ERROR") and message in said


def test_sin_red_y_sin_descarga_se_ofrece_colibri(tmp_path: Path) -> None:
    said, seconds = in_new_process("grupo/modelo", HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(tmp_path))
    assert said.startswith("ERROR No hay conexión con el Hub") and 'model="colibri"' in said
    assert seconds < 60
    said, _ = in_new_process("grupo/modelo", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    assert said.startswith("ERROR No hay conexión con el Hub")


def test_los_pesos_de_colibri_danados_o_ausentes_se_dicen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "colibri"
    shutil.copytree(models.COLIBRI_PATH, copy)
    monkeypatch.setattr(models, "COLIBRI_PATH", copy)
    models._verified_colibri.cache_clear()
    try:
        weights = copy / "model.safetensors"
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
        with pytest.raises(taller.TallerError, match="está dañado"):
            taller.load_tokenizer(taller.WorkshopConfig())
        weights.unlink()
        with pytest.raises(taller.TallerError, match="no trae los pesos"):
            taller.load_tokenizer(taller.WorkshopConfig())
    finally:
        models._verified_colibri.cache_clear()


def test_las_fichas_del_catalogo_caben_en_una_configuracion() -> None:
    for card in CATALOGUE.values():
        resolved = taller.WorkshopConfig(model=card.model).resolved()
        assert resolved.max_length is not None and resolved.max_length <= card.max_positions
        assert training_settings(card.model) == card.settings
    assert CATALOGUE["pysentimiento/robertuito-base-uncased"].settings.max_length == 128


def test_la_propuesta_depende_de_la_gpu_y_del_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = type("Info", (), {"kind": "cuda"})
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert taller.propose_model()[0] == "colibri"
    monkeypatch.setattr(models, "device_info", lambda: gpu)
    monkeypatch.setattr(models, "_hub_has", lambda model: True)
    assert taller.propose_model()[0] == "dccuchile/bert-base-spanish-wwm-cased"
    monkeypatch.setattr(models, "_hub_has", lambda model: False)
    assert taller.propose_model() == (
        "colibri",
        "Propongo colibri, el modelo incluido: el Hub no responde.",
    )
