"""Ejecuta los cuadernos en orden y deja copias ejecutadas y una página HTML de cada uno.

    python tools/run_notebooks.py --workspace build/mi_taller

Se detiene en el primer error y dice en qué cuaderno y en qué celda.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
UNANSWERED, SOLVED = "unanswered", "solved"
DROPPED_TAG = {UNANSWERED: "solucion", SOLVED: "ejercicio"}


class NotebookFailedError(Exception):
    """Una celda falló: el mensaje dice cuaderno, celda y error."""


def find_notebooks(folder: Path = NOTEBOOKS) -> list[Path]:
    """Los cuadernos de las fases, en orden."""
    return sorted(folder.glob("fase_*.ipynb"))


def load(path: Path, variant: str | None = None) -> nbformat.NotebookNode:
    """Lee un cuaderno; `variant` quita las soluciones o las deja en lugar de los ejercicios."""
    notebook = nbformat.read(path, as_version=4)
    if variant is not None:
        dropped = DROPPED_TAG[variant]
        notebook.cells = [c for c in notebook.cells if dropped not in c.metadata.get("tags", [])]
    return notebook


@contextlib.contextmanager
def kernel_environment(workspace: Path) -> Iterator[dict[str, str]]:
    """El entorno de un kernel: su espacio de trabajo, sin red ni perfil de IPython."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        yield {
            "HF_HUB_OFFLINE": "1",
            **{k: v for k, v in os.environ.items() if k != "MPLBACKEND"},  # figuras en la celda
            "TALLER_WORKSPACE": str(workspace.absolute()),
            "IPYTHONDIR": profile,
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }


def execute(
    notebook: nbformat.NotebookNode,
    name: str,
    workspace: Path,
    folder: Path,
    timeout: int | None = None,
    extra_environment: dict[str, str] | None = None,
) -> None:
    """Ejecuta `notebook` en su lugar, con `folder` como carpeta actual.

    Raises
    ------
    NotebookFailedError
        Si una celda falla, no termina a tiempo o el kernel se cae.
    """
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        extra_arguments=["--log-level=40"],  # los avisos del kernel taparían el avance
    )
    total = len(notebook.cells)
    with (
        kernel_environment(workspace) as environment,
        client.setup_kernel(env={**environment, **(extra_environment or {})}),
    ):
        for index, cell in enumerate(notebook.cells):
            where = f"El cuaderno {name} se detuvo en la celda {index + 1} de {total}"
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                detail = ANSI.sub("", f"{error.ename}: {error.evalue}").strip()
                raise NotebookFailedError(f"{where}. {detail}") from error
            except CellTimeoutError as error:
                raise NotebookFailedError(f"{where}: pasaron más de {timeout} s.") from error
            except DeadKernelError as error:
                raise NotebookFailedError(f"{where}: el kernel se cerró (¿memoria?).") from error


def to_html(notebook: nbformat.NotebookNode, name: str) -> str:
    """El cuaderno ejecutado como una página HTML."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(language_code="es", embed_images=True)
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    return str(page)


def run_all(notebooks: list[Path], workspace: Path, output: Path, html: Path, timeout: int | None = None) -> None:
    """Ejecuta los cuadernos en orden, con una línea de avance por cada uno."""
    for folder in (output, html):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for number, path in enumerate(notebooks, start=1):
        print(f"[{number}/{len(notebooks)}] {path.stem} … ", end="", flush=True)
        notebook = load(path)
        start = time.monotonic()
        try:
            execute(notebook, path.name, workspace, output, timeout)
        except NotebookFailedError:
            print("✗", flush=True)
            raise
        finally:
            nbformat.write(notebook, output / path.name)
        seconds = time.monotonic() - start
        (html / f"{path.stem}.html").write_text(to_html(notebook, path.stem), encoding="utf-8")
        print(f"{seconds:.0f} s", flush=True)


def final_table(workspace: Path) -> str:
    """La tabla de prueba de la mejor corrida en validación, junto a sus líneas base."""
    import taller_lib as taller

    runs = taller.list_runs(workspace)
    if runs.empty:
        return "Los cuadernos no dejaron ninguna corrida."
    run = taller.load_run(workspace / "runs" / runs.index[0])
    table = taller.metrics.readable(run.comparison).to_string()
    return f"Con los textos de prueba ({run.name}):\n{table}"


def main(arguments: list[str] | None = None) -> int:
    """Ejecuta los cuadernos y muestra la tabla final; 1 si uno falla."""
    parser = argparse.ArgumentParser(description="Ejecuta los cuadernos en orden.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="por omisión, los seis")
    parser.add_argument("--workspace", type=Path, default=ROOT / "build" / "mi_taller")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "cuadernos")
    parser.add_argument("--html", type=Path, default=ROOT / "build" / "html")
    parser.add_argument("--timeout", type=int, help="segundos por celda, como máximo")
    options = parser.parse_args(arguments)
    notebooks = options.notebooks or find_notebooks()
    if not notebooks:
        print(f"✗ No hay cuadernos en {NOTEBOOKS}.", file=sys.stderr)
        return 1
    try:
        run_all(notebooks, options.workspace, options.output, options.html, options.timeout)
    except NotebookFailedError as error:
        print(f"✗ {error}\n  La copia con el error está en {options.output}.", file=sys.stderr)
        return 1
    print(final_table(options.workspace), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
