"""Tasks: giving, reporting, overdue, reminders that come once."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.domain.tasks import Reminders
from langqiao.apps.conference.models import TASK_TRANSITIONS, Task
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import conference as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 20)


def test_a_task_goes_to_its_owner_and_city() -> None:
    firm = make_organisation(city=make_city("hefei"))
    owner, liaison = make_member(firm), make_liaison(make_city("hefei"))
    make_liaison(make_city())
    task = make.make_task(make_office(), organisation=firm)
    assert (task.city_id, task.state, task.percent) == ("hefei", "not_started", 0)
    assert {n.user for n in Notification.objects.all()} == {owner, liaison}
    entry = Entry.objects.get(verb="give_task")
    assert (entry.city, entry.organisation, entry.visibility) == (
        "hefei", f"registry.organisation:{firm.pk}", Visibility.PARTIES,
    )  # fmt: skip


def test_progress_moves_the_state_by_the_table() -> None:
    firm = make_organisation()
    owner = make_member(firm)
    task = make.make_task(organisation=firm)
    domain.report_progress(owner, task, percent=40, text="已开工", address="example.org/news")
    assert (task.state, task.percent) == ("under_way", 40)
    done = domain.report_progress(owner, task, percent=100, text="完成", file=BytesIO(b"ok"), name="a.txt")
    assert (task.state, task.done_on, done.name) == ("done", timezone.localdate(), "a.txt")
    domain.report_progress(owner, task, percent=90, text="返工")
    assert (task.state, task.done_on) == ("under_way", None)
    domain.cancel_task(None, task, why="并入他项")
    with pytest.raises(Refused):
        domain.report_progress(owner, task, percent=95, text="x")
    assert TASK_TRANSITIONS["cancelled"] == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"percent": 101}, "percent"),
        ({"percent": -1}, "percent"),
        ({"text": " "}, "text"),
        ({"address": "javascript:1"}, "address"),
        ({"file": BytesIO(b"MZ"), "name": "a.exe"}, "file"),
    ],
)
def test_wrong_reports_change_nothing(values: dict, field: str) -> None:
    task = make.make_task()
    with pytest.raises(Invalid) as refusal:
        domain.report_progress(None, task, **{"percent": 10, "text": "x", **values})
    assert refusal.value.field == field
    task = Task.objects.get()
    assert (task.percent, task.state, task.progress.count()) == (0, "not_started", 0)


def test_strangers_and_other_firms_neither_give_nor_report() -> None:
    task = make.make_task()
    for user in (make_user(), make_member(make_organisation()), make_liaison(make_city("hefei"))):
        with pytest.raises(NotAllowed):
            domain.report_progress(user, task, percent=10, text="x")
        with pytest.raises(NotAllowed):
            make.make_task(user, organisation=task.organisation)
        with pytest.raises(NotAllowed):
            domain.cancel_task(user, task, why="x")
        with pytest.raises(NotAllowed):
            domain.remind(user)


def test_overdue_is_worked_out_with_the_last_day_inclusive() -> None:
    task = make.make_task(deadline=DUE)
    assert not task.is_overdue(DUE)
    assert task.is_overdue(DUE + timedelta(days=1))
    assert list(queries.overdue(Task.objects.all(), DUE + timedelta(days=1))) == [task]
    assert not queries.overdue(Task.objects.all(), DUE)
    domain.report_progress(None, task, percent=100, text="完成")
    assert not task.is_overdue(DUE + timedelta(days=1))


def remind(day: date) -> Reminders:
    return domain.remind(None, today=day)


def test_reminders_come_before_and_after_once_each() -> None:
    firm = make_organisation(city=None)
    make_member(firm)
    make_member(firm)
    make.make_task(organisation=firm, deadline=DUE)
    told = {}
    for days in range(-10, 5):
        day = DUE + timedelta(days=days)
        found = remind(day)
        assert remind(day) == Reminders()  # again on the same day: nothing
        if found.people:
            told[days] = (found.before, found.after, found.people)
    assert told == {-7: (1, 0, 2), -3: (1, 0, 2), -1: (1, 0, 2), 1: (0, 1, 2)}
    assert Entry.objects.filter(verb="remind_task").count() == 4


def test_a_missed_run_is_made_up_for_and_newcomers_are_told() -> None:
    firm = make_organisation(city=None)
    first = make_member(firm)
    make.make_task(organisation=firm, deadline=DUE)
    assert remind(DUE - timedelta(days=5)).people == 1  # the run seven days before was missed
    assert remind(DUE - timedelta(days=4)).people == 0
    second = make_member(firm)
    assert remind(DUE - timedelta(days=4)).people == 1
    reminders = Notification.objects.filter(event__contains="before-7")
    assert {n.user for n in reminders} == {first, second}


def test_done_tasks_and_far_ones_are_quiet_and_a_moved_deadline_starts_anew() -> None:
    firm = make_organisation(city=None)
    make_member(firm)
    task = make.make_task(organisation=firm, deadline=DUE)
    assert remind(DUE - timedelta(days=8)) == Reminders()
    assert remind(DUE - timedelta(days=7)).before == 1
    domain.revise_task(None, task, deadline=DUE + timedelta(days=30))
    assert remind(DUE - timedelta(days=1)) == Reminders()
    assert remind(DUE + timedelta(days=23)).before == 1
    domain.report_progress(None, task, percent=100, text="完成")
    assert remind(DUE + timedelta(days=40)) == Reminders()


def test_the_days_are_a_setting(settings) -> None:
    settings.CONFERENCE_REMIND_DAYS = (2,)
    firm = make_organisation(city=None)
    make_member(firm)
    make.make_task(organisation=firm, deadline=DUE)
    assert remind(DUE - timedelta(days=7)) == Reminders()
    assert remind(DUE - timedelta(days=2)).before == 1


def test_a_reminder_speaks_the_reader_s_language_and_names_the_day() -> None:
    firm = make_organisation(city=None)
    make_member(firm)
    make.make_task(organisation=firm, deadline=DUE, title="示例任务甲")
    remind(DUE + timedelta(days=1))
    assert (
        Notification.objects.filter(event__endswith="after").get().text
        == "督办任务“示例任务甲”已逾期，期限为 2026-12-20。"
    )


def test_a_task_of_a_resolution_stays_in_its_case() -> None:
    make.make_cities()
    users = {slug: make_liaison(make_city(slug)) for slug in make.CITIES}
    resolution = make.make_resolution(make.make_open(), users)
    task = make.make_task(resolution=resolution)
    assert task.case == resolution.matter.case
    for missing in ("title", "organisation", "deadline"):
        with pytest.raises(Invalid) as refusal:
            domain.give_task(
                None,
                **{"title": "x", "organisation": task.organisation, "deadline": DUE, missing: None},
            )
        assert refusal.value.field == missing
