"""Verbs of activities (联盟活动): announce, revise, cancel, register, attend, minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import (
    chosen,
    enter_alliance,
    insiders_of,
    members_users,
    moment,
    must_take_members,
    notify,
    referred,
    whole,
)
from langqiao.apps.alliances.models import (
    ATTENDANCE_TRANSITIONS,
    GATHERING_TRANSITIONS,
    Alliance,
    Attendance,
    Gathering,
)
from langqiao.apps.alliances.rules.alliances import member_ids, own_ids
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    assign,
    clean,
    clean_reason,
    digest,
    lock,
    move,
    must_be_in,
)
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

SUMMARY_AT_MOST = 10_000
MINUTES_AT_MOST = 50_000
SEATS_AT_MOST = 100_000
PEOPLE_AT_MOST = 500
State = Gathering.State
Audience = Gathering.Audience
Coming = Attendance.State


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "title" in values:
        found["title"] = clean(values["title"], "title", most=TITLE_AT_MOST, lines=False)
    if "audience" in values:
        found["audience"] = chosen(values["audience"], Audience, "audience")
    if "summary" in values:
        found["summary"] = clean(values["summary"], "summary", most=SUMMARY_AT_MOST, required=False)
    if "city" in values:
        found["city"] = referred(values["city"], City, "city", required=False)
    if "place" in values:
        found["place"] = clean(values["place"], "place", most=200, lines=False, required=False)
    for name in ("starts_at", "ends_at"):
        if name in values:
            found[name] = moment(values[name], name)
    if "seats" in values:
        given = values["seats"]
        found["seats"] = None if given is None else whole(given, "seats", low=1, high=SEATS_AT_MOST)
    if "illustrative" in values:
        found["illustrative"] = bool(values["illustrative"])
    return found


def _check(gathering: Gathering) -> None:
    if gathering.ends_at < gathering.starts_at:
        raise Invalid(_("结束时间早于开始时间。"), mend=_("请改正时间。"), field="ends_at")


@transaction.atomic
def announce_gathering(
    actor: User | None,
    alliance: Alliance,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    **values: Any,
) -> Gathering:
    """Announce an activity (预告活动); the members are told.

    Args:
        values: ``audience`` (members or public), ``summary``, ``city``, ``place``, ``seats``.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: the node has no members.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    require(actor, "alliances.hold", alliance)
    must_take_members(alliance)
    gathering = Gathering(alliance=alliance, created_by=actor)
    assign(gathering, _values({**values, "title": title, "starts_at": starts_at, "ends_at": ends_at}))
    _check(gathering)
    gathering.save()
    entry = _enter(actor, "announce_gathering", gathering, title_sm3=digest(gathering.title))
    notify(
        members_users(alliance), gathering, alliance, _("“%(alliance)s”预告了一项活动。"), entry, but=actor
    )
    return gathering


@transaction.atomic
def revise_gathering(actor: User | None, gathering: Gathering, **values: Any) -> Gathering:
    """Revise an announced activity (修改活动); those who registered are told.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it is held or cancelled.
        Invalid: a value is wrong, or fewer seats than are taken; ``field`` names it.
    """
    require(actor, "alliances.hold", gathering)
    lock(gathering)
    must_be_in(gathering, State.ANNOUNCED)
    changed = assign(gathering, _values(values))
    if not changed:
        return gathering
    _check(gathering)
    if gathering.seats is not None and gathering.seats < _taken(gathering):
        raise Invalid(
            _("已有 %(taken)d 人报名。") % {"taken": _taken(gathering)},
            mend=_("名额不能少于已报名人数。"),
            field="seats",
        )
    gathering.save()
    entry = _enter(actor, "revise_gathering", gathering, changed=changed)
    _tell_registered(gathering, _("“%(alliance)s”的一项活动有变动。"), entry, actor)
    return gathering


@transaction.atomic
def cancel_gathering(actor: User | None, gathering: Gathering, *, why: str) -> Gathering:
    """Cancel an activity (取消活动), with a reason.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it is held or cancelled.
        Invalid: no reason.
    """
    require(actor, "alliances.hold", gathering)
    lock(gathering)
    move(gathering, State.CANCELLED, GATHERING_TRANSITIONS)
    gathering.why = clean_reason(why)
    gathering.save(update_fields=["state", "why", "updated_at"])
    entry = _enter(actor, "cancel_gathering", gathering, why_sm3=digest(gathering.why))
    _tell_registered(gathering, _("“%(alliance)s”的一项活动已取消。"), entry, actor)
    return gathering


