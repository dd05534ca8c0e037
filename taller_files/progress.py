"""El avance por un archivo de muchas filas, en una línea que se renueva."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from taller_files import processes

SELDOM = 30


def in_notebook() -> bool:
    """¿Se ejecuta en un cuaderno (Colab, Jupyter, VS Code)?"""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def say(text: object) -> None:
    """Una frase para la persona: bajo la celda en un cuaderno, en la salida de errores si no."""
    if processes.rank() == 0:
        print(text, file=sys.stdout if in_notebook() else sys.stderr, flush=True)


def spoken_time(seconds: float) -> str:
    """Un tiempo como se dice: «40 s», «3 min», «1 h 20 min»."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class RowProgress:
    """«3,000 de 10,000 filas · 812 por segundo · quedan 9 s», en la salida de errores.

    En un archivo de registro (ni terminal ni cuaderno) se escribe una vez cada medio minuto.

    Parameters
    ----------
    total, done : int
        Filas que hay y filas que ya estaban hechas.
    """

    def __init__(self, total: int, done: int) -> None:
        often = 1 if sys.stderr.isatty() or in_notebook() else SELDOM
        self.bar = tqdm(
            total=total, initial=done, bar_format="{desc}", mininterval=often, disable=processes.rank() > 0
        )
        self.total, self.first, self.done, self.start = total, done, done, time.monotonic()

    def advance(self, rows: int) -> None:
        """Cuenta unas filas más."""
        self.done += rows
        rate = (self.done - self.first) / (time.monotonic() - self.start)
        left = spoken_time((self.total - self.done) / rate) if self.done < self.total else "0 s"
        line = f"{self.done:,} de {self.total:,} filas · {rate:,.0f} por segundo · quedan {left}"
        self.bar.set_description_str(line, refresh=False)
        self.bar.update(rows)

    def close(self) -> None:
        """Deja la última línea y baja a la siguiente."""
        self.bar.close()
