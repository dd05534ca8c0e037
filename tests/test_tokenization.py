"""La tokenización y la preparación del texto que piden algunos modelos."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
import transformers

import taller_lib as taller
from taller_lib import tokenization
from taller_lib._paths import ASSETS
from taller_lib.preprocessing import preprocess

ROBERTUITO = "pysentimiento/robertuito-base-uncased"


@pytest.fixture(scope="module")
def tokenizer() -> transformers.PreTrainedTokenizerBase:
    return transformers.AutoTokenizer.from_pretrained(ASSETS / "colibri")


def test_tokenize_es_lo_que_da_el_tokenizador_y_conserva_lo_demas(
    tokenizer: transformers.PreTrainedTokenizerBase,
) -> None:
    data = tiny.splits(10)
    tokenized = taller.tokenize(data, tokenizer, taller.WorkshopConfig(max_length=12))
    assert set(tokenized["train"].column_names) == {"text", "label", "input_ids", "attention_mask"}
    for row in tokenized["train"]:
        assert row["input_ids"] == tokenizer(row["text"], truncation=True, max_length=12)["input_ids"]
    assert tokenized["train"]["text"][:] == data["train"]["text"][:]
    assert tokenized["train"].features["label"].names == tiny.LABELS


def test_los_largos_y_lo_que_se_corta(tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    data = tiny.splits(20)
    lengths = tokenization.token_lengths(data, tokenizer, taller.WorkshopConfig())
    assert lengths["train"] == [len(tokenizer(text)["input_ids"]) for text in data["train"]["text"]]
    table = tokenization.length_statistics({"train": [5, 10, 20, 40]}, 16)
    assert table.loc["train"].tolist() == [15, pytest.approx(37), 40, 0.5]


@pytest.mark.parametrize(
    "lengths, expected",
    [
        ([10] * 100, 16),
        ([17] * 100, 32),
        ([10] * 95 + [200] * 5, 16),
        ([10] * 94 + [100] * 6, 112),
        ([3000], 512),
    ],
)
def test_el_max_length_sugerido_deja_enteros_al_95_por_ciento(lengths: list[int], expected: int) -> None:
    assert tokenization.suggest_max_length(lengths) == expected


def test_sin_textos_no_hay_sugerencia() -> None:
    with pytest.raises(taller.TallerError, match="No hay textos de train"):
        tokenization.suggest_max_length([])


def test_la_vista_previa_marca_lo_especial_y_lo_cortado(
    tokenizer: transformers.PreTrainedTokenizerBase,
) -> None:
    text = "¿Qué onda, güey? La ciudad está más bonita que nunca y nadie lo dice"
    table = tokenization.token_preview(text, tokenizer, taller.WorkshopConfig(max_length=8))
    assert table["id"].tolist() == tokenizer(text)["input_ids"]
    kept = table[~table["cut"]]["id"].tolist()
    assert kept == tokenizer(text, truncation=True, max_length=8)["input_ids"]
    assert table["special"].tolist() == [True, *[False] * (len(table) - 2), True]
    assert not tokenization.token_preview(text, tokenizer)["cut"].any()


def test_un_tokenizador_ajeno_se_nota(tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    data = tiny.splits(10).map(lambda row: {"text": "漢 字 仮 名 交 り 文 漢 字 仮 名"})
    with pytest.raises(taller.TallerError, match="no conoce más de un tercio"):
        taller.tokenize(data, tokenizer, taller.WorkshopConfig())


def test_sin_la_columna_text_se_dice(tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    with pytest.raises(taller.TallerError, match="no tiene la columna `text`"):
        taller.tokenize(tiny.splits(10).rename_column("text", "texto"), tokenizer, taller.WorkshopConfig())


@pytest.mark.parametrize(
    "text, expected",
    [
        ("hola @turismo_mexico_oficial mira https://t.co/ab12", "hola @usuario mira url"),
        ("#PuebloMágico y #oaxaca", "hashtag pueblo mágico y hashtag oaxaca"),
        ("buenísimooooooo", "buenísimooo"),
        ("jajajajaja no", "jaja no"),
        ("qué rico 😍", "qué rico emoji cara sonriendo con ojos de corazón emoji"),
        ("escribe a correo@ejemplo.com", "escribe a correo@ejemplo.com"),
        ("México está aquí", "México está aquí"),
    ],
)
def test_la_preparacion_de_robertuito(text: str, expected: str) -> None:
    assert preprocess(text, ROBERTUITO) == expected


def test_cada_modelo_recibe_lo_que_pide_y_los_demas_el_texto_tal_cual() -> None:
    text = "@usuario  jajajajaja https://t.co/x"
    assert preprocess(text, "colibri") == text
    assert preprocess(text, "intfloat/multilingual-e5-small") == "query: " + text


def test_el_conjunto_guarda_el_texto_original(tmp_path: Path, tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    data = tiny.splits(10).map(lambda row: {"text": "@alguien " + row["text"]})
    config = taller.WorkshopConfig(model=ROBERTUITO)
    tokenized = taller.tokenize(data, tokenizer, config)
    assert tokenized["train"][0]["text"].startswith("@alguien")
    prepared = preprocess(data["train"][0]["text"], ROBERTUITO)
    assert tokenized["train"][0]["input_ids"] == tokenizer(prepared)["input_ids"]