@transaction.atomic
def register_attendance(
    actor: User | None, gathering: Gathering, *, organisation: Organisation, people: int = 1
) -> Attendance:
    """Register an organisation for an activity (报名), or change how many come.

    Raises:
        NotAllowed: the actor does not act for the organisation, or it is no member.
        Refused: registration is over, or not enough seats are left.
        Invalid: a value is wrong; ``field`` names it.
    """
    referred(organisation, Organisation, "organisation")
    require(actor, "alliances.attend", gathering)
    if actor is not None and organisation.pk not in own_ids(actor):
        raise NotAllowed(_("只能为自己的单位报名。"), mend=_("请选择您所在的单位。"))
    number = whole(people, "people", low=1, high=PEOPLE_AT_MOST)
    lock(gathering)
    must_be_in(gathering, State.ANNOUNCED)
    if gathering.ends_at < timezone.now():
        raise Refused(_("活动时间已过，不能再报名。"), mend=_("请留意联盟的下一项活动。"))
    if gathering.audience == Audience.MEMBERS and organisation.pk not in member_ids(gathering.alliance):
        raise Refused(_("该单位不是联盟成员。"), mend=_("请先申请加入联盟。"))
    held = Attendance.objects.filter(gathering=gathering, organisation=organisation).first()
    others = _taken(gathering, but=organisation.pk)
    if gathering.seats is not None and others + number > gathering.seats:
        raise Refused(
            _("只剩 %(left)d 个名额。") % {"left": max(gathering.seats - others, 0)},
            mend=_("请减少人数，或联系秘书处。"),
        )
    attendance = held or Attendance(gathering=gathering, organisation=organisation)
    if held is not None and held.state == Coming.CANCELLED:
        move(held, Coming.REGISTERED, ATTENDANCE_TRANSITIONS)
    attendance.people = number
    attendance.save()
    _enter(actor, "register_attendance", gathering, organisation, people=number)
    return attendance


@transaction.atomic
def cancel_attendance(actor: User | None, attendance: Attendance) -> Attendance:
    """Cancel a registration (取消报名); the seats are free again.

    Raises:
        NotAllowed: the actor does not act for the organisation.
        Refused: the activity is over, or the registration is cancelled.
    """
    require(actor, "alliances.apply", attendance.organisation)
    lock(attendance)
    must_be_in(attendance.gathering, State.ANNOUNCED)
    move(attendance, Coming.CANCELLED, ATTENDANCE_TRANSITIONS)
    attendance.save(update_fields=["state", "updated_at"])
    _enter(actor, "cancel_attendance", attendance.gathering, attendance.organisation)
    return attendance


@transaction.atomic
def close_gathering(actor: User | None, gathering: Gathering, *, attended: Iterable[int]) -> Gathering:
    """Say that an activity was held and who came (登记到会); the other registrations count as absent.

    Args:
        attended: keys of the organisations that came.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it has not begun, or is held or cancelled already.
        Invalid: an organisation did not register.
    """
    require(actor, "alliances.hold", gathering)
    lock(gathering)
    move(gathering, State.HELD, GATHERING_TRANSITIONS)
    if gathering.starts_at > timezone.now():
        raise Refused(_("活动还没有开始。"), mend=_("请在活动举办后登记。"))
    came = set(attended)
    rows = list(gathering.attendances.filter(state=Coming.REGISTERED).select_related("organisation"))
    if came - {row.organisation_id for row in rows}:
        raise Invalid(_("有单位没有报名。"), mend=_("请从已报名的单位中选择。"), field="attended")
    for row in rows:
        move(row, Coming.ATTENDED if row.organisation_id in came else Coming.ABSENT, ATTENDANCE_TRANSITIONS)
        row.save(update_fields=["state", "updated_at"])
    gathering.save(update_fields=["state", "updated_at"])
    people = sum(row.people for row in rows if row.state == Coming.ATTENDED)
    _enter(actor, "close_gathering", gathering, attended=len(came), people=people)
    return gathering


@transaction.atomic
def publish_minutes(actor: User | None, gathering: Gathering, *, minutes: str) -> Gathering:
    """Publish the minutes of an activity that was held (发布纪要); the members are told.

    Raises:
        NotAllowed: the actor is not of the alliance's secretariat.
        Refused: it is not held, or has its minutes.
        Invalid: no text.
    """
    require(actor, "alliances.hold", gathering)
    lock(gathering)
    move(gathering, State.MINUTED, GATHERING_TRANSITIONS)
    gathering.minutes = clean(minutes, "minutes", most=MINUTES_AT_MOST)
    gathering.save(update_fields=["state", "minutes", "updated_at"])
    entry = _enter(actor, "publish_minutes", gathering, minutes_sm3=digest(gathering.minutes))
    notify(
        members_users(gathering.alliance), gathering, gathering.alliance,
        _("“%(alliance)s”发布了活动纪要。"), entry, but=actor,
    )  # fmt: skip
    return gathering


def _taken(gathering: Gathering, *, but: int = 0) -> int:
    """Seats that are taken, those of one organisation left out."""
    rows = gathering.attendances.filter(state=Coming.REGISTERED).exclude(organisation=but)
    return rows.aggregate(sum=Sum("people"))["sum"] or 0


def _tell_registered(gathering: Gathering, text: object, entry: Entry, actor: User | None) -> None:
    rows = gathering.attendances.filter(state=Coming.REGISTERED)
    users = insiders_of(*rows.values_list("organisation_id", flat=True))
    notify(users, gathering, gathering.alliance, text, entry, but=actor)


def _enter(
    actor: User | None, verb: str, gathering: Gathering, organisation: Organisation | None = None, **data: Any
) -> Entry:
    return enter_alliance(
        actor,
        verb,
        gathering,
        gathering.alliance,
        organisation=organisation,
        data=data,
        public=gathering.audience == Audience.PUBLIC and organisation is None,
    )
