"""Verbs of a review (评审意见): draft, hand in, change with a reason, discuss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.verification.domain.acts import digest, enter, enter_application, lock, move, must_be_in
from langqiao.apps.verification.domain.rounds import chairs_of, live_reviews, lock_round
from langqiao.apps.verification.domain.scoring import (
    Opinion,
    clean,
    content_digest,
    opinion_of,
    total_of,
)
from langqiao.apps.verification.models import (
    REVIEW_TRANSITIONS,
    Application,
    ApplicationState,
    Remark,
    Review,
    ReviewChange,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.rules import Talk, has_submitted
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

REASON_AT_MOST = 500
REMARK_AT_MOST = 4_000
OPEN_ROUNDS = (RoundState.REVIEWING, RoundState.DISCUSSING)
UNFINISHED = (ReviewState.ASSIGNED, ReviewState.DRAFT)
VALUES = ["scores", "gates", "confidence", "for_applicant", "for_office"]


class Stale(Refused):
    """A draft was saved from elsewhere meanwhile (版本过旧); ``review`` holds what is stored now."""

    def __init__(self, review: Review) -> None:
        self.review = review
        super().__init__(
            _("这份意见已在别处保存过更新的版本。"), mend=_("请对照两个版本，选择要保留的内容。")
        )


def _hold(actor: User | None, review: Review) -> Review:
    """Lock round and review, in this order, and check that the review is the actor's own to write."""
    round = lock_round(review.round)
    lock(review)
    review.round = round
    require(actor, "verification.review", review)
    must_be_in(round, *OPEN_ROUNDS, what=_("评审轮次"))
    must_be_in(review.application, ApplicationState.ACCEPTED, what=_("申报"))
    return review


def _write(review: Review, opinion: Mapping[str, Any]) -> None:
    for name, value in opinion.items():
        setattr(review, name, value)


@transaction.atomic
def save_draft(actor: User | None, review: Review, *, revision: int, **values: Unpack[Opinion]) -> Review:
    """Save a draft (保存草稿); it may be incomplete. Nobody else sees it, and the ledger knows nothing of it.

    Args:
        revision: the revision from which the reviewer went on writing.

    Raises:
        NotAllowed: the review is not the actor's own.
        Refused: the round is not under review, or the review has been handed in.
        Stale: another window saved meanwhile.
        Invalid: a value is wrong.
    """
    _hold(actor, review)
    must_be_in(review, *UNFINISHED, what=_("评审意见"))
    _must_be_newest(review, revision)
    _write(review, clean(review.round.criteria, {**opinion_of(review), **values}, complete=False))
    move(review, ReviewState.DRAFT, REVIEW_TRANSITIONS, what=_("评审意见"))
    review.revision += 1
    review.save(update_fields=[*VALUES, "state", "revision", "updated_at"])
    return review


def _must_be_newest(review: Review, revision: int) -> None:
    if revision != review.revision:
        raise Stale(review)


@transaction.atomic
def submit_review(
    actor: User | None, review: Review, *, revision: int | None = None, **values: Unpack[Opinion]
) -> Review:
    """Hand a review in (提交评审意见); the ledger holds the SM3 digest of its content.

    Args:
        revision: as for a draft; None takes the stored draft as the newest there is.

    Raises:
        NotAllowed: the review is not the actor's own.
        Refused: the round is not under review, or the review has been handed in.
        Stale: another window saved meanwhile.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    _hold(actor, review)
    must_be_in(review, *UNFINISHED, what=_("评审意见"))
    if revision is not None:
        _must_be_newest(review, revision)
    _write(review, clean(review.round.criteria, {**opinion_of(review), **values}, complete=True))
    review.total = total_of(review.round.criteria, review.scores)
    move(review, ReviewState.SUBMITTED, REVIEW_TRANSITIONS, what=_("评审意见"))
    review.revision += 1
    review.submitted_at = timezone.now()
    review.save(update_fields=[*VALUES, "total", "state", "revision", "submitted_at", "updated_at"])
    _enter(actor, "submit_review", review)
    if all(one.state == ReviewState.SUBMITTED for one in live_reviews(review.round)):
        tell(
            chairs_of(review.round.call),
            _("《%(title)s》本轮评审意见已全部提交。"),
            {"title": review.round.call.title},
            url=review.round.get_absolute_url(),
            event=f"verification.all_submitted:{review.round_id}",
        )
    return review


def _enter(actor: User | None, verb: str, review: Review, **data: Any) -> str:
    """Entry with the content's digest, for the office alone: that it exists would tell others something."""
    entry = enter(
        actor,
        verb,
        review,
        case=review.application.case,
        city=review.application.city_id or "",
        data={"round": review.round_id, "review_sm3": content_digest(review), **data},
        visibility=Visibility.OFFICE,
    )
    return f"ledger:{entry.sequence}"


