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
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from taller_files.problems import counted
from taller_lib.errors import TallerError

WIDTH = 7.0
BLUE, ORANGE, GREEN, GREY = "#0173b2", "#de8f05", "#029e73", "#6b6b6b"  # «colorblind» de seaborn
COLORS = (BLUE, ORANGE, GREEN, GREY)
HATCHES, DASHES = ("", "///", "...", "xx"), ("-", "--", ":", "-.")
History = Sequence[Mapping[str, Any]]


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
    """
    size = len(confusion)
    share = confusion.div(confusion.sum(axis=1), axis=0)
    percent = (100 * share).map("{:.0f} %".format).replace("nan %", "–")
    level = size <= 4
    width, lines = 14 if level else 20, max(1, min(3, 20 // size))
    rows, columns = (_names(names, width, lines) for names in (confusion.index, confusion))
    figure, (axes,) = _figure(min(2.6 + 0.6 * size, 8.5))
    tones = (share if normalize else confusion).fillna(0).to_numpy(dtype=float)
    font = {"fontsize": max(6, min(12, 90 / size))}
    cells = {"annot": confusion.map("{:.0f}\n".format) + percent, "fmt": "", "annot_kws": font}
    grid = {"cmap": "Blues", "cbar": False, "linewidths": 0.5, "linecolor": "#b0b0b0"}
    ticks = {"xticklabels": columns, "yticklabels": rows}
    sns.heatmap(tones, vmin=0, vmax=1 if normalize else None, ax=axes, **cells, **grid, **ticks)
    for i in range(size):
        axes.add_patch(Rectangle((i, i), 1, 1, fill=False, edgecolor="black", linewidth=1.6))
    axes.tick_params(labelsize=10 if size <= 6 else 8, labelrotation=0)
    axes.tick_params("x", labelrotation=0 if level else 90)
    axes.set(xlabel="Predicción", ylabel="Real")
    total = counted(int(confusion.to_numpy().sum()), "texto", "textos")
    tone = "mayor %" if normalize else "más textos"
    content = f"Matriz de confusión de {total}. Cada celda: textos y % de su clase real."
    figure.suptitle(f"{content}\nMás oscuro: {tone}. Con marco: los aciertos", fontsize=11)
    return figure


def plot_training(log_history: History, best_epoch: int | None = None, baseline: float | None = None) -> Figure:
    """La pérdida y el macro F1 de cada época, con la mejor señalada.

    Parameters
    ----------
    log_history : list of dict
        `trainer.state.log_history`, de un entrenamiento terminado o en marcha.
    best_epoch : int, optional
        La época cuyo modelo se conserva. Sin ella, la primera con el macro F1 más alto.
    baseline : float, optional
        El macro F1 de una línea base en los mismos textos de validación.
    """
    f1 = _series(log_history, "eval_macro_f1")
    f1.index = [round(epoch) for epoch in f1.index]
    figure, (left, right) = _figure(3.6, 2)
    left.plot(_series(log_history, "loss"), "o-", color=BLUE, ms=5, label="train")
    left.plot(_series(log_history, "eval_loss"), "s--", color=ORANGE, ms=5, label="validation")
    left.set(xlabel="Época", ylabel="Pérdida (loss)")
    left.legend(fontsize=9)
    right.plot(f1, "s--", color=ORANGE, ms=5)
    right.set(xlabel="Época", ylabel="Macro F1 en validación")
    title = "Todavía no se ha evaluado ninguna época"
    if len(f1):
        top = f1.index[int(f1.argmax())]
        best = top if best_epoch is None else best_epoch
        title = _training_sentence(f1, top, best)
        label = f"época {best}: {f1[best]:.3f}"
        right.plot(best, f1[best], "*", markersize=17, color=GREEN, mec="black", label=label)
        if baseline is not None:
            right.axhline(baseline, color="black", linestyle=(0, (6, 3)), label=f"línea base: {baseline:.3f}")
            if f1[top] <= baseline:
                title += f". Ninguna época supera la línea base ({baseline:.3f})"
        right.legend(fontsize=9)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=8))
        axes.grid(alpha=0.3)
        axes.margins(y=0.12)
    return _titled(figure, title)


def plot_class_counts(splits_counts: pd.DataFrame) -> Figure:
    """Cuántos textos de cada clase hay en cada conjunto.

    Parameters
    ----------
    splits_counts : pandas.DataFrame
        Una fila por conjunto (train, validation, test), una columna por clase.
    """
    counts = splits_counts.fillna(0)
    classes = len(counts.columns)
    figure, (axes,) = _figure(1.8 + 0.5 * classes)
    height = 0.84 / len(counts)
    for i, (split, values) in enumerate(counts.iterrows()):
        color, hatch = COLORS[i % len(COLORS)], HATCHES[i % len(HATCHES)]
        places = np.arange(classes) - 0.42 + height * (i + 0.5)
        bars = axes.barh(places, values, height * 0.92, color=color, hatch=hatch, edgecolor="white")
        bars.set_label(_with_size(split, values.sum()))
        axes.bar_label(bars, fmt="{:.0f}", padding=3, fontsize=8)
    axes.set_yticks(np.arange(classes), _names(counts, 22, 2))
    axes.invert_yaxis()
    axes.margins(x=0.1, y=0.02)
    axes.set(xlabel="Textos", ylabel="Clase")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return _titled(figure, "Textos de cada clase en cada conjunto")


def plot_lengths(lengths_by_split: Mapping[str, Sequence[int]], max_length: int | None = None) -> Figure:
    """Cuántos tokens tienen los textos, y cuáles se cortan.

    Parameters
    ----------
    lengths_by_split : dict of str to list of int
        Los tokens de cada texto, por conjunto, contados sin cortar.
    max_length : int, optional
        Donde se corta. Un texto de `max_length` tokens justos queda entero.
    """
    lengths = {name: np.asarray(list(x)) for name, x in lengths_by_split.items() if len(x)}
    together = np.concatenate(list(lengths.values()))
    step = int(together.max() // 40) + 1
    bins = np.arange(0, together.max() + 2 * step, step).tolist()
    figure, (axes,) = _figure(3.8)
    for i, (name, values) in enumerate(lengths.items()):
        color, dash = COLORS[i % len(COLORS)], DASHES[i % len(DASHES)]
        share = np.full(len(values), 100 / len(values))
        label = _with_size(name, len(values))
        axes.hist(values, bins, weights=share, histtype="step", color=color, ls=dash, label=label)
    title = f"Tokens por texto: la mitad tiene {np.median(together):.0f} o menos"
    if max_length is not None:
        cut = int((together > max_length).sum())
        percent = 100 * cut / len(together)
        axes.axvline(max_length, color="black", linewidth=2, label=f"max_length = {max_length}")
        title = f"Con max_length = {max_length} se corta el {percent:.1f} % de los textos ({cut} de {len(together)})"
    axes.set(xlabel="Tokens por texto", ylabel="% de los textos del conjunto", xlim=(0, None))
    axes.legend(fontsize=9)
    return _titled(figure, title)


def plot_comparison(table: pd.DataFrame) -> Figure:
    """El macro F1 de líneas base y corridas, en los mismos textos.

    Parameters
    ----------
    table : pandas.DataFrame
        La de `baselines.comparison_table`: una fila por nombre; `macro_f1` y, si están, sus extremos y `n`.

    Raises
    ------
    TallerError
        Si la tabla no tiene `macro_f1`.
    """
    if "macro_f1" not in table:
        raise TallerError("A la tabla le falta `macro_f1`: pasa la de `comparison_table`.")
    value, low, high = (table.get(f"macro_f1{end}", table["macro_f1"]).astype(float) for end in ("", "_low", "_high"))
    figure, (axes,) = _figure(1.5 + 0.45 * len(table))
    places, ends = np.arange(len(table)), np.nan_to_num([value - low, high - value])
    axes.barh(places, value, 0.65, xerr=ends.tolist(), color=BLUE, edgecolor="white", capsize=5)
    for place, end, text in zip(places, value + ends[1], value, strict=True):
        axes.annotate(f"{text:.2f}", (end, place), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, _names(table.index, 26, 2))
    axes.invert_yaxis()
    axes.set(xlabel="Macro F1 (de 0 a 1)", xlim=(0, 1.08), xticks=np.arange(0, 1.01, 0.2))
    where = f" en los mismos {counted(table['n'].iloc[0], 'texto', 'textos')}" if "n" in table else ""
    return _titled(figure, f"Macro F1{where}. La raya: su intervalo de 95 %")


def plot_shares(table: pd.DataFrame) -> Figure:
    """La parte corregida de cada clase por grupo, con su intervalo de 95 %, y la contada.

    Parameters
    ----------
    table : pandas.DataFrame
        La de `shares.estimate_shares`.
    """
    groups = list(dict.fromkeys(table["group"]))
    figure, (axes,) = _figure(3.8)
    for i, (name, rows) in enumerate(table.groupby("label", sort=False)):
        color, places = COLORS[i % len(COLORS)], np.arange(len(groups)) + 0.12 * (i - 1)
        ends = 100 * np.abs(rows[["low", "high"]].to_numpy().T - rows["corrected"].to_numpy())
        dash, label = DASHES[i % len(DASHES)], _plain(str(name))
        axes.errorbar(places, 100 * rows["corrected"], ends, color=color, ls=dash, marker="o", capsize=4, label=label)
        axes.plot(places, 100 * rows["counted"], "x", color=color)
    axes.set_xticks(range(len(groups)), _names(groups, 12, 2))
    axes.set(ylabel="% de los textos", ylim=(0, None))
    axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    return _titled(figure, "Parte de cada clase, corregida y con su intervalo de 95 %. Con ×: lo que sale de contar")


def _training_sentence(f1: pd.Series, top: int, best: int) -> str:
    """Qué época se conserva y por qué; no es la más alta si se detuvo mientras se guardaba esa."""
    if f1[best] == f1[top]:
        tie = " (hay empate)" if (f1 == f1[top]).sum() > 1 else ""
        after = f"Épocas después, sin mejorar: {f1.index[-1] - best}"
        return f"La mejor época es la {best}: su macro F1 en validación, {f1[best]:.3f}, es el más alto{tie}. {after}"
    higher = f"(el más alto, {f1[top]:.3f}, es el de la época {top})"
    return f"Se conserva la época {best}, con macro F1 {f1[best]:.3f} en validación {higher}"


def _series(log_history: History, key: str) -> pd.Series:
    """Los valores de una clave por época; si una época se repite (al reanudar), el último."""
    found = {entry["epoch"]: entry[key] for entry in log_history if key in entry}
    return pd.Series(found, dtype=float).sort_index()


def _figure(height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    figure = _Picture(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def _titled(figure: Figure, sentence: str) -> Figure:
    figure.suptitle(textwrap.fill(sentence, 78), fontsize=11)
    return figure


def _with_size(split: object, texts: float) -> str:
    return _plain(f"{split} ({counted(int(texts), 'texto', 'textos')})")


def _names(names: Iterable[Any], width: int, lines: int) -> list[str]:
    """Nombres que caben en esas líneas; de uno más largo quedan el inicio y el final.

    Si al acortarlos dos quedan iguales, llevan delante su número de orden.
    """
    full = [str(name) for name in names]
    short = [_shorten(name, width, lines) for name in full]
    if len(set(short)) < len(short):
        short = [_shorten(f"{i}. {name}", width, lines) for i, name in enumerate(full, start=1)]
    return [_plain(name) for name in short]


def _shorten(name: str, width: int, lines: int) -> str:
    keep = len(name) // 2
    while len(wrapped := textwrap.wrap(name, width)) > lines:
        keep -= 1
        name = f"{name[:keep].rstrip(' …')}…{name[-keep:].lstrip(' …')}"
    return "\n".join(wrapped)


def _plain(text: str) -> str:
    """El texto tal cual: matplotlib leería fórmulas entre signos `$`."""
    return text.replace("$", r"\$")
