"""De las celdas de la columna de etiquetas a las clases del taller."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from taller_files.problems import Part, Problem, counted, listed, shown, which_rows
from taller_files.reading import clean
from taller_files.search import fold
from taller_lib.config import DEFAULT_CLASSES, MAX_CLASSES, MIN_CLASSES, WorkshopConfig
from taller_lib.errors import TallerError

EMPTY_LABELS = {"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "-", "s/d"}
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
JOINED = re.compile(r"[;/,|]")
CHOOSE_COLUMN = "Elige otra con `label_column` en config.json (o --label-column)"
DECLARE = "declara las clases con `label_names` en config.json (o --label-names a,b,c)"


def clean_labels(part: Part, config: WorkshopConfig) -> list[str]:
    """Limpia las etiquetas de blancos e invisibles, en su lugar; dice si eso unió etiquetas.

    Una celda como «nan» o «s/d» queda vacía, salvo que se haya declarado como clase.
    """
    before = part.frame["label"]
    after = before.map(clean)
    empty = {label: "" for label in after if label.casefold() in EMPTY_LABELS}
    known = empty | {clean(name): name for name in config.label_names or ()}
    part.frame["label"] = [known.get(label, label) for label in after]
    if after.nunique() == before.nunique():
        return []
    changed = counted(int((after != before).sum()), "etiqueta tenía", "etiquetas tenían")
    odd = "espacios o caracteres invisibles de más"
    return [f"En {part.name}, {changed} {odd} y se leyeron sin ellos."]


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
    if all(map(NUMBER.fullmatch, names)):
        said = f"son números ({_quoted(names)}): se leen como nombres de clase, tal como están escritas en"
        for part in parts:
            rows = part.frame["row"].tolist()
            message = f"Las etiquetas de {part.name} {said} {counted(len(rows), 'fila', 'filas')}."
            problems.append(Problem("numeric_labels", message, rows, part.split))
    return names, problems


def _quoted(labels: Iterable[str]) -> str:
    return listed(map(shown, sorted(labels)))


def _where(parts: list[Part], labels: set[str]) -> str:
    """«filas 2 y 5 de train (a.csv); fila 3 de test (b.csv)»."""
    places = [(part, part.rows(part.frame["label"].isin(labels))) for part in parts]
    return "; ".join(f"{which_rows(rows)} de {part.name}" for part, rows in places if rows)


def _expected(n: int) -> str:
    """«2 clases y el taller espera 3»."""
    return f"{counted(n, 'clase', 'clases')} y el taller espera {DEFAULT_CLASSES}"


def _all_labels(parts: list[Part]) -> Counter[str]:
    return Counter(label for part in parts for label in part.frame["label"])


def _refuse_joined(parts: list[Part], config: WorkshopConfig) -> None:
    declared = set(config.label_names or ())
    labels = set(_all_labels(parts)) - declared
    suspect = {label for label in labels if JOINED.search(label) and not NUMBER.fullmatch(label)}
    known = set(map(fold, labels - suspect | declared))
    pieces = {label: {fold(piece.strip()) for piece in JOINED.split(label)} for label in suspect}
    if joined := {label for label, found in pieces.items() if found <= known}:
        example = f"como {shown(min(joined))}: {_where(parts, joined)}"
        what = f"Hay celdas con varias etiquetas, {example}"
        raise TallerError(f"{what}. Cada texto lleva una sola: elige una o quita esas filas.")


def _check_declared(parts: list[Part], names: list[str]) -> None:
    if unknown := set(_all_labels(parts)) - set(names):
        by_fold = {fold(name): name for name in names}
        meant = {shown(by_fold[fold(label)]) for label in unknown if fold(label) in by_fold}
        question = f" (¿quisiste decir {listed(sorted(meant))}?)" if meant else ""
        found = f"{_quoted(unknown)}{question}, en {_where(parts, unknown)}"
        what = f"Hay etiquetas que no están en `label_names` ({_quoted(names)}): {found}"
        raise TallerError(f"{what}. Corrígelas en el archivo o añádelas a `label_names`.")
    if absent := set(names) - set(parts[0].frame["label"]):
        what = f"En {parts[0].name} no hay ningún texto de {_quoted(absent)} y el modelo no podría aprender esa clase"
        raise TallerError(f"{what}: añade ejemplos o quítala de `label_names`.")


def _unify_spellings(parts: list[Part]) -> list[Problem]:
    """Si hay grafías que solo difieren en mayúsculas o acentos, las une en la más frecuente."""
    groups: dict[str, Counter[str]] = {}
    for label, count in sorted(_all_labels(parts).items()):
        groups.setdefault(fold(label), Counter())[label] = count
    target = {label: one.most_common(1)[0][0] for one in groups.values() for label in one}
    rare = {label for label, usual in target.items() if label != usual}
    if rare and len(groups) != DEFAULT_CLASSES:
        forms = f"{_quoted(rare | {target[label] for label in rare})}, en {_where(parts, rare)}"
        what = f"Una misma clase parece escrita de varias formas: {forms}"
        alike = f"Sin contar mayúsculas ni acentos hay {_expected(len(groups))}"
        raise TallerError(f"{what}. {alike}: deja una sola forma, o {DECLARE}.")
    problems = []
    for part in parts:
        labels = part.frame["label"]
        if found := sorted(rare & set(labels)):
            rows = part.rows(labels.isin(rare))
            said = listed(f"{shown(label)} se lee como {shown(target[label])}" for label in found)
            odd = f"{counted(len(rows), 'etiqueta', 'etiquetas')} con otras mayúsculas o acentos"
            what = f"{odd}: {said} ({which_rows(rows)})"
            problems.append(part.problem("label_spelling", rows, what))
            part.frame["label"] = labels.map(target)
    return problems


def _refuse_unseen(parts: list[Part]) -> None:
    if unseen := set(_all_labels(parts)) - set(parts[0].frame["label"]):
        s, n = ("s", "n") if len(unseen) > 1 else ("", "")
        what = f"La{s} clase{s} {_quoted(unseen)}, en {_where(parts, unseen)}, no tiene{n} textos en {parts[0].name}"
        advice = f"el modelo nunca podría predecirla{s}; añade ejemplos o corrige esas filas"
        raise TallerError(f"{what}: {advice}.")


def _refuse_number(train: Part, found: Counter[str], config: WorkshopConfig) -> None:
    counts = listed(f"{shown(name, 40)} ({count})" for name, count in found.most_common())
    advice = f"Corrige las que sobren o falten; si son esas, {DECLARE}."
    if len(found) > MAX_CLASSES:
        column = shown(config.label_column)
        advice = f"¿La columna {column} no tiene etiquetas, o está intercambiada con la del texto? {CHOOSE_COLUMN}."
    elif len(found) < MIN_CLASSES:
        advice = "Con una sola no hay nada que aprender: añade textos de las otras."
    raise TallerError(f"En {train.name} hay {_expected(len(found))}: {counts}. {advice}")
