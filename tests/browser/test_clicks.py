"""Cada control, con clics de verdad: lo que hace, lo que dice cuando algo falla y si se puede leer."""

from __future__ import annotations

import csv
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

EVALUATION = """
import numpy as np
import pandas as pd
from taller_lib.evaluation import Evaluation

names = ["negativo", "neutral", "positivo"]
p = np.random.default_rng(0).dirichlet([1, 1, 1], 120)
table = pd.DataFrame({
    "text": [f"texto {i} de México" for i in range(120)],
    "label": np.random.default_rng(1).choice(names, 120),
    "prediction": [names[k] for k in p.argmax(1)],
    "confidence": p.max(1),
    **{f"probability_{name}": p[:, k] for k, name in enumerate(names)},
})
table.loc[table.label.eq("positivo") & table.prediction.eq("negativo"), "text"] += ' <img src=x onerror="window.hacked=1">'
evaluation = Evaluation(table, names)
"""
SLOW_THEN_BROKEN = """
import time
import taller_lib.widgets.model_picker as picker

def train_run(*_, calls=[]):
    calls.append(1)
    if len(calls) > 2:
        raise MemoryError("sin memoria")
    time.sleep(60)

picker.train_run = train_run
"""
# en JupyterLab 4, html y body miden 0 de alto y axe no miraría el contraste
FULL_HEIGHT = "html,body{height:100vh !important}"
NEW_THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
Open = Callable[..., Any]
Lab = tuple[str, Path]


def widget(page: Any, name: str) -> Any:
    """La caja de un control, ya en pantalla."""
    box = page.locator(f".taller-{name}").first
    box.wait_for(timeout=60_000)
    return box


def click(box: Any, name: str) -> None:
    box.get_by_role("button", name=name, exact=True).click()


def fill(box: Any, label: str, text: str) -> None:
    field = box.get_by_label(label)
    field.fill(text)
    field.press("Tab")


def eventually(true: Callable[[], bool]) -> None:
    """Espera hasta cinco segundos a que se cumpla."""
    for _ in range(50):
        if true():
            return
        time.sleep(0.1)
    assert true()


def confusion(page: Any) -> Any:
    """Espera la matriz y da (caja, botones en orden de lectura)."""
    box = widget(page, "confusion")
    return box, box.locator("button.celda")


def test_una_celda_abre_sus_textos_y_sus_cuentas_son_las_de_la_tabla(open_page: Open, lab: Lab, capture: Any) -> None:
    show = "from IPython.display import HTML\nHTML(f'<p id=cuentas>{evaluation.confusion.to_numpy().ravel().tolist()}</p>')"
    page = open_page("matriz", EVALUATION, "taller.widgets.ConfusionExplorer(evaluation)", show)
    box, cells = confusion(page)
    counts = page.locator("#cuentas").inner_text().strip("[]").split(", ")
    assert cells.all_inner_texts() == counts
    assert sum(map(int, counts)) == 120
    cells.nth(6).click()  # real positivo, predicción negativo
    expect(box).to_contain_text(f"Real «positivo», predicción «negativo»: {counts[6]} textos")
    expect(box).to_contain_text('<img src=x onerror="window.hacked=1">')  # se ve como se escribió
    assert page.evaluate("window.hacked") is None
    first = box.locator("tbody tr").first.locator("td")
    confidences = [float(row.locator("td").nth(1).inner_text()) for row in box.locator("tbody tr").all()]
    assert confidences == sorted(confidences, reverse=True)
    assert first.nth(1).inner_text() == first.nth(2).inner_text()  # la confianza es la probabilidad de «negativo»
    capture(box, "matriz")
    click(box, "Siguientes")
    expect(box).to_contain_text("del 11 al")
    fill(box, "Buscar (Enter)", "MEXICO texto 9")
    expect(box).to_contain_text("con «MEXICO texto 9»")
    assert all("texto 9" in row or "9" in row for row in box.locator("tbody td:first-child").all_inner_texts())
    shown = box.locator("tbody tr").count()
    click(box, "Guardar estos textos en un CSV")
    expect(box).to_contain_text("Guardado: ")
    (file,) = (lab[1] / "mi_taller" / "textos").glob("real-positivo-prediccion-negativo*.csv")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        assert len(list(csv.DictReader(opened))) == shown
    click(box, "Guardar estos textos en un CSV")  # nada se sobrescribe
    expect(box).to_contain_text("real-positivo-prediccion-negativo-2.csv")


