"""Comprobar un modelo sin descargar sus pesos: existe, se lee, sus pesos son seguros y cabe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from fake_hub import fake_hub
from transformers import AutoModelForSequenceClassification

import taller_lib as taller
from taller_lib import model_check
from taller_lib.catalogue import CATALOGUE, COLIBRI
from taller_lib.environment import DeviceInfo
from taller_lib.model_check import check_model, memory_sentence


def config(path: object, **changes: object) -> taller.WorkshopConfig:
    return taller.WorkshopConfig(model=str(path), **{"max_length": 32, **changes})


def in_new_process(model: str, **environment: str) -> str:
    import os

    code = (
        "import taller_lib as taller; from taller_lib.model_check import check_model\n"
        f"try: print(*check_model(taller.WorkshopConfig(model={model!r}, max_length=32)), sep='|')\n"
        "except taller.TallerError as error: print('ERROR', error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_una_carpeta_de_cada_familia_se_comprueba_y_sus_parametros_son_los_que_tiene(
    tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny.tiny_model(tmp_path / "modelo", family)
    seen: list[int] = []
    monkeypatch.setattr(model_check, "memory_sentence", lambda _, n, __: seen.append(n) or "memoria")
    said = check_model(config(path))
    assert "existe y su tokenizador se lee: conoce 16,000 piezas" in said[0]
    assert "safetensors" in said[1]
    real = AutoModelForSequenceClassification.from_pretrained(path)
    assert seen == pytest.approx([real.num_parameters()], rel=0.01)  # una cabeza de dos o de tres clases


def test_los_pesos_se_nombran_por_lo_que_hay_en_la_carpeta(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    (path / "model.safetensors").rename(path / "pytorch_model.bin")
    assert "solo están en .bin" in check_model(config(path))[1]
    (path / "pytorch_model.bin").unlink()
    with pytest.raises(taller.TallerError, match="no tiene archivos de pesos"):
        check_model(config(path))


def test_un_modelo_que_no_sirve_para_clasificar_se_dice(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    text = (path / "config.json").read_text(encoding="utf-8")
    (path / "config.json").write_text(text.replace('"bert"', '"vit"'), encoding="utf-8")
    with pytest.raises(taller.TallerError):
        check_model(config(path))


def test_del_hub_se_comprueba_sin_bajar_los_pesos(tmp_path: Path) -> None:
    path = tiny.tiny_model(tmp_path / "modelo")
    cache = tmp_path / "cache"
    with fake_hub({"grupo/modelo": path, "grupo/cerrado": 403}) as url:
        environment = {"HF_ENDPOINT": url, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1"}
        said = in_new_process("grupo/modelo", **environment)
        assert "«grupo/modelo» existe" in said and "safetensors" in said and "Memoria para entrenar" in said
        assert not [*cache.rglob("*.safetensors")]
        assert "pide aceptar sus condiciones" in in_new_process("grupo/cerrado", **environment)


def test_la_memoria_es_la_de_la_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = DeviceInfo("cuda", "T4", 15.0, 2, 12.0, 50.0)
    monkeypatch.setattr(model_check, "device_info", lambda: machine)
    beto = config("dccuchile/bert-base-spanish-wwm-cased", max_length=128, batch_size=32)
    # 16 bytes por parámetro y, por texto, 2 · 12 capas · 128 · 768 · (34 + 5 · 12 · 128 / 768) bytes
    gib = (16 * 109.9e6 + 32 * 2 * 12 * 128 * 768 * (34 + 5 * 12 * 128 / 768)) / 1024**3
    said = memory_sentence(beto, 109_900_000)
    assert f"{gib:.1f} GB; aquí hay 15.0 GB: cabe." in said
    small = DeviceInfo("cuda", "pequeña", 4.0, 2, 12.0, 50.0)
    monkeypatch.setattr(model_check, "device_info", lambda: small)
    assert "cabe de 16 en 16 textos" in memory_sentence(beto, 109_900_000)
    assert "no cabe" in memory_sentence(beto, 400_000_000)


def test_cada_ficha_tiene_la_forma_de_su_red_y_la_de_colibri_es_la_suya() -> None:
    model = taller.load_model(taller.WorkshopConfig(), tiny.splits())
    card = CATALOGUE[COLIBRI]
    for name in ("num_hidden_layers", "hidden_size", "num_attention_heads"):
        assert getattr(card, name) == getattr(model.config, name)
    for card in CATALOGUE.values():
        assert card.hidden_size % card.num_attention_heads == 0
        assert card.num_hidden_layers * 12 * card.hidden_size**2 < 3 * card.parameters * 1e6  # sin pesos compartidos
