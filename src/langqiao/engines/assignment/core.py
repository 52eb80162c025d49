"""A problem made ready: identifiers put in order, pins taken out, quotas as counts per item and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .candidates import Candidates, Nodes, Pairs, placed
from .types import Assignment, AssignmentError, Floats, Ints, Method, Problem, Quota

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One quota: the value of each reviewer (−1: none) and, for every item and value, the most and the
    fewest that may still be added. A ``most`` of the item's need binds nothing.
    """

    attribute: str
    names: tuple[str, ...]
    code: Codes
    most: Ints
    fewest: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """What the solvers see. ``need``, ``most`` and ``least`` are what pins have left of the limits."""

    problem: Problem
    candidates: Candidates
    need: Ints
    most: Ints
    least: Ints
    panels: tuple[Panel, ...]
    pinned: Pairs
    row_order: Ints
    col_order: Ints

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of items and reviewers."""
        return self.candidates.shape

    def pinned_sums(self) -> Floats:
        """The score that each item has from pinned pairs."""
        return sums(self.pinned.rows, self.pinned.scores, self.shape[0])

    def settled(self, filled: Pairs, short: Ints) -> Core:
        """The same with limits lowered to what an assignment reaches, so that it is feasible."""
        n = self.shape[0]
        need = np.bincount(filled.rows, minlength=n).astype(np.int64)
        panels = tuple(
            replace(panel, fewest=np.minimum(panel.fewest, count(panel, filled, n))) for panel in self.panels
        )
        return replace(self, need=need, least=np.maximum(0, self.least - short), panels=panels)


def sums(places: NDArray[np.integer], values: Floats, size: int) -> Floats:
    """The sum of the values at each place, also where there is none at all."""
    return np.bincount(places, values, minlength=size).astype(np.float64)


def count(panel: Panel, pairs: Pairs, items: int) -> Ints:
    """How many reviewers of each value (columns) each item has among the pairs."""
    code = panel.code[pairs.cols]
    known = code >= 0
    width = len(panel.names)
    flat = np.bincount(pairs.rows[known].astype(np.int64) * width + code[known], minlength=items * width)
    return flat.reshape(items, width).astype(np.int64)


def prepare(problem: Problem) -> Core:
    """Check what only all parts together can show, and renumber by identifier.

    Raises:
        AssignmentError: a pinned pair is a conflict or has no score, or pins break a limit.
    """
    n, m = problem.shape
    row_order = np.argsort(np.array(problem.items)) if problem.items else np.arange(n)
    col_order = np.argsort(np.array(problem.reviewers)) if problem.reviewers else np.arange(m)
    pinned = _pinned(problem, row_order, col_order)
    need = problem.per_item[row_order] - np.bincount(pinned.rows, minlength=n)
    taken = np.bincount(pinned.cols, minlength=m)
    most = problem.max_load[col_order] - taken
    if (need < 0).any():
        item = int(row_order[int(np.argmax(need < 0))])
        raise AssignmentError(f"item {_name(problem.items, item)} has more pinned reviewers than places")
    if (most < 0).any():
        reviewer = int(col_order[int(np.argmax(most < 0))])
        raise AssignmentError(
            f"reviewer {_name(problem.reviewers, reviewer)} has more pinned items than max_load"
        )
    panels = tuple(_panel(problem, quota, pinned, row_order, col_order) for quota in problem.quotas)
    for panel in panels:
        _check_room(panel, need, problem, row_order)
    return Core(
        problem=problem,
        candidates=Candidates(problem, row_order, col_order),
        need=need,
        most=most,
        least=np.maximum(0, problem.min_load[col_order] - taken),
        panels=panels,
        pinned=pinned,
        row_order=row_order,
        col_order=col_order,
    )


def _name(keys: tuple[str, ...] | object, at: int) -> str:
    return str(keys[at]) if isinstance(keys, tuple) and keys else str(at)


def _pinned(problem: Problem, row_order: Ints, col_order: Ints) -> Pairs:
    scores = []
    for item, reviewer in problem.pins:
        name = f"({_name(problem.items, item)}, {_name(problem.reviewers, reviewer)})"
        if problem.conflicts is not None and problem.conflicts[item, reviewer]:
            raise AssignmentError(f"the pinned pair {name} is a conflict of interest")
        score = float(problem.scores[item, reviewer])
        if not np.isfinite(score):
            raise AssignmentError(f"the pinned pair {name} has no score")
        scores.append(score)
    if not scores:
        return Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    rows, cols = np.argsort(row_order), np.argsort(col_order)
    found = sorted(
        (int(rows[item]), int(cols[reviewer]), score)
        for (item, reviewer), score in zip(problem.pins, scores, strict=True)
    )
    return Pairs(
        np.array([pair[0] for pair in found], np.int32),
        np.array([pair[1] for pair in found], np.int32),
        np.array([pair[2] for pair in found]),
    )


def _panel(problem: Problem, quota: Quota, pinned: Pairs, row_order: Ints, col_order: Ints) -> Panel:
    n = problem.shape[0]
    names = tuple(sorted({str(value) for value in quota.values if value} | set(quota.at_least)))
    place = {name: at for at, name in enumerate(names)}
    code = np.array([place[str(value)] if value else -1 for value in quota.values], np.int32)[col_order]
    per_item = problem.per_item[row_order]
    most = np.repeat(per_item[:, None], len(names), axis=1)
    if isinstance(quota.at_most, Mapping):
        for name, limit in quota.at_most.items():
            if name in place:
                most[:, place[name]] = np.minimum(most[:, place[name]], limit)
    elif quota.at_most is not None:
        most = np.minimum(most, quota.at_most)
    fewest = np.zeros_like(most)
    for name, limit in quota.at_least.items():
        fewest[per_item > 0, place[name]] = limit
    panel = Panel(quota.attribute, names, code, most, fewest)
    if (fewest > most).any():
        raise AssignmentError(f"quota {quota.attribute!r} asks for more of a value than it allows")
    if (fewest.sum(axis=1) > per_item).any():
        raise AssignmentError(f"quota {quota.attribute!r} asks for more reviewers than an item has places")
    held = count(panel, pinned, n)
    if (held > most).any():
        row, value = np.argwhere(held > most)[0]
        item = _name(problem.items, int(row_order[row]))
        raise AssignmentError(f"pinned reviewers of item {item} break quota {names[value]!r}")
    return replace(panel, most=most - held, fewest=np.maximum(0, fewest - held))


def _check_room(panel: Panel, need: Ints, problem: Problem, row_order: Ints) -> None:
    tight = panel.fewest.sum(axis=1) > need
    if tight.any():
        item = _name(problem.items, int(row_order[int(np.argmax(tight))]))
        raise AssignmentError(
            f"the pinned reviewers of item {item} leave no room for the quota {panel.attribute!r}"
        )


def conclude(
    core: Core,
    pairs: Pairs,
    *,
    unfilled: Ints,
    short: Ints,
    method: Method,
    seconds: float,
    bound: float | None = None,
    sum_bound: float | None = None,
    complete: bool = True,
    precision: float = 0.0,
    optimum: float | None = None,
    expected_sum: float | None = None,
    seed: int | None = None,
) -> Assignment:
    """Chosen pairs and pins as an assignment in the numbering of the problem.

    ``bound`` and ``sum_bound`` concern the whole, pins included; left out, the result is the optimum.
    """
    n, m = core.shape
    items = core.row_order[np.concatenate([core.pinned.rows, pairs.rows])]
    reviewers = core.col_order[np.concatenate([core.pinned.cols, pairs.cols])]
    scores = np.concatenate([core.pinned.scores, pairs.scores])
    order = np.lexsort((reviewers, items))
    items, reviewers, scores = items[order], reviewers[order], scores[order]
    per_item = sums(items, scores, n)
    total = float(np.sum(scores))
    asked = per_item[core.problem.per_item > 0]
    minimum = float(asked.min()) if len(asked) else 0.0
    back_rows, back_cols = np.empty(n, np.int64), np.empty(m, np.int64)
    back_rows[core.row_order], back_cols[core.col_order] = unfilled, short
    return Assignment(
        items=items.astype(np.int64),
        reviewers=reviewers.astype(np.int64),
        scores=scores,
        per_item=per_item,
        loads=np.bincount(reviewers, minlength=m).astype(np.int64),
        unfilled=back_rows,
        short=back_cols,
        method=method,
        seconds=seconds,
        sum=total,
        minimum=minimum,
        bound=(minimum if method == "fair" else total) if bound is None else bound,
        sum_bound=total if sum_bound is None else sum_bound,
        complete=complete,
        precision=precision,
        optimum=optimum,
        expected_sum=expected_sum,
        seed=seed,
    )


__all__ = ["Codes", "Core", "Nodes", "Panel", "conclude", "count", "placed", "prepare"]
