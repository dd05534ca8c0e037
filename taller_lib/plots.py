"""Figuras estáticas, hechas solo de tablas y de `log_history`; cada función devuelve una `Figure`.

Las figuras no pasan por `pyplot`: nada queda abierto, y en un cuaderno cada una sale una sola vez.
Miden 7 pulgadas de ancho, de modo que se leen a 700 píxeles. Se entienden sin color: las celdas
llevan su número; las barras, trama; las líneas, su propio trazo y marca.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from taller_lib.errors import TallerError

WIDTH = 7.0
BLUE, ORANGE, GREEN, GREY = "#0173b2", "#de8f05", "#029e73", "#6b6b6b"  # «colorblind» de seaborn
COLORS, HATCHES, DASHES = (
    (BLUE, ORANGE, GREEN, GREY),
    ("", "///", "...", "xx"),
    ("-", "--", ":", "-."),
)


class _Picture(Figure):
    """Una figura que un cuaderno muestra aunque nadie haya abierto `pyplot`."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


def plot_confusion(confusion: pd.DataFrame, normalize: Literal["true"] | None = None) -> Figure:
    """La matriz de confusión, con los textos y el porcentaje de la fila en cada celda.

    Parameters
    ----------
    confusion : pandas.DataFrame
        La de `metrics.confusion`: filas reales, columnas predichas.
    normalize : {None, "true"}
        De qué depende el tono: de los textos o (``"true"``) del porcentaje de la fila.

    Raises
    ------
    TallerError
        Si la tabla está vacía o no es cuadrada, o si `normalize` es otra cosa.
    """
    if normalize not in (None, "true"):
        raise TallerError(f'`normalize` vale {normalize!r}: escribe None o "true".')
    counts = _rows(confusion).to_numpy(dtype=float)
    size = len(counts)
    if counts.shape[1] != size:
        raise TallerError(
            f"La matriz de confusión tiene {size} filas y {counts.shape[1]} columnas: pasa la de "
            "`metrics.confusion`."
        )
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    cells = [
        f"{count:.0f}\n" + (f"{100 * part:.0f} %" if total else "–")
        for count, part, total in zip(counts.flat, share.flat, np.repeat(totals, size), strict=True)
    ]
    figure, (axes,) = _figure(float(np.clip(1.8 + 0.75 * size, 3.8, 8.5)))
    sns.heatmap(
        share if normalize else counts,
        annot=np.reshape(cells, counts.shape),
        fmt="",
        cmap="Blues",
        vmin=0,
        vmax=1 if normalize else max(1, counts.max()),
        cbar=False,
        linewidths=0.5,
        linecolor="#b0b0b0",
        annot_kws={"fontsize": 12 if size <= 5 else 9 if size <= 10 else 7 if size <= 15 else 6},
        ax=axes,
    )
    for i in range(size):
        axes.add_patch(Rectangle((i, i), 1, 1, fill=False, edgecolor="black", linewidth=1.6))
    level = size <= 4
    font, lines = (10, 3) if size <= 6 else (9, 2) if size <= 10 else (8, 1)
    rows, columns = (
        _names(x, 14 if level else 22 if size <= 10 else 16, lines)
        for x in (confusion.index, confusion)
    )
    axes.set_yticks(np.arange(size) + 0.5, rows, fontsize=font, rotation=0)
    axes.set_xticks(np.arange(size) + 0.5, columns, fontsize=font, rotation=0 if level else 90)
    axes.set(xlabel="Predicción", ylabel="Real")
    _title(
        figure,
        f"Matriz de confusión de {_texts(counts.sum())}. Cada celda: textos y % de su clase real.\n"
        f"Más oscuro: {'mayor %' if normalize else 'más textos'}. Con marco: los aciertos",
    )
    return figure


def plot_training(
    log_history: Sequence[Mapping[str, Any]],
    best_epoch: int | None = None,
    baseline: float | None = None,
) -> Figure:
    """La pérdida y el macro F1 de cada época, con la mejor señalada.

    Parameters
    ----------
    log_history : list of dict
        `trainer.state.log_history`, de un entrenamiento terminado o en marcha.
    best_epoch : int, optional
        La época cuyo modelo se conserva. Sin ella, la primera con el macro F1 más alto.
    baseline : float, optional
        El macro F1 de una línea base en los mismos textos de validación.

    Raises
    ------
    TallerError
        Si `best_epoch` no está entre las épocas evaluadas.
    """
    train = _series(log_history, "loss")
    validation = _series(log_history, "eval_loss")
    f1 = {round(epoch): value for epoch, value in _series(log_history, "eval_macro_f1").items()}
    if best_epoch is not None and best_epoch not in f1:
        raise TallerError(
            f"La época {best_epoch} no está entre las evaluadas ({', '.join(map(str, f1))}): pasa "
            "el `log_history` del mismo entrenamiento."
        )
    figure, (left, right) = _figure(3.6, 2)
    _line(left, train, "o-", BLUE, "train")
    _line(left, validation, "s--", ORANGE, "validation")
    left.set(xlabel="Época", ylabel="Pérdida (loss)")
    right.set(xlabel="Época", ylabel="Macro F1 en validación")
    if f1:
        _line(right, f1, "s--", ORANGE)
        best = _best(f1) if best_epoch is None else best_epoch
        for axes in (left, right):
            axes.axvline(best, color=GREY, linestyle=":", linewidth=1.5, zorder=0)
        label = f"época {best}: {f1[best]:.3f}"
        right.plot(best, f1[best], "*", markersize=17, color=GREEN, mec="black", label=label)
    if baseline is not None:
        label = f"línea base: {baseline:.3f}"
        right.axhline(baseline, color="black", linestyle=(0, (6, 3)), label=label)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=8))
        axes.grid(alpha=0.3)
        axes.margins(y=0.12)
        if axes.lines:
            axes.legend(fontsize=9, framealpha=0.9)
        else:
            axes.set(xticks=[], yticks=[])
    _title(figure, _training_sentence(f1, best_epoch, baseline))
    return figure


