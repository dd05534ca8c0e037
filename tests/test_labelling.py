import csv

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from taller_lib import labelling
from taller_lib.errors import TallerError
from taller_lib.labelling import agreement, read_labels, sample_to_label, split_for_coders


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mis datos de año"
    place.mkdir()
    return place


def write(path, rows, encoding="utf-8", delimiter=","):
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def corpus(folder, n=20, **options):
    rows = [["id", "texto"], *([f"im{i:03}", f"Texto número {i}, de México"] for i in range(n))]
    return write(folder / "corpus.csv", rows, **options)


def labelled(path, labels, **options):
    rows = [["id", "texto", "etiqueta"]]
    rows += [[key, f"texto {key}", label] for key, label in labels.items()]
    return write(path, rows, **options)


# muestra


def test_sample(folder):
    source = corpus(folder)
    before = source.read_bytes()
    target = sample_to_label(source, folder / "nueva" / "muestra.csv", n=8)
    header, *rows = read(target)
    assert header == ["id", "texto", "etiqueta"] and len(rows) == 8
    assert target.read_bytes().startswith(b"\xef\xbb\xbf") and source.read_bytes() == before
    texts = {key: text for key, text in read(source)[1:]}
    assert all(texts[key] == text and label == "" for key, text, label in rows)
    assert len({key for key, _, _ in rows}) == 8
    assert [p.name for p in target.parent.iterdir()] == ["muestra.csv"]


def test_sample_is_seeded_and_a_bigger_one_extends_it(folder):
    source = corpus(folder)
    same = [sample_to_label(source, folder / f"{n}.csv", n=8).read_bytes() for n in range(2)]
    assert same[0] == same[1]
    small, big = read(folder / "0.csv"), read(sample_to_label(source, folder / "b.csv", n=15))
    assert big[: len(small)] == small
    assert read(sample_to_label(source, folder / "s.csv", n=8, seed=1)) != small


def test_sample_leaves_out_empty_and_copies(folder, capsys):
    texts = ["uno", "", "  ", "\u200b", "uno", "Uno", "dos\r\ncon salto"]
    source = write(folder / "a.csv", [["opinión", "n"], *([text, "x"] for text in texts)])
    target = sample_to_label(source, folder / "b.csv", text_column="opinión")
    assert sorted(read(target)[1:]) == [
        ["2", "uno", ""],
        ["7", "Uno", ""],
        ["8", "dos\r\ncon salto", ""],
    ]
    said = capsys.readouterr().out
    assert "4 filas vacías o repetidas" in said and "Pediste 400 textos y hay 3: van todos" in said


def test_sample_says_nothing_when_nothing_is_odd(folder, capsys):
    sample_to_label(corpus(folder), folder / "b.csv", n=20)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("ids", [("a", "a", "b"), ("a", "", "b")])
def test_ids_that_do_not_serve(folder, ids, capsys):
    rows = [["id", "texto"], *([key, f"texto {i}"] for i, key in enumerate(ids))]
    target = sample_to_label(write(folder / "a.csv", rows), folder / "b.csv", n=3)
    assert sorted(key for key, _, _ in read(target)[1:]) == ["2", "3", "4"]
    assert "número de fila" in capsys.readouterr().out


def test_formulas_are_neutralised_and_come_back(folder):
    texts = ["=1+1", "+A1(2)", "-10|x", "@usuario", "\tx", "'=doble", "'normal'"]
    source = write(folder / "a.csv", [["texto"], *([text] for text in texts)])
    target = sample_to_label(source, folder / "b.csv", n=7)
    assert not any(text.startswith(tuple("=+-\t\r")) for _, text, _ in read(target))
    assert set(read_labels(target)["text"]) == set(texts)
    first, second = split_for_coders(target, [folder / "1.csv", folder / "2.csv"], n=7)
    assert set(read_labels(second)["text"]) == set(texts)
    assert sorted(read(first)) == sorted(read(target))


