"""Assignment of reviews (分配评审): computed with a receipt, adopted, corrected, declined, replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.verification.domain.acts import lock, must_be_in
from langqiao.apps.verification.domain.conflicts import find_conflicts
from langqiao.apps.verification.domain.evidence import Floats, affinities, proof
from langqiao.apps.verification.domain.layout import panel_bounds
from langqiao.apps.verification.domain.pool import enter_reviewer, tell_office
from langqiao.apps.verification.domain.rounds import live_reviews, lock_round, under_review
from langqiao.apps.verification.models import (
    LIVE_REVIEWS,
    Application,
    AssignmentRun,
    Bid,
    Call,
    Conflict,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.engines.assignment import (
    Assignment,
    AssignmentError,
    Plan,
    Problem,
    Quota,
    Receipt,
    as_cap,
    assign,
    receipt_of,
    rerun,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

ROUND = _("评审轮次")
PAIRS_AT_MOST = 100_000  # applications × experts that a page computes while one waits
ATTRIBUTES = ("city", "kind")  # of an expert's organisation, that call.panel may bound
WHY_AT_MOST = 300


# -- the problem -----------------------------------------------------------------------------------


def assignable(round: Round) -> tuple[list[Application], list[Reviewer]]:
    """Applications that the round judges, and experts who accepted."""
    reviewers = (
        round.call.reviewers.filter(state=Reviewer.State.ACCEPTED)
        .select_related("person__organisation", "person__user")
        .order_by("pk")
    )
    return under_review(round), list(reviewers)


def _barred(round: Round) -> set[tuple[int, int]]:
    """Pairs (application, reviewer) that may not be: conflicts, and what was declined or replaced here."""
    found = set(
        Conflict.objects.filter(reviewer__call=round.call, counts=True).values_list(
            "application_id", "reviewer_id"
        )
    )
    gone = round.reviews.exclude(state__in=LIVE_REVIEWS).values_list("application_id", "reviewer_id")
    return found | set(gone)


def _quotas(call: Call, reviewers: Sequence[Reviewer]) -> tuple[Quota, ...]:
    """The call's quotas on a panel, over the city and the kind of the experts' organisations."""
    found = []
    for attribute in ATTRIBUTES:
        most, least = panel_bounds(call.panel, attribute, call.reviews_per)
        if most is not None or least:
            values = tuple(_value(reviewer, attribute) for reviewer in reviewers)
            found.append(Quota(attribute, values, at_most=most, at_least=least))
    return tuple(found)


def _value(reviewer: Reviewer, attribute: str) -> str:
    home = reviewer.person.organisation
    if attribute == "city":
        return reviewer.person.city_id or (home.city_id if home else "") or ""
    return home.kind if home else ""


def problem_of(round: Round) -> Problem:
    """The round as the engine takes it; items and reviewers are named by their keys.

    Raises:
        Refused: no application or no expert, or more pairs than a page computes.
    """
    applications, reviewers = assignable(round)
    if not applications:
        raise Refused(_("没有已受理的申报，无从分配。"), mend=_("请先完成资料审查。"))
    if not reviewers:
        raise Refused(_("还没有接受邀请的专家。"), mend=_("请先组建专家库并邀请。"))
    if len(applications) * len(reviewers) > PAIRS_AT_MOST:
        raise Refused(
            _("申报与专家过多，不能在网页上计算。"),
            mend=_("请导出后用命令 langqiao assign 计算。"),
        )
    scores = affinities(round.call, reviewers, applications)
    rows = {application.pk: at for at, application in enumerate(applications)}
    columns = {reviewer.pk: at for at, reviewer in enumerate(reviewers)}
    barred = [[False] * len(reviewers) for _row in applications]
    for application, reviewer in _barred(round):
        if application in rows and reviewer in columns:
            barred[rows[application]][columns[reviewer]] = True
    pins = [
        (rows[review.application_id], columns[review.reviewer_id])
        for review in live_reviews(round)
        if review.reviewer_id in columns and review.application_id in rows
    ]
    call = round.call
    return Problem(
        scores=scores,
        per_item=call.reviews_per,
        max_load=[call.max_load if r.max_load is None else r.max_load for r in reviewers],
        min_load=[min(call.min_load, call.max_load if r.max_load is None else r.max_load) for r in reviewers],
        conflicts=barred,
        pins=pins,
        quotas=_quotas(call, reviewers),
        items=[str(application.pk) for application in applications],
        reviewers=[str(reviewer.pk) for reviewer in reviewers],
    )


# -- proposals -------------------------------------------------------------------------------------


@transaction.atomic
def propose_assignment(
    actor: User | None,
    round: Round,
    *,
    method: str = "sum",
    cap: float | str | None = None,
    seed: int | None = None,
) -> AssignmentRun:
    """Compute an assignment (分配方案) and keep it with its receipt; nothing is assigned by it yet.

    Args:
        method: ``sum`` (largest sum), ``fair`` (largest minimum, then sum) or ``random`` (no pair more
            likely than ``cap``, drawn with ``seed``; against collusion).

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: the round is over, nobody to assign, or too many for a page.
        Invalid: no such method, or a random one without cap and seed.
    """
    require(actor, "verification.assign", round)
    lock_round(round)
    must_be_in(round, RoundState.PREPARING, RoundState.REVIEWING, what=ROUND)
    find_conflicts(actor, round.call)
    problem = problem_of(round)
    if method == "random" and problem.quotas:
        raise Invalid(
            _("随机分配不能同时限制专家组的构成。"),
            mend=_("请改用其他方法，或在征集设置中取消专家组构成。"),
            field="method",
        )
    try:
        plan = Plan(
            method=method,  # type: ignore[arg-type]  # checked by the plan itself
            cap=as_cap(cap) if cap not in (None, "") and method == "random" else None,
            seed=seed if method == "random" else None,
        )
        found = assign(problem, plan)
        best = found if method == "sum" else assign(problem, Plan())
    except AssignmentError as wrong:
        raise Invalid(_("不能按此计算：%(why)s") % {"why": wrong}, field="method") from wrong
    last = round.runs.order_by("-number").values_list("number", flat=True).first() or 0
    run = AssignmentRun.objects.create(
        round=round,
        number=last + 1,
        inputs=_inputs(problem),
        receipt=receipt_of(problem, plan, found).as_dict(),
        result=_result(problem, found, best),
        created_by=actor,
    )
    _enter_run(actor, "propose_assignment", run, result_sm3=run.receipt["result_sm3"], method=method)
    return run


def _enter_run(actor: User | None, verb: str, run: AssignmentRun, **data: Any) -> str:
    from langqiao.apps.ledger.models import Visibility
    from langqiao.apps.verification.domain.acts import enter

    entry = enter(
        actor,
        verb,
        run,
        case=run.round.call.case,
        data={"call": run.round.call_id, "round": run.round_id, "run": run.number, **data},
        visibility=Visibility.OFFICE,
    )
    return f"ledger:{entry.sequence}"


def _inputs(problem: Problem) -> dict[str, Any]:
    """The problem as plain data, from which it can be made again."""
    conflicts = problem.conflicts
    return {
        "items": list(problem.items),
        "reviewers": list(problem.reviewers),
        "scores": [[float(value) for value in row] for row in problem.scores],
        "per_item": [int(value) for value in problem.per_item],
        "max_load": [int(value) for value in problem.max_load],
        "min_load": [int(value) for value in problem.min_load],
        "conflicts": [[int(i), int(j)] for i, j in zip(*conflicts.nonzero(), strict=True)],
        "pins": [list(pair) for pair in problem.pins],
        "quotas": [
            {
                "attribute": quota.attribute,
                "values": list(quota.values),
                "at_most": dict(quota.at_most) if isinstance(quota.at_most, Mapping) else quota.at_most,
                "at_least": dict(quota.at_least),
            }
            for quota in problem.quotas
        ],
    }


def problem_from(inputs: Mapping[str, Any]) -> Problem:
    """The problem that :func:`_inputs` put down."""
    barred = [[False] * len(inputs["reviewers"]) for _item in inputs["items"]]
    for i, j in inputs["conflicts"]:
        barred[i][j] = True
    return Problem(
        scores=inputs["scores"],
        per_item=inputs["per_item"],
        max_load=inputs["max_load"],
        min_load=inputs["min_load"],
        conflicts=barred,
        pins=[(int(i), int(j)) for i, j in inputs["pins"]],
        quotas=[Quota(**quota) for quota in inputs["quotas"]],
        items=inputs["items"],
        reviewers=inputs["reviewers"],
    )


def _result(problem: Problem, found: Assignment, best: Assignment) -> dict[str, Any]:
    return {
        "pairs": [[problem.items[i], problem.reviewers[j]] for i, j in found.pairs],
        "scores": [float(value) for value in found.scores],
        "sum": found.sum,
        "minimum": found.minimum,
        "optimum": best.sum,
        "optimum_minimum": best.minimum,
        "expected_sum": found.expected_sum,
        "price": found.price,
        "unfilled": {problem.items[i]: int(n) for i, n in enumerate(found.unfilled) if n},
        "loads": {problem.reviewers[j]: int(n) for j, n in enumerate(found.loads)},
        "short": {problem.reviewers[j]: int(n) for j, n in enumerate(found.short) if n},
        "complete": found.complete,
        "diagnosis": _diagnosis(problem, found),
    }


def _diagnosis(problem: Problem, found: Assignment) -> dict[str, Any] | None:
    return None if found.diagnosis is None else found.diagnosis.as_dict(problem)


def rerun_assignment(run: AssignmentRun) -> list[str]:
    """Run a proposal again from its receipt (复算); what differs, nothing where it is the same."""
    return rerun(Receipt.from_dict(run.receipt), problem_from(run.inputs)).differences


@transaction.atomic
def adopt_assignment(actor: User | None, run: AssignmentRun) -> list[Review]:
    """Adopt a proposal (采用分配方案): every pair that is not there yet becomes a review.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: it was decided on, the round is over, or the pool changed since it was computed.
    """
    require(actor, "verification.assign", run.round)
    round = lock_round(run.round)
    must_be_in(round, RoundState.PREPARING, RoundState.REVIEWING, what=ROUND)
    lock(run)
    if run.state != AssignmentRun.State.PROPOSED:
        raise Refused(_("这一方案已经处理过。"), mend=_("请重新计算。"))
    find_conflicts(actor, round.call)
    applications, reviewers = assignable(round)
    by_item = {str(application.pk): application for application in applications}
    by_name = {str(reviewer.pk): reviewer for reviewer in reviewers}
    barred = {(str(a), str(r)) for a, r in _barred(round)}
    wanted = [(item, name) for item, name in run.result["pairs"]]
    if any(i not in by_item or r not in by_name or (i, r) in barred for i, r in wanted):
        raise Refused(_("计算之后，申报、专家或回避情况有了变化。"), mend=_("请重新计算。"))
    held = {(str(review.application_id), str(review.reviewer_id)) for review in live_reviews(round)}
    made = [
        _add_review(round, by_item[item], by_name[name]) for item, name in wanted if (item, name) not in held
    ]
    round.runs.filter(state=AssignmentRun.State.ADOPTED).update(state=AssignmentRun.State.DISCARDED)
    run.state = AssignmentRun.State.ADOPTED
    run.save(update_fields=["state"])
    event = _enter_run(actor, "adopt_assignment", run, reviews=len(made))
    if round.state == RoundState.REVIEWING:
        _tell_assigned(actor, round, made, event)
    return made


@transaction.atomic
def discard_assignment(actor: User | None, run: AssignmentRun) -> AssignmentRun:
    """Set a proposal aside (不采用).

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: it was decided on.
    """
    require(actor, "verification.assign", run.round)
    lock(run)
    if run.state != AssignmentRun.State.PROPOSED:
        raise Refused(_("这一方案已经处理过。"))
    run.state = AssignmentRun.State.DISCARDED
    run.save(update_fields=["state"])
    _enter_run(actor, "discard_assignment", run)
    return run


# -- single reviews --------------------------------------------------------------------------------


def _add_review(round: Round, application: Application, reviewer: Reviewer) -> Review:
    last = round.reviews.filter(application=application).order_by("-letter").first()
    return Review.objects.create(
        round=round, application=application, reviewer=reviewer, letter=last.letter + 1 if last else 1
    )


def _tell_assigned(actor: User | None, round: Round, reviews: Sequence[Review], event: str) -> None:
    tell(
        {review.reviewer.person.user for review in reviews if review.reviewer.person.user is not None},
        _("《%(title)s》有新分配给您的评审。"),
        {"title": round.call.title},
        url=reverse("review_list"),
        event=event,
        but=actor,
    )


def _must_be_free(round: Round, application: Application, reviewer: Reviewer) -> None:
    """Refuse a pair that may not be.

    Raises:
        Refused: not in the running, not accepted, a conflict, assigned already, or the load is full.
    """
    if application.pk not in {one.pk for one in under_review(round)}:
        raise Refused(_("这份申报不在本轮评审之列。"))
    if reviewer.call_id != round.call_id or reviewer.state != Reviewer.State.ACCEPTED:
        raise Refused(_("该专家没有接受邀请。"), mend=_("请先邀请。"))
    conflict = reviewer.conflicts.filter(application=application, counts=True).first()
    if conflict is not None:
        raise Refused(
            _("该专家须回避这份申报：%(kind)s。") % {"kind": conflict.get_kind_display()},
            mend=_("请另选专家。"),
        )
    if round.reviews.filter(application=application, reviewer=reviewer).exists():
        raise Refused(_("该专家已分配过这份申报。"), mend=_("请另选专家。"))
    most = round.call.max_load if reviewer.max_load is None else reviewer.max_load
    held = sum(review.reviewer_id == reviewer.pk for review in live_reviews(round))
    if held >= most:
        raise Refused(
            _("该专家已有 %(held)d 份，达到上限。") % {"held": held},
            mend=_("请提高其上限，或另选专家。"),
        )


@transaction.atomic
def assign_by_hand(actor: User | None, round: Round, application: Application, reviewer: Reviewer) -> Review:
    """Give an application one more reviewer (指定专家).

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: the round is over, or the pair may not be; the message says why.
    """
    require(actor, "verification.assign", round)
    lock_round(round)
    must_be_in(round, RoundState.PREPARING, RoundState.REVIEWING, what=ROUND)
    find_conflicts(actor, round.call)
    _must_be_free(round, application, reviewer)
    review = _add_review(round, application, reviewer)
    entry = enter_reviewer(actor, "assign_by_hand", reviewer, application=application.pk, round=round.pk)
    if round.state == RoundState.REVIEWING:
        _tell_assigned(actor, round, [review], f"ledger:{entry.sequence}")
    return review


def _reason(why: str) -> str:
    text = " ".join(why.split())
    if not text or len(text) > WHY_AT_MOST:
        raise Invalid(_("请写明原因，最多 %(most)d 字。") % {"most": WHY_AT_MOST}, field="why")
    return text


@transaction.atomic
def decline_review(actor: User | None, review: Review, *, why: str) -> Review:
    """Decline one review (谢绝某份评审): the reviewer's own step; the office is told to replace.

    Raises:
        NotAllowed: the review is somebody else's, or the round has not begun.
        Refused: it was handed in.
        Invalid: no reason.
    """
    require(actor, "verification.review", review)
    lock_round(review.round)
    lock(review)
    must_be_in(review, ReviewState.ASSIGNED, ReviewState.DRAFT, what=_("评审意见"))
    review.state, review.why = ReviewState.DECLINED, _reason(why)
    review.save(update_fields=["state", "why", "updated_at"])
    entry = enter_reviewer(
        actor, "decline_review", review.reviewer, application=review.application_id, round=review.round_id
    )
    tell_office(actor, review.reviewer, _("《%(title)s》有专家谢绝了一份评审，请更换专家。"), entry)
    return review


@transaction.atomic
def replace_review(actor: User | None, review: Review, reviewer: Reviewer, *, why: str) -> Review:
    """Give a review to another expert (更换专家): one that is open, or that was declined.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: it was handed in or replaced, the round is over, or the other expert may not.
        Invalid: no reason.
    """
    round = review.round
    require(actor, "verification.assign", round)
    lock_round(round)
    must_be_in(round, RoundState.PREPARING, RoundState.REVIEWING, what=ROUND)
    lock(review)
    must_be_in(review, ReviewState.ASSIGNED, ReviewState.DRAFT, ReviewState.DECLINED, what=_("评审意见"))
    reason = _reason(why)
    find_conflicts(actor, round.call)
    _must_be_free(round, review.application, reviewer)
    review.state, review.why = ReviewState.REPLACED, review.why or reason
    review.save(update_fields=["state", "why", "updated_at"])
    made = _add_review(round, review.application, reviewer)
    entry = enter_reviewer(
        actor,
        "replace_review",
        reviewer,
        application=review.application_id,
        round=round.pk,
        replaced=review.reviewer_id,
    )
    if round.state == RoundState.REVIEWING:
        _tell_assigned(actor, round, [made], f"ledger:{entry.sequence}")
    return made


@dataclass(frozen=True, slots=True)
class Replacement:
    """An expert who could take a review: the fit (0–1), reviews held, and what speaks for them."""

    reviewer: Reviewer
    score: float
    load: int
    bid: str
    proof: tuple[Any, ...]


def replacements(round: Round, application: Application, *, limit: int = 8) -> list[Replacement]:
    """Experts who may review an application and have room, best fit first."""
    _applications, reviewers = assignable(round)
    barred = _barred(round)
    held: dict[int, int] = {}
    for review in live_reviews(round):
        held[review.reviewer_id] = held.get(review.reviewer_id, 0) + 1
    taken = set(round.reviews.filter(application=application).values_list("reviewer_id", flat=True))
    scores: Floats = affinities(round.call, reviewers, [application])
    bids = dict(Bid.objects.filter(application=application).values_list("reviewer_id", "value"))
    found = []
    for at, reviewer in enumerate(reviewers):
        most = round.call.max_load if reviewer.max_load is None else reviewer.max_load
        load = held.get(reviewer.pk, 0)
        if (application.pk, reviewer.pk) in barred or reviewer.pk in taken or load >= most:
            continue
        wish = str(Bid.Value(bids[reviewer.pk]).label) if reviewer.pk in bids else ""
        found.append((float(scores[0, at]), load, wish, reviewer))
    found.sort(key=lambda row: (-row[0], row[1], row[3].pk))
    return [
        Replacement(reviewer, score, load, wish, proof(reviewer.person, application))
        for score, load, wish, reviewer in found[:limit]
    ]


@transaction.atomic
def remind_reviewers(actor: User | None, round: Round) -> int:
    """Remind those whose reviews are open (提醒), each once a day; returns how many people were told.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: the round is not under way.
    """
    require(actor, "verification.assign", round)
    lock_round(round)
    must_be_in(round, RoundState.REVIEWING, what=ROUND)
    today = timezone.localdate()
    waiting = [
        review
        for review in live_reviews(round)
        if review.state != ReviewState.SUBMITTED
        and (review.reminded_at is None or timezone.localtime(review.reminded_at).date() < today)
    ]
    users = {review.reviewer.person.user for review in waiting if review.reviewer.person.user is not None}
    if not users:
        return 0
    Review.objects.filter(pk__in=[review.pk for review in waiting]).update(reminded_at=timezone.now())
    tell(
        users,
        _("《%(title)s》的评审意见请在截止前提交。"),
        {"title": round.call.title},
        url=reverse("review_list"),
        event=f"verification.remind:{round.pk}:{today.isoformat()}",
    )
    return len(users)
