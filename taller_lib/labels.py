"""De las celdas de la columna de etiquetas a las clases del taller."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pandas as pd

from taller_lib.config import DEFAULT_CLASSES, MAX_CLASSES, MIN_CLASSES, WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.problems import Problem, counted, listed, shown, which_rows
from taller_lib.reading import clean

EMPTY_LABELS = {"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "-", "s/d"}
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
JOINED = re.compile(r"[;/,|]")
DECLARE = "declara las clases con `label_names` en config.json (o --label-names a,b,c)"


@dataclasses.dataclass
class Part:
    """Las filas de un archivo: `frame` tiene las columnas text, label y row."""

    split: str
    path: Path
    frame: pd.DataFrame

    @property
    def name(self) -> str:
        """Cómo se le llama en los mensajes: «train (datos.csv)»."""
        return f"{self.split} ({self.path.name})"


def fold(label: str) -> str:
    """La etiqueta sin mayúsculas ni acentos, para reconocer otra grafía de la misma clase."""
    letters = unicodedata.normalize("NFD", label.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def clean_labels(part: Part, config: WorkshopConfig) -> list[str]:
    """Limpia las etiquetas de blancos e invisibles, en su lugar; dice si eso unió etiquetas.

    Una celda como «nan» o «s/d» queda vacía, salvo que se haya declarado como clase.
    """
    declared = {clean(name): name for name in config.label_names or ()}
    before = part.frame["label"]
    after = before.map(clean)
    notes = []
    if after.nunique() < before.nunique():
        changed = int((after != before).sum())
        notes.append(
            f"En {part.name}, {counted(changed, 'etiqueta tenía', 'etiquetas tenían')} espacios o "
            "caracteres invisibles de más y se leyeron sin ellos."
        )
    part.frame["label"] = [
        declared.get(label, "" if label.casefold() in EMPTY_LABELS else label) for label in after
    ]
    return notes


def settle_classes(parts: list[Part], config: WorkshopConfig) -> tuple[list[str], list[Problem]]:
    """Los nombres de las clases, en orden, y los avisos; unifica grafías si eso no es adivinar.

    Raises
    ------
    TallerError
        Si las etiquetas no forman las clases que el taller espera.
    """
    _refuse_joined(parts, config)
    problems: list[Problem] = []
    if config.label_names is not None:
        names = list(config.label_names)
        _check_declared(parts, names)
    else:
        problems += _unify_spellings(parts)
        train = Counter(parts[0].frame["label"])
        if len(train) <= MAX_CLASSES:
            _refuse_unseen(parts)
        if len(train) != DEFAULT_CLASSES:
            _refuse_number(parts[0], train, config)
        names = sorted(train)
    if all(NUMBER.fullmatch(name) for name in names):
        quoted = listed(map(shown, names))
        problems += [
            Problem(
                "numeric_labels",
                f"Las etiquetas de {part.name} son números ({quoted}): se leen como nombres de "
                f"clase, tal como están escritas en {counted(len(part.frame), 'fila', 'filas')}.",
                part.frame["row"].tolist(),
                part.split,
            )
            for part in parts
        ]
    return names, problems


def _where(parts: list[Part], labels: set[str]) -> str:
    """«filas 2 y 5 de train (a.csv); fila 3 de test (b.csv)»."""
    places = []
    for part in parts:
        rows = part.frame.loc[part.frame["label"].isin(labels), "row"].tolist()
        if rows:
            places.append(f"{which_rows(rows)} de {part.name}")
    return "; ".join(places)


def _all_labels(parts: list[Part]) -> Counter[str]:
    return Counter(label for part in parts for label in part.frame["label"])


def _refuse_joined(parts: list[Part], config: WorkshopConfig) -> None:
    declared = set(config.label_names or ())
    labels = set(_all_labels(parts)) - declared
    known = {fold(label) for label in labels | declared if not JOINED.search(label)}
    joined = {
        label
        for label in labels
        if JOINED.search(label)
        and not NUMBER.fullmatch(label)
        and all(fold(piece.strip()) in known for piece in JOINED.split(label))
    }
    if joined:
        raise TallerError(
            f"Hay celdas con varias etiquetas, como {shown(min(joined))}: "
            f"{_where(parts, joined)}. Cada texto lleva una sola: elige una o quita esas filas."
        )


def _check_declared(parts: list[Part], names: list[str]) -> None:
    unknown = set(_all_labels(parts)) - set(names)
    if unknown:
        by_fold = {fold(name): name for name in names}
        meant = [
            f"{shown(label)}, ¿quisiste decir {shown(by_fold[fold(label)])}?"
            for label in sorted(unknown)
            if fold(label) in by_fold
        ]
        raise TallerError(
            f"Hay etiquetas que no están en `label_names` ({listed(map(shown, names))}): "
            f"{listed(map(shown, sorted(unknown)))}, en {_where(parts, unknown)}. "
            + "".join(f"{sentence} " for sentence in meant[:5])
            + "Corrígelas en el archivo o añádelas a `label_names`."
        )
    absent = [name for name in names if name not in set(parts[0].frame["label"])]
    if absent:
        raise TallerError(
            f"En {parts[0].name} no hay ningún texto de {listed(map(shown, absent))}, que "
            f"{'está declarada' if len(absent) == 1 else 'están declaradas'} en `label_names`: "
            "el modelo nunca podría aprenderla; añade ejemplos o quítala de `label_names`."
        )


def _unify_spellings(parts: list[Part]) -> list[Problem]:
    """Si hay grafías que solo difieren en mayúsculas o acentos, las une en la más frecuente."""
    groups: dict[str, Counter[str]] = {}
    for label, count in sorted(_all_labels(parts).items()):
        groups.setdefault(fold(label), Counter())[label] = count
    doubled = [spellings for spellings in groups.values() if len(spellings) > 1]
    if not doubled:
        return []
    in_train = {fold(label) for label in parts[0].frame["label"]}
    if len(groups) != DEFAULT_CLASSES or len(in_train) != DEFAULT_CLASSES:
        written = "; ".join(listed(map(shown, sorted(one)), 5) for one in doubled[:3])
        rare = {label for one in doubled for label in one if label != one.most_common(1)[0][0]}
        raise TallerError(
            f"Una misma clase parece escrita de varias formas: {written}, en "
            f"{_where(parts, rare)}. "
            f"Sin contar mayúsculas ni acentos hay {counted(len(groups), 'clase', 'clases')} y el "
            f"taller espera {DEFAULT_CLASSES}: deja una sola forma, o {DECLARE}."
        )
    target = {label: one.most_common(1)[0][0] for one in doubled for label in one}
    problems = []
    for part in parts:
        unified = part.frame["label"].map(lambda label: target.get(label, label))
        changed = part.frame["label"] != unified
        if changed.any():
            rows = part.frame.loc[changed, "row"].tolist()
            pairs = sorted(set(zip(part.frame["label"][changed], unified[changed], strict=True)))
            said = listed(f"{shown(old)} se lee como {shown(new)}" for old, new in pairs)
            problems.append(
                Problem(
                    "label_spelling",
                    f"En {part.name}, {counted(len(rows), 'etiqueta', 'etiquetas')} con otras "
                    f"mayúsculas o acentos: {said} ({which_rows(rows)}).",
                    rows,
                    part.split,
                )
            )
            part.frame["label"] = unified
    return problems


def _refuse_unseen(parts: list[Part]) -> None:
    unseen = set(_all_labels(parts)) - set(parts[0].frame["label"])
    if unseen:
        one = len(unseen) == 1
        raise TallerError(
            f"{'La clase' if one else 'Las clases'} {listed(map(shown, sorted(unseen)))}, en "
            f"{_where(parts, unseen)}, no {'está' if one else 'están'} en {parts[0].name}: "
            f"el modelo nunca podría {'predecirla' if one else 'predecirlas'}; añade ejemplos a "
            "train o corrige esas filas."
        )


def _refuse_number(train: Part, found: Counter[str], config: WorkshopConfig) -> None:
    counts = listed(f"{shown(name, 40)} ({count})" for name, count in found.most_common())
    what = (
        f"En {train.name} hay {counted(len(found), 'clase', 'clases')} y el taller espera "
        f"{DEFAULT_CLASSES}: {counts}."
    )
    texts = train.frame["text"].nunique()
    if len(found) > MAX_CLASSES:
        swapped = " ¿No estará intercambiada con la del texto?" if texts < len(found) else ""
        raise TallerError(
            f"{what} Parece que la columna {shown(config.label_column)} no tiene "
            f"etiquetas.{swapped} "
            "Elige otra con `label_column` en config.json (o --label-column)."
        )
    if len(found) < MIN_CLASSES:
        raise TallerError(
            f"{what} Con una sola no hay nada que aprender: añade textos de las otras."
        )
    raise TallerError(f"{what} Corrige las que sobren o falten; si son esas, {DECLARE}.")
