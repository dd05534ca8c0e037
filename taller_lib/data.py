"""De los CSV a un `DatasetDict` con `text` y `label`, y qué hay de raro en los archivos."""

from __future__ import annotations

import unicodedata
from itertools import combinations

import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from sklearn.model_selection import train_test_split

from taller_files.file_kinds import locate
from taller_files.problems import DataReport, Part, Problem, counted, listed, shown, which_rows
from taller_files.reading import Table, clean, find_column, read_table
from taller_files.text_checks import check_balance, check_copies, check_texts
from taller_files.writing import StrPath
from taller_lib.config import WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.labels import clean_labels, settle_classes

SPLITS = ("train", "validation", "test")
SPLIT_SHARE = 0.15
ROWS_PER_SPLIT = 2
ROWS_TO_SPLIT = ROWS_PER_SPLIT * len(SPLITS)
FROM_TRAIN = "separado de train"


def load_splits(
    train: StrPath,
    validation: StrPath | None = None,
    test: StrPath | None = None,
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
    given = {split: path for split, path in paths.items() if split == "train" or path is not None}
    parts = [_read(split, path, config, notes) for split, path in given.items()]
    for one, other in combinations(parts, 2):
        if one.path.samefile(other.path):
            what = f"{one.split} y {other.split} son el mismo archivo ({shown(one.path.name)})"
            advice = f"da archivos distintos, o quita {other.split} para que se separe de train"
            raise TallerError(f"{what}: {advice}.")
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
    frames = _split({part.split: part.frame for part in parts}, names, config.split_seed)
    counts = pd.DataFrame({split: frames[split]["label"].value_counts() for split in SPLITS})
    counts = counts.loc[names].T.rename_axis(index="split", columns="label")
    files = dict.fromkeys(SPLITS, FROM_TRAIN) | {part.split: str(part.path) for part in parts}
    return _datasets(frames, names), DataReport(problems, counts, files, notes)


def text_key(text: str) -> str:
    """Lo que dos copias de un texto tienen en común: NFC, sin mayúsculas ni blancos de más."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _read(split: str, path: StrPath | None, config: WorkshopConfig, notes: list[str]) -> Part:
    file = locate(path)
    table = read_table(file)
    notes += table.notes
    try:
        text = find_column(table.columns, config.text_column, file, "text_column")
        label = find_column(table.columns, config.label_column, file, "label_column")
    except TallerError as error:
        if not _seems_headless(table):
            raise
        advice = "Parece que no tiene encabezado: escribe los nombres de las columnas arriba."
        raise TallerError(f"{error} {advice}") from None
    cells = {"text": table.frame.iloc[:, text], "label": table.frame.iloc[:, label]}
    keys = cells["text"].map(text_key)
    return Part(split, file, pd.DataFrame(cells).assign(row=table.rows, key=keys))


def _seems_headless(table: Table) -> bool:
    """Si el encabezado parece una fila más: es un número, o se repite en su columna."""
    return any(
        column.isdigit() or (column != "" and column in set(table.frame.iloc[:, place].map(clean)))
        for place, column in enumerate(table.columns)
    )


def _drop(part: Part, out: pd.Series, kind: str, what: str) -> list[Problem]:
    """Deja fuera las filas marcadas y devuelve el aviso que lo dice."""
    rows = part.rows(out)
    if not rows:
        return []
    part.frame = part.frame[~out].reset_index(drop=True)
    left = f"{'quedó' if len(rows) == 1 else 'quedaron'} fuera: {which_rows(rows)}"
    message = f"{counted(len(rows), 'fila', 'filas')} {what} de {part.name} {left}."
    return [Problem(kind, message, rows, part.split)]


def _drop_empty(part: Part) -> list[Problem]:
    blank = part.frame["text"].map(clean).eq("")
    problems = _drop(part, blank, "empty_text", "sin texto")
    problems += _drop(part, part.frame["label"].eq(""), "empty_label", "sin etiqueta")
    if part.frame.empty:
        advice = "complétalas o elige otras columnas con `text_column` y `label_column`"
        raise TallerError(f"En {part.name} ninguna fila tiene texto y etiqueta: {advice}.")
    return problems


def _drop_repeated(part: Part) -> list[Problem]:
    """Fuera los textos con dos etiquetas (todos) y las copias (queda la primera)."""
    problems = list(check_copies(part))
    several = part.frame.groupby("key")["label"].transform("nunique") > 1
    problems += _drop(part, several, "conflicting_labels", "con un texto que tiene dos etiquetas")
    return problems + _drop(part, part.frame.duplicated("key"), "duplicate", "con el texto de otra")


def _drop_shared(parts: list[Part]) -> list[Problem]:
    """Fuera de train lo que está en validation o test; fuera de validation lo que está en test."""
    keys = {part.split: set(part.frame["key"]) for part in parts}
    problems = []
    for place, part in enumerate(parts):
        for other in reversed(parts[place + 1 :]):
            shared = part.frame["key"].isin(keys[other.split])
            what = f"en común con {other.name}"
            problems += _drop(part, shared, f"shared_with_{other.split}", what)
    return problems


def _check_counts(parts: list[Part], names: list[str], sizes: dict[str, int]) -> None:
    for part in parts:
        divided = part.split == "train" and len(parts) < len(SPLITS)
        needed = ROWS_TO_SPLIT if divided else ROWS_PER_SPLIT
        lacking = needed - part.frame["label"].value_counts().reindex(names, fill_value=0)
        few = [
            f"{shown(name)} tiene {needed - n} (le {'falta' if n == 1 else 'faltan'} {n})"
            for name, n in lacking[lacking > 0].items()
        ]
        if few:
            out = sizes[part.split] - len(part.frame)
            left = f"No cuentan {counted(out, 'fila', 'filas')} que quedaron fuera (vacías o repetidas). "
            why = " para separar de ahí validation y test" if divided else ""
            what = f"Hay muy pocos textos en {part.name}: cada clase necesita al menos {needed}{why}, y {listed(few)}"
            raise TallerError(f"{what}. {left if out else ''}Añade textos de esas clases.")


def _split(frames: dict[str, pd.DataFrame], names: list[str], seed: int) -> dict[str, pd.DataFrame]:
    """Separa de train lo que falte: de cada clase el 15 %, y nunca menos de dos textos."""
    rest = frames["train"]
    total = rest["label"].value_counts()
    for split in ("test", "validation"):
        if split in frames:
            continue
        taken: list[int] = []
        for name in names:
            share = max(ROWS_PER_SPLIT, round(SPLIT_SHARE * total[name]))
            places = rest.index[rest["label"] == name].to_list()
            taken += train_test_split(places, test_size=share, random_state=seed)[1]
        frames[split] = rest.loc[sorted(taken)]
        rest = rest.drop(index=taken)
    return {**frames, "train": rest}


def _datasets(frames: dict[str, pd.DataFrame], names: list[str]) -> DatasetDict:
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    cells = {split: frames[split][["text", "label"]].to_dict("list") for split in SPLITS}
    return DatasetDict({s: Dataset.from_dict(one, features) for s, one in cells.items()})
