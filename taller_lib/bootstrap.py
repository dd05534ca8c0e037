"""Intervalos por *bootstrap* de estadísticos que solo dependen de cuántas veces sale cada caso.

Un caso es, por ejemplo, un par (clase real, clase predicha). Volver a tomar n textos al azar, con
reemplazo, equivale a un sorteo multinomial de los conteos, así que diez mil remuestras tardan
milisegundos.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

RESAMPLES = 10_000
_BATCH = 1_000

# de conteos (remuestras, casos) a valores (remuestras, estadísticos)
Statistics = Callable[[np.ndarray], np.ndarray]


def bca_intervals(statistics: Statistics, counts: np.ndarray, level: float = 0.95, seed: int = 0) -> np.ndarray:
    """Intervalos BCa (*bias-corrected and accelerated*) de varios estadísticos a la vez.

    Efron 1987, «Better Bootstrap Confidence Intervals» (JASA 82:397), con la aceleración del
    *jackknife* (Efron y Tibshirani 1993, ec. 14.15), como `scipy.stats.bootstrap`. Donde las
    remuestras dan lo mismo no hay intervalo: `NaN`.

    Parameters
    ----------
    statistics : callable
        De conteos (remuestras, casos) a valores (remuestras, estadísticos).
    counts : ndarray of int
        Cuántos textos hay de cada caso, todos mayores que 0.
    level : float
        Cobertura que se busca, entre 0 y 1.
    seed : int

    Returns
    -------
    ndarray
        Forma (estadísticos, 2): los extremos inferior y superior.
    """
    value = statistics(counts[None])[0]
    rng, n = np.random.default_rng(seed), int(counts.sum())
    batches = (rng.multinomial(n, counts / n, size=_BATCH) for _ in range(RESAMPLES // _BATCH))
    draws = np.concatenate([statistics(batch) for batch in batches])
    without_one = statistics(counts - np.eye(len(counts), dtype=int))
    intervals = np.full((len(value), 2), np.nan)
    for column, center in enumerate(value):
        drawn = draws[~np.isnan(draws[:, column]), column]
        if np.isnan(center) or not len(drawn):
            continue
        below = (np.mean(drawn < center - 1e-12) + np.mean(drawn <= center + 1e-12)) / 2
        bias = norm.ppf(np.clip(below, 1 / len(drawn), 1 - 1 / len(drawn)))
        shift = bias + norm.ppf([(1 - level) / 2, (1 + level) / 2])
        tails = norm.cdf(bias + shift / (1 - _acceleration(without_one[:, column], counts) * shift))
        low, high = np.quantile(drawn, tails)
        intervals[column] = (low, high) if high > low + 1e-12 else np.nan
    return intervals


def _acceleration(without_one: np.ndarray, counts: np.ndarray) -> float:
    """Asimetría del estadístico al quitar un texto; `without_one[c]`, sin uno del caso c."""
    defined = ~np.isnan(without_one)
    values, weights = without_one[defined], counts[defined]
    away = np.average(values, weights=weights) - values
    spread = (weights * away**2).sum()
    return (weights * away**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
