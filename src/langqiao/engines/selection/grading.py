"""Grades by thresholds (按分数线定等次), with those near a threshold named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from langqiao.engines.selection.choice.types import Candidate
from langqiao.engines.selection.errors import SelectionError
from langqiao.engines.selection.receipt import Receipt, digest, own_version

METHOD = "grades-1"
_PLACES = 6  # decimals that a score is read to, as in the choice


@dataclass(frozen=True, slots=True)
class Threshold:
    """A grade (等次) and the score from which it is given."""

    grade: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade of one candidate and how near another one is.

    Attributes:
        score: as it was read.
        threshold: the nearest score at which the grade changes; None with one grade only.
        other: the grade on its other side.
        margin: points to it.
        reasons: why it is named: ``margin`` (at most the stated margin away) or ``interval`` (it lies in
            the score's interval); empty where it is not near.
    """

    candidate: str
    grade: str
    score: float
    threshold: float | None
    other: str
    margin: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grading:
    """All candidates by falling score, then by identifier."""

    graded: tuple[Graded, ...]
    receipt: Receipt

    @property
    def near(self) -> tuple[Graded, ...]:
        """Those near a threshold, the nearest first."""
        found = [one for one in self.graded if one.reasons]
        return tuple(sorted(found, key=lambda one: (one.margin or 0.0, one.candidate)))


def grade(
    candidates: Sequence[Candidate], thresholds: Sequence[Threshold], *, margin: float = 0.0
) -> Grading:
    """Give each candidate the first grade whose threshold its score reaches; the last grade takes the rest.

    Args:
        candidates: ids differ; scores are finite.
        thresholds: from best to worst, falling.
        margin: points within which a threshold counts as near.

    Raises:
        SelectionError: there is no grade, thresholds do not fall, a score is no number or an id there twice.

    >>> marks = [Threshold("good", 85), Threshold("pass", 60), Threshold("fail", 0)]
    >>> found = grade([Candidate("a", 85.0), Candidate("b", 59.7)], marks, margin=0.5)
    >>> [(one.candidate, one.grade, one.other, one.reasons) for one in found.graded]
    [('a', 'good', 'pass', ('margin',)), ('b', 'fail', 'pass', ('margin',))]
    """
    _check(candidates, thresholds, margin)
    ordered = sorted(candidates, key=lambda one: (-round(one.score, _PLACES), one.id))
    graded = tuple(_graded(one, thresholds, margin) for one in ordered)
    parameters = {"thresholds": [[one.grade, float(one.at_least)] for one in thresholds], "margin": margin}
    inputs = digest(
        [[one.id, *[x if x is None else float(x) for x in (one.score, one.low, one.high)]]
         for one in sorted(candidates, key=lambda one: one.id)]
    )  # fmt: skip
    result = digest([[one.candidate, one.grade] for one in graded])
    return Grading(graded, Receipt(METHOD, inputs, parameters, {"langqiao": own_version()}, result))


def regrade(receipt: Receipt, candidates: Sequence[Candidate]) -> Grading:
    """Grade again by a receipt (按回执复算).

    Raises:
        SelectionError: the candidates are not those of the receipt, or it is of another method.
    """
    if receipt.method != METHOD:
        raise SelectionError(f"the receipt is of the method {receipt.method!r}", kind="receipt")
    try:
        thresholds = [Threshold(str(name), float(mark)) for name, mark in receipt.parameters["thresholds"]]
        margin = float(receipt.parameters["margin"])
    except (KeyError, TypeError, ValueError) as error:
        raise SelectionError("the receipt's parameters are not complete", kind="receipt") from error
    found = grade(candidates, thresholds, margin=margin)
    if found.receipt.inputs != receipt.inputs:
        raise SelectionError("the candidates are not those of the receipt", kind="receipt")
    return found


def _check(candidates: Sequence[Candidate], thresholds: Sequence[Threshold], margin: float) -> None:
    marks = [one.at_least for one in thresholds]
    if not marks:
        raise SelectionError("there is no grade", kind="grades")
    if not all(math.isfinite(mark) for mark in marks) or any(
        mark >= before for before, mark in pairwise(marks)
    ):
        raise SelectionError("thresholds must be finite and fall from the best grade on", kind="grades")
    if not (math.isfinite(margin) and margin >= 0):
        raise SelectionError("the margin must be a finite number, not negative", kind="margin")
    if len({one.id for one in candidates}) < len(candidates):
        raise SelectionError("two candidates share an id", kind="twice")
    for one in candidates:
        if not math.isfinite(one.score):
            raise SelectionError(
                f"the score of {one.id!r} is no finite number", kind="score", subjects=(one.id,)
            )


def _graded(candidate: Candidate, thresholds: Sequence[Threshold], margin: float) -> Graded:
    score = round(float(candidate.score), _PLACES)
    last = len(thresholds) - 1
    place = next((at for at, one in enumerate(thresholds) if score >= one.at_least), last)
    # Grades change at every threshold but the last, below which nothing is.
    edges = [at for at in (place - 1, place) if 0 <= at < last]
    if not edges:
        return Graded(candidate.id, thresholds[place].grade, score, None, "", None, ())
    edge = min(edges, key=lambda at: abs(score - thresholds[at].at_least))
    mark = thresholds[edge].at_least
    distance = round(abs(score - mark), _PLACES)
    reasons = ["margin"] if distance <= margin else []
    if candidate.low is not None and candidate.high is not None and candidate.low < mark <= candidate.high:
        reasons.append("interval")
    other = thresholds[edge if edge < place else edge + 1].grade
    return Graded(candidate.id, thresholds[place].grade, score, mark, other, distance, tuple(reasons))
