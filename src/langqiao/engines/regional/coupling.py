"""Coupling coordination (耦合协调度) and the fusion of technology, industry, finance and talent.

Sources: Liao, "Quantitative judgement and classification system for coordinated development of
environment and economy", Tropical Geography 19 (1999), for C, T and D and the ten grades; the modified
C after Wang, Kong, Liang and Sun, "Research on misuses and modification of coupling coordination
degree model in China" (国内耦合协调度模型的误区及修正), Journal of Natural Resources 36 (2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .types import Array, BadInput, Term, check_array
from .weights import entropy_weights, normalise

Form = Literal["plain", "modified"]
Weighting = Literal["equal", "entropy"]

GRADES: tuple[tuple[float, Term], ...] = (
    (0.1, Term("极度失调", "extreme imbalance")),
    (0.2, Term("严重失调", "serious imbalance")),
    (0.3, Term("中度失调", "moderate imbalance")),
    (0.4, Term("轻度失调", "slight imbalance")),
    (0.5, Term("濒临失调", "near imbalance")),
    (0.6, Term("勉强协调", "barely coordinated")),
    (0.7, Term("初级协调", "slightly coordinated")),
    (0.8, Term("中级协调", "moderately coordinated")),
    (0.9, Term("良好协调", "well coordinated")),
    (1.0, Term("优质协调", "highly coordinated")),
)
SIDES: tuple[str, ...] = ("technology", "industry", "finance", "talent")  # 科创、产业、金融、人才


@dataclass(frozen=True, slots=True)
class Coupling:
    """C (coupling), T (level) and D = √(C·T) (coupling coordination), (n,) each, from 0 to 1."""

    c: Array
    t: Array
    d: Array


def coupling(levels: Array, *, weights: Array | None = None, form: Form = "plain") -> Coupling:
    """Coupling coordination of k ≥ 2 subsystems whose levels lie from 0 to 1.

    Plain: C = k · (Π U)^{1/k} / Σ U. Modified: C = √((1 − mean |U_i − U_j|) · (Π U_i / max U)^{1/(k−1)}),
    the product over the k − 1 subsystems that are not the largest; it spreads C over the whole range.

    Args:
        levels: (n, k) levels U of the subsystems.
        weights: (k,) of the subsystems in T, positive; equal by default.
        form: which C.

    Raises:
        BadInput: a level lies outside 0 to 1, fewer than two subsystems, or the weights do not fit.

    >>> pair = coupling(np.array([[0.6, 0.3]]))
    >>> round(float(pair.c[0]), 6), round(float(pair.d[0]), 6)
    (0.942809, 0.651356)
    """
    u = check_array("levels", levels)
    k = u.shape[1]
    if k < 2:
        raise BadInput("levels", "few", "coupling needs at least two subsystems")
    if (u < 0).any() or (u > 1).any():
        raise BadInput("levels", "range", "levels lie from 0 to 1: normalise them first")
    share = np.full(k, 1.0 / k) if weights is None else _check_weights(weights, k)
    c = _plain(u) if form == "plain" else _modified(u)
    t = u @ share
    return Coupling(c, t, np.sqrt(c * t))


def grade(d: float) -> int:
    """The step (等级) of a coupling coordination from 0 to 1: an index into ``GRADES``.

    Raises:
        BadInput: it lies outside.
    """
    if not 0 <= d <= 1 + 1e-12:
        raise BadInput("d", "range", "a coupling coordination lies from 0 to 1")
    return next((step for step, (top, _) in enumerate(GRADES) if d < top), len(GRADES) - 1)


@dataclass(frozen=True, slots=True)
class Fusion:
    """Four-way fusion (四链融合): one row a city and year.

    Attributes:
        rows: (city, period) of each row.
        sides: names of the subsystems.
        levels: (n, 4), level of each subsystem from 0 to 1.
        coupling: C, T and D of each row.
        weights: weight of each indicator within its subsystem.
    """

    rows: tuple[tuple[str, str], ...]
    sides: tuple[str, ...]
    levels: Array
    coupling: Coupling
    weights: Mapping[str, float]


def fusion(
    rows: Sequence[tuple[str, str]],
    values: Array,
    columns: Sequence[str],
    sides: Mapping[str, Sequence[str]],
    *,
    weighting: Weighting = "equal",
    form: Form = "plain",
    falling: Sequence[str] = (),
) -> Fusion:
    """Coupling coordination of the sides (科创、产业、金融、人才) by city and year.

    Indicators are range-normalised to [0.01, 1] over all cities and years together, so that years can
    be compared; the level of a side is the weighted mean of its indicators; the sides weigh the same.

    Args:
        rows: (city, period) of each of the n rows.
        values: (n, k).
        columns: k names of indicators.
        sides: side → its indicators; every side needs one, no indicator serves two.
        weighting: within a side, equal or by entropy.
        form: which C.
        falling: indicators of which less is better.

    Raises:
        BadInput: a side has no indicator, an indicator is unknown or used twice, or rows do not fit.
    """
    x = check_array("values", values)
    names = list(columns)
    if x.shape != (len(rows), len(names)):
        raise BadInput(
            "values", "shape", "the values need one row a city and year and one column an indicator"
        )
    if len(rows) < 2:
        raise BadInput("rows", "few", "normalisation needs at least two rows")
    used = [name for members in sides.values() for name in members]
    if len(sides) < 2 or any(not members for members in sides.values()):
        raise BadInput(
            "sides", "empty", "every side needs at least one indicator, and there are at least two sides"
        )
    if len(set(used)) != len(used) or not set(used) <= set(names):
        raise BadInput("sides", "unknown", "an indicator of a side is unknown or serves twice")
    scaled = normalise(x, falling=[names.index(name) for name in falling if name in names])
    levels, weights = [], {}
    for members in sides.values():
        at = [names.index(name) for name in members]
        share = entropy_weights(scaled[:, at]) if weighting == "entropy" else np.full(len(at), 1.0 / len(at))
        levels.append(scaled[:, at] @ share)
        weights.update({name: float(w) for name, w in zip(members, share, strict=True)})
    stacked = np.clip(np.column_stack(levels), 0.0, 1.0)
    return Fusion(tuple(rows), tuple(sides), stacked, coupling(stacked, form=form), weights)


def _plain(u: Array) -> Array:
    mean = u.mean(axis=1)
    product = np.prod(u ** (1.0 / u.shape[1]), axis=1)
    # Rounding may lift the geometric mean a hair above the arithmetic one.
    ratio = np.divide(product, mean, out=np.zeros_like(mean), where=mean > 0)
    return np.asarray(np.minimum(ratio, 1.0), dtype=np.float64)


def _modified(u: Array) -> Array:
    k = u.shape[1]
    gaps = np.abs(u[:, :, None] - u[:, None, :]).sum(axis=(1, 2)) / (k * (k - 1))
    top = u.max(axis=1)
    ratio = np.divide(u, top[:, None], out=np.zeros_like(u), where=top[:, None] > 0)
    # The largest ratio is 1, so the product over all equals the product over the other k − 1.
    closeness = np.prod(ratio ** (1.0 / (k - 1)), axis=1)
    return np.asarray(np.sqrt((1.0 - gaps) * closeness), dtype=np.float64)


def _check_weights(weights: Array, k: int) -> Array:
    w = check_array("weights", weights, dimensions=1)
    if w.shape != (k,) or (w < 0).any() or w.sum() <= 0:
        raise BadInput("weights", "shape", "weights need one value ≥ 0 a subsystem and a positive sum")
    return np.asarray(w / w.sum(), dtype=np.float64)
