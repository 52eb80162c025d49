"""Verbs of sessions (会议): plan, call, open, close, cancel; seats, attendance, minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.conference.domain.acts import table
from langqiao.apps.conference.models import (
    MATTER_TRANSITIONS,
    SESSION_TRANSITIONS,
    SHOWN_SESSIONS,
    AgendaItem,
    Matter,
    Seat,
    Session,
)
from langqiao.apps.conference.rules import voters
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    assign,
    clean,
    clean_link,
    clean_reason,
    digest,
    enter,
    lock,
    move,
    must_be_in,
    source_values,
)
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

MINUTES_AT_MOST = 100_000
SEATS_AT_MOST = 300
NUMBER_AT_MOST = 9_999
PATTERN = "〔{year}〕{n}号"
# Where a kind's numbering starts; a later session takes over what the last of its kind used.
PREFIXES = {Session.Kind.CONFERENCE: "联席", Session.Kind.OFFICE: "联席办", Session.Kind.SPECIAL: "联席专"}
State = Session.State
PREPARING = (State.PLANNED, State.CALLED)


class SessionValues(TypedDict, total=False):
    """What a session says and how it decides."""

    title: str
    number: int
    starts_at: datetime | None
    place: str
    link: str
    chair: str
    voters: str
    quorum: str
    majority: str
    majority_of: str
    is_secret: bool
    number_prefix: str
    number_pattern: str
    code: str | None
    illustrative: bool


_CHOICES: dict[str, type[models.TextChoices]] = {
    "voters": Session.Voters,
    "quorum": Session.Share,
    "majority": Session.Share,
    "majority_of": Session.Base,
}
_TEXTS = {"title": TITLE_AT_MOST, "place": 200, "chair": 80}
# What those at the table must hear of once they are called.
_TOLD = {"starts_at", "place", "link", "title"}


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(source_values(values))
    for name, most in _TEXTS.items():
        if name in values:
            found[name] = clean(values[name], name, most=most, lines=False, required=False)
    if "link" in values:
        found["link"] = clean_link(values["link"], "link")
    if "number" in values:
        if not 1 <= int(values["number"]) <= NUMBER_AT_MOST:
            raise Invalid(_("次数须为 1 至 9999。"), field="number")
        found["number"] = int(values["number"])
    for name in _CHOICES:
        if name in values:
            found[name] = _chosen(name, values[name])
    for name in ("starts_at", "is_secret"):
        if name in values:
            found[name] = values[name]
    return found | _numbering(values)


def _chosen(name: str, value: object) -> str:
    choices = _CHOICES[name]
    if value not in choices.values:
        raise Invalid(
            _("没有“%(value)s”这一选项。") % {"value": str(value)[:40]},
            mend=_("可选：%(known)s。") % {"known": listed(str(label) for label in choices.labels)},
            field=name,
        )
    return str(value)


def _numbering(values: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    if "number_prefix" in values:
        found["number_prefix"] = clean(values["number_prefix"], "number_prefix", most=40, lines=False)
    if "number_pattern" in values:
        pattern = clean(values["number_pattern"], "number_pattern", most=40, lines=False)
        if "{year}" not in pattern or "{n}" not in pattern:
            raise Invalid(
                _("文号格式须含 {year} 与 {n}。"),
                mend=_("例如 〔{year}〕{n}号。"),
                field="number_pattern",
            )
        found["number_pattern"] = pattern
    return found


def _refuse_taken(session: Session) -> None:
    taken = Session.objects.filter(kind=session.kind, number=session.number).exclude(state=State.CANCELLED)
    if taken.exclude(pk=session.pk).exists():
        raise Invalid(
            _("第 %(number)s 次%(kind)s已经登记。")
            % {"number": session.number, "kind": session.get_kind_display()},
            mend=_("请改为下一次的序号。"),
            field="number",
        )


@transaction.atomic
def plan_session(
    actor: User | None, *, kind: str, seat_cities: bool = True, **values: Unpack[SessionValues]
) -> Session:
    """Plan a session (筹备会议); number, title and numbering of resolutions follow the last of its kind.

    Args:
        seat_cities: give every city of the corridor a seat with a vote.

    Raises:
        NotAllowed: only the office may.
        Invalid: a value is wrong, or the number is taken.
    """
    require(actor, "conference.run_session")
    if kind not in Session.Kind.values:
        raise Invalid(_("没有这种会议。"), field="kind")
    last = Session.objects.filter(kind=kind).exclude(state=State.CANCELLED).order_by("-number").first()
    session = Session(
        kind=kind,
        number=last.number + 1 if last else 1,
        number_prefix=last.number_prefix if last else PREFIXES[Session.Kind(kind)],
        number_pattern=last.number_pattern if last else PATTERN,
        created_by=actor,
    )
    assign(session, _cleaned(values))
    if not session.title:
        with translation.override("zh-hans"):  # a record's text, not the interface's
            session.title = str(
                _("第%(number)s次%(kind)s") % {"number": session.number, "kind": session.get_kind_display()}
            )
    _refuse_taken(session)
    session.case = next_case()
    session.save()
    if seat_cities:
        Seat.objects.bulk_create([Seat(session=session, city=city) for city in City.objects.all()])
    _enter(actor, "plan_session", session, {"kind": kind, "number": session.number})
    return session


@transaction.atomic
def revise_session(actor: User | None, session: Session, **values: Unpack[SessionValues]) -> Session:
    """Revise a session (修改会议) before it opens; those called are told of a new time or place.

    Raises:
        NotAllowed: only the office may.
        Refused: it has opened, is closed or cancelled.
        Invalid: a value is wrong, or the number is taken.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, *PREPARING)
    changed = assign(session, _cleaned(values))
    if not changed:
        return session
    if not session.title:
        raise Invalid(_("请填写会议名称。"), field="title")
    if "voters" in changed:
        _refuse_voteless(session)
    _refuse_taken(session)
    session.save()
    entry = _enter(actor, "revise_session", session, {"changed": changed})
    if session.state == State.CALLED and _TOLD & set(changed):
        _tell_table(actor, session, _("会议“%(title)s”的时间或地点有变动。"), entry)
    return session


