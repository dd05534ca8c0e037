"""El informe de una corrida: una página HTML que se basta sola, hecha solo de lo que la corrida guardó."""

from __future__ import annotations

import base64
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from taller_files.problems import counted
from taller_files.writing import StrPath, write_text
from taller_lib.evaluation import Evaluation
from taller_lib.metrics import readable, shown_score
from taller_lib.model_card import METRICS, score_rows
from taller_lib.runs import PREDICTED, Run, load_run, saved_predictions
from taller_lib.templates import render


def write_report(run: Run | StrPath) -> Path:
    """Escribe `informe.html` en la carpeta de la corrida y devuelve su ruta.

    Lleva los datos, el modelo, la curva, las métricas con sus intervalos, las líneas base, la matriz de
    confusión, los errores de los que el modelo estaba más seguro, los límites y un párrafo de método.
    Sin evaluación de prueba, lo dice y muestra solo validación.

    Raises
    ------
    TallerError
        Si la corrida no existe o no terminó.
    """
    run = load_run(run)
    names = {**METRICS, "n": "textos"}
    page = render(
        "report.html",
        run=run,
        record=run.record,
        test=run.record.get("test"),
        config=run.config,
        method=method_paragraph(run),
        scores=score_rows(run.record),
        baselines=readable(run.comparison.dropna(axis=1, how="all")).rename(columns=names),
        errors=_errors(run),
        figures={name: _picture(run.path / "figures" / name) for name in ("training.png", "confusion.png")},
    )
    return write_text(run.path / "informe.html", page)


def method_paragraph(run: Run) -> str:
    """Un párrafo de método en español, listo para un artículo, con los números de la corrida."""
    record, config = run.record, run.config
    versions = record["versions"]
    said = (
        f"Se ajustó el modelo {config.model} para clasificar textos en {len(run.label_names)} clases "
        f"({', '.join(run.label_names)}) con taller_lib {versions['taller-lib']} y transformers "
        f"{versions['transformers']}. Se entrenó con {record['rows']['train']} textos (tasa de aprendizaje "
        f"{config.learning_rate:g}, lote de {config.batch_size}, {config.max_length} tokens como máximo, semilla "
        f"aleatoria {config.seed}) durante {record['epochs']} épocas, de {config.num_train_epochs} como máximo, con "
        f"detención temprana; se conservó la época {record['best_epoch']}, la de mejor macro F1 en "
        f"{record['rows']['validation']} textos de validación. "
    )
    test = record.get("test")
    if not test:
        return f"{said}No se ha evaluado con textos de prueba."
    shown = {name: shown_score(name, test["scores"], test["intervals"]) for name in METRICS}
    said += (
        f"En {test['n']} textos de prueba que no intervinieron en ninguna decisión (evaluados "
        f"{counted(record['test_evaluations'], 'vez', 'veces')}), el macro F1 fue {shown['macro_f1']}, la exactitud "
        f"balanceada {shown['balanced_accuracy']}, la exactitud {shown['accuracy']} y la correlación de Matthews "
        f"{shown['matthews_correlation']} (entre corchetes, intervalo BCa de 95 % con 10,000 remuestras de los textos)."
    )
    others = readable(run.comparison)["macro_f1"].drop(config.model, errors="ignore")
    if len(others):
        lines = [f"{name}, {value}" for name, value in others.items()]
        said += f" Líneas base en los mismos textos (macro F1): {'; '.join(lines)}."
    return said


def _errors(run: Run) -> list[dict[Hashable, Any]]:
    if not (run.path / PREDICTED["test"]).is_file():
        return []
    return Evaluation(saved_predictions(run, "test"), run.label_names).errors().to_dict(orient="records")


def _picture(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode() if path.is_file() else ""
