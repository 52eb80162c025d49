"""The document check: time, state, points and verdict, one refusal at a time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.domain.steps import hindrance, start_chain
from langqiao.apps.verification.models import Application, ApplicationState, Screening
from langqiao.apps.verification.queries.calls import screenings_of
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import verification as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db

PASSED = {"eligible": {"passed": True, "note": ""}, "complete": {"passed": True, "note": ""}}
FAILED = {"eligible": {"passed": True}, "complete": {"passed": False, "note": "缺第 3 页"}}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def soon() -> Any:
    return timezone.now() + timedelta(days=3)


@pytest.fixture
def application() -> Application:
    return make.make_running(1, accepted=False).applications.get()


def test_accepting_keeps_points_and_version(application: Application) -> None:
    office = make_office()
    screening = screen(office, application, verdict="accept", points=PASSED)
    assert (screening.version, screening.points, screening.by) == (1, PASSED, office)
    assert application.state == ApplicationState.ACCEPTED
    entry = Entry.objects.order_by("-sequence")[0]
    assert (entry.verb, entry.visibility, entry.case) == ("screen_application", "parties", application.case)
    assert json.loads(entry.data) == {
        "call": application.call_id, "version": 1, "verdict": "accept", "failed": 0, "correct_by": None,
    }  # fmt: skip
    member = make.member_of(application.organisation)
    assert Notification.objects.filter(user=member, text__contains="已受理").count() == 1


def test_rejecting_says_why_to_the_applicant_alone(application: Application) -> None:
    screen(None, application, verdict="reject", points=FAILED, note="不符合条件")
    assert (application.state, application.why) == (ApplicationState.REJECTED, "不符合条件")
    assert "不符合条件" not in Entry.objects.order_by("-sequence")[0].data
    assert not Notification.objects.filter(text__contains="不符合条件").exists()
    member = make.member_of(application.organisation)
    assert [s.note for s in screenings_of(application, member)] == ["不符合条件"]
    assert [s.note for s in screenings_of(application, make_office())] == ["不符合条件"]
    assert screenings_of(application, make.make_applicant()[1]) == []
    assert screenings_of(application, None) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"verdict": "perhaps", "points": PASSED}, "verdict"),
        ({"verdict": "accept", "points": {}}, "eligible"),
        ({"verdict": "accept", "points": FAILED}, "complete"),
        ({"verdict": "reject", "points": FAILED}, "note"),
        ({"verdict": "reject", "points": {"eligible": {"passed": True}}, "note": "缺"}, "complete"),
        ({"verdict": "return", "points": {}, "correct_by": timezone.now() + timedelta(days=1)}, "note"),
        ({"verdict": "return", "points": {}, "note": "缺"}, "correct_by"),
        ({"verdict": "return", "points": {}, "note": "缺", "correct_by": timezone.now()}, "correct_by"),
        ({"verdict": "accept", "points": {**PASSED, "other": {"passed": True}}}, "points"),
        ({"verdict": "accept", "points": {**PASSED, "eligible": {"passed": "yes"}}}, "eligible"),
        ({"verdict": "accept", "points": {**PASSED, "eligible": True}}, "eligible"),
        ({"verdict": "accept", "points": {**PASSED, "eligible": {"passed": True, "note": "长" * 501}}}, "eligible"),
        ({"verdict": "reject", "points": FAILED, "note": "长" * 2_001}, "note"),
        ({"verdict": "reject", "points": FAILED, "note": "\x00"}, "note"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_its_field(
    application: Application, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        screen(None, application, **values)
    assert refusal.value.field == field
    assert not Screening.objects.exists()


def test_while_the_intake_is_open_only_a_return_is_possible() -> None:
    application = make.make_submitted(make.make_call())
    for verdict, points in (("accept", PASSED), ("reject", FAILED)):
        with pytest.raises(Refused) as refusal:
            screen(None, application, verdict=verdict, points=points, note="缺")
        assert "只能退回补正" in refusal.value.why
    screen(None, application, verdict="return", points=FAILED, note="缺", correct_by=soon())
    assert application.state == ApplicationState.RETURNED


def test_a_returned_one_waits_for_its_correction(application: Application) -> None:
    screen(None, application, verdict="return", points=FAILED, note="缺", correct_by=soon())
    for verdict, points in (("accept", PASSED), ("return", FAILED), ("reject", FAILED)):
        with pytest.raises(Refused):
            screen(None, application, verdict=verdict, points=points, note="缺", correct_by=soon())
    assert hindrance(application.call) == "1 份申报等待补正；逾期未补正的可不予受理。"
    Application.objects.update(correct_by=timezone.now() - timedelta(seconds=1))
    screen(None, application, verdict="reject", points=FAILED, note="逾期")
    assert application.state == ApplicationState.REJECTED


def test_what_is_settled_stays(application: Application) -> None:
    screen(None, application, verdict="accept", points=PASSED)
    with pytest.raises(Refused):
        screen(None, application, verdict="reject", points=FAILED, note="反悔")


def test_a_chain_without_the_check_accepts_all() -> None:
    call = make.make_call(chain=make.chain_of("review", "issue"))
    application, draft = make.make_submitted(call), make.make_application(call)
    make.let_close(call)
    start_chain(None, call)
    application.refresh_from_db()
    draft.refresh_from_db()
    assert (application.state, draft.state) == (ApplicationState.ACCEPTED, ApplicationState.DRAFT)
    assert Entry.objects.filter(verb="accept_application", case=application.case).count() == 1
    with pytest.raises(Refused) as refusal:
        screen(None, application, verdict="accept", points=PASSED)
    assert refusal.value.why == "该征集的评选流程没有资料审查。"


def test_a_check_that_comes_later_keeps_or_eliminates() -> None:
    call = make.make_running(3, chain=make.chain_of("conference", "documents", "issue"))
    good, bad, gone = call.applications.order_by("number")
    with pytest.raises(Refused) as refusal:
        screen(None, good, verdict="accept", points=PASSED)
    assert refusal.value.why == "现在不是资料审查阶段。"
    answer(call, "approved")
    from langqiao.apps.verification.domain.applications import withdraw_application
    from langqiao.apps.verification.domain.steps import advance

    advance(None, call)
    withdraw_application(make.member_of(gone.organisation), gone, why="另有安排")
    assert hindrance(call) == "2 份申报尚未审查。"
    with pytest.raises(Refused):
        screen(None, good, verdict="return", points=FAILED, note="缺", correct_by=soon())
    screen(None, good, verdict="accept", points=PASSED)
    screen(None, bad, verdict="reject", points=FAILED, note="不符合条件")
    assert (good.state, bad.state) == (ApplicationState.ACCEPTED, ApplicationState.ELIMINATED)
    assert hindrance(call) == ""


def answer(call: Any, outcome: str) -> None:
    """The conference's answer, as its app would send it."""
    from langqiao.apps.registry.signals import conference_decided

    conference_decided.send(
        sender=None, actor=None, subject=f"verification.call:{call.pk}", outcome=outcome,
        resolution="示例决议 1 号", url="/resolutions/1/",
    )  # fmt: skip
    call.refresh_from_db()


def test_only_an_office_that_is_not_recused_screens(application: Application) -> None:
    member = make.member_of(application.organisation)
    recused = make.make_member(application.organisation, user=make_office())
    for user in (member, recused):
        with pytest.raises(NotAllowed):
            screen(user, application, verdict="accept", points=PASSED)
