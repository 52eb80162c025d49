"""Similarity of structures (产业结构相似系数) and complementarity (互补).

Source: UNIDO International Centre for Industrial Studies, *World Industry since 1960* (1979): the
cosine Σ_c x_ic x_jc / √(Σ_c x_ic² Σ_c x_jc²) of two structures.
"""

from __future__ import annotations

import numpy as np

from .specialisation import _no_empty_row
from .types import Array, Matrix


def similarity(x: Matrix) -> Array:
    """UNIDO's similarity of every two regions, (r, r), 0 (nothing shared) to 1 (same structure).

    Shares and amounts give the same figure.

    Raises:
        BadInput: a region has no value at all.

    >>> x = Matrix(("a", "b", "c"), ("p", "q", "s"), np.array([[10., 20, 30], [40, 10, 10], [5, 5, 50]]))
    >>> similarity(x)[0].round(4).tolist()
    [1.0, 0.5669, 0.8733]
    """
    from scipy.spatial.distance import pdist, squareform

    _no_empty_row(x)
    # Scaled first, so that the squares of very small or very large amounts stay finite.
    shares = x.values / x.values.max(axis=1, keepdims=True)
    distance = np.asarray(squareform(pdist(shares, "cosine")), dtype=np.float64)
    return np.clip(1.0 - distance, 0.0, 1.0)


def complementarity(x: Matrix) -> Array:
    """1 − similarity, (r, r): how little two structures overlap.

    Raises:
        BadInput: a region has no value at all.
    """
    return 1.0 - similarity(x)
