"""La matriz de confusión, celda por celda: un clic abre sus textos."""

from __future__ import annotations

import functools
import itertools

import ipywidgets

from taller_files.problems import counted
from taller_lib.browsing import cell_texts
from taller_lib.evaluation import Evaluation
from taller_lib.metrics import confusion_cells
from taller_lib.templates import render
from taller_lib.widgets._base import LiveWidget
from taller_lib.widgets._texts import TextsPanel
from taller_lib.workspace import Workspace

VIEWS = {"textos": "count", "% de cada clase real": "row", "% de cada predicción": "column"}


class ConfusionExplorer(LiveWidget):
    """Una matriz de botones sobre las mismas cuentas de `Evaluation.confusion`.

    Parameters
    ----------
    evaluation : Evaluation
        Lo que devuelve `evaluate`.
    workspace : Workspace or path, optional
        Donde se guardan los textos que se exporten (`textos/`).
    """

    def __init__(self, evaluation: Evaluation, workspace: Workspace | str | None = None) -> None:
        self.evaluation, self.matrix = evaluation, evaluation.confusion
        self.chosen: tuple[str, str] | None = None
        names = evaluation.label_names
        self.view = ipywidgets.ToggleButtons(options=list(VIEWS.items()), description="En cada celda")
        self.texts = TextsPanel(self, workspace)
        pairs = itertools.product(names, names)
        self.cells = {pair: self.button("", functools.partial(self._open, pair)) for pair in pairs}
        super().__init__("confusion", [self.view, self._grid(), self.texts.box])
        self.view.observe(self.guarded(self._paint), "value")
        self._paint()

    def _grid(self) -> ipywidgets.VBox:
        names = list(self.matrix.columns)
        heads = [ipywidgets.HTML(render("widgets/head.html", text=name)) for name in ["real ↓  predicción →", *names]]
        rows = []
        for real in names:
            head = ipywidgets.HTML(render("widgets/head.html", text=real))
            rows += [head, *(self.cells[real, said] for said in names)]
        columns = f"minmax(90px, 1.4fr) repeat({len(names)}, minmax(44px, 1fr))"
        layout = {"grid_template_columns": columns, "grid_gap": "3px", "width": "100%", "overflow": "auto"}
        grid = ipywidgets.GridBox([*heads, *rows], layout=layout)
        return ipywidgets.VBox([grid, ipywidgets.HTML(render("widgets/confusion_key.html"))])

    def _paint(self) -> None:
        for pair, (text, tone) in confusion_cells(self.matrix, self.view.value).items():
            button, (real, said) = self.cells[pair], pair
            marks = ["acierto"] * (real == said) + ["elegida"] * (pair == self.chosen)
            button.description, button._dom_classes = text, ("celda", f"t{tone}", *marks)
            n = counted(int(self.matrix[said][real]), "texto", "textos")
            button.tooltip = f"Real «{real}», predicción «{said}»: {n}. Haz clic para leerlos."

    def _open(self, pair: tuple[str, str]) -> None:
        if self.chosen:
            self.cells[self.chosen].remove_class("elegida")
        self.chosen = real, said = pair
        self.cells[pair].add_class("elegida")
        rows, hidden = cell_texts(self.evaluation.table, real, said), ["label", "prediction"]
        self.texts.show(rows, f"Real «{real}», predicción «{said}»", f"real-{real}-prediccion-{said}", hidden)

    def static(self) -> str:
        """La matriz con sus cuentas y el porcentaje de cada fila."""
        shares = confusion_cells(self.matrix, "row")
        return render("widgets/confusion.html", matrix=self.matrix, shares=shares, names=list(self.matrix.columns))