def test_la_matriz_cambia_de_cuenta_a_porcentaje_y_se_maneja_con_el_teclado(open_page: Open) -> None:
    page = open_page("matriz_teclado", EVALUATION, "taller.widgets.ConfusionExplorer(evaluation)")
    box, cells = confusion(page)
    counts = [int(text) for text in cells.all_inner_texts()]
    for view, line in (("% de cada clase real", counts[0:3]), ("% de cada predicción", counts[0:9:3])):
        click(box, view)
        expect(cells.nth(0)).to_have_text(f"{100 * counts[0] / sum(line):.0f} %")
    cells.nth(0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(box).to_contain_text("Real «negativo», predicción «neutral»")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    expect(box).to_contain_text("Real «negativo», predicción «positivo»")
    expect(cells.nth(2)).to_have_class(re.compile(r"\belegida\b"))


def test_lo_que_falla_en_un_clic_se_dice_en_el_control_y_se_puede_seguir(open_page: Open) -> None:
    page = open_page(
        "fallos",
        EVALUATION,
        "matriz = taller.widgets.ConfusionExplorer(evaluation)\nmatriz.texts.workspace = '/proc/nada'\nmatriz",
        "otra = taller.widgets.ConfusionExplorer(evaluation)\notra.evaluation = None\notra",
    )
    box, cells = confusion(page)
    cells.nth(0).click()
    click(box, "Guardar estos textos en un CSV")
    expect(box.get_by_role("status")).to_contain_text("✗")
    cells.nth(1).click()
    expect(box).to_contain_text("Real «negativo», predicción «neutral»")
    expect(box.get_by_role("status")).to_have_count(0)
    other = page.locator(".taller-confusion").nth(1)
    other.locator("button.celda").nth(0).click()
    expect(other.get_by_role("status")).to_contain_text("✗ Algo falló aquí (AttributeError")


def test_las_piezas_de_dos_tokenizadores_lado_a_lado(open_page: Open, lab: Lab, capture: Any) -> None:
    page = open_page("piezas", "taller.widgets.TokenExplorer()")
    box = widget(page, "tokens")
    expect(box).to_contain_text("colibri: 16 piezas")
    fill(box, "Tokenizador B", str(lab[1] / "modelo_bert"))
    expect(box.get_by_role("status")).to_contain_text("lee 64 tokens como máximo")
    fill(box, "max_length", "64")
    heads = box.get_by_role("heading")
    expect(heads).to_have_count(2)
    left, right = (heads.nth(k).bounding_box() for k in (0, 1))
    assert left["y"] == right["y"] and left["x"] < right["x"]  # lado a lado
    fill(box, "Texto", "hola <b>negritas</b> 𓀀")
    expect(box).to_contain_text("Desconocidas: 1")
    fill(box, "max_length", "8")
    expect(box.locator(".cortada").first).to_be_visible()
    capture(box, "piezas")
    fill(box, "Tokenizador B", "no/existe-este-modelo")
    expect(box.get_by_role("status")).to_contain_text("no está descargado")
    fill(box, "Tokenizador B", "")
    expect(box).to_contain_text("colibri")
    expect(box.get_by_role("status")).to_have_count(0)
    fill(box, "Texto", " ")
    expect(box.get_by_role("status")).to_contain_text("Escribe un texto")


def test_un_texto_escrito_recibe_su_clase_y_sus_probabilidades(open_page: Open, capture: Any) -> None:
    page = open_page("sonda", "taller.widgets.TextProbe()")
    box = widget(page, "sonda")
    fill(box, "Texto", "sabor amable <i>mejor</i> fiesta")
    click(box, "Clasificar este texto")
    expect(box).to_contain_text("«sabor amable <i>mejor</i> fiesta» es")
    shares = [float(cell) for cell in box.locator("td.n").all_inner_texts()]
    assert len(shares) == 3
    assert sum(shares) == pytest.approx(1, abs=0.02)
    prediction = box.locator("p b").nth(1).inner_text()
    names = box.locator("tbody th").all_inner_texts()
    assert shares[names.index(prediction)] == max(shares)
    capture(box, "sonda")
    box.get_by_label("Corrida").select_option(index=1)
    expect(box.locator("p b").first).to_have_text(box.get_by_label("Corrida").input_value())
    fill(box, "Texto", "   ")
    click(box, "Clasificar este texto")
    expect(box.get_by_role("status")).to_contain_text("No hay ningún texto")


def test_las_corridas_se_ordenan_se_comparan_y_se_borran_con_permiso(open_page: Open, lab: Lab, capture: Any) -> None:
    page = open_page("corridas", "taller.widgets.RunsTable()")
    box = widget(page, "corridas")
    runs = lab[1] / "mi_taller" / "runs"
    table = box.locator("table").first
    rows = table.locator("tbody tr")

    def column(number: int) -> list[str]:
        return [row.locator("td").nth(number).inner_text() for row in rows.all()]

    box.get_by_label("Ordenar por").select_option("F1 de «neutral»")
    click(box, "menor primero")
    eventually(lambda: len(column(6)) == 2 and column(6) == sorted(column(6)))
    click(box, "mayor primero")
    eventually(lambda: column(6) == sorted(column(6), reverse=True))
    assert sum(value != "–" for value in column(1)) == 1  # prueba: solo la que pasó por su fase 5
    click(box, "Comparar A y B")
    expect(box).to_contain_text("Textos en que no coinciden")
    expect(box.get_by_text("McNemar")).to_be_visible()
    expect(box.locator("table")).to_have_count(5)  # corridas, métricas, dos matrices, textos
    capture(box, "corridas")
    name = box.get_by_label("Corrida por borrar").input_value()
    assert (runs / name).is_dir()
    click(box, "Borrar…")
    expect(box).to_contain_text(f"Vas a borrar {name}")
    click(box, "No borrar nada")
    expect(box.get_by_text("Vas a borrar")).to_be_hidden()
    assert (runs / name).is_dir()
    copy = runs / "copia"
    shutil.copytree(runs / name, copy)
    click(box, "Actualizar la lista")
    box.get_by_label("Corrida por borrar").select_option("copia")
    box.get_by_label("Corrida B").select_option(box.get_by_label("Corrida A").input_value())
    click(box, "Comparar A y B")
    expect(box.get_by_role("status")).to_contain_text("Elegiste la misma corrida dos veces")
    click(box, "Borrar…")
    expect(box).to_contain_text("Vas a borrar copia")
    copy.rename(runs.parent / "apartada")
    click(box, "Sí, borrar para siempre")
    expect(box.get_by_role("status")).to_contain_text("No hay una corrida «copia»")
    (runs.parent / "apartada").rename(copy)
    box.get_by_label("Corrida por borrar").select_option(name)  # cambiar de corrida retira la pregunta
    expect(box.get_by_text("Vas a borrar")).to_be_hidden()
    box.get_by_label("Corrida por borrar").select_option("copia")
    click(box, "Borrar…")
    expect(box).to_contain_text("Vas a borrar copia")
    click(box, "Sí, borrar para siempre")
    expect(box).to_contain_text("Se borró copia")
    assert not copy.exists()
    assert (runs / name).is_dir()


def test_elegir_otro_modelo_entrenar_y_verlo_junto_a_los_demas(open_page: Open, lab: Lab, capture: Any) -> None:
    page = open_page("modelo", "taller.widgets.ModelPicker()")
    box = widget(page, "modelo")
    runs = lab[1] / "mi_taller" / "runs"
    before = set(runs.iterdir())
    box.get_by_label("Modelo", exact=True).select_option(label="XLM-R base (FacebookAI/xlm-roberta-base)")
    expect(box).to_contain_text("se descargan 1120 MB")
    expect(box.get_by_label("Tasa de aprendizaje")).to_have_value("0.00002")
    click(box, "Comprobar este modelo")
    expect(box.get_by_role("status")).to_contain_text("no está descargado en esta computadora")
    fill(box, "Otro modelo", "PlanTL-GOB-ES/roberta-base-bne")
    expect(box.get_by_role("status")).to_contain_text("fue retirado del Hub")
    click(box, "Volver a colibri")
    expect(box).to_contain_text("viene incluido")
    expect(box.get_by_role("button", name="Volver a colibri")).to_be_hidden()
    capture(box, "modelo")
    fill(box, "Otro modelo", str(lab[1] / "modelo_distilbert"))
    expect(box).to_contain_text("existe y su tokenizador se lee: conoce 16,000 piezas")
    expect(box).to_contain_text("Sus pesos están en safetensors")
    expect(box).to_contain_text("Memoria para entrenar, calculada con lote de 32")
    fill(box, "max_length", "64")
    fill(box, "Épocas como máximo", "2")
    fill(box, "Tasa de aprendizaje", "0.5")
    click(box, "Guardar la elección")
    expect(box.get_by_role("status")).to_contain_text("`learning_rate` vale 0.5")
    fill(box, "Tasa de aprendizaje", "0.001")
    click(box, "Entrenar con esta elección")
    expect(box).to_contain_text("Guardada la corrida", timeout=90_000)
    (new,) = set(runs.iterdir()) - before
    expect(box.locator("table").last).to_contain_text(new.name)
    expect(box.get_by_role("img")).to_be_visible()  # la curva
    expect(box.get_by_role("button", name="Entrenar con esta elección")).to_be_enabled()
    capture(box, "modelo-entrenado")


def test_una_sesion_interrumpida_y_un_kernel_perdido_se_dicen(open_page: Open, lab: Lab) -> None:
    page = open_page("interrupcion", SLOW_THEN_BROKEN, "taller.widgets.ModelPicker()")
    box = widget(page, "modelo")
    fill(box, "Otro modelo", str(lab[1] / "modelo_bert"))
    expect(box).to_contain_text("Sus pesos están en safetensors")
    for _ in range(2):  # JupyterLab 4 atiende el segundo clic en otro hilo, al que la interrupción no llega
        click(box, "Entrenar con esta elección")
        expect(box.get_by_role("status")).to_contain_text("Entrenando.")
        page.wait_for_timeout(500)
        page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
        expect(box.get_by_role("status")).to_contain_text("Se interrumpió antes de terminar")
        expect(box.get_by_role("button", name="Entrenar con esta elección")).to_be_enabled()
        page.wait_for_timeout(1200)  # un clic enseguida se toma por el segundo de un doble clic
    click(box, "Guardar la elección")
    expect(box.get_by_role("status")).to_contain_text("Guardado en")
    click(box, "Entrenar con esta elección")
    expect(box.get_by_role("status")).to_contain_text("✗ Algo falló aquí (MemoryError: sin memoria)")
    expect(box.get_by_role("button", name="Entrenar con esta elección")).to_be_enabled()
    expect(box.get_by_text("perdió su conexión")).to_be_hidden()
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(box.get_by_text("Este control perdió su conexión con el kernel")).to_be_visible()


def test_la_curva_se_redibuja_en_su_sitio_mientras_se_entrena(open_page: Open, lab: Lab, capture: Any) -> None:
    train = f"""
config = taller.WorkshopConfig(model={str(lab[1] / "modelo_bert")!r}, num_train_epochs=6, seed=7, learning_rate=0.003)
splits, _ = taller.load_splits(**taller.open_workspace().data_files(), config=config)
tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, splits)
trainer = taller.build_trainer(model, tokenizer, taller.tokenize(splits, tokenizer, config), config, "otro_taller")
trainer.train();
"""
    page = open_page("monitor", train)
    output = page.locator(".jp-OutputArea").nth(1)
    expect(output.get_by_text("Entrenamiento terminado")).to_be_visible(timeout=90_000)
    expect(output.locator("img")).to_have_count(1)
    expect(output.locator(".jp-OutputArea-child")).to_have_count(3)  # el disco, el avance y la curva: nada se repite
    output.scroll_into_view_if_needed()
    time.sleep(0.5)
    capture(output, "monitor")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_se_leen_con_axe_a_700_pixeles_y_con_el_texto_al_doble(open_page: Open, capture: Any, theme: str) -> None:
    from axe_playwright_python.base import AXE_FILE_PATH

    page = open_page(
        f"accesible_{theme[11:]}",
        EVALUATION,
        "taller.widgets.ModelPicker()",
        "taller.widgets.TokenExplorer()",
        "taller.widgets.ConfusionExplorer(evaluation)",
        "taller.widgets.RunsTable()",
        "taller.widgets.TextProbe()",
        width=880,
    )
    boxes = {name: widget(page, name) for name in ("modelo", "tokens", "confusion", "corridas", "sonda")}
    page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")  # la celda mide 700 px
    page.evaluate(NEW_THEME, theme)
    expect(page.locator(f"body[data-jp-theme-name='{theme}']")).to_have_count(1)
    boxes["confusion"].locator("button.celda").nth(0).click()
    click(boxes["corridas"], "Comparar A y B")
    click(boxes["corridas"], "Borrar…")
    fill(boxes["modelo"], "Otro modelo", "no/existe")
    for name, text in {"confusion": "Real «", "corridas": "Vas a borrar", "modelo": "✗"}.items():
        expect(boxes[name]).to_contain_text(text)
    page.add_style_tag(content=FULL_HEIGHT)
    page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    for name, box in boxes.items():
        assert 640 < box.evaluate("e => e.clientWidth") < 720
        box.scroll_into_view_if_needed()
        found = page.evaluate("c => axe.run(c)", {"include": [[f".taller-{name}"]]})
        serious = [
            (v["id"], node["html"][:200], node.get("failureSummary", "")[:300])
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
            for node in v["nodes"]
        ]
        assert not serious
        assert any(rule["id"] == "color-contrast" for rule in found["passes"])  # el contraste sí se miró
        capture(box, f"{name}-{theme.split()[1].lower()}")
    page.evaluate("() => { document.body.style.zoom = 2 }")
    for name, box in boxes.items():
        capture(box, f"{name}-doble-{theme.split()[1].lower()}")
        assert box.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), f"{name} se sale de su ancho"
