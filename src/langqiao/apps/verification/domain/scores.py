"""Scores of a call (评分): each round calibrated, rounds put together by their shares, who can be chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from langqiao.apps.verification.domain.layout import step_name
from langqiao.apps.verification.models import (
    Application,
    ApplicationState,
    Call,
    ChoiceRun,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.queries.reviews import GateFailure, gate_failures_of
from langqiao.engines.selection.calibration import Calibration, Review, calibrate
from langqiao.engines.selection.choice import Candidate

# Whose reviews tell how strict a reviewer is: also of those who are out since, not of those taken back.
JUDGED = (
    ApplicationState.ACCEPTED, ApplicationState.ELIMINATED, ApplicationState.CHOSEN,
    ApplicationState.NOT_CHOSEN,
)  # fmt: skip
REMEMBERED = 64  # rounds whose calibration a process keeps

Basis = ChoiceRun.Basis
Rows = tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class RoundScores:
    """One round calibrated; items are the applications' keys, reviewers those of :class:`Reviewer`."""

    round: Round
    name: str
    share: float
    calibration: Calibration

    @property
    def is_final(self) -> bool:
        """Whether its scores can no longer change."""
        return self.round.state == RoundState.CLOSED


@dataclass(frozen=True, slots=True)
class Score:
    """One application over all rounds so far, in points of a hundred; the shares of the rounds sum to 1.

    Intervals of rounds are independent: half widths add up as the root of the sum of squares.
    """

    application: Application
    n: int
    raw: float
    raw_low: float | None
    raw_high: float | None
    calibrated: float
    low: float | None
    high: float | None
    spread: float | None
    rank_raw: int
    rank_calibrated: int

    @property
    def difference(self) -> float:
        """What calibration adds to the raw mean."""
        return self.calibrated - self.raw

    @property
    def moved(self) -> int:
        """Places won (+) or lost (-) by calibration."""
        return self.rank_raw - self.rank_calibrated

    def by(self, basis: str) -> tuple[float, float | None, float | None]:
        """Score and interval on a basis."""
        if basis == Basis.RAW:
            return self.raw, self.raw_low, self.raw_high
        return self.calibrated, self.low, self.high


@dataclass(frozen=True, slots=True)
class Excluded:
    """An application in play that cannot be chosen: it fails a gate, or a round gave it no score."""

    application: Application
    gates: tuple[GateFailure, ...]
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class CallScores:
    """All scores of a call as they stand.

    Attributes:
        rounds: those with a submitted review, in the order of the chain.
        scores: application → score over all rounds, for whoever has one in each.
        excluded: in play but not to be chosen.
        applications: all that were judged, by number.
    """

    call: Call
    rounds: list[RoundScores]
    scores: Mapping[int, Score]
    excluded: list[Excluded]
    applications: Mapping[int, Application]

    @cached_property
    def eligible(self) -> list[Score]:
        """Who can be chosen, by number."""
        out = {one.application.pk for one in self.excluded}
        rows = [
            score
            for pk, score in self.scores.items()
            if score.application.state == ApplicationState.ACCEPTED and pk not in out
        ]
        return sorted(rows, key=lambda score: (score.application.number or 0, score.application.pk))

    def of_round(self, one: RoundScores) -> Mapping[int, Score]:
        """Scores of one round alone."""
        return _together([one], self.applications)

    @property
    def is_final(self) -> bool:
        """Whether every round so far is closed."""
        states = self.call.rounds.values_list("state", flat=True)
        return bool(self.rounds) and all(state == RoundState.CLOSED for state in states)


def key_of(application: Application) -> str:
    """An application's key in a choice and on its lottery ticket: its number in three digits."""
    return f"{application.number or 0:03d}"


@lru_cache(maxsize=REMEMBERED)
def _calibrated(rows: Rows) -> Calibration:
    return calibrate([Review(*row) for row in rows])


def round_scores(round: Round) -> RoundScores | None:
    """A round's submitted reviews, calibrated; None where there is none.

    The same reviews give the same result, which is remembered, so that moving a constraint costs no
    calibration.
    """
    rows = round.reviews.filter(
        state=ReviewState.SUBMITTED, total__isnull=False, application__state__in=JUDGED
    ).values_list("application_id", "reviewer_id", "total")
    given = tuple(sorted((str(item), str(reviewer), float(total or 0)) for item, reviewer, total in rows))
    if not given:
        return None
    step = round.call.chain[round.step]
    return RoundScores(round, step_name(step), float(step.get("share", 1)), _calibrated(given))


