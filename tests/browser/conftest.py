"""Los controles, tocados en un navegador como los toca una persona.

Usa el Chromium instalado o, si no hay, el de Playwright. Sin ninguno, estas pruebas se saltan y se dice cuántas;
con `TALLER_BROWSER=required` (lo pone `.ci/run`), eso es un error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lab_server
import pytest
import tiny

import taller_lib as taller
from taller_lib.experiment import train_run

BUILD = Path(__file__).resolve().parents[2] / "build"
SCREENSHOTS = BUILD / "capturas" / f"ipywidgets-{version('ipywidgets')}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as p:
        try:
            opened = p.chromium.launch(executable_path=lab_server.chromium(), args=lab_server.FLAGS)
        except Error:
            if os.environ.get("TALLER_BROWSER") == "required":
                raise
            pytest.skip("no hay un Chromium con el que probar los controles")
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[tuple[str, Path]]:
    """La dirección de un JupyterLab y la carpeta que sirve, con un taller de dos corridas."""
    folder = tmp_path_factory.mktemp("lab con acentós")
    prepare(folder)
    with lab_server.jupyter_lab(folder, tmp_path_factory.mktemp("jupyter")) as url:
        yield url, folder


def prepare(folder: Path) -> None:
    """Un espacio de trabajo con datos y dos corridas, una de ellas evaluada; los modelos son diminutos."""
    workspace = taller.open_workspace(folder / "mi_taller")
    files = [folder / f"{name}.csv" for name in ("train", "validation", "test")]
    for file, part in zip(files, tiny.splits(90).values(), strict=True):
        part = part.to_pandas()
        part["label"] = part["label"].map(dict(enumerate(tiny.LABELS)))
        part.rename(columns={"text": "texto", "label": "etiqueta"}).to_csv(file, index=False)
    workspace.copy_data(*files)
    for seed, family in enumerate(["bert", "distilbert"]):
        model = tiny.tiny_model(folder / f"modelo_{family}", family)
        config = taller.WorkshopConfig(model=str(model), num_train_epochs=2, learning_rate=0.003, seed=seed)
        workspace.save_config(config)
        run = train_run(config, workspace)
        if seed == 0:
            splits, _ = taller.load_splits(**workspace.data_files(), config=config)
            taller.save_evaluation(run, taller.evaluate(run, splits["test"]))


@pytest.fixture
def open_page(lab: tuple[str, Path], browser: Any) -> Iterator[Callable[..., Any]]:
    """Abre un cuaderno con esas celdas ya ejecutadas; la primera importa `taller`."""
    url, folder = lab
    pages = []

    def open_cells(name: str, *cells: str, width: int = 1000) -> Any:
        page = lab_server.open_notebook(browser, url, folder, name, ["import taller_lib as taller", *cells], width)
        pages.append(page)
        return page

    yield open_cells
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def capture() -> Callable[[Any, str], None]:
    """Guarda una captura en build/capturas, aparte para cada versión de ipywidgets."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return lambda place, name: place.screenshot(path=SCREENSHOTS / f"{name}.png")
