"""Reads of calibration and choice: for the office that runs the call, and what the adopted choice says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from langqiao.apps.verification.domain.results import adopted_choice
from langqiao.apps.verification.domain.scores import CallScores, RoundScores, Score, key_of, scores_of_call
from langqiao.apps.verification.domain.wishes import Answer
from langqiao.apps.verification.models import Application, Call, ChoiceRun
from langqiao.apps.verification.queries.rule_words import RuleWords
from langqiao.engines.selection.choice import Bar, Pin, Standing, rule_from_dict
from langqiao.engines.selection.grading import Graded
from langqiao.kit.permissions import allowed


def chosen_call(viewer: Any, pk: int) -> Call | None:
    """A call whose scores and choices the viewer may read."""
    call = Call.objects.filter(pk=pk).first()
    return call if call is not None and allowed(viewer, "verification.read_choice", call) else None


def chosen_run(viewer: Any, pk: int) -> ChoiceRun | None:
    """A proposal that the viewer may read."""
    run = ChoiceRun.objects.select_related("call", "created_by").filter(pk=pk).first()
    return run if run is not None and allowed(viewer, "verification.read_choice", run.call) else None


def calibration_of(call: Call) -> CallScores:
    """Every round of a call calibrated, rounds put together by their shares; see ``domain.scores``."""
    return scores_of_call(call)


def proposals(call: Call) -> QuerySet[ChoiceRun]:
    """The proposals of a call, newest first."""
    return call.choices.select_related("created_by").order_by("-number")


def adopted(call: Call) -> ChoiceRun | None:
    """The adopted choice, if any."""
    return adopted_choice(call)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an application comes out by a choice; figures in points of a hundred, None where unscored."""

    chosen: bool
    grade: str
    rank: int | None
    raw: float | None
    calibrated: float | None


def outcomes(run: ChoiceRun) -> dict[int, Outcome]:
    """The outcome of every application that was in play when the choice was computed."""
    return {int(pk): Outcome(**row) for pk, row in run.result.get("outcomes", {}).items()}


# -- the what-if page ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One application on the what-if page.

    ``margin``: points the total loses when it changes sides, or the points to the nearest mark of a grade;
    ``mark`` is ``wins`` or ``loses`` (by the rules together), ``fixed`` is ``pin``, ``bar`` or empty.
    """

    key: str
    score: Score
    points: float
    low: float | None
    high: float | None
    chosen: bool
    grade: str = ""
    margin: float | None = None
    is_near: bool = False
    is_exact: bool = True
    mark: str = ""
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What one rule costs, and for whom."""

    words: str
    price: float
    wins: list[Application]
    loses: list[Application]
    parts: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class NearLine:
    """One near-tied application: what would happen, and why it counts as near."""

    application: Application
    chosen: bool
    margin: float
    leaves: list[Application]
    enters: list[Application]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearGrade:
    """One application near the mark of another grade."""

    application: Application
    grade: str
    other: str
    threshold: float
    margin: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """An answer as the page shows it."""

    answer: Answer
    chosen: list[Line]
    others: list[Line]
    prices: list[PriceLine]
    near: list[NearLine]
    near_grades: list[NearGrade]
    grades: list[tuple[str, float, list[Line]]]
    conflict: list[str]
    mends: list[str]
    remarks: list[str]


def shown(scores: CallScores, answer: Answer) -> Shown:
    """Put an answer into words and rows."""
    words = RuleWords()
    by_key = {key_of(score.application): score for score in scores.eligible}
    lines = _lines(by_key, answer)
    choice, conflict = answer.choice, answer.conflict
    found = choice or conflict
    names = {key: score.application for key, score in by_key.items()}
    return Shown(
        answer=answer,
        chosen=[line for line in lines if line.chosen],
        others=[line for line in lines if not line.chosen],
        prices=[
            PriceLine(
                words.rule(price.rule),
                price.price,
                [names[key] for key in price.wins],
                [names[key] for key in price.loses],
                _parts(words, price.rule, price.parts),
            )
            for price in (choice.prices if choice else ())
        ],
        near=[_near(standing, names) for standing in (choice.near_ties if choice else ())],
        near_grades=[_near_grade(one, names) for one in (answer.grading.near if answer.grading else ())],
        grades=_by_grade(scores.call, lines) if answer.grading else [],
        conflict=[words.rule(rule) for rule in (conflict.rules if conflict else ())],
        mends=[words.mend(mend) for mend in (conflict.mends if conflict else ())],
        remarks=[words.remark(remark) for remark in (found.remarks if found else ())],
    )


