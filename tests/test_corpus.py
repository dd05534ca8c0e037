"""El corpus de ejemplo cumple sus límites, y cada medida falla en un corpus que no los cumple."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import krippendorff
import pandas as pd
import pytest
import tiny

import check_corpus as check
import corpus_training

SIZES = {"train": 90, "validacion": 45, "prueba": 45, "nuevos": 60, "dificil": 50}
# 40 / 35 / 25 %
LABELS = ["negativo"] * 8 + ["neutral"] * 7 + ["positivo"] * 5
FOUND = {"2024": ["negativo"] * 6 + ["neutral"] * 3 + ["positivo"],
         "2025": ["negativo"] * 2 + ["neutral"] * 4 + ["positivo"] * 4}  # fmt: skip

Corpus = dict[str, pd.DataFrame]


def words(generator: random.Random, n: int) -> str:
    return " ".join("".join(generator.choices("abcdefghilmnoprstu", k=generator.randint(3, 9))) for _ in range(n))


def readings(label: str, turn: int) -> dict[str, str]:
    """Tres lecturas; una de cada cinco veces, la segunda difiere."""
    other = next(name for name in check.LABELS if name != label)
    return {
        "lectura_1": label,
        "lectura_2": other if turn % 5 == 0 else label,
        "lectura_3": label,
    }


def made_up() -> Corpus:
    """Un corpus sano en todo menos en el número de filas."""
    generator, rows, number = random.Random(0), {}, 0
    for name, size in SIZES.items():
        frame = []
        for turn in range(size):
            number += 1
            year = ("2024", "2025")[turn % 2] if name == "nuevos" else "2023"
            labels = FOUND[year] if name == "nuevos" else LABELS
            label = labels[turn // 2 % 10] if name == "nuevos" else labels[turn % 20]
            length = 70 if turn % 10 == 0 else generator.randint(9, 34)
            frame.append(
                {
                    "id": f"im{number:04d}",
                    "texto": words(generator, length),
                    "etiqueta": label,
                    "dimension": generator.choice(sorted(check.VALUES["dimension"])),
                    "fuente": generator.choice(sorted(check.VALUES["fuente"])),
                    "fecha": f"{year}-{generator.randint(1, 12):02d}-15",
                    **readings(label, generator.randint(0, 99)),
                    "fenomeno": sorted(check.VALUES["fenomeno"])[turn % 10],
                }
            )
        rows[name] = pd.DataFrame(frame)
    rows["nuevos_verdad"] = rows["nuevos"]
    return {name: rows[name][columns].copy() for name, columns in check.COLUMNS.items()}


@pytest.fixture
def corpus() -> Corpus:
    return made_up()


def spoil(column: str, value: str, name: str = "train", row: int = 3) -> Callable[[Corpus], None]:
    def change(corpus: Corpus) -> None:
        corpus[name].loc[row, column] = value

    return change


def every(column: str, value: str, rows: int, name: str = "train") -> Callable[[Corpus], None]:
    def change(corpus: Corpus) -> None:
        corpus[name].loc[: rows - 1, column] = value

    return change


def out(found: check.Measure | list[check.Measure]) -> list[str]:
    measures = [found] if isinstance(found, check.Measure) else found
    return [measure.name for measure in measures if measure.ok is False]


# --- lo que se reparte --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> list[check.Measure]:
    return check.static_measures(check.load_corpus())


def test_the_shipped_corpus_is_within_its_limits(shipped: list[check.Measure]) -> None:
    wrong = [str(m) for m in shipped if m.ok is False]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_datasheet_has_its_blocks() -> None:
    text = check.DATASHEET.read_text(encoding="utf-8")
    for block in ("medidas", "textos reales", "entrenamientos", "lectura a ciegas"):
        assert "\nnuevo\n" in check.fill_block(text, block, "nuevo")


# --- cada medida, en un corpus que la incumple ---------------------------------------------------

SPOILT = [
    (check.check_columns, lambda c: c.pop("dificil"), "sin un archivo"),
    (check.check_columns, lambda c: c.update(train=c["train"].drop(columns="fuente")), "columna"),
    (check.check_ids, spoil("id", "im0001"), "id repetido en un archivo"),
    (check.check_ids, spoil("id", "im0001", "dificil"), "id repetido en dos archivos"),
    (check.check_ids, spoil("id", "7"), "id mal escrito"),
    (check.check_ids, spoil("id", "im0999", "nuevos_verdad"), "nuevos y su verdad"),
    (check.check_values, spoil("fecha", "18/03/2024"), "fecha al revés"),
    (check.check_values, spoil("fecha", "2023-02-30"), "fecha que no existe"),
    (check.check_values, spoil("fecha", "20230215"), "fecha sin guiones"),
    (check.check_values, spoil("etiqueta", "neutro"), "clase"),
    (check.check_values, spoil("lectura_2", ""), "lectura vacía"),
    (check.check_values, spoil("dimension", "clima", "nuevos"), "dimensión"),
    (check.check_values, spoil("fuente", "tuit", "prueba"), "fuente"),
    (check.check_values, spoil("texto", "  ", "validacion"), "texto vacío"),
    (check.check_values, spoil("fenomeno", "", "dificil"), "fenómeno"),
    (check.check_majority, spoil("etiqueta", "positivo", row=0), "etiqueta de nadie"),
    (check.check_majority, spoil("etiqueta", "positivo", "nuevos_verdad", 0), "verdad de nadie"),
    (check.check_shares, every("etiqueta", "negativo", 60), "una clase de más"),
    (check.check_shares, spoil("fecha", "2026-01-15", "nuevos"), "tres periodos"),
    (check.check_shares, every("fecha", "2024-08-15", 60, "nuevos"), "un solo periodo"),
    (check.check_phenomena, every("fenomeno", "ironia", 20, "dificil"), "fenómeno escaso"),
    (check.check_lengths, spoil("texto", "solo cinco palabras hay aquí"), "muy corto"),
    (check.check_lengths, spoil("texto", "palabra " * 121), "muy largo"),
    (check.check_lengths, every("texto", "diez " * 10, 90), "mediana"),
    (check.check_lengths, every("texto", "larga " * 61, 40), "demasiados largos"),
    (check.check_openings, every("texto", "¡Acabo de LLEGAR a la", 4), "comienzos"),
    (check.check_agreement, every("lectura_2", "neutral", 90), "acuerdo bajo"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "change"), [
    pytest.param(measure, change, id=f"{measure.__name__}: {what}")
    for measure, change, what in SPOILT
])  # fmt: skip
def test_each_measure_sees_its_violation(
    corpus: Corpus, measure: Callable, change: Callable[[Corpus], None], tmp_path: Path
) -> None:
    extra = (tmp_path / "no.csv",) if measure is check.check_agreement else ()
    assert not out(measure(corpus, *extra)), "el corpus inventado debía estar bien"
    change(corpus)
    assert out(measure(corpus, *extra))


def test_rows_are_counted() -> None:
    right = {name: pd.DataFrame(index=range(rows)) for name, rows in check.ROWS.items()}
    assert not out(check.check_rows(right))
    short = {**right, "train": pd.DataFrame(index=range(900))}
    assert out(check.check_rows(short)) == ["filas de train"]
    del right["dificil"]
    assert out(check.check_rows(right)) == ["filas de dificil"]


@pytest.mark.parametrize("name", ["train", "prueba"])
def test_near_copies_are_found_within_and_across_files(corpus: Corpus, name: str) -> None:
    assert not out(check.check_near_copies(corpus))
    text = corpus["train"].loc[5, "texto"]
    half = " ".join(text.split()[: 3 * len(text.split()) // 4])
    corpus[name].loc[7, "texto"] = half.upper()
    measure = check.check_near_copies(corpus)
    assert measure.ok is False
    assert corpus["train"].loc[5, "id"] in measure.details[0]
    assert corpus[name].loc[7, "id"] in measure.details[0]


def test_jaccard_is_that_of_the_sets_of_five_letters() -> None:
    texts = ["El café de Xalapa", "el cafe  de xalapa", "El café de Puebla", "hoy", "hoy"]

    def grams(text: str) -> set[str]:
        plain = f"{check.normalized(text):<5}"
        return {plain[i : i + 5] for i in range(len(plain) - 4)}

    for value, one, other in check.most_alike(texts, n=20):
        a, b = grams(texts[one]), grams(texts[other])
        assert value == pytest.approx(len(a & b) / len(a | b))
        assert one < other
    assert check.most_alike(texts)[0][0] == 1


def test_openings_ignore_case_accents_and_punctuation() -> None:
    assert check.opening("¿Qué TÁL, México?") == check.opening("que tal mexico; y más")


def test_perfect_agreement_is_suspicious(corpus: Corpus, tmp_path: Path) -> None:
    for frame in check.readings_of(corpus).values():
        for reading in check.READINGS:
            frame[reading] = frame["etiqueta"]
    assert out(check.check_agreement(corpus, tmp_path / "no.csv"))


def test_what_has_no_majority_counts_in_the_agreement(corpus: Corpus, tmp_path: Path) -> None:
    alone = check.check_agreement(corpus, tmp_path / "no.csv")[1]
    path = tmp_path / "sin_mayoria.csv"
    rows = [dict(zip(check.READINGS, check.LABELS, strict=True)) | {"id": f"im9{n:03}"} for n in range(20)]
    pd.DataFrame(rows).to_csv(path, index=False)
    count, both = check.check_agreement(corpus, path)[:2]
    assert count.value == "20"
    assert float(both.value) < float(alone.value)
    assert "sin mayoría 0.0%" in alone.details[0] and "sin mayoría 0.0%" not in both.details[0]


# Krippendorff (2011), «Computing Krippendorff's Alpha-Reliability»: con dos personas y con cuatro
TWO = ("aabbdcccedda", "babbbccceddd")
FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")  # «.»: falta


@pytest.mark.parametrize(("table", "alpha"), [(TWO, 0.692), (FOUR, 0.743)])
def test_alpha_is_the_published_one(table: tuple[str, ...], alpha: float) -> None:
    units = [["" if value == "." else value for value in unit] for unit in zip(*table, strict=True)]
    assert check.krippendorff_alpha(units) == pytest.approx(alpha, abs=5e-4)


def test_alpha_is_that_of_the_krippendorff_package(corpus: Corpus) -> None:
    frame = corpus["train"][list(check.READINGS)]
    numbers = [[check.LABELS.index(value) for value in frame[r]] for r in check.READINGS]
    expected = krippendorff.alpha(reliability_data=numbers, level_of_measurement="nominal")
    assert check.krippendorff_alpha(frame.to_numpy().tolist()) == pytest.approx(expected)


def test_alpha_without_variation_is_undefined() -> None:
    alpha = check.krippendorff_alpha([["a", "a", "a"]] * 5)
    assert alpha != alpha
    assert check.between("alfa", alpha, 0.5, 0.95).ok is False


# --- lo que se puede aprender -------------------------------------------------------------------


def test_a_label_that_follows_the_dimension_leaks(corpus: Corpus) -> None:
    assert check.leak_score(corpus["train"], corpus["prueba"]) <= 0.55
    topics = dict(zip(check.LABELS, sorted(check.VALUES["dimension"]), strict=False))
    for name in check.SPLITS:
        corpus[name]["dimension"] = corpus[name]["etiqueta"].map(topics)
    assert check.leak_score(corpus["train"], corpus["prueba"]) > 0.9
    assert any("sin el texto" in name for name in out(check.check_learning(corpus)))


def with_clues(corpus: Corpus, clues: int) -> Corpus:
    """Cada texto lleva dos palabras que delatan su clase, de `clues` posibles."""
    generator = random.Random(1)
    known = {label: [words(generator, 1) for _ in range(clues)] for label in check.LABELS}
    for name in check.SPLITS:
        corpus[name]["texto"] = [
            f"{words(generator, 6)} {' '.join(generator.choices(known[label], k=4))}"
            for label in corpus[name]["etiqueta"]
        ]
    return corpus


def test_a_text_that_hangs_on_a_few_words_is_out(corpus: Corpus) -> None:
    found = out(check.check_learning(with_clues(corpus, 3)))
    assert any("más indicativas" in name for name in found)
    assert "macro F1 en prueba de TF-IDF" in found  # demasiado fácil


def test_many_words_stand_the_loss_of_ten(corpus: Corpus) -> None:
    found = out(check.check_learning(with_clues(corpus, 60)))
    assert not any("más indicativas" in name for name in found)


def test_noise_is_out_because_nothing_is_learnt(corpus: Corpus) -> None:
    assert "macro F1 en prueba de TF-IDF" in out(check.check_learning(corpus))


def test_removed_words_are_whole_words(corpus: Corpus) -> None:
    corpus["train"].loc[0, "texto"] = "Sin miedo, SIN prisa, sino contentos"
    cleaned = check.remove_words(corpus, ["sin", "prisa"])["train"].loc[0, "texto"]
    assert cleaned.split() == ["miedo,", ",", "sino", "contentos"]


# --- textos reales, entrenamientos y hoja de datos ------------------------------------------------


def test_a_repetitive_corpus_is_poorer_than_real_texts(corpus: Corpus) -> None:
    real = [words(random.Random(n), 20) for n in range(100)]
    for frame in corpus.values():
        if "texto" in frame:
            frame["texto"] = "la misma frase de siempre en el mismo sitio @usuario https://t.co/a"
    table = check.compare_with_real(corpus, real)
    ratio = table.iloc[:, 1].astype(float)
    assert ratio["corpus"] < 0.05 < 0.9 < ratio["textos reales"]
    assert table.loc["textos reales", "p50"] == "20"


def test_a_copied_real_text_shows(corpus: Corpus) -> None:
    real = [words(random.Random(n), 20) for n in range(50)]
    assert float(check.nearest_real(corpus, real).split()[-1].rstrip(".")) < 0.3
    corpus["nuevos"].loc[3, "texto"] = real[7].upper()
    assert check.nearest_real(corpus, real).endswith(" 1.000.")


def test_the_learning_curve_uses_the_sizes_and_the_seeds() -> None:
    calls = []

    def scorer(splits: dict, seed: int, epochs: int | None) -> float:
        calls.append((len(splits["train"]), len(splits["test"]), seed, epochs))
        return len(splits["train"]) / 100

    tables = corpus_training.measure(
        tiny.splits(60), [10, 20, 40, None], seeds=[0, 1], epochs=2, scorers={"uno": scorer}
    )
    assert calls == [(10, 30, 0, 2), (20, 30, 0, 2), (40, 30, 0, 2), (60, 30, 0, 2), (60, 30, 1, 2)]
    curve, seeds = tables.values()
    assert curve.loc["uno"].tolist() == ["0.100", "0.200", "0.400", "0.600", "sí"]
    assert seeds.loc["uno"].tolist() == ["0.600", "0.600", "0.600"]


def test_smaller_subsets_are_inside_the_larger_ones() -> None:
    data = tiny.splits(60)
    small, large = (set(corpus_training.subset(data, n)["train"]["text"]) for n in (10, 30))
    assert small < large


@pytest.mark.parametrize(("curve", "answer"), [
    ([0.3, 0.4, 0.5, 0.6], "sí"), ([0.3, 0.6, 0.6, 0.5, 0.5], "no"), ([0.3], "no se sabe"),
])  # fmt: skip
def test_a_flat_curve_is_told(curve: list[float], answer: str) -> None:
    assert corpus_training.still_rises(curve) == answer


def write(corpus: Corpus, folder: Path) -> None:
    for name, frame in corpus.items():
        frame.to_csv(folder / f"imagen_mexico_{name}.csv", index=False, encoding="utf-8")


def test_the_command_prints_fills_the_datasheet_and_fails(
    corpus: Corpus,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "check_learning", lambda corpus: [])
    write(corpus, tmp_path)
    real = tmp_path / "reales.csv"
    pd.DataFrame({"texto": ["uno dos tres"] * 5}).to_csv(real, index=False)
    sheet = tmp_path / "DATASHEET.md"
    blocks = ["medidas", "textos reales", "entrenamientos"]
    sheet.write_text("".join(f"<!-- {b} -->\nviejo\n<!-- /{b} -->\nprosa\n" for b in blocks), "utf-8")
    status = check.main(["--folder", str(tmp_path), "--datasheet", "--real", str(real)])
    printed, text = capsys.readouterr().out, sheet.read_text(encoding="utf-8")
    assert status == 1 and "fuera  filas de train: 90" in printed and "bien " in printed
    assert text.count("viejo") == 1 and text.count("prosa") == 3  # entrenamientos no se tocó
    assert "| filas de train | 90 | de 945 a 1155 | fuera |" in text
    assert text.count("--datasheet") == 2 and str(tmp_path) not in text
    check.main(["--folder", str(tmp_path), "--datasheet", "--real", str(real)])
    assert sheet.read_text(encoding="utf-8") == text


def test_a_file_with_other_columns_is_reported_and_left_aside(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "check_learning", lambda corpus: [])
    corpus["dificil"] = corpus["dificil"].drop(columns="fenomeno")
    names = out(check.static_measures(corpus))
    assert "archivos que faltan o con otras columnas" in names
    assert out(check.static_measures({})) == out([check.check_columns({}), *check.check_rows({})])


def test_a_datasheet_without_the_block_is_not_touched() -> None:
    with pytest.raises(SystemExit, match="medidas"):
        check.fill_block("# Hoja\n<!-- medidas -->\n", "medidas", "nuevo")
