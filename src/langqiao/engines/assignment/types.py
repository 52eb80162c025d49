"""What goes into an assignment of reviewers (评审专家分配) and what comes out: frozen dataclasses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .infeasible import Diagnosis

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Method = Literal["sum", "fair", "random"]
FARTHEST = 1e9  # a score; beyond it others are lost in rounding
LARGEST = 1_000_000  # of a load or a number of places; beyond it a limit means nothing


class AssignmentError(ValueError):
    """The problem is not well put; the message says where and how to mend it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long computation is: ``done`` of ``total`` in the named ``stage`` (0: total unknown)."""

    stage: str
    done: int
    total: int


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Quota:
    """A rule for every panel (评审组): how many of its reviewers may, or must, share a value.

    ``values[r]`` is the value of reviewer ``r``, for instance the city; "" means that the reviewer has
    none and is not counted. ``at_most`` is one limit for every value or one for each named value;
    ``at_least`` names values that every panel must hold. Places that only a missing value could take
    stay unfilled: a quota is never broken, it leaves a gap that the diagnosis explains.
    """

    attribute: str
    values: Sequence[str]
    at_most: int | Mapping[str, int] | None = None
    at_least: Mapping[str, int] = field(default_factory=dict)


def _whole(name: str, given: Any, size: int, of: str) -> Ints:
    """One whole number for all, or one for each."""
    try:
        raw = np.asarray(given)
        value = raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise AssignmentError(f"{name} must be a whole number, or one for each {of}") from None
    if value.ndim == 0:
        value = np.full(size, float(value))
    if value.shape != (size,):
        raise AssignmentError(f"{name} has shape {value.shape}, but there are {size} {of}s")
    wrong = ~((value >= 0) & (value <= LARGEST) & (value == np.floor(value)))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise AssignmentError(
            f"{name} of {of} {at} is {value[at]:g}; it must be a whole number from 0 to {LARGEST}"
        )
    return value.astype(np.int64)


@dataclass(frozen=True, eq=False)
class Problem:
    """Who may review what, how well they fit, and the limits.

    Args:
        scores: (items × reviewers) affinities, a dense array or a scipy sparse matrix whose stored
            entries are the candidate pairs. Negative scores are scores; NaN and −∞ mean that the
            pair is no candidate.
        per_item: reviewers that each item needs, one number or one for each item.
        max_load, min_load: items for each reviewer at most and at least, one number or one for each.
        conflicts: (items × reviewers) mask, dense or sparse; what is not 0 is a conflict of interest
            (利益冲突) and is never assigned.
        pins: pairs (item, reviewer) that must stay, such as reviews already accepted.
        quotas: rules for panels, see Quota.
        items, reviewers: unique identifiers. When they are given, the result does not depend on the
            order of rows and columns, ties included.

    Raises:
        AssignmentError: a shape, a value or a limit does not fit; the message names the place.
    """

    scores: Any
    per_item: Any = 3
    max_load: Any = 6
    min_load: Any = 0
    conflicts: Any = None
    pins: Sequence[tuple[int, int]] = ()
    quotas: Sequence[Quota] = ()
    items: Sequence[str] = ()
    reviewers: Sequence[str] = ()

    def __post_init__(self) -> None:
        scores = _matrix("scores", self.scores, np.float64)
        n, m = scores.shape
        if not n or not m:
            raise AssignmentError("scores hold no items or no reviewers")
        _check_scores(scores.data if hasattr(scores, "indptr") else scores)
        self._set("scores", scores)
        self._set("per_item", _whole("per_item", self.per_item, n, "item"))
        self._set("max_load", _whole("max_load", self.max_load, m, "reviewer"))
        self._set("min_load", _whole("min_load", self.min_load, m, "reviewer"))
        if (self.min_load > self.max_load).any():
            at = int(np.argmax(self.min_load > self.max_load))
            raise AssignmentError(
                f"min_load {self.min_load[at]} of reviewer {at} is above max_load {self.max_load[at]}"
            )
        if self.conflicts is not None:
            mask = _matrix("conflicts", self.conflicts, np.bool_)
            if mask.shape != (n, m):
                raise AssignmentError(f"conflicts have shape {mask.shape}, scores {(n, m)}")
            self._set("conflicts", mask)
        for name, size in (("items", n), ("reviewers", m)):
            keys = tuple(getattr(self, name))
            if keys and len(keys) != size:
                raise AssignmentError(f"{len(keys)} identifiers for {size} {name}")
            if len(set(keys)) != len(keys):
                raise AssignmentError(f"identifiers of {name} are not unique")
            self._set(name, keys)
        self._set("pins", _pins(self.pins, n, m))
        self._set("quotas", tuple(self.quotas))
        for quota in self.quotas:
            _check_quota(quota, m)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of items and reviewers."""
        n, m = self.scores.shape
        return int(n), int(m)


def _matrix(name: str, given: Any, kind: type[np.generic]) -> Any:
    """A dense array of the type, or a CSR array with sorted, summed-free entries."""
    try:
        if hasattr(given, "tocsr"):
            from scipy import sparse  # only where a sparse matrix comes in

            matrix = sparse.csr_array(given)
            if not matrix.has_canonical_format:
                matrix = matrix.copy()
                entries = matrix.nnz
                matrix.sum_duplicates()
                if matrix.nnz != entries:
                    raise AssignmentError(f"{name} hold a pair twice")
            return matrix.astype(kind)
        dense = np.asarray(given)
        if dense.dtype == object or dense.dtype.kind not in "fiub":
            dense = dense.astype(np.float64)
        if kind is np.bool_ and np.isnan(dense).any():
            raise AssignmentError(f"{name} hold a value that is no number")
        dense = dense.astype(kind, copy=False)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, AssignmentError):
            raise
        raise AssignmentError(f"{name} are not a matrix of numbers") from None
    if dense.ndim != 2:
        raise AssignmentError(f"{name} must have two dimensions (items × reviewers), not {dense.ndim}")
    return dense


