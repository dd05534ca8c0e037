"""De los CSV a un `DatasetDict` con `text` y `label`, y qué hay de raro en los archivos."""

from __future__ import annotations

import os
import unicodedata

import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from sklearn.model_selection import train_test_split

from taller_lib.config import WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.file_kinds import locate
from taller_lib.labels import Part, clean_labels, settle_classes
from taller_lib.problems import DataReport, Problem, counted, listed, shown, which_rows
from taller_lib.reading import Table, clean, find_column, read_table
from taller_lib.text_checks import check_balance, check_copies, check_texts

SPLITS = ("train", "validation", "test")
SPLIT_SHARE = 0.15
ROWS_PER_SPLIT = 2
ROWS_TO_SPLIT = ROWS_PER_SPLIT * len(SPLITS)
FROM_TRAIN = "separado de train"
HEADER_LENGTH = 40

PathLike = str | os.PathLike[str]


def load_splits(
    train: PathLike,
    validation: PathLike | None = None,
    test: PathLike | None = None,
    config: WorkshopConfig | None = None,
) -> tuple[DatasetDict, DataReport]:
    """Lee los archivos y devuelve los tres splits y un informe de lo raro que había.

    Lo que falte se separa de train (15 % cada uno, estratificado con `config.split_seed`). Quedan
    fuera, y se dice: filas sin texto o sin etiqueta, textos con dos etiquetas, copias dentro de un
    archivo (queda la primera) y textos de train que están también en validation o test.

    Parameters
    ----------
    train, validation, test : str or PathLike
        Archivos .csv o .xlsx; nunca se modifican.
    config : WorkshopConfig, optional
        Columnas, clases y semilla del reparto.

    Returns
    -------
    DatasetDict
        ``train``, ``validation`` y ``test``, cada uno con ``text`` (`str`) y ``label``
        (`ClassLabel`).
    DataReport
        ``problems`` vacía si los archivos están limpios.

    Raises
    ------
    TallerError
        Si los datos no se pueden usar: una frase dice qué pasa, dónde y qué hacer.
    """
    config = config or WorkshopConfig()
    paths = {"train": train, "validation": validation, "test": test}
    notes: list[str] = []
    problems: list[Problem] = []
    parts = [
        _read(split, path, config, notes) for split, path in paths.items() if _given(split, path)
    ]
    _refuse_same_file(parts)
    sizes = {part.split: len(part.frame) for part in parts}
    for part in parts:
        notes += clean_labels(part, config)
        problems += _drop_empty(part)
    names, found = settle_classes(parts, config)
    problems += found
    for part in parts:
        problems += _drop_repeated(part)
    problems += _drop_shared(parts)
    _check_counts(parts, names, sizes)
    problems += check_balance(parts[0], names)
    for part in parts:
        problems += check_texts(part)
    frames = {part.split: part.frame for part in parts}
    frames = _split(frames, names, config.split_seed)
    files = dict.fromkeys(SPLITS, FROM_TRAIN) | {part.split: str(part.path) for part in parts}
    return _datasets(frames, names), DataReport(problems, _counts(frames, names), files, notes)


