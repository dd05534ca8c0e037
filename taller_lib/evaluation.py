"""Cómo le va a una corrida con textos que no ha visto."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd
from datasets import Dataset, DatasetDict

from taller_files.writing import save_figure, write_json
from taller_lib.baselines import Baseline, comparison_table
from taller_lib.errors import TallerError
from taller_lib.metrics import bounds, confusion, interval_table, score, score_per_class
from taller_lib.model_card import write_model_card
from taller_lib.plots import plot_confusion
from taller_lib.prediction import prediction_table, write_predictions
from taller_lib.runs import PREDICTED, Run, read_record, write_record
from taller_lib.tokenization import tokenize
from taller_lib.training import WorkshopTrainer

METRICS = "metrics.json"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Las predicciones de un conjunto y lo que se calcula de ellas.

    Attributes
    ----------
    table : DataFrame
        Una fila por texto, en su orden: `text`, `label`, `prediction`, `confidence` (de 0 a 1) y
        `probability_<clase>`.
    label_names : list of str
    """

    table: pd.DataFrame
    label_names: list[str]

    @property
    def entry(self) -> tuple[list[str], list[str]]:
        """El par (reales, predichas) que piden las métricas y `comparison_table`."""
        return self.table["label"].tolist(), self.table["prediction"].tolist()

    @property
    def scores(self) -> dict[str, float]:
        """`accuracy`, `balanced_accuracy`, `matthews_correlation`, `macro_f1`, `weighted_f1`."""
        return score(*self.entry, self.label_names)

    @property
    def per_class(self) -> pd.DataFrame:
        """`precision`, `recall`, `f1` y `support` de cada clase."""
        return score_per_class(*self.entry, self.label_names)

    @property
    def intervals(self) -> pd.DataFrame:
        """Cada métrica, general y por clase, con su intervalo de 95 % (`metrics.interval_table`)."""
        return interval_table(*self.entry, self.label_names)

    @property
    def confusion(self) -> pd.DataFrame:
        """Matriz de confusión: filas, la etiqueta real; columnas, la predicción."""
        return confusion(*self.entry, self.label_names)

    def errors(self, n: int = 10) -> pd.DataFrame:
        """Los `n` errores de los que el modelo estaba más seguro, con la probabilidad de la real."""
        wrong = self.table[self.table["label"] != self.table["prediction"]]
        wrong = wrong.sort_values("confidence", ascending=False, kind="stable").head(n)
        return wrong[["text", "label", "prediction", "confidence"]]


def evaluate(run_or_trainer: Run | WorkshopTrainer, dataset: Dataset) -> Evaluation:
    """Predice un conjunto y devuelve la tabla de predicciones con sus métricas.

    Parameters
    ----------
    run_or_trainer : Run or WorkshopTrainer
    dataset : Dataset
        Con `text` y `label`, tokenizado o no (si no, se tokeniza aquí como en el entrenamiento).

    Raises
    ------
    TallerError
        Si el conjunto está vacío o sus clases no son las de la corrida.
    """
    if isinstance(dataset, DatasetDict):
        raise TallerError('evaluate recibe una sola parte de los datos: por ejemplo, tokenized["test"].')
    if isinstance(run_or_trainer, Run):
        model, tokenizer = run_or_trainer.model, run_or_trainer.tokenizer
        names = run_or_trainer.label_names
    else:
        model, tokenizer = run_or_trainer.model, run_or_trainer.processing_class
        names = run_or_trainer.train_dataset.features["label"].names
    config = run_or_trainer.config
    if not len(dataset):
        raise TallerError("El conjunto que se quiere evaluar no tiene textos: revisa el archivo.")
    found = getattr(dataset.features.get("label"), "names", None)
    if found != names:
        raise TallerError(
            f"La corrida conoce las clases {names} y este conjunto tiene {found}: "
            "usa los datos con que se entrenó, o entrena otra corrida con estos."
        )
    if "input_ids" not in dataset.column_names:
        dataset = tokenize(DatasetDict(test=dataset), tokenizer, config)["test"]
    return Evaluation(prediction_table(model, tokenizer, dataset), list(names))


def save_evaluation(run: Run, evaluation: Evaluation, baselines: Sequence[Baseline] = ()) -> Run:
    """Guarda la evaluación de prueba en la carpeta de la corrida y cuenta que se miró una vez más.

    Escribe `predictions.csv`, `metrics.json` (sin redondear), la matriz de confusión y la ficha.

    Parameters
    ----------
    run : Run
    evaluation : Evaluation
        Del conjunto de prueba.
    baselines : sequence of Baseline
        Líneas base medidas en los mismos textos, para que la tabla de la corrida las lleve.

    Returns
    -------
    Run
        La misma corrida, con `test` y `test_evaluations` en su registro.
    """
    if evaluation.label_names != run.label_names:
        raise TallerError(
            f"La evaluación tiene las clases {evaluation.label_names} y la corrida {run.name} conoce {run.label_names}: "
            "guárdala en la corrida con que se hizo."
        )
    path = run.path
    entries: dict[str, Any] = {line.name: line.entry("test") for line in baselines}
    table = comparison_table({**entries, run.config.model: evaluation.entry}, run.label_names)
    times = read_record(path).get("test_evaluations", 0) + 1
    test = {
        "n": len(evaluation.table),
        "scores": evaluation.scores,
        "intervals": bounds(*evaluation.entry, evaluation.label_names),
        "per_class": _without_nan(evaluation.per_class),
        "confusion": evaluation.confusion.to_numpy().tolist(),
    }
    write_predictions(path / PREDICTED["test"], evaluation.table)
    write_json(path / METRICS, {"test": test, "test_evaluations": times})
    save_figure(plot_confusion(evaluation.confusion), path / "figures" / "confusion.png")
    record = write_record(
        path,
        test={name: test[name] for name in ("n", "scores", "intervals")},
        test_evaluations=times,
        comparison=_without_nan(table),
    )
    write_model_card(path, record)
    return Run(path, record)


def _without_nan(table: pd.DataFrame) -> dict[str, Any]:
    """La tabla como JSON estricto: lo indefinido es `null`."""
    records = table.astype(object).where(table.notna(), None).to_dict(orient="index")
    return {str(name): values for name, values in records.items()}
