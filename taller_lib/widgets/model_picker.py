"""Elegir el modelo y los ajustes, comprobarlos, guardarlos y entrenar con ellos."""

from __future__ import annotations

import base64
import contextlib
import io
import time
from typing import Any

import ipywidgets

from taller_lib.catalogue import CATALOGUE, COLIBRI
from taller_lib.config import INTEGERS, WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.experiment import train_run
from taller_lib.model_check import check_model, memory_sentence
from taller_lib.templates import render
from taller_lib.widgets._base import LiveWidget
from taller_lib.widgets.runs_table import RunsTable
from taller_lib.workspace import Workspace, open_workspace

FIELDS = {
    "num_train_epochs": "Épocas como máximo (1 a 20)",
    "early_stopping_patience": "Paciencia (1 a 20)",
    "max_length": "Piezas por texto (max_length)",
    "batch_size": "Lote (1 a 512)",
}
OTHER, HUB = "Otro: lo escribo abajo", "https://huggingface.co/"


class _Screen(ipywidgets.HTML):
    """Un lugar donde el entrenamiento muestra algo que cambia, como un `DisplayHandle` de IPython."""

    def update(self, content: Any) -> None:
        picture = base64.b64encode(content._repr_png_()).decode() if hasattr(content, "_repr_png_") else ""
        self.value = render("widgets/screen.html", picture=picture, line="" if picture else content.data)


class ModelPicker(LiveWidget):
    """El catálogo y cualquier otro modelo, con los ajustes del entrenamiento.

    Parameters
    ----------
    workspace : Workspace or path, optional
        De ahí sale la elección con que empieza, y ahí se guarda (`config.json`).
    """

    def __init__(self, workspace: Workspace | str | None = None) -> None:
        self.workspace, self.finished = open_workspace(workspace), 0.0
        saved = self.workspace.load_config()
        known = saved.model in CATALOGUE
        titles = [(f"{card.title} ({name})" if name != card.title else name, name) for name, card in CATALOGUE.items()]
        value = saved.model if known else OTHER
        self.model = ipywidgets.Dropdown(options=[*titles, (OTHER, OTHER)], value=value, description="Modelo")
        other = {"placeholder": "autor/modelo del Hub, o una carpeta", "continuous_update": False}
        self.other = ipywidgets.Text(value="" if known else saved.model, description="Otro modelo", **other)
        self.fields = {
            name: ipywidgets.BoundedIntText(min=INTEGERS[name][0], max=INTEGERS[name][1], description=title)
            for name, title in FIELDS.items()
        }
        self.rate = ipywidgets.Text(description="Tasa de aprendizaje", continuous_update=False)
        self.card, self.checked, self.log, self.results = (ipywidgets.HTML() for _ in range(4))
        self.progress, self.curve = _Screen(), _Screen()
        self.buttons = [
            self.button("Comprobar este modelo", self._check),
            self.button("Guardar la elección", self._save),
            self.button("Entrenar con esta elección", self.interruptible(self._train), "primary"),
        ]
        self.back = self.button("Volver a colibri", lambda: setattr(self.model, "value", COLIBRI))
        self.back.layout.display = "none"
        settings = [*self.fields.values(), self.rate, ipywidgets.HTML(render("widgets/settings.html"))]
        choosing = [self.model, self.other, self.card, *settings, ipywidgets.HBox([*self.buttons, self.back])]
        super().__init__("modelo", [*choosing, self.checked, self.log, self.progress, self.curve, self.results])
        self.model.observe(self.guarded(self._choose), "value")
        self.other.observe(self.guarded(self._type), "value")
        self._fill(saved.resolved())
        for field in (*self.fields.values(), self.rate):
            field.observe(self.guarded(self._show_card), "value")

    @property
    def name(self) -> str:
        """El modelo elegido: el de la lista, o el escrito."""
        return self.other.value.strip().removeprefix(HUB) if self.model.value == OTHER else self.model.value

    @property
    def config(self) -> WorkshopConfig:
        """La configuración con lo elegido; lo que es igual a lo recomendado queda en `None`."""
        if not self.name:
            raise TallerError("No hay modelo elegido: escribe su nombre en «Otro modelo» o elige uno de la lista.")
        chosen = {name: field.value for name, field in self.fields.items()}
        try:
            chosen["learning_rate"] = float(self.rate.value.replace(",", "."))
        except ValueError:
            message = f"La tasa de aprendizaje «{self.rate.value}» no es un número: escribe, por ejemplo, 0.00005."
            raise TallerError(message) from None
        return self.workspace.load_config().choose(self.name, **chosen)

    def _fill(self, config: WorkshopConfig) -> None:
        for name, field in self.fields.items():
            field.value = getattr(config, name)
        self.rate.value = f"{config.learning_rate:.10f}".rstrip("0")
        self._show_card()

    def _choose(self) -> None:
        self.back.layout.display = "none"
        if self.name:
            epochs = self.fields["num_train_epochs"].value
            self._fill(self.workspace.load_config().choose(self.name, num_train_epochs=epochs).resolved())
        else:
            self._show_card()

    def _type(self) -> None:
        if self.other.value.strip():
            self.model.value = OTHER
            self._choose()
            self._check()
        else:
            self._show_card()

    def _show_card(self) -> None:
        self.checked.value = ""
        card, length = CATALOGUE.get(self.name), self.fields["max_length"].value
        settings = WorkshopConfig(
            model=self.name or COLIBRI, max_length=length, batch_size=self.fields["batch_size"].value
        )
        memory = memory_sentence(settings, int(card.parameters * 1e6)) if card else ""
        self.card.value = render("widgets/card.html", card=card, name=self.name, memory=memory, length=length)

    def _check(self) -> None:
        self.checked.value = ""
        try:
            lines = check_model(self.config)
        except TallerError:
            self.back.layout.display = None
            raise
        self.checked.value = render("widgets/checked.html", lines=lines)

    def _save(self) -> None:
        path = self.workspace.save_config(self.config)
        unchecked = "" if self.checked.value else " Todavía no se ha comprobado."
        self.say(f"Guardado en {path}: modelo {self.name}.{unchecked}")

    def _train(self) -> None:
        if time.monotonic() - self.finished < 1:  # el segundo clic de un doble clic, que esperaba su turno
            return
        said = io.StringIO()
        try:
            for button in self.buttons:
                button.disabled = True
            self.log.value = self.progress.value = self.curve.value = ""
            self._check()
            self._save()
            self.say("Entrenando. Para detenerte y quedarte con la mejor época: Kernel → Interrumpir (Interrupt).")
            # un Output de ipywidgets se tragaría la interrupción y los errores
            with contextlib.redirect_stdout(said):
                run = train_run(self.config, self.workspace, self.progress, self.curve)
            self.results.value = RunsTable(self.workspace).static()
            self.say(f"Guardada la corrida {run.name}. Elige otro modelo y entrena otra vez: quedarán juntas.")
        finally:
            self.log.value = render("widgets/checked.html", lines=said.getvalue().splitlines())
            self.finished = time.monotonic()
            for button in self.buttons:
                button.disabled = False

    def static(self) -> str:
        """La elección guardada y la ficha de su modelo."""
        config = self.workspace.load_config().resolved()
        return render("widgets/choice.html", config=config, card=CATALOGUE.get(config.model))
