"""Los controles del taller: se ven y se tocan en Colab, JupyterLab y VS Code, y sin kernel queda su forma fija."""

from __future__ import annotations

from taller_lib.widgets.confusion_explorer import ConfusionExplorer as ConfusionExplorer
from taller_lib.widgets.model_picker import ModelPicker as ModelPicker
from taller_lib.widgets.runs_table import RunsTable as RunsTable
from taller_lib.widgets.text_probe import TextProbe as TextProbe
from taller_lib.widgets.token_explorer import TokenExplorer as TokenExplorer