def text_key(text: str) -> str:
    """Lo que dos copias de un texto tienen en común: NFC, sin mayúsculas ni blancos de más."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _given(split: str, path: PathLike | None) -> bool:
    return split == "train" or path is not None


def _read(split: str, path: PathLike | None, config: WorkshopConfig, notes: list[str]) -> Part:
    file = locate(path)
    table = read_table(file)
    notes += table.notes
    try:
        text = find_column(table.columns, config.text_column, file, "text_column")
        label = find_column(table.columns, config.label_column, file, "label_column")
    except TallerError as error:
        if _seems_headless(table):
            raise TallerError(
                f"{error} Parece que el archivo no tiene encabezado: escribe los nombres de las "
                "columnas en la primera línea."
            ) from None
        raise
    frame = pd.DataFrame(
        {
            "text": table.frame.iloc[:, text].tolist(),
            "label": table.frame.iloc[:, label].tolist(),
            "row": table.rows,
        }
    )
    return Part(split, file, frame)


def _seems_headless(table: Table) -> bool:
    """Si el encabezado parece una fila más: largo, de números, o repetido en su columna."""
    return any(
        len(column) > HEADER_LENGTH
        or column.replace(".", "").replace(",", "").isdigit()
        or (column != "" and column in set(table.frame.iloc[:, place].map(clean)))
        for place, column in enumerate(table.columns)
    )


def _refuse_same_file(parts: list[Part]) -> None:
    for place, one in enumerate(parts):
        for other in parts[place + 1 :]:
            if one.path.samefile(other.path):
                raise TallerError(
                    f"{one.split} y {other.split} son el mismo archivo ({shown(one.path.name)}): "
                    f"da archivos distintos, o quita {other.split} para que se separe de train."
                )


def _drop(part: Part, out: pd.Series, kind: str, singular: str, plural: str) -> list[Problem]:
    """Deja fuera las filas marcadas y devuelve el aviso que lo dice."""
    if not out.any():
        return []
    rows = part.frame.loc[out, "row"].tolist()
    part.frame = part.frame[~out].reset_index(drop=True)
    left = "quedó" if len(rows) == 1 else "quedaron"
    message = (
        f"{counted(len(rows), singular, plural)} de {part.name} {left} fuera: {which_rows(rows)}."
    )
    return [Problem(kind, message, rows, part.split)]


def _drop_empty(part: Part) -> list[Problem]:
    blank = part.frame["text"].map(clean).eq("")
    problems = _drop(part, blank, "empty_text", "fila sin texto", "filas sin texto")
    problems += _drop(
        part, part.frame["label"].eq(""), "empty_label", "fila sin etiqueta", "filas sin etiqueta"
    )
    if part.frame.empty:
        raise TallerError(
            f"En {part.name} ninguna fila tiene texto y etiqueta: complétalas o elige otras "
            f"columnas "
            "con `text_column` y `label_column`."
        )
    return problems


def _drop_repeated(part: Part) -> list[Problem]:
    """Fuera los textos con dos etiquetas (todos) y las copias (queda la primera)."""
    keys = part.frame["text"].map(text_key)
    problems = check_copies(part, keys)
    several = part.frame["label"].groupby(keys).transform("nunique") > 1
    problems += _drop(
        part,
        several,
        "conflicting_labels",
        "fila con un texto que tiene dos etiquetas",
        "filas con textos que tienen dos etiquetas",
    )
    copies = part.frame["text"].map(text_key).duplicated()
    return problems + _drop(
        part, copies, "duplicate", "fila que copia otra", "filas que copian otra"
    )


def _drop_shared(parts: list[Part]) -> list[Problem]:
    """Fuera de train lo que está en validation o test; fuera de validation lo que está en test."""
    keys = {part.split: set(part.frame["text"].map(text_key)) for part in parts}
    problems = []
    for place, part in enumerate(parts):
        for other in reversed(parts[place + 1 :]):
            shared = part.frame["text"].map(text_key).isin(keys[other.split])
            problems += _drop(
                part,
                shared,
                f"shared_with_{other.split}",
                f"fila que está también en {other.name}",
                f"filas que están también en {other.name}",
            )
    return problems


def _check_counts(parts: list[Part], names: list[str], sizes: dict[str, int]) -> None:
    for part in parts:
        divided = part.split == "train" and len(parts) < len(SPLITS)
        needed = ROWS_TO_SPLIT if divided else ROWS_PER_SPLIT
        counts = part.frame["label"].value_counts().reindex(names, fill_value=0)
        few = [
            f"{shown(name)} tiene {count} (le {'falta' if needed - count == 1 else 'faltan'} "
            f"{needed - count})"
            for name, count in counts.items()
            if count < needed
        ]
        if few:
            out = sizes[part.split] - len(part.frame)
            left_out = (
                f" Ya no cuentan {counted(out, 'fila', 'filas')} que quedaron fuera (vacías, "
                f"copias, "
                "con dos etiquetas o presentes en otro archivo)."
                if out
                else ""
            )
            why = " para separar de ahí validation y test" if divided else ""
            raise TallerError(
                f"Hay muy pocos textos en {part.name}: cada clase necesita al menos "
                f"{needed}{why}, y "
                f"{listed(few)}.{left_out} Añade textos de esas clases."
            )


def _split(frames: dict[str, pd.DataFrame], names: list[str], seed: int) -> dict[str, pd.DataFrame]:
    """Separa de train lo que falte: de cada clase el 15 %, y nunca menos de dos textos."""
    rest = frames["train"]
    share = {
        name: max(ROWS_PER_SPLIT, round(SPLIT_SHARE * int((rest["label"] == name).sum())))
        for name in names
    }
    frames = dict(frames)
    for split in ("test", "validation"):
        if split in frames:
            continue
        taken: list[int] = []
        for name in names:
            places = rest.index[rest["label"] == name].to_list()
            taken += train_test_split(places, test_size=share[name], random_state=seed)[1]
        frames[split] = rest.loc[sorted(taken)]
        rest = rest.drop(index=taken)
    frames["train"] = rest
    return {split: frames[split] for split in SPLITS}


def _counts(frames: dict[str, pd.DataFrame], names: list[str]) -> pd.DataFrame:
    counts = {
        split: frame["label"].value_counts().reindex(names, fill_value=0)
        for split, frame in frames.items()
    }
    return pd.DataFrame(counts).T.rename_axis(index="split", columns="label").astype(int)


def _datasets(frames: dict[str, pd.DataFrame], names: list[str]) -> DatasetDict:
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    number = {name: place for place, name in enumerate(names)}
    return DatasetDict(
        {
            split: Dataset.from_dict(
                {
                    "text": frame["text"].tolist(),
                    "label": [number[label] for label in frame["label"]],
                },
                features=features,
            )
            for split, frame in frames.items()
        }
    )
