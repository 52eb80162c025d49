"""The demo's experts are invited, given applications and score them (专家评审、现场答辩)."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from langqiao.apps.registry.models import Person
from langqiao.apps.verification.domain import assigning, pool
from langqiao.apps.verification.domain.conflicts import find_conflicts
from langqiao.apps.verification.domain.defence import schedule_defence
from langqiao.apps.verification.domain.reviews import change_review, submit_review
from langqiao.apps.verification.domain.rounds import (
    close_round,
    eliminate,
    open_discussion,
    start_reviewing,
    under_review,
)
from langqiao.apps.verification.domain.scores import round_scores
from langqiao.apps.verification.domain.steps import advance
from langqiao.apps.verification.models import (
    Application,
    AssignmentRun,
    Call,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
    StepKind,
)
from langqiao.cli.call_demo.scene import SEED, Show, office, records

DAYS = 14
DEFENDERS = 24  # go on to the defence; the others are told why
QUALITY, BIAS, NOISE = 6.0, 5.0, 5.0  # standard deviations of the simulated scores, in points of 100
MEAN = 76.0


def _round(call: Call, kind: str) -> Round | None:
    return call.rounds.filter(kind=kind).first()


def _is_at(call: Call, kind: str) -> bool:
    step = call.current_step
    return step is not None and step["kind"] == kind


def gather(call: Call, show: Show) -> None:
    """Put the experts into the pool, look for conflicts, invite; each accepts and bids."""
    actor = office()
    experts = [Person.objects.get(code=row["person"]) for row in records("reviewers")]
    held = set(call.reviewers.values_list("person_id", flat=True))
    new = [person for person in experts if person.pk not in held]
    if new:
        pool.add_reviewers(actor, call, new)
    find_conflicts(actor, call)
    members = list(call.reviewers.select_related("person__user"))
    for number, reviewer in enumerate(members, 1):
        if reviewer.state == Reviewer.State.CANDIDATE:
            pool.invite(actor, reviewer)
        if reviewer.state == Reviewer.State.INVITED:
            pool.answer_invitation(reviewer.person.user, reviewer, accept=True, promise=True)
        show(number, len(members))


def assign(call: Call, show: Show) -> None:
    """Give every application its experts by the fair assignment, and open the round."""
    round = _round(call, StepKind.REVIEW)
    if round is not None and round.state == RoundState.PREPARING:
        _give_out(round, method="fair")
    show(1, 1)


def _give_out(round: Round, *, method: str) -> None:
    actor = office()
    if not round.runs.filter(state=AssignmentRun.State.ADOPTED).exists():
        run = assigning.propose_assignment(actor, round, method=method)
        assigning.adopt_assignment(actor, run)
    start_reviewing(actor, round, due_at=timezone.now() + timedelta(days=DAYS))


def review(call: Call, show: Show) -> None:
    """Every expert reviews; the chair opens the discussion, one score is changed, the round is closed."""
    round = _round(call, StepKind.REVIEW)
    if round is None or not _is_at(call, StepKind.REVIEW):
        show(1, 1)
        return
    _score(round, show)
    actor = office()
    if round.state == RoundState.REVIEWING:
        open_discussion(actor, round)
        _change_one(round)
    if round.state == RoundState.DISCUSSING:
        close_round(actor, round)
    if not call.applications.filter(state="eliminated").exists():
        _narrow(call, round)
    advance(actor, call)


def _score(round: Round, show: Show) -> None:
    waiting = list(
        round.reviews.filter(state__in=(ReviewState.ASSIGNED, ReviewState.DRAFT)).select_related(
            "reviewer__person__user", "application"
        )
    )
    for number, one in enumerate(waiting, 1):
        submit_review(one.reviewer.person.user, one, **opinion(round, one))
        show(number, len(waiting))


def opinion(round: Round, one: Review) -> dict[str, Any]:
    """What the expert writes: simulated (示例) from the application's quality, the expert's bias and chance.

    The same application, expert and round give the same opinion.
    """
    number = one.application.number or 0
    quality = random.Random(f"{SEED}:quality:{number}").gauss(0, QUALITY)  # noqa: S311  a simulation
    bias = random.Random(f"{SEED}:bias:{one.reviewer.person.code}").gauss(0, BIAS)  # noqa: S311
    chance = random.Random(f"{SEED}:{round.kind}:{number}:{one.reviewer.person.code}")  # noqa: S311
    scores, gates = {}, {}
    for criterion in round.criteria:
        if criterion["kind"] == "gate":
            gates[criterion["key"]] = {"passed": True, "why": ""}
        else:
            points = (MEAN + quality + bias + chance.gauss(0, NOISE)) / 100 * criterion["most"]
            scores[criterion["key"]] = min(max(round_half(points), 0), criterion["most"])
    return {
        "scores": scores,
        "gates": gates,
        "confidence": chance.randint(2, 5),
        "for_applicant": "示例意见：验证条件与人员配置清楚，建议补充判定标准和终止条件。",
        "for_office": "",
    }


def round_half(points: float) -> float:
    """Points to the nearest half."""
    return round(points * 2) / 2


def _change_one(round: Round) -> None:
    """After the discussion, the expert farthest from the others comes half a step nearer, with a reason."""
    one = round.reviews.filter(state=ReviewState.SUBMITTED).order_by("total", "pk").first()
    if one is None:
        return
    nearer = opinion(round, one)
    nearer["scores"] = {key: round_half(points + 2) for key, points in one.scores.items()}
    change_review(one.reviewer.person.user, one, why="示例：讨论后认可其试验条件已经具备。", **nearer)


def _narrow(call: Call, round: Round) -> None:
    """The best go on to the defence; calibrated scores decide, and every other applicant is told."""
    applications = {a.pk: a for a in under_review(round)}
    if _round(call, StepKind.DEFENCE) is not None or len(applications) <= DEFENDERS:
        return
    ranked = sorted(_calibrated(round), key=lambda pair: -pair[1])
    for pk, _score_found in ranked[DEFENDERS:]:
        eliminate(office(), applications[pk], why="示例：专家评审得分未进入答辩范围。")


def _calibrated(round: Round) -> list[tuple[int, float]]:
    found = round_scores(round)
    return [(int(one.item), one.calibrated) for one in found.calibration.items] if found else []


def defend(call: Call, show: Show) -> None:
    """Those who go on defend before a panel, slot after slot; the panel scores live."""
    round = _round(call, StepKind.DEFENCE)
    if round is None or not _is_at(call, StepKind.DEFENCE):
        show(1, 1)
        return
    actor = office()
    if round.state == RoundState.PREPARING:
        for number, application in enumerate(under_review(round)):
            _schedule(round, application, number)
        _give_out(round, method="sum")
    _score(round, show)
    if round.state == RoundState.REVIEWING:
        close_round(actor, round)


def _schedule(round: Round, application: Application, number: int) -> None:
    if round.slots.filter(application=application).exists():
        return
    first = (timezone.localtime() + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    at = first + timedelta(days=number // 12, minutes=30 * (number % 12))
    schedule_defence(office(), round, application, at=at, minutes=25, place="示例会场一")
