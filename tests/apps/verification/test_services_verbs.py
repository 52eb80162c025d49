"""Verbs of examinations: what they leave behind, what they refuse, what the ledger then says."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.apps.verification.domain import services
from langqiao.apps.verification.domain.services.concluding import digest_of
from langqiao.apps.verification.models import (
    EXAMINATION_TRANSITIONS,
    Evidence,
    Examination,
    ExaminationState,
    Milestone,
)
from langqiao.apps.verification.rules import CENTRE_ROLE
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import registry
from tests.factories import verification_services as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def entries(examination: Examination) -> list[Entry]:
    return list(Entry.objects.filter(object=identifier(examination)).order_by("sequence"))


def test_a_whole_examination_leaves_its_record_and_nothing_sealed_in_the_ledger() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    done.refresh_from_db()
    assert (done.state, done.conclusion, done.trl_after) == ("concluded", "go", 5)
    assert done.case.startswith("LQ-")
    assert [(m.order, m.decision, m.spent) for m in done.milestones.all()] == [
        (1, "go", Decimal(18)),
        (2, "go", Decimal(18)),
    ]
    verbs = [e.verb for e in entries(done)]
    assert verbs == [
        "request_examination", "accept_examination", "plan_examination", "begin_examination",
        "add_evidence", "add_evidence", "record_finding", "decide_milestone", "record_finding",
        "decide_milestone", "assess_examination", "conclude_examination",
    ]  # fmt: skip
    for entry in Entry.objects.filter(case=done.case):
        assert entry.visibility == "parties"
        assert make.MARKER not in entry.data
        assert parties.expert.name not in entry.data
    assert not Notification.objects.filter(text__contains=make.MARKER).exists()
    assert not Notification.objects.filter(text__contains=done.title).exists()
    last = json.loads(entries(done)[-1].data)
    assert last["report_sm3"] == digest_of(
        done, list(done.milestones.order_by("order")), list(done.evidence.order_by("pk"))
    )
    assert last["trl"] == [3, 5, 5]
    assert verify().fault is None


@pytest.mark.parametrize("to", list(ExaminationState))
@pytest.mark.parametrize("now", list(ExaminationState))
def test_examinations_step_only_as_the_table_says(now: ExaminationState, to: ExaminationState) -> None:
    from langqiao.apps.verification.domain.services.shared import step

    examination = Examination(state=now)
    if to in EXAMINATION_TRANSITIONS[now]:
        step(examination, to)
        assert examination.state == to
    else:
        with pytest.raises(Refused, match=str(now.label)):
            step(examination, to)
        assert examination.state == now


def test_verbs_are_refused_outside_their_states() -> None:
    parties = make.make_parties()
    done = make.make_concluded(parties)
    milestone = done.milestones.first()
    boss, asker = parties.examiner, parties.asker
    for act in (
        lambda: services.accept_examination(boss, done),
        lambda: services.decline_examination(boss, done, why="太晚"),
        lambda: services.plan_examination(boss, done, **make.plan_values(parties)),
        lambda: services.begin(boss, done),
        lambda: services.record_finding(boss, milestone, finding="x", reached_on=timezone.localdate()),
        lambda: services.decide_milestone(boss, milestone, decision="go", why="x"),
        lambda: services.assess(boss, done, values={"problem": "x"}),
        lambda: make.make_evidence(parties, done),
        lambda: services.remove_evidence(boss, done.evidence.first()),
        lambda: services.conclude(boss, done, conclusion="go", reasons="x", trl_after=5),
        lambda: services.withdraw_examination(asker, done, why="x"),
    ):
        before = len(entries(done))
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.status == 409
        done.refresh_from_db()
        assert done.state == "concluded"
        assert len(entries(done)) == before


def test_a_request_needs_a_centre_that_is_one_and_is_not_the_client() -> None:
    parties = make.make_parties()
    firm = registry.make_organisation()
    with pytest.raises(Invalid, match="不是概念验证中心") as refusal:
        make.make_requested(make.Parties(**{**vars(parties), "centre": firm}))
    assert refusal.value.field == "centre"
    firm.roles.create(role=CENTRE_ROLE)
    assert make.make_requested(make.Parties(**{**vars(parties), "centre": firm})).centre == firm
    own = make.Parties(**{**vars(parties), "client": parties.centre, "asker": parties.examiner})
    with pytest.raises(Invalid, match="不能委托本机构"):
        make.make_requested(own)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"service": "other"}, "service"),
        ({"kind": "other"}, "kind"),
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"question": ""}, "question"),
        ({"case": "LQ-2020-999999"}, "case"),
        ({"case": "很" * 60}, "case"),
    ],
)
def test_a_wrong_request_names_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make.make_requested(make.make_parties(), **values)
    assert refusal.value.field == field
    assert not Examination.objects.exists()


def test_a_case_is_continued_by_those_who_can_know_of_it() -> None:
    parties = make.make_parties()
    first = make.make_requested(parties)
    again = make.make_requested(parties, service="business", case=f" {first.case} ")
    assert again.case == first.case
    stranger = make.make_parties()
    with pytest.raises(Invalid, match="台账中没有项目"):
        make.make_requested(stranger, case=first.case)
    console = services.request_examination(
        None, client=stranger.client, centre=stranger.centre, service="business", title="甲", question="乙",
        case=first.case,
    )  # fmt: skip
    assert console.case == first.case


def test_the_centre_declines_and_the_client_withdraws_with_reasons() -> None:
    parties = make.make_parties()
    one, two = make.make_requested(parties), make.make_under_way(parties)
    with pytest.raises(Invalid):
        services.decline_examination(parties.examiner, one, why=" ")
    services.decline_examination(parties.examiner, one, why="没有该领域的设备")
    services.withdraw_examination(parties.asker, two, why="项目调整")
    assert [(e.state, e.why) for e in Examination.objects.order_by("pk")] == [
        ("declined", "没有该领域的设备"),
        ("withdrawn", "项目调整"),
    ]
    assert "没有该领域" not in entries(one)[-1].data


def test_only_the_parties_act_each_on_its_side() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties)
    milestone = examination.milestones.first()
    assert milestone is not None
    today = timezone.localdate()
    by_centre = (
        lambda who: services.decide_milestone(who, milestone, decision="go", why="x"),
        lambda who: services.conclude(who, examination, conclusion="no_go", reasons="x"),
        lambda who: services.plan_examination(who, examination, **make.plan_values(parties)),
        lambda who: services.begin(who, examination),
        lambda who: services.accept_examination(who, examination),
        lambda who: services.decline_examination(who, examination, why="x"),
    )
    by_examiners = (
        lambda who: services.assess(who, examination, values={"problem": "x"}),
        lambda who: services.record_finding(who, milestone, finding="x", reached_on=today),
        lambda who: services.add_evidence(
            who, examination, file=BytesIO(b"x"), name="a.txt", what="x", kind="other"
        ),
    )
    strangers = make.make_strangers()
    for who in (parties.asker, parties.evaluator, *strangers.values()):
        for act in by_centre:
            with pytest.raises(NotAllowed):
                act(who)
    for who in (parties.asker, *strangers.values()):
        for act in by_examiners:
            with pytest.raises(NotAllowed):
                act(who)
    for act in by_examiners:  # a named expert examines too
        act(parties.evaluator)
    for who in (parties.examiner, parties.evaluator, *strangers.values()):
        with pytest.raises(NotAllowed):
            services.withdraw_examination(who, examination, why="x")
        with pytest.raises(NotAllowed):
            services.request_examination(
                who, client=parties.client, centre=parties.centre, service="business", title="a", question="b"
            )


# -- the plan ------------------------------------------------------------------------------------


def accepted(parties: make.Parties, **values: Any) -> Examination:
    return services.accept_examination(parties.examiner, make.make_requested(parties, **values))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "magic"}, "kind"),
        ({"trl_before": None}, "trl_before"),
        ({"trl_target": None}, "trl_target"),
        ({"trl_target": 10}, "trl_target"),
        ({"trl_before": 0}, "trl_before"),
        ({"trl_before": 6}, "trl_target"),
        ({"budget": Decimal(49)}, "budget"),
        ({"budget": None}, "budget"),
        ({"budget": Decimal(-1)}, "budget"),
        ({"budget": Decimal("NaN")}, "budget"),
        ({"milestones": [services.Step("", "x", timezone.localdate())]}, "milestones.1"),
        ({"milestones": [services.Step("甲", " ", timezone.localdate())]}, "milestones.1"),
        (
            {
                "milestones": [
                    services.Step("甲", "x", timezone.localdate()),
                    services.Step("乙", "x", timezone.localdate() - timedelta(days=1)),
                ]
            },
            "milestones.2",
        ),
        (
            {"milestones": [services.Step(f"第{n}", "x", timezone.localdate()) for n in range(21)]},
            "milestones",
        ),
        ({"milestones": [services.Step("甲", "x", timezone.localdate(), None, 2**70)]}, "milestones"),
    ],
)
def test_a_wrong_plan_names_its_field(values: dict[str, Any], field: str) -> None:
    parties = make.make_parties()
    examination = accepted(parties)
    with pytest.raises(Invalid) as refusal:
        services.plan_examination(parties.examiner, examination, **make.plan_values(parties, **values))
    assert refusal.value.field == field
    assert not Milestone.objects.exists()


def test_an_expert_of_the_client_or_a_maker_of_the_achievement_is_refused() -> None:
    parties = make.make_parties()
    maker = registry.make_person(name="完成人")
    own = registry.make_person(name="同事", organisation=parties.client)
    examination = accepted(parties, achievement=registry.make_achievement(people=[maker]))
    for person in (maker, own):
        with pytest.raises(Invalid, match=person.name) as refusal:
            services.plan_examination(
                parties.examiner, examination, **make.plan_values(parties, experts=[person])
            )
        assert refusal.value.field == "experts"


def test_a_plan_is_rewritten_until_the_work_begins() -> None:
    parties = make.make_parties()
    examination = make.make_planned(parties)
    first, second = examination.milestones.all()
    services.plan_examination(
        parties.examiner,
        examination,
        **make.plan_values(
            parties,
            milestones=[
                services.Step("新增", "标准", second.due, Decimal(10)),
                services.Step("批量试验（改）", "三十片一致", second.due, Decimal(50), second.pk),
            ],
            experts=[],
        ),
    )
    assert [(m.pk == second.pk, m.order, m.name) for m in examination.milestones.all()] == [
        (False, 1, "新增"),
        (True, 2, "批量试验（改）"),
    ]
    assert not Milestone.objects.filter(pk=first.pk).exists()
    assert not examination.experts.exists()
    services.begin(parties.examiner, examination)
    with pytest.raises(Refused, match="方案不能随意修改"):
        services.plan_examination(parties.examiner, examination, **make.plan_values(parties))


def test_nothing_begins_without_a_milestone() -> None:
    parties = make.make_parties()
    examination = accepted(parties)
    with pytest.raises(Refused, match="还没有里程碑"):
        services.begin(parties.examiner, examination)


def test_an_evaluation_needs_no_readiness() -> None:
    parties = make.make_parties()
    examination = accepted(parties, service="transfer")
    services.plan_examination(
        parties.examiner,
        examination,
        milestones=[services.Step("资料核查", "材料齐全", timezone.localdate())],
    )
    assert (examination.kind, examination.trl_before, examination.budget) == ("", None, None)


# -- milestones ----------------------------------------------------------------------------------


def test_milestones_are_passed_in_order_with_a_finding_first() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties)
    first, second = examination.milestones.all()
    with pytest.raises(Refused, match="还没有验证结果"):
        services.decide_milestone(parties.examiner, first, decision="go", why="x")
    with pytest.raises(Refused, match="还没有决策"):
        services.record_finding(parties.examiner, second, finding="x", reached_on=timezone.localdate())
    with pytest.raises(Invalid) as refusal:
        services.record_finding(
            parties.examiner, first, finding="x", reached_on=timezone.localdate() + timedelta(days=1)
        )
    assert refusal.value.field == "reached_on"
    make.pass_milestone(parties, first)
    with pytest.raises(Refused, match="已有决策"):
        services.record_finding(parties.examiner, first, finding="y", reached_on=timezone.localdate())
    with pytest.raises(Refused, match="已决策"):
        services.decide_milestone(parties.examiner, first, decision="no_go", why="后悔")


def test_a_no_go_ends_in_no_go_or_in_an_adjustment() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties)
    first, second = examination.milestones.all()
    make.pass_milestone(parties, first, "no_go")
    with pytest.raises(Refused, match="已决定终止"):
        services.record_finding(parties.examiner, second, finding="x", reached_on=timezone.localdate())
    services.assess(parties.examiner, examination, values=make.all_values("technical"))
    with pytest.raises(Refused, match="结论只能是"):
        services.conclude(parties.examiner, examination, conclusion="go", reasons="x", trl_after=4)
    with pytest.raises(Refused, match="只有“终止”可以改为"):
        services.decide_milestone(parties.examiner, first, decision="go", why="x")
    services.decide_milestone(parties.examiner, first, decision="adjust", why="换一种磨料再试")
    first.refresh_from_db()
    assert [(e["decision"], make.MARKER in e["why"]) for e in first.earlier] == [("no_go", True)]
    assert (first.decision, first.decided_why) == ("adjust", "换一种磨料再试")
    due = second.due + timedelta(days=60)
    services.plan_examination(
        parties.examiner,
        examination,
        **make.plan_values(
            parties, milestones=[services.Step("换磨料后批量试验", "一致", due, Decimal(30), second.pk)]
        ),
    )
    assert [(m.name, m.due) for m in examination.milestones.all()] == [
        ("单片试验", first.due),
        ("换磨料后批量试验", due),
    ]
    with pytest.raises(Refused, match="还有里程碑没有决策"):
        services.conclude(parties.examiner, examination, conclusion="go", reasons="x", trl_after=4)
    services.conclude(parties.examiner, examination, conclusion="no_go", reasons="经费用尽")
    examination.refresh_from_db()
    assert examination.conclusion == "no_go"


def test_a_milestone_with_a_finding_is_not_planned_away() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties)
    first, second = examination.milestones.all()
    make.pass_milestone(parties, first, "adjust")
    services.record_finding(parties.examiner, second, finding="初步", reached_on=timezone.localdate())
    with pytest.raises(Refused, match="已有验证结果"):
        services.plan_examination(parties.examiner, examination, **make.plan_values(parties, milestones=[]))
    assert examination.milestones.count() == 2


# -- assessment, evidence, conclusion ---------------------------------------------------------------


def test_values_are_merged_cleaned_and_refused_by_field() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties, service="business")
    services.assess(parties.examiner, examination, values={"market_size": "1200", "proof": "paid"})
    services.assess(parties.examiner, examination, values={"proof": "", "risks": " 有 "})
    assert examination.values == {"market_size": "1200.00", "risks": "有"}
    before = Entry.objects.count()
    services.assess(parties.examiner, examination, values={"risks": "有"})
    assert Entry.objects.count() == before
    for key, value in (
        ("nothing", "x"),
        ("proof", "gold"),
        ("market_size", -1),
        ("market_reach", 101),
        ("market_reach", -1),
        ("customers", ["x"]),
        ("break_even", 10**30),
    ):
        with pytest.raises(Invalid) as refusal:
            services.assess(parties.examiner, examination, values={key: value})
        assert refusal.value.field in (key, "values")


def test_evidence_on_which_a_decision_stands_stays() -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties)
    first = examination.milestones.first()
    assert first is not None
    loose = make.make_evidence(parties, examination)
    firm = make.make_evidence(parties, examination, milestone=first)
    make.pass_milestone(parties, first)
    assert json.loads(entries(examination)[-1].data)["evidence"] == [firm.digest]
    for act in (
        lambda: services.remove_evidence(parties.examiner, firm),
        lambda: make.make_evidence(parties, examination, milestone=first),
    ):
        with pytest.raises(Refused, match="证据不能增减"):
            act()
    services.remove_evidence(parties.examiner, loose)
    assert list(Evidence.objects.all()) == [firm]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"kind": "odd"}, "kind"), ({"what": " "}, "what"), ({"name": "a.exe"}, "file")],
)
def test_evidence_is_checked(values: dict[str, Any], field: str) -> None:
    parties = make.make_parties()
    examination = make.make_under_way(parties)
    with pytest.raises(Invalid) as refusal:
        make.make_evidence(parties, examination, **values)
    assert refusal.value.field == field
    stranger = make.make_under_way(make.make_parties())
    with pytest.raises(Invalid, match="不属于"):
        make.make_evidence(parties, examination, milestone=stranger.milestones.first())


def test_a_conclusion_needs_a_complete_assessment_reasons_and_conditions() -> None:
    parties = make.make_parties()
    examination = make.make_assessed(parties)
    services.assess(parties.examiner, examination, values={"opinion": ""})
    ask = {"reasons": "充分", "trl_after": 5}
    with pytest.raises(Refused, match="可行性意见"):
        services.conclude(parties.examiner, examination, conclusion="go", **ask)
    services.assess(parties.examiner, examination, values={"opinion": "可行"})
    for values, field in (
        ({"conclusion": "maybe"}, "conclusion"),
        ({"conclusion": "go", "reasons": ""}, "reasons"),
        ({"conclusion": "conditional"}, "conditions"),
        ({"conclusion": "go", "trl_after": 12}, "trl_after"),
        ({"conclusion": "go", "trl_after": None}, "trl_after"),
    ):
        examination.refresh_from_db()
        with pytest.raises(Invalid) as refusal:
            services.conclude(parties.examiner, examination, **{**ask, **values})
        assert refusal.value.field == field
    services.conclude(parties.examiner, examination, conclusion="conditional", conditions="补测", **ask)
    assert Examination.objects.get().conclusion == "conditional"
