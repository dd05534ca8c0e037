"""Qué es un archivo por dentro: dónde está, si es una tabla y en qué codificación está escrito."""

from __future__ import annotations

import codecs
import difflib
import os
import re
import zipfile
from pathlib import Path
from typing import NoReturn

from taller_lib.errors import TallerError
from taller_lib.problems import listed, shown

TABLES = (".csv", ".tsv", ".txt", ".xlsx")
SAVE_AS_CSV = "ábrelo en tu hoja de cálculo y guárdalo como «CSV UTF-8»"
EMPTY = "está vacío: no tiene encabezado ni filas"
SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "es un archivo de Office antiguo (.xls o .doc) o un Excel con contraseña: "
    + SAVE_AS_CSV,
    b"%PDF": "es un PDF, no una tabla: copia los datos a una hoja de cálculo y guárdala como "
    "«CSV UTF-8»",
    b"{\\rtf": f"es un documento RTF, no una tabla: {SAVE_AS_CSV}",
    b"\x1f\x8b": "está comprimido con gzip: descomprímelo y usa el CSV que tiene dentro",
    b"7z\xbc\xaf": "está comprimido (7z): descomprímelo y usa el CSV que tiene dentro",
    b"Rar!": "está comprimido (RAR): descomprímelo y usa el CSV que tiene dentro",
    b"BZh": "está comprimido con bzip2: descomprímelo y usa el CSV que tiene dentro",
    b"PAR1": "es un archivo Parquet: conviértelo con "
    "`pandas.read_parquet(...).to_csv(..., index=False)`",
    b"SQLite format 3": "es una base de datos SQLite: exporta la tabla como CSV UTF-8",
    b"\x89PNG": "es una imagen, no una tabla: revisa que elegiste el archivo correcto",
    b"\xff\xd8\xff": "es una imagen, no una tabla: revisa que elegiste el archivo correcto",
}
HTML = re.compile(rb"<(!doctype\s+html|html|head|body|meta|table|script)\b", re.IGNORECASE)
JSON = re.compile(rb'[\[{]\s*["\[{]|\[\s*\]|\{\s*\}')
LINK = re.compile(rb"https?://\S+\s*\Z|\[InternetShortcut\]|.{0,200}docs\.google\.com/spreadsheets")
BOMS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16"} | {
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
ASCII = bytes(range(128))
# Bytes altos que un texto en español (o de otra lengua de Europa occidental) usa en Windows-1252.
USUAL = bytes([*range(0xC0, 0x100)]) + "€…‘’“”•–—\xa0¡¿«»ªº°·´¨©®™½²³".encode("cp1252")
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
UTF8_SPANISH = re.compile(rb"[\xc2\xc3][\x80-\xbf]|\xe2\x80[\x80-\xbf]|\xf0\x9f[\x80-\xbf]{2}")
CHUNK = 1 << 20


def refuse(path: Path, what: str) -> NoReturn:
    """Lanza un `TallerError` que empieza por el nombre del archivo."""
    raise TallerError(f"{path.name}: {what}.")


def locate(path: str | os.PathLike[str] | None) -> Path:
    """La ruta de un archivo que existe y se puede leer.

    Raises
    ------
    TallerError
        Si no existe (dice dónde se buscó y qué se le parece), es una carpeta o no hay permiso.
    """
    if not isinstance(path, str | os.PathLike) or not str(path).strip():
        raise TallerError(f'Falta la ruta del archivo: escribe algo como "datos.csv", no {path!r}.')
    if re.match(r"https?://", str(path)):
        raise TallerError(
            f"{shown(path)} es una dirección web: descarga el archivo como CSV y escribe su ruta."
        )
    file = Path(path).expanduser()
    try:
        if file.is_dir():
            raise TallerError(
                f"{shown(file, 200)} es una carpeta: escribe la ruta de un archivo"
                + _tables_in(file)
            )
        with file.open("rb"):
            return file
    except FileNotFoundError:
        folder = file.absolute().parent
        if not folder.is_dir():
            raise TallerError(
                f"No existe la carpeta {shown(folder, 200)}: revisa la ruta de {shown(file.name)}."
            ) from None
        raise TallerError(
            f"No existe el archivo {shown(file.name)} en la carpeta {shown(folder, 200)}"
            + _tables_in(folder, file.name)
        ) from None
    except PermissionError:
        refuse(
            file, "no hay permiso para leerlo: ciérralo en otros programas o cambia sus permisos"
        )
    except (OSError, ValueError) as error:
        raise TallerError(
            f"No se puede abrir {shown(file, 200)} ({getattr(error, 'strerror', error)}): "
            "revisa la ruta."
        ) from None


def _tables_in(folder: Path, name: str | None = None) -> str:
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in TABLES)
    if name:
        lower = {other.casefold(): other for other in names}
        close = difflib.get_close_matches(name.casefold(), lower, n=3, cutoff=0.6)
        if close:
            return f". ¿Quisiste decir {listed(shown(lower[one]) for one in close)}?"
    if names:
        return f"; ahí hay {listed(map(shown, names))}."
    return ". Revisa el nombre o sube el archivo."


