"""Escribir un texto y ver qué dice de él una corrida."""

from __future__ import annotations

import functools

import ipywidgets

from taller_files.reading import clean
from taller_lib.errors import TallerError
from taller_lib.inference import BatchClassifier
from taller_lib.runs import list_runs
from taller_lib.templates import render
from taller_lib.tokenization import token_preview
from taller_lib.widgets._base import LiveWidget
from taller_lib.workspace import Workspace, open_workspace

EXAMPLE = "El museo me encantó, pero el viaje desde el aeropuerto fue una pesadilla."


class TextProbe(LiveWidget):
    """Un texto, su clase y sus probabilidades según la corrida que se elija.

    Parameters
    ----------
    workspace : Workspace or path, optional
    text : str
        El texto con que empieza.

    Raises
    ------
    TallerError
        Si el espacio de trabajo no tiene corridas.
    """

    def __init__(self, workspace: Workspace | str | None = None, text: str = EXAMPLE) -> None:
        self.workspace = open_workspace(workspace)
        names = list(list_runs(self.workspace).index)
        if not names:
            raise TallerError(f"No hay corridas en {self.workspace.runs}: entrena una en la fase 4.")
        self.classifier = functools.lru_cache(2)(lambda name: BatchClassifier(self.workspace.runs / name))
        self.run = ipywidgets.Dropdown(options=names, description="Corrida")
        self.text = ipywidgets.Textarea(value=text, description="Texto", rows=4)
        self.answer = ipywidgets.HTML()
        button = self.button("Clasificar este texto", self._show, "primary")
        super().__init__("sonda", [self.run, self.text, button, self.answer])
        self.run.observe(self.guarded(self._show), "value")
        self.guarded(self._show)()

    def _show(self) -> None:
        self.answer.value = ""
        classifier, text = self.classifier(self.run.value), self.text.value
        if not clean(text):
            raise TallerError("No hay ningún texto: escribe o pega uno y vuelve a hacer clic.")
        run = classifier.run
        answer = {name: cells[0] for name, cells in classifier.classify([text]).items()}
        shares = {name: answer[f"probabilidad_{name}"] for name in run.label_names}
        cut = int(token_preview(text, run.tokenizer, run.config)["cut"].sum())
        said = {"prediction": answer["prediccion"], "doubtful": answer["dudoso"], "warning": run.warning}
        self.answer.value = render("widgets/probe.html", text=text, run=run.name, shares=shares, cut=cut, **said)

    def static(self) -> str:
        """El último texto que se clasificó y lo que la corrida dijo de él."""
        return self.answer.value
