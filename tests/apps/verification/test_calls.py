"""Verbs of the office on a call, one refusal at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.domain.calls import (
    cancel_call,
    draft_call,
    extend_call,
    publish_call,
    revise_call,
)
from langqiao.apps.verification.domain.steps import start_chain
from langqiao.apps.verification.models import Call, CallState
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import verification as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_field

pytestmark = pytest.mark.django_db


def last_entry() -> Entry:
    return Entry.objects.order_by("-sequence")[0]


def test_a_draft_gets_a_case_and_its_office_as_organiser() -> None:
    office = make_office()
    call = make.make_draft_call(office, title=" 示例征集 ", fields=[make_field()])
    assert call.case == f"LQ-{timezone.localdate().year}-000001"
    assert (call.title, call.state, call.created_by) == ("示例征集", CallState.DRAFT, office)
    assert call.organiser == office.memberships.get().organisation
    assert [field.slug for field in call.fields.all()] == ["materials"]
    assert call.form[0]["fields"][1]["required"] is False
    entry = last_entry()
    assert (entry.verb, entry.case, entry.visibility) == ("draft_call", call.case, "office")
    assert json.loads(entry.data) == {
        "kind": "recognise", "preset": "", "title_sm3": sm3_hex("示例征集".encode()),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"title": "\x01"}, "title"),
        ({"summary": "长" * 2_001}, "summary"),
        ({"guide": "长" * 20_001}, "guide"),
        ({"kind": "party"}, "kind"),
        ({"blindness": "triple"}, "blindness"),
        ({"places": 0}, "places"),
        ({"places": 10**30}, "places"),
        ({"reviews_per": 0}, "reviews_per"),
        ({"max_load": 2, "min_load": 3}, "min_load"),
        ({"conflict_years": -1}, "conflict_years"),
        ({"budget": Decimal(-1)}, "budget"),
        ({"chain": [{"kind": "party"}]}, "chain"),
        ({"opens_at": timezone.now() + timedelta(days=60)}, "closes_at"),
        ({"closes_at": datetime(2026, 1, 1)}, "closes_at"),  # noqa: DTZ001  no time zone: that is the fault
        ({"closes_at": datetime.max.replace(tzinfo=UTC)}, "closes_at"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make.make_draft_call(**values)
    assert refusal.value.field == field
    assert not Call.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"guide": ""}, "guide"),
        ({"form": []}, "form"),
        ({"chain": []}, "chain"),
        ({"criteria": []}, "criteria"),
        ({"places": None}, "places"),
        ({"kind": "grade", "grades": []}, "grades"),
        ({"closes_at": timezone.now() - timedelta(minutes=1)}, "closes_at"),
    ],
)
def test_publication_names_what_is_missing(values: dict[str, Any], field: str) -> None:
    call = make.make_draft_call(**values)
    with pytest.raises(Invalid) as refusal:
        publish_call(None, call)
    assert refusal.value.field == field
    call.refresh_from_db()
    assert call.state == CallState.DRAFT


def test_publication_is_public_in_the_ledger_with_the_digest_of_the_parts() -> None:
    call = make.make_call()
    assert (call.state, call.published_at) == (CallState.OPEN, call.opens_at)
    entry = last_entry()
    data = json.loads(entry.data)
    assert (entry.verb, entry.visibility, data["chain"]) == (
        "publish_call", "public", ["documents", "review", "conference", "notice", "issue"],
    )  # fmt: skip
    assert set(data) == {
        "title", "kind", "opens_at", "closes_at", "places", "chain", "parts_sm3", "illustrative",
    }  # fmt: skip
    assert len(data["parts_sm3"]) == 64


def test_a_call_may_open_later_and_close_when_the_office_says() -> None:
    later = timezone.now() + timedelta(days=3)
    call = make.make_call(opens_at=later, closes_at=None)
    assert (call.opens_at, call.closes_at) == (later, None)


@pytest.mark.parametrize(
    "values",
    [
        {"title": "另一个名称"}, {"guide": "另一份指南"}, {"places": 5}, {"form": make.FORM[:1]},
        {"criteria": make.CRITERIA[:1]}, {"chain": make.chain_of("issue")}, {"kind": "grade"},
        {"closes_at": timezone.now() + timedelta(days=90)}, {"blindness": "double"},
    ],
)  # fmt: skip
def test_what_applicants_rely_on_is_frozen_when_published(values: dict[str, Any]) -> None:
    call = make.make_call()
    with pytest.raises(Invalid) as refusal:
        revise_call(None, call, **values)
    assert refusal.value.field == next(iter(values))
    call.refresh_from_db()
    assert call.places == 2


def test_how_reviewing_is_organised_may_change_until_the_end() -> None:
    call = make.make_call()
    revise_call(None, call, reviews_per=5, max_load=8, panel={"city": {"at_most": 1}}, choice={"margin": 2})
    call.refresh_from_db()
    assert (call.reviews_per, call.max_load, call.panel) == (5, 8, {"city": {"at_most": 1}})
    assert json.loads(last_entry().data) == {"changed": ["choice", "max_load", "panel", "reviews_per"]}
    assert last_entry().visibility == "office"
    before = Entry.objects.count()
    revise_call(None, call, reviews_per=5)
    assert Entry.objects.count() == before


def test_a_draft_may_change_in_all() -> None:
    call = make.make_draft_call()
    revise_call(None, call, title="新名称", places=9, fields=[make_field("ai")])
    call.refresh_from_db()
    assert (call.title, call.places, call.fields.get().slug) == ("新名称", 9, "ai")


def test_a_deadline_moves_away_only_and_applicants_are_told() -> None:
    call = make.make_call()
    application = make.make_submitted(call)
    member = make.member_of(application.organisation)
    assert call.closes_at is not None
    for closes_at in (call.closes_at, timezone.now()):
        with pytest.raises(Invalid):
            extend_call(None, call, closes_at=closes_at, why="补充通知")
    later = call.closes_at + timedelta(days=7)
    with pytest.raises(Invalid):
        extend_call(None, call, closes_at=later, why=" ")
    extend_call(None, call, closes_at=later, why="节假日顺延")
    call.refresh_from_db()
    assert call.closes_at == later
    assert (last_entry().verb, last_entry().visibility) == ("extend_call", "public")
    told = Notification.objects.filter(user=member).values_list("text", flat=True)
    assert f"征集《{call.title}》的申报期限已延长。" in told
    make.let_close(call)
    extend_call(None, call, closes_at=timezone.now() + timedelta(days=1), why="系统维护")
    assert make.make_submitted(call).number == 2


def test_a_call_without_deadline_needs_no_extension() -> None:
    call = make.make_call(closes_at=None)
    with pytest.raises(Invalid):
        extend_call(None, call, closes_at=timezone.now() + timedelta(days=1), why="无")


def test_cancelling_needs_a_reason_and_ends_the_intake() -> None:
    call = make.make_call()
    application = make.make_application(call)
    with pytest.raises(Invalid):
        cancel_call(None, call, why="")
    call.refresh_from_db()
    cancel_call(None, call, why="政策调整")
    assert (call.state, last_entry().visibility) == (CallState.CANCELLED, "public")
    assert Notification.objects.filter(user=make.member_of(application.organisation)).exists()
    with pytest.raises(Refused):
        make.make_application(call)
    with pytest.raises(Refused):
        cancel_call(None, call, why="再次")


def test_a_draft_is_cancelled_quietly() -> None:
    call = make.make_draft_call()
    cancel_call(None, call, why="不办了")
    assert last_entry().visibility == "office"


def test_states_are_refused_with_those_that_allow_the_act() -> None:
    call = make.make_draft_call()
    with pytest.raises(Refused) as refusal:
        start_chain(None, call)
    assert refusal.value.mend == "须处于以下状态：征集中。"
    publish_call(None, call)
    with pytest.raises(Refused) as refusal:
        publish_call(None, call)
    assert refusal.value.why == "征集处于“征集中”状态，不能变为“征集中”。"


def test_only_an_office_that_is_not_recused_runs_a_call() -> None:
    office = make_office()
    stranger = make.make_applicant()[1]
    call = make.make_call(office)
    for act in (
        lambda user: draft_call(user, **make.call_values()),
        lambda user: revise_call(user, call, max_load=3),
        lambda user: cancel_call(user, call, why="无"),
    ):
        with pytest.raises(NotAllowed):
            act(stranger)
    organisation = make.make_submitted(call).organisation
    make.make_member(organisation, user=office)
    for act in (
        lambda user: revise_call(user, call, max_load=3),
        lambda user: extend_call(user, call, closes_at=timezone.now() + timedelta(days=99), why="无"),
        lambda user: cancel_call(user, call, why="无"),
        lambda user: start_chain(user, call),
    ):
        with pytest.raises(NotAllowed) as refusal:
            act(office)
        assert "回避" in refusal.value.why


def test_the_act_falls_with_its_ledger_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    call = make.make_draft_call()

    def fail(*_args: Any, **_values: Any) -> None:
        raise RuntimeError("the ledger is not there")

    monkeypatch.setattr("langqiao.apps.verification.domain.acts.record", fail)
    with pytest.raises(RuntimeError):
        publish_call(None, call)
    with pytest.raises(RuntimeError):
        make.make_draft_call()
    assert [c.state for c in Call.objects.all()] == [CallState.DRAFT]