def check_kind(path: Path) -> str:
    """``"csv"`` o ``"xlsx"``, mirando el contenido y no solo la extensión.

    Raises
    ------
    TallerError
        Si el contenido es otra cosa (xls, PDF, HTML, JSON, zip…) o está vacío.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.removeprefix(b"\xef\xbb\xbf").strip():
        refuse(path, EMPTY)
    if head.startswith(b"PK"):
        return _check_zip(path)
    for signature, sentence in SIGNATURES.items():
        if head.startswith(signature):
            refuse(path, sentence)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.suffix.lower() == ".gsheet" or LINK.match(text):
        refuse(
            path,
            "contiene un enlace, no los datos: en Google Sheets elige Archivo → Descargar → CSV",
        )
    if HTML.match(text):
        refuse(
            path,
            "es una página web (HTML), no un CSV; la descarga falló o pedía permiso: "
            "descárgalo otra vez",
        )
    if text.startswith(b"<?xml"):
        refuse(path, f"es un archivo XML, no un CSV: {SAVE_AS_CSV}")
    if JSON.match(text):
        refuse(
            path,
            "es un archivo JSON, no un CSV: conviértelo con "
            "`pandas.read_json(...).to_csv(..., index=False)`",
        )
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        refuse(
            path, "no es una hoja de cálculo por dentro: si es un CSV, cámbiale la extensión a .csv"
        )
    return "csv"


def _check_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype") if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, RuntimeError):
        refuse(path, "es un Excel o un zip dañado o incompleto: descárgalo otra vez")
    if "xl/workbook.xml" in names:
        if path.suffix.lower() == ".xlsx":
            return "xlsx"
        refuse(
            path,
            f"por dentro es un Excel, no un CSV: cámbiale la extensión a .xlsx, o {SAVE_AS_CSV}",
        )
    if b"opendocument.spreadsheet" in mimetype:
        refuse(path, f"es una hoja de LibreOffice (.ods): {SAVE_AS_CSV}")
    if "word/document.xml" in names or b"opendocument" in mimetype:
        refuse(
            path,
            "es un documento de texto (Word o similar), no una tabla: "
            "copia los datos a una hoja de cálculo y guárdala como «CSV UTF-8»",
        )
    refuse(path, "es un zip: descomprímelo y usa el CSV que tiene dentro")


def detect_encoding(path: Path) -> tuple[str, list[str]]:
    """La codificación de un archivo de texto y lo que haya que decir sobre ella.

    Recorre el archivo entero por líneas: memoria constante.

    Raises
    ------
    TallerError
        Si tiene bytes nulos, mezcla codificaciones o no se reconoce ninguna; dice la línea.
    """
    with path.open("rb") as file:
        head = file.read(4)
    for bom, encoding in BOMS.items():
        if head.startswith(bom):
            if encoding != "utf-8-sig":
                _check_wide(path, encoding)
                return encoding, []
            break
    first_bad, first_utf8 = _scan_utf8(path)
    if not first_bad:
        return ("utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "utf-8"), []
    if first_utf8 or head.startswith(b"\xef\xbb\xbf"):
        refuse(
            path,
            f"mezcla dos codificaciones: la línea {first_utf8 or 1} está en UTF-8 y la línea "
            f"{first_bad} no; {SAVE_AS_CSV}",
        )
    _check_windows(path)
    return "cp1252", [
        f"{path.name} no está en UTF-8: se leyó como Windows-1252 (la línea {first_bad} tiene el "
        "primer acento); mira que los acentos se vean bien."
    ]


def _scan_utf8(path: Path) -> tuple[int, int]:
    """La primera línea que no está en UTF-8 y la primera con acentos en UTF-8 (0: ninguna)."""
    first_bad = first_utf8 = number = 0
    fresh = True
    decoder = codecs.getincrementaldecoder("utf-8")()  # sigue aunque un carácter quede cortado
    with path.open("rb") as file:
        while line := file.readline(CHUNK):
            whole = fresh and line.isascii()
            number += fresh
            fresh = line.endswith(b"\n")
            if b"\0" in line:
                refuse(
                    path,
                    f"tiene bytes nulos (línea {number}): está dañado o en UTF-16 sin marca; "
                    + SAVE_AS_CSV,
                )
            if whole:
                continue
            if not first_utf8 and UTF8_SPANISH.search(line):
                first_utf8 = number
            try:
                decoder.decode(line)
            except UnicodeDecodeError:
                decoder.reset()
                first_bad = first_bad or number
    if decoder.getstate()[0]:
        first_bad = first_bad or number
    return first_bad, first_utf8


def _check_windows(path: Path) -> None:
    """Rechaza lo que no parece Windows-1252: bytes sin letra o demasiados signos raros."""
    usual = odd = odd_line = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            high = line.translate(None, ASCII)
            strange = len(high.translate(None, USUAL))
            usual, odd = usual + len(high) - strange, odd + strange
            odd_line = odd_line or (number if strange else 0)
            if UNDEFINED.search(high):
                odd, odd_line = 1 << 60, number
                break
    if odd > usual / 4:
        refuse(
            path,
            f"tiene letras que no se pueden leer (línea {odd_line}): no está en UTF-8 ni en "
            f"Windows-1252; {SAVE_AS_CSV}",
        )


def _check_wide(path: Path, encoding: str) -> None:
    number = 0
    try:
        with path.open(encoding=encoding, newline="") as file:
            for number, line in enumerate(file, 1):
                if "\0" in line:
                    refuse(
                        path, f"tiene caracteres nulos (línea {number}): está dañado; {SAVE_AS_CSV}"
                    )
    except UnicodeError:
        refuse(
            path,
            f"está dañado después de la línea {number}: dice ser {encoding.upper()} y no se puede "
            f"leer; {SAVE_AS_CSV}",
        )
