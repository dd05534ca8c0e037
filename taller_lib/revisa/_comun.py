"""Lo que comparten las respuestas de todas las fases."""

from __future__ import annotations

import functools
import html
import math
import numbers
from collections.abc import Callable
from typing import Any

UNANSWERED = "Todavía no has escrito {}: sustituye los puntos suspensivos."
UNEXPECTED = "No pude leer tu respuesta: escríbela como en el enunciado y vuelve a ejecutar la celda."


def check(function: Callable[..., str]) -> Callable[..., None]:
    """Convierte una función que devuelve una frase en un ejercicio: la imprime y nunca falla."""

    @functools.wraps(function)
    def exercise(*args: Any, **kwargs: Any) -> None:
        try:
            answer = function(*args, **kwargs)
        except Exception:
            answer = UNEXPECTED
        print(answer)

    return exercise


def unanswered(*values: Any) -> bool:
    """¿Sigue alguna respuesta con sus puntos suspensivos?"""
    return any(value is ... for value in values)


def as_number(value: Any) -> float | None:
    """El número que se escribió, también como texto («0,33», «33 %»); `None` si no es un número.

    Un porcentaje con su signo vale como proporción: «33 %» es 0.33.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, numbers.Real):
        number = float(value)
        return None if math.isnan(number) else number
    if not isinstance(value, str):
        return None
    text = value.strip().replace(",", ".")
    percent = text.endswith("%")
    try:
        number = float(text.rstrip("% "))
    except ValueError:
        return None
    return number / 100 if percent else number


def close(value: Any, expected: float, tolerance: float = 0.006) -> bool:
    """¿Es ese número, redondeado a dos decimales o con más?"""
    number = as_number(value)
    return number is not None and abs(number - expected) <= tolerance


def looks_like_percentage(value: Any, expected: float) -> bool:
    """¿Escribió 33 donde se esperaba 0.33?"""
    number = as_number(value)
    return number is not None and abs(number - 100 * expected) <= 0.6


def as_text(value: Any) -> str:
    """Lo que se escribió, en minúsculas y sin espacios alrededor."""
    return html.unescape(str(value)).strip().casefold()