@transaction.atomic
def change_review(actor: User | None, review: Review, *, why: str, **values: Unpack[Opinion]) -> ReviewChange:
    """Change a submitted review in the discussion (修改评审意见), with the reason.

    The chair sees what stood before and after; colleagues who handed in learn only that it changed.

    Raises:
        NotAllowed: the review is not the actor's own.
        Refused: the round is not in discussion, the review is not handed in, or nothing changes.
        Invalid: no reason is given, or a value is missing or wrong.
    """
    _hold(actor, review)
    must_be_in(review.round, RoundState.DISCUSSING, what=_("评审轮次"))
    must_be_in(review, ReviewState.SUBMITTED, what=_("评审意见"))
    reason = _said(why, "why", REASON_AT_MOST)
    before = {**opinion_of(review), "total": review.total}
    _write(review, clean(review.round.criteria, {**opinion_of(review), **values}, complete=True))
    review.total = total_of(review.round.criteria, review.scores)
    after = {**opinion_of(review), "total": review.total}
    if after == before:
        raise Refused(_("内容没有变化。"), mend=_("请先修改评分或意见。"))
    review.revision += 1
    review.save(update_fields=[*VALUES, "total", "revision", "updated_at"])
    change = ReviewChange.objects.create(review=review, before=before, after=after, why=reason)
    event = _enter(actor, "change_review", review, why_sm3=digest(reason))
    _tell_talk(
        review.round, review.application, _("《%(title)s》%(label)s：一位专家修改了评审意见。"), event, actor
    )
    return change


def _said(text: str, field: str, most: int) -> str:
    said = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not said:
        raise Invalid(_("请写明理由。") if field == "why" else _("请填写内容。"), field=field)
    if len(said) > most:
        raise Invalid(
            _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(said), "most": most},
            field=field,
        )
    return said


@transaction.atomic
def say(actor: User, round: Round, application: Application, *, text: str) -> Remark:
    """Speak in the discussion of an application (发言), as chair or under the own pseudonym.

    Raises:
        NotAllowed: the actor neither chairs nor has handed in a review of the application, or the round
            is not in discussion.
        Invalid: no text, or too long.
    """
    lock_round(round)
    if application.call_id != round.call_id:
        raise NotAllowed(_("该申报不属于这一轮。"))
    require(actor, "verification.discuss", Talk(round, application))
    said = _said(text, "text", REMARK_AT_MOST)
    own = None
    if has_submitted(actor, round, application):
        own = round.reviews.get(
            application=application, state=ReviewState.SUBMITTED, reviewer__person__user=actor
        )
    remark = Remark.objects.create(round=round, application=application, review=own, author=actor, text=said)
    entry = enter_application(
        actor,
        "say_in_discussion",
        application,
        data={"round": round.pk, "text_sm3": digest(said)},
        visibility=Visibility.OFFICE,
    )
    _tell_talk(
        round,
        application,
        _("《%(title)s》%(label)s的讨论有新发言。"),
        f"ledger:{entry.sequence}",
        actor,
    )
    return remark


def _tell_talk(round: Round, application: Application, text: Any, event: str, actor: User | None) -> None:
    """Tell those who take part: the chairs, and the reviewers of the application who handed in."""
    handed_in = round.reviews.filter(application=application, state=ReviewState.SUBMITTED)
    tell(
        chairs_of(round.call)
        | set(User.objects.filter(is_active=True, person__reviewing__reviews__in=handed_in)),
        text,
        {"title": round.call.title, "label": application.label},
        url=reverse("talk_detail", args=[round.pk, application.pk]),
        event=event,
        but=actor,
    )
