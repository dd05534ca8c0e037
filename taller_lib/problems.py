"""Lo raro que hay en los datos, dicho en español: `Problem`, `DataReport` y las palabras que "
"usan."""

from __future__ import annotations

import dataclasses
import html
import unicodedata
from collections.abc import Iterable, Sequence

import pandas as pd

ROWS_NAMED = 10
FEW_TEXTS = 300


def shown(value: object, limit: int = 60) -> str:
    """El valor entre «», cortado y con los caracteres de control o invisibles escritos como código.

    Parameters
    ----------
    value : object
        Lo que hay en los datos; se muestra su texto.
    limit : int
        Caracteres como máximo.
    """
    text = str(value)
    text = text if len(text) <= limit else text[:limit].rstrip() + "…"
    return "«" + "".join(map(_visible, text)) + "»"


def _visible(character: str) -> str:
    if character == " " or unicodedata.category(character)[0] not in "CZ":
        return character
    code = ord(character)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def listed(items: Iterable[str], limit: int = ROWS_NAMED) -> str:
    """Enumera en español: «a, b y c»; lo que pase de `limit` se cuenta («y 4 más»)."""
    names = list(items)
    if len(names) > limit:
        return f"{', '.join(names[:limit])} y {len(names) - limit} más"
    return " y ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def counted(n: int, singular: str, plural: str) -> str:
    """«1 fila», «3 filas»."""
    return f"{n} {singular if n == 1 else plural}"


def which_rows(rows: Sequence[int]) -> str:
    """«fila 3», «filas 3, 8 y 12», «filas 3, 8, … y 40 más»."""
    return f"{'fila' if len(rows) == 1 else 'filas'} {listed(map(str, rows))}"


@dataclasses.dataclass(frozen=True)
class Problem:
    """Algo raro en un archivo que no impide usarlo.

    Parameters
    ----------
    kind : str
        Identificador corto en inglés, por ejemplo ``"empty_text"``.
    message : str
        La frase que se le muestra a la persona.
    rows : list of int
        Filas como las numera una hoja de cálculo (el encabezado es la 1).
    split : str
        ``"train"``, ``"validation"`` o ``"test"``.
    """

    kind: str
    message: str
    rows: list[int] = dataclasses.field(default_factory=list)
    split: str = ""


@dataclasses.dataclass(frozen=True)
class DataReport:
    """Qué hay en los datos de un taller después de leerlos.

    Parameters
    ----------
    problems : list of Problem
        Vacía si todo está limpio.
    counts : DataFrame
        Textos de cada split (filas) y clase (columnas).
    files : dict
        De qué archivo sale cada split, o ``"separado de train"``.
    notes : list of str
        Cómo se leyeron los archivos, cuando no es lo más común.
    """

    problems: list[Problem]
    counts: pd.DataFrame
    files: dict[str, str]
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def hint(self) -> str:
        """Una sugerencia cuando hay pocos textos de entrenamiento; vacía si no hace falta."""
        if int(self.counts.loc["train"].to_numpy().sum()) >= FEW_TEXTS:
            return ""
        return f"Con menos de {FEW_TEXTS} textos etiquetados, suele ganarse poco sobre TF-IDF."

    def _headline(self) -> str:
        total = counted(int(self.counts.to_numpy().sum()), "texto", "textos")
        return f"Datos listos: {total} en {len(self.counts.columns)} clases."

    def _warnings(self) -> str:
        if not self.problems:
            return "Sin avisos: los archivos están limpios."
        return counted(len(self.problems), "aviso", "avisos") + ":"

    def __str__(self) -> str:
        counts = self.counts.rename(columns=lambda name: shown(name)[1:-1])
        lines = [self._headline(), counts.assign(total=counts.sum(axis=1)).to_string()]
        lines += [f"{split}: {source}" for split, source in self.files.items()]
        lines += [self._warnings()] + [f"• {problem.message}" for problem in self.problems]
        lines += [f"Nota: {note}" for note in self.notes]
        return "\n".join(lines + ([f"Sugerencia: {self.hint}"] if self.hint else []))

    def _repr_html_(self) -> str:
        def cells(tag: str, values: Iterable[object]) -> str:
            row = "".join(f"<{tag}>{html.escape(str(value))}</{tag}>" for value in values)
            return f"<tr>{row}</tr>"

        names = [shown(name)[1:-1] for name in self.counts.columns]
        body = [cells("th", ["split", *names, "total", "archivo"])]
        for split, values in zip(self.counts.index, self.counts.to_numpy().tolist(), strict=True):
            body.append(cells("td", [split, *values, sum(values), self.files[split]]))
        items = "".join(f"<li>{html.escape(problem.message)}</li>" for problem in self.problems)
        notes = "".join(f"<p>Nota: {html.escape(note)}</p>" for note in self.notes)
        hint = f"<p>Sugerencia: {html.escape(self.hint)}</p>" if self.hint else ""
        return (
            f"<div><p><b>{html.escape(self._headline())}</b></p><table>{''.join(body)}</table>"
            f"<p>{html.escape(self._warnings())}</p><ul>{items}</ul>{notes}{hint}</div>"
        )