def _check_scores(values: Floats) -> None:
    if np.isposinf(values).any():
        raise AssignmentError("a score is +∞; scores must be finite (NaN or −∞ for no candidate)")
    if (np.abs(values, where=np.isfinite(values), out=np.zeros(values.shape)) > FARTHEST).any():
        raise AssignmentError(f"a score is beyond ±{FARTHEST:g}; leave out pairs that must not be")


def _pins(pins: Iterable[tuple[int, int]], n: int, m: int) -> tuple[tuple[int, int], ...]:
    chosen = tuple(sorted((int(item), int(reviewer)) for item, reviewer in pins))
    for before, pin in zip((None, *chosen), chosen, strict=False):
        if not (0 <= pin[0] < n and 0 <= pin[1] < m):
            raise AssignmentError(f"the pinned pair {pin} is outside the {n} × {m} scores")
        if pin == before:
            raise AssignmentError(f"the pair {pin} is pinned twice")
    return chosen


def _check_quota(quota: Quota, m: int) -> None:
    name = quota.attribute
    if len(quota.values) != m:
        raise AssignmentError(f"quota {name!r} gives {len(quota.values)} values for {m} reviewers")
    limits = quota.at_most if isinstance(quota.at_most, Mapping) else {"": quota.at_most or 0}
    for number in (*limits.values(), *quota.at_least.values()):
        if not isinstance(number, int) or number < 0:
            raise AssignmentError(f"quota {name!r}: limits must be whole numbers from 0")
    if "" in quota.at_least or (isinstance(quota.at_most, Mapping) and "" in quota.at_most):
        raise AssignmentError(f'quota {name!r}: "" means that a reviewer has no value; it takes no limit')


@dataclass(frozen=True, slots=True)
class Plan:
    """How to assign.

    ``sum`` takes the largest sum of scores; ``fair`` the largest minimum over items and then the largest
    sum (max-min); ``random`` draws with every pair's probability at most ``cap`` (Jecmen et al. 2020).
    ``time_limit`` (seconds) bounds ``fair`` and quotas of two attributes.
    """

    method: Method = "sum"
    cap: Fraction | None = None
    seed: int | None = None
    time_limit: float = 60.0

    def __post_init__(self) -> None:
        if self.method not in {"sum", "fair", "random"}:
            raise AssignmentError(f"there is no method {self.method!r}; take sum, fair or random")
        if self.method == "random":
            if self.cap is None or self.seed is None:
                raise AssignmentError("a random assignment needs a cap and a seed")
            if not 0 < self.cap <= 1:
                raise AssignmentError(f"the cap must be above 0 and at most 1, not {float(self.cap):g}")
            if self.seed < 0:
                raise AssignmentError("the seed must be a whole number from 0")
        if not (math.isfinite(self.time_limit) and self.time_limit > 0):
            raise AssignmentError("the time limit must be a positive number of seconds")


def as_cap(value: float | str | Fraction) -> Fraction:
    """A probability cap as a fraction: 0.5 → 1/2, 0.3333 → 3333/10000, "1/3" → 1/3.

    Raises:
        AssignmentError: not a number above 0 and at most 1, or with more than six decimals.
    """
    try:
        cap = value if isinstance(value, Fraction) else Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        raise AssignmentError(f"the cap {value!r} is not a number") from None
    if not 0 < cap <= 1:
        raise AssignmentError(f"the cap must be above 0 and at most 1, not {value}")
    if cap.denominator > 10**6:
        raise AssignmentError(f"the cap {value} has too many digits; six decimals are the most")
    return cap


@dataclass(frozen=True, eq=False, kw_only=True)
class Assignment:
    """A result (分配结果). Pairs are sorted by item, then reviewer.

    ``per_item`` holds each item's sum of scores; ``minimum`` is the smallest of the items that need
    anybody. ``unfilled`` counts places nobody could take, ``short`` what reviewers lack to their
    ``min_load``. ``bound`` is a proven upper bound on what the method maximises first (the sum, or the
    minimum for ``fair``), ``sum_bound`` one on the sum among assignments with this minimum;
    ``complete`` tells that no time limit ended the search, so that a re-run gives the same.
    """

    items: Ints
    reviewers: Ints
    scores: Floats
    per_item: Floats
    loads: Ints
    unfilled: Ints
    short: Ints
    method: Method
    seconds: float
    sum: float
    minimum: float
    bound: float
    sum_bound: float
    complete: bool = True
    precision: float = 0.0
    optimum: float | None = None
    expected_sum: float | None = None
    seed: int | None = None
    diagnosis: Diagnosis | None = None

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The assigned pairs (item, reviewer)."""
        return tuple(zip(self.items.tolist(), self.reviewers.tolist(), strict=True))

    @property
    def gap(self) -> float:
        """How far the method's first aim may be from its best, at most (0: proven)."""
        reached = self.minimum if self.method == "fair" else self.sum
        return max(0.0, self.bound - reached)

    @property
    def price(self) -> float | None:
        """The share of the deterministic optimum that a random assignment keeps in expectation."""
        if self.expected_sum is None or not self.optimum:
            return None
        return self.expected_sum / self.optimum