def scores_of_call(call: Call) -> CallScores:
    """All scores of a call: a query for each round's reviews and gates, one for the applications."""
    rounds = []
    for round in call.rounds.order_by("step"):
        round.call = call
        found = round_scores(round)
        if found is not None:
            rounds.append(found)
    applications = {
        application.pk: application
        for application in call.applications.filter(state__in=JUDGED)
        .select_related("organisation", "city", "field")
        .order_by("number", "pk")
    }
    failures = gate_failures_of(call)
    scores = _together(rounds, applications)
    excluded = []
    scored = [(one.name, {item.item for item in one.calibration.items}) for one in rounds]
    for pk, application in applications.items():
        if application.state != ApplicationState.ACCEPTED:
            continue
        lacking = tuple(name for name, items in scored if str(pk) not in items)
        if pk in failures or lacking or not rounds:
            excluded.append(Excluded(application, tuple(failures.get(pk, ())), lacking))
    return CallScores(call, rounds, scores, excluded, applications)


def _together(rounds: list[RoundScores], applications: Mapping[int, Application]) -> dict[int, Score]:
    whole = sum(one.share for one in rounds)
    tables = [({item.item: item for item in one.calibration.items}, one.share / whole) for one in rounds]
    found: dict[int, Score] = {}
    for pk, application in applications.items():
        items = [(table[str(pk)], share) for table, share in tables if str(pk) in table]
        if not items or len(items) < len(rounds):
            continue
        raw = sum(share * item.raw_mean for item, share in items)
        calibrated = sum(share * item.calibrated for item, share in items)
        raw_half = _half([(item.raw_low, item.raw_high, share) for item, share in items])
        half = _half([(item.low, item.high, share) for item, share in items])
        spreads = [share * item.spread for item, share in items if item.spread is not None]
        found[pk] = Score(
            application=application,
            n=sum(item.n for item, _share in items),
            raw=raw,
            raw_low=None if raw_half is None else raw - raw_half,
            raw_high=None if raw_half is None else raw + raw_half,
            calibrated=calibrated,
            low=None if half is None else calibrated - half,
            high=None if half is None else calibrated + half,
            spread=sum(spreads) if len(spreads) == len(items) else None,
            rank_raw=0,
            rank_calibrated=0,
        )
    return _ranked(found)


def _half(parts: list[tuple[float | None, float | None, float]]) -> float | None:
    """Half width of a weighted sum of independent scores; None where one has no interval."""
    halves = []
    for low, high, share in parts:
        if low is None or high is None:
            return None
        halves.append(share * (high - low) / 2)
    return math.hypot(*halves)


def _ranked(scores: dict[int, Score]) -> dict[int, Score]:
    def place(values: dict[int, float]) -> dict[int, int]:
        rounded = {pk: round(value, 9) for pk, value in values.items()}
        ordered = sorted(rounded.values(), reverse=True)
        return {pk: ordered.index(value) + 1 for pk, value in rounded.items()}

    raw = place({pk: score.raw for pk, score in scores.items()})
    calibrated = place({pk: score.calibrated for pk, score in scores.items()})
    return {
        pk: replace(score, rank_raw=raw[pk], rank_calibrated=calibrated[pk]) for pk, score in scores.items()
    }


def candidates_of(scores: CallScores, basis: str) -> list[Candidate]:
    """Who can be chosen, as the engine takes them: city, field and kind are attributes, money is cost."""
    found = []
    for score in scores.eligible:
        application = score.application
        points, low, high = score.by(basis)
        attributes = {
            "city": application.city_id or "",
            "field": application.field.slug if application.field else "",
            "kind": application.organisation.kind,
        }
        found.append(
            Candidate(
                id=key_of(application),
                score=points,
                low=low,
                high=high,
                cost=float(application.amount or 0),
                attributes={name: value for name, value in attributes.items() if value},
            )
        )
    return found
