"""Lo que los controles dejan en un cuaderno guardado, y lo que dicen cuando algo falla (los clics, en tests/browser)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import tiny
from nbclient import NotebookClient
from test_browsing import predictions
from test_comparison import NAMES, answers, saved_run

import run_notebooks
import taller_lib as taller
from taller_lib.evaluation import Evaluation
from taller_lib.experiment import train_run
from taller_lib.widgets import ConfusionExplorer, ModelPicker, RunsTable, TextProbe, TokenExplorer
from taller_lib.widgets._base import LiveWidget

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TALLER_WORKSPACE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_un_cuaderno_publicado_muestra_las_formas_fijas(tmp_path: Path) -> None:
    code = (
        "import taller_lib as taller\nfrom test_browsing import predictions\nfrom taller_lib.evaluation import Evaluation\n"
        "display(taller.widgets.ConfusionExplorer(Evaluation(predictions(), ['negativo', 'neutral', 'positivo'])),\n"
        "        taller.widgets.ModelPicker(), taller.widgets.TokenExplorer(), taller.widgets.RunsTable())"
    )
    tests = str(Path(__file__).parent)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"import sys; sys.path.append({tests!r})\n{code}")]
    )
    NotebookClient(notebook, store_widget_state=False, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for output in notebook.cells[0].outputs if output.output_type == "display_data"]
    assert len(outputs) == 4
    for output in outputs:
        assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= output["data"].keys()
    page = run_notebooks.to_html(notebook, "controles")
    for text in ("Matriz de confusión: textos", "Elección guardada", "colibri: 16 piezas", "Todavía no hay corridas"):
        assert text in page
    assert "perdió su conexión" not in page  # eso solo lo dice un control vivo


def test_la_forma_fija_de_la_matriz_tiene_sus_cuentas() -> None:
    evaluation = Evaluation(predictions(), NAMES)
    html = ConfusionExplorer(evaluation).static()
    cells = re.findall(r'<td class="n">(?:<b>)?(\d+) \((\d+) %\)', html)
    counts = evaluation.confusion.to_numpy()
    assert [int(count) for count, _ in cells] == counts.ravel().tolist()
    shares = (100 * counts / counts.sum(axis=1, keepdims=True)).ravel()
    assert [int(share) for _, share in cells] == [round(share) for share in shares]


def test_lo_que_escribio_otra_persona_queda_escapado(tmp_path: Path) -> None:
    table = predictions(40).assign(text=EVIL, label=EVIL, prediction=EVIL)
    explorer = ConfusionExplorer(Evaluation(table, [EVIL, "otra"]), tmp_path)
    explorer.cells[EVIL, EVIL].click()
    assert "&lt;img" in explorer.texts.html.value
    for html in (explorer.static(), explorer.texts.html.value, TokenExplorer(text=EVIL).static()):
        assert "<img" not in html
    true, pred, _ = answers()
    saved_run(tmp_path / "mi_taller", true, pred, name="x<b>y")
    assert "<b>y" not in RunsTable(tmp_path / "mi_taller").static()


@pytest.mark.parametrize(
    "error, said",
    [
        (taller.TallerError("Falta <b>algo</b>: ponlo."), "✗ Falta &lt;b&gt;algo&lt;/b&gt;: ponlo."),
        (KeyboardInterrupt(), "Se interrumpió antes de terminar"),
        (ZeroDivisionError("division by zero"), "✗ Algo falló aquí (ZeroDivisionError: division by zero)"),
    ],
)
def test_lo_que_falla_se_dice_y_lo_siguiente_lo_borra(error: BaseException, said: str) -> None:
    class Box(LiveWidget):
        def static(self) -> str:
            return ""

    def fail() -> None:
        raise error

    box = Box("x", [])
    button = box.button("Hacer", fail)
    button.click()
    assert said in box.status.value
    box.guarded(lambda: None)()
    assert box.status.value.strip() == ""


def test_la_eleccion_se_guarda_sin_fijar_lo_recomendado(tmp_path: Path) -> None:
    workspace = taller.open_workspace(tmp_path / "mi_taller")
    workspace.update_config(label_names="a,b", class_weights="auto")
    picker = ModelPicker(workspace)
    picker.model.value = "dccuchile/bert-base-spanish-wwm-cased"
    picker.fields["early_stopping_patience"].value = 5
    picker.guarded(picker._save)()
    saved = workspace.load_config()
    assert saved.model == "dccuchile/bert-base-spanish-wwm-cased" and saved.early_stopping_patience == 5
    assert saved.max_length is None and saved.learning_rate is None and saved.batch_size is None
    assert saved.label_names == ("a", "b") and saved.class_weights == "auto"  # lo demás no se toca
    assert ModelPicker(workspace).fields["early_stopping_patience"].value == 5


def test_sin_corridas_la_sonda_lo_dice_y_la_tabla_no_falla(tmp_path: Path) -> None:
    with pytest.raises(taller.TallerError, match="No hay corridas"):
        TextProbe(tmp_path / "nada")
    table = RunsTable(tmp_path / "nada")
    assert table.compare.disabled and table.delete.disabled
    table.guarded(table._compare)()
    assert "✗" in table.status.value


def test_el_camino_entero_entrena_guarda_y_muestra_el_avance_donde_se_le_pide(tmp_path: Path) -> None:
    class Screen(list[Any]):
        def update(self, content: Any) -> None:
            self.append(content)

    workspace = taller.open_workspace(tmp_path / "mi_taller")
    files = [tmp_path / f"{name}.csv" for name in ("train", "validation", "test")]
    for file, part in zip(files, tiny.splits(90).values(), strict=True):
        frame = part.to_pandas().rename(columns={"text": "texto", "label": "etiqueta"})
        frame["etiqueta"] = frame["etiqueta"].map(dict(enumerate(tiny.LABELS)))
        frame.to_csv(file, index=False)
    workspace.copy_data(*files)
    config = taller.WorkshopConfig(
        model=str(tiny.tiny_model(tmp_path / "modelo")), num_train_epochs=3, learning_rate=0.003, max_length=32
    )
    progress, curve = Screen(), Screen()
    run = train_run(config, workspace, progress, curve)
    assert run.config == config.resolved() and taller.list_runs(workspace).index.tolist() == [run.name]
    assert "terminado" in progress[-1].data
    assert len(curve) == run.record["epochs"]  # una figura por época, en el mismo sitio


def test_borrar_una_corrida_que_esta_cargada_no_cierra_el_kernel(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import taller_lib as taller, torch\n"
        "from taller_lib.overview import delete_run\n"
        "run = taller.load_run(Path(sys.argv[1]) / 'runs' / 'x'); model = run.model\n"
        "delete_run('x', sys.argv[1])\n"
        "print(sum(float(p.sum()) for p in model.parameters()))"
    )
    true, pred, _ = answers()
    run = saved_run(tmp_path / "mi_taller", true, pred, name="x")
    config = taller.WorkshopConfig(model=str(tiny.tiny_model(tmp_path / "modelo")), max_length=32)
    taller.load_model(config, tiny.splits()).save_pretrained(run.path)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "mi_taller")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not run.path.exists()


@pytest.mark.parametrize("typed", ["0,0001", "0.0001", " 1e-4 "])
def test_la_tasa_se_escribe_como_se_pueda(tmp_path: Path, typed: str) -> None:
    picker = ModelPicker(tmp_path / "mi_taller")
    picker.rate.value = typed
    assert picker.config.resolved().learning_rate == 0.0001
    picker.rate.value = "mucha"
    picker.guarded(picker._save)()
    assert "«mucha» no es un número" in picker.status.value


def test_con_lora_la_tasa_que_se_ve_es_la_que_se_usa(tmp_path: Path) -> None:
    workspace = taller.open_workspace(tmp_path / "mi_taller")
    workspace.save_config(taller.WorkshopConfig(lora=True))
    picker = ModelPicker(workspace)
    picker.model.value = "dccuchile/bert-base-spanish-wwm-cased"
    assert float(picker.rate.value) == picker.config.resolved().learning_rate
    assert picker.config.learning_rate is None


def test_un_nombre_pegado_del_navegador_vale(tmp_path: Path) -> None:
    picker = ModelPicker(tmp_path / "mi_taller")
    picker.other.value = "https://huggingface.co/grupo/modelo"
    assert picker.name == "grupo/modelo"


def test_lo_que_cambia_borra_la_comprobacion_anterior(tmp_path: Path) -> None:
    picker = ModelPicker(tmp_path / "mi_taller")
    picker.guarded(picker._check)()
    assert "existe" in picker.checked.value
    picker.fields["batch_size"].value = 64
    assert picker.checked.value == "" and "lote de 64" in picker.card.value
    picker.fields["max_length"].value = 512
    assert "256 piezas como máximo" in picker.card.value


def test_una_configuracion_danada_despues_de_abrir_no_rompe_la_salida(tmp_path: Path) -> None:
    picker = ModelPicker(tmp_path / "mi_taller")
    (tmp_path / "mi_taller").mkdir(exist_ok=True)
    (tmp_path / "mi_taller" / "config.json").write_text("{", encoding="utf-8")
    assert "config.json" in picker._repr_mimebundle_()["text/html"]


def test_los_textos_larguisimos_se_pliegan_y_las_piezas_se_cuentan() -> None:
    table = predictions(20).assign(text="palabra " * 10_000, label="neutral", prediction="neutral")
    explorer = ConfusionExplorer(Evaluation(table, NAMES))
    explorer.cells["neutral", "neutral"].click()
    assert explorer.texts.html.value.count("<details>") == 10 and len(explorer.texts.html.value) < 300_000
    html = TokenExplorer(text="palabra " * 3_000, max_length=64).static()
    assert html.count('class="pieza') == 500 and "más" in html
