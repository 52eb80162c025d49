"""Rounds: open, start, extend, discuss, close, eliminate, and the schedule of the defence."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain import reviews, rounds, steps
from langqiao.apps.verification.domain.defence import plan_defence, schedule_defence
from langqiao.apps.verification.models import ApplicationState, Round, RoundState
from langqiao.apps.verification.queries import reviews as queries
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.verification.review_scene import Scene, due, hand_in, hand_in_all, make_scene
from tests.factories.accounts import make_member
from tests.factories.verification import chain_of, make_review, make_reviewer, make_running

pytestmark = pytest.mark.django_db


def test_a_round_opens_with_its_step_and_keeps_the_criteria_as_they_stand() -> None:
    call = make_running(1, chain=[{"kind": "review", "criteria": ["market"]}, {"kind": "issue"}])
    round = call.rounds.get()
    assert (round.state, round.kind, [one["key"] for one in round.criteria]) == (
        RoundState.PREPARING, "review", ["market"],
    )  # fmt: skip
    assert Entry.objects.get(verb="open_round").visibility == "office"
    with pytest.raises(Refused, match="已经设立"):
        rounds.open_round(None, call, 0)
    with pytest.raises(Refused, match="不是评审"):
        rounds.open_round(None, call, 1)
    with pytest.raises(Refused, match="不是评审"):
        rounds.open_round(None, call, 99)


def test_starting_needs_a_reviewer_for_every_application() -> None:
    scene = make_scene(start=False)
    scene.reviews["own second"].delete()
    scene.reviews["third"].delete()
    with pytest.raises(Refused, match="申报 02") as refusal:
        rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())
    assert "申报 01" not in refusal.value.why
    invited = make_reviewer(scene.call, state="invited")
    make_review(scene.round, scene.second, invited)
    with pytest.raises(Refused, match="申报 02"):
        rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())
    with pytest.raises(Invalid) as late:
        rounds.start_reviewing(
            scene.user("office"), scene.round, due_at=timezone.now() - timedelta(seconds=1)
        )
    assert late.value.field == "due_at"
    assert Round.objects.get(pk=scene.round.pk).state == RoundState.PREPARING


def test_the_office_does_not_review_what_it_chairs() -> None:
    scene = make_scene(start=False)
    make_member(scene.actors["office"].memberships.get().organisation, Role.OFFICE, user=scene.actors["own"])
    with pytest.raises(Refused, match="兼任"):
        rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())


@pytest.mark.parametrize(
    "name", ["recused", "own", "applicant", "liaison", "superuser", "visitor", "stranger"]
)
def test_only_the_office_that_is_not_recused_chairs(name: str) -> None:
    scene = make_scene(start=False)
    actor = scene.user(name)
    with pytest.raises(NotAllowed):
        rounds.start_reviewing(actor, scene.round, due_at=due())
    rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())
    for verb in (rounds.open_discussion, rounds.close_round):
        with pytest.raises(NotAllowed):
            verb(actor, scene.round)
    with pytest.raises(NotAllowed):
        rounds.extend_round(actor, scene.round, due_at=due())
    with pytest.raises(NotAllowed):
        rounds.eliminate(actor, scene.first, why="x")


def test_reviewers_are_told_of_the_start_once_and_without_names() -> None:
    scene = make_scene()
    told = Notification.objects.filter(text__contains="评审已经开始")
    assert {n.user for n in told} == {scene.actors[name] for name in ("own", "peer", "third")}
    assert {n.url for n in told} == {"/reviews/"}


def test_a_later_due_date_is_told_to_those_who_have_not_handed_in() -> None:
    scene = make_scene()
    hand_in(scene, "peer")
    rounds.extend_round(scene.user("office"), scene.round, due_at=due() + timedelta(days=3))
    told = Notification.objects.filter(text__contains="截止时间有调整")
    assert {n.user for n in told} == {scene.actors["own"], scene.actors["third"]}


def test_discussion_needs_a_submitted_review_and_tells_only_who_handed_in() -> None:
    scene = make_scene()
    with pytest.raises(Refused, match="还没有人提交"):
        rounds.open_discussion(scene.user("office"), scene.round)
    hand_in(scene, "peer")
    rounds.open_discussion(scene.user("office"), scene.round)
    told = Notification.objects.filter(text__contains="讨论已经开启")
    assert {n.user for n in told} == {scene.actors["peer"]}
    with pytest.raises(Refused):
        rounds.open_discussion(scene.user("office"), scene.round)


def test_closing_waits_for_every_live_review_and_says_whose_is_missing() -> None:
    scene = make_scene()
    for name in ("peer", "own second", "third"):
        hand_in(scene, name)
    with pytest.raises(Refused, match="1 份意见没有提交（申报 01：评审人甲）"):
        rounds.close_round(scene.user("office"), scene.round)
    scene.reviews["own"].state = "declined"
    scene.reviews["own"].save()
    rounds.close_round(scene.user("office"), scene.round)
    assert scene.round.state == RoundState.CLOSED
    assert scene.round.closed_at is not None
    with pytest.raises(Refused):
        rounds.close_round(scene.user("office"), scene.round)


def test_an_application_without_any_review_keeps_the_round_open() -> None:
    scene = make_scene()
    for name in ("own", "peer"):
        hand_in(scene, name)
    scene.round.reviews.filter(application=scene.second).update(state="declined")
    with pytest.raises(Refused, match="没有任何评审意见"):
        rounds.close_round(scene.user("office"), scene.round)


def test_a_withdrawn_application_does_not_hold_the_round() -> None:
    scene = make_scene()
    for name in ("own second", "third"):
        hand_in(scene, name)
    scene.first.state = ApplicationState.WITHDRAWN
    scene.first.save()
    review = scene.reviews["own"]
    with pytest.raises(Refused, match="已撤回"):
        reviews.save_draft(scene.user("own"), review, revision=0, for_applicant="x")
    rounds.close_round(scene.user("office"), scene.round)


def test_elimination_follows_a_closed_round_with_a_reason_and_is_told() -> None:
    scene = make_scene()
    with pytest.raises(Refused, match="一轮评审结束之后"):
        rounds.eliminate(scene.user("office"), scene.first, why="总分较低")
    hand_in_all(scene)
    rounds.close_round(scene.user("office"), scene.round)
    with pytest.raises(Invalid) as refusal:
        rounds.eliminate(scene.user("office"), scene.first, why=" ")
    assert refusal.value.field == "why"
    rounds.eliminate(scene.user("office"), scene.first, why="总分较低")
    assert (scene.first.state, scene.first.why) == (ApplicationState.ELIMINATED, "总分较低")
    entry = Entry.objects.get(verb="eliminate_application")
    assert (entry.visibility, entry.case) == ("parties", scene.first.case)
    assert "总分较低" not in entry.data
    assert Notification.objects.filter(
        user=scene.actors["applicant"], text__contains="未进入下一环节"
    ).exists()
    steps.advance(scene.user("office"), scene.call)
    scene.second.refresh_from_db()
    with pytest.raises(Refused, match="一轮评审结束之后"):
        rounds.eliminate(scene.user("office"), scene.second, why="总分较低")


# -- the defence --------------------------------------------------------------------------------


def defended() -> tuple[Scene, Round]:
    """A scene whose defence is being prepared; both applications have the reviewer ``own``."""
    scene = make_scene(start=False, chain=chain_of("defence", "issue"))
    return scene, scene.round


def slot(scene: Scene, application: Any, hours: float = 24, **values: Any) -> Any:
    given = {
        "at": timezone.now() + timedelta(hours=hours), "minutes": 20, "place": "会议中心 301", **values,
    }  # fmt: skip
    return schedule_defence(scene.user("office"), scene.round, application, **given)


def test_a_slot_is_told_to_applicant_and_reviewers_and_stands_in_the_ledger_without_its_place() -> None:
    scene, _round = defended()
    slot(scene, scene.first)
    own, applicant = scene.actors["own"], scene.actors["applicant"]
    assert scene.first.title in Notification.objects.get(user=applicant, text__contains="答辩时间").text
    # The call is double blind: a reviewer is told by number alone.
    told = Notification.objects.get(user=own, text__contains="答辩时间").text
    assert "申报 01" in told
    assert scene.first.title not in told
    entry = Entry.objects.get(verb="schedule_defence")
    assert (entry.visibility, entry.case) == ("parties", scene.first.case)
    assert "会议中心" not in entry.data
    assert set(json.loads(entry.data)) == {"call", "round", "at", "minutes", "place_sm3"}
    assert [s.application for s in queries.visible_slots(scene.user("applicant"))] == [scene.first]
    assert [s.application for s in queries.visible_slots(scene.user("own"))] == [scene.first]
    assert not queries.visible_slots(scene.user("third"))
    assert not queries.visible_slots(scene.user("other firm"))
    assert len(queries.visible_slots(scene.user("office"))) == 1


def test_no_place_no_applicant_and_no_reviewer_is_double_booked() -> None:
    scene, round = defended()
    slot(scene, scene.first)
    with pytest.raises(Refused, match="会议中心 301”在这段时间已安排申报 01"):
        slot(scene, scene.second, hours=24.2)
    with pytest.raises(Refused, match="评审专家评审人甲在这段时间另有答辩"):
        slot(scene, scene.second, hours=24.2, place="会议中心 302")
    round.reviews.filter(reviewer__person__user=scene.actors["own"], application=scene.second).delete()
    slot(scene, scene.second, hours=24.2, place="会议中心 302")
    with pytest.raises(Refused, match="已安排申报 02"):
        slot(scene, scene.first, hours=24.1, place="会议中心 302")
    moved = slot(scene, scene.first, hours=26)
    assert round.slots.count() == 2
    assert moved.application == scene.first
    scene.second.organisation = scene.first.organisation
    scene.second.save()
    with pytest.raises(Refused, match="该申报单位在这段时间另有答辩"):
        slot(scene, scene.second, hours=26.1, place="会议中心 303")


@pytest.mark.parametrize(
    ("values", "field"),
    [({"hours": -1}, "at"), ({"minutes": 4}, "minutes"), ({"minutes": 241}, "minutes"), ({"place": "  "}, "place"),
     ({"place": "远" * 201}, "place")],
)  # fmt: skip
def test_a_wrong_slot_is_refused_by_its_field(values: dict[str, Any], field: str) -> None:
    scene, _round = defended()
    with pytest.raises(Invalid) as refusal:
        slot(scene, scene.first, **values)
    assert refusal.value.field == field


def test_slots_belong_to_a_defence_of_the_same_call() -> None:
    scene = make_scene()
    with pytest.raises(Refused, match="不是现场答辩"):
        slot(scene, scene.first)
    other, _round = defended()
    with pytest.raises(Refused, match="不属于这一轮"):
        slot(other, scene.first)


def test_a_plan_lays_out_who_has_no_slot_by_number_or_nothing_at_all() -> None:
    scene, round = defended()
    starts = timezone.now() + timedelta(days=2)
    made = plan_defence(scene.user("office"), round, starts_at=starts, minutes=20, gap=5, place="301")
    assert [(s.application, s.at - starts) for s in made] == [
        (scene.first, timedelta(0)), (scene.second, timedelta(minutes=25)),
    ]  # fmt: skip
    with pytest.raises(Refused, match="都已安排"):
        plan_defence(scene.user("office"), round, starts_at=starts, minutes=20, gap=5, place="301")
    round.slots.filter(application=scene.first).delete()
    with pytest.raises(Refused, match="已安排申报 02"):
        plan_defence(
            scene.user("office"),
            round,
            starts_at=starts + timedelta(minutes=20),
            minutes=20,
            gap=0,
            place="301",
        )
    assert round.slots.count() == 1
