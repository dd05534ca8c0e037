"""Lo raro que hay en los datos, dicho en español: `Problem`, `DataReport` y las palabras que usan."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

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
    code = ord(character)
    if character.isprintable():
        return character
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


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


@dataclasses.dataclass
class Part:
    """Las filas de un archivo: `frame` tiene las columnas text, label, row y key (la de `text_key`)."""

    split: str
    path: Path
    frame: pd.DataFrame

    @property
    def name(self) -> str:
        """Cómo se le llama en los mensajes: «train (datos.csv)»."""
        return f"{self.split} ({self.path.name})"

    def rows(self, marked: pd.Series) -> list[int]:
        """Los números de las filas marcadas."""
        return self.frame.loc[marked, "row"].tolist()

    def problem(self, kind: str, rows: list[int], what: str) -> Problem:
        """El aviso «En train (datos.csv), …»."""
        return Problem(kind, f"En {self.name}, {what}.", rows, self.split)


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

    def _sections(self) -> tuple[str, pd.DataFrame, list[str]]:
        """El título, la tabla de cuentas y las líneas que la siguen."""
        total = counted(int(self.counts.to_numpy().sum()), "texto", "textos")
        table = self.counts.rename(columns=lambda name: shown(name)[1:-1])
        table = pd.concat([table, table.sum(axis=1).rename("total")], axis=1)
        table = table.rename_axis(index=None, columns=None)
        lines = [f"{split}: {source}" for split, source in self.files.items()]
        found = counted(len(self.problems), "aviso", "avisos") + ":"
        lines.append(found if self.problems else "Sin avisos: los archivos están limpios.")
        lines += [f"• {problem.message}" for problem in self.problems]
        lines += [f"Nota: {note}" for note in self.notes]
        lines += [f"Sugerencia: {self.hint}"] if self.hint else []
        return f"Datos listos: {total} en {len(self.counts.columns)} clases.", table, lines

    def __str__(self) -> str:
        headline, table, lines = self._sections()
        return "\n".join([headline, table.to_string(), *lines])

    def _repr_html_(self) -> str:
        headline, table, lines = self._sections()
        body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        return f"<div><p><b>{headline}</b></p>{table.to_html(border=0)}{body}</div>"
