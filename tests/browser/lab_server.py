"""Un JupyterLab y un Chromium de verdad, y un cuaderno abierto y ejecutado en ellos."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = '{"fetchNews": "false", "checkForUpdates": false}'
RUN_ALL = """async () => {
    const w = jupyterapp.shell.currentWidget;
    await w.context.ready;
    await w.sessionContext.ready;
    await w.sessionContext.session.kernel.info;
    await jupyterapp.commands.execute('notebook:run-all-cells');
}"""


def chromium() -> str | None:
    """El Chromium instalado; sin él, Playwright busca el suyo."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def jupyter_lab(folder: Path, home: Path) -> Iterator[str]:
    """Sirve `folder` con JupyterLab, con su configuración en `home`; da la dirección."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")},
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "TALLER_WORKSPACE": str(folder / "mi_taller"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(f"{url}/api/status", server, home / "log")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab no arrancó:\n{log.read_text(encoding='utf-8')[-2000:]}")


def open_notebook(browser: Any, url: str, folder: Path, name: str, cells: list[str], width: int = 1000) -> Any:
    """Escribe un cuaderno con esas celdas, lo abre, las ejecuta y da la página."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / f"{name}.ipynb")
    page = browser.new_page(viewport={"width": width, "height": 2400})
    page.goto(f"{url}/lab/tree/{name}.ipynb?reset")
    page.locator(".jp-Notebook").wait_for()
    page.evaluate(RUN_ALL)
    return page
