"""Scores, what-if answers and the verbs of the choice: the whole record left, its entries, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain import choosing
from langqiao.apps.verification.domain.results import chosen_rows
from langqiao.apps.verification.domain.scores import candidates_of, key_of, scores_of_call
from langqiao.apps.verification.domain.wishes import answer, read_wish, usual_wish
from langqiao.apps.verification.models import ApplicationState, Call, ChoiceRun, Review, Round
from langqiao.apps.verification.queries import choosing as queries
from langqiao.apps.verification.queries.reviews import gate_failures, gate_failures_of
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.verification.choice_scene import EVERY_CITY, QUALITY, make_choice_scene, plain_rules
from tests.factories.verification import chain_of

pytestmark = pytest.mark.django_db


def propose(scene: Any, constraints: Any = None, **values: Any) -> ChoiceRun:
    values = {"basis": "calibrated", "constraints": constraints or plain_rules(EVERY_CITY), **values}
    return choosing.propose_choice(scene.user("office"), scene.call, **values)


# -- scores ----------------------------------------------------------------------------------------


def test_calibration_stands_beside_the_raw_mean():
    scene = make_choice_scene()
    scores = scores_of_call(scene.call)
    rows = [scores.scores[application.pk] for application in scene.applications]
    assert [round(row.calibrated - row.raw, 3) == 0 for row in rows] != [True] * 8
    # Scores are quality plus bias without error: calibration gives the qualities but for one level.
    shift = rows[0].calibrated - QUALITY[0]
    assert [row.calibrated - shift for row in rows] == pytest.approx(QUALITY, abs=0.05)
    assert [row.rank_calibrated for row in rows] == list(range(1, 9))
    assert all(row.low <= row.calibrated <= row.high and row.n == 3 for row in rows)
    assert scores.is_final
    assert scores.excluded == []


def test_rounds_are_put_together_by_their_shares():
    chain = [{"kind": "review", "share": 0.7}, {"kind": "defence", "share": 0.3}, {"kind": "conference"}]
    scene = make_choice_scene(chain=chain)
    defence = scene.rounds[1]
    for review in defence.reviews.all():
        Review.objects.filter(pk=review.pk).update(total=review.total - 20)
    scores = scores_of_call(scene.call)
    first, second = ({item.item: item for item in one.calibration.items} for one in scores.rounds)
    assert [one.share for one in scores.rounds] == [0.7, 0.3]
    for application in scene.applications:
        one, two, both = (
            first[str(application.pk)],
            second[str(application.pk)],
            scores.scores[application.pk],
        )
        assert both.raw == pytest.approx(0.7 * one.raw_mean + 0.3 * two.raw_mean)
        assert both.calibrated == pytest.approx(0.7 * one.calibrated + 0.3 * two.calibrated)
        half = ((0.7 * (one.high - one.low) / 2) ** 2 + (0.3 * (two.high - two.low) / 2) ** 2) ** 0.5
        assert both.high - both.calibrated == pytest.approx(half)
        assert both.n == 6


def test_who_lacks_a_round_or_fails_a_gate_cannot_be_chosen():
    scene = make_choice_scene(chain=chain_of("review", "defence", "conference"))
    unscored, failing = scene.applications[0], scene.applications[1]
    scene.rounds[1].reviews.filter(application=unscored).delete()
    failed = scene.rounds[0].reviews.filter(application=failing).first()
    Review.objects.filter(pk=failed.pk).update(gates={"honest": {"passed": False, "why": "有失信记录"}})
    scores = scores_of_call(scene.call)
    assert [one.application for one in scores.excluded] == [unscored, failing]
    assert [one.lacking for one in scores.excluded] == [("现场答辩",), ()]
    assert [[gate.name for gate in one.gates] for one in scores.excluded] == [[], ["无失信记录"]]
    assert {score.application.pk for score in scores.eligible} == {a.pk for a in scene.applications[2:]}
    assert gate_failures_of(scene.call) == {failing.pk: gate_failures(failing)}
    run = propose(scene, plain_rules(places=3))
    assert queries.outcomes(run)[failing.pk] == queries.Outcome(
        chosen=False, grade="", rank=None, raw=None, calibrated=None
    )


def test_who_is_out_still_tells_how_strict_reviewers_are_and_who_withdrew_does_not():
    scene = make_choice_scene()
    before = scores_of_call(scene.call).rounds[0].calibration
    scene.call.applications.filter(number=8).update(state=ApplicationState.ELIMINATED)
    scores = scores_of_call(scene.call)
    assert scores.rounds[0].calibration is before  # the same reviews: remembered
    assert len(scores.eligible) == 7
    assert len(scores.scores) == 8
    scene.call.applications.filter(number=8).update(state=ApplicationState.WITHDRAWN)
    assert len(scores_of_call(scene.call).rounds[0].calibration.items) == 7


def test_candidates_carry_city_field_kind_and_money():
    scene = make_choice_scene()
    raw, calibrated = (candidates_of(scores_of_call(scene.call), basis) for basis in ("raw", "calibrated"))
    first = scene.applications[0]
    assert raw[0].id == key_of(first) == "001"
    assert raw[0].attributes == {"city": first.city_id, "field": first.field_id, "kind": "enterprise"}
    assert raw[0].cost == 10.0
    assert raw[0].score != calibrated[0].score


def test_scores_of_a_call_take_few_queries(django_assert_max_num_queries):
    scene = make_choice_scene(chain=chain_of("review", "defence", "conference"))
    with django_assert_max_num_queries(7):
        scores = scores_of_call(scene.call)
        assert len(scores.eligible) == 8


# -- what is asked for -------------------------------------------------------------------------------


def test_the_call_says_what_is_usual():
    scene = make_choice_scene(
        budget=300, choice={"rules": [EVERY_CITY, {"kind": "gate", "score": 60}], "margin": 0.5}
    )
    wish = usual_wish(scene.call)
    assert (wish.basis, wish.places, wish.margin) == ("calibrated", 4, 0.5)
    assert [rule.text for rule in wish.rules] == ["city>=1", "score>=60", "budget<=300"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"basis": "median"}, "basis"),
        ({"constraints": {"places": 0}}, "places"),
        ({"constraints": {"places": True}}, "places"),
        ({"constraints": {"places": 10**9}}, "places"),
        ({"constraints": {"places": "4"}}, "places"),
        ({"constraints": {"margin": -1}}, "margin"),
        ({"constraints": {"margin": "x"}}, "margin"),
        ({"constraints": {"margin": float("nan")}}, "margin"),
        ({"constraints": {"other": 1}}, "constraints"),
        ({"constraints": {"rules": "x"}}, "rules"),
        ({"constraints": {"rules": ["x"]}}, "rules"),
        ({"constraints": {"rules": [{"kind": "places", "number": 3}]}}, "rules"),
        ({"constraints": {"rules": [{"kind": "at_least", "attribute": "colour", "number": 1}]}}, "rules"),
        ({"constraints": {"rules": [{"kind": "at_least", "attribute": "city", "number": -1}]}}, "rules"),
        ({"constraints": {"rules": [EVERY_CITY, EVERY_CITY]}}, "rules"),
        ({"constraints": {"rules": [{"kind": "pin", "candidate": "001"}]}}, "rules"),
        ({"constraints": {"rules": [{"kind": "pin", "candidate": "001", "why": "长" * 301}]}}, "rules"),
        ({"lottery": ""}, "seed"),
        ({"lottery": "行\n行"}, "seed"),
        ({"lottery": "长" * 201}, "seed"),
    ],
)
def test_a_wrong_wish_names_its_field(values, field):
    values = {"basis": "raw", "constraints": plain_rules(), "reasons_needed": True, **values}
    with pytest.raises(Invalid) as refusal:
        read_wish(**values)
    assert refusal.value.field == field


def test_cities_without_an_application_are_named():
    scene = make_choice_scene()
    found = answer(scores_of_call(scene.call), read_wish(basis="raw", constraints=plain_rules(EVERY_CITY)))
    shown = queries.shown(scores_of_call(scene.call), found)
    assert len(shown.chosen) == 4
    assert {line.score.application.city_id for line in shown.chosen} == {city.pk for city in scene.cities}
    silent = [remark for remark in shown.remarks if "没有可以遴选的申报" in remark]
    from langqiao.apps.registry.models import City

    assert len(silent) == City.objects.count() - 3


def test_without_a_number_of_places_all_who_pass_are_chosen():
    scene = make_choice_scene(places=None, kind="verify")
    rules = plain_rules({"kind": "gate", "score": 79}, {"kind": "bar", "candidate": "001"}, places=None)
    found = answer(scores_of_call(scene.call), read_wish(basis="raw", constraints=rules))
    raw = {key_of(s.application): s.raw for s in scores_of_call(scene.call).eligible}
    assert set(found.choice.chosen) == {key for key, score in raw.items() if score >= 79} - {"001"}


# -- the verbs ---------------------------------------------------------------------------------------


def test_a_proposal_is_kept_whole():
    scene = make_choice_scene()
    run = propose(scene, plain_rules(EVERY_CITY, margin=0.5), why="每城至少一家")
    run.refresh_from_db()
    assert (run.number, run.state, run.basis, run.why) == (1, "proposed", "calibrated", "每城至少一家")
    assert run.result["kind"] == "choice"
    assert run.result["chosen"] == ["001", "002", "004", "008"]
    assert [row["constraint"] for row in run.result["constraints"]] == ["city>=1"]
    assert run.result["price_of_balance"] > 0
    assert run.result["wins"] == ["008"]
    assert run.inputs["constraints"] == {
        "places": 4, "rules": [{"kind": "at_least", "attribute": "city", "number": 1, "value": None}], "margin": 0.5,
    }  # fmt: skip
    assert run.inputs["applications"]["008"] == scene.applications[7].pk
    assert {pk for pk, one in queries.outcomes(run).items() if one.chosen} == {
        scene.applications[at].pk for at in (0, 1, 3, 7)
    }
    entry = Entry.objects.get(verb="propose_choice")
    assert (entry.object, entry.visibility, entry.case) == (
        f"verification.choicerun:{run.pk}", "office", scene.call.case,
    )  # fmt: skip
    assert json.loads(entry.data) == {
        "call": scene.call.pk,
        "choice": 1,
        "basis": "calibrated",
        "inputs_sm3": run.receipt["inputs"],
        "result_sm3": run.receipt["result"],
    }
    assert choosing.rerun_choice(run) == []
    assert propose(scene).number == 2


def test_pins_and_bars_have_reasons():
    scene = make_choice_scene()
    rules = plain_rules(
        {"kind": "pin", "candidate": "005", "why": "国家级平台"},
        {"kind": "bar", "candidate": "001", "why": "主动放弃"},
    )
    run = propose(scene, rules)
    assert run.result["chosen"] == ["002", "003", "004", "005"]
    assert queries.constraint_words(run) == [("指定入选 005", "国家级平台"), ("不予入选 001", "主动放弃")]
    with pytest.raises(Invalid):
        propose(scene, plain_rules({"kind": "pin", "candidate": "005"}))
    with pytest.raises(Invalid, match="不在可以遴选之列"):
        propose(scene, plain_rules({"kind": "pin", "candidate": "099", "why": "x"}))


def test_a_lottery_is_drawn_when_it_is_kept():
    scene = make_choice_scene()
    run = propose(scene, plain_rules(margin=3.0), lottery="2026-12-01 开奖号码 4711")
    drawing = run.result["lottery"]
    assert drawing["seed"] == run.inputs["seed"] == "2026-12-01 开奖号码 4711"
    assert {row["candidate"] for row in drawing["tickets"]} >= {"004", "005"}
    assert run.result["chosen"] == drawing["chosen"]
    assert json.loads(Entry.objects.get(verb="propose_choice").data)["lottery_sm3"] == drawing["commitment"]
    assert choosing.rerun_choice(run) == []


def test_a_conflict_is_refused_in_words():
    scene = make_choice_scene()
    with pytest.raises(Refused) as refusal:
        propose(scene, plain_rules(EVERY_CITY, places=2))
    assert "名额 2 个、每座城市至少 1 家" in refusal.value.why
    assert ChoiceRun.objects.count() == 0


def test_a_choice_waits_for_the_end_of_the_round():
    scene = make_choice_scene(state="reviewing")
    with pytest.raises(Refused, match="评审尚未结束"):
        propose(scene)


def test_nobody_to_choose_is_refused():
    scene = make_choice_scene()
    scene.call.applications.update(state=ApplicationState.ELIMINATED)
    with pytest.raises(Refused, match="没有可以遴选的申报"):
        propose(scene)


@pytest.mark.parametrize(
    "name", ["applicant", "reviewer", "recused", "liaison", "visitor", "superuser", "stranger"]
)
def test_nobody_but_the_office_chooses(name):
    scene = make_choice_scene()
    run = propose(scene)
    user = scene.user(name)
    with pytest.raises(NotAllowed):
        choosing.propose_choice(user, scene.call, basis="raw", constraints=plain_rules())
    with pytest.raises(NotAllowed):
        choosing.adopt_choice(user, run, why="x")
    with pytest.raises(NotAllowed):
        choosing.discard_choice(user, run)
    assert not allowed(user, "verification.read_choice", scene.call)


def test_adopting_sets_the_earlier_one_aside():
    scene = make_choice_scene()
    first, second = propose(scene), propose(scene, plain_rules())
    choosing.adopt_choice(scene.user("office"), first, why="每城至少一家")
    assert queries.adopted(scene.call) == first
    choosing.adopt_choice(scene.user("office"), second, why="会议意见")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, second.why) == ("discarded", "adopted", "会议意见")
    data = json.loads(Entry.objects.filter(verb="adopt_choice").order_by("sequence").last().data)
    assert data["choice"] == 2
    assert len(data["why_sm3"]) == 64
    assert "会议意见" not in json.dumps(data, ensure_ascii=False)
    chosen = {row.application.number for row in chosen_rows(scene.call) if row.chosen}
    assert chosen == {1, 2, 3, 4}
    choosing.adopt_choice(scene.user("office"), first, why="恢复")
    first.refresh_from_db()
    assert first.state == "adopted"


def test_adopting_needs_a_reason_and_fresh_scores():
    scene = make_choice_scene()
    run = propose(scene)
    office = scene.user("office")
    with pytest.raises(Invalid) as refusal:
        choosing.adopt_choice(office, run, why=" ")
    assert refusal.value.field == "why"
    with pytest.raises(Invalid):
        choosing.adopt_choice(office, run, why="长" * 501)
    scene.call.applications.filter(number=1).update(state=ApplicationState.WITHDRAWN)
    with pytest.raises(Refused, match="有了变化"):
        choosing.adopt_choice(office, run, why="采用")
    assert choosing.rerun_choice(run) == ["评分或申报在方案生成之后有了变化。"]
    scene.call.applications.filter(number=1).update(state=ApplicationState.ACCEPTED)
    choosing.adopt_choice(office, run, why="采用")
    with pytest.raises(Refused, match="已经采用"):
        choosing.adopt_choice(office, run, why="采用")


def test_adopting_waits_for_every_step_that_scores():
    scene = make_choice_scene(chain=chain_of("review", "defence", "conference"))
    Round.objects.filter(pk=scene.rounds[1].pk).delete()
    Call.objects.filter(pk=scene.call.pk).update(step=0)
    scene.call.refresh_from_db()
    run = propose(scene)
    with pytest.raises(Refused, match="还有评审或答辩没有结束"):
        choosing.adopt_choice(scene.user("office"), run, why="采用")


def test_the_chain_can_forbid_a_change():
    from langqiao.apps.verification.domain.steps import advance

    scene = make_choice_scene()
    office = scene.user("office")
    first, second = propose(scene), propose(scene, plain_rules())
    choosing.adopt_choice(office, first, why="采用")
    advance(office, scene.call)  # before the conference now
    with pytest.raises(Refused, match="会议研究或公示中"):
        choosing.adopt_choice(office, second, why="改用")


def test_a_proposal_is_set_aside_once():
    scene = make_choice_scene()
    run = choosing.discard_choice(scene.user("office"), propose(scene))
    assert run.state == "discarded"
    assert Entry.objects.filter(verb="discard_choice").count() == 1
    with pytest.raises(Refused):
        choosing.discard_choice(scene.user("office"), run)


def test_a_changed_record_does_not_run_again():
    scene = make_choice_scene()
    run = propose(scene)
    run.inputs["candidates"][0]["score"] = 10.0
    run.save()
    assert len(choosing.rerun_choice(run)) == 2
    run.receipt = {}
    run.save()
    assert "回执" in choosing.rerun_choice(run)[0]


GRADES = [
    {"key": "excellent", "name": "优秀", "at_least": 85},
    {"key": "pass", "name": "合格", "at_least": 70.5},
    {"key": "fail", "name": "不合格", "at_least": 0},
]


def test_grades_are_given_by_their_marks_and_near_ones_named():
    scene = make_choice_scene(places=None, kind="grade", grades=GRADES)
    run = propose(scene, {"places": None, "rules": [], "margin": 1.5}, basis="raw")
    scores = scores_of_call(scene.call)
    by_mark = {
        pk: "优秀" if s.raw >= 85 else "合格" if s.raw >= 70.5 else "不合格"
        for pk, s in scores.scores.items()
    }
    found = queries.outcomes(run)
    assert {pk: one.grade for pk, one in found.items()} == by_mark
    assert {pk: one.chosen for pk, one in found.items()} == {pk: g != "不合格" for pk, g in by_mark.items()}
    near = {row["candidate"] for row in run.result["near_ties"] if "margin" in row["reasons"]}
    assert near == {
        key_of(s.application) for s in scores.eligible if min(abs(s.raw - 85), abs(s.raw - 70.5)) <= 1.5
    }
    assert choosing.rerun_choice(run) == []
    choosing.adopt_choice(scene.user("office"), run, why="按分数线")
    assert {row.application.pk: row.grade for row in chosen_rows(scene.call)} == by_mark


def test_proposals_are_compared_where_they_differ():
    scene = make_choice_scene()
    runs = [propose(scene), propose(scene, plain_rules())]
    rows = queries.compare(runs)
    assert [row.application.number for row in rows[:2]] == [3, 8]
    assert [row.differs for row in rows] == [True, True] + [False] * 6


def test_nothing_is_left_when_the_ledger_fails(monkeypatch):
    scene = make_choice_scene()

    def broken(*args: Any, **values: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(choosing, "enter", broken)
    with pytest.raises(RuntimeError):
        propose(scene)
    assert ChoiceRun.objects.count() == 0
