"""Verbs of the defence (现场答辩): when and where each application is defended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.verification.domain.acts import applicants, digest, enter_application, lock, must_be_in
from langqiao.apps.verification.domain.rounds import lock_round, under_review
from langqiao.apps.verification.models import (
    LIVE_REVIEWS,
    Application,
    ApplicationState,
    DefenceSlot,
    Review,
    Round,
    RoundState,
    StepKind,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

MINUTES_AT_LEAST, MINUTES_AT_MOST = 5, 240
GAP_AT_MOST = 120  # minutes between two defences
PLACE_AT_MOST = 200


@transaction.atomic
def schedule_defence(
    actor: User | None, round: Round, application: Application, *, at: datetime, minutes: int, place: str
) -> DefenceSlot:
    """Set when and where an application is defended (安排答辩), or move it; both sides are told.

    Raises:
        NotAllowed: the actor does not chair the round.
        Refused: the round is no defence or is closed, the application is not in the running, or place,
            applicant or a reviewer is taken at that time.
        Invalid: a value is missing or wrong.
    """
    lock_round(round)
    require(actor, "verification.chair", round)
    if round.kind != StepKind.DEFENCE:
        raise Refused(_("这一轮不是现场答辩。"))
    must_be_in(round, RoundState.PREPARING, RoundState.REVIEWING, RoundState.DISCUSSING, what=_("评审轮次"))
    lock(application)
    if application.call_id != round.call_id:
        raise Refused(_("该申报不属于这一轮。"))
    must_be_in(application, ApplicationState.ACCEPTED, what=_("申报"))
    place = " ".join(place.split())
    _check(at, minutes, place)
    _must_be_free(round, application, at, at + timedelta(minutes=minutes), place)
    slot, _made = DefenceSlot.objects.update_or_create(
        round=round, application=application, defaults={"at": at, "minutes": minutes, "place": place}
    )
    data = {"round": round.pk, "at": at, "minutes": minutes, "place_sm3": digest(place)}
    entry = enter_application(actor, "schedule_defence", application, data=data)
    _tell(actor, slot, application, f"ledger:{entry.sequence}")
    return slot


def _check(at: datetime, minutes: int, place: str) -> None:
    if at <= timezone.now():
        raise Invalid(_("答辩时间须在当前时间之后。"), field="at")
    _check_minutes(minutes)
    if not place:
        raise Invalid(_("请写明地点或会议链接。"), field="place")
    if len(place) > PLACE_AT_MOST:
        raise Invalid(_("地点最多 200 字。"), field="place")


def _check_minutes(minutes: int) -> None:
    if not MINUTES_AT_LEAST <= minutes <= MINUTES_AT_MOST:
        raise Invalid(_("时长须为 5 至 240 分钟。"), field="minutes")


def _must_be_free(
    round: Round, application: Application, begins: datetime, ends: datetime, place: str
) -> None:
    """Refuse a slot that meets another at the same place, of the same applicant or with the same reviewer.

    Slots of all calls count: a room and a person are in one place at a time.
    """
    meeting = [
        slot
        for slot in DefenceSlot.objects.filter(
            at__lt=ends,
            at__gt=begins - timedelta(minutes=MINUTES_AT_MOST),
            application__state=ApplicationState.ACCEPTED,
        )
        .exclude(round=round, application=application)
        .select_related("application")
        if slot.at + timedelta(minutes=slot.minutes) > begins
    ]
    mend = _("请另选时间或地点。")
    for slot in meeting:
        other = slot.application.label
        if slot.place.casefold() == place.casefold():
            raise Refused(
                _("“%(place)s”在这段时间已安排%(other)s。") % {"place": place, "other": other}, mend=mend
            )
        if slot.application.organisation_id == application.organisation_id:
            raise Refused(_("该申报单位在这段时间另有答辩（%(other)s）。") % {"other": other}, mend=mend)
    busy = _people([(slot.round_id, slot.application_id) for slot in meeting])
    shared = _people([(round.pk, application.pk)]).keys() & busy.keys()
    if shared:
        name = busy[min(shared)]
        raise Refused(_("评审专家%(name)s在这段时间另有答辩。") % {"name": name}, mend=mend)


def _people(held: Iterable[tuple[int, int]]) -> dict[int, str]:
    """Reviewers of applications in rounds, by person."""
    found: dict[int, str] = {}
    for round_id, application_id in held:
        rows = Review.objects.filter(
            round=round_id, application=application_id, state__in=LIVE_REVIEWS
        ).values_list("reviewer__person_id", "reviewer__person__name")
        found.update(rows)
    return found


def _tell(actor: User | None, slot: DefenceSlot, application: Application, event: str) -> None:
    """Applicants by title, reviewers by what they may know of the application."""
    url = reverse("defence_list")
    tell(
        applicants([application]),
        _("申报《%(title)s》的答辩时间和地点已安排。"),
        {"title": application.title},
        url=url,
        event=event,
        but=actor,
    )
    reviews = slot.round.reviews.filter(application=application, state__in=LIVE_REVIEWS)
    known = application.label if slot.round.call.is_double_blind else application.title
    tell(
        set(User.objects.filter(is_active=True, person__reviewing__reviews__in=reviews)),
        _("您评审的“%(title)s”的答辩时间和地点已安排。"),
        {"title": known},
        url=url,
        event=event,
        but=actor,
    )


@transaction.atomic
def plan_defence(
    actor: User | None, round: Round, *, starts_at: datetime, minutes: int, gap: int, place: str
) -> list[DefenceSlot]:
    """Lay out the applications without a slot one after the other, by number (依次排期).

    Raises:
        NotAllowed: the actor does not chair the round.
        Refused: all have a slot, or one of the new ones meets another; nothing is set then.
        Invalid: a value is missing or wrong.
    """
    require(actor, "verification.chair", round)
    _check_minutes(minutes)
    if not 0 <= gap <= GAP_AT_MOST:
        raise Invalid(_("间隔须为 0 至 120 分钟。"), field="gap")
    placed = set(round.slots.values_list("application_id", flat=True))
    waiting = [application for application in under_review(round) if application.pk not in placed]
    if not waiting:
        raise Refused(_("所有申报都已安排答辩。"), mend=_("如需调整，请逐份修改。"))
    step = timedelta(minutes=minutes + gap)
    return [
        schedule_defence(
            actor, round, application, at=starts_at + step * position, minutes=minutes, place=place
        )
        for position, application in enumerate(waiting)
    ]
