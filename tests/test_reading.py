"""`reading`: una ruta y su tabla, celda por celda."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from openpyxl import Workbook

from taller_files.reading import find_column, open_rows, read_table
from taller_lib.errors import TallerError

ROWS = [["El camión llegó tarde a México", "negativo"], ["¡Qué bonito año!", "positivo"]]


def write(folder: Path, content: str | bytes, name: str = "datos.csv", encoding="utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def table_text(separator: str = ",", end: str = "\n") -> str:
    return end.join(separator.join(row) for row in [["texto", "etiqueta"], *ROWS]) + end


def cells(path: Path) -> list[list[str]]:
    return read_table(path).frame.to_numpy().tolist()


def refusal(path: object) -> str:
    with pytest.raises(TallerError) as caught:
        read_table(path)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message and message.rstrip("?").rstrip(".") and message.isprintable()
    return message


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(tmp_path, separator, encoding, end):
    path = write(tmp_path, table_text(separator, end), encoding=encoding)
    before = path.read_bytes()
    table = read_table(path)
    assert table.columns == ["texto", "etiqueta"]
    assert table.frame.to_numpy().tolist() == ROWS
    assert table.rows == [2, 3]
    assert table.separator == separator
    assert table.encoding == encoding
    assert len(table.notes) == (encoding == "cp1252")
    assert path.read_bytes() == before


def test_utf16_big_endian(tmp_path):
    path = write(tmp_path, b"\xfe\xff" + table_text("\t").encode("utf-16-be"))
    assert cells(path) == ROWS


def test_cp1252_is_said_with_its_line(tmp_path):
    notes = read_table(write(tmp_path, table_text(), encoding="cp1252")).notes
    assert "Windows-1252" in notes[0] and "línea 2" in notes[0]


def test_cp1252_with_curly_quotes_after_capitals(tmp_path):
    text = "texto,etiqueta\n“PERÚ” y “CAFÉ” – año 2024…,a\n"
    assert cells(write(tmp_path, text, encoding="cp1252"))[0][0] == "“PERÚ” y “CAFÉ” – año 2024…"


@pytest.mark.parametrize("encoding", ["mac_roman", "cp850"])
def test_other_encodings_are_not_guessed(tmp_path, encoding):
    text = "texto,etiqueta\nmañana en México será rápido,a\n"
    message = refusal(write(tmp_path, text, encoding=encoding))
    assert "línea 2" in message and "CSV UTF-8" in message


def test_mixed_encodings_name_both_lines(tmp_path):
    content = b"texto,etiqueta\nM\xc3\xa9xico,a\nhola,b\nM\xe9xico,b\n"
    message = refusal(write(tmp_path, content))
    assert "línea 2" in message and "línea 4" in message


def test_bom_and_bad_bytes_are_mixed_too(tmp_path):
    assert "mezcla" in refusal(write(tmp_path, b"\xef\xbb\xbftexto,etiqueta\nM\xe9xico,a\n"))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"texto,etiqueta\nhola\0,a\n", "línea 2"),
        ("texto,etiqueta\nhola,a\n".encode("utf-16-le"), "línea 1"),
    ],
)
def test_nul_is_refused(tmp_path, content, line):
    message = refusal(write(tmp_path, content))
    assert "nulos" in message and line in message


def test_damaged_utf16(tmp_path):
    assert "dañado" in refusal(write(tmp_path, table_text().encode("utf-16") + b"a"))


def test_cells_are_exact(tmp_path):
    values = ["001", "NA", "nan", " dos  espacios ", "1.0", "=1+1", "@ana", "a\r\nb", 'di "sí"']
    body = "".join('"' + value.replace('"', '""') + '",x\n' for value in values)
    found = cells(write(tmp_path, "texto,etiqueta\n" + body))
    assert [row[0] for row in found] == values
    assert all(type(cell) is str for row in found for cell in row)


def test_character_longer_than_the_read_block_is_not_cut(tmp_path):
    text = "é" * (3 << 19) + "a" + "ñ" * (1 << 20)
    assert cells(write(tmp_path, f"texto,etiqueta\n{text},a\n"))[0] == [text, "a"]


def test_rows_are_numbered_as_in_a_spreadsheet(tmp_path):
    text = '\n\ntexto,etiqueta\n\n"uno\ndos",a\n   \ntres,b\n,\n\n'
    table = read_table(write(tmp_path, text))
    assert table.rows == [5, 7]
    assert table.frame["texto"].tolist() == ["uno\ndos", "tres"]


def test_empty_rows_in_the_middle_stay_and_at_the_end_go(tmp_path):
    table = read_table(write(tmp_path, "texto,etiqueta\nuno,a\n,\ndos,b\n,\n,,,\n"))
    assert table.rows == [2, 3, 4]
    assert table.frame.to_numpy().tolist() == [["uno", "a"], ["", ""], ["dos", "b"]]


def test_sep_line_of_excel(tmp_path):
    table = read_table(write(tmp_path, "\ufeffsep=;\r\ntexto;etiqueta\r\na, b, c;x\r\n"))
    assert table.columns == ["texto", "etiqueta"]
    assert table.rows == [2]
    assert table.frame.to_numpy().tolist() == [["a, b, c", "x"]]


@pytest.mark.parametrize("text", ["texto;etiqueta\na, b;x\nc;y\n", "texto;a,b\nuno;2\n"])
def test_separator_is_the_one_that_fits(tmp_path, text):
    assert read_table(write(tmp_path, text)).separator == ";"


def test_single_column(tmp_path):
    reader = open_rows(write(tmp_path, 'texto\nhola, mundo\n\nadiós\n"a ""b"", c"\n'))
    assert reader.columns == ["texto"] and reader.separator == ""
    assert list(reader) == [(2, ["hola, mundo"]), (4, ["adiós"]), (5, ['a "b", c'])]


def test_trailing_separators(tmp_path):
    table = read_table(write(tmp_path, "texto;etiqueta;;\nuno;a;;\ndos;b\ntres;a;;;;\n"))
    assert table.columns == ["texto", "etiqueta"]
    assert table.frame.to_numpy().tolist() == [["uno", "a"], ["dos", "b"], ["tres", "a"]]


def test_nameless_index_column_stays(tmp_path):
    table = read_table(write(tmp_path, ",texto,etiqueta,\n0,uno,a,\n1,dos,b,\n"))
    assert table.columns == ["", "texto", "etiqueta"]
    assert table.frame.to_numpy().tolist() == [["0", "uno", "a"], ["1", "dos", "b"]]


def test_content_right_of_the_last_named_column_is_refused(tmp_path):
    path = write(tmp_path, "etiqueta,texto,\na,Hola, nada bueno aquí,\nb,otro texto,\n")
    with pytest.raises(TallerError, match=r"1 fila tiene más campos.*fila 2"):
        read_table(path)


def test_header_is_cleaned(tmp_path):
    table = read_table(write(tmp_path, "\ufeff\ufeff texto\u00a0,\u200betiqueta ,an\u0303o\na,b,c\n"))
    assert table.columns == ["texto", "etiqueta", "año"]


def test_too_many_fields(tmp_path):
    body = "hola, mundo,a\nuno,a\n" * 15
    message = refusal(write(tmp_path, "texto,etiqueta\n" + body))
    assert "15 filas tienen más campos" in message
    assert "filas 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 y 5 más" in message


def test_too_few_fields(tmp_path):
    message = refusal(write(tmp_path, "texto,etiqueta\nuno,a\nprimera línea\nsegunda,b\n"))
    assert "1 fila tiene menos campos" in message and "fila 3)" in message


def test_title_above_the_header(tmp_path):
    message = refusal(write(tmp_path, "Encuesta 2024\ntexto,etiqueta\nuno,a\n"))
    assert "encabezado" in message and "primera línea" in message


def test_unclosed_quote_names_the_row_where_it_opens(tmp_path):
    message = refusal(write(tmp_path, 'texto,etiqueta\n"a\nb",x\nuno,a\n"dos,b\ntres,c\n'))
    assert "fila 4 (línea 5 del archivo)" in message and "no se cierran" in message


def test_stray_quotes_never_change_a_cell(tmp_path):
    message = refusal(write(tmp_path, 'texto,etiqueta\nuno,a\n"Hola" dijo,b\n'))
    assert "fila 3" in message and "comillas" in message
    assert cells(write(tmp_path, 'texto,etiqueta\ndijo "hola" y ya,a\n'))[0][0] == 'dijo "hola" y ya'


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n\n", b" \n" * 5000, b",,\n,,\n"])
def test_empty(tmp_path, content):
    assert "está vacío" in refusal(write(tmp_path, content))


def test_header_alone(tmp_path):
    assert "no hay filas" in refusal(write(tmp_path, "texto,etiqueta\n\n,\n"))


@pytest.mark.parametrize(
    ("content", "name", "word"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "antiguo"),
        (b"%PDF-1.7\n", "a.csv", "PDF"),
        (b"<!DOCTYPE html>\n<html>", "a.csv", "HTML"),
        (b"\xef\xbb\xbf\n <HTML lang='es'>", "a.csv", "HTML"),
        (b"<?xml version='1.0'?>", "a.csv", "XML"),
        (b'[{"texto": "a"}]', "a.csv", "JSON"),
        (b'{\n "texto": ["a"]}', "a.csv", "JSON"),
        (b'{"texto": "a"}\n{"texto": "b"}', "a.jsonl", "JSON"),
        (b"\x1f\x8b\x08", "a.csv", "gzip"),
        (b"PAR1\x15", "a.csv", "Parquet"),
        (b"{\\rtf1", "a.csv", "RTF"),
        (b"PK\x03\x04roto", "a.csv", "dañado"),
        (b"https://docs.google.com/spreadsheets/d/x/edit\n", "a.csv", "Google Sheets"),
        (b'{"doc_id": "x"}', "a.gsheet", "Google Sheets"),
    ],
)
def test_what_is_not_a_csv(tmp_path, content, name, word):
    message = refusal(write(tmp_path, content, name))
    assert word in message and message.startswith(name)


@pytest.mark.parametrize(
    ("inside", "data", "word"),
    [
        ("word/document.xml", b"x", "Word"),
        ("xl/workbook.bin", b"x", ".xlsb"),
        ("Index/Document.iwa", b"x", "Numbers"),
        ("datos.csv", b"x", "zip"),
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", ".ods"),
    ],
)
def test_zips(tmp_path, inside, data, word):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.csv", "w") as archive:
        archive.writestr(inside, data)
    assert word in refusal(tmp_path / "a.csv")


def test_missing_file_says_folder_and_similar_names(tmp_path):
    write(tmp_path, "a,b\n", "entrenamiento.csv")
    message = refusal(tmp_path / "Entrenamento.csv")
    assert str(tmp_path) in message and "¿Quisiste decir «entrenamiento.csv»?" in message
    assert "ahí hay «entrenamiento.csv»" in refusal(tmp_path / "zzz.csv")
    assert "No existe la carpeta" in refusal(tmp_path / "nada" / "a.csv")


def test_other_paths(tmp_path, monkeypatch):
    assert "carpeta" in refusal(tmp_path)
    assert "dirección web" in refusal("https://docs.google.com/spreadsheets/d/x")
    assert "Falta la ruta" in refusal(None)
    assert "Falta la ruta" in refusal(" ")
    assert "revisa la ruta" in refusal("a\0b.csv")
    path = write(tmp_path, "a,b\n1,2\n")

    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "permiso" in refusal(path)


def test_paths_with_accents_and_spaces(tmp_path, monkeypatch):
    write(tmp_path, table_text(), "mis datos de méxico.csv")
    monkeypatch.chdir(tmp_path)
    assert read_table("mis datos de méxico.csv").rows == [2, 3]


def test_find_column():
    assert find_column(["a", "texto"], "texto ", "d.csv") == 1
    with pytest.raises(TallerError, match=r"«Texto» y «b».*`text_column`.*--text-column"):
        find_column(["Texto", "", "b"], "texto", "d.csv")
    with pytest.raises(TallerError, match="está repetida"):
        find_column(["a", "b", "a"], "a", "d.csv")
    with pytest.raises(TallerError, match="--label-column"):
        find_column(["a"], "x", "d.csv", "label_column")


def workbook(folder: Path, rows: list[list[object]], name: str = "datos.xlsx") -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / name)
    return folder / name


def test_xlsx_cells_as_shown(tmp_path):
    values = [1, 1.0, 0.5, True, datetime.date(2024, 3, 1), None, " a ", "001"]
    values += [datetime.datetime(2024, 3, 1, 10, 30), "a\nb", "_x005F_x000D_"]
    path = workbook(tmp_path, [["texto", "etiqueta"], *[[value, "x"] for value in values]])
    shown = ["1", "1", "0.5", "VERDADERO", "2024-03-01", "", " a ", "001"]
    shown += ["2024-03-01 10:30:00", "a\nb", "_x000D_"]
    table = read_table(path)
    assert table.frame["texto"].tolist() == shown
    assert table.rows == list(range(2, 13))
    assert (table.separator, table.encoding, table.notes) == ("", "", [])


def test_xlsx_rows_sheets_and_zeros(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet["B3"], sheet["C3"], sheet["B5"], sheet["C5"] = "texto", "etiqueta", 7, "a"
    sheet["B5"].number_format = "000"
    book.create_sheet("Otra")["A1"] = "no"
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert table.columns == ["", "texto", "etiqueta"]
    assert table.rows == [5]
    assert table.frame["texto"].tolist() == ["007"]
    assert "2 hojas" in table.notes[0] and "«Sheet»" in table.notes[0]


def test_xlsx_rows_of_any_width(tmp_path):
    path = workbook(tmp_path, [["texto", "etiqueta"], ["a"], ["b", "x", "nota"], [], ["c", "y"]])
    table = read_table(path)
    assert table.columns == ["texto", "etiqueta", ""] and table.rows == [2, 3, 5]
    assert table.frame.to_numpy().tolist() == [["a", "", ""], ["b", "x", "nota"], ["c", "y", ""]]


def test_xlsx_under_another_name(tmp_path):
    path = workbook(tmp_path, [["texto", "etiqueta"], ["a", "x"]])
    path = path.rename(tmp_path / "datos.csv")
    assert "es un Excel" in refusal(path)


def test_reader_can_be_used_twice_and_refuses_before_the_first_row(tmp_path):
    reader = open_rows(write(tmp_path, table_text()))
    assert list(reader) == list(reader) == [(2, ROWS[0]), (3, ROWS[1])]
    path = write(tmp_path, "texto,etiqueta\n" + "uno,a\n" * 1000 + "uno,dos,a\n", "largo.csv")
    with pytest.raises(TallerError, match="fila 1002"):
        open_rows(path)


def test_memory_is_constant(tmp_path):
    import tracemalloc

    path = tmp_path / "grande.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("texto,etiqueta\n")
        file.writelines(f"texto número {n} sobre México,neutral\n" for n in range(50_000))
    tracemalloc.start()
    assert sum(1 for _ in open_rows(path)) == 50_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000 and os.path.getsize(path) > 2_000_000


def test_an_excel_whose_first_sheet_is_empty_says_which(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "portada"
    book.create_sheet("datos").append(["texto", "etiqueta"])
    book.save(tmp_path / "dos.xlsx")
    with pytest.raises(TallerError, match=r"primera hoja \(«?portada»?\) está vacía"):
        read_table(tmp_path / "dos.xlsx")
