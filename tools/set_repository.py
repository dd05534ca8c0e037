"""Reescribe la dirección del repositorio, o la versión, en todos los lugares donde está.

    python tools/set_repository.py https://github.com/CUENTA/REPOSITORIO
    python tools/set_repository.py --version 0.2.0     # y la etiqueta v0.2.0 de los cuadernos
    python tools/set_repository.py --check             # ¿dicen todos lo mismo que pyproject.toml?

`pyproject.toml` manda: `[project.urls] Repository` y `[project] version`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER_OWNER = "tu-usuario"
FILES = (
    "pyproject.toml",
    "*.md",
    "CITATION.cff",
    "docs/**/*.md",
    "examples/**/*",
    "notebooks/*.ipynb",
    "sample_data/*.md",
    "taller_files/**/*.py",
    "taller_lib/**/*.py",
)
SLUG = r"[\w.-]+/[\w-]+(?:\.(?!git\b)[\w-]+)*"  # sin el .git ni el punto del final
ADDRESS = re.compile(rf"https://github\.com/({SLUG})")
BADGE = re.compile(rf"colab\.research\.google\.com/github/({SLUG})")
# en un .ipynb las comillas llevan una barra delante
SET_UP = re.compile(r'(url, tag = \\?")([^"\\]*)(\\?", \\?")([^"\\]*)')
BADGE_TAG = re.compile(rf"(colab\.research\.google\.com/github/{SLUG}/blob/)(v\d[\w.]*)")
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
VERSIONS = {
    "pyproject.toml": re.compile(r'(?m)^(version = ")([^"]+)(")'),
    "CITATION.cff": re.compile(r'(?m)^(version: "?)([^"\s]+)("?)'),
    "taller_lib/__init__.py": re.compile(r'(?m)^(__version__(?:: str)? = ")([^"]+)(")'),
}


def text_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Los archivos donde puede estar la dirección, con su ruta relativa."""
    for pattern in FILES:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                yield path.relative_to(root).as_posix(), path


def declared(root: Path) -> tuple[str, str]:
    """La dirección y la versión que declara `pyproject.toml`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"], project["version"]


def slug_of(url: str) -> str:
    """`CUENTA/REPOSITORIO` de una dirección de GitHub, la única que abre Colab."""
    match = ADDRESS.fullmatch(url.strip().rstrip("/").removesuffix(".git"))
    if not match:
        raise ValueError(
            f"«{url}» no es la dirección de un repositorio de GitHub: "
            "escribe https://github.com/CUENTA/REPOSITORIO (Colab solo abre cuadernos de allí)"
        )
    return match[1]


def is_ours(slug: str, *repositories: str) -> bool:
    """¿Es este repositorio, con esta cuenta u otra? (no uno ajeno que el texto cite)"""
    owner, name = slug.split("/")
    return owner == PLACEHOLDER_OWNER or name in repositories


def rewrite(root: Path, url: str | None = None, version: str | None = None) -> list[str]:
    """Reescribe dirección y versión; devuelve los archivos cambiados."""
    old_url, _ = declared(root)
    old = slug_of(old_url)
    new = slug_of(url) if url else old
    if version and not VERSION.fullmatch(version):
        raise ValueError(f"«{version}» no es una versión: escribe tres números, como 0.2.0")

    names = (old.split("/")[1], new.split("/")[1])

    def swap(match: re.Match[str]) -> str:
        return match[0].replace(match[1], new) if is_ours(match[1], *names) else match[0]

    changed = []
    for name, path in text_files(root):
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:  # un archivo binario de examples/
            continue
        result = BADGE.sub(swap, ADDRESS.sub(swap, text))
        result = SET_UP.sub(rf"\g<1>https://github.com/{new}\g<3>\g<4>", result)
        if version:
            result = SET_UP.sub(rf"\g<1>\g<2>\g<3>v{version}", result)
            result = BADGE_TAG.sub(rf"\g<1>v{version}", result)
            if name in VERSIONS:
                result = VERSIONS[name].sub(rf"\g<1>{version}\g<3>", result, count=1)
        if result != text:
            path.write_bytes(result.encode("utf-8"))
            changed.append(name)
    return changed


def differences(root: Path) -> list[str]:
    """Los lugares que no dicen lo mismo que `pyproject.toml`."""
    url, version = declared(root)
    slug = slug_of(url)
    repository = slug.split("/")[1]
    found = []
    for name, path in text_files(root):
        text = path.read_bytes().decode("utf-8", errors="replace")
        wrong = {match[1] for match in BADGE.finditer(text) if match[1] != slug}
        addresses = {match[1] for match in ADDRESS.finditer(text)}
        wrong |= {other for other in addresses - {slug} if is_ours(other, repository)}
        wrong |= {m[2] for m in SET_UP.finditer(text) if m[2] != f"https://github.com/{slug}"}
        found += [f"{name}: {other}, y debe ser {slug}" for other in sorted(wrong)]
        tags = {m[4] for m in SET_UP.finditer(text)} | {m[2] for m in BADGE_TAG.finditer(text)}
        found += [f"{name}: {tag}, y debe ser v{version}" for tag in sorted(tags - {f"v{version}"})]
        stated = VERSIONS[name].search(text) if name in VERSIONS else None
        if stated and stated[2] != version:
            found.append(f"{name}: {stated[2]}, y debe ser {version}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Reescribe o compara; 1 si algo difiere, 2 si la orden no se entiende."""
    parser = argparse.ArgumentParser(description="La dirección del repositorio, en un solo lugar.")
    parser.add_argument("url", nargs="?", metavar="URL", help="la dirección nueva")
    parser.add_argument("--version", help="la versión nueva, sin la v")
    parser.add_argument("--check", action="store_true", help="no escribe: solo compara")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.check == bool(options.url or options.version):
        parser.error("escribe una dirección, una versión o --check")
    try:
        if options.check:
            wrong = differences(options.root)
            for line in wrong:
                print(f"✗ {line}.", file=sys.stderr)
            return 1 if wrong else 0
        changed = rewrite(options.root, options.url, options.version)
    except ValueError as error:
        print(f"✗ {error}.", file=sys.stderr)
        return 2
    print("\n".join(changed) or "Sin cambios.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
