"""What of concept verification waits for a person, on the page of their own work (我的工作)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.registry.sections import Awaiting, awaiting_of
from langqiao.apps.verification.models import (
    Application,
    ApplicationState,
    Examination,
    ExaminationState,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.rules import insider_ids, is_recused

SHOWN = 30  # of each kind


def _day(moment: datetime | None) -> date | None:
    return timezone.localtime(moment).date() if moment else None


def _applications(user: Any) -> Iterator[Awaiting]:
    mine = insider_ids(user)
    if not mine:
        return
    rows = Application.objects.filter(
        organisation__in=mine, state__in=(ApplicationState.DRAFT, ApplicationState.RETURNED)
    ).select_related("call")
    for row in rows.exclude(call__state__in=("finished", "cancelled"))[:SHOWN]:
        returned = row.state == ApplicationState.RETURNED
        due = row.correct_by if returned else row.call.closes_at
        yield Awaiting(
            _("申报待补正") if returned else _("申报草稿"),
            row.title,
            row.get_absolute_url(),
            _day(due),
            row.call.title,
        )


def _reviewing(user: Any) -> Iterator[Awaiting]:
    places = Reviewer.objects.filter(person__user=user, state=Reviewer.State.INVITED).select_related("call")
    for place in places[:SHOWN]:
        yield Awaiting(_("评审邀请"), place.call.title, reverse("invitation_detail", args=[place.pk]))
    if not holds_role(user, Role.EVALUATOR):
        return
    reviews = Review.objects.filter(
        reviewer__person__user=user,
        reviewer__state=Reviewer.State.ACCEPTED,
        state__in=(ReviewState.ASSIGNED, ReviewState.DRAFT),
        # In discussion too: whoever has not handed in still may, and need not know how far the others are.
        round__state__in=(RoundState.REVIEWING, RoundState.DISCUSSING),
    ).select_related("round__call", "application")
    for review in reviews[:SHOWN]:
        blind = review.round.call.is_double_blind
        title = review.application.label if blind else review.application.title
        yield Awaiting(
            _("待评审"), title, review.get_absolute_url(), _day(review.round.due_at), review.round.call.title
        )


def _examinations(user: Any) -> Iterator[Awaiting]:
    mine = insider_ids(user)
    if not mine:
        return
    for row in Examination.objects.filter(centre__in=mine, state=ExaminationState.REQUESTED)[:SHOWN]:
        yield Awaiting(_("新的委托"), row.title, row.get_absolute_url())


def _office(user: Any) -> Iterator[Awaiting]:
    if not holds_role(user, Role.OFFICE):
        return
    late = Round.objects.filter(state=RoundState.REVIEWING, due_at__lt=timezone.now()).select_related("call")
    for round in late[:SHOWN]:
        if is_recused(user, round.call):
            continue
        yield Awaiting(_("评审已到期"), round.call.title, round.get_absolute_url(), _day(round.due_at))


def awaiting(user: Any) -> list[Awaiting]:
    """Drafts and corrections, invitations and reviews, new requests to the centre, late rounds."""
    if not getattr(user, "is_authenticated", False):
        return []
    return [row for rows in (_applications, _reviewing, _examinations, _office) for row in rows(user)]


def register() -> None:
    """Put the rows on the page of everybody's own work."""
    awaiting_of(awaiting)
