"""Clasificar textos nuevos con una corrida, del lote suelto al archivo de cualquier tamaño."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taller_files.big_tables import digest
from taller_files.mapping import WINDOW, map_column
from taller_files.progress import say
from taller_files.reading import clean
from taller_files.writing import StrPath
from taller_lib.errors import TallerError
from taller_lib.prediction import predict_probabilities
from taller_lib.preprocessing import preprocess
from taller_lib.runs import Run, load_run

TOKENIZED_AT_ONCE = 1_000


class BatchClassifier:
    """Clasifica un lote: recibe un diccionario de columnas y devuelve el mismo con las nuevas.

    Se puede enviar a otro proceso (pickle) y carga el modelo una sola vez en cada uno, así que
    sirve tal cual a `Dataset.map(batched=True)` o a `map_batches` de Ray Data.

    Parameters
    ----------
    run : Run or path
    text_column : str
        Columna del texto.

    Notes
    -----
    Las columnas nuevas son `prediccion`, `confianza`, una `probabilidad_<clase>` por clase (de 0 a 1)
    y `dudoso`: «sí» cuando la confianza está por debajo del percentil 20 de la de validación. Un
    texto vacío queda sin predicción (`None`) y dudoso.
    """

    def __init__(self, run: Run | StrPath, text_column: str = "texto") -> None:
        self.run = load_run(run)
        self.text_column = text_column

    @property
    def new_columns(self) -> list[str]:
        """Nombres de las columnas que añade."""
        probabilities = [f"probabilidad_{name}" for name in self.run.label_names]
        return ["prediccion", "confianza", *probabilities, "dudoso"]

    @property
    def identity(self) -> str:
        """La huella de lo que decide las predicciones: los pesos, la configuración y el umbral de duda."""
        decided = [self.run.record[name] for name in ("config", "label_names", "doubt_threshold")]
        return digest(self.run.path / "model.safetensors") + json.dumps(decided)

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        if self.text_column not in batch:
            raise TallerError(
                f"El lote no tiene la columna «{self.text_column}», solo {', '.join(batch)}: indica la del texto con text_column."
            )
        column = batch[self.text_column]
        return {**batch, **self.classify(column)}

    def classify(self, texts: Sequence[Any]) -> dict[str, list[Any]]:
        """Las columnas nuevas de una lista de textos; `None` y NaN son textos vacíos."""
        texts = ["" if text is None or text != text else str(text) for text in texts]
        run, config, names = self.run, self.run.config, self.run.label_names
        filled = {i: preprocess(text, config.model) for i, text in enumerate(texts) if clean(text)}
        columns: dict[str, list[Any]] = {name: [None] * len(texts) for name in self.new_columns}
        columns["dudoso"] = ["sí"] * len(texts)
        if not filled:
            return columns
        once = [*dict.fromkeys(filled.values())]  # un texto repetido se lee una vez
        encodings: list[dict[str, list[int]]] = []
        for start in range(0, len(once), TOKENIZED_AT_ONCE):  # lo que el tokenizador guarda de cada texto pesa mucho
            some = once[start : start + TOKENIZED_AT_ONCE]
            encoded = run.tokenizer(some, truncation=True, max_length=config.max_length)
            encodings += [dict(zip(encoded, cells, strict=True)) for cells in zip(*encoded.values(), strict=True)]
        rows = dict(zip(once, predict_probabilities(run.model, run.tokenizer, encodings).tolist(), strict=True))
        for place, text in filled.items():
            row = rows[text]
            doubt = "sí" if max(row) < run.record["doubt_threshold"] else ""
            cells = [names[row.index(max(row))], max(row), *row, doubt]
            for column, cell in zip(columns.values(), cells, strict=True):
                column[place] = cell
        return columns


def classify_csv(
    run: Run | StrPath,
    source: StrPath,
    target: StrPath,
    text_column: str = "texto",
    window: int = WINDOW,
    resume: bool = False,
) -> Path:
    """Clasifica cada fila de un archivo y escribe otro con las columnas originales y las nuevas.

    El archivo se recorre por ventanas, así que su tamaño no importa. La salida conserva el orden y las
    columnas de la entrada; un CSV conserva además su separador y va en UTF-8 con BOM para que Excel lo
    abra bien. Si se interrumpe, repetir la llamada sigue desde la última ventana terminada.

    Parameters
    ----------
    run : Run or path
    source : path
        CSV, .csv.gz, Parquet o .xlsx con los textos; nunca se modifica.
    target : path
        Salida: .csv, .csv.gz o .parquet. Si ya existe, el anterior se conserva con la fecha en el nombre.
    text_column : str
    window : int
        Filas que se clasifican juntas, ordenadas por largo. No cambia las predicciones.
    resume : bool
        Si `target` es un Parquet que esta corrida ya terminó de clasificar, no se hace nada; si es de otra, se dice.

    Returns
    -------
    Path
        El archivo escrito.

    Raises
    ------
    TallerError
        Si `source` no se puede leer, no tiene la columna, ya está clasificado o es el mismo `target`;
        si el disco se llena, si una ventana no cabe en la memoria o si hay más procesos que filas.
    """
    classifier = BatchClassifier(run, text_column)
    if classifier.run.warning:
        say(classifier.run.warning)
    types = ["string", *["double"] * (1 + len(classifier.run.label_names)), "string"]
    new_columns = dict(zip(classifier.new_columns, types, strict=True))
    identity = {"la corrida": classifier.identity}
    return map_column(source, target, text_column, classifier.classify, new_columns, identity, window, resume)
