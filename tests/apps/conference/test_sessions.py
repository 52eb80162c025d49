"""Sessions from planning to the minutes: verbs, refusals, entries, who is told."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.conference import domain
from langqiao.apps.conference.models import SESSION_TRANSITIONS, Matter, Session
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import CaseCounter
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import conference as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def last_entry() -> Entry:
    return Entry.objects.order_by("-sequence")[0]


def test_planning_seats_the_cities_and_follows_the_last_session_of_its_kind() -> None:
    first = make.make_session(title="", number_prefix="沪苏浙皖G60联")
    assert (first.number, first.title, first.state) == (1, "第1次联席会议", "planned")
    assert [seat.city_id for seat in first.seats.order_by("city__order")] == list(make.CITIES)
    second = domain.plan_session(None, kind="conference")
    assert (second.number, second.number_prefix, second.case != first.case) == (2, "沪苏浙皖G60联", True)
    office = domain.plan_session(None, kind="office", seat_cities=False)
    assert (office.number, office.seats.count(), office.number_pattern) == (1, 0, "〔{year}〕{n}号")
    entry = last_entry()
    assert (entry.verb, entry.visibility, entry.case) == ("plan_session", Visibility.PARTIES, office.case)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": 0}, "number"),
        ({"number": 1}, "number"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"quorum": "most"}, "quorum"),
        ({"number_pattern": "第号"}, "number_pattern"),
    ],
)
def test_wrong_values_are_refused_at_their_field(values: dict, field: str) -> None:
    make.make_session()
    counted = CaseCounter.objects.get().last
    with pytest.raises(Invalid) as refusal:
        domain.plan_session(None, **{"kind": "conference", **values})
    assert refusal.value.field == field
    assert Session.objects.count() == 1
    assert CaseCounter.objects.get().last == counted


def test_a_cancelled_number_is_free_again() -> None:
    session = make.make_session()
    domain.cancel_session(None, session, why="改期")
    assert domain.plan_session(None, kind="conference").number == 1


def test_calling_needs_time_place_and_voters_and_tells_the_table() -> None:
    office, songjiang = make_office(), make_liaison(make_city())
    guest = make_organisation()
    manager, clerk = make_member(guest, is_manager=True), make_member(guest)
    session = make.make_session(office, starts_at=None, place="")
    for values, field in (({}, "starts_at"), ({"starts_at": timezone.now()}, "place")):
        domain.revise_session(office, session, **values)
        with pytest.raises(Invalid) as refusal:
            domain.call_session(office, session)
        assert refusal.value.field == field
    domain.revise_session(office, session, link="https://meeting.example.org/1")
    domain.add_seat(office, session, organisation=guest, may_vote=False)
    assert not Notification.objects.exists()
    domain.call_session(office, session)
    assert {n.user for n in Notification.objects.all()} == {songjiang, manager}
    assert clerk not in {n.user for n in Notification.objects.all()}
    domain.revise_session(office, session, chair="张三")
    assert Notification.objects.count() == 2
    domain.revise_session(office, session, place="嘉兴")
    assert Notification.objects.count() == 4


def test_a_session_without_voters_is_not_called() -> None:
    session = make.make_session(seat_cities=False)
    with pytest.raises(Invalid) as refusal:
        domain.call_session(None, session)
    assert refusal.value.field == "organisation"


def test_the_states_are_those_of_the_table() -> None:
    verbs = {
        "called": domain.call_session,
        "open": domain.open_session,
        "closed": domain.close_session,
        "cancelled": lambda actor, session: domain.cancel_session(actor, session, why="改期"),
    }
    for state in Session.State.values:
        for to, verb in verbs.items():
            session = make.make_session()
            Session.objects.filter(pk=session.pk).update(state=state)
            session.refresh_from_db()
            if to in SESSION_TRANSITIONS[state]:
                assert verb(None, session).state == to
            else:
                with pytest.raises(Refused, match="状态"):
                    verb(None, session)
            Session.objects.filter(pk=session.pk).update(state="cancelled")


def test_seats() -> None:
    session = make.make_session(seat_cities=False)
    seat = domain.add_seat(None, session, city=make_city())
    firm = domain.add_seat(None, session, organisation=make_organisation(city=make_city("hefei")))
    assert firm.city_id == "hefei"
    with pytest.raises(Invalid, match="已经在列"):
        domain.add_seat(None, session, city=make_city())
    with pytest.raises(Invalid, match="已经在列"):
        domain.add_seat(None, session, organisation=firm.organisation)
    with pytest.raises(Invalid, match="城市或机构"):
        domain.add_seat(None, session)
    nowhere = make_organisation(city=None)
    with pytest.raises(Invalid, match="所在城市"):
        domain.add_seat(None, session, organisation=nowhere)
    assert domain.add_seat(None, session, organisation=nowhere, may_vote=False).city is None
    domain.revise_session(None, session, voters="member")
    domain.add_seat(None, session, organisation=make_organisation(city=None))
    with pytest.raises(Invalid, match="所在城市"):
        domain.revise_session(None, session, voters="city")
    domain.remove_seat(None, seat)
    assert session.seats.count() == 3
    domain.open_session(None, domain.call_session(None, session))
    with pytest.raises(Refused):
        domain.remove_seat(None, firm)


def test_attendance_is_recorded_once_and_only_for_the_table() -> None:
    session = make.make_session()
    seat = make.seat_of(session, "songjiang")
    with pytest.raises(Refused):
        domain.mark_attendance(None, session, attendance={seat.pk: "present"})
    domain.call_session(None, session)
    domain.mark_attendance(None, session, attendance={seat.pk: "present"})
    domain.mark_attendance(None, session, attendance={seat.pk: "present"})
    assert Entry.objects.filter(verb="mark_attendance").count() == 1
    for wrong in ({seat.pk: "asleep"}, {0: "present"}):
        with pytest.raises(Invalid):
            domain.mark_attendance(None, session, attendance=wrong)


def test_closing_waits_for_every_matter_and_cancelling_gives_them_back() -> None:
    session = make.make_open()
    item = make.make_item(session)
    with pytest.raises(Refused, match="1 项议题没有结果"):
        domain.close_session(None, session)
    domain.postpone_matter(None, item.matter, why="材料不全")
    assert domain.close_session(None, session).state == "closed"
    other = make.make_session()
    domain.put_on_agenda(None, other, item.matter)
    domain.cancel_session(None, other, why="改期")
    item.matter.refresh_from_db()
    assert (item.matter.state, item.matter.postponed) == ("waiting", 1)
    assert [i.outcome for i in item.matter.items.order_by("pk")] == ["postponed", "postponed"]


def test_minutes_and_publication() -> None:
    session = make.make_session()
    with pytest.raises(Refused):
        domain.write_minutes(None, session, text="纪要")
    with pytest.raises(Refused):
        domain.publish_session(None, session)
    domain.open_session(None, domain.call_session(None, session))
    domain.write_minutes(None, session, text=f"纪要 {make.MARKER}")
    assert make.MARKER not in last_entry().data
    domain.publish_session(None, session)
    entry = last_entry()
    assert (entry.verb, entry.visibility, session.is_public) == ("publish_session", Visibility.PUBLIC, True)
    domain.publish_session(None, session)
    assert last_entry() == entry


def test_only_the_office_runs_sessions() -> None:
    session = make.make_session()
    for user in (make_user(), make_liaison(make_city()), make_member(make_organisation(), Role.SECRETARIAT)):
        with pytest.raises(NotAllowed, match="联席办"):
            domain.plan_session(user, kind="office")
        with pytest.raises(NotAllowed):
            domain.call_session(user, session)
        with pytest.raises(NotAllowed):
            domain.add_seat(user, session, city=make_city())


def test_a_failing_ledger_takes_the_act_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from langqiao.apps.registry.domain import acts

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    session = make.make_session()
    monkeypatch.setattr(acts, "record", fail)
    with pytest.raises(OSError, match="disk full"):
        domain.call_session(None, session)
    with pytest.raises(OSError, match="disk full"):
        make.make_paper(session)
    assert Session.objects.get().state == "planned"
    assert not session.papers.exists()


def test_papers_are_kept_by_content_and_removed_until_released(settings) -> None:
    from pathlib import Path

    session = make.make_session()
    item = make.make_item(session)
    paper = make.make_paper(session, matter=item.matter, title="方案")
    path = Path(settings.MEDIA_ROOT) / paper.file.name
    assert (paper.name, paper.media_type, path.exists()) == ("材料.txt", "text/plain", True)
    assert json.loads(last_entry().data)["sm3"] == paper.digest
    with pytest.raises(Invalid, match="不接受"):
        make.make_paper(session, name="a.exe")
    with pytest.raises(Invalid, match="不符"):
        make.make_paper(session, name="a.pdf")
    with pytest.raises(Invalid, match="议程"):
        make.make_paper(session, matter=make.make_matter())
    domain.release_paper(None, paper)
    assert last_entry().visibility == Visibility.PUBLIC
    with pytest.raises(Refused, match="已公开"):
        domain.remove_paper(None, paper)
    other = make.make_paper(session)
    domain.remove_paper(None, other)
    assert session.papers.count() == 1


def test_the_agenda_is_put_in_order() -> None:
    session = make.make_session()
    items = [make.make_item(session).pk for _ in range(3)]
    domain.order_agenda(None, session, items=items[::-1])
    assert list(session.agenda.values_list("pk", flat=True)) == items[::-1]
    with pytest.raises(Invalid):
        domain.order_agenda(None, session, items=items[:2])
    item = session.agenda.first()
    assert domain.take_off_agenda(None, item).state == Matter.State.WAITING
    assert session.agenda.count() == 2


def test_session_start_may_lie_anywhere() -> None:
    session = make.make_session(starts_at=timezone.now() - timedelta(days=400))
    assert domain.call_session(None, session).state == "called"
