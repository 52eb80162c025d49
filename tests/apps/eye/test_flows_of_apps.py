"""Verbs of the apps count as flows: through the verbs themselves, by public entries that name no party."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.apps.challenges import domain as challenges
from langqiao.apps.challenges import flows as challenge_flows
from langqiao.apps.computing import flows as computing_flows
from langqiao.apps.computing.domain import billing, vouchers
from langqiao.apps.conference import domain as conference
from langqiao.apps.conference import flows as conference_flows
from langqiao.apps.ledger.flows import catch_up, flow_sums, kept_sums, plain_sums
from langqiao.apps.ledger.models import Entry, FlowParty
from langqiao.apps.quantum import flows as quantum_flows
from langqiao.apps.quantum.domain import deliveries
from langqiao.apps.registry import domain as registry
from langqiao.apps.registry import flows as registry_flows
from langqiao.apps.verification import flows as verification_flows
from langqiao.apps.verification.domain.results import experts_by_city
from tests.apps.quantum.test_deliveries import SEALED, receipt_of
from tests.factories import challenges as make_challenges
from tests.factories import computing as make_computing
from tests.factories import conference as make_conference
from tests.factories import quantum as make_quantum
from tests.factories import verification as make_verification
from tests.factories.registry import make_city, make_organisation, make_person

pytestmark = pytest.mark.django_db


def flows() -> list[tuple[str, str, str, int, Decimal]]:
    catch_up()
    assert kept_sums() == plain_sums()
    return [(s.kind, s.origin, s.destination, s.count, s.value) for s in flow_sums()]


def published(verb: str) -> dict[str, Any]:
    entry = Entry.objects.get(verb=verb)
    assert entry.visibility == "public"
    found: dict[str, Any] = json.loads(entry.data)
    return found


def test_a_contract_brings_technology_from_each_city_of_the_team() -> None:
    firm, boss = make_challenges.make_firm()
    university, researcher = make_challenges.make_university(city=make_city("hefei"))
    partner = make_organisation(kind="university", city=make_city("suzhou"))
    challenge = make_challenges.make_published(boss, firm)
    answer = make_challenges.make_answer(researcher, challenge, university)
    challenges.change_team(researcher, answer, members=[(partner, "")])
    challenges.submit_answer(researcher, answer)
    challenges.select_answer(boss, answer)
    assert flows() == []
    challenges.sign_contract(boss, challenge, amount=Decimal(9))
    place = challenge.city_id or ""
    assert flows() == [("technology", "hefei", place, 1, 1), ("technology", "suzhou", place, 1, 1)]
    assert {one.organisation for one in FlowParty.objects.all()} == {
        f"registry.organisation:{org.pk}" for org in (firm, university, partner)
    }


def test_an_expert_who_goes_to_another_city() -> None:
    person = make_person(city=make_city("hefei"))
    make_city("suzhou")
    registry.revise_person(None, person, title="教授")
    assert flows() == []
    registry.revise_person(None, person, city="suzhou")
    assert flows() == [("talent", "hefei", "suzhou", 1, 1)]


def test_the_investment_in_a_project_follows_what_is_stated_last() -> None:
    make_conference.make_cities()
    builder = make_organisation(code="B-1", city=make_city("hefei"))
    stated = {"code": "H-9", "kind": "园区", "title": "示例园区", "illustrative": "是", "city": "松江"}
    conference.upsert_project(None, stated)
    conference.upsert_project(None, {"code": "H-9", "investment": "500"})
    assert flows() == []  # nobody is named from whose city it comes
    conference.upsert_project(None, {"code": "H-9", "organisation": builder.code})
    assert flows() == [("capital", "hefei", "songjiang", 1, 500)]
    conference.upsert_project(None, {"code": "H-9", "investment": "620.5"})
    assert flows() == [("capital", "hefei", "songjiang", 2, Decimal("620.5"))]
    conference.upsert_project(None, {"code": "H-9", "city": "苏州"})
    assert flows() == [
        ("capital", "hefei", "suzhou", 1, Decimal("620.5")), ("capital", "hefei", "songjiang", 3, 0),
    ]  # fmt: skip


def test_billed_computing_goes_to_the_tenant_s_city_and_names_nobody() -> None:
    campus = make_computing.make_campus()
    make_computing.make_price(campus)
    tenant = make_computing.make_tenant(campus, organisation=make_organisation(city=make_city("hefei")))
    job = make_computing.make_job(make_computing.make_grant(tenant), state="done")
    from tests.apps.computing.test_billing import at

    make_computing.make_usage(
        job, starts_at=at(2026, 10, 2, 8), ends_at=at(2026, 10, 2, 10), gpu_seconds=Decimal("5400.5")
    )
    billing.make_bill(None, tenant, month=date(2026, 10, 1), today=date(2026, 11, 20))
    assert published("publish_usage") == {
        "to": "hefei", "month": "2026-10", "gpu_seconds": 5401, "illustrative": True
    }  # fmt: skip
    assert [row[:4] for row in flows()] == [("computing", "songjiang", "hefei", 1)]
    entry = Entry.objects.get(verb="publish_usage")
    assert str(tenant.organisation_id) not in entry.organisation.split(":")
    assert entry.case == ""


def test_entries_of_real_users_say_nothing_of_examples() -> None:
    campus = make_computing.make_campus(illustrative=False)
    firm = make_organisation(city=make_city("suzhou"))
    tenant = make_computing.make_tenant(campus, organisation=firm, illustrative=False)
    voucher = make_computing.make_voucher(
        make_computing.make_scheme(city=make_city("suzhou")), organisation=firm, illustrative=False
    )
    bill = make_computing.make_bill(tenant, lines=((1000, True),))
    vouchers.redeem(None, voucher, bill, amount=Decimal(10))
    delivery = make_quantum.make_delivery(illustrative=False)
    deliveries.seal_delivery(None, delivery, **SEALED)
    deliveries.send_delivery(None, delivery)
    deliveries.receive_delivery(None, delivery, receipt=receipt_of(delivery))
    assert published("publish_redemption") == {"to": "songjiang", "yuan": "10.00"}
    assert published("publish_keys") == {"to": "jiaxing", "keys": 4}


def test_a_redeemed_voucher_pays_in_the_campus_s_city() -> None:
    firm = make_organisation(city=make_city("suzhou"))
    voucher = make_computing.make_voucher(
        make_computing.make_scheme(city=make_city("suzhou")), organisation=firm
    )
    bill = make_computing.make_bill(make_computing.make_tenant(organisation=firm), lines=((1000, True),))
    vouchers.redeem(None, voucher, bill, amount=Decimal("250.25"))
    assert published("publish_redemption") == {"to": "songjiang", "yuan": "250.25", "illustrative": True}
    assert flows() == [("capital", "suzhou", "songjiang", 1, Decimal("0.025025"))]


def test_keys_of_a_received_delivery_go_between_the_sites_cities() -> None:
    delivery = make_quantum.make_delivery()
    deliveries.seal_delivery(None, delivery, **SEALED)
    deliveries.send_delivery(None, delivery)
    assert flows() == []
    deliveries.receive_delivery(None, delivery, receipt=receipt_of(delivery))
    assert published("publish_keys") == {"to": "jiaxing", "keys": 4, "illustrative": True}
    assert flows() == [("keys", "songjiang", "jiaxing", 1, 4)]
    assert Entry.objects.get(verb="publish_keys").case == ""


def test_experts_are_counted_by_city_where_three_or_more_came_from() -> None:
    call = make_verification.make_running(1)
    application, round = call.applications.get(), make_verification.make_round(call)
    cities = ["hefei"] * 3 + ["suzhou"] * 2
    for slug in cities:
        reviewer = make_verification.make_reviewer(call, person=make_person(city=make_city(slug)))
        make_verification.make_review(round, application, reviewer, state="submitted")
    assert experts_by_city(call) == {"hefei": 3}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("from", "to", "keys", "yuan", "gpu_seconds", "changes", "invested", "experts")
READERS = (
    challenge_flows.contracts,
    registry_flows.moves,
    conference_flows.investments,
    computing_flows.usage,
    computing_flows.redemptions,
    quantum_flows.keys,
    verification_flows.reviewing,
)


@settings(max_examples=60)
@given(data=st.dictionaries(st.sampled_from(KEYS), JSON | st.fixed_dictionaries({"city": JSON})))
def test_readers_take_whatever_an_entry_holds(data: dict[str, Any]) -> None:
    entry = Entry(sequence=1, city="hefei", organisation="registry.organisation:1")
    for reader in READERS:
        for flow in reader(entry, data):
            assert isinstance(flow.quantity, int)
            assert isinstance(flow.origin, str)
            assert all(isinstance(party, str) for party in flow.parties)
