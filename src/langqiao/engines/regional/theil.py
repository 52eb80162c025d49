"""Theil's index (泰尔指数) with its parts within and between groups.

Source: Theil, *Economics and Information Theory* (1967), chapter 4. Computed by inequality (PySAL).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .types import Array, BadInput, check_array


@dataclass(frozen=True, slots=True)
class Theil:
    """T = within + between; natural logarithms, 0 when all are equal, at most log n."""

    total: float
    within: float
    between: float


def theil(values: Array, groups: Sequence[str] | None = None) -> Theil:
    """Theil's T of n values ≥ 0 and its parts; without groups everything is within.

    Regions count one each, as in the check value of inequality; weigh by population outside if the
    values are per head.

    Raises:
        BadInput: a value is negative, all are zero, or the groups do not fit.
    """
    from inequality.theil import Theil as PackageTheil
    from inequality.theil import TheilD

    y = check_incomes(values)
    if groups is None:
        total = float(np.ravel(PackageTheil(y).T)[0])
        return Theil(total, total, 0.0)
    labels = check_groups(groups, len(y))
    parts = TheilD(y, labels)
    total, between = float(np.ravel(parts.T)[0]), float(np.ravel(parts.bg)[0])
    return Theil(total, total - between, between)


def check_incomes(values: Array) -> Array:
    """Values ≥ 0 with a sum above zero, shape (n,).

    Raises:
        BadInput: they are not.
    """
    y = check_array("values", values, dimensions=1)
    if (y < 0).any() or not y.any():
        raise BadInput("values", "negative", "inequality is measured on values ≥ 0 with a sum above zero")
    return y


def check_groups(groups: Sequence[str], n: int) -> Array:
    """Groups as numbers, (n,), in the order of their names.

    Raises:
        BadInput: there is not one group a value.
    """
    if len(groups) != n:
        raise BadInput("groups", "shape", "every value needs a group")
    return np.asarray(np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1], dtype=np.float64)