def plot_class_counts(splits_counts: pd.DataFrame) -> Figure:
    """Cuántos textos de cada clase hay en cada conjunto.

    Parameters
    ----------
    splits_counts : pandas.DataFrame
        Una fila por conjunto (train, validation, test), una columna por clase.

    Raises
    ------
    TallerError
        Si la tabla está vacía.
    """
    counts = _rows(splits_counts).fillna(0)
    classes, splits = list(counts.columns), list(counts.index)
    room = float(np.clip(0.26 * len(classes) * len(splits), 1.4, 9.4))
    figure, (axes,) = _figure(1.6 + room)
    height = 0.84 / len(splits)
    for i, split in enumerate(splits):
        bars = axes.barh(
            np.arange(len(classes)) - 0.42 + height * (i + 0.5),
            counts.loc[split].to_numpy(dtype=float),
            height=height * 0.92,
            color=COLORS[i % len(COLORS)],
            hatch=HATCHES[i % len(HATCHES)],
            edgecolor="white",
            label=_plain(f"{split} ({_texts(counts.loc[split].sum())})"),
        )
        axes.bar_label(bars, fmt="{:.0f}", padding=3, fontsize=9 if len(classes) <= 10 else 7)
    lines = int(np.clip(room / len(classes) / 0.18, 1, 3))
    axes.set_yticks(np.arange(len(classes)), _names(classes, 22, lines))
    axes.invert_yaxis()
    axes.margins(x=0.1, y=0.02)
    axes.set(xlabel="Textos", ylabel="Clase")
    sns.despine(ax=axes)
    figure.legend(loc="outside lower center", ncols=min(3, len(splits)), fontsize=9, frameon=False)
    _title(figure, "Textos de cada clase en cada conjunto")
    return figure


def plot_lengths(
    lengths_by_split: Mapping[str, Sequence[int]], max_length: int | None = None
) -> Figure:
    """Cuántos tokens tienen los textos, y cuáles se cortan.

    Parameters
    ----------
    lengths_by_split : dict of str to list of int
        Los tokens de cada texto, por conjunto, contados sin cortar.
    max_length : int, optional
        Donde se corta. Un texto de `max_length` tokens justos queda entero.

    Raises
    ------
    TallerError
        Si no hay ningún texto.
    """
    lengths = {name: np.asarray(list(x)) for name, x in lengths_by_split.items() if len(x)}
    if not lengths:
        raise TallerError("No hay longitudes que dibujar: pasa los tokens de al menos un texto.")
    together = np.concatenate(list(lengths.values()))
    step = max(1, int(np.ceil((together.max() + 1) / 40)))
    bins = np.arange(0, together.max() + 2 * step, step).tolist()
    figure, (axes,) = _figure(3.8)
    for i, (name, values) in enumerate(lengths.items()):
        color, dash = COLORS[i % len(COLORS)], DASHES[i % len(DASHES)]
        share = np.full(len(values), 100 / len(values))
        label = _plain(f"{name} ({_texts(len(values))})")
        axes.hist(values, bins, weights=share, histtype="step", color=color, ls=dash, label=label)
    title = f"Tokens por texto: la mitad tiene {np.median(together):.0f} o menos"
    if max_length is not None:
        cut = int((together > max_length).sum())
        end = 1.05 * max(max_length, axes.get_xlim()[1])
        axes.axvline(max_length, color="black", linewidth=2, label=f"max_length = {max_length}")
        axes.axvspan(max_length, end, color="#999999", alpha=0.2, hatch="//", lw=0)
        axes.set_xlim(right=end)
        title = (
            f"Con max_length = {max_length} se corta el {100 * cut / len(together):.1f} % de los "
            f"textos ({cut} de {len(together)})"
        )
    axes.set(xlabel="Tokens por texto", ylabel="% de los textos del conjunto")
    axes.set_xlim(left=0)
    axes.legend(fontsize=9)
    sns.despine(ax=axes)
    _title(figure, title)
    return figure