def test_sample_never_overwrites(folder):
    source = corpus(folder)
    target = labelled(folder / "con trabajo.csv", {"1": "neutral"})
    before = target.read_bytes()
    for path in (target, source):
        with pytest.raises(TallerError, match="Ya existe"):
            sample_to_label(source, path)
    with pytest.raises(TallerError, match="Ya existe"):
        split_for_coders(source, [folder / "nuevo.csv", target])
    assert target.read_bytes() == before and not (folder / "nuevo.csv").exists()


@pytest.mark.parametrize(
    "options, what",
    [
        ({"n": 0}, "`n` vale 0"),
        ({"text_column": "text"}, "no existe en corpus.csv: las columnas son «id» y «texto»"),
    ],
)
def test_sample_refuses(folder, options, what):
    with pytest.raises(TallerError, match=what):
        sample_to_label(corpus(folder), folder / "b.csv", **options)
    assert not (folder / "b.csv").exists()


def test_sample_refuses_files(folder):
    with pytest.raises(TallerError):
        sample_to_label(folder / "no existe.csv", folder / "b.csv")
    with pytest.raises(TallerError, match=r"por b\.csv"):
        sample_to_label(corpus(folder), folder / "b.xlsx")
    with pytest.raises(TallerError, match="se repite"):
        twice = write(folder / "dos.csv", [["texto", "texto"], ["a", "b"], ["c", "d"]])
        sample_to_label(twice, folder / "b.csv")
    with pytest.raises(TallerError, match="ningún texto"):
        empty = write(folder / "e.csv", [["texto", "n"], [" ", "1"], ["\u200b", "2"]])
        sample_to_label(empty, folder / "b.csv")


def test_sample_from_a_spanish_spreadsheet(folder):
    source = corpus(folder, encoding="cp1252", delimiter=";")
    target = sample_to_label(source, folder / "b.csv", n=20)
    assert sorted(text for _, text, _ in read(target)[1:])[0] == "Texto número 0, de México"


# dos personas


def test_split_for_coders(folder):
    source = labelled(folder / "muestra.csv", {str(i): "positivo" for i in range(30)})
    targets = (folder / "ana.csv", folder / "luis.csv")
    assert split_for_coders(source, targets, n=10) == targets
    first, second = map(read, targets)
    assert first != second and sorted(first) == sorted(second) and len(first) == 11
    assert {row[2] for row in first[1:]} == {""}
    assert targets[1].read_bytes().startswith(b"\xef\xbb\xbf")
    again = split_for_coders(source, [folder / "3.csv", folder / "4.csv"], n=10)
    assert read(again[0]) == first and read(again[1]) == second


def test_split_with_few_rows(folder):
    for n in (1, 2):
        source = labelled(folder / f"{n}.csv", {str(i): "" for i in range(n)})
        first, second = split_for_coders(source, [folder / f"{n}a.csv", folder / f"{n}b.csv"])
        assert (read(first) == read(second)) is (n == 1)


def test_split_refuses(folder):
    source = corpus(folder)
    with pytest.raises(TallerError, match="dos archivos"):
        split_for_coders(source, [folder / "a.csv"])
    with pytest.raises(TallerError, match="se llaman igual"):
        split_for_coders(source, [folder / "a.csv", folder / "a.csv"])


# acuerdo

ANA = dict(zip("abcdefghij", "NNNPPPUUUU", strict=True))
LUIS = dict(zip("jihgfedcba", "UUUNPPPPNN", strict=True))


def test_agreement_equals_scikit_learn(folder):
    result = agreement(labelled(folder / "a.csv", ANA), labelled(folder / "l.csv", LUIS))
    keys = sorted(ANA)
    expected = cohen_kappa_score([ANA[k] for k in keys], [LUIS[k] for k in keys])
    assert result.kappa == pytest.approx(expected, abs=1e-12) and result.n == 10
    assert list(result.table.index) == list(result.table.columns) == ["N", "P", "U"]
    assert result.table.to_numpy().sum() == 10 and result.table.loc["N", "P"] == 1
    assert list(result.disagreements.columns) == ["id", "text", "label_a", "label_b"]
    assert result.disagreements.to_numpy().tolist() == [
        ["c", "texto c", "N", "P"],
        ["g", "texto g", "U", "N"],
    ]
    assert result.notes == ()
    assert "Coinciden en 8 de 10 textos etiquetados por las dos personas (80%)" in str(result)
    assert "considerable" in str(result) and "Landis y Koch, 1977" in str(result)


