"""Dagum's decomposition of the Gini coefficient (Dagum 基尼系数分解).

Source: Dagum, "A new approach to the decomposition of the Gini income inequality ratio", Empirical
Economics 22 (1997), equations 3 to 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .theil import check_groups, check_incomes
from .types import Array


@dataclass(frozen=True, slots=True)
class Dagum:
    """G = within + between + overlap.

    Attributes:
        total: Gini coefficient of all values.
        within: G_w (组内), inequality inside the groups.
        between: G_nb (组间净差异), net of the overlap.
        overlap: G_t (超变密度), from richer members of poorer groups.
        names: names of the groups, sorted.
        inside: (k,), Gini coefficient of each group.
        among: (k, k), Gini coefficient between two groups (diagonal: inside).
    """

    total: float
    within: float
    between: float
    overlap: float
    names: tuple[str, ...]
    inside: Array
    among: Array


def dagum(values: Array, groups: Sequence[str]) -> Dagum:
    """Decompose the Gini coefficient of n values ≥ 0 in groups.

    Raises:
        BadInput: a value is negative, all are zero, or the groups do not fit.

    Complexity: O(n²) time and memory.

    >>> parts = dagum(np.array([1.0, 4, 2, 5]), ["a", "a", "b", "b"])
    >>> [round(x, 6) for x in (parts.total, parts.within, parts.between, parts.overlap)]
    [0.291667, 0.125, 0.083333, 0.083333]
    """
    y = check_incomes(values)
    number = check_groups(groups, len(y)).astype(np.intp)
    names = tuple(sorted({str(group) for group in groups}))
    members = [y[number == j] for j in range(len(names))]
    n, k = len(y), len(names)
    mean = y.mean()
    size = np.array([len(group) / n for group in members])
    share = np.array([group.sum() / y.sum() for group in members])
    among = np.zeros((k, k))
    within = between = overlap = 0.0
    for j in range(k):
        for h in range(j, k):
            gap = members[j][:, None] - members[h][None, :]
            means = float(members[j].mean() + members[h].mean())
            among[j, h] = among[h, j] = float(np.abs(gap).mean()) / means if means > 0 else 0.0
            if j == h:
                within += float(among[j, j] * size[j] * share[j])
                continue
            weight = float(among[j, h] * (size[j] * share[h] + size[h] * share[j]))
            up, down = float(np.maximum(gap, 0).mean()), float(np.maximum(-gap, 0).mean())
            # D_jh (eq. 20): relative affluence, the net part of the gross difference.
            affluence = abs(up - down) / (up + down) if up + down > 0 else 0.0
            between += affluence * weight
            overlap += (1.0 - affluence) * weight
    total = float(np.abs(y[:, None] - y[None, :]).sum() / (2 * n * n * mean))
    return Dagum(total, within, between, overlap, names, np.diag(among).copy(), among)
