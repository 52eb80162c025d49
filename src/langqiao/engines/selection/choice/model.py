"""Candidates and rules as columns and rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.selection.choice.rules import (
    AtLeast,
    AtMost,
    Bar,
    Budget,
    Gate,
    Pin,
    Places,
    Rule,
    check_rule,
)
from langqiao.engines.selection.choice.solver import Question, Rows, grains
from langqiao.engines.selection.choice.types import Candidate, Remark
from langqiao.engines.selection.errors import SelectionError

Array = NDArray[np.float64]

LARGEST = 1e6  # points; grains of larger scores are no longer summed exactly
LARGEST_COST = 1e9


@dataclass(frozen=True, slots=True)
class _Row:
    rule: int
    value: str
    coefficients: Array
    lower: float
    upper: float
    family: int = -1


@dataclass(frozen=True, slots=True)
class Model:
    """The problem: columns by falling score and then by id, so that the order of the input cannot matter.

    Attributes:
        rules: those of the choice, ``Places`` first.
        row_rule: (m,) the rule that each row belongs to.
        row_value: (m,) the value of the attribute that a row speaks of.
        fixes: rule → the columns that it fixes and whether they are chosen.
        remarks: what was noticed while building.
    """

    candidates: tuple[Candidate, ...]
    rules: tuple[Rule, ...]
    units: Array
    rows: Rows
    row_rule: NDArray[np.int64]
    row_value: tuple[str, ...]
    fixes: dict[int, tuple[NDArray[np.intp], bool]]
    remarks: tuple[Remark, ...]

    @property
    def places(self) -> int:
        rule = self.rules[0]
        assert isinstance(rule, Places)
        return rule.number

    def question(self, *, without: Iterable[int] = (), rows_off: Sequence[int] = ()) -> Question:
        """The question that all rules ask, but for the rules and rows that are named.

        Two rules that fix a column both ways leave it without any value, which no set has.
        """
        off = set(without)
        low, high = np.zeros(self.units.size), np.ones(self.units.size)
        for rule, (columns, chosen) in self.fixes.items():
            if rule not in off:
                (low if chosen else high)[columns] = float(chosen)
        active = ~np.isin(self.row_rule, list(off))
        active[list(rows_off)] = False
        return Question(low, high, active, self.places)

    def ids(self, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
        """The keys of a set, in the order of the scores."""
        return tuple(self.candidates[at].id for at in np.flatnonzero(chosen))

    @property
    def costs(self) -> Array:
        return np.array([grains(candidate.cost) for candidate in self.candidates])


def build(candidates: Sequence[Candidate], places: int, rules: Sequence[Rule]) -> Model:
    """Check candidates and rules and turn them into columns and rows.

    Raises:
        SelectionError: one of them cannot be used; the message says which and why.
    """
    ordered = _checked(candidates)
    every: tuple[Rule, ...] = (Places(places), *rules)
    position = {candidate.id: at for at, candidate in enumerate(ordered)}
    for rule in every:
        check_rule(rule)
        if isinstance(rule, Pin | Bar) and rule.candidate not in position:
            raise SelectionError(
                f"{rule.text}: there is no such candidate", kind="unknown", subjects=(rule.candidate,)
            )
        if isinstance(rule, Places) and rule is not every[0]:
            raise SelectionError("the number of places is given twice", kind="rule", subjects=(rule.text,))
    if len(set(every)) < len(every):
        twice = next(rule for at, rule in enumerate(every) if rule in every[:at])
        raise SelectionError(f"{twice.text}: the rule is given twice", kind="rule", subjects=(twice.text,))
    fixes = _fixes(ordered, every, position)
    eligible = np.ones(len(ordered), dtype=bool)
    for columns, chosen in fixes.values():
        if not chosen:
            eligible[columns] = False
    rows: list[_Row] = []
    remarks: list[Remark] = []
    for at, rule in enumerate(every):
        match rule:
            case AtLeast() | AtMost():
                its_rows, its_remarks = _quota(at, rule, ordered, eligible)
                rows += its_rows
                remarks += its_remarks
            case Budget(limit):
                costs = np.array([grains(candidate.cost) for candidate in ordered])
                # A budget below zero lets nobody in, not even those who cost nothing: rows are not negative.
                rows.append(_Row(at, "", costs, -math.inf, grains(limit)))
    n = len(ordered)
    return Model(
        ordered,
        every,
        np.array([grains(candidate.score) for candidate in ordered]),
        Rows(
            np.array([row.coefficients for row in rows]).reshape(len(rows), n),
            np.array([row.lower for row in rows], dtype=float),
            np.array([row.upper for row in rows], dtype=float),
            np.array([row.family for row in rows], dtype=np.int64),
        ),
        np.array([row.rule for row in rows], dtype=np.int64),
        tuple(row.value for row in rows),
        fixes,
        tuple(remarks),
    )


def _checked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    if not candidates:
        raise SelectionError("there is no candidate", kind="empty")
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.id in seen:
            raise SelectionError(
                f"the candidate {candidate.id!r} is there twice", kind="twice", subjects=(candidate.id,)
            )
        seen.add(candidate.id)
        numbers = (
            (candidate.score, -LARGEST, LARGEST, "score"), (candidate.cost, 0.0, LARGEST_COST, "cost"),
            (candidate.weight, 1e-9, 1e9, "weight"),
        )  # fmt: skip
        for value, least, most, name in numbers:
            if not least <= value <= most:  # false for NaN as well
                raise SelectionError(
                    f"the {name} of {candidate.id!r} must be a number from {least:g} to {most:g}",
                    kind=name,
                    subjects=(candidate.id,),
                )
        low, high = candidate.low, candidate.high
        if (low is None) != (high is None) or (low is not None and high is not None and not low <= high):
            raise SelectionError(
                f"the interval of {candidate.id!r} needs a low and a high end, in that order",
                kind="interval",
                subjects=(candidate.id,),
            )
    return tuple(sorted(candidates, key=lambda candidate: (-grains(candidate.score), candidate.id)))


def _fixes(
    ordered: Sequence[Candidate], rules: Sequence[Rule], position: dict[str, int]
) -> dict[int, tuple[NDArray[np.intp], bool]]:
    fixes: dict[int, tuple[NDArray[np.intp], bool]] = {}
    for at, rule in enumerate(rules):
        match rule:
            case Pin(key):
                fixes[at] = (np.array([position[key]]), True)
            case Bar(key):
                fixes[at] = (np.array([position[key]]), False)
            case Gate(score):
                below = [c for c, candidate in enumerate(ordered) if grains(candidate.score) < grains(score)]
                fixes[at] = (np.array(below, dtype=np.intp), False)
    return fixes


def _quota(
    at: int, rule: AtLeast | AtMost, ordered: Sequence[Candidate], eligible: NDArray[np.bool_]
) -> tuple[list[_Row], list[Remark]]:
    """The rows of a quota; what a rule on every value cannot ask of a value becomes a remark."""
    rows: list[_Row] = []
    remarks: list[Remark] = []
    having = [candidate.attributes.get(rule.attribute, "") for candidate in ordered]
    if rule.value is not None:
        values = [rule.value]
    else:
        among = rule.among if isinstance(rule, AtLeast) else ()
        values = sorted({value for value in having if value} | set(among))
        unnamed = tuple(c.id for c, value in zip(ordered, having, strict=True) if not value)
        if unnamed:
            remarks.append(Remark("unnamed", rule.attribute, subjects=unnamed))
    for value in values:
        members = np.array([own == value for own in having])
        lower, upper = -math.inf, math.inf
        if isinstance(rule, AtMost):
            upper = float(rule.number)
        else:
            available = int((members & eligible).sum())
            lower = float(rule.number)
            if rule.value is None and available < rule.number:
                lower = float(available)
                remarks.append(Remark("short", rule.attribute, value, available))
        family = at if rule.value is None else -1
        rows.append(_Row(at, value, members.astype(float), lower, upper, family))
    return rows, remarks