def _parts(words: RuleWords, rule: Any, parts: Mapping[str, float]) -> list[tuple[str, float]]:
    named = [(words.value(rule.attribute, value), price) for value, price in parts.items()]
    return sorted(named, key=lambda part: -part[1])


def _near(standing: Standing, names: Mapping[str, Application]) -> NearLine:
    return NearLine(
        names[standing.candidate],
        standing.chosen,
        standing.margin or 0.0,
        [names[key] for key in standing.leaves],
        [names[key] for key in standing.enters],
        standing.reasons,
    )


def _near_grade(one: Graded, names: Mapping[str, Application]) -> NearGrade:
    return NearGrade(
        names[one.candidate], one.grade, one.other, one.threshold or 0.0, one.margin or 0.0, one.reasons
    )


def _lines(by_key: Mapping[str, Score], answer: Answer) -> list[Line]:
    """All who can be chosen, by falling score; of a conflict nobody is chosen."""
    choice, wish = answer.choice, answer.wish
    chosen = set(choice.final) if choice else set()
    graded = {one.candidate: one for one in answer.grading.graded} if answer.grading else {}
    standings = {one.candidate: one for one in choice.standings} if choice else {}
    wins, loses = (set(choice.wins), set(choice.loses)) if choice else (set(), set())
    fixed = {rule.candidate: kind for kind, rule in _fixing(wish.rules)}
    lines = []
    for candidate in sorted(answer.candidates, key=lambda one: (-round(one.score, 6), one.id)):
        key = candidate.id
        standing, given = standings.get(key), graded.get(key)
        lines.append(
            Line(
                key=key,
                score=by_key[key],
                points=candidate.score,
                low=candidate.low,
                high=candidate.high,
                chosen=key in chosen,
                grade=given.grade if given else "",
                margin=given.margin if given else (standing.margin if standing else None),
                is_near=bool(given.reasons if given else (standing.reasons if standing else ())),
                is_exact=standing.exact if standing else True,
                mark="wins" if key in wins else "loses" if key in loses else "",
                fixed=fixed.get(key, ""),
            )
        )
    return lines


def _fixing(rules: Sequence[Any]) -> list[tuple[str, Any]]:
    return [
        ("pin" if isinstance(rule, Pin) else "bar", rule) for rule in rules if isinstance(rule, Pin | Bar)
    ]


def _by_grade(call: Call, lines: list[Line]) -> list[tuple[str, float, list[Line]]]:
    return [
        (row["name"], float(row["at_least"]), [line for line in lines if line.grade == row["name"]])
        for row in call.grades
    ]


# -- proposals side by side ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """One application over several proposals: its outcome in each, None where it was not in play."""

    application: Application
    outcomes: list[Outcome | None]

    @property
    def differs(self) -> bool:
        """Whether the proposals do not agree on it."""
        return len({(one.chosen, one.grade) if one else None for one in self.outcomes}) > 1


def compare(runs: Sequence[ChoiceRun]) -> list[Compared]:
    """Proposals side by side (方案对比): those on which they differ first, then by number."""
    tables = [outcomes(run) for run in runs]
    keys = {pk for table in tables for pk in table}
    applications = Application.objects.filter(pk__in=keys).select_related("organisation", "city")
    rows = [Compared(one, [table.get(one.pk) for table in tables]) for one in applications]
    return sorted(rows, key=lambda row: (not row.differs, row.application.number or 0, row.application.pk))


def constraint_words(run: ChoiceRun) -> list[tuple[str, str]]:
    """The constraints of a proposal in words, each with its reason where it has one."""
    words = RuleWords()
    rows = run.inputs.get("constraints", {}).get("rules", [])
    return [
        (words.rule(rule_from_dict({k: v for k, v in row.items() if k != "why"})), row.get("why", ""))
        for row in rows
    ]


def round_of(scores: CallScores, key: str) -> RoundScores | None:
    """The round that an address names, else the only one there is."""
    if key:
        return next((one for one in scores.rounds if str(one.round.pk) == key), None)
    return scores.rounds[0] if len(scores.rounds) == 1 else None
