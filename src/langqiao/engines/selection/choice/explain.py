"""Why no set keeps every rule: a smallest set of rules in conflict, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from langqiao.engines.selection.choice.model import Model
from langqiao.engines.selection.choice.rules import AtLeast, AtMost, Bar, Budget, Gate, Pin, Places, Rule
from langqiao.engines.selection.choice.solver import GRAIN, Solver, grains
from langqiao.engines.selection.choice.types import Mend


@dataclass(frozen=True, slots=True)
class Explanation:
    """A minimal set of rules that cannot hold together, and the remedies that need one rule each."""

    rules: tuple[Rule, ...]
    mends: tuple[Mend, ...]


def explain(model: Model) -> Explanation:
    """Reduce the rules of an infeasible model to a conflict none of whose rules can be left out.

    Deletion filter (Chinneck, Feasibility and Infeasibility in Optimization, 2008, section 6.1.1): leave out
    one rule after the other; what is still infeasible without it stays out. Each remedy is the smallest
    change of one rule with which the whole, not the conflict alone, becomes feasible.
    """
    out: list[int] = []
    for at in range(len(model.rules)):
        if not _is_feasible(model, without=[*out, at]):
            out.append(at)
    conflict = [at for at in range(len(model.rules)) if at not in out]
    mends = tuple(mend for at in conflict if (mend := _mend(model, at)) is not None)
    return Explanation(tuple(model.rules[at] for at in conflict), mends)


def _is_feasible(model: Model, *, without: Iterable[int] = ()) -> bool:
    off = list(without)
    solver = Solver(np.zeros_like(model.units), model.rows)
    question = model.question(without=off)
    if 0 not in off:  # the number of places is rule 0
        return solver.best(question) is not None
    return any(solver.best(replace(question, places=number)) is not None for number in _numbers(model))


def _numbers(model: Model) -> Iterator[int]:
    """Other numbers of places, the nearest first."""
    return iter(sorted(range(model.units.size + 1), key=lambda number: (abs(number - model.places), -number)))


def _mend(model: Model, at: int) -> Mend | None:
    """The smallest change of one rule that makes the whole feasible; None where none does."""
    rule = model.rules[at]
    if isinstance(rule, Places):
        solver = Solver(np.zeros_like(model.units), model.rows)
        question = model.question()
        fitting = (n for n in _numbers(model) if solver.best(replace(question, places=n)) is not None)
        number = next(fitting, None)
        return None if number is None else Mend(rule, float(number))
    if not _is_feasible(model, without=[at]):
        return None
    match rule:
        case Pin() | Bar():
            return Mend(rule, None)
        case Budget():
            found = Solver(-model.costs, model.rows).best(model.question(without=[at]))
            assert found is not None
            return Mend(rule, round(-found.total * GRAIN, 6))
        case Gate(score):
            below = sorted(
                {c.score for c in model.candidates if grains(c.score) < grains(score)}, reverse=True
            )
            return Mend(rule, below[_first(len(below), lambda i: _is_feasible(_gated(model, at, below[i])))])
        case AtLeast(number=number):
            lower = range(min(number - 1, model.places), -1, -1)
            return Mend(
                rule, float(lower[_first(len(lower), lambda i: _is_feasible(_lowered(model, at, lower[i])))])
            )
        case AtMost(number=number):
            upper = range(number + 1, model.places + 1)
            return Mend(
                rule, float(upper[_first(len(upper), lambda i: _is_feasible(_raised(model, at, upper[i])))])
            )


def _first(count: int, is_enough: Callable[[int], bool]) -> int:
    """The first of ``count`` ever laxer steps that is enough; the last one is known to be."""
    low, high = 0, count - 1
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _gated(model: Model, at: int, score: float) -> Model:
    below = [c for c, candidate in enumerate(model.candidates) if grains(candidate.score) < grains(score)]
    return replace(model, fixes=model.fixes | {at: (np.array(below, dtype=np.intp), False)})


def _lowered(model: Model, at: int, number: int) -> Model:
    lower = np.where(model.row_rule == at, np.minimum(model.rows.lower, number), model.rows.lower)
    return replace(model, rows=replace(model.rows, lower=lower))


def _raised(model: Model, at: int, number: int) -> Model:
    upper = np.where(model.row_rule == at, float(number), model.rows.upper)
    return replace(model, rows=replace(model.rows, upper=upper))
