"""Clasificar textos nuevos con una corrida, del lote suelto al archivo de cualquier tamaño."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from taller_lib._files import write_csv
from taller_lib.errors import TallerError
from taller_lib.file_kinds import locate, locate_target
from taller_lib.prediction import predict_probabilities
from taller_lib.preprocessing import preprocess
from taller_lib.reading import RowReader, clean, find_column, open_rows
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

    def __init__(self, run: Run | str | os.PathLike[str], text_column: str = "texto") -> None:
        self.run = run if isinstance(run, Run) else load_run(run)
        self.text_column = text_column

    @property
    def new_columns(self) -> list[str]:
        """Nombres de las columnas que añade."""
        probabilities = [f"probabilidad_{name}" for name in self.run.label_names]
        return ["prediccion", "confianza", *probabilities, "dudoso"]

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        if self.text_column not in batch:
            raise TallerError(
                f"El lote no tiene la columna «{self.text_column}», solo {', '.join(batch)}: "
                "indica la del texto con text_column."
            )
        texts = [
            "" if text is None or text != text else str(text) for text in batch[self.text_column]
        ]
        return {**batch, **self.classify(texts)}

    def classify(self, texts: list[str]) -> dict[str, list[Any]]:
        """Las columnas nuevas de una lista de textos."""
        config, names = self.run.config, self.run.label_names
        filled = [place for place, text in enumerate(texts) if clean(text)]
        columns: dict[str, list[Any]] = {name: [""] * len(texts) for name in self.new_columns}
        columns["dudoso"] = ["sí"] * len(texts)
        if not filled:
            return columns
        encoded = self.run.tokenizer(
            [preprocess(texts[place], config.model) for place in filled],
            truncation=True,
            max_length=config.max_length,
        )
        encodings = [
            {key: values[row] for key, values in encoded.items()} for row in range(len(filled))
        ]
        probabilities = predict_probabilities(self.run.model, self.run.tokenizer, encodings)
        threshold = self.run.record["doubt_threshold"]
        for place, row in zip(filled, probabilities, strict=True):
            columns["prediccion"][place] = names[int(row.argmax())]
            columns["confianza"][place] = float(row.max())
            columns["dudoso"][place] = "sí" if row.max() < threshold else ""
            for number, name in enumerate(names):
                columns[f"probabilidad_{name}"][place] = float(row[number])
        return columns


def classify_csv(
    run: Run | str | os.PathLike[str],
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    text_column: str = "texto",
) -> Path:
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
    reader, path = open_rows(source), _target(target, source)
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


def _classified(
    reader: RowReader, place: int, classifier: BatchClassifier
) -> Iterator[list[object]]:
    yield [*reader.columns, *classifier.new_columns]
    for window in _windows(iter(reader)):
        new = classifier.classify([cells[place] for cells in window])
        for number, cells in enumerate(window):
            yield [*cells, *(new[name][number] for name in new)]


def _windows(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[list[str]]]:
    while window := [cells for _, cells in islice(rows, WINDOW)]:
        yield window


def _target(target: str | os.PathLike[str], source: str | os.PathLike[str]) -> Path:
    path = locate_target(target)
    if path.exists() and path.samefile(locate(source)):
        raise TallerError(
            f"El archivo de salida es el mismo que el de entrada ({path}): elige otro nombre; el tuyo no se toca."
        )
    return path


def _set_aside(path: Path) -> None:
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    try:
        if path.exists():
            path.rename(path.with_name(f"{path.stem}_anterior_{stamp}{path.suffix}"))
    except OSError:
        raise TallerError(
            f"No se pudo cambiar el nombre de {path}: ciérralo si está abierto, o elige otro archivo de salida."
        ) from None
