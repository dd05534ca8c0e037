"""`data`: de los archivos al `DatasetDict`, y qué se dice de lo raro."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taller_files.problems import counted, listed, shown, which_rows
from taller_files.text_checks import looks_foreign
from taller_lib.config import WorkshopConfig
from taller_lib.data import load_splits
from taller_lib.errors import TallerError

CLASSES = ["negativo", "neutral", "positivo"]
Rows = list[tuple[str, str]]


def rows(n: int, classes: list[str] = CLASSES, word: str = "texto") -> Rows:
    """n filas por clase, intercaladas y todas distintas."""
    return [
        (f"Este {word} número {i} habla de la imagen de México en {label}", label)
        for i in range(n)
        for label in classes
    ]


def save(folder: Path, data: Rows, name: str = "train.csv", header=("texto", "etiqueta")) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *data])
    return path


def refusal(*args, **kwargs) -> str:
    with pytest.raises(TallerError) as caught:
        load_splits(*args, **kwargs)
    message = str(caught.value)
    assert message.isprintable()
    return message


def kinds(report) -> dict[str, list[int]]:
    assert len({(p.kind, p.split) for p in report.problems}) == len(report.problems)
    return {problem.kind: problem.rows for problem in report.problems}


def test_clean_file(tmp_path):
    splits, report = load_splits(save(tmp_path, rows(100)))
    assert {name: len(dataset) for name, dataset in splits.items()} == {
        "train": 210,
        "validation": 45,
        "test": 45,
    }
    assert list(splits) == ["train", "validation", "test"]
    for dataset in splits.values():
        assert dataset.column_names == ["text", "label"]
        assert dataset.features["label"].names == CLASSES
        assert dataset.features["text"].dtype == "string"
    assert report.problems == [] and report.notes == []
    assert report.counts.loc["validation"].tolist() == [15, 15, 15]
    assert report.counts.columns.tolist() == CLASSES
    assert report.files["test"] == "separado de train"
    assert "Sugerencia" in str(report)
    texts = [text for dataset in splits.values() for text in dataset["text"]]
    assert sorted(texts) == sorted(text for text, _ in rows(100))
    order = {text: place for place, (text, _) in enumerate(rows(100))}
    for dataset in splits.values():
        places = [order[text] for text in dataset["text"]]
        assert places == sorted(places)


def test_splits_are_deterministic_and_follow_only_split_seed(tmp_path):
    path = save(tmp_path, rows(20))
    first = load_splits(path)[0]
    assert first["test"]["text"][:] == load_splits(path, config=WorkshopConfig(seed=7))[0]["test"]["text"][:]
    other = load_splits(path, config=WorkshopConfig(split_seed=1))[0]
    assert first["test"]["text"][:] != other["test"]["text"][:]


def test_no_hint_with_many_texts(tmp_path):
    report = load_splits(save(tmp_path, rows(150)))[1]
    assert report.hint == "" and "Sugerencia" not in str(report)


def test_given_files_are_not_split(tmp_path):
    train = save(tmp_path, rows(20))
    test = save(tmp_path, rows(5, word="tuit"), "test.csv")
    validation = save(tmp_path, rows(4, word="mensaje"), "validation.csv")
    splits, report = load_splits(train, test=test)
    assert report.counts.sum(axis=1).to_dict() == {"train": 51, "validation": 9, "test": 15}
    splits, report = load_splits(train, validation=validation)
    assert report.counts.sum(axis=1).to_dict() == {"train": 51, "validation": 12, "test": 9}
    splits, report = load_splits(train, validation, test)
    assert report.counts.sum(axis=1).to_dict() == {"train": 60, "validation": 12, "test": 15}
    assert report.files == {"train": str(train), "validation": str(validation), "test": str(test)}
    assert splits["train"]["text"][:] == [text for text, _ in rows(20)]


def test_smallest_file_gives_two_of_each_class(tmp_path):
    report = load_splits(save(tmp_path, rows(6)))[1]
    assert report.counts.to_numpy().tolist() == [[2, 2, 2]] * 3
    assert kinds(report) == {"few_examples": list(range(2, 20))}
    message = refusal(save(tmp_path, rows(6)[:-1]))
    assert "al menos 6" in message and "«positivo» tiene 5 (le falta 1)" in message


def test_rare_class_keeps_two_in_each_split(tmp_path):
    data = rows(100, ["neutral", "positivo"]) + rows(7, ["negativo"])
    report = load_splits(save(tmp_path, data))[1]
    assert report.counts["negativo"].tolist() == [3, 2, 2]
    assert kinds(report)["class_imbalance"] == list(range(202, 209))


def test_given_file_needs_two_of_each_class(tmp_path):
    test = save(tmp_path, rows(2, word="tuit")[:-1], "test.csv")
    message = refusal(save(tmp_path, rows(20)), test=test)
    assert "test (test.csv)" in message and "al menos 2" in message and "«positivo»" in message


def test_text_is_exact(tmp_path):
    odd = [
        "  =1+1 con espacios  ",
        "@ana dice <b>hola</b> a todos",
        'un "texto"\r\ncon salto',
        "-5 NA nan",
    ]
    data = rows(20) + [(text, "neutral") for text in odd]
    splits, _ = load_splits(save(tmp_path, data))
    texts = {text for dataset in splits.values() for text in dataset["text"]}
    assert set(odd) <= texts


def test_columns_by_name(tmp_path):
    path = save(tmp_path, rows(20), header=("Comentario", "Sentimiento"))
    config = WorkshopConfig(text_column="Comentario", label_column="Sentimiento")
    assert load_splits(path, config=config)[1].problems == []
    message = refusal(path, config=config.replace(label_column="sentimiento"))
    assert "«sentimiento»" in message and "`label_column`" in message and "«Sentimiento»" in message


def test_no_header(tmp_path):
    data = rows(20)
    message = refusal(save(tmp_path, data[1:], header=data[0]))
    assert "no tiene encabezado" in message
    assert "no tiene encabezado" in refusal(save(tmp_path, data, header=("0", "1")))
    assert "no tiene encabezado" not in refusal(save(tmp_path, data, header=("Texto", "clase")))


def test_swapped_columns(tmp_path):
    path = save(tmp_path, [(label, text) for text, label in rows(20)])
    message = refusal(path)
    assert "60 clases" in message and "50 más" in message and "intercambiada" in message


def test_empty_cells(tmp_path):
    data = rows(20)
    for place, text in zip((0, 5, 9), ("", " \t\u00a0", "\u200b"), strict=True):
        data[place] = (text, data[place][1])
    for place, label in enumerate(["nan", "NaN", "NA", "N/A", "null", "None", "-", "s/d", " "], 10):
        data[place] = (data[place][0], label)
    splits, report = load_splits(save(tmp_path, data))
    found = kinds(report)
    assert found["empty_text"] == [2, 7, 11]
    assert found["empty_label"] == list(range(12, 21))
    assert splits["train"].features["label"].names == CLASSES
    message = next(p.message for p in report.problems if p.kind == "empty_text")
    assert message == "3 filas sin texto de train (train.csv) quedaron fuera: filas 2, 7 y 11."


def test_one_row_is_said_in_singular(tmp_path):
    report = load_splits(save(tmp_path, [*rows(20), ("", "neutral")]))[1]
    assert report.problems[0].message == "1 fila sin texto de train (train.csv) quedó fuera: fila 62."


def test_nothing_left(tmp_path):
    assert "ninguna fila" in refusal(save(tmp_path, [("", "a"), ("b", "nan")]))


def test_declared_na_is_a_class(tmp_path):
    config = WorkshopConfig(label_names=("NA", "a", "b"))
    report = load_splits(save(tmp_path, rows(20, ["NA", "a", "b"])), config=config)[1]
    assert report.problems == [] and report.counts["NA"].sum() == 20


def test_copies_conflicts_and_their_rows(tmp_path):
    data = rows(30)
    data += [(data[0][0].upper().replace(" ", "  "), data[0][1])]  # copia de la fila 2
    data += [
        (data[1][0], "positivo"),
        ("Un año bueno", "positivo"),
        ("Un an\u0303o bueno", "positivo"),
    ]
    splits, report = load_splits(save(tmp_path, data))
    assert kinds(report) == {"conflicting_labels": [3, 93], "duplicate": [92, 95]}
    texts = [text for dataset in splits.values() for text in dataset["text"]]
    assert len(texts) == 90 and data[0][0] in texts and data[1][0] not in texts


def test_text_repeated_many_times(tmp_path):
    data = rows(30) + [("Sin comentarios sobre el tema", "neutral")] * 12
    report = load_splits(save(tmp_path, data))[1]
    assert kinds(report) == {
        "repeated_text": list(range(92, 104)),
        "duplicate": list(range(93, 104)),
    }


def test_texts_in_two_files(tmp_path):
    train, validation, test = rows(30), rows(5, word="mensaje"), rows(5, word="tuit")
    paths = [
        save(tmp_path, train, "a.csv"),
        save(tmp_path, [*validation, train[0], test[1], train[2]], "b.csv"),
        save(tmp_path, [*test, train[1], train[2]], "c.csv"),
    ]
    splits, report = load_splits(*paths)
    found = [(p.split, p.kind, p.rows) for p in report.problems]
    assert found == [
        ("train", "shared_with_test", [3, 4]),
        ("train", "shared_with_validation", [2]),
        ("validation", "shared_with_test", [18, 19]),
    ]
    sets = [set(dataset["text"]) for dataset in splits.values()]
    assert not sets[0] & sets[1] and not sets[0] & sets[2] and not sets[1] & sets[2]


def test_same_file_twice(tmp_path):
    path = save(tmp_path, rows(20))
    assert "son el mismo archivo" in refusal(path, test=path)
    copy = save(tmp_path, rows(20), "copia.csv")
    message = refusal(path, test=copy)
    assert "60 filas que quedaron fuera" in message


def test_invisible_characters_in_labels(tmp_path):
    data = rows(20)
    data[0] = (data[0][0], "\u00a0nega\u200btivo ")
    splits, report = load_splits(save(tmp_path, data))
    assert report.problems == []
    assert report.notes == [
        "En train (train.csv), 1 etiqueta tenía espacios o caracteres invisibles de más y se leyeron sin ellos."
    ]
    assert splits["train"].features["label"].names == CLASSES


def test_label_spelling_is_unified_only_into_three(tmp_path):
    data = rows(20)
    data[0], data[3] = (data[0][0], "Negativo"), (data[3][0], "NEGATIVO")
    report = load_splits(save(tmp_path, data))[1]
    assert kinds(report) == {"label_spelling": [2, 5]}
    assert "«Negativo» se lee como «negativo»" in report.problems[0].message
    assert report.counts["negativo"].sum() == 20
    two = [(text, label) for text, label in data if label.lower() != "neutral"]
    message = refusal(save(tmp_path, two))
    assert "«Negativo» y «negativo»" in message and "filas 2 y 4" in message


def test_accents_too(tmp_path):
    data = rows(20, ["crítica", "elogio", "otra"])
    data[0] = (data[0][0], "critica")
    report = load_splits(save(tmp_path, data))[1]
    assert kinds(report) == {"label_spelling": [2]} and report.counts["crítica"].sum() == 20


def test_declared_classes(tmp_path):
    path = save(tmp_path, rows(20, ["b", "a"]))
    splits, report = load_splits(path, config=WorkshopConfig(label_names=("b", "a")))
    assert splits["train"].features["label"].names == ["b", "a"] and report.problems == []
    message = refusal(path, config=WorkshopConfig(label_names=("B", "a")))
    assert "¿quisiste decir «B»?" in message and "filas 2, 4" in message
    message = refusal(path, config=WorkshopConfig(label_names=("a", "b", "c")))
    assert "no hay ningún texto de «c»" in message


def test_number_of_classes(tmp_path):
    message = refusal(save(tmp_path, rows(10, ["a", "b", "c", "d"])))
    assert "4 clases" in message and "«d» (10)" in message and "--label-names" in message
    assert "1 clase " in refusal(save(tmp_path, rows(10, ["a"])))


def test_class_missing_in_train(tmp_path):
    test = save(tmp_path, rows(3, ["a", "b", "c", "d"], "tuit"), "test.csv")
    message = refusal(save(tmp_path, rows(20, ["a", "b", "c"])), test=test)
    assert "La clase «d»" in message and "nunca podría predecirla" in message
    assert "filas 5, 9 y 13 de test (test.csv)" in message


@pytest.mark.parametrize("mark", [";", "/", ", ", " | "])
def test_several_labels_in_a_cell(tmp_path, mark):
    data = rows(20)
    data[4] = (data[4][0], f"positivo{mark}neutral")
    message = refusal(save(tmp_path, data))
    assert "texto lleva una sola" in message and "fila 6" in message


def test_slash_in_a_class_name_is_fine(tmp_path):
    report = load_splits(save(tmp_path, rows(20, ["a favor", "en contra", "neutral/mixto"])))[1]
    assert report.problems == []


@pytest.mark.parametrize("names", [["0", "1", "2"], ["0.0", "1.0", "2.0"], ["-1", "0", "1"], ["0,0", "1,0", "2,0"]])
def test_numeric_labels_keep_their_spelling(tmp_path, names):
    splits, report = load_splits(save(tmp_path, rows(20, names)))
    assert splits["train"].features["label"].names == names
    assert kinds(report) == {"numeric_labels": list(range(2, 62))}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MÃ©xico es muy bonito", "mojibake"),
        ("El aÃ±o pasado fue â€œbuenoâ€\x9d", "mojibake"),
        ("La ni\ufffda llegó tarde", "mojibake"),
        ("palabra " * 700, "long_text"),
        ("Excelente", "short_text"),
        ("007", "short_text"),
        ("01/03/2024 10:30", "short_text"),
        ("🇲🇽 🎉🎉", "emoji_only"),
        ("…", "emoji_only"),
    ],
)
def test_odd_texts_are_kept_and_said(tmp_path, text, kind):
    splits, report = load_splits(save(tmp_path, [*rows(20), (text, "neutral")]))
    assert kinds(report) == {kind: [62]}
    assert sum(map(len, splits.values())) == 61
    assert "En train (train.csv), 1 texto " in report.problems[0].message


@pytest.mark.parametrize("text", ["SÃO PAULO, Ângela y ÂNIMO", "El niño comió piñón", "ação é bom"])
def test_accents_are_not_mojibake(tmp_path, text):
    assert load_splits(save(tmp_path, [*rows(20), (text, "neutral")]))[1].problems == []


def test_a_few_foreign_texts_do_not_bother(tmp_path):
    data = rows(20) + [(f"Mexico is one of the best places to visit, {i}", "positivo") for i in range(15)]
    assert load_splits(save(tmp_path, data))[1].problems == []


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("La imagen de México en el exterior ha mejorado mucho", False),
        ("Turismo mexicano rompe récord histórico: 40 millones", False),
        ("Tequila mexicano conquista mercados europeos asiáticos este año", False),
        ("The image of Mexico abroad keeps improving every year", True),
        ("A imagem do México não é boa para os turistas", True),
        ("Les touristes sont très contents de la cuisine du pays", True),
        ("Muy corto", None),
    ],
)
def test_looks_foreign(text, foreign):
    assert looks_foreign(text) is foreign


def test_report_escapes_everything(tmp_path):
    names = ["<b>a</b>", "b\x1b[31m", "c"]
    path = save(tmp_path, [*rows(20, names), ("", "c")], "<i>.csv")
    report = load_splits(path)[1]
    page = report._repr_html_()
    assert "<b>a" not in page and "&lt;b&gt;a" in page and "<i>" not in page and "\x1b" not in page
    assert "\x1b" not in str(report) and "\\x1b" in str(report)
    assert "60 textos en 3 clases" in page and "1 aviso:" in page
    assert "\x1b" not in refusal(save(tmp_path, rows(9, [*names, "d"])))


def test_report_as_text(tmp_path):
    text = str(load_splits(save(tmp_path, rows(100)))[1])
    assert text.startswith("Datos listos: 300 textos en 3 clases.\n")
    assert "Sin avisos" in text and "validation: separado de train" in text


def test_cp1252_is_a_note(tmp_path):
    path = save(tmp_path, rows(20))
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    splits, report = load_splits(path)
    assert report.problems == [] and "Windows-1252" in report.notes[0]
    assert "número" in splits["train"]["text"][0]


def test_words():
    assert listed([]) == "" and listed(["a"]) == "a" and listed("ab") == "a y b"
    assert listed(map(str, range(1, 13))) == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 y 2 más"
    assert which_rows([3]) == "fila 3" and which_rows([3, 8, 12]) == "filas 3, 8 y 12"
    assert counted(1, "fila", "filas") == "1 fila" and counted(0, "fila", "filas") == "0 filas"
    assert shown("a\n\u200b\U000e0001") == "«a\\x0a\\u200b\\U000e0001»"
    assert shown("x" * 70) == "«" + "x" * 60 + "…»"


def test_rows_swallowed_by_a_stray_quote_are_said(tmp_path):
    lines = [
        f"Dijo hola {i} veces en {label},{label}" for i in range(20) for label in ("negativo", "neutral", "positivo")
    ]
    lines[3] = '"' + lines[3]
    lines[9] = lines[9].replace(",", '",')
    path = tmp_path / "comillas.csv"
    path.write_text("texto,etiqueta\n" + "\n".join(lines) + "\n", encoding="utf-8")
    _, report = load_splits(path)
    found = [problem for problem in report.problems if problem.kind == "swallowed_rows"]
    assert [problem.rows for problem in found] == [[5]]
    assert "falta cerrar unas comillas" in found[0].message
