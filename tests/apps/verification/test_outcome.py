"""From the scores to the issued list: the adopted choice is what conference, notice and result speak of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.signals import conference_decided, notice_ended
from langqiao.apps.verification.domain.applications import withdraw_application
from langqiao.apps.verification.domain.choosing import adopt_choice, propose_choice
from langqiao.apps.verification.domain.steps import (
    advance,
    choice_locked,
    hindrance,
    issue_result,
    may_put_again,
    put_again,
)
from langqiao.apps.verification.models import Call, CallState, ChoiceRun, Round, RoundState
from langqiao.kit.refusals import Refused
from tests.apps.verification.test_steps import Table, silence, table  # noqa: F401  fixtures
from tests.factories import verification as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def scored(call: Call, totals: list[float]) -> Call:
    """Two reviewers give each application its total; the round is over."""
    round = Round.objects.get(call=call, step=call.step)
    reviewers = [make.make_reviewer(call) for _ in range(2)]
    for application, total in zip(call.applications.order_by("number"), totals, strict=True):
        for reviewer in reviewers:
            make.make_review(
                round, application, reviewer, state="submitted", total=total, submitted_at=timezone.now(),
                gates={"honest": {"passed": True, "why": ""}},
                scores={"technology": total / 5, "market": total / 10},
            )  # fmt: skip
    Round.objects.filter(pk=round.pk).update(state=RoundState.CLOSED, closed_at=timezone.now())
    return call


def adopt(call: Call, places: int, why: str = "按得分") -> ChoiceRun:
    run = propose_choice(None, call, basis="raw", constraints={"places": places})
    return adopt_choice(None, run, why=why)


def decide(call: Call, outcome: str) -> None:
    conference_decided.send(
        sender=None,
        actor=None,
        subject=f"verification.call:{call.pk}",
        outcome=outcome,
        resolution="1 号",
        url="",
    )
    call.refresh_from_db()


def end(call: Call, *upheld: str) -> None:
    notice_ended.send(
        sender=None, actor=None, subject=f"verification.call:{call.pk}", upheld=list(upheld), url=""
    )
    call.refresh_from_db()


def test_from_the_scores_to_the_issued_list(table: Table) -> None:  # noqa: F811  the fixture
    call = make.make_running(3, chain=make.chain_of("review", "conference", "notice", "issue"))
    scored(call, [70, 90, 80])
    assert hindrance(call) == "还没有采用遴选方案。"
    run = adopt(call, 2)
    assert hindrance(call) == ""
    advance(None, call)
    assert table.matters[0]["summary"] == "仍在评选中的申报 3 份，拟入选 2 份。"
    assert choice_locked(call) == "遴选方案正在会议研究或公示中，不能更改。"
    with pytest.raises(Refused):
        adopt(call, 1)
    decide(call, "returned")

    # The conference sent it back: another choice, put again.
    second = adopt(call, 1, "压缩名额")
    assert may_put_again(call)
    put_again(None, call)
    assert table.matters[1]["summary"] == "仍在评选中的申报 3 份，拟入选 1 份。"
    decide(call, "approved")
    advance(None, call)
    names = {a.number: a.organisation.name for a in call.applications.all()}
    assert [row["申报单位"] for row in table.notices[0]["rows"]] == [names[2]]

    # An objection is upheld: another choice, another notice.
    end(call, "材料不实")
    third = adopt(call, 2, "采纳异议")
    assert "请重新提交" in hindrance(call)
    put_again(None, call)
    assert [row["申报单位"] for row in table.notices[1]["rows"]] == [names[2], names[3]]
    end(call)
    advance(None, call)
    assert choice_locked(call) == "结果已经会议研究或公示，不能再更改遴选方案。"
    issue_result(None, call, number="示例 1 号")
    assert call.state == CallState.FINISHED
    assert {a.number: a.state for a in call.applications.all()} == {1: "not_chosen", 2: "chosen", 3: "chosen"}
    entry = Entry.objects.get(verb="issue_result")
    assert [row["organisation"] for row in json.loads(entry.data)["list"]] == [names[2], names[3]]
    states = dict(call.choices.values_list("pk", "state"))
    assert [states[one.pk] for one in (run, second, third)] == ["discarded", "discarded", "adopted"]


def test_who_withdraws_after_the_choice_is_in_no_list(table: Table) -> None:  # noqa: F811  the fixture
    call = make.make_running(3, chain=make.chain_of("review", "notice", "issue"))
    scored(call, [70, 90, 80])
    adopt(call, 2)
    gone = call.applications.get(number=2)
    withdraw_application(make.member_of(gone.organisation), gone, why="另有安排")
    advance(None, call)
    assert [row["申报序号"] for row in table.notices[0]["rows"]] == ["3"]
    end(call)
    advance(None, call)
    issue_result(None, call, number="示例 1 号")
    assert {a.number: a.state for a in call.applications.all()} == {
        1: "not_chosen",
        2: "withdrawn",
        3: "chosen",
    }


def test_a_chain_that_ends_with_its_scores_needs_a_choice() -> None:
    call = make.make_running(2, kind="verify", places=1, chain=make.chain_of("review"))
    scored(call, [50, 60])
    with pytest.raises(Refused):
        advance(None, call)
    adopt(call, 1)
    advance(None, call)
    assert {a.number: a.state for a in call.applications.all()} == {1: "not_chosen", 2: "chosen"}


def test_a_conference_between_two_rounds_needs_no_choice(table: Table) -> None:  # noqa: F811  the fixture
    call = make.make_running(2, chain=make.chain_of("review", "conference", "defence", "issue"))
    scored(call, [50, 60])
    assert hindrance(call) == ""
    advance(None, call)
    assert table.matters[0]["summary"] == "仍在评选中的申报 2 份。"
    decide(call, "approved")
    advance(None, call)
    Round.objects.filter(step=2).update(state=RoundState.CLOSED)
    assert hindrance(call) == "还没有采用遴选方案。"


def test_grades_are_issued_with_the_result() -> None:
    grades = [{"key": "a", "name": "优秀", "at_least": 85}, {"key": "b", "name": "合格", "at_least": 0}]
    call = make.make_running(
        2, kind="grade", places=None, grades=grades, chain=make.chain_of("review", "issue")
    )
    scored(call, [90, 70])
    run = propose_choice(None, call, basis="raw", constraints={})
    adopt_choice(None, run, why="按分数")
    advance(None, call)
    issue_result(None, call, number="示例 1 号")
    assert {a.number: a.grade for a in call.applications.all()} == {1: "优秀", 2: "合格"}
