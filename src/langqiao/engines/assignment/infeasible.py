"""Why places stay unfilled, and what would mend it (不可行的原因与补救); every remedy was tried.

A remedy is computed, not guessed: the problem is solved again with it, and it is kept only when every
place is filled. The smallest size of a remedy is found by doubling and bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from scipy import sparse

from . import flow, programme
from .core import prepare
from .types import Assignment, Ints, Problem

LARGEST_REMEDY = 1_000  # extra load, or new reviewers, that is still looked at
SECONDS = 5.0  # for each trial with quotas of two attributes

Cause = Literal["candidates", "capacity", "quotas"]


@dataclass(frozen=True, slots=True)
class Lacking:
    """An item that lacks reviewers: how many, how many candidates conflicts leave, and the cause."""

    item: int
    lacks: int
    needs: int
    candidates: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Remedy:
    """What fills every place: ``size`` more of ``what`` (load of each reviewer, reviewers, quota)."""

    what: Literal["load", "reviewers", "quota"]
    size: int
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Items that lack reviewers, reviewers below their least load, the total room, and the remedies."""

    items: tuple[Lacking, ...]
    short: Mapping[int, int] = field(default_factory=dict)
    places: int = 0
    room: int = 0
    remedies: tuple[Remedy, ...] = ()

    def as_dict(self, problem: Problem) -> dict[str, Any]:
        """Plain data, items and reviewers by their identifiers where they have any."""
        names, people = problem.items, problem.reviewers
        return {
            "items": [
                {
                    "item": names[one.item] if names else one.item,
                    "lacks": one.lacks,
                    "needs": one.needs,
                    "candidates": one.candidates,
                    "cause": one.cause,
                }
                for one in self.items
            ],
            "short": {str(people[at] if people else at): n for at, n in self.short.items()},
            "places": self.places,
            "room": self.room,
            "remedies": [
                {"what": one.what, "size": one.size, "attribute": one.attribute} for one in self.remedies
            ],
        }


def diagnose(problem: Problem, found: Assignment) -> Diagnosis:
    """Explain what an assignment leaves unfilled.

    Args:
        found: the result of the problem, as many places filled as can be.
    """
    needs, counts = np.asarray(problem.per_item), _counts(problem)
    room, places = int(np.sum(problem.max_load)), int(np.sum(needs))
    without = _unfilled(replace(problem, quotas=())) if problem.quotas else found.unfilled
    items = tuple(
        Lacking(
            int(at),
            int(found.unfilled[at]),
            int(needs[at]),
            int(counts[at]),
            _cause(int(needs[at]), int(counts[at]), lacks_anyway=bool(without[at])),
        )
        for at in np.nonzero(found.unfilled)[0]
    )
    remedies = [remedy for make in (_more_load, _more_reviewers) if (remedy := make(problem)) is not None]
    remedies += _looser_quotas(problem)
    short = {int(at): int(found.short[at]) for at in np.nonzero(found.short)[0]}
    return Diagnosis(items, short, places, room, tuple(remedies) if items else ())


def _cause(needs: int, candidates: int, *, lacks_anyway: bool) -> Cause:
    if candidates < needs:
        return "candidates"
    return "capacity" if lacks_anyway else "quotas"


def _counts(problem: Problem) -> Ints:
    """Candidates of each item, pinned reviewers among them."""
    core = prepare(problem)
    counts = np.zeros(core.shape[0], dtype=np.int64)
    counts[core.row_order] = core.candidates.counts + np.bincount(core.pinned.rows, minlength=core.shape[0])
    return counts


def _unfilled(problem: Problem) -> Ints:
    """Unfilled places of each item when as many as can be are filled."""
    core = prepare(problem)
    if len(core.panels) > 1:
        missing = programme.optimum(core, seconds=SECONDS, scores=False).unfilled
    else:
        missing = flow.optimum(core).unfilled
    back = np.zeros(core.shape[0], dtype=np.int64)
    back[core.row_order] = missing
    return back


def _smallest(fills: Callable[[int], bool], least: int = 1) -> int | None:
    """The smallest size from ``least`` on that fills every place, None when even the largest does not.

    ``least`` is what counting alone asks for; mostly it is enough, and one trial settles it.
    """
    low, high = least - 1, least
    while high > LARGEST_REMEDY or not fills(high):
        if high >= LARGEST_REMEDY:
            return None
        low, high = high, min(LARGEST_REMEDY, 2 * high - least + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fills(middle) else (middle, high)
    return high


def _fills(problem: Problem) -> bool:
    return not _unfilled(problem).any()


def _more_load(problem: Problem) -> Remedy | None:
    """So much more load for every reviewer."""
    if (_counts(problem) < problem.per_item).any():
        return None  # no load helps where there are too few candidates
    missing = int(problem.per_item.sum() - problem.max_load.sum())
    size = _smallest(
        lambda more: _fills(replace(problem, max_load=problem.max_load + more)),
        max(1, -(-missing // problem.shape[1])),
    )
    return None if size is None else Remedy("load", size)


def _more_reviewers(problem: Problem) -> Remedy | None:
    """So many more reviewers without conflicts, each with the largest load that anybody has."""
    missing = int(problem.per_item.sum() - problem.max_load.sum())
    load = max(1, int(problem.max_load.max()))
    lacking = int(np.max(problem.per_item - _counts(problem)))  # nobody takes two places of one item
    size = _smallest(lambda more: _fills(_joined_by(problem, more)), max(1, lacking, -(-missing // load)))
    return None if size is None else Remedy("reviewers", size)


def _joined_by(problem: Problem, more: int) -> Problem:
    items = problem.shape[0]
    load = int(np.max(problem.max_load, initial=1)) or 1
    return Problem(
        scores=_widened(problem.scores, more),
        per_item=problem.per_item,
        max_load=np.append(problem.max_load, np.full(more, load)),
        min_load=np.append(problem.min_load, np.zeros(more, dtype=np.int64)),
        conflicts=None if problem.conflicts is None else _wider_mask(problem.conflicts, items, more),
        pins=problem.pins,
        # Newcomers bear no value of a quota: they take a place that no quota counts.
        quotas=[replace(quota, values=[*quota.values, *[""] * more]) for quota in problem.quotas],
        items=problem.items,
        reviewers=[*problem.reviewers, *(f"\U0010ffff{k}" for k in range(more))] if problem.reviewers else (),
    )


def _widened(scores: Any, more: int) -> Any:
    """Scores with columns of zeros, stored ones where the matrix is sparse."""
    items = scores.shape[0]
    if not hasattr(scores, "indptr"):
        return np.hstack([scores, np.zeros((items, more))])
    rows, columns = np.repeat(np.arange(items), more), np.tile(np.arange(more), items)
    return sparse.hstack([scores, sparse.coo_array((np.zeros(items * more), (rows, columns)))], format="csr")


def _wider_mask(mask: Any, items: int, more: int) -> Any:
    """The mask with columns that bar nobody."""
    if hasattr(mask, "indptr"):
        return sparse.hstack([mask, sparse.csr_array((items, more), dtype=np.bool_)], format="csr")
    return np.hstack([mask, np.zeros((items, more), dtype=np.bool_)])


def _looser_quotas(problem: Problem) -> list[Remedy]:
    """Quotas that, left out alone, let every place be filled."""
    found = []
    for at, quota in enumerate(problem.quotas):
        rest = tuple(other for place, other in enumerate(problem.quotas) if place != at)
        if _fills(replace(problem, quotas=rest)):
            found.append(Remedy("quota", 1, quota.attribute))
    return found
