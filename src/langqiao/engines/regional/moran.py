"""Moran's I (莫兰指数), global spatial autocorrelation.

Source: Cliff and Ord, *Spatial Processes* (1981), chapter 2. Computed by esda and libpysal (PySAL).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .distance import distances
from .types import Array, BadInput, Caution, check_array, few_regions


@dataclass(frozen=True, slots=True)
class Moran:
    """I, its expectation −1/(n−1), and two-sided p-values (normality and randomisation)."""

    i: float
    expected: float
    z: float
    p_normal: float
    p_random: float
    warnings: tuple[Caution, ...]


def moran(values: Array, weights: Any) -> Moran:
    """Moran's I of n values with row-standardised weights.

    Args:
        values: (n,), not all equal.
        weights: a ``libpysal.weights.W`` in the order of the values, or a square array (n, n) ≥ 0.

    Raises:
        BadInput: fewer than four values, all equal, or weights that do not fit.
    """
    y = check_array("values", values, dimensions=1)
    if len(y) < 4 or np.ptp(y) == 0:
        raise BadInput("values", "few", "Moran's I needs at least four values that are not all equal")
    with warnings.catch_warnings():
        # geopandas, which PySAL loads, warns about its optional parts.
        warnings.simplefilter("ignore", FutureWarning)
        from esda.moran import Moran as PackageMoran
    w = _as_w(weights, len(y)) if isinstance(weights, np.ndarray) else weights
    if w.n != len(y):
        raise BadInput("weights", "shape", "the weights need one row a value")
    found = PackageMoran(y, w, permutations=0)
    return Moran(
        float(found.I),
        float(found.EI),
        float(found.z_norm),
        float(found.p_norm),
        float(found.p_rand),
        few_regions(len(y)),
    )


def nearest(places: Array, *, k: int = 3) -> Array:
    """Weights (n, n): 1 for the k nearest places, 0 else.

    Raises:
        BadInput: k is not from 1 to n − 1.
    """
    km = distances(places)
    n = len(km)
    if not 1 <= k < n:
        raise BadInput("k", "range", f"the number of neighbours lies from 1 to {n - 1}")
    np.fill_diagonal(km, np.inf)
    weights = np.zeros((n, n))
    for i in range(n):
        weights[i, np.argsort(km[i], kind="stable")[:k]] = 1.0
    return weights


def inverse(places: Array, *, power: float = 1.0) -> Array:
    """Weights (n, n): 1 / distance^power, diagonal 0.

    Raises:
        BadInput: two regions lie in the same place.
    """
    km = distances(places)
    off = ~np.eye(len(km), dtype=bool)
    if (km[off] <= 0).any():
        raise BadInput("places", "same", "two regions lie in the same place")
    weights = np.zeros_like(km)
    np.divide(1.0, km**power, out=weights, where=off)
    return weights


def _as_w(weights: Array, n: int) -> Any:
    from libpysal.weights import W

    if weights.shape != (n, n) or (weights < 0).any() or not np.isfinite(weights).all():
        raise BadInput("weights", "shape", "the weights need one row and one column a value, none below zero")
    links = {i: [j for j in range(n) if j != i and weights[i, j] > 0] for i in range(n)}
    if any(not found for found in links.values()):
        raise BadInput("weights", "island", "every region needs a neighbour")
    return W(
        links, {i: [float(weights[i, j]) for j in found] for i, found in links.items()}, silence_warnings=True
    )
