"""The balanced choice (均衡遴选): the best set under the rules, and what each rule costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.selection.choice.explain import explain
from langqiao.engines.selection.choice.lottery import Lottery, draw
from langqiao.engines.selection.choice.model import Model, build
from langqiao.engines.selection.choice.rules import Rule, rule_as_dict, rule_from_dict
from langqiao.engines.selection.choice.solver import GRAIN, HIGHS_VERSION, Found, Question, Solver
from langqiao.engines.selection.choice.types import (
    Candidate,
    Choice,
    Conflict,
    Price,
    Remark,
    Standing,
)
from langqiao.engines.selection.errors import SelectionError
from langqiao.engines.selection.receipt import Receipt, digest, own_version

Mask = NDArray[np.bool_]

METHOD = "choice-1"
NEAREST = 150
"""Margins are exact for this many candidates nearest to the line and for all near-tied by margin; of the
others in a larger field a lower bound is given."""


def choose(
    candidates: Sequence[Candidate],
    *,
    places: int,
    rules: Sequence[Rule] = (),
    margin: float = 0.0,
    lottery: Lottery | None = None,
) -> Choice | Conflict:
    """Choose ``places`` candidates with the highest total score that keep every rule.

    Exact (see :mod:`.solver`). Of equally good sets the one is taken that comes first when sets are
    compared by their sorted identifiers; the order of the input does not matter.

    Args:
        candidates: who may be chosen; ids differ.
        places: how many are chosen, exactly.
        rules: quotas, budget, lowest score, pins and bars, each given once.
        margin: points of total score within which candidates count as near-tied.
        lottery: draw among the near-tied, see :mod:`.lottery`.

    Returns:
        The choice, or where no set keeps the rules the conflict between them.

    Raises:
        SelectionError: a candidate or rule cannot be used, or the problem is too hard to solve exactly.

    >>> from langqiao.engines.selection.choice import AtLeast
    >>> found = choose(
    ...     [Candidate("a", 9, attributes={"city": "x"}), Candidate("b", 8, attributes={"city": "x"}),
    ...      Candidate("c", 5, attributes={"city": "y"})],
    ...     places=2, rules=[AtLeast("city", 1)])
    >>> found.chosen, found.price_of_balance
    (('a', 'c'), 3.0)
    """
    if not (math.isfinite(margin) and margin >= 0):
        raise SelectionError("the margin must be a finite number, not negative", kind="margin")
    model = build(candidates, places, rules)
    receipt = _receipt(candidates, model, margin, lottery)
    solver, question = Solver(model.units, model.rows), model.question()
    found = solver.best(question)
    if found is None:
        return _conflict(model, receipt)
    solved = _Solved(model, solver, question, found, found.chosen)
    flips = _flips(solved, margin)
    tied = tuple(sorted(model.candidates[flip.column].id for flip in flips if flip.loss == 0))
    solved = replace(solved, chosen=_first_of_equals(solved, tied))
    standings = tuple(_standing(solved, flip, margin) for flip in flips)
    drawing = None
    if lottery is not None:
        near = [standing.candidate for standing in standings if "margin" in standing.reasons]
        drawing = draw(model, solver, solved.chosen, near, total=found.total, margin=margin, lottery=lottery)
    best_alone = _best_alone(model, solved.chosen)
    chosen = model.ids(solved.chosen)
    result = {"chosen": sorted(chosen), "drawn": sorted(drawing.chosen) if drawing else None}
    return Choice(
        chosen=chosen,
        total=_points(found.total),
        unconstrained=model.ids(best_alone),
        unconstrained_total=_points(float(model.units[best_alone].sum())),
        prices=tuple(_price(solved, at) for at in range(1, len(model.rules))),
        standings=standings,
        drawing=drawing,
        remarks=(*model.remarks, Remark("tied", subjects=tied)) if tied else model.remarks,
        receipt=replace(receipt, result=digest(result)),
    )


def _conflict(model: Model, receipt: Receipt) -> Conflict:
    found = explain(model)
    result = {"conflict": [rule_as_dict(rule) for rule in found.rules]}
    return Conflict(found.rules, found.mends, model.remarks, replace(receipt, result=digest(result)))


def rerun(receipt: Receipt, candidates: Sequence[Candidate]) -> Choice | Conflict:
    """Make the choice of a receipt again, from the same candidates (按回执复算).

    Compare ``result`` of the new receipt with that of the old one.

    Raises:
        SelectionError: the candidates are not those of the receipt, or the receipt is of another method.
    """
    if receipt.method != METHOD:
        raise SelectionError(f"the receipt is of the method {receipt.method!r}", kind="receipt")
    if receipt.inputs != _inputs(candidates):
        raise SelectionError("the candidates are not those of the receipt", kind="receipt")
    given = receipt.parameters
    try:
        rules = [rule_from_dict(values) for values in given["rules"]]
        drawn = given["lottery"]
        lottery = Lottery(drawn["seed"], is_weighted=drawn["weighted"]) if drawn else None
        places, margin = given["places"], float(given["margin"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SelectionError("the receipt's parameters are not complete", kind="receipt") from error
    return choose(candidates, places=places, rules=rules, margin=margin, lottery=lottery)


def _points(total: float) -> float:
    return round(total * GRAIN, 6)


def _receipt(
    candidates: Sequence[Candidate], model: Model, margin: float, lottery: Lottery | None
) -> Receipt:
    parameters = {
        "places": model.places,
        "rules": [rule_as_dict(rule) for rule in model.rules[1:]],
        "margin": margin,
        "grain": GRAIN,
        "lottery": {"seed": lottery.seed, "weighted": lottery.is_weighted} if lottery else None,
    }
    versions = {"langqiao": own_version(), "highspy": HIGHS_VERSION, "numpy": np.__version__}
    return Receipt(METHOD, _inputs(candidates), parameters, versions)


def _inputs(candidates: Sequence[Candidate]) -> str:
    ordered = sorted(candidates, key=lambda candidate: candidate.id)
    return digest(
        [
            {
                "id": c.id,
                "figures": [x if x is None else float(x) for x in (c.score, c.low, c.high, c.cost, c.weight)],
                "attributes": dict(c.attributes),
            }
            for c in ordered
        ]
    )


@dataclass(frozen=True, slots=True)
class _Solved:
    """The problem with its answer: ``found`` is a best set, ``chosen`` the one that is taken of all such."""

    model: Model
    solver: Solver
    question: Question
    found: Found
    chosen: Mask


@dataclass(frozen=True, slots=True)
class _Flip:
    """What forcing a column to the other side loses, in grains, and the set that results.

    ``loss`` is None where no set keeps the rules; ``other`` is None then, and where ``loss`` is a bound.
    """

    column: int
    loss: float | None
    other: Mask | None = None


def _flips(solved: _Solved, margin: float) -> list[_Flip]:
    """Force each free candidate to the other side; the nearest to the line first."""
    found, question = solved.found, solved.question
    free = np.flatnonzero(question.low != question.high)
    floors = _loss_floors(found, free, question.places)
    nearest = free[np.argsort(floors[free], kind="stable")]
    near = np.arange(nearest.size) < NEAREST
    near |= floors[nearest] <= margin / GRAIN
    flips = [_Flip(int(column), float(floors[column])) for column in nearest[~near]]
    others = solved.solver.flips(question, found, nearest[near]) if near.any() else []
    for column, other in zip(nearest[near], others, strict=True):
        loss, chosen = (None, None) if other is None else (found.total - other[0], other[1])
        flips.append(_Flip(int(column), loss, chosen))
    return sorted(flips, key=lambda flip: (math.inf if flip.loss is None else flip.loss, flip.column))


def _loss_floors(found: Found, free: NDArray[np.intp], places: int) -> NDArray[np.float64]:
    """The least that forcing each free column over can lose, in grains, from the proof of the best set.

    Any set is worth at most the sum of its reduced scores plus a constant. With a column forced in, that
    sum falls by at least what lies between it and the last place; forced out, by what lies between it and
    the first behind.
    """
    floors = np.zeros(found.chosen.size)
    open_places = places - int(found.chosen.sum()) + int(found.chosen[free].sum())
    if not 0 < open_places < free.size:
        return floors
    ordered = np.sort(found.reduced[free])[::-1]
    last, behind = ordered[open_places - 1], ordered[open_places]
    fall = np.where(found.chosen, found.reduced - behind, last - found.reduced)
    floors[free] = np.maximum(0.0, np.floor(fall - (found.bound - found.total) - 1.0))[free]
    return floors


def _first_of_equals(solved: _Solved, tied: Sequence[str]) -> Mask:
    """Of all best sets the first by sorted identifiers: decide on the tied one by one, in that order."""
    column = {candidate.id: at for at, candidate in enumerate(solved.model.candidates)}
    question, best = solved.question, solved.found.chosen
    missing = sum(bool(best[column[key]]) for key in tied)
    for key in tied:
        if not missing:
            break
        inside = question.force(column[key], chosen=True)
        if not best[column[key]]:
            other = solved.solver.best(inside, more_than=solved.found.total - 0.5)
            if other is None:
                question = question.force(column[key], chosen=False)
                continue
            best = other.chosen
        question, missing = inside, missing - 1
    return best


def _standing(solved: _Solved, flip: _Flip, margin: float) -> Standing:
    model, chosen = solved.model, solved.chosen
    key, inside = model.candidates[flip.column].id, bool(chosen[flip.column])
    if flip.loss is None:
        return Standing(key, inside, None)
    loss = _points(flip.loss)
    if flip.other is None:
        return Standing(key, inside, loss, exact=False)
    # Of equally good sets another one may have been taken since: then the first is on the other side.
    other = flip.other if flip.other[flip.column] != inside else solved.found.chosen
    other = _closer(solved, other, solved.question, keep=flip.column)
    leaves, enters = chosen & ~other, other & ~chosen
    reasons = _reasons(model, loss, margin, leaves | enters)
    return Standing(key, inside, loss, leaves=model.ids(leaves), enters=model.ids(enters), reasons=reasons)


def _reasons(model: Model, loss: float, margin: float, exchanged: Mask) -> tuple[str, ...]:
    """Why an exchange that loses ``loss`` points is a near tie."""
    reasons = ["margin"] if loss <= margin else []
    halves = [model.candidates[at].half_width for at in np.flatnonzero(exchanged)]
    known = [half for half in halves if half is not None]
    # Independent errors: the interval of a difference is as wide as the root of the sum of squares.
    if len(known) == len(halves) and loss <= math.hypot(*known):
        reasons.append("interval")
    return tuple(reasons)


def _closer(solved: _Solved, other: Mask, question: Question, *, keep: int = -1) -> Mask:
    """An equally good answer to ``question`` that differs less from the choice.

    Equal scores are changed back in pairs: otherwise candidates who are tied with each other would seem to
    win or lose by a rule. The column ``keep`` stays as it is.
    """
    chosen, units, other = solved.chosen, solved.model.units, other.copy()
    for enters in np.flatnonzero(chosen & ~other):
        for leaves in np.flatnonzero(other & ~chosen):
            if keep in (enters, leaves) or units[enters] != units[leaves]:
                continue
            other[[enters, leaves]] = True, False
            if solved.solver.keeps(question, other):
                break
            other[[enters, leaves]] = False, True
    return other


def _price(solved: _Solved, at: int) -> Price:
    """What a rule costs: the best set without it, against the choice."""
    model, chosen, total = solved.model, solved.chosen, solved.found.total
    rule, question = model.rules[at], model.question(without=[at])
    found = solved.solver.best(question, more_than=total + 0.5)
    if found is None:
        return Price(rule, 0.0, (), ())
    rows = np.flatnonzero(model.row_rule == at)
    parts = {}
    for row in rows if rows.size > 1 else ():
        alone = solved.solver.best(model.question(rows_off=[int(row)]), more_than=total + 0.5)
        if alone is not None:
            parts[model.row_value[row]] = _points(alone.total - total)
    other = _closer(solved, found.chosen, question)
    return Price(
        rule, _points(found.total - total), model.ids(chosen & ~other), model.ids(other & ~chosen), parts
    )


def _best_alone(model: Model, chosen: Mask) -> Mask:
    """The best by score alone; of equal scores those first who are chosen, then by identifier."""
    order = sorted(
        range(chosen.size), key=lambda at: (-model.units[at], not chosen[at], model.candidates[at].id)
    )
    best = np.zeros(chosen.size, dtype=bool)
    best[order[: model.places]] = True
    return best
