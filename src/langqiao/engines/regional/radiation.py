"""Radiation model of flows (辐射模型), which has no parameter to fit.

Source: Simini, González, Maritan and Barabási, "A universal model for mobility and migration
patterns", Nature 484 (2012), equation 2; the correction for a finite system is that of Masucci and
others, Physical Review E 88 (2013), equation 6.
"""

from __future__ import annotations

import numpy as np

from .types import Array, BadInput, check_array


def radiation(mass: Array, distance: Array, *, leaving: Array | None = None) -> Array:
    """Expected flows T_ij = T_i · m_i m_j / ((m_i + s_ij)(m_i + m_j + s_ij)) / (1 − m_i / M), (n, n).

    s_ij is the mass within the circle around i that reaches j, both ends left out; M is the whole.
    Rows sum to ``leaving``; where several places lie at the same distance, each is reached behind the
    others and the row sums to less.

    Args:
        mass: (n,) > 0, usually population.
        distance: (n, n), km, positive off the diagonal.
        leaving: (n,) flow that leaves each place; 1 each by default, so that rows are shares.

    Raises:
        BadInput: a mass or a distance is not positive, or shapes differ.

    Complexity: O(n² log n).

    >>> m = np.array([2.0, 1.0, 1.0])
    >>> d = np.array([[0.0, 1, 2], [1, 0, 1], [2, 1, 0]])
    >>> radiation(m, d)[0].round(4).tolist()
    [0.0, 0.6667, 0.3333]
    """
    m = check_array("mass", mass, dimensions=1)
    km = check_array("distance", distance)
    n = len(m)
    if n < 2 or km.shape != (n, n):
        raise BadInput(
            "distance", "shape", "distances need one row and one column a region, two regions at least"
        )
    if (m <= 0).any():
        raise BadInput("mass", "positive", "every mass must be above zero")
    if (km[~np.eye(n, dtype=bool)] <= 0).any():
        raise BadInput("distance", "positive", "two regions lie in the same place")
    out = np.ones(n) if leaving is None else check_array("leaving", leaving, dimensions=1)
    if out.shape != (n,) or (out < 0).any():
        raise BadInput("leaving", "shape", "what leaves needs one value ≥ 0 a region")
    total = m.sum()
    flows = np.zeros((n, n))
    for i in range(n):
        order = np.argsort(km[i], kind="stable")
        order = order[order != i]
        # Everything as near as j counts as being within its circle, j itself does not.
        within = np.cumsum(m[order])[np.searchsorted(km[i, order], km[i, order], side="right") - 1]
        s = within - m[order]
        flows[i, order] = m[i] * m[order] / ((m[i] + s) * (m[i] + m[order] + s)) / (1.0 - m[i] / total)
    return flows * out[:, None]
