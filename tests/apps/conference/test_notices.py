"""Public notices: working days, objections, the end, the signals."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.conference import domain
from langqiao.apps.conference.domain.notices import last_working_day, working_days
from langqiao.apps.conference.models import NOTICE_TRANSITIONS, Notice, Objection
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.signals import notice_ended, notice_wanted
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import conference as make
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "days", "last"),
    [
        (MONDAY, 5, date(2026, 11, 27)),
        (MONDAY, 6, date(2026, 11, 30)),
        (date(2026, 11, 27), 5, date(2026, 12, 3)),  # Friday to Thursday
        (date(2026, 11, 28), 1, date(2026, 11, 30)),  # a Saturday does not count
    ],
)
def test_working_days(first: date, days: int, last: date) -> None:
    assert last_working_day(first, days) == last
    assert working_days(first, last) == days


def objection(notice: Notice, actor: Any = None, **values: Any) -> Objection:
    return domain.object_to_notice(
        actor or make_user(),
        notice,
        **{"name": "李四", "organisation_name": "示例单位", "reason": "名单有误", **values},
    )


def test_a_notice_stands_at_least_its_working_days() -> None:
    notice = make.make_notice(publish=False)
    assert (notice.state, notice.days, notice.starts_on) == ("draft", 5, None)
    early = last_working_day(timezone.localdate(), 4)
    with pytest.raises(Invalid) as refusal:
        domain.publish_notice(None, notice, last_day=early)
    assert refusal.value.field == "last_day"
    notice.refresh_from_db()
    later = timezone.localdate() + timedelta(days=20)
    domain.publish_notice(None, notice, last_day=later)
    assert (notice.state, notice.starts_on, notice.last_day) == ("published", timezone.localdate(), later)
    entry = Entry.objects.get(verb="publish_notice")
    assert entry.visibility == Visibility.PUBLIC
    with pytest.raises(Refused):
        domain.revise_notice(None, notice, title="改", body="改", rows=[])


def test_the_days_are_a_setting_and_an_argument(settings) -> None:
    settings.CONFERENCE_NOTICE_DAYS = 7
    assert make.make_notice().days == 7
    assert make.make_notice(days=3).days == 3
    with pytest.raises(Invalid):
        make.make_notice(days=0)


@pytest.mark.parametrize(
    "rows", ["text", [1], [{}], [{"a": "1"}, {"b": "2"}], [{"a": ["x"]}], [{"a" * 61: "1"}], [{"a": "\x00"}]]
)
def test_a_table_that_is_none_is_refused(rows: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        make.make_notice(rows=rows)
    assert refusal.value.field == "rows"


def test_objections_are_told_to_the_office_and_answered_to_the_objector() -> None:
    office, objector = make_office(), make_member(make_organisation(name="示例单位"))
    notice = make.make_notice(office)
    raised = objection(notice, objector, reason=f"理由 {make.MARKER}", file=BytesIO(b"x"), file_name="a.txt")
    assert raised.organisation.name == "示例单位"
    assert [n.user for n in Notification.objects.all()] == [office]
    entry = Entry.objects.get(verb="object_to_notice")
    assert (entry.visibility, entry.organisation, make.MARKER in entry.data) == (
        Visibility.PARTIES,
        "",
        False,
    )
    with pytest.raises(Invalid):
        domain.handle_objection(office, raised, upheld=True, answer="")
    raised.refresh_from_db()
    domain.handle_objection(office, raised, upheld=True, answer="已更正")
    assert (raised.state, raised.answer) == ("upheld", "已更正")
    assert Notification.objects.filter(user=objector).count() == 1
    with pytest.raises(Refused):
        domain.handle_objection(office, raised, upheld=False, answer="再改")


def test_who_may_object_and_until_when() -> None:
    notice = make.make_notice()
    with pytest.raises(NotAllowed):
        domain.object_to_notice(None, notice, name="x", organisation_name="x", reason="x")  # type: ignore[arg-type]
    for field in ("name", "organisation_name", "reason"):
        with pytest.raises(Invalid) as refusal:
            objection(notice, **{field: " "})
        assert refusal.value.field == field
    today = timezone.localdate()
    Notice.objects.update(starts_on=today - timedelta(days=9), last_day=today)
    notice.refresh_from_db()
    objection(notice)  # the last day itself counts
    Notice.objects.update(last_day=today - timedelta(days=1))
    notice.refresh_from_db()
    with pytest.raises(NotAllowed):
        objection(notice)
    with pytest.raises(NotAllowed):
        objection(make.make_notice(publish=False))


def test_one_person_s_objections_are_bounded() -> None:
    notice, user = make.make_notice(), make_user()
    for _ in range(20):
        objection(notice, user)
    with pytest.raises(Refused, match="过多"):
        objection(notice, user)


@pytest.fixture
def heard():
    found: list[dict[str, Any]] = []

    def listen(sender: Any, **said: Any) -> None:
        said.pop("signal")
        found.append(said)

    notice_ended.connect(listen)
    yield found
    notice_ended.disconnect(listen)


def test_the_end_waits_for_the_last_day_and_every_objection(heard) -> None:
    office = make_office()
    answers = notice_wanted.send(
        sender=None, actor=office, subject="verification.call:7", case="LQ-2026-000077", title="示例公示",
        body="名单如下", rows=[{"机构": "甲", "得分": 91.5}], days=5, city="songjiang",
    )  # fmt: skip
    url, last = next(answer for _receiver, answer in answers if answer)
    notice = Notice.objects.get()
    assert (url, last, notice.rows) == (
        notice.get_absolute_url(),
        notice.last_day,
        [{"机构": "甲", "得分": "91.5"}],
    )
    assert (notice.case, notice.city_id) == ("LQ-2026-000077", "songjiang")
    again = notice_wanted.send(
        sender=None, actor=office, subject="verification.call:7", case="", title="又一次", body="x", rows=[],
        days=5, city=None,
    )  # fmt: skip
    assert (url, last) in [answer for _receiver, answer in again]
    right, wrong = objection(notice, reason="甲不符合条件"), objection(notice)
    with pytest.raises(Refused, match="截止"):
        domain.end_notice(office, notice, today=notice.last_day)
    notice.refresh_from_db()
    with pytest.raises(Refused, match="2 条异议"):
        domain.end_notice(office, notice, today=make.after(notice))
    domain.handle_objection(office, right, upheld=True, answer="属实")
    domain.handle_objection(office, wrong, upheld=False, answer="不属实")
    notice.refresh_from_db()
    domain.end_notice(office, notice, today=make.after(notice))
    assert heard == [
        {"actor": office, "subject": "verification.call:7", "upheld": ["甲不符合条件"], "url": url}
    ]
    assert notice.state == "ended"


def test_a_notice_without_subject_ends_quietly(heard) -> None:
    notice = make.make_notice()
    domain.end_notice(None, notice, today=make.after(notice))
    assert heard == []


def test_withdrawing_says_why_in_public_and_tells_objectors() -> None:
    notice, user = make.make_notice(), make_user()
    objection(notice, user)
    with pytest.raises(Invalid):
        domain.withdraw_notice(None, notice, why="")
    notice.refresh_from_db()
    domain.withdraw_notice(None, notice, why="名单有误，重新公示")
    assert Entry.objects.get(verb="withdraw_notice").visibility == Visibility.PUBLIC
    assert Notification.objects.filter(user=user).count() == 1
    draft = make.make_notice(publish=False)
    domain.withdraw_notice(None, draft, why="作废")
    assert Entry.objects.filter(verb="withdraw_notice").last().visibility == Visibility.PARTIES
    assert NOTICE_TRANSITIONS["withdrawn"] == ()


def test_only_the_office_runs_notices() -> None:
    notice = make.make_notice()
    user = make_member(make_organisation(city=make_city()))
    for act in (
        lambda: make.make_notice(user),
        lambda: domain.end_notice(user, notice),
        lambda: domain.withdraw_notice(user, notice, why="x"),
        lambda: domain.handle_objection(user, objection(notice), upheld=True, answer="x"),
    ):
        with pytest.raises(NotAllowed):
            act()
