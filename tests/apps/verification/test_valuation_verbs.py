"""Verbs of valuations: what they leave behind, what they refuse, what the ledger then says."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.apps.verification.domain import valuation as verbs
from langqiao.apps.verification.domain.valuation.finishing import report_digest
from langqiao.apps.verification.models import VALUATION_TRANSITIONS, Valuation
from langqiao.apps.verification.queries.valuation import proved_digest, thread
from langqiao.engines.valuation import Method
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import registry
from tests.factories import verification_valuation as make
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db


def test_a_whole_valuation_leaves_its_record_and_no_amount_in_the_ledger() -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides, centre=sides.centre)
    verbs.revise_valuation(sides.appraiser, draft, study=make.study(), purpose="示例：作价入股")
    verbs.compute_valuation(sides.member, draft)
    final = verbs.finalise_valuation(sides.member, draft)
    final.refresh_from_db()
    assert (final.state, final.purpose) == ("final", "示例：作价入股")
    assert final.case.startswith("LQ-")
    assert [one["method"] for one in final.result["estimates"]] == ["royalty", "cost", "market", "option"]
    whole = final.result["whole"]["range"]
    assert whole["low"] < whole["middle"] < whole["high"]
    entries = thread(final)
    assert [e.verb for e in entries] == [
        "draft_valuation", "revise_valuation", "compute_valuation", "finalise_valuation",
    ]  # fmt: skip
    assert [e.organisation for e in entries] == [
        identifier(one) for one in (sides.owner, sides.centre, sides.owner, sides.owner)
    ]
    for entry in entries:
        assert entry.visibility == "parties"
        assert make.MARKER not in entry.data
        assert final.title not in entry.data
        assert f"{whole['middle']:.2f}"[:6] not in entry.data
    last = json.loads(entries[-1].data)
    assert last == {
        "inputs_sm3": final.receipt["inputs"],
        "methods": 4,
        "report_sm3": report_digest(final),
        "result_sm3": final.receipt["result"],
    }
    assert proved_digest(entries) == report_digest(final)
    assert verify().fault is None


def test_both_sides_are_told_of_the_end_and_the_words_hold_no_content() -> None:
    sides = make.make_sides()
    final = make.make_final(sides, centre=sides.centre)
    verbs.withdraw_valuation(sides.appraiser, final, why=f"假设有变。{make.MARKER}")
    told = list(Notification.objects.order_by("pk").values_list("user", "text"))
    assert told == [
        (sides.appraiser.pk, f"项目 {final.case} 的估值已定稿。"),
        (sides.member.pk, f"项目 {final.case} 的估值已作废。"),
    ]
    final.refresh_from_db()
    assert final.why == f"假设有变。{make.MARKER}"
    assert make.MARKER not in thread(final)[-1].data


@pytest.mark.parametrize("to", list(Valuation.State))
@pytest.mark.parametrize("now", list(Valuation.State))
def test_valuations_step_only_as_the_table_says(now: Any, to: Any) -> None:
    from langqiao.apps.verification.domain.valuation.shared import step

    valuation = Valuation(state=now)
    if to in VALUATION_TRANSITIONS[now]:
        step(valuation, to)
        assert valuation.state == to
    else:
        with pytest.raises(Refused, match=str(now.label)):
            step(valuation, to)


def test_what_is_final_does_not_change() -> None:
    sides = make.make_sides()
    final = make.make_final(sides)
    before = Entry.objects.count()
    for act in (
        lambda: verbs.revise_valuation(sides.member, final, title="改名"),
        lambda: verbs.compute_valuation(sides.member, final),
        lambda: verbs.finalise_valuation(sides.member, final),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.status == 409
        final.refresh_from_db()
        assert final.state == "final"
    assert Entry.objects.count() == before


def test_only_owner_and_centre_may_act() -> None:
    sides = make.make_sides()
    draft = make.make_computed(sides, centre=sides.centre)
    rival = make_member(registry.make_organisation(kind="enterprise"), Role.ENTERPRISE)
    office = make_member(registry.make_organisation(), Role.OFFICE)
    for stranger in (rival, office, make_user()):
        for act in (
            lambda who: verbs.draft_valuation(
                who, organisation=sides.owner, title="估值", valuation_date=make.DAY
            ),
            lambda who: verbs.revise_valuation(who, draft, title="改名"),
            lambda who: verbs.compute_valuation(who, draft),
            lambda who: verbs.finalise_valuation(who, draft),
            lambda who: verbs.withdraw_valuation(who, draft, why="x"),
        ):
            with pytest.raises(NotAllowed):
                act(stranger)
    assert verbs.revise_valuation(sides.appraiser, draft, title="改名").title == "改名"


def test_unfinished_inputs_are_kept_and_have_no_range() -> None:
    sides = make.make_sides()
    draft = make.make_computed(sides)
    verbs.revise_valuation(sides.member, draft, unfinished={"methods": ["dcf"], "margin-low": ["1\0x" * 900]})
    draft.refresh_from_db()
    assert draft.inputs == {"form": {"methods": ["dcf"], "margin-low": [("1x" * 900)[:2000]]}}
    assert (draft.result, draft.receipt) == ({}, {})
    for act in (verbs.compute_valuation, verbs.finalise_valuation):
        with pytest.raises(Refused, match="还没有填完"):
            act(sides.member, draft)
    with pytest.raises(Invalid, match="过多"):
        verbs.revise_valuation(sides.member, draft, unfinished={"methods": ["x"] * 4001})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"purpose": "长" * 201}, "purpose"),
        ({"valuation_date": None}, "valuation_date"),
        ({"valuation_date": date(1999, 12, 31)}, "valuation_date"),
        ({"case": "LQ-2020-999999"}, "case"),
        ({"study": {}}, "cases"),
        ({"study": make.study(make.royalty(royalty=make.quantity(0.3, 0.2, 0.4)))}, "cases.0.case.royalty"),
        ({"study": make.study(make.royalty(discount=make.quantity(0.1, 0.2, 1.4)))}, "cases.0.case.discount"),
        ({"study": make.study(make.market(at="2026-11-24"))}, "cases.0.case"),
        ({"valuation_date": date(2026, 11, 24), "study": make.study()}, "cases.0.case"),
    ],
)
def test_a_wrong_valuation_names_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make.make_draft(make.make_sides(), **values)
    assert refusal.value.field == field
    assert not Valuation.objects.exists()
    assert not Entry.objects.filter(app="verification").exists()


def test_a_centre_must_be_one_and_another() -> None:
    sides = make.make_sides()
    firm = registry.make_organisation()
    with pytest.raises(Invalid, match="不是概念验证中心"):
        make.make_draft(sides, centre=firm)
    with pytest.raises(Invalid, match="不能是权属单位自己"):
        make.make_draft(sides, centre=sides.owner)


def test_a_new_date_needs_a_study_of_that_date() -> None:
    sides = make.make_sides()
    draft = make.make_computed(sides)
    with pytest.raises(Invalid, match="基准日不一致"):
        verbs.revise_valuation(sides.member, draft, valuation_date=date(2026, 12, 1))
    draft.refresh_from_db()
    assert draft.valuation_date == make.DAY
    undated = make.study(make.cost())
    verbs.revise_valuation(sides.member, draft, valuation_date=date(2026, 12, 1), study=undated)
    assert draft.valuation_date == date(2026, 12, 1)


def test_a_case_may_go_on() -> None:
    sides = make.make_sides()
    from langqiao.apps.verification.sections_valuation import register

    register()
    first = make.make_draft(sides)
    assert make.make_draft(sides, case=first.case).case == first.case


def test_a_rerun_gives_what_the_receipt_says_and_tells_what_was_changed() -> None:
    sides = make.make_sides()
    draft = make.make_computed(sides)
    assert verbs.rerun_valuation(draft).same
    draft.result["whole"]["range"]["high"] *= 2
    found = verbs.rerun_valuation(draft)
    assert (found.inputs, found.result) == (True, False)
    draft.save(update_fields=["result"])
    with pytest.raises(Refused, match="重新计算"):
        verbs.finalise_valuation(sides.member, draft)
    verbs.compute_valuation(sides.member, draft)
    assert verbs.finalise_valuation(sides.member, draft).state == "final"


def test_a_report_digest_follows_every_part() -> None:
    sides = make.make_sides()
    final = make.make_final(sides)
    held = report_digest(final)
    for name, value in (("title", "改名"), ("purpose", "他用"), ("centre_id", sides.centre.pk)):
        before = getattr(final, name)
        setattr(final, name, value)
        assert report_digest(final) != held
        setattr(final, name, before)
    final.inputs["study"]["cases"][0]["case"]["royalty"]["base"] = 0.06
    assert report_digest(final) != held


def test_nothing_is_kept_when_the_ledger_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from langqiao.apps.verification.domain.valuation import working

    def broken(*_args: object, **_values: object) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(working, "enter_valuation", broken)
    with pytest.raises(RuntimeError):
        make.make_draft(make.make_sides())
    assert not Valuation.objects.exists()


def test_every_refusal_and_caution_of_the_engine_has_words() -> None:
    import re
    from pathlib import Path

    from langqiao.apps.verification.domain.valuation import terms
    from langqiao.engines import valuation as engine
    from langqiao.engines.valuation import CautionCode

    folder = Path(engine.__file__).parent
    raised = set()
    for path in folder.glob("*.py"):
        raised |= set(re.findall(r'BadInput\(\s*[^,]+,\s*"(\w+)"', path.read_text(encoding="utf-8")))
    assert raised
    assert raised <= set(terms.REFUSALS)
    assert set(CautionCode) - {CautionCode.DISJOINT} == set(terms.CAUTIONS)
    assert set(terms.METHODS) == set(Method)
