"""Todas las corridas en una tabla: ordenarlas, comparar dos y borrar la que sobra."""

from __future__ import annotations

import ipywidgets

from taller_files.disk import free_space
from taller_lib.comparison import compare
from taller_lib.errors import TallerError
from taller_lib.overview import delete_run, overview, unfinished
from taller_lib.runs import confusion_of, load_run
from taller_lib.templates import render
from taller_lib.widgets._base import LiveWidget
from taller_lib.widgets._texts import TextsPanel
from taller_lib.workspace import Workspace, open_workspace

SORTS = {
    "macro F1": "macro_f1",
    "exactitud": "accuracy",
    "exactitud balanceada": "balanced_accuracy",
    "correlación de Matthews": "matthews_correlation",
    "tamaño en disco": "size_mb",
    "fecha": "created",
}


class RunsTable(LiveWidget):
    """Las corridas de un espacio de trabajo, de mejor a peor en validación.

    Parameters
    ----------
    workspace : Workspace or path, optional
    """

    def __init__(self, workspace: Workspace | str | None = None) -> None:
        self.workspace = open_workspace(workspace)
        self.sort = ipywidgets.Dropdown(description="Ordenar por")
        orders = [("mayor primero", False), ("menor primero", True)]
        self.order = ipywidgets.ToggleButtons(options=orders, description="Orden")
        names = ("Corrida A", "Corrida B", "Corrida por borrar")
        self.first, self.second, self.doomed = (ipywidgets.Dropdown(description=name) for name in names)
        self.list, self.comparison, self.question = (ipywidgets.HTML() for _ in range(3))
        self.texts = TextsPanel(self, self.workspace)
        self.compare = self.button("Comparar A y B", self._compare, "primary")
        self.delete = self.button("Borrar…", self._ask)
        answers = [self.button("Sí, borrar para siempre", self._delete), self.button("No borrar nada", self._close)]
        self.confirm = ipywidgets.VBox([self.question, ipywidgets.HBox(answers)])
        sorting = [self.sort, self.order, self.button("Actualizar la lista", self._reload), self.list]
        comparing = [self.first, self.second, self.compare, self.comparison, self.texts.box]
        super().__init__("corridas", [*sorting, *comparing, self.doomed, self.delete, self.confirm])
        self.doomed.observe(self.guarded(self._close), "value")
        for field in (self.sort, self.order):
            field.observe(self.guarded(self._paint), "value")
        self._reload()

    def _reload(self) -> None:
        self.table = overview(self.workspace)
        self.unfinished = unfinished(self.workspace, self.table)
        per_class = {f"F1 de «{name}»": f"f1_{name}" for name in self._classes()}
        names = list(self.table.index)
        kept = self.sort.value or "macro_f1"
        self.sort.options = [*{**SORTS, **per_class}.items()]
        self.sort.value = kept if kept in dict(self.sort.options).values() else "macro_f1"
        doomed = [*self.unfinished, *names[::-1]]
        for field, options in ((self.first, names), (self.second, names), (self.doomed, doomed)):
            kept = field.value
            field.options = options
            field.value = kept if kept in options else next(iter(options), None)
        if len(names) > 1 and self.first.value == self.second.value:
            self.second.value = names[1]
        self.compare.disabled, self.delete.disabled = len(names) < 2, not self.doomed.options
        self._close()
        self._paint()

    def _classes(self) -> list[str]:
        return [name.removeprefix("f1_") for name in map(str, self.table) if name.startswith("f1_")]

    def _paint(self) -> None:
        self.list.value = self._html(self.sort.value, self.order.value)

    def _html(self, column: str, ascending: bool) -> str:
        table = self.table.sort_values(column, ascending=ascending, kind="stable")
        values = {"rows": table.reset_index().to_dict("records"), "unfinished": self.unfinished}
        return render("widgets/runs.html", classes=self._classes(), free=free_space(self.workspace.path), **values)

    def _compare(self) -> None:
        self._forget()
        if self.first.value == self.second.value:
            raise TallerError("Elegiste la misma corrida dos veces: elige otra en A o en B.")
        runs = [load_run(self.workspace.runs / field.value) for field in (self.first, self.second)]
        found = compare(runs[0], runs[1])
        matrices = {f"{letter}: {run.name}": confusion_of(run) for letter, run in zip("AB", runs, strict=True)}
        self.comparison.value = render("widgets/comparison.html", found=found, matrices=matrices)
        self.texts.show(found.disagreements, "Textos en que no coinciden", f"{found.run_a}-y-{found.run_b}"[:80])

    def _forget(self) -> None:
        self.comparison.value, self.texts.box.layout.display = "", "none"

    def _ask(self) -> None:
        self.asked = name = self.doomed.value
        size = self.unfinished.get(name) or self.table.loc[name, "size_mb"]
        self.question.value = render("widgets/delete.html", name=name, size=size)
        self.confirm.layout.display = None

    def _close(self) -> None:
        self.confirm.layout.display = "none"

    def _delete(self) -> None:
        freed = delete_run(self.asked, self.workspace)
        self._forget()
        self._reload()
        self.say(
            f"Se borró {self.asked}: {freed / 1e6:.0f} MB. Quedan {free_space(self.workspace.path) / 1e9:.1f} GB libres."
        )

    def static(self) -> str:
        """La tabla de corridas, de mejor a peor macro F1 en validación."""
        return self._html("macro_f1", False)
