"""Vouchers: what is issued and paid stays within every cap, pool, share and term; nothing is paid twice."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from langqiao.apps.accounts.models import Notification
from langqiao.apps.computing.domain import vouchers
from langqiao.apps.computing.models import Bill, Redemption, Voucher
from langqiao.apps.computing.queries.vouchers import (
    issue_limits,
    payable_bills,
    redeem_limits,
    scheme_figures,
    shares,
    tightest,
)
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import computing as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


def issue(scheme: Any, amount: Any, firm: Any = None, **more: Any) -> Voucher:
    return vouchers.issue_voucher(
        None,
        scheme,
        **{
            "organisation": firm or make_organisation(),
            "amount": amount,
            "expires_on": make.today() + YEAR,
            **more,
        },
    )


def limits(voucher: Voucher, bill: Bill) -> dict[str, Decimal]:
    return {limit.key: limit.left for limit in redeem_limits(voucher, bill, make.today())}


def scheme_values(**more: Any) -> dict[str, Any]:
    return {
        "name": "算力券",
        "city": make_city(),
        "share_domestic": 30,
        "share_other": 20,
        "starts_on": date(2025, 7, 28),
        "source_name": "文件",
        "source_date": date(2025, 7, 28),
        **more,
    }


def test_the_office_registers_and_revises_a_scheme_in_public() -> None:
    scheme = vouchers.register_scheme(make_office(), **scheme_values(cap_firm_year=Decimal(8_000_000)))
    vouchers.revise_scheme(None, scheme, pool_year=Decimal(250000000))
    assert (scheme.cap_firm_year, scheme.pool_year) == (Decimal(8_000_000), Decimal(250_000_000))
    assert {(e.verb, e.visibility) for e in Entry.objects.all()} == {
        ("register_scheme", Visibility.PUBLIC),
        ("revise_scheme", Visibility.PUBLIC),
    }
    for person in (make_user(), make_liaison(make_city()), make_member(make_organisation())):
        with pytest.raises(NotAllowed):
            vouchers.register_scheme(person, **scheme_values())
        with pytest.raises(NotAllowed):
            vouchers.revise_scheme(person, scheme, share_other=100)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"share_domestic": 101}, "share_domestic"),
        ({"share_other": -1}, "share_other"),
        ({"cap_firm_year": Decimal("0.001")}, "cap_firm_year"),
        ({"pool_year": Decimal("NaN")}, "pool_year"),
        ({"pool_total": Decimal(10) ** 20}, "pool_total"),
        ({"city": None}, "city"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": date(2025, 7, 27)}, "ends_on"),
        ({"source_name": ""}, "source_name"),
        ({"source_date": None}, "source_name"),
    ],
)
def test_wrong_schemes_are_refused_by_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        vouchers.register_scheme(None, **scheme_values(**wrong))
    assert refusal.value.field == field


def test_an_issue_keeps_the_cap_per_firm_and_calendar_year() -> None:
    scheme, firm = make.make_scheme(cap_firm_year=Decimal(1000)), make_organisation()
    member = make_member(firm)
    first = issue(scheme, Decimal(600), firm)
    assert {n.user for n in Notification.objects.all()} == {member}
    with pytest.raises(Invalid) as refusal:
        issue(scheme, Decimal("400.01"), firm)
    assert (refusal.value.field, "400.00" in refusal.value.why) == ("amount", True)
    issue(scheme, Decimal(400), firm)
    issue(scheme, Decimal(1000))  # another firm has a cap of its own
    with pytest.raises(Invalid):
        issue(scheme, Decimal("0.01"), firm)
    # What is revoked is free again; last year's vouchers do not count.
    vouchers.revoke_voucher(None, first, why="退出")
    Voucher.objects.filter(organisation=firm, amount=400).update(issued_on=make.today() - 2 * YEAR)
    assert tightest(issue_limits(scheme, firm, make.today())).left == 1000
    assert len({v.number for v in Voucher.objects.all()}) == 3


def test_an_issue_keeps_the_pools() -> None:
    scheme = make.make_scheme(cap_firm_year=None, pool_year=Decimal(1000), pool_total=Decimal(1500))
    old = issue(scheme, Decimal(900))
    Voucher.objects.filter(pk=old.pk).update(issued_on=make.today() - YEAR)
    issue(scheme, Decimal(600))
    left = {limit.key: limit.left for limit in issue_limits(scheme, make_organisation(), make.today())}
    assert left == {"pool_year": Decimal(400), "pool_total": Decimal(0)}
    with pytest.raises(Invalid) as refusal:
        issue(scheme, Decimal(1))
    assert "总额" in refusal.value.why
    figures = scheme_figures(scheme)
    assert (figures.issued_year, figures.issued, figures.vouchers, figures.firms) == (600, 1500, 2, 2)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("1.001")}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"expires_on": make.today() - timedelta(days=1)}, "expires_on"),
        ({"expires_on": make.today() + 4 * YEAR}, "expires_on"),
        ({"expires_on": None}, "expires_on"),
    ],
)
def test_wrong_vouchers_are_refused_by_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        issue(make.make_scheme(), **{"amount": Decimal(1), **wrong})
    assert refusal.value.field == field


def test_a_voucher_goes_to_firms_of_the_place_alone_and_while_the_scheme_runs() -> None:
    scheme = make.make_scheme(city=make_city("hangzhou"))
    with pytest.raises(Invalid) as refusal:
        issue(scheme, Decimal(1))
    assert refusal.value.field == "organisation"
    issue(scheme, Decimal(1), make_organisation(city=make_city("hangzhou")))
    # An area larger than a city takes in the cities of its province.
    shanghai = make.make_scheme(city=None, area="上海市")
    issue(shanghai, Decimal(1))
    for firm in (make_organisation(city=make_city("hefei")), make_organisation(city=None)):
        with pytest.raises(Invalid):
            issue(shanghai, Decimal(1), firm)
    day = make.today()
    for term in ({"starts_on": day + YEAR}, {"ends_on": day - timedelta(days=1)}):
        with pytest.raises(Refused):
            issue(make.make_scheme(**term), Decimal(1))
    with pytest.raises(Invalid) as refusal:
        issue(make.make_scheme(ends_on=day + timedelta(days=5)), Decimal(1))
    assert refusal.value.field == "expires_on"


def test_the_city_s_liaison_and_the_office_issue_and_revoke() -> None:
    scheme, firm = make.make_scheme(), make_organisation()
    for person in (make_liaison(make_city("hefei")), make_member(firm), make_user()):
        with pytest.raises(NotAllowed):
            vouchers.issue_voucher(
                person, scheme, organisation=firm, amount=Decimal(1), expires_on=make.today()
            )
    liaison = make_liaison(make_city())
    voucher = vouchers.issue_voucher(
        liaison, scheme, organisation=firm, amount=Decimal(1), expires_on=make.today()
    )
    with pytest.raises(NotAllowed):
        vouchers.revoke_voucher(make_member(firm), voucher, why="x")
    with pytest.raises(Invalid):
        vouchers.revoke_voucher(liaison, voucher, why="")
    voucher.refresh_from_db()
    vouchers.revoke_voucher(make_office(), voucher, why="违规")
    with pytest.raises(Refused):
        vouchers.revoke_voucher(liaison, voucher, why="x")
    assert not [e for e in Entry.objects.all() if "违规" in e.data]


def pair(
    *, lines: Any = ((1000, True), (1000, False)), scheme: Any = None, **values: Any
) -> tuple[Voucher, Bill]:
    """A voucher and an open bill of one firm."""
    firm = make_organisation()
    voucher = make.make_voucher(scheme, organisation=firm, **values)
    return voucher, make.make_bill(make.make_tenant(organisation=firm), lines=lines)


def test_a_voucher_pays_the_share_of_domestic_and_of_other_chips() -> None:
    voucher, bill = pair()
    assert shares(voucher.scheme, bill) == (Decimal(300), Decimal(200))
    with pytest.raises(Invalid) as refusal:
        vouchers.redeem(None, voucher, bill, amount=Decimal("500.01"))
    assert "500.00" in refusal.value.why
    voucher.refresh_from_db()
    paid = vouchers.redeem(make_member(voucher.organisation), voucher, bill)
    bill.refresh_from_db()
    assert (paid.amount, voucher.spent, bill.by_voucher) == (500, 500, 500)
    assert Entry.objects.get(verb="redeem").visibility == Visibility.PARTIES


def test_a_voucher_for_domestic_chips_pays_for_those_alone() -> None:
    voucher, bill = pair(domestic_only=True)
    assert limits(voucher, bill) == {
        "voucher": 10000, "bill": 2000, "share": 500, "domestic": 300, "cap": 8_000_000,
    }  # fmt: skip
    assert vouchers.redeem(None, voucher, bill).amount == 300
    # A second one of the same scheme finds nothing domestic left; a free one finds the rest.
    same = {"organisation": voucher.organisation}
    with pytest.raises(Invalid):
        vouchers.redeem(None, make.make_voucher(voucher.scheme, domestic_only=True, **same), bill)
    assert vouchers.redeem(None, make.make_voucher(voucher.scheme, **same), bill).amount == 200


def test_a_bill_of_other_chips_is_none_of_a_domestic_voucher_s() -> None:
    voucher, bill = pair(domestic_only=True, lines=((1000, False),))
    with pytest.raises(Invalid) as refusal:
        vouchers.redeem(None, voucher, bill)
    assert "国产芯片" in refusal.value.why


def test_a_share_is_rounded_down() -> None:
    voucher, bill = pair(lines=(("0.09", True), ("33.33", False)))
    assert shares(voucher.scheme, bill) == (Decimal("0.02"), Decimal("6.66"))
    assert vouchers.redeem(None, voucher, bill).amount == Decimal("6.68")


def test_a_pair_is_paid_once() -> None:
    voucher, bill = pair()
    stale = Voucher.objects.get(pk=voucher.pk), Bill.objects.get(pk=bill.pk)
    vouchers.redeem(None, voucher, bill, amount=Decimal(1))
    for again in ((voucher, bill), stale):
        with pytest.raises(Refused):
            vouchers.redeem(None, *again, amount=Decimal(1))
    voucher.refresh_from_db()
    assert (voucher.spent, Redemption.objects.count()) == (1, 1)
    assert payable_bills(voucher) == []


def test_payment_keeps_cap_and_pools_of_the_calendar_year() -> None:
    scheme = make.make_scheme(
        cap_firm_year=Decimal(700), pool_year=Decimal(900), pool_total=Decimal(1300), share_other=100
    )
    voucher, bill = pair(scheme=scheme, lines=((600, False),))
    make.make_redemption(voucher, bill, amount=600)
    other = make.make_bill(bill.tenant, month=date(2024, 1, 1))
    assert limits(voucher, other) == {
        "voucher": 9400, "bill": 1000, "share": 1000, "cap": 100, "pool_year": 300, "pool_total": 700,
    }  # fmt: skip
    assert vouchers.redeem(None, voucher, other).amount == 100
    # What was paid in another year counts for the whole pool alone.
    Redemption.objects.update(at="2023-06-01T00:00:00+08:00")
    third = make.make_bill(bill.tenant, month=date(2024, 2, 1))
    found = limits(voucher, third)
    assert (found["cap"], found["pool_year"], found["pool_total"]) == (700, 900, 600)
    stranger, far = pair(scheme=scheme)
    assert limits(stranger, far)["cap"] == 700


def test_terms_states_and_owners() -> None:
    day = make.today()
    for changes, of_bill in (
        ({"state": "revoked"}, {}),
        ({"issued_on": day - YEAR, "expires_on": day - timedelta(days=1)}, {}),
        ({}, {"state": "settled"}),
        ({}, {"month": date(2019, 12, 1)}),
        ({"scheme": make.make_scheme(ends_on=day - timedelta(days=1))}, {}),
    ):
        voucher, bill = pair(**changes)
        Bill.objects.filter(pk=bill.pk).update(**of_bill)
        with pytest.raises(Refused):
            vouchers.redeem(None, voucher, bill)
    voucher, _own = pair()
    with pytest.raises(Invalid) as refusal:
        vouchers.redeem(None, voucher, make.make_bill())
    assert refusal.value.field == "bill"
    for person in (make_user(), make_office(), make_liaison(make_city()), make_member(make_organisation())):
        with pytest.raises(NotAllowed):
            vouchers.redeem(person, voucher, _own)
    assert not Redemption.objects.exists()


def test_bills_that_may_be_paid_say_which_bound_decides() -> None:
    voucher, bill = pair(amount=Decimal(50))
    make.make_bill(bill.tenant, month=date(2024, 3, 1), lines=((100, False),))
    make.make_bill(bill.tenant, month=date(2024, 4, 1), state="settled")
    make.make_bill()
    found = payable_bills(voucher)
    assert [(row.bill.month.year, row.left, row.limit.key) for row in found] == [
        (2024, Decimal(20), "share"),
        (bill.month.year, Decimal(50), "voucher"),
    ]


class Bounds(TestCase):
    """Whatever is tried in whatever order, no bound is passed."""

    @settings(max_examples=12, deadline=None)
    @given(
        tries=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 60_000)), max_size=10),
        cap=st.integers(1, 800),
        pool=st.integers(1, 1200),
    )
    def test_no_bound_is_ever_passed(self, tries: list[tuple[int, int, int]], cap: int, pool: int) -> None:
        scheme = make.make_scheme(cap_firm_year=Decimal(cap), pool_year=Decimal(pool))
        firm = make_organisation()
        tenant = make.make_tenant(organisation=firm)
        held = [
            make.make_voucher(scheme, organisation=firm, amount=Decimal(400), domestic_only=n == 0)
            for n in range(3)
        ]
        bills = [
            make.make_bill(tenant, month=date(2024, n + 1, 1), lines=((700, True), (500, False)))
            for n in range(3)
        ]
        for voucher, bill, cents in tries:
            try:
                vouchers.redeem(None, held[voucher], bills[bill], amount=Decimal(cents) / 100)
            except Refused:
                held[voucher].refresh_from_db()
                bills[bill].refresh_from_db()
        rows = list(Redemption.objects.select_related("voucher", "bill"))
        total = sum((row.amount for row in rows), Decimal(0))
        assert total <= min(cap, pool)
        for voucher in Voucher.objects.all():
            assert (
                voucher.spent == sum(r.amount for r in rows if r.voucher_id == voucher.pk) <= voucher.amount
            )
        for bill in Bill.objects.all():
            of_bill = [r for r in rows if r.bill_id == bill.pk]
            assert bill.by_voucher == sum(r.amount for r in of_bill) <= 310
            assert sum(r.amount for r in of_bill if r.voucher.domestic_only) <= 210
