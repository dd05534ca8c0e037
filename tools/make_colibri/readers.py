"""Un lector por cada clase de archivo: de un paquete abierto a párrafos en español.

Cada lector da parejas ``(documento, párrafo)`` en el orden en que están escritos: los pasajes largos
se arman con párrafos seguidos de un mismo documento.
"""

from __future__ import annotations

import gettext
import gzip
import html
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

Paragraphs = Iterator[tuple[str, str]]

TAG = re.compile(r"<[^<>]{0,300}>")
SKIPPED_BLOCK = re.compile(r"(?s)<(script|style|pre|programlisting|code|screen)\b.*?</\1>")
BLOCK = re.compile(r"(?i)</?(?:p|li|td|th|h[1-6]|dd|dt|div|title|item|section|br|tr|ul|ol)\b[^>]*>")
PAGE = re.compile(r"\.(html?|page|xml)(\.gz)?$")
SPANISH_PATH = re.compile(r"/es(-ES)?/|\.es\.html")


def read_pages(folder: Path) -> Paragraphs:
    """Páginas HTML y XML en español de una documentación."""
    for path in sorted((folder / "usr/share").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or not PAGE.search(name) or not SPANISH_PATH.search("/" + name):
            continue
        if "xrefs" in name or "big-page" in name:
            continue
        data = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
        try:
            page = data.decode("utf-8")
        except UnicodeDecodeError:
            page = data.decode("latin-1")
        for block in BLOCK.split(SKIPPED_BLOCK.sub(" ", page)):
            yield name, TAG.sub(" ", block)


def read_translations(folder: Path) -> Paragraphs:
    """Traducciones al español de los mensajes de un programa (catálogos de gettext)."""
    for path in sorted(folder.rglob("LC_MESSAGES/*.mo")):
        name = path.relative_to(folder).as_posix()
        if not re.search(r"/es(_[A-Z]{2})?/LC_MESSAGES/", name):
            continue
        with path.open("rb") as file:
            catalogue: dict[str | tuple[str, int], str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        for key, message in catalogue.items():
            original = key[0] if isinstance(key, tuple) else key
            if original and message and message != original:
                yield name, message


def read_fortunes(folder: Path) -> Paragraphs:
    """Refranes, chistes y citas de `fortune`, sin la firma."""
    for path in sorted((folder / "usr/share/games/fortunes/es").glob("*.fortunes")):
        text = path.read_text(encoding="utf-8", errors="ignore")
        for fortune in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n%\n"):
            yield path.name, re.sub(r"\n\s*(--|\t\t).*", "", fortune)


def read_manual(folder: Path) -> Paragraphs:
    """Páginas de manual en español (troff)."""
    for path in sorted((folder / "usr/share/man/es").rglob("*.gz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "ignore")
        text = re.sub(r"(?m)^\.\\\".*$", "", text)
        text = re.sub(r"(?ms)^\.(EX|nf)\b.*?^\.(EE|fi)\b", "", text)
        text = re.sub(r"(?m)^\.(TH|SH|SS).*$", "\n\n", text)
        text = re.sub(r"(?m)^\.(P|PP|TP|IP|LP|RS|RE|HP)\b.*$", "\n\n", text)
        text = re.sub(r"(?m)^\.[A-Za-z]+ ?", "", text)
        text = re.sub(r"\\f[A-Z]|\\f\([A-Z]{2}|\\[&|/,^]", "", text)
        for paragraph in re.split(r"\n\s*\n", text.replace("\\-", "-").replace("\\(aq", "'")):
            yield path.name, paragraph


def read_sword(folder: Path) -> Paragraphs:
    """Un libro en el formato zText de SWORD: bloques comprimidos y su índice."""
    book = folder / "usr/share/sword/modules/texts/ztext/spaRV1909eb"
    for testament in ("ot", "nt"):
        index = (book / f"{testament}.bzs").read_bytes()
        data = (book / f"{testament}.bzz").read_bytes()
        for start in range(0, len(index), 12):
            offset, size, _ = struct.unpack_from("<III", index, start)
            text = zlib.decompress(data[offset : offset + size]).decode("utf-8", "ignore")
            text = TAG.sub(" ", re.sub(r"(?s)<note.*?</note>", " ", text))
            for verse in re.split(r"[\n\r\x00]", text):
                yield f"{testament} {start}", verse


def read_thesaurus(folder: Path) -> Paragraphs:
    """Cada palabra con sus sinónimos."""
    path = folder / "usr/share/mythes/th_es_ES_v2.dat"
    encoding, *lines = path.read_text(encoding="iso-8859-1").split("\n")
    if encoding.upper().startswith("UTF"):
        lines = path.read_text(encoding="utf-8").split("\n")[1:]
    word = ""
    for line in lines:
        if line.startswith(("-", "(")):
            synonyms = [re.sub(r"\s*\(.*?\)", "", entry) for entry in line.split("|")[1:]]
            yield "", ", ".join([word, *synonyms[:8]])
        else:
            word = line.split("|")[0]


def read_emoji(folder: Path) -> Paragraphs:
    """El nombre en español de cada emoji, seguido del emoji."""
    for name in ("annotations/es.xml", "annotationsDerived/es.xml"):
        text = (folder / "usr/share/unicode/cldr/common" / name).read_text(encoding="utf-8")
        for emoji, title in re.findall(r'<annotation cp="([^"]+)" type="tts">([^<]*)<', text):
            yield "", html.unescape(f"{title} {emoji}")


READERS: dict[str, Callable[[Path], Paragraphs]] = {
    "pages": read_pages,
    "translations": read_translations,
    "fortunes": read_fortunes,
    "manual": read_manual,
    "sword": read_sword,
    "thesaurus": read_thesaurus,
    "emoji": read_emoji,
}