def plot_comparison(table: pd.DataFrame) -> Figure:
    """El macro F1 de líneas base y corridas, en los mismos textos.

    Parameters
    ----------
    table : pandas.DataFrame
        La de `baselines.comparison_table`: una fila por nombre; `macro_f1` y, si está, `n`.

    Raises
    ------
    TallerError
        Si la tabla está vacía o no tiene `macro_f1`.
    """
    if "macro_f1" not in _rows(table):
        raise TallerError("A la tabla le falta `macro_f1`: pasa la de `comparison_table`.")
    values = table["macro_f1"].to_numpy(dtype=float)
    figure, (axes,) = _figure(float(np.clip(1.5 + 0.45 * len(table), 2.4, 10)))
    best = (values == values.max()) & (len(values) > 1)
    hatch = ["///" if first else "" for first in best]
    bars = axes.barh(range(len(values)), values, 0.65, color=BLUE, edgecolor="white", hatch=hatch)
    axes.bar_label(bars, fmt="{:.3f}", padding=4)
    axes.set_yticks(np.arange(len(values)), _names(table.index, 26, 2))
    axes.invert_yaxis()
    axes.set(xlabel="Macro F1 (de 0 a 1)", xlim=(0, 1.08), xticks=np.arange(0, 1.01, 0.2))
    sns.despine(ax=axes)
    same = "n" in table and table["n"].nunique() == 1
    where = f" en los mismos {_texts(table['n'].iloc[0])}" if same else ""
    _title(figure, f"Macro F1{where}{'. Con trama: el más alto' if best.any() else ''}")
    return figure


def _training_sentence(
    f1: Mapping[int, float], best_epoch: int | None, baseline: float | None
) -> str:
    """Qué época se conserva y por qué, y si supera a la línea base."""
    if not f1:
        return "Todavía no se ha evaluado ninguna época"
    top = _best(f1)
    best = top if best_epoch is None else best_epoch
    if f1[best] < f1[top]:
        sentence = (
            f"Se conserva la época {best}, con macro F1 {f1[best]:.3f} en validación (el más alto, "
            f"{f1[top]:.3f}, es el de la época {top})"
        )
    else:
        tied = sum(value == f1[best] for value in f1.values()) > 1
        sentence = (
            f"La mejor época es la {best}: su macro F1 en validación, {f1[best]:.3f}, es el más "
            f"alto{' (hay empate)' if tied else ''}"
        )
    if baseline is not None and f1[top] <= baseline:
        sentence += f". Ninguna época supera la línea base ({baseline:.3f})"
    return sentence


def _best(f1: Mapping[int, float]) -> int:
    """La primera época con el F1 más alto, que es la que `Trainer` conserva."""
    return max(f1, key=f1.__getitem__)


def _line(
    axes: Axes, values: Mapping[Any, float], style: str, color: str, label: str | None = None
) -> None:
    """Una serie por época; con muchos puntos, sin marcas."""
    if values:
        style = style if len(values) <= 40 else style[1:]
        axes.plot(list(values), list(values.values()), style, color=color, ms=5, label=label)


def _series(log_history: Sequence[Mapping[str, Any]], key: str) -> dict[float, float]:
    """Los valores de una clave por época; si una época se repite (al reanudar), el último."""
    found = {
        float(entry["epoch"]): float(entry[key])
        for entry in log_history
        if entry.get(key) is not None and entry.get("epoch") is not None
    }
    return dict(sorted(found.items()))


def _figure(height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    figure = _Picture(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def _title(figure: Figure, sentence: str) -> None:
    lines = [textwrap.fill(line, 78) for line in sentence.split("\n")]
    figure.suptitle("\n".join(lines), fontsize=11)


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame) or table.empty:
        raise TallerError("No hay nada que dibujar: la tabla está vacía.")
    return table


def _texts(amount: float) -> str:
    return "1 texto" if amount == 1 else f"{amount:.0f} textos"


def _names(names: Iterable[Any], width: int, lines: int) -> list[str]:
    """Nombres que caben en esas líneas; de uno más largo quedan el inicio y el final.

    Si al acortarlos dos quedan iguales, llevan delante su número de orden.
    """
    full = [" ".join(str(name).split()) for name in names]
    short = [_shorten(name, width, lines) for name in full]
    if len(set(short)) < len(set(full)):
        short = [_shorten(f"{i}. {name}", width, lines) for i, name in enumerate(full, start=1)]
    return [_plain(name) for name in short]


def _shorten(name: str, width: int, lines: int) -> str:
    keep = len(name)
    while len(wrapped := textwrap.wrap(name, width)) > lines:
        keep -= 1
        name = f"{name[: keep // 2].rstrip(' …')}…{name[-(keep // 2) :].lstrip(' …')}"
    return "\n".join(wrapped)


def _plain(text: str) -> str:
    """El texto tal cual: matplotlib leería fórmulas entre signos `$`."""
    return text.replace("$", r"\$")