def test_agreement_between_kinds_of_file(folder):
    labelled(folder / "a.csv", ANA)
    labelled(folder / "l.csv", LUIS, encoding="utf-16", delimiter=";")
    frame = pd.DataFrame({"id": list(LUIS), "etiqueta": list(LUIS.values())})
    frame.to_excel(folder / "l.xlsx", index=False)
    expected = agreement(folder / "a.csv", folder / "l.csv").kappa
    assert agreement(folder / "a.csv", folder / "l.xlsx").kappa == expected


def test_case_and_spaces_are_no_disagreement(folder):
    a = labelled(folder / "a.csv", {"1": "Negativo", "2": "neutral", "3": " negativo\u00a0"})
    b = labelled(folder / "b.csv", {"1": "negativo", "2": "NEUTRAL", "3": "negativo"})
    result = agreement(a, b)
    assert result.kappa == 1 and len(result.disagreements) == 0
    assert [name.casefold() for name in result.table.index] == ["negativo", "neutral"]
    assert "casi perfecto" in str(result)


def test_the_same_id_with_another_text_is_said(folder):
    a = labelled(folder / "a.csv", {"1": "x", "2": "y"})
    rows = [["id", "texto", "etiqueta"], ["1", "texto 1", "x"], ["2", "otro texto", "y"]]
    result = agreement(a, write(folder / "b.csv", rows))
    assert result.notes == (
        "En 1 id los dos archivos traen textos distintos: comprueba que vengan de la misma muestra.",
    )


def test_what_is_left_out_is_said(folder):
    a = labelled(folder / "a.csv", {"1": "x", "2": "", "3": "y", "4": "x", "solo": "x"})
    b = labelled(folder / "b.csv", {"1": "x", "2": "y", "3": "", "4": " ", "otro": "x"})
    result = agreement(a, b)
    assert result.n == 1
    assert result.notes == (
        "1 texto está solo en a.csv.",
        "1 texto quedó sin etiqueta en a.csv.",
        "1 texto está solo en b.csv.",
        "2 textos quedaron sin etiqueta en b.csv.",
    )
    assert all(note in str(result) for note in result.notes)


def test_kappa_undefined_is_said(folder):
    labels = {"1": "x", "2": "x"}
    result = agreement(labelled(folder / "a.csv", labels), labelled(folder / "b.csv", labels))
    assert result.kappa != result.kappa and "no está definido" in str(result)
    assert "idénticos" in str(result)
    one_sided = labelled(folder / "c.csv", {"1": "x", "2": "y"})
    assert agreement(folder / "a.csv", one_sided).kappa == 0


@pytest.mark.parametrize(
    "kappa, level",
    [
        (-0.2, "pobre"),
        (0.0, "leve"),
        (0.15, "leve"),
        (0.4, "aceptable"),
        (0.41, "moderado"),
        (0.7, "considerable"),
        (0.81, "casi perfecto"),
        (1.0, "casi perfecto"),
    ],
)
def test_levels(kappa, level):
    result = labelling.Agreement(kappa, pd.DataFrame(), 3, pd.DataFrame())
    assert f"acuerdo {level} una vez" in str(result)


def test_agreement_refuses(folder):
    a = labelled(folder / "a.csv", {"1": "x", "2": "y"})
    with pytest.raises(TallerError, match="dos veces"):
        agreement(a, a)
    with pytest.raises(TallerError, match="deben venir de la misma muestra"):
        agreement(a, labelled(folder / "b.csv", {"7": "x", "8": "y"}))
    with pytest.raises(TallerError, match="Ningún texto tiene etiqueta"):
        agreement(a, labelled(folder / "c.csv", {"1": "", "2": ""}))
    with pytest.raises(TallerError, match=r"«etiqueta» no existe en d\.csv"):
        agreement(a, write(folder / "d.csv", [["id", "label"], ["1", "x"]]))
    with pytest.raises(TallerError, match="se repite el id"):
        rows = [["id", "etiqueta"], ["1", "x"], ["1", "y"]]
        agreement(a, write(folder / "e.csv", rows))