def _refuse_voteless(session: Session) -> None:
    """Refuse a vote by city where a seat with a vote has no city."""
    if session.voters == Session.Voters.CITY and session.seats.filter(may_vote=True, city=None).exists():
        raise Invalid(
            _("一城一票时，有表决权的参会单位须有所在城市。"),
            mend=_("请改为一席一票，或将该单位改为无表决权。"),
            field="voters",
        )


@transaction.atomic
def add_seat(
    actor: User | None,
    session: Session,
    *,
    city: City | None = None,
    organisation: Organisation | None = None,
    user: User | None = None,
    may_vote: bool = True,
) -> Seat:
    """Give a city or an organisation a seat (增加参会单位), for a named person where ``user`` is given.

    Raises:
        NotAllowed: only the office may.
        Refused: the session is over.
        Invalid: nobody is named, somebody has that seat already, or a vote by city needs a city.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, *PREPARING, State.OPEN)
    if city is None and organisation is None:
        raise Invalid(_("请写明城市或机构。"), field="organisation")
    if session.seats.count() >= SEATS_AT_MOST:
        raise Invalid(_("参会单位过多。"), field="organisation")
    of = organisation.city if organisation is not None and city is None else city
    same = session.seats.filter(organisation=organisation)
    if (same if organisation is not None else same.filter(city=of)).exists():
        raise Invalid(_("该参会单位已经在列。"), field="organisation")
    seat = Seat.objects.create(
        session=session, city=of, organisation=organisation, user=user, may_vote=may_vote
    )
    _refuse_voteless(session)
    entry = _enter(
        actor,
        "add_seat",
        session,
        {"seat": seat.pk, "may_vote": may_vote},
        organisation=organisation,
        city=seat.city_id,
    )
    if session.state != State.PLANNED:
        _tell_table(actor, session, _("请参加会议“%(title)s”。"), entry)
    return seat


@transaction.atomic
def remove_seat(actor: User | None, seat: Seat) -> None:
    """Take a seat away (减少参会单位) before the session opens.

    Raises:
        NotAllowed: only the office may.
        Refused: the session has opened.
    """
    session = seat.session
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, *PREPARING)
    _enter(
        actor, "remove_seat", session, {"seat": seat.pk}, organisation=seat.organisation, city=seat.city_id
    )
    seat.delete()


@transaction.atomic
def mark_attendance(actor: User | None, session: Session, *, attendance: Mapping[int, str]) -> Session:
    """Record who is there (登记出席情况): seat → present, observing, excused, absent or "" (not known).

    Raises:
        NotAllowed: only the office may.
        Refused: the session is not called, or over.
        Invalid: no such seat or no such attendance.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, State.CALLED, State.OPEN)
    seats = {seat.pk: seat for seat in session.seats.all()}
    changed: dict[str, str] = {}
    for key, value in attendance.items():
        if key not in seats or (value and value not in Seat.Attendance.values):
            raise Invalid(_("没有这个参会单位或这种出席情况。"), field="attendance")
        if seats[key].attendance != value:
            seats[key].attendance = value
            seats[key].save(update_fields=["attendance"])
            changed[str(key)] = value
    if changed:
        _enter(actor, "mark_attendance", session, {"attendance": changed})
    return session


