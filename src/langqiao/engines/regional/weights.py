"""Normalisation of indicators and entropy weights (熵值法).

Source: Shannon (1948) for the entropy; the weights after Zeleny, *Multiple Criteria Decision Making*
(1982), chapter 7: what varies more between regions weighs more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .types import Array, BadInput, check_array

FLOOR = 0.01  # normalised values keep this distance from 0, so that logarithms and products stay defined


def normalise(values: Array, *, falling: Sequence[int] = (), floor: float = FLOOR) -> Array:
    """Range normalisation of each column to [floor, 1], (n, k): 极差标准化.

    The best value of a column becomes 1, the worst ``floor``; a column without any variation becomes
    1 everywhere. Over several years all rows must be normalised together, or years cannot be compared.

    Args:
        values: (n, k).
        falling: columns of which less is better (负向指标).
        floor: lowest normalised value, 0 ≤ floor < 1.

    Raises:
        BadInput: the floor or a column number is out of range.
    """
    x = check_array("values", values).copy()
    if not 0 <= floor < 1:
        raise BadInput("floor", "range", "the floor lies from 0 to below 1")
    for j in falling:
        if not 0 <= j < x.shape[1]:
            raise BadInput("falling", "range", "a falling column must be one of the columns")
        x[:, j] = -x[:, j]
    low, span = x.min(axis=0), np.ptp(x, axis=0)
    scaled = np.divide(x - low, span, out=np.ones_like(x), where=span > 0)
    return np.asarray(floor + (1.0 - floor) * scaled, dtype=np.float64)


def entropy_weights(values: Array) -> Array:
    """Weights of k columns of values ≥ 0, (k,), sum 1.

    p_ij = x_ij / Σ_i x_ij, e_j = −Σ_i p_ij ln p_ij / ln n, w_j = (1 − e_j) / Σ_j (1 − e_j).
    When no column varies, all weigh the same.

    Raises:
        BadInput: a value is negative, a column is all zero, or there is a single row.
    """
    from scipy.stats import entropy

    x = check_array("values", values)
    if (x < 0).any() or (x.sum(axis=0) <= 0).any():
        raise BadInput("values", "negative", "entropy weights need values ≥ 0 and a positive sum a column")
    if len(x) < 2:
        raise BadInput("values", "few", "entropy weights need at least two rows")
    redundancy = np.maximum(1.0 - np.asarray(entropy(x, axis=0), dtype=np.float64) / np.log(len(x)), 0.0)
    redundancy[redundancy < 1e-12] = 0.0  # rounding: an even column carries nothing
    if not redundancy.any():
        return np.full(x.shape[1], 1.0 / x.shape[1])
    return np.asarray(redundancy / redundancy.sum(), dtype=np.float64)
