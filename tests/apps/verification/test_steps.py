"""The chain in motion: what hinders a step, who is asked, how a call ends."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.signals import conference_decided, conference_wanted, notice_ended, notice_wanted
from langqiao.apps.verification.domain.applications import withdraw_application
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.domain.steps import (
    advance,
    choice_locked,
    hindrance,
    issue_result,
    may_put_again,
    put_again,
    reason_wanted,
    start_chain,
)
from langqiao.apps.verification.models import ApplicationState, Call, CallState, Round, RoundState, StepKind
from langqiao.apps.verification.queries.calls import chosen, steps
from langqiao.apps.verification.rules import is_centre
from langqiao.kit.refusals import Invalid, Refused
from tests.factories import verification as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def silence() -> Any:
    """Nobody listens: as if there were no conference app."""
    kept = [(signal, signal.receivers) for signal in (conference_wanted, notice_wanted)]
    for signal, _receivers in kept:
        signal.receivers = []
        signal.sender_receivers_cache.clear()
    yield
    for signal, receivers in kept:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


class Table:
    """A conference of our own that answers the signals: what it was asked is kept."""

    def __init__(self) -> None:
        self.matters: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []

    def matter(self, **values: Any) -> str:
        self.matters.append(values)
        return f"test.matter:{len(self.matters)}"

    def notice(self, **values: Any) -> tuple[str, date]:
        self.notices.append(values)
        return f"/notices/{len(self.notices)}/", date(2026, 9, 30)


@pytest.fixture
def table(silence: Any) -> Any:
    table = Table()
    conference_wanted.connect(table.matter)
    notice_wanted.connect(table.notice)
    return table


def decide(call: Call, outcome: str, resolution: str = "示例决议 1 号") -> None:
    conference_decided.send(
        sender=None, actor=None, subject=f"verification.call:{call.pk}", outcome=outcome,
        resolution=resolution, url="/resolutions/1/",
    )  # fmt: skip
    call.refresh_from_db()


def end(call: Call, *upheld: str) -> None:
    notice_ended.send(
        sender=None,
        actor=None,
        subject=f"verification.call:{call.pk}",
        upheld=list(upheld),
        url="/notices/1/",
    )
    call.refresh_from_db()


def last_entry() -> Entry:
    return Entry.objects.order_by("-sequence")[0]


# -- the start ------------------------------------------------------------------------------------


def test_the_intake_is_closed_by_the_deadline_not_before() -> None:
    call = make.make_call()
    assert "未到" in hindrance(call)
    with pytest.raises(Refused):
        start_chain(None, call)
    make.let_close(call)
    assert hindrance(call) == "没有已提交的申报。可以延长期限或取消征集。"
    with pytest.raises(Refused):
        start_chain(None, call)


def test_without_a_deadline_the_office_closes_the_intake() -> None:
    call = make.make_call(closes_at=None)
    make.make_submitted(call)
    start_chain(None, call)
    assert (call.state, call.step) == (CallState.RUNNING, 0)
    assert call.closes_at is not None
    assert call.closes_at <= timezone.now()
    entry = Entry.objects.get(verb="start_chain")
    assert (entry.visibility, json.loads(entry.data)) == ("public", {"applications": 1, "to": "documents"})
    with pytest.raises(Refused):
        make.make_application(call)


def test_a_returned_one_is_rejected_where_there_is_no_check_to_correct_it_in() -> None:
    call = make.make_call(chain=make.chain_of("documents", "issue"))
    kept, returned = make.make_submitted(call), make.make_submitted(call)
    screen(
        None, returned, verdict="return", points={}, note="缺", correct_by=timezone.now() + timedelta(days=9)
    )
    make.let_close(call)
    start_chain(None, call)
    assert hindrance(call) == "1 份申报尚未审查，1 份等待补正。"
    kept.refresh_from_db()
    returned.refresh_from_db()
    assert (kept.state, returned.state) == (ApplicationState.SUBMITTED, ApplicationState.RETURNED)


# -- hindrances -----------------------------------------------------------------------------------


def test_every_application_is_screened_first() -> None:
    call = make.make_running(3, accepted=False)
    assert hindrance(call) == "3 份申报尚未审查。"
    with pytest.raises(Refused) as refusal:
        advance(None, call)
    assert refusal.value.why == "3 份申报尚未审查。"
    make.accept_all(call)
    assert hindrance(call) == ""


def test_a_call_that_nobody_is_left_in_goes_nowhere() -> None:
    call = make.make_running(1)
    application = call.applications.get()
    withdraw_application(make.member_of(application.organisation), application, why="另有安排")
    assert hindrance(call) == "没有仍在评选中的申报。可以取消征集。"


def test_a_review_is_closed_first() -> None:
    call = make.make_running(2)
    advance(None, call, outcome="2 份全部受理")
    assert (call.step, call.current_step) == (1, {"kind": "review"})
    held = Round.objects.get(call=call)
    assert (held.step, held.kind, held.state) == (1, "review", RoundState.PREPARING)
    assert hindrance(call) == "“专家评审”还没有结束。"
    Round.objects.update(state=RoundState.CLOSED)
    assert hindrance(call) == "还没有采用遴选方案。"
    first, second = call.steps_done.all()
    assert (first.kind, first.outcome, second.done_at) == ("documents", "2 份全部受理", None)
    assert first.done_at is not None
    entry = Entry.objects.get(verb="advance")
    assert (entry.visibility, json.loads(entry.data)) == (
        "public", {"from": "documents", "to": "review", "in_play": 2},
    )  # fmt: skip


def test_between_two_rounds_no_choice_is_needed() -> None:
    call = make.make_running(1, chain=make.chain_of("review", "defence", "issue"))
    Round.objects.update(state=RoundState.CLOSED)
    assert hindrance(call) == ""
    advance(None, call)
    assert [r.kind for r in call.rounds.order_by("step")] == ["review", "defence"]


def test_other_states_have_no_next_step() -> None:
    call = make.make_draft_call()
    assert hindrance(call) == "征集处于“草稿”状态，没有下一步。"
    with pytest.raises(Refused):
        advance(None, call)


# -- the conference -------------------------------------------------------------------------------


def test_without_a_conference_app_nothing_is_put_before_it(silence: Any) -> None:
    call = make.make_call(chain=make.chain_of("conference"))
    make.make_submitted(call)
    make.let_close(call)
    with pytest.raises(Refused) as refusal:
        start_chain(None, call)
    assert "没有联席会议模块" in refusal.value.why


def test_without_a_notice_app_nothing_is_announced(silence: Any) -> None:
    call = make.make_call(chain=make.chain_of("notice"))
    make.make_submitted(call)
    make.let_close(call)
    with pytest.raises(Refused) as refusal:
        start_chain(None, call)
    assert "没有公示模块" in refusal.value.why


def test_the_conference_is_asked_with_counts_and_its_answer_is_kept(table: Table) -> None:
    call = make.make_running(2, chain=make.chain_of("conference", "issue"))
    (asked,) = table.matters
    assert asked["subject"] == f"verification.call:{call.pk}"
    assert (asked["case"], asked["title"], asked["url"]) == (call.case, call.title, call.get_absolute_url())
    assert asked["summary"] == "仍在评选中的申报 2 份，拟入选 2 份。"
    assert hindrance(call) == "联席会议尚未就此作出决议。"
    assert choice_locked(call) != ""
    decide(call, "approved")
    record = call.steps_done.get()
    assert (record.answer, record.answer_data["resolution"], record.answer_data["matter"]) == (
        "approved", "示例决议 1 号", "test.matter:1",
    )  # fmt: skip
    assert (call.resolution, call.resolution_url) == ("示例决议 1 号", "/resolutions/1/")
    assert hindrance(call) == ""
    assert (last_entry().verb, last_entry().visibility) == ("take_decision", "office")


@pytest.mark.parametrize(("outcome", "says"), [("rejected", "没有通过"), ("returned", "退回")])
def test_what_the_conference_did_not_approve_is_put_again(table: Table, outcome: str, says: str) -> None:
    call = make.make_running(1, chain=make.chain_of("conference", "issue"))
    with pytest.raises(Refused):
        put_again(None, call)
    decide(call, outcome)
    assert says in hindrance(call)
    assert (may_put_again(call), choice_locked(call), call.resolution) == (True, "", "")
    put_again(None, call)
    assert len(table.matters) == 2
    assert [(r.answer, r.done_at is None) for r in call.steps_done.all()] == [
        (outcome, False),
        ("waiting", True),
    ]
    decide(call, "approved")
    assert hindrance(call) == ""
    assert not may_put_again(call)


@pytest.mark.parametrize(
    "subject",
    ["verification.call:0", "verification.call:x", "verification.call:" + "9" * 30, "other.thing:1", ""],
)
def test_answers_to_others_are_not_ours(table: Table, subject: str) -> None:
    call = make.make_running(1, chain=make.chain_of("conference", "issue"))
    conference_decided.send(
        sender=None, actor=None, subject=subject, outcome="approved", resolution="1", url=""
    )
    notice_ended.send(sender=None, actor=None, subject=subject, upheld=[], url="")
    assert call.steps_done.get().answer == "waiting"


def test_an_answer_that_nobody_waits_for_changes_nothing(table: Table) -> None:
    call = make.make_running(1)
    decide(call, "approved")
    end(call)
    assert (call.resolution, call.steps_done.get().answer) == ("", "")
    call = make.make_running(1, chain=make.chain_of("conference", "issue"))
    decide(call, "approved")
    decide(call, "rejected")
    assert call.steps_done.get().answer == "approved"


# -- the notice -----------------------------------------------------------------------------------


def test_the_list_is_announced_and_the_notice_may_stand(table: Table) -> None:
    call = make.make_running(2, chain=[{"kind": "notice", "days": 10}, {"kind": "issue"}])
    (asked,) = table.notices
    assert asked["days"] == 10
    assert [row["申报单位"] for row in asked["rows"]] == [
        a.organisation.name for a in call.applications.order_by("number")
    ]
    assert set(asked["rows"][0]) == {"申报序号", "申报单位", "城市"}
    assert call.notice_url == "/notices/1/"
    assert hindrance(call) == "公示还没有结束，或异议尚未处理完。"
    end(call)
    assert (call.steps_done.get().answer, hindrance(call), reason_wanted(call)) == ("stands", "", False)


def test_upheld_objections_ask_for_a_reason_or_another_notice(table: Table) -> None:
    call = make.make_running(2, chain=make.chain_of("notice", "issue"))
    end(call, "材料不实")
    assert (hindrance(call), reason_wanted(call), may_put_again(call)) == ("", True, True)
    assert json.loads(last_entry().data) == {"upheld": 1}
    with pytest.raises(Invalid) as refusal:
        advance(None, call)
    assert refusal.value.field == "outcome"
    put_again(None, call)
    assert (len(table.notices), call.notice_url) == (2, "/notices/2/")
    end(call, "仍不实")
    advance(None, call, outcome="经核实不影响结论")
    assert call.current_step == {"kind": "issue"}


def test_a_notice_that_still_stands_is_not_repeated(table: Table) -> None:
    call = make.make_running(1, chain=make.chain_of("notice", "issue"))
    table.notices.clear()  # the next answer gives the same address: the same notice
    with pytest.raises(Refused) as refusal:
        put_again(None, call)
    assert refusal.value.why == "公示仍在进行。"
    put_again(None, call)  # withdrawn meanwhile: another address
    assert call.notice_url == "/notices/2/"


# -- the result -----------------------------------------------------------------------------------


def test_the_result_is_issued_with_a_number(table: Table) -> None:
    call = make.make_running(3, chain=make.chain_of("documents", "issue"))
    last = call.applications.order_by("number")[2]
    withdraw_application(make.member_of(last.organisation), last, why="另有安排")
    with pytest.raises(Refused) as early:
        issue_result(None, call, number="示例 1 号")
    assert early.value.why == "还没有到发文这一步。"
    advance(None, call)
    assert hindrance(call) == "请填写文号并发文。"
    for number in (" ", "长" * 81):
        with pytest.raises(Invalid):
            issue_result(None, call, number=number)
    issue_result(None, call, number=" 示例 〔2026〕1 号 ")
    assert (call.state, call.number_issued, call.issued_at is not None) == (
        CallState.FINISHED, "示例 〔2026〕1 号", True,
    )  # fmt: skip
    states = {a.number: a.state for a in call.applications.all()}
    assert states == {1: "chosen", 2: "chosen", 3: "withdrawn"}
    entry = Entry.objects.get(verb="issue_result")
    data = json.loads(entry.data)
    assert entry.visibility == "public"
    assert (data["applications"], data["chosen"], data["number"]) == (2, 2, "示例 〔2026〕1 号")
    assert [row["organisation"] for row in data["list"]] == [a.organisation.name for a in chosen(call)]
    for application in chosen(call):
        assert is_centre(application.organisation)
        member = make.member_of(application.organisation)
        assert Notification.objects.filter(user=member, text__contains="已公布结果").count() == 1
        assert Entry.objects.filter(case=application.case, verb="settle_application").count() == 1
    assert not is_centre(last.organisation)
    with pytest.raises(Refused):
        issue_result(None, call, number="再次")


def test_who_is_a_centre_already_is_not_made_one_twice() -> None:
    from langqiao.apps.registry.domain import give_role
    from tests.factories.registry import make_organisation

    organisation = make_organisation(kind="university")
    give_role(None, organisation, role="概念验证中心")
    call = make.make_call(chain=make.chain_of("issue"))
    make.make_submitted(call, organisation=organisation)
    make.let_close(call)
    start_chain(None, call)
    issue_result(None, call, number="示例 1 号")
    assert organisation.roles.count() == 1


def test_only_a_call_to_recognise_makes_centres() -> None:
    call = make.make_running(1, kind="verify", chain=make.chain_of("issue"))
    issue_result(None, call, number="示例 1 号")
    assert not is_centre(call.applications.get().organisation)


def test_more_than_the_places_are_not_issued_without_a_choice() -> None:
    call = make.make_running(3, chain=make.chain_of("documents", "issue"))
    advance(None, call)
    with pytest.raises(Refused) as refusal:
        issue_result(None, call, number="示例 1 号")
    assert refusal.value.why == "仍在评选中的申报 3 份，多于名额 2 个。"
    call.refresh_from_db()
    assert call.state == CallState.RUNNING
    assert not call.applications.filter(state=ApplicationState.CHOSEN).exists()


def test_a_chain_may_end_without_issuing(table: Table) -> None:
    call = make.make_running(1, chain=make.chain_of("conference"))
    decide(call, "approved")
    advance(None, call)
    assert (call.state, call.number_issued) == (CallState.FINISHED, "")
    assert call.applications.get().state == ApplicationState.CHOSEN


def test_the_chain_for_a_page(table: Table) -> None:
    call = make.make_running(1, chain=[{"kind": "documents"}, {"kind": "conference", "due": "2026-09-30"}])
    assert [(s.name, s.stage, s.due) for s in steps(call)] == [
        ("资料审查", "now", ""), ("会议研究", "next", "2026-09-30"),
    ]  # fmt: skip
    advance(None, call)
    assert [(s.stage, s.record.answer if s.record else None) for s in steps(call)] == [
        ("done", ""), ("now", "waiting"),
    ]  # fmt: skip
    decide(call, "approved")
    advance(None, call)
    assert [s.stage for s in steps(call)] == ["done", "done"]
    from langqiao.apps.verification.domain.calls import cancel_call

    call = make.make_running(1)
    cancel_call(None, call, why="示例")
    assert [s.stage for s in steps(call)] == ["off"] * 5


def test_a_refused_step_leaves_all_as_it_was(silence: Any) -> None:
    call = make.make_running(1, chain=make.chain_of("documents", "conference"))
    before = Entry.objects.count()
    with pytest.raises(Refused):
        advance(None, call)
    call.refresh_from_db()
    assert (call.step, call.steps_done.get().done_at) == (0, None)
    assert Entry.objects.count() == before


def test_every_kind_of_step_has_a_name() -> None:
    assert [str(kind.label) for kind in StepKind] == [
        "资料审查", "专家评审", "现场答辩", "会议研究", "张榜公示", "发文",
    ]  # fmt: skip
