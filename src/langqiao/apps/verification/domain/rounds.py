"""Verbs of a round of review (评审轮次): open, start, extend, discuss, close, eliminate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.verification.domain.acts import (
    applicants,
    digest,
    enter_application,
    enter_call,
    lock,
    move,
    must_be_in,
    office,
)
from langqiao.apps.verification.domain.layout import SCORED, step_criteria, step_name
from langqiao.apps.verification.models import (
    APPLICATION_TRANSITIONS,
    LIVE_REVIEWS,
    ROUND_TRANSITIONS,
    Application,
    ApplicationState,
    Call,
    CallState,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.rules import is_recused
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

WHY_AT_MOST = 1_000
NAMED_AT_MOST = 8  # applications or reviewers named in a refusal; the rest are counted


def round_name(round: Round) -> str:
    """The round's name: its step's own, else the kind's (专家评审, 现场答辩)."""
    return step_name(round.call.chain[round.step])


@transaction.atomic
def open_round(actor: User | None, call: Call, step: int) -> Round:
    """Open the round of a step of the chain (设立评审轮次); its criteria are kept as they stand now.

    Raises:
        NotAllowed: the actor does not run the call.
        Refused: the step is no review, or has a round already.
    """
    lock(call)
    require(actor, "verification.run_call", call)
    must_be_in(call, CallState.RUNNING, what=_("征集"))
    if not 0 <= step < len(call.chain) or call.chain[step]["kind"] not in SCORED:
        raise Refused(_("这一步骤不是评审或答辩。"))
    if call.rounds.filter(step=step).exists():
        raise Refused(_("这一步骤的评审轮次已经设立。"))
    criteria = step_criteria(call.criteria, call.chain[step])
    round = Round.objects.create(call=call, step=step, kind=call.chain[step]["kind"], criteria=criteria)
    _enter(actor, "open_round", round, {"step": step, "kind": round.kind})
    return round


def _enter(actor: User | None, verb: str, round: Round, data: dict[str, Any]) -> str:
    """Entry of an act on a round, for the office alone; returns the event's name for notices."""
    entry = enter_call(
        actor, verb, round.call, data={"round": round.pk, **data}, visibility=Visibility.OFFICE
    )
    return f"ledger:{entry.sequence}"


def lock_round(round: Round) -> Round:
    """Lock the round with its call read anew."""
    call = round.call
    lock(round)
    call.refresh_from_db()
    round.call = call
    return round


def under_review(round: Round) -> list[Application]:
    """Applications that a round judges: accepted and still in the running."""
    return list(round.call.applications.filter(state=ApplicationState.ACCEPTED).order_by("number", "pk"))


def live_reviews(round: Round) -> list[Review]:
    """Reviews that count: of applications still in the running, neither declined nor replaced."""
    return list(
        round.reviews.filter(state__in=LIVE_REVIEWS, application__state=ApplicationState.ACCEPTED)
        .select_related("application", "reviewer__person__user")
        .order_by("application__number", "letter")
    )


def _some(things: list[str]) -> str:
    """The first things by name, and how many more there are."""
    named = listed(things[:NAMED_AT_MOST])
    if len(things) > NAMED_AT_MOST:
        named = str(_("%(named)s等 %(n)s 项")) % {"named": named, "n": len(things)}
    return named


def numbered(application: Application) -> str:
    """An application by number and title, for the office."""
    return f"{application.label}《{application.title}》"


def _future(due_at: datetime) -> datetime:
    if due_at <= timezone.now():
        raise Invalid(_("评审截止须在当前时间之后。"), field="due_at")
    return due_at


@transaction.atomic
def start_reviewing(actor: User | None, round: Round, *, due_at: datetime) -> Round:
    """Start a round (开始评审): from now on its reviewers see what they were assigned; they are told.

    Raises:
        NotAllowed: the actor does not chair the round.
        Refused: the round has started, nothing is left to judge, an application lacks a reviewer who
            accepted, or a reviewer belongs to the office that chairs.
        Invalid: the due date is over.
    """
    lock_round(round)
    require(actor, "verification.chair", round)
    must_be_in(round, RoundState.PREPARING, what=_("评审轮次"))
    _future(due_at)
    applications = under_review(round)
    if not applications:
        raise Refused(_("没有已受理的申报，无从评审。"), mend=_("请先完成资料审查。"))
    reviews = [r for r in live_reviews(round) if r.reviewer.state == Reviewer.State.ACCEPTED]
    served = {review.application_id for review in reviews}
    lacking = [numbered(application) for application in applications if application.pk not in served]
    if lacking:
        raise Refused(
            _("以下申报还没有评审专家：%(names)s。") % {"names": _some(lacking)},
            mend=_("请先分配评审，或为其指定专家。"),
        )
    chairs = {r.reviewer for r in reviews if holds_role(r.reviewer.person.user, Role.OFFICE)}
    if chairs:
        # Who chairs reads every submitted review; a reviewer must not before the own one is handed in.
        raise Refused(
            _("联席办成员不能兼任评审专家：%(names)s。") % {"names": _some(sorted(map(str, chairs)))},
            mend=_("请更换专家。"),
        )
    move(round, RoundState.REVIEWING, ROUND_TRANSITIONS, what=_("评审轮次"))
    round.due_at = due_at
    round.save(update_fields=["state", "due_at", "updated_at"])
    counts = {"applications": len(applications), "reviews": len(reviews), "due_at": due_at}
    event = _enter(actor, "start_reviewing", round, counts)
    tell(
        {r.reviewer.person.user for r in reviews if r.reviewer.person.user is not None},
        _("《%(title)s》的评审已经开始，请在截止前提交意见。"),
        {"title": round.call.title},
        url=reverse("review_list"),
        event=event,
        but=actor,
    )
    return round


