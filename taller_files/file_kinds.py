"""Qué es un archivo por dentro: dónde está, si es una tabla y en qué codificación está escrito."""

from __future__ import annotations

import contextlib
import difflib
import gzip
import io
import os
import re
import zipfile
from collections import Counter, deque
from pathlib import Path
from typing import IO, NoReturn

from taller_files.errors import TallerError
from taller_files.problems import listed, shown

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".gz", ".parquet")
TARGETS = (".csv", ".csv.gz", ".parquet")
SAVE_AS_CSV = "ábrelo en tu hoja de cálculo y guárdalo como «CSV UTF-8»"
COPY_TABLE = "no una tabla: copia los datos a una hoja de cálculo y guárdala como «CSV UTF-8»"
UNREADABLE = f"y no se puede leer; {SAVE_AS_CSV}"
UNPACK = "descomprímelo y usa el CSV que tiene dentro"
LINK = "contiene un enlace, no los datos: en Google Sheets elige Archivo → Descargar → CSV"
HTML = "es una página web (HTML), no un CSV; la descarga falló o pedía permiso: descárgalo otra vez"
EMPTY = "está vacío: no tiene encabezado ni filas"
NOT_CSV = {
    rb"\xd0\xcf\x11\xe0": f"es un archivo de Office antiguo (.xls) o con contraseña: {SAVE_AS_CSV}",
    rb"%PDF": f"es un PDF, {COPY_TABLE}",
    rb"\{\\rtf": f"es un documento RTF, {COPY_TABLE}",
    rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh": f"está comprimido (gzip, 7z, RAR o bzip2): {UNPACK}",
    rb"PAR1": "es Parquet: conviértelo con `pandas.read_parquet(...).to_csv(..., index=False)`",
    rb"\x89PNG|\xff\xd8\xff": "es una imagen, no una tabla: revisa que elegiste el archivo correcto",
    rb"https?://\S+\s*\Z|\[InternetShortcut|.{0,200}docs\.google\.com/spreadsheets|\{[^}]*\"doc_id\"": LINK,
    rb"(?i)<(!doctype\s+html|html|head|body|meta|table|script)\b": HTML,
    rb"<\?xml": f"es un archivo XML, no un CSV: {SAVE_AS_CSV}",
    rb'[\[{]\s*["\[{\]}]': "es JSON, no un CSV: conviértelo con `pandas.read_json(...).to_csv(..., index=False)`",
}
NOT_XLSX = {
    "word/document.xml": f"es un documento de Word, {COPY_TABLE}",
    "xl/workbook.bin": f"es un Excel binario (.xlsb): {SAVE_AS_CSV}",
    "Index/Document.iwa": f"es un archivo de Numbers: {SAVE_AS_CSV}",
    "mimetype": f"es un archivo de LibreOffice (.ods u .odt): {SAVE_AS_CSV}",
}
BOMS = {
    "utf-8-sig": (b"\xef\xbb\xbf",),
    "utf-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
    "utf-16": (b"\xff\xfe", b"\xfe\xff"),
}
ASCII = bytes(range(128))
# Bytes altos que un texto en español (o de otra lengua de Europa occidental) usa en Windows-1252.
USUAL = {*range(0xC0, 0x100), *"€…‘’“”•–—\xa0¡¿«»ªº°·´¨©®™½²³".encode("cp1252")}
UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
UTF8_SPANISH = re.compile(rb"[\xc2\xc3][\x80-\xbf]|\xe2\x80[\x80-\xbf]|\xf0\x9f[\x80-\xbf]{2}")


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
    if path is None or not str(path).strip():
        raise TallerError('Falta la ruta del archivo: escribe algo como "datos.csv".')
    if re.match(r"https?://", str(path)):
        raise TallerError(f"{shown(path)} es una dirección web: descarga el CSV y escribe su ruta.")
    file = Path(os.path.expanduser(Path(path)))  # «~alguien» queda igual si no existe
    folder = file.absolute().parent
    try:
        if file.is_dir():
            what = f"{shown(file, 200)} es una carpeta: escribe la ruta de un archivo{_tables_in(file)}"
        else:
            with file.open("rb"):
                return file
    except FileNotFoundError:
        what = f"No existe la carpeta {shown(folder, 200)}: revisa la ruta."
        if folder.is_dir():
            where = f"en la carpeta {shown(folder, 200)}{_tables_in(folder, file.name)}"
            what = f"No existe el archivo {shown(file.name)} {where}"
    except (OSError, ValueError):
        advice = "revisa la ruta y que tengas permiso de leerlo"
        what = f"No se puede abrir {shown(file, 200)}: {advice}."
    raise TallerError(what)


