"""Verbs of matters (议题): propose, put on the agenda, postpone, return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.conference.domain.acts import office_users
from langqiao.apps.conference.models import (
    MATTER_TRANSITIONS,
    UNDECIDED,
    AgendaItem,
    Ballot,
    Matter,
    Session,
)
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    clean,
    clean_reason,
    digest,
    enter,
    lock,
    move,
    must_be_in,
)
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import City, Organisation
from langqiao.apps.registry.signals import conference_decided
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused

SUMMARY_AT_MOST = 10_000
ITEMS_AT_MOST = 200
TAKING = (Session.State.PLANNED, Session.State.CALLED, Session.State.OPEN)


@transaction.atomic
def propose_matter(
    actor: User | None,
    *,
    title: str,
    summary: str = "",
    city: City | None = None,
    organisation: Organisation | None = None,
    url: str = "",
    subject: str = "",
    case: str = "",
) -> Matter:
    """Propose a matter (提出议题) for a session to come; a liaison does so for the own city.

    Args:
        organisation: the applicant, who keeps out of the decision (回避).
        subject: what another app puts before the conference; while that is undecided it is the same
            matter, which is returned as it stands.
        case: the case the matter belongs to; a new one when empty.

    Raises:
        NotAllowed: the actor is neither the office nor a liaison of the city.
        Invalid: no title, a text too long, or a liaison names no city.
    """
    require(actor, "conference.propose", city)
    if city is None and not allowed(actor, "conference.run_matter"):
        raise Invalid(_("请选择本市。"), mend=_("跨市的议题请联系联席办提出。"), field="city")
    if subject:
        known = Matter.objects.select_for_update().filter(subject=subject, state__in=UNDECIDED).first()
        if known is not None:
            return known
    matter = Matter.objects.create(
        title=clean(title, "title", most=TITLE_AT_MOST, lines=False),
        summary=clean(summary, "summary", most=SUMMARY_AT_MOST, required=False),
        city=city,
        organisation=organisation,
        url=_own_address(url),
        subject=clean(subject, "subject", most=120, lines=False, required=False),
        case=clean(case, "case", most=40, lines=False, required=False) or next_case(),
        proposed_by=actor,
    )
    entry = enter_matter(actor, "propose_matter", matter, {"subject": subject} if subject else None)
    tell(
        office_users(),
        _("新的议题：%(title)s。"),
        {"title": matter.title},
        url=matter.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return matter


def _own_address(url: str) -> str:
    """A path of this site; an address elsewhere is refused, the page links to it."""
    text = clean(url, "url", most=500, lines=False, required=False)
    if text and (not text.startswith("/") or text.startswith("//")):
        raise Invalid(_("相关页面须为本站地址。"), mend=_("请以 / 开头。"), field="url")
    return text


@transaction.atomic
def put_on_agenda(
    actor: User | None, session: Session, matter: Matter, *, position: int | None = None
) -> AgendaItem:
    """Put a waiting matter on a session's agenda (列入议程), last unless a position is given.

    Raises:
        NotAllowed: only the office may.
        Refused: the matter does not wait, or the session is over, or dealt with it before.
    """
    require(actor, "conference.run_matter", matter)
    lock(session)
    must_be_in(session, *TAKING)
    lock(matter)
    move(matter, Matter.State.ON_AGENDA, MATTER_TRANSITIONS)
    if session.agenda.filter(matter=matter).exists():
        raise Refused(_("本次会议已经处理过该议题。"), mend=_("请列入另一次会议。"))
    if session.agenda.count() >= ITEMS_AT_MOST:
        raise Refused(_("议程过长。"), mend=_("请另开会议。"))
    last = session.agenda.aggregate(last=Max("position"))["last"] or 0
    matter.why = ""
    matter.save(update_fields=["state", "why", "updated_at"])
    item = AgendaItem.objects.create(session=session, matter=matter, position=position or last + 1)
    enter_matter(actor, "put_on_agenda", matter, {"session": session.pk, "position": item.position})
    return item


@transaction.atomic
def take_off_agenda(actor: User | None, item: AgendaItem) -> Matter:
    """Take a matter off the agenda (移出议程) before the session opens; it waits again.

    Raises:
        NotAllowed: only the office may.
        Refused: the session has opened.
    """
    matter, session = item.matter, item.session
    require(actor, "conference.run_matter", matter)
    lock(session)
    must_be_in(session, Session.State.PLANNED, Session.State.CALLED)
    lock(matter)
    move(matter, Matter.State.WAITING, MATTER_TRANSITIONS)
    matter.save(update_fields=["state", "updated_at"])
    enter_matter(actor, "take_off_agenda", matter, {"session": session.pk})
    item.delete()
    return matter


@transaction.atomic
def order_agenda(actor: User | None, session: Session, *, items: Sequence[int]) -> Session:
    """Put the agenda in order (调整议程次序): ids of its items, all of them, the first first.

    Raises:
        NotAllowed: only the office may.
        Refused: the session is over.
        Invalid: the ids are not those of the agenda.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, *TAKING)
    rows = {item.pk: item for item in session.agenda.all()}
    if sorted(rows) != sorted(items):
        raise Invalid(_("次序须包含全部议题，各一次。"), field="items")
    for position, key in enumerate(items, start=1):
        rows[key].position = position
    AgendaItem.objects.bulk_update(rows.values(), ["position"])
    enter(actor, "order_agenda", session, case=session.case, data={"items": list(items)})
    return session