@transaction.atomic
def extend_round(actor: User | None, round: Round, *, due_at: datetime) -> Round:
    """Set another due date (调整评审截止); those who have not handed in are told.

    Raises:
        NotAllowed: the actor does not chair the round.
        Refused: the round is not under review.
        Invalid: the due date is over.
    """
    lock_round(round)
    require(actor, "verification.chair", round)
    must_be_in(round, RoundState.REVIEWING, RoundState.DISCUSSING, what=_("评审轮次"))
    round.due_at = _future(due_at)
    round.save(update_fields=["due_at", "updated_at"])
    event = _enter(actor, "extend_round", round, {"due_at": due_at})
    unfinished = [r for r in live_reviews(round) if r.state != ReviewState.SUBMITTED]
    tell(
        {r.reviewer.person.user for r in unfinished if r.reviewer.person.user is not None},
        _("《%(title)s》的评审截止时间有调整。"),
        {"title": round.call.title},
        url=reverse("review_list"),
        event=event,
        but=actor,
    )
    return round


@transaction.atomic
def open_discussion(actor: User | None, round: Round) -> Round:
    """Open the discussion (开启讨论): who has handed in now reads the others' reviews of that application.

    Who has not handed in may still do so, sees nothing, and is not told.

    Raises:
        NotAllowed: the actor does not chair the round.
        Refused: the round is not under review, or nobody has handed in.
    """
    lock_round(round)
    require(actor, "verification.chair", round)
    move(round, RoundState.DISCUSSING, ROUND_TRANSITIONS, what=_("评审轮次"))
    handed_in = [r for r in live_reviews(round) if r.state == ReviewState.SUBMITTED]
    if not handed_in:
        raise Refused(_("还没有人提交意见，无从讨论。"), mend=_("请等待专家提交，或提醒专家。"))
    round.save(update_fields=["state", "updated_at"])
    event = _enter(actor, "open_discussion", round, {"submitted": len(handed_in)})
    tell(
        {r.reviewer.person.user for r in handed_in if r.reviewer.person.user is not None},
        _("《%(title)s》的评审讨论已经开启。"),
        {"title": round.call.title},
        url=reverse("review_list"),
        event=event,
        but=actor,
    )
    return round


@transaction.atomic
def close_round(actor: User | None, round: Round) -> Round:
    """Close a round (结束本轮评审): its scores are final.

    Raises:
        NotAllowed: the actor does not chair the round.
        Refused: the round is not under review, a review is missing, or an application has none; the
            message names them.
    """
    lock_round(round)
    require(actor, "verification.chair", round)
    reviews = live_reviews(round)
    if round.state in (RoundState.REVIEWING, RoundState.DISCUSSING):
        _must_be_complete(under_review(round), reviews)
    move(round, RoundState.CLOSED, ROUND_TRANSITIONS, what=_("评审轮次"))
    round.closed_at = timezone.now()
    round.save(update_fields=["state", "closed_at", "updated_at"])
    _enter(actor, "close_round", round, {"submitted": len(reviews)})
    return round


def _must_be_complete(applications: list[Application], reviews: list[Review]) -> None:
    missing = [
        str(_("%(application)s：%(reviewer)s"))
        % {"application": review.application.label, "reviewer": review.reviewer}
        for review in reviews
        if review.state != ReviewState.SUBMITTED
    ]
    if missing:
        raise Refused(
            _("还有 %(n)s 份意见没有提交（%(names)s）。") % {"n": len(missing), "names": _some(missing)},
            mend=_("请提醒专家，或写明原因更换专家、登记谢绝。"),
        )
    served = {review.application_id for review in reviews}
    lacking = [numbered(application) for application in applications if application.pk not in served]
    if lacking:
        raise Refused(
            _("以下申报没有任何评审意见：%(names)s。") % {"names": _some(lacking)},
            mend=_("请为其指定专家。"),
        )


@transaction.atomic
def eliminate(actor: User | None, application: Application, *, why: str) -> Application:
    """Take an application out after a round (未进入下一环节), with the reason; the applicant is told.

    Raises:
        NotAllowed: the actor does not chair the call's rounds.
        Refused: the application is not in the running, or the call is not at a closed round.
        Invalid: no reason is given, or it is too long.
    """
    call = application.call
    lock(call)
    lock(application)
    application.call = call
    require(actor, "verification.chair", application)
    must_be_in(call, CallState.RUNNING, what=_("征集"))
    closed = call.rounds.filter(state=RoundState.CLOSED).values_list("step", flat=True)
    if call.step not in closed:
        raise Refused(
            _("只有在一轮评审结束之后、进入下一步之前，才能淘汰申报。"), mend=_("请先结束本轮评审。")
        )
    reason = why.strip()
    if not reason:
        raise Invalid(_("请写明原因。"), field="why")
    if len(reason) > WHY_AT_MOST:
        raise Invalid(
            _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(reason), "most": WHY_AT_MOST},
            field="why",
        )
    move(application, ApplicationState.ELIMINATED, APPLICATION_TRANSITIONS, what=_("申报"))
    application.why = reason
    application.save(update_fields=["state", "why", "updated_at"])
    entry = enter_application(
        actor, "eliminate_application", application, data={"step": call.step, "why_sm3": digest(reason)}
    )
    tell(
        applicants([application]),
        _("申报《%(title)s》未进入下一环节。"),
        {"title": application.title},
        url=application.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return application


def chairs_of(call: Call) -> set[User]:
    """Users of the office who chair the call's rounds: not those recused."""
    return {user for user in office() if not is_recused(user, call)}
