"""Cuánto tarda un clic en la matriz de confusión, medido en el navegador: 5,000 textos y 10 clases.

Abre un JupyterLab y un Chromium, hace clic en celdas distintas y cronometra en la página desde el clic hasta que
cambia la lista de textos; también, desde que empieza la celda hasta que el control se ve. Imprime una tabla y no
afirma nada. Uso: ``python benchmarks/widgets.py``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "tests" / "browser"))
import lab_server

ROWS, CLASSES, CLICKS = 5_000, 10, 40
DATA = f"""
import numpy as np
import pandas as pd
from taller_lib.evaluation import Evaluation

rng = np.random.default_rng(0)
names = [f"clase {{k}}" for k in range({CLASSES})]
p = rng.dirichlet(np.ones({CLASSES}), {ROWS})
table = pd.DataFrame({{
    "text": [" ".join(map(str, rng.integers(0, 9999, 20))) for _ in range({ROWS})],
    "label": rng.choice(names, {ROWS}),
    "prediction": [names[k] for k in p.argmax(1)],
    "confidence": p.max(1),
    **{{f"probability_{{name}}": p[:, k] for k, name in enumerate(names)}},
}})
evaluation = Evaluation(table, names)
evaluation.confusion
taller.widgets.ConfusionExplorer  # lo ya importado
"""
CLICK = """k => new Promise(done => {
    const box = document.querySelector('.taller-confusion'), start = performance.now();
    const title = () => box.querySelector('caption')?.innerText, before = title();
    const seen = new MutationObserver(() => {
        if (title() && title() != before) { seen.disconnect(); done(performance.now() - start); }
    });
    seen.observe(box, {subtree: true, childList: true, characterData: true});
    box.querySelectorAll('button.celda')[k].click();
})"""
SHOWN = """async () => {
    const start = performance.now();
    await jupyterapp.commands.execute('notebook:run-cell');
    while (document.querySelectorAll('.taller-confusion button.celda').length < %d)
        await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


def main() -> None:
    """Mide y escribe la tabla."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as p:
        folder = Path(name) / "lab"
        folder.mkdir()
        browser = p.chromium.launch(executable_path=lab_server.chromium(), args=lab_server.FLAGS)
        with lab_server.jupyter_lab(folder, Path(name) / "home") as url:
            page = lab_server.open_notebook(browser, url, folder, "clics", ["import taller_lib as taller", DATA, "1"])
            page.locator(".jp-OutputArea-output", has_text="1").wait_for(timeout=60_000)
            page.locator(".jp-Cell").last.locator(".cm-content, .CodeMirror").click()
            page.keyboard.press("Control+A")
            page.keyboard.type("taller.widgets.ConfusionExplorer(evaluation)")
            shown = page.evaluate(SHOWN % CLASSES**2)
            clicks = [page.evaluate(CLICK, 7 * k % CLASSES**2) for k in range(CLICKS)][1:]
        browser.close()
    print(f"{ROWS:,} textos y {CLASSES} clases ({CLASSES**2} celdas)")
    print(f"| la celda empieza → el control se ve | {shown:.0f} ms |")
    middle, slowest = statistics.median(clicks), max(clicks)
    print(f"| un clic → sus textos | mediana {middle:.0f} ms, el más lento de {len(clicks)} {slowest:.0f} ms |")


if __name__ == "__main__":
    main()