def _refuse_open_ballot(item: AgendaItem) -> None:
    if item.ballots.filter(state=Ballot.State.OPEN).exists():
        raise Refused(_("该议题正在表决。"), mend=_("请先结束表决。"))


def current_item(matter: Matter) -> AgendaItem | None:
    """The agenda item on which the matter stands now."""
    return matter.items.filter(outcome="").select_related("session").first()


@transaction.atomic
def postpone_matter(actor: User | None, matter: Matter, *, why: str) -> Matter:
    """Postpone a matter (缓议): it leaves this agenda and waits for another session.

    Raises:
        NotAllowed: only the office may.
        Refused: it is on no agenda, or being voted on.
        Invalid: no reason.
    """
    require(actor, "conference.run_matter", matter)
    lock(matter)
    move(matter, Matter.State.WAITING, MATTER_TRANSITIONS)
    reason = clean_reason(why)
    _leave(matter, AgendaItem.Outcome.POSTPONED, reason)
    matter.postponed += 1
    matter.why = reason
    matter.save(update_fields=["state", "postponed", "why", "updated_at"])
    entry = enter_matter(actor, "postpone_matter", matter, {"why_sm3": digest(reason)})
    tell_proposer(actor, matter, _("议题“%(title)s”缓议。"), entry)
    return matter


def _leave(matter: Matter, outcome: AgendaItem.Outcome, why: str) -> None:
    item = current_item(matter)
    if item is not None:
        _refuse_open_ballot(item)
        item.outcome, item.why = outcome, why
        item.save(update_fields=["outcome", "why"])


@transaction.atomic
def return_matter(actor: User | None, matter: Matter, *, why: str) -> Matter:
    """Return a matter to who put it forward (退回), from the agenda or while it waits.

    Raises:
        NotAllowed: only the office may.
        Refused: it is decided already, or being voted on.
        Invalid: no reason.
    """
    require(actor, "conference.run_matter", matter)
    lock(matter)
    move(matter, Matter.State.RETURNED, MATTER_TRANSITIONS)
    reason = clean_reason(why)
    _leave(matter, AgendaItem.Outcome.RETURNED, reason)
    matter.why, matter.decided_at = reason, timezone.now()
    matter.save(update_fields=["state", "why", "decided_at", "updated_at"])
    entry = enter_matter(actor, "return_matter", matter, {"why_sm3": digest(reason)})
    tell_proposer(actor, matter, _("议题“%(title)s”已退回。"), entry)
    say_decided(actor, matter, outcome="returned", resolution="", url=matter.get_absolute_url())
    return matter


def say_decided(actor: User | None, matter: Matter, *, outcome: str, resolution: str, url: str) -> None:
    """Tell the app that put the matter forward what became of it (``registry.signals``)."""
    if matter.subject:
        conference_decided.send(
            sender=Matter,
            actor=actor,
            subject=matter.subject,
            outcome=outcome,
            resolution=resolution,
            url=url,
        )


def tell_proposer(actor: User | None, matter: Matter, text: object, entry: Entry) -> None:
    """Notify who proposed the matter."""
    tell(
        {matter.proposed_by} if matter.proposed_by is not None else set(),
        text,
        {"title": matter.title},
        url=matter.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )


def enter_matter(actor: User | None, verb: str, matter: Matter, data: dict[str, Any] | None = None) -> Entry:
    """The ledger entry of an act on a matter, in its case."""
    return enter(
        actor,
        verb,
        matter,
        case=matter.case,
        city=matter.city_id,
        organisation=matter.organisation,
        data=data,
    )