@transaction.atomic
def call_session(actor: User | None, session: Session) -> Session:
    """Call a session (发会议通知): all at the table are told and may read agenda and papers.

    Raises:
        NotAllowed: only the office may.
        Refused: it is not being planned.
        Invalid: time, place or voters are missing.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    move(session, State.CALLED, SESSION_TRANSITIONS)
    if session.starts_at is None:
        raise Invalid(_("发通知前请填写开会时间。"), field="starts_at")
    if not session.place and not session.link:
        raise Invalid(_("发通知前请填写地点或线上地址。"), field="place")
    if not voters(session):
        raise Invalid(_("还没有有表决权的参会单位。"), mend=_("请先增加参会单位。"), field="organisation")
    session.save()
    entry = _enter(actor, "call_session", session, {"starts_at": session.starts_at.isoformat()})
    _tell_table(actor, session, _("请参加会议“%(title)s”。"), entry)
    return session


@transaction.atomic
def open_session(actor: User | None, session: Session) -> Session:
    """Open a session (开会): matters can be decided.

    Raises:
        NotAllowed: only the office may.
        Refused: it has not been called.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    move(session, State.OPEN, SESSION_TRANSITIONS)
    session.save()
    _enter(actor, "open_session", session)
    return session


@transaction.atomic
def close_session(actor: User | None, session: Session) -> Session:
    """Close a session (闭会) once every matter on its agenda is decided, returned or postponed.

    Raises:
        NotAllowed: only the office may.
        Refused: it is not open, or a matter is left.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    move(session, State.CLOSED, SESSION_TRANSITIONS)
    left = session.agenda.filter(outcome="").count()
    if left:
        raise Refused(
            _("还有 %(count)s 项议题没有结果。") % {"count": left}, mend=_("请先表决、退回或缓议。")
        )
    session.save()
    _enter(actor, "close_session", session)
    return session


@transaction.atomic
def cancel_session(actor: User | None, session: Session, *, why: str) -> Session:
    """Cancel a session (取消会议); its matters wait for another one.

    Raises:
        NotAllowed: only the office may.
        Refused: it has opened.
        Invalid: no reason.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    was_called = session.state == State.CALLED
    move(session, State.CANCELLED, SESSION_TRANSITIONS)
    session.why = clean_reason(why)
    session.save()
    for item in session.agenda.filter(outcome="").select_related("matter"):
        matter = lock(item.matter)
        move(matter, Matter.State.WAITING, MATTER_TRANSITIONS)
        matter.save(update_fields=["state", "updated_at"])
        item.outcome = AgendaItem.Outcome.POSTPONED
        item.why = session.why
        item.save(update_fields=["outcome", "why"])
    entry = _enter(actor, "cancel_session", session, {"why_sm3": digest(session.why)})
    if was_called:
        _tell_table(actor, session, _("会议“%(title)s”已取消。"), entry)
    return session


@transaction.atomic
def write_minutes(actor: User | None, session: Session, *, text: str) -> Session:
    """Write the minutes (会议纪要) of an open or closed session; the ledger keeps their SM3.

    Raises:
        NotAllowed: only the office may.
        Refused: it has not opened.
        Invalid: no text, or too long.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, State.OPEN, State.CLOSED)
    session.minutes = clean(text, "text", most=MINUTES_AT_MOST)
    session.save(update_fields=["minutes", "updated_at"])
    entry = _enter(actor, "write_minutes", session, {"minutes_sm3": digest(session.minutes)})
    if session.state == State.CLOSED:
        _tell_table(actor, session, _("会议“%(title)s”的纪要已更新。"), entry)
    return session


@transaction.atomic
def publish_session(actor: User | None, session: Session) -> Session:
    """Make a session public (公开会议): time, place, public resolutions and released papers, nothing else.

    Raises:
        NotAllowed: only the office may.
        Refused: it is still being planned.
    """
    require(actor, "conference.run_session", session)
    lock(session)
    must_be_in(session, *[State(state) for state in SHOWN_SESSIONS])
    if not session.is_public:
        session.is_public = True
        session.save(update_fields=["is_public", "updated_at"])
        _enter(actor, "publish_session", session, {"title": session.title}, public=True)
    return session


def _enter(
    actor: User | None,
    verb: str,
    session: Session,
    data: Mapping[str, Any] | None = None,
    *,
    organisation: Organisation | None = None,
    city: str | None = "",
    public: bool = False,
) -> Entry:
    return enter(
        actor,
        verb,
        session,
        case=session.case,
        data=data,
        organisation=organisation,
        city=city,
        public=public,
    )


def _tell_table(actor: User | None, session: Session, text: object, entry: Entry) -> None:
    tell(
        table(session),
        text,
        {"title": session.title},
        url=session.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
