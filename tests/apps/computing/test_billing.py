"""Prices and bills: every run is billed once, at the price of its day, to the cent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.computing.domain import billing
from langqiao.apps.computing.models import Bill, Price, Usage
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import computing as make
from tests.factories.accounts import make_member, make_office

pytestmark = pytest.mark.django_db
OCTOBER, TODAY = date(2026, 10, 1), date(2026, 11, 20)


def at(*parts: int) -> datetime:
    """A local time."""
    return timezone.make_aware(datetime(*parts))  # noqa: DTZ001  the site's zone is given here


def run(tenant: Any, end: datetime, seconds: str = "3600", **values: Any) -> Usage:
    """A run of the tenant that ended then, an hour after its start."""
    job = make.make_job(make.make_grant(tenant), state="done")
    values = {"starts_at": end - timedelta(hours=1), **values}
    return make.make_usage(job, ends_at=end, gpu_seconds=Decimal(seconds), **values)


def test_a_month_is_billed_once_by_model_and_price() -> None:
    campus = make.make_campus()
    make.make_price(campus)
    make.make_price(campus, from_on=date(2026, 10, 15), yuan_hour=Decimal("12.5"))
    make.make_price(campus, gpu_model="NPU", yuan_hour=Decimal("3.3333"))
    tenant = make.make_tenant(campus)
    member = make_member(tenant.organisation, Role.ENTERPRISE)
    early = run(tenant, at(2026, 9, 30, 10), "1800")  # reported late: it comes with this bill
    old = run(tenant, at(2026, 10, 2, 10), "5400.5")
    new = run(tenant, at(2026, 10, 31, 23, 59), "100")
    chip = run(tenant, at(2026, 10, 5, 8), "1000", gpu_model="NPU", is_domestic=True)
    after = run(tenant, at(2026, 11, 1, 0))
    bill = billing.make_bill(None, tenant, month=date(2026, 10, 9), today=TODAY)
    lines = list(bill.lines.values_list("gpu_model", "is_domestic", "gpu_hours", "yuan_hour", "amount"))
    assert lines == [
        ("G2", False, Decimal("2.0001"), Decimal(10), Decimal("20.00")),
        ("G2", False, Decimal("0.0278"), Decimal("12.5"), Decimal("0.35")),
        ("NPU", True, Decimal("0.2778"), Decimal("3.3333"), Decimal("0.93")),
    ]
    assert (bill.month, bill.amount, bill.state) == (OCTOBER, Decimal("21.28"), "open")
    assert set(bill.usage.all()) == {early, old, new, chip}
    after.refresh_from_db()
    assert after.bill is None
    assert Notification.objects.filter(user=member).count() == 1
    entries = Entry.objects.count()
    again = billing.make_bill(None, tenant, month=OCTOBER, today=TODAY)
    assert (again, Bill.objects.count(), Entry.objects.count()) == (bill, 1, entries)
    late = run(tenant, at(2026, 10, 20, 8))
    assert billing.make_bill(None, tenant, month=OCTOBER, today=TODAY) == bill
    november = billing.make_bill(None, tenant, month=date(2026, 11, 1), today=date(2026, 12, 1))
    assert set(november.usage.all()) == {after, late}


def test_what_cannot_be_billed_says_why_and_leaves_nothing() -> None:
    campus = make.make_campus()
    tenant = make.make_tenant(campus)
    with pytest.raises(Refused, match="没有未出账"):
        billing.make_bill(None, tenant, month=OCTOBER, today=TODAY)
    usage = run(tenant, at(2026, 10, 2, 10))
    with pytest.raises(Refused, match="没有价格"):
        billing.make_bill(None, tenant, month=OCTOBER, today=TODAY)
    make.make_price(campus, from_on=date(2026, 10, 3))
    with pytest.raises(Refused, match="没有价格"):
        billing.make_bill(None, tenant, month=OCTOBER, today=TODAY)
    with pytest.raises(Invalid) as refusal:
        billing.make_bill(None, tenant, month=OCTOBER, today=date(2026, 10, 31))
    assert refusal.value.field == "month"
    for actor in (make_office(), make_member(tenant.organisation), make.make_operator(make.make_campus())):
        with pytest.raises(NotAllowed):
            billing.make_bill(actor, tenant, month=OCTOBER, today=TODAY)
    usage.refresh_from_db()
    assert (usage.bill, Bill.objects.count()) == (None, 0)


def test_all_tenants_of_a_campus_at_once() -> None:
    campus = make.make_campus()
    make.make_price(campus)
    tenants = [make.make_tenant(campus) for _ in range(3)]
    for tenant in tenants[:2]:
        run(tenant, at(2026, 10, 2, 10))
    operator = make.make_operator(campus)
    made = billing.make_bills(operator, campus, month=OCTOBER, today=TODAY)
    assert [bill.tenant for bill in made] == tenants[:2]
    assert billing.make_bills(operator, campus, month=OCTOBER, today=TODAY) == []


def test_settling() -> None:
    campus = make.make_campus()
    bill = make.make_bill(make.make_tenant(campus))
    with pytest.raises(NotAllowed):
        billing.settle_bill(make_member(bill.tenant.organisation), bill)
    billing.settle_bill(make.make_operator(campus), bill)
    bill.refresh_from_db()
    assert bill.state == Bill.State.SETTLED
    with pytest.raises(Refused):
        billing.settle_bill(None, bill)


def test_prices_stand_and_never_change_what_was_billed() -> None:
    campus = make.make_campus()
    operator = make.make_operator(campus)
    values = {"gpu_model": "G2", "yuan_hour": "10", "from_on": date(2026, 1, 1)}
    price = billing.set_price(operator, campus, **values)
    assert billing.set_price(operator, campus, **values) == price
    with pytest.raises(Refused):
        billing.set_price(operator, campus, **{**values, "yuan_hour": "11"})
    for wrong in ("-1", "x", "NaN", "1.00001", "100001"):
        with pytest.raises(Invalid) as refusal:
            billing.set_price(operator, campus, **{**values, "yuan_hour": wrong})
        assert refusal.value.field == "yuan_hour"
    with pytest.raises(NotAllowed):
        billing.set_price(make_office(), campus, **values)
    tenant = make.make_tenant(campus)
    run(tenant, at(2026, 10, 2, 10))
    billing.make_bill(None, tenant, month=OCTOBER, today=TODAY)
    with pytest.raises(Refused, match="已有出账"):
        billing.set_price(operator, campus, **{**values, "from_on": date(2026, 10, 1)})
    billing.set_price(operator, campus, **{**values, "from_on": date(2026, 10, 3)})
    assert Price.objects.count() == 2