def _tables_in(folder: Path, name: str = "") -> str:
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in TABLES)
    lower = {other.casefold(): other for other in names}
    if close := difflib.get_close_matches(name.casefold(), lower):
        return f". ¿Quisiste decir {listed(shown(lower[one]) for one in close)}?"
    return f"; ahí hay {listed(map(shown, names))}." if names else "; ahí no hay ninguna tabla."


def locate_target(
    path: str | os.PathLike[str], endings: tuple[str, ...] = (".csv",), source: Path | None = None
) -> Path:
    """La ruta de una tabla por escribir, que termina en uno de `endings`; no puede ser la misma que `source`.

    Raises
    ------
    TallerError
        Si es una carpeta, termina de otro modo o no se puede entrar a su carpeta.
    """
    with contextlib.suppress(OSError, RuntimeError):
        file = Path(path).expanduser()
        if file.name.lower().endswith(endings) and not file.is_dir():
            if not (file.exists() and source and file.samefile(source)):
                return file
            same = f"El archivo de salida es el mismo que el de entrada ({file})"
            raise TallerError(f"{same}: elige otro nombre; el tuyo no se toca.")
    advice = f"da el nombre de un archivo {' o '.join(endings)} en una carpeta tuya"
    raise TallerError(f"No se puede escribir en {shown(path, 200)}: {advice}.")


def open_bytes(path: Path) -> IO[bytes]:
    """El contenido de un archivo; el de un .gz, descomprimido al leer."""
    file = path.open("rb")
    if path.suffix.lower() != ".gz" or file.peek(2)[:2] != b"\x1f\x8b":
        return file
    file.close()
    return io.BufferedReader(gzip.open(path, "rb"))


def open_text(path: Path, encoding: str) -> IO[str]:
    """El texto de un archivo, con sus fines de línea tal como están."""
    return io.TextIOWrapper(open_bytes(path), encoding, newline="")


def check_kind(path: Path) -> str:
    """``"csv"`` o ``"xlsx"``, mirando el contenido y no solo la extensión.

    Raises
    ------
    TallerError
        Si el contenido es otra cosa (xls, PDF, HTML, JSON, zip…) o está vacío.
    """
    with open_bytes(path) as file:
        text = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        refuse(path, EMPTY)
    for pattern, sentence in NOT_CSV.items():
        if re.match(pattern, text):
            refuse(path, sentence)
    if not text.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "csv"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        refuse(path, "es un Excel o un zip dañado o incompleto: descárgalo otra vez")
    if "xl/workbook.xml" not in names:
        found = [sentence for inside, sentence in NOT_XLSX.items() if inside in names]
        refuse(path, found[0] if found else f"es un zip: {UNPACK}")
    if path.suffix.lower() != ".xlsx":
        refuse(path, f"por dentro es un Excel: cámbiale la extensión a .xlsx, o {SAVE_AS_CSV}")
    return "xlsx"


def detect_encoding(path: Path) -> tuple[str, list[str]]:
    """La codificación de un archivo de texto y lo que haya que decir sobre ella.

    Recorre el archivo entero por líneas: memoria constante.

    Raises
    ------
    TallerError
        Si tiene bytes nulos, mezcla codificaciones o no se reconoce ninguna; dice la línea.
    """
    with open_bytes(path) as file:
        head = file.read(4)
    encoding = next((name for name, marks in BOMS.items() if head.startswith(marks)), "utf-8")
    if not encoding.startswith("utf-8"):
        _check_wide(path, encoding)
        return encoding, []
    bad, good = 0, int(encoding == "utf-8-sig")  # primeras líneas sin UTF-8 y con él
    high: Counter[int] = Counter()
    with open_bytes(path) as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                refuse(path, f"tiene bytes nulos (línea {number}) {UNREADABLE}")
            if line.isascii():
                continue
            high.update(line.translate(None, ASCII))
            good = good or (number if UTF8_SPANISH.search(line) else 0)
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                bad = bad or number
    if not bad:
        return encoding, []
    if good:
        lines = f"la línea {good} está en UTF-8 y la línea {bad} no"
        refuse(path, f"mezcla dos codificaciones: {lines}; {SAVE_AS_CSV}")
    odd = sum(high[byte] for byte in high.keys() - USUAL)
    if UNDEFINED & high.keys() or odd > high.total() / 5:
        refuse(path, f"tiene letras que no se pueden leer (línea {bad}); {SAVE_AS_CSV}")
    note = f"{path.name} no está en UTF-8: se leyó como Windows-1252 (la línea {bad} tiene el primer acento)"
    return "cp1252", [f"{note}; mira que los acentos se vean bien."]


def _check_wide(path: Path, encoding: str) -> None:
    try:
        with open_text(path, encoding) as file:
            deque(file, maxlen=0)  # lo recorre sin guardar nada
    except UnicodeError:
        refuse(path, f"está dañado: dice ser {encoding.upper()} {UNREADABLE}")
