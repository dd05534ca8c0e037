"""La configuración: qué admite, qué rechaza y cómo se guarda."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taller_lib.config import WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.workspace import open_workspace


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"num_train_epochs": 0}, "de 1 a 20"),
        ({"num_train_epochs": 21}, "de 1 a 20"),
        ({"num_train_epochs": 2.5}, "escribe un entero"),
        ({"num_train_epochs": True}, "escribe un entero"),
        ({"learning_rate": 0}, "mayor que 0"),
        ({"learning_rate": 0.5}, "no mayor que 0.01"),
        ({"learning_rate": "rápido"}, "mayor que 0"),
        ({"max_length": 4}, "de 8 a 8192 o None"),
        ({"batch_size": 0}, "de 1 a 512"),
        ({"seed": -1}, "de 0 a"),
        ({"class_weights": "sí"}, '"off" o "auto"'),
        ({"model": " "}, "está vacío"),
        ({"text_column": "a", "label_column": "a"}, "son la misma"),
        ({"label_names": ["a"]}, "de 2 a 20"),
        ({"label_names": ["a", "a", "b"]}, "repetidos"),
        ({"label_names": ["a", "", "b"]}, "vacíos"),
        ({"label_names": "a,b,c"}, "escribe una lista"),
        ({"epochs": 3}, "No existe el campo «epochs»"),
    ],
)
def test_un_valor_fuera_de_rango_recibe_una_frase(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TallerError, match=message.replace("(", r"\(")):
        WorkshopConfig().replace(**changes)


def test_es_inmutable_y_replace_devuelve_otra() -> None:
    config = WorkshopConfig()
    assert config.replace(seed=3) == WorkshopConfig(seed=3)
    assert config.seed == 0
    with pytest.raises(AttributeError):
        config.seed = 1  # type: ignore[misc]


def test_lo_guardado_vuelve_igual(tmp_path: Path) -> None:
    config = WorkshopConfig(label_names=("sí", "no"), text_column="reseña", learning_rate=5e-5)
    path = config.save(tmp_path / "con acento é")
    assert path.name == "config.json"
    assert WorkshopConfig.load(path) == config
    assert WorkshopConfig.load(path.parent) == config
    assert "reseña" in path.read_text("utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "no es JSON"),
        ("[]", "objeto JSON"),
        ('{"sede": 1}', "«sede»"),
        ('{"seed": -1}', "`seed` vale -1"),
    ],
)
def test_un_config_json_estropeado_se_dice_con_su_ruta(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(TallerError, match=message) as caught:
        WorkshopConfig.load(tmp_path)
    assert "config.json" in str(caught.value)
    with pytest.raises(TallerError, match="No existe el archivo"):
        WorkshopConfig.load(tmp_path / "otra")


def test_resolved_pone_lo_del_catalogo_y_respeta_lo_elegido() -> None:
    beto = WorkshopConfig(model="dccuchile/bert-base-spanish-wwm-cased", batch_size=4).resolved()
    assert (beto.learning_rate, beto.max_length, beto.batch_size) == (3e-5, 128, 4)
    unknown = WorkshopConfig(model="alguien/modelo-nuevo").resolved()
    assert None not in (unknown.learning_rate, unknown.max_length, unknown.batch_size)
    assert unknown.early_stopping_patience == 3


def test_un_formulario_vacio_no_cambia_el_archivo(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    text = json.dumps({"seed": 7, "label_names": ["a", "b", "c", "d"]})
    workspace.config_path.write_text(text, encoding="utf-8")
    config = workspace.update_config(model="", label_names="", max_length="", seed=None)
    assert config.label_names == ("a", "b", "c", "d")
    assert workspace.config_path.read_text("utf-8") == text
    changed = workspace.update_config(label_names="x, y ,z", max_length="64", learning_rate="2e-5")
    assert (changed.label_names, changed.max_length, changed.learning_rate) == (
        ("x", "y", "z"),
        64,
        2e-5,
    )
    assert workspace.load_config() == changed
    assert changed.seed == 7
    with pytest.raises(TallerError, match="escribe un número"):
        workspace.update_config(max_length="muchos")


def test_un_campo_que_no_existe_es_una_frase() -> None:
    with pytest.raises(TallerError, match="«epochs»"):
        WorkshopConfig(epochs=3)  # type: ignore[call-arg]


def test_choosing_a_model_drops_the_settings_of_the_one_before() -> None:
    beto = "dccuchile/bert-base-spanish-wwm-cased"
    before = WorkshopConfig(model="colibri", learning_rate=0.001, batch_size=8, seed=3, label_names=("a", "b"))
    chosen = before.choose(beto, batch_size=32, early_stopping_patience=9, num_train_epochs=5)
    assert chosen == WorkshopConfig(
        model=beto, early_stopping_patience=9, num_train_epochs=5, seed=3, label_names=("a", "b")
    )
    assert before.choose(beto).resolved().learning_rate == WorkshopConfig(model=beto).resolved().learning_rate
    with pytest.raises(TallerError, match="batch_size"):
        before.choose(beto, batch_size=0)
