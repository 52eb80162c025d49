"""Verbs of activities: announced, registered for, held with who came, minuted, or cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.alliances.domain.alliances import gatherings as verbs
from langqiao.apps.alliances.models import Attendance, Gathering
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import alliances as make
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


def announced(**values: Any) -> tuple[Gathering, Any, Any]:
    member = make.make_membership()
    secretary, person = make.make_secretary(member.alliance), make.make_insider(member.organisation)
    start = timezone.now() + timedelta(days=3)
    gathering = verbs.announce_gathering(
        secretary,
        member.alliance,
        title="对接会",
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        **values,
    )
    return gathering, secretary, person


def begin(gathering: Gathering) -> None:
    now = timezone.now()
    Gathering.objects.filter(pk=gathering.pk).update(
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1)
    )


def test_from_announcement_to_minutes() -> None:
    gathering, secretary, person = announced(summary="议程甲")
    assert "预告" in Notification.objects.get(user=person).text
    firm = person.memberships.get().organisation
    verbs.register_attendance(person, gathering, organisation=firm, people=3)
    verbs.register_attendance(person, gathering, organisation=firm, people=2)
    late = make.make_membership(gathering.alliance).organisation
    verbs.register_attendance(None, gathering, organisation=late)
    with pytest.raises(Refused, match="还没有开始"):
        verbs.close_gathering(secretary, gathering, attended=[firm.pk])
    begin(gathering)
    verbs.close_gathering(secretary, gathering, attended=[firm.pk])
    assert dict(Attendance.objects.values_list("organisation_id", "state")) == {
        firm.pk: "attended",
        late.pk: "absent",
    }
    verbs.publish_minutes(secretary, gathering, minutes="达成三项意向")
    gathering.refresh_from_db()
    assert (gathering.state, gathering.minutes) == ("minuted", "达成三项意向")
    assert list(Entry.objects.order_by("sequence").values_list("verb", flat=True)) == [
        "announce_gathering", "register_attendance", "register_attendance", "register_attendance",
        "close_gathering", "publish_minutes",
    ]  # fmt: skip
    held = Entry.objects.get(verb="close_gathering")
    assert '"people":2' in held.data
    assert not [one for one in Entry.objects.all() if "议程甲" in one.data or "达成" in one.data]


def test_seats_are_kept() -> None:
    gathering, secretary, person = announced(seats=3)
    firm = person.memberships.get().organisation
    other = make.make_membership(gathering.alliance).organisation
    verbs.register_attendance(None, gathering, organisation=other, people=2)
    with pytest.raises(Refused, match="只剩 1 个名额"):
        verbs.register_attendance(person, gathering, organisation=firm, people=2)
    row = verbs.register_attendance(person, gathering, organisation=firm, people=1)
    with pytest.raises(Invalid) as wrong:
        verbs.revise_gathering(secretary, gathering, seats=2)
    assert wrong.value.field == "seats"
    verbs.cancel_attendance(person, row)
    verbs.revise_gathering(secretary, gathering, seats=2)
    with pytest.raises(Refused):
        verbs.register_attendance(person, gathering, organisation=firm, people=1)
    verbs.revise_gathering(secretary, gathering, seats=None)
    assert verbs.register_attendance(person, gathering, organisation=firm, people=9).state == "registered"


def test_a_change_or_cancellation_is_told_to_those_who_come() -> None:
    gathering, secretary, person = announced()
    verbs.register_attendance(person, gathering, organisation=person.memberships.get().organisation)
    verbs.revise_gathering(secretary, gathering, place="会议室二")
    verbs.cancel_gathering(secretary, gathering, why="场地问题")
    texts = list(Notification.objects.filter(user=person).order_by("pk").values_list("text", flat=True))
    assert ["变动" in texts[1], "取消" in texts[2]] == [True, True]
    for act in (
        lambda: verbs.cancel_gathering(secretary, gathering, why="x"),
        lambda: verbs.revise_gathering(secretary, gathering, place="x"),
        lambda: verbs.register_attendance(
            person, gathering, organisation=person.memberships.get().organisation
        ),
        lambda: verbs.publish_minutes(secretary, gathering, minutes="x"),
        lambda: verbs.close_gathering(secretary, gathering, attended=[]),
    ):
        with pytest.raises(Refused):
            act()


def test_who_may_register() -> None:
    gathering, _secretary, person = announced()
    firm = person.memberships.get().organisation
    stranger = make.make_insider(make_organisation())
    theirs = stranger.memberships.get().organisation
    with pytest.raises(NotAllowed):
        verbs.register_attendance(stranger, gathering, organisation=theirs)
    with pytest.raises(NotAllowed):
        verbs.register_attendance(person, gathering, organisation=theirs)
    with pytest.raises(Refused, match="不是联盟成员"):
        verbs.register_attendance(None, gathering, organisation=theirs)
    open_ = make.make_gathering(gathering.alliance, audience="public")
    assert verbs.register_attendance(stranger, open_, organisation=theirs).people == 1
    assert firm != theirs


def test_wrong_values_are_refused_by_field() -> None:
    alliance = make.make_alliance()
    secretary = make.make_secretary(alliance)
    start = timezone.now()
    right: dict[str, Any] = {"title": "会", "starts_at": start, "ends_at": start}
    for field, values in {
        "title": {"title": ""},
        "ends_at": {"ends_at": start - timedelta(minutes=1)},
        "starts_at": {"starts_at": "明天"},
        "audience": {"audience": "all"},
        "seats": {"seats": 0},
        "city": {"city": "suzhou"},
    }.items():
        with pytest.raises(Invalid) as wrong:
            verbs.announce_gathering(secretary, alliance, **{**right, **values})
        assert wrong.value.field == field
    with pytest.raises(NotAllowed):
        verbs.announce_gathering(make.make_secretary(make.make_alliance()), alliance, **right)
    with pytest.raises(Refused):
        verbs.announce_gathering(None, make.make_root(), **right)
