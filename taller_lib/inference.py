"""Clasificar textos nuevos con una corrida, del lote suelto al archivo de cualquier tamaño."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from taller_files.file_kinds import locate, locate_target
from taller_files.reading import RowReader, clean, find_column, open_rows
from taller_files.writing import StrPath, write_csv
from taller_lib.errors import TallerError
from taller_lib.prediction import predict_probabilities
from taller_lib.preprocessing import preprocess
from taller_lib.runs import Run, load_run

WINDOW = 5_000


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
    texto vacío queda sin predicción y dudoso.
    """

    def __init__(self, run: Run | StrPath, text_column: str = "texto") -> None:
        self.run = load_run(run)
        self.text_column = text_column

    @property
    def new_columns(self) -> list[str]:
        """Nombres de las columnas que añade."""
        probabilities = [f"probabilidad_{name}" for name in self.run.label_names]
        return ["prediccion", "confianza", *probabilities, "dudoso"]

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        if self.text_column not in batch:
            raise TallerError(
                f"El lote no tiene la columna «{self.text_column}», solo {', '.join(batch)}: indica la del texto con text_column."
            )
        column = batch[self.text_column]
        texts = ["" if text is None or text != text else str(text) for text in column]
        return {**batch, **self.classify(texts)}

    def classify(self, texts: list[str]) -> dict[str, list[Any]]:
        """Las columnas nuevas de una lista de textos."""
        run, config, names = self.run, self.run.config, self.run.label_names
        filled = {i: preprocess(text, config.model) for i, text in enumerate(texts) if clean(text)}
        columns: dict[str, list[Any]] = {name: [""] * len(texts) for name in self.new_columns}
        columns["dudoso"] = ["sí"] * len(texts)
        if not filled:
            return columns
        encoded = run.tokenizer([*filled.values()], truncation=True, max_length=config.max_length)
        encodings = [{key: values[row] for key, values in encoded.items()} for row in range(len(filled))]
        probabilities = predict_probabilities(run.model, run.tokenizer, encodings)
        for place, row in zip(filled, probabilities.tolist(), strict=True):
            doubt = "sí" if max(row) < run.record["doubt_threshold"] else ""
            cells = [names[row.index(max(row))], max(row), *row, doubt]
            for column, cell in zip(columns.values(), cells, strict=True):
                column[place] = cell
        return columns


def classify_csv(run: Run | StrPath, source: StrPath, target: StrPath, text_column: str = "texto") -> Path:
    """Clasifica cada fila de un archivo y escribe otro con las columnas originales y las nuevas.

    El archivo se recorre por ventanas, así que su tamaño no importa. La salida conserva el orden, las
    columnas y el separador de la entrada, en UTF-8 con BOM para que Excel la abra bien.

    Parameters
    ----------
    run : Run or path
    source : path
        CSV o .xlsx con los textos; nunca se modifica.
    target : path
        CSV de salida. Si ya existe, el anterior se conserva con la fecha en el nombre.
    text_column : str

    Returns
    -------
    Path
        El archivo escrito.

    Raises
    ------
    TallerError
        Si `source` no se puede leer, no tiene la columna, ya está clasificado o es el mismo `target`.
    """
    classifier = BatchClassifier(run, text_column)
    reader, path = open_rows(source), locate_target(target)
    if path.exists() and path.samefile(locate(source)):
        raise TallerError(
            f"El archivo de salida es el mismo que el de entrada ({path}): elige otro nombre; el tuyo no se toca."
        )
    place = find_column(reader.columns, text_column, source)
    repeated = [name for name in classifier.new_columns if name in reader.columns]
    if repeated:
        raise TallerError(
            f"{Path(source).name} ya tiene la columna «{repeated[0]}», que aquí se añadiría: "
            "cámbiale el nombre o quítala, y vuelve a clasificar."
        )
    if classifier.run.warning:
        print(classifier.run.warning, file=sys.stderr)

    _set_aside(path)
    return write_csv(path, _classified(reader, place, classifier), reader.separator or ",")


def _classified(reader: RowReader, place: int, classifier: BatchClassifier) -> Iterator[list[Any]]:
    yield [*reader.columns, *classifier.new_columns]
    rows = (cells for _, cells in reader)
    while window := list(islice(rows, WINDOW)):
        new = classifier.classify([cells[place] for cells in window])
        for cells, added in zip(window, zip(*new.values(), strict=True), strict=True):
            yield [*cells, *added]


def _set_aside(path: Path) -> None:
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    try:
        if path.exists():
            path.rename(path.with_name(f"{path.stem}_anterior_{stamp}{path.suffix}"))
    except OSError:
        raise TallerError(
            f"No se pudo cambiar el nombre de {path}: ciérralo si está abierto, o elige otro archivo de salida."
        ) from None
