"""Todas las corridas de un espacio de trabajo en una tabla, lo que ocupan, y borrar las que sobran."""

from __future__ import annotations

import shutil

import pandas as pd

from taller_files.disk import folder_size
from taller_files.writing import StrPath
from taller_lib.errors import TallerError
from taller_lib.metrics import score_per_class
from taller_lib.runs import ENDS, RECORD, list_runs, load_run, saved_predictions
from taller_lib.workspace import Workspace, open_workspace


def overview(workspace: Workspace | StrPath | None = None) -> pd.DataFrame:
    """`list_runs`, y además el F1 de cada clase, la prueba y el disco.

    Returns
    -------
    DataFrame
        Las columnas de `list_runs`; `f1_<clase>` en validación; `test_macro_f1`, solo de las corridas que
        pasaron por su fase 5 (`NaN` en las demás); `looks`, cuántas veces se ha mirado su conjunto de
        prueba (evaluaciones y comparaciones de todas las corridas de esos datos), y `size_mb`.
    """
    workspace = open_workspace(workspace)
    table, rows = list_runs(workspace), {}
    for name in table.index:
        try:
            run = load_run(workspace.runs / name)
            answers = saved_predictions(run)
        except TallerError:  # le falta un archivo: la nombra `unfinished`
            continue
        f1 = score_per_class(answers["label"].tolist(), answers["prediction"].tolist(), run.label_names)["f1"]
        rows[name] = {
            **{f"f1_{label}": value for label, value in f1.items()},
            "test_macro_f1": run.record.get("test", {}).get("scores", {}).get("macro_f1"),
            "looks": run.record["test_evaluations"] + run.record.get("test_comparisons", 0),
            "size_mb": folder_size(run.path) / 1e6,
        }
    whole = table.join(pd.DataFrame.from_dict(rows, orient="index"), how="inner").rename_axis("run")
    if rows:
        whole["looks"] = whole.groupby("data")["looks"].transform("sum")
    return whole.astype({name: float for name in (*ENDS, "test_macro_f1") if name in whole})


def unfinished(workspace: Workspace, whole: pd.DataFrame) -> dict[str, float]:
    """Las carpetas de `runs/` que no salen en la tabla de `overview` (sin terminar o incompletas) y sus MB."""
    folders = [folder for folder in sorted(workspace.runs.glob("*/")) if (folder / RECORD).exists()]
    return {folder.name: folder_size(folder) / 1e6 for folder in folders if folder.name not in whole.index}


def delete_run(name: str, workspace: Workspace | StrPath | None = None) -> int:
    """Borra una corrida para siempre y devuelve los bytes que ocupaba.

    Raises
    ------
    TallerError
        Si `name` no es una corrida del espacio de trabajo o no se puede borrar.
    """
    runs = open_workspace(workspace).runs
    folder = runs / name
    if folder.parent != runs or not (folder / RECORD).is_file():
        raise TallerError(f"No hay una corrida «{name}» en {runs}: mira las que hay con taller.list_runs().")
    size = folder_size(folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise TallerError(f"No se pudo borrar {folder} ({error.strerror}): cierra lo que la tenga abierta.") from None
    return size
