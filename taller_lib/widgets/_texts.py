"""Una lista de textos que se hojea, se busca y se guarda: la usan la matriz y la tabla de corridas."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import pandas as pd

from taller_files.search import containing
from taller_lib.browsing import export_texts
from taller_lib.templates import render
from taller_lib.widgets._base import LiveWidget
from taller_lib.workspace import Workspace, open_workspace

PAGE = 10


class TextsPanel:
    """Los textos de una tabla, diez por página.

    Parameters
    ----------
    owner : LiveWidget
        El control al que pertenece: dice sus avisos.
    workspace : Workspace or path, optional
        Donde se guardan los CSV (`textos/`).
    """

    def __init__(self, owner: LiveWidget, workspace: Workspace | str | None) -> None:
        self.owner, self.workspace, self.hidden = owner, workspace, list[str]()
        self.table, self.found, self.page, self.file_name, self.title = pd.DataFrame(), pd.DataFrame(), 0, "", ""
        self.search = ipywidgets.Text(description="Buscar (Enter)", continuous_update=False)
        self.back = owner.button("Anteriores", lambda: self._turn(-1))
        self.forward = owner.button("Siguientes", lambda: self._turn(1))
        self.export = owner.button("Guardar estos textos en un CSV", self._export)
        self.html = ipywidgets.HTML()
        self.box = ipywidgets.VBox([self.search, self.html, ipywidgets.HBox([self.back, self.forward, self.export])])
        self.box.layout.display = "none"
        self.search.observe(owner.guarded(self._search), "value")

    def show(self, table: pd.DataFrame, title: str, file_name: str, hidden: Sequence[str] = ()) -> None:
        """Muestra otra tabla desde su primera página, sin las columnas `hidden`."""
        self.table, self.title, self.file_name, self.hidden = table, title, file_name, list(hidden)
        self.box.layout.display = None
        if self.search.value:
            self.search.value = ""
        self._search()

    def _search(self) -> None:
        self.found, self.page = containing(self.table, self.search.value), 0
        self._turn(0)

    def _turn(self, pages: int) -> None:
        self.page += pages
        first, n = self.page * PAGE, len(self.found)
        self.back.disabled, self.forward.disabled = first == 0, first + PAGE >= n
        self.export.disabled = n == 0
        rows = self.found.iloc[first : first + PAGE].drop(columns=self.hidden)
        words = {"title": self.title, "n": n, "first": first, "searched": self.search.value}
        self.html.value = render("widgets/texts.html", rows=rows.to_dict("records"), columns=list(rows), **words)

    def _export(self) -> None:
        path = export_texts(self.found, open_workspace(self.workspace).path / "textos", self.file_name)
        self.owner.say(f"Guardado: {path}")
