"""Las figuras dicen lo que deben: se lee de vuelta el texto de sus ejes."""

from __future__ import annotations

import io
import itertools
import re
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from taller_lib import plots
from taller_lib.errors import TallerError

matplotlib.use("Agg")
NAMES = ["negativo", "neutral", "positivo"]


@pytest.fixture(autouse=True)
def clean():
    """Ningún aviso, y ninguna figura abierta en pyplot."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert plt.get_fignums() == []


def png(figure):
    assert isinstance(figure, Figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    assert buffer.getvalue().startswith(b"\x89PNG")
    return figure


def title(figure):
    return figure.get_suptitle().replace("\n", " ")


def ticks(labels):
    return [label.get_text() for label in labels]


def matrix(values, names):
    return pd.DataFrame(values, index=pd.Index(names, name="real"), columns=pd.Index(names, name="predicción"))


MATRIX = matrix([[37, 13, 10], [0, 5, 5], [0, 0, 0]], NAMES)


def history(f1=(0.40, 0.55, 0.672, 0.66)):
    entries = []
    for epoch, value in enumerate(f1, start=1):
        entries.append({"loss": 1 / epoch, "epoch": float(epoch), "step": 10 * epoch})
        entries.append({"eval_loss": 0.9, "eval_macro_f1": value, "epoch": float(epoch)})
    return [*entries, {"train_runtime": 3.0, "train_loss": 0.5, "epoch": float(len(f1))}]


@pytest.mark.parametrize("normalize", [None, "true"])
def test_confusion_shows_counts_and_row_percentages(normalize):
    figure = png(plots.plot_confusion(MATRIX, normalize))
    (axes,) = figure.axes
    cells = [text.get_text() for text in axes.texts]
    assert cells[:6] == ["37\n62 %", "13\n22 %", "10\n17 %", "0\n0 %", "5\n50 %", "5\n50 %"]
    assert cells[6:] == ["0\n–"] * 3  # una clase sin textos no tiene porcentajes
    assert ticks(axes.get_xticklabels()) == ticks(axes.get_yticklabels()) == NAMES
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicción", "Real")
    assert "70 textos" in title(figure)
    tones = axes.collections[0].get_array().ravel()
    assert tones[0] == pytest.approx(37 / 60 if normalize else 37)


def overlaps(figure, labels):
    """Si dos letreros seguidos se pisan."""
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return any(one.overlaps(two) for one, two in itertools.pairwise(boxes))


@pytest.mark.parametrize("size", [2, 4, 6, 10, 15, 20])
def test_confusion_is_readable_with_long_names(size):
    names = [f"Política exterior y seguridad fronteriza en la zona {i}" for i in range(size)]
    values = np.full((size, size), 123)
    values[0] = 0
    values[0, 0] = 1234
    figure = png(plots.plot_confusion(matrix(values, names)))
    (axes,) = figure.axes
    assert not overlaps(figure, axes.get_xticklabels())
    assert not overlaps(figure, axes.get_yticklabels())
    assert len(set(ticks(axes.get_yticklabels()))) == size
    assert figure.get_figwidth() == plots.WIDTH
    widest = max(text.get_window_extent().width for text in axes.texts)
    assert widest <= axes.get_window_extent().width / size


def test_class_names_are_data():
    names = ["gana $5 y $7", r"\frac{a}{b}", "_oculta", "100 %"]
    counts = pd.DataFrame(np.eye(4) + 1, index=names, columns=names)
    for figure in (plots.plot_confusion(counts), plots.plot_class_counts(counts.iloc[:2])):
        png(figure)
        shown = figure.axes[0].get_yticklabels()
        assert [text.get_text().replace(r"\$", "$") for text in shown] == names
        # lo que matplotlib dibuja es el nombre, no una fórmula
        assert [text._preprocess_math(text.get_text()) for text in shown] == [(name, False) for name in names]
    table = pd.DataFrame({"macro_f1": [0.5]}, index=["modelo $a$ $b"])
    png(plots.plot_comparison(table))
    png(plots.plot_lengths({"$train$": [3, 4]}, 3))


def test_shortened_names_stay_different():
    names = ["x" * 100, "x" * 101, "corta"]
    short = plots._names(names, 10, 1)
    assert len(set(short)) == 3 and all(len(name) <= 10 for name in short)
    assert plots._names(["Política exterior"], 10, 2) == ["Política\nexterior"]


def test_training_marks_the_best_epoch_and_says_why():
    figure = png(plots.plot_training(history(), best_epoch=3, baseline=0.558))
    loss, f1 = figure.axes
    assert (
        title(figure)
        == "La mejor época es la 3: su macro F1 en validación, 0.672, es el más alto. Épocas después, sin mejorar: 1"
    )
    legend = [text.get_text() for text in f1.get_legend().get_texts()]
    assert legend == ["época 3: 0.672", "línea base: 0.558"]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["train", "validation"]
    star = next(line for line in f1.lines if line.get_marker() == "*")
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (3, 0.672)
    dashed = next(line for line in f1.lines if line.get_label().startswith("línea base"))
    assert set(dashed.get_ydata()) == {0.558} and dashed.is_dashed()
    assert list(f1.lines[0].get_ydata()) == [0.40, 0.55, 0.672, 0.66]
    assert list(loss.lines[0].get_ydata()) == [1, 1 / 2, 1 / 3, 1 / 4]


@pytest.mark.parametrize(
    "f1, best, baseline, expected",
    [
        ((0.4, 0.6, 0.6), None, None, "La mejor época es la 2: .* es el más alto .hay empate."),
        ((0.4, 0.6), 2, 0.6, r"Ninguna época supera la línea base \(0.600\)"),
        ((0.7, 0.6), 2, 0.5, "Se conserva la época 2, .*0.700, es el de la época 1"),
    ],
)
def test_training_title(f1, best, baseline, expected):
    assert re.search(expected, title(png(plots.plot_training(history(f1), best, baseline))))


def test_training_can_be_drawn_from_the_start():
    for log in ([], history()[:1]):
        assert title(png(plots.plot_training(log))) == "Todavía no se ha evaluado ninguna época"
    assert "es la 1" in title(png(plots.plot_training(history()[:2])))
    resumed = [*history()[:4], {"eval_loss": 0.8, "eval_macro_f1": 0.9, "epoch": 2.0}]
    assert "es la 2: su macro F1 en validación, 0.900" in title(plots.plot_training(resumed))
    many = [{"loss": 1.0, "epoch": i / 50} for i in range(100)]
    png(plots.plot_training(many))


def test_class_counts():
    counts = pd.DataFrame([[61, 50, 30], [10, 9, 1]], index=["train", "test"], columns=NAMES)
    figure = png(plots.plot_class_counts(counts))
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["61", "50", "30", "10", "9", "1"]
    assert ticks(axes.get_yticklabels()) == NAMES
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["train (141 textos)", "test (20 textos)"]
    assert len({bar.get_hatch() for bar in axes.patches}) == 2  # se distinguen sin color


@pytest.mark.parametrize("splits", [1, 3])
def test_class_counts_of_twenty_long_names(splits):
    names = [f"Política exterior y seguridad fronteriza en la zona {i}" for i in range(20)]
    counts = pd.DataFrame(np.ones((splits, 20)), index=list("abc")[:splits], columns=names)
    figure = png(plots.plot_class_counts(counts))
    assert not overlaps(figure, figure.axes[0].get_yticklabels())


def test_lengths_say_what_is_cut():
    lengths = {"train": [10, 20, 64, 65, 200], "test": [5, 64, 100], "validation": []}
    figure = png(plots.plot_lengths(lengths, 64))
    assert title(figure) == "Con max_length = 64 se corta el 37.5 % de los textos (3 de 8)"
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["train (5 textos)", "test (3 textos)", "max_length = 64"]
    assert any(set(line.get_xdata()) == {64} for line in figure.axes[0].lines)
    assert title(png(plots.plot_lengths(lengths))).endswith("la mitad tiene 64 o menos")
    png(plots.plot_lengths({"train": [5]}, 512))


def test_comparison():
    table = pd.DataFrame(
        {"macro_f1": [0.167, 0.558], "macro_f1_low": [np.nan, 0.49], "macro_f1_high": [np.nan, 0.62], "n": [225, 225]},
        index=["lazy", "TF-IDF"],
    )
    figure = png(plots.plot_comparison(table))
    (axes,) = figure.axes
    assert title(figure) == "Macro F1 en los mismos 225 textos. La raya: su intervalo de 95 %"
    assert [text.get_text() for text in axes.texts] == ["0.17", "0.56"]
    assert ticks(axes.get_yticklabels()) == ["lazy", "TF-IDF"]
    (lines,) = (collection for collection in axes.collections if hasattr(collection, "get_segments"))
    ends = [segment[:, 0].tolist() for segment in lines.get_segments()]
    assert ends == [pytest.approx([0.167, 0.167]), pytest.approx([0.49, 0.62])]
    png(plots.plot_comparison(table[["macro_f1"]].iloc[:1]))


def test_shares():
    rows = [
        (month, name, 0.3, value, value - 0.05, value + 0.1)
        for month in ("2024-01", "2024-02")
        for name, value in (("bien", 0.6), ("mal", 0.4))
    ]
    table = pd.DataFrame(rows, columns=["group", "label", "counted", "corrected", "low", "high"])
    table.loc[3, ["corrected", "low", "high"]] = np.nan  # un mes con pocos textos
    figure = png(plots.plot_shares(table))
    (axes,) = figure.axes
    assert ticks(axes.get_xticklabels()) == ["2024-01", "2024-02"]
    bars = [c for c in axes.collections if hasattr(c, "get_segments")]
    assert bars[0].get_segments()[0][:, 1].tolist() == pytest.approx([55, 70])
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["bien", "mal"]


def test_a_notebook_shows_it_without_pyplot():
    assert plots.plot_confusion(MATRIX)._repr_png_().startswith(b"\x89PNG")


def test_bad_input_is_one_sentence():
    with pytest.raises(TallerError, match="macro_f1"):
        plots.plot_comparison(pd.DataFrame({"f1": [1]}))
