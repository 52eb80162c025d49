"""Location quotient (区位商) and Krugman's index of specialisation (克鲁格曼专业化指数).

Sources: Hoover and Giarratani, *An Introduction to Regional Economics* (1985), on the quotient of
Balassa (1965) and the coefficient of specialisation; Krugman, *Geography and Trade* (1991), chapter 2.
Computed by econcomplex.
"""

from __future__ import annotations

import numpy as np

from .types import Array, BadInput, Matrix


def location_quotients(x: Matrix, *, whole: Array | None = None) -> Array:
    """Location quotients LQ_rc = (x_rc / x_r) / (X_c / X), shape (r, c).

    Above 1 the region is specialised in the activity. A region or activity without any value has
    quotients of 0.

    Args:
        x: regions × activities.
        whole: (c,) totals of the nation that the regions are part of; by default the sums of ``x``.

    Raises:
        BadInput: everything is zero, or the whole is smaller than the sum of its parts.

    >>> x = Matrix(("a", "b", "c"), ("p", "q", "s"), np.array([[10., 20, 30], [40, 10, 10], [5, 5, 50]]))
    >>> location_quotients(x)[0].round(4).tolist()
    [0.5455, 1.7143, 1.0]
    """
    from econcomplex.specialization import location_quotient

    values = _with_rest(x, whole)
    if not values.any():
        raise BadInput("values", "zero", "a location quotient needs at least one value above zero")
    return np.asarray(location_quotient(values), dtype=np.float64)[: len(x.rows)]


def krugman(x: Matrix, *, whole: Array | None = None) -> Array:
    """Krugman's index Σ_c |s_rc − s_c| of each region against the whole, shape (r,), from 0 to 2.

    Args:
        x: regions × activities.
        whole: (c,) totals of the nation that the regions are part of; by default the sums of ``x``.

    Raises:
        BadInput: a region has no value at all, or the whole is smaller than the sum of its parts.
    """
    from econcomplex.specialization import krugman_index

    _no_empty_row(x)
    return np.asarray(krugman_index(_with_rest(x, whole)), dtype=np.float64)[: len(x.rows)]


def krugman_pairs(x: Matrix) -> Array:
    """Krugman's index Σ_c |s_ic − s_jc| between every two regions, (r, r), from 0 to 2.

    Raises:
        BadInput: a region has no value at all.
    """
    from scipy.spatial.distance import pdist, squareform

    _no_empty_row(x)
    shares = x.values / x.values.sum(axis=1, keepdims=True)
    return np.asarray(squareform(pdist(shares, "cityblock")), dtype=np.float64)


def _with_rest(x: Matrix, whole: Array | None) -> Array:
    """The rows of ``x`` and, when the whole is given, one row for the rest of the nation."""
    if whole is None:
        return x.values
    rest = np.asarray(whole, dtype=np.float64) - x.values.sum(axis=0)
    if rest.shape != (len(x.columns),) or not np.isfinite(rest).all():
        raise BadInput("whole", "shape", "the whole needs one finite total an activity")
    if (rest < -1e-9 * np.maximum(1.0, np.abs(whole))).any():
        raise BadInput("whole", "smaller", "the whole is smaller than the sum of its parts")
    return np.vstack([x.values, np.maximum(rest, 0.0)])


def _no_empty_row(x: Matrix) -> None:
    empty = [name for name, total in zip(x.rows, x.values.sum(axis=1), strict=True) if total <= 0]
    if empty:
        raise BadInput("values", "empty", f"{empty[0]} has no value at all, so it has no structure")
