"""How far the reviewers of an application differ (评审分歧), for the chair alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median, stdev
from typing import Any

from langqiao.apps.verification.domain.scoring import gated, scored
from langqiao.apps.verification.models import Application, Review, ReviewState, Round

WIDE = 1.5  # times the round's usual spread
UNSURE = 2  # a confidence of this or less


@dataclass(frozen=True, slots=True)
class Cell:
    """One reviewer's points for one criterion; ``level``: their share of the most in tenths."""

    review: Review
    points: float
    level: int


@dataclass(frozen=True, slots=True)
class Strip:
    """One criterion over all reviewers; ``spread`` in points."""

    name: str
    most: float
    cells: list[Cell]
    spread: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The two reviewers that differ most, the higher first, by ``difference`` points of a hundred."""

    high: Review
    low: Review
    difference: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The submitted reviews of one application against each other.

    ``spread`` is the greatest total less the smallest, ``sd`` the sample's standard deviation, ``usual``
    the median spread of the round's applications; all in points of a hundred, None below two totals.
    """

    application: Application
    reviews: list[Review]
    mean: float | None
    spread: float | None
    sd: float | None
    usual: float | None
    strips: list[Strip]
    pair: Pair | None
    unsure: list[Review]
    split_gates: list[str]

    @property
    def is_wide(self) -> bool:
        """Whether the spread is far above the round's usual one."""
        return self.spread is not None and self.usual is not None and self.spread > WIDE * self.usual


def usual_spread(totals: Iterable[list[float]]) -> float | None:
    """Median of max − min over the applications with two totals or more.

    >>> usual_spread([[60.0, 70.0], [50.0, 80.0], [40.0], [61.0, 81.0]])
    20.0
    """
    spreads = [max(each) - min(each) for each in totals if len(each) > 1]
    return median(spreads) if spreads else None


def submitted_by_application(round: Round) -> dict[int, list[Review]]:
    """Submitted reviews of a round by application, in the order of their letters; one query."""
    found: dict[int, list[Review]] = defaultdict(list)
    rows = round.reviews.filter(state=ReviewState.SUBMITTED).select_related("application", "reviewer__person")
    for review in rows.order_by("application__number", "application_id", "letter"):
        review.round = round
        found[review.application_id].append(review)
    return dict(found)


def disagreement(round: Round) -> list[Disagreement]:
    """Every application with submitted reviews, the widest spread first (分歧最大的在前)."""
    grouped = submitted_by_application(round)
    usual = usual_spread(_totals(reviews) for reviews in grouped.values())
    found = [_compared(round, reviews, usual) for reviews in grouped.values()]
    return sorted(found, key=lambda one: (-(one.spread if one.spread is not None else -1), -(one.sd or 0)))


def _totals(reviews: list[Review]) -> list[float]:
    return [review.total for review in reviews if review.total is not None]


def _compared(round: Round, reviews: list[Review], usual: float | None) -> Disagreement:
    totals = _totals(reviews)
    several = len(totals) > 1
    return Disagreement(
        application=reviews[0].application,
        reviews=reviews,
        mean=fmean(totals) if totals else None,
        spread=max(totals) - min(totals) if several else None,
        sd=stdev(totals) if several else None,
        usual=usual,
        strips=[_strip(one, reviews) for one in scored(round.criteria)],
        pair=_pair(reviews),
        unsure=[review for review in reviews if review.confidence and review.confidence <= UNSURE],
        split_gates=[
            one["name"]
            for one in gated(round.criteria)
            if len({review.gates.get(one["key"], {}).get("passed") for review in reviews}) > 1
        ],
    )


def _strip(criterion: Any, reviews: list[Review]) -> Strip:
    most = float(criterion["most"])
    cells = [
        Cell(review, points, round_to_tenths(points / most))
        for review in reviews
        if (points := review.scores.get(criterion["key"])) is not None
    ]
    points = [cell.points for cell in cells]
    return Strip(criterion["name"], criterion["most"], cells, max(points) - min(points) if points else 0)


def round_to_tenths(share: float) -> int:
    """A share of one in whole tenths, 0 to 10."""
    return min(10, max(0, round(share * 10)))


def _pair(reviews: list[Review]) -> Pair | None:
    """The two totals furthest apart; None below two, or where all agree."""
    counted = sorted(
        (review for review in reviews if review.total is not None), key=lambda review: -(review.total or 0)
    )
    if len(counted) < 2 or counted[0].total == counted[-1].total:
        return None
    high, low = max(combinations(counted, 2), key=lambda two: (two[0].total or 0) - (two[1].total or 0))
    return Pair(high, low, (high.total or 0) - (low.total or 0))
