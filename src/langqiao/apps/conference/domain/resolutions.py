"""Verbs of resolutions (决议): number, word, publish."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.conference.models import AgendaItem, Resolution, ResolutionCounter, Session
from langqiao.apps.registry.domain.acts import TEXT_AT_MOST, clean, digest, enter, lock
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused


def next_number(session: Session, year: int) -> str:
    """Take the next number (文号) under the session's prefix and pattern; unique under concurrency."""
    ResolutionCounter.objects.get_or_create(prefix=session.number_prefix, year=year)
    counter = ResolutionCounter.objects.select_for_update().get(prefix=session.number_prefix, year=year)
    while True:
        counter.last += 1
        number = session.number_prefix + session.number_pattern.replace("{year}", str(year)).replace(
            "{n}", str(counter.last)
        )
        # Two prefixes may come to the same text; a number is never given twice.
        if not Resolution.objects.filter(number=number).exists():
            counter.save(update_fields=["last"])
            return number


def issue(item: AgendaItem, *, text: str) -> Resolution:
    """Make the resolution of a decided item; called inside the transaction of the decision."""
    today = timezone.localdate()
    return Resolution.objects.create(
        number=next_number(item.session, today.year),
        matter=item.matter,
        session=item.session,
        title=item.matter.title,
        text=clean(text, "text", most=TEXT_AT_MOST, required=False),
        outcome=item.outcome,
        adopted_on=today,
    )


@transaction.atomic
def word_resolution(actor: User | None, resolution: Resolution, *, title: str, text: str) -> Resolution:
    """Word a resolution (起草决议文本) until it is public; number and outcome never change.

    Raises:
        NotAllowed: only the office may.
        Refused: it is public.
        Invalid: no title, or too long.
    """
    require(actor, "conference.publish_resolution", resolution)
    lock(resolution)
    _refuse_public(resolution)
    resolution.title = clean(title, "title", most=300, lines=False)
    resolution.text = clean(text, "text", most=TEXT_AT_MOST)
    resolution.save(update_fields=["title", "text", "updated_at"])
    _enter(actor, "word_resolution", resolution, public=False)
    return resolution


def _refuse_public(resolution: Resolution) -> None:
    if resolution.is_public:
        raise Refused(_("决议已公开，不能再改。"), mend=_("如须更正，请另作决议。"))


@transaction.atomic
def publish_resolution(actor: User | None, resolution: Resolution) -> Resolution:
    """Make a resolution public (公开决议): everybody reads number, title, text and outcome.

    Raises:
        NotAllowed: only the office may.
        Refused: it is public already.
        Invalid: it has no text.
    """
    require(actor, "conference.publish_resolution", resolution)
    lock(resolution)
    _refuse_public(resolution)
    clean(resolution.text, "text")
    resolution.is_public, resolution.published_at = True, timezone.now()
    resolution.save(update_fields=["is_public", "published_at", "updated_at"])
    _enter(actor, "publish_resolution", resolution, public=True)
    return resolution


def _enter(actor: User | None, verb: str, resolution: Resolution, *, public: bool) -> None:
    matter = resolution.matter
    enter(
        actor,
        verb,
        resolution,
        case=matter.case,
        city=matter.city_id,
        organisation=matter.organisation,
        data={
            "number": resolution.number,
            "outcome": resolution.outcome,
            "text_sm3": digest(resolution.text),
        },
        public=public,
    )
