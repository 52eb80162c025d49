"""A campus with servers, tenants, grants, vouchers, jobs and bills, saved straight to the database.

No ledger entries and no checks: what the verbs of ``apps.computing.domain`` do is tested on top of this.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.computing.models import (
    Bill,
    BillLine,
    Building,
    Campus,
    CityQuota,
    Claim,
    Grant,
    Hall,
    Job,
    Price,
    Rack,
    Reading,
    Redemption,
    Request,
    Scheme,
    Server,
    Slot,
    Tenant,
    Usage,
    Voucher,
)
from tests.factories.accounts import make_member
from tests.factories.registry import make_city, make_organisation

_numbers = count(1)
MARKER = "密算青瓦二七四九"  # stands in what is not public; must never reach who may not read it


def today() -> date:
    """The date in the site's time zone."""
    return timezone.localdate()


def make_case() -> str:
    """A case number that no verb has written yet."""
    return f"LQ-2020-{next(_numbers):06}"


def make_campus(**values: Any) -> Campus:
    """A computing centre in Songjiang with an operator of its own."""
    number = next(_numbers)
    if "operator" not in values:
        values["operator"] = make_organisation(name=f"示例运营{number}")
    if "city" not in values:
        values["city"] = make_city()
    return Campus.objects.create(**{"name": f"示例智算中心{number}", "illustrative": True, **values})


def make_operator(campus: Campus) -> User:
    """A person who runs the campus (算力运营方)."""
    return make_member(campus.operator, Role.COMPUTING_OPERATOR)


def make_claim(campus: Campus | None = None, **values: Any) -> Claim:
    """A dated statement of the planned buildings."""
    return Claim.objects.create(
        campus=campus or make_campus(),
        **{
            "quantity": Claim.Quantity.BUILDINGS_PLANNED,
            "value": Decimal(16),
            "unit": "栋",
            "stated_on": "2023-05-10",
            "source_name": "示例来源",
            "illustrative": True,
            **values,
        },
    )


def make_reading(campus: Campus | None = None, **values: Any) -> Reading:
    """A metered month with a PUE of 1.2."""
    return Reading.objects.create(
        campus=campus or make_campus(),
        **{
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2026, 1, 31),
            "facility_kwh": 120_000.0,
            "it_kwh": 100_000.0,
            "basis": Reading.Basis.METERED,
            "illustrative": True,
            **values,
        },
    )


def make_building(campus: Campus | None = None, **values: Any) -> Building:
    """A building of 2,500 racks that was delivered in 2023."""
    return Building.objects.create(
        campus=campus or make_campus(),
        **{
            "number": next(_numbers) % 30_000,
            "racks_designed": 2500,
            "delivered_on": date(2023, 5, 1),
            "illustrative": True,
            **values,
        },
    )


def make_hall(building: Building | None = None, **values: Any) -> Hall:
    """A hall of 200 racks with 2,400 kW of power and of cooling."""
    return Hall.objects.create(
        building=building or make_building(),
        **{
            "name": f"机房{next(_numbers)}",
            "racks": 200,
            "power_kw": 2400.0,
            "cooling_kw": 2400.0,
            **values,
        },
    )


def make_rack(hall: Hall | None = None, **values: Any) -> Rack:
    """A rack of 12 kW in row A."""
    return Rack.objects.create(
        hall=hall or make_hall(),
        **{"row": "A", "name": f"A{next(_numbers):03}", "power_kw": 12.0, **values},
    )


def make_server(rack: Rack | None = None, **values: Any) -> Server:
    """A ready server: 96 cores, 512 GiB, eight GPUs of the model G2."""
    return Server.objects.create(
        rack=rack or make_rack(),
        **{
            "name": f"sv-{next(_numbers):05}",
            "cpu_milli": 96_000,
            "memory_mib": 524_288,
            "gpus": 8,
            "gpu_model": "G2",
            "illustrative": True,
            **values,
        },
    )


def make_city_quota(campus: Campus | None = None, **values: Any) -> CityQuota:
    """Sixty-four GPUs for Songjiang."""
    if "city" not in values:
        values["city"] = make_city()
    return CityQuota.objects.create(campus=campus or make_campus(), **{"gpu_milli": 64_000, **values})


def make_tenant(campus: Campus | None = None, **values: Any) -> Tenant:
    """A new firm with a quota of eight GPUs."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return Tenant.objects.create(
        campus=campus or make_campus(), **{"gpu_milli": 8000, "illustrative": True, **values}
    )


def make_request(campus: Campus | None = None, **values: Any) -> Request:
    """A submitted request of a new firm: four GPUs, 1,000 GPU hours, from today on for ninety days."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return Request.objects.create(
        campus=campus or make_campus(),
        **{
            "case": make_case(),
            "title": f"示例训练{next(_numbers)}",
            "gpus": 4,
            "gpu_hours": 1000,
            "starts_on": today(),
            "ends_on": today() + timedelta(days=90),
            "state": Request.State.SUBMITTED,
            "submitted_at": timezone.now(),
            "illustrative": True,
            **values,
        },
    )


def make_grant(tenant: Tenant | None = None, **values: Any) -> Grant:
    """An active grant of four GPUs and 1,000 GPU hours to the tenant, on an approved request of its own.

    Args:
        values: fields of the grant; ``case`` and ``chips`` go to the request.
    """
    tenant = tenant or make_tenant()
    about = {name: values.pop(name) for name in ("case", "chips", "title") if name in values}
    if "request" not in values:
        values["request"] = make_request(
            tenant.campus,
            organisation=tenant.organisation,
            state=Request.State.APPROVED,
            decided_at=timezone.now(),
            **about,
        )
    return Grant.objects.create(
        tenant=tenant,
        **{
            "gpus": 4,
            "gpu_hours": 1000,
            "starts_on": today(),
            "ends_on": today() + timedelta(days=90),
            **values,
        },
    )


def make_scheme(**values: Any) -> Scheme:
    """A scheme of Songjiang since 2020: 30 % on domestic chips, 20 % on others, 8 M yuan a firm and year."""
    if "city" not in values:
        values["city"] = make_city()
    return Scheme.objects.create(
        **{
            "name": f"示例算力券{next(_numbers)}",
            "share_domestic": 30,
            "share_other": 20,
            "cap_firm_year": Decimal("8000000.00"),
            "starts_on": date(2020, 1, 1),
            "illustrative": True,
            **values,
        }
    )


def make_voucher(scheme: Scheme | None = None, **values: Any) -> Voucher:
    """A voucher of 10,000 yuan of a new firm, issued today for a year."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return Voucher.objects.create(
        scheme=scheme or make_scheme(),
        **{
            "number": f"Q-{next(_numbers):06}",
            "amount": Decimal("10000.00"),
            "issued_on": today(),
            "expires_on": today() + timedelta(days=365),
            "illustrative": True,
            **values,
        },
    )


def make_job(grant: Grant | None = None, **values: Any) -> Job:
    """A queued job of one GPU with eight cores and 64 GiB for an hour."""
    grant = grant or make_grant()
    return Job.objects.create(
        grant=grant,
        campus=grant.tenant.campus,
        **{
            "case": grant.request.case,
            "name": f"作业{next(_numbers)}",
            "cpu_milli": 8000,
            "memory_mib": 65_536,
            "gpus": 1,
            "estimate": 3600,
            "token": f"t-{next(_numbers)}",
            "submitted_at": timezone.now(),
            **values,
        },
    )


def make_slot(job: Job | None = None, server: Server | None = None, **values: Any) -> Slot:
    """GPU 0 of a server, whole, held by the first part of a job."""
    return Slot.objects.create(
        job=job or make_job(state=Job.State.RUNNING, started_at=timezone.now()),
        server=server or make_server(),
        **{"part": 0, "gpu": 0, "milli": 1000, **values},
    )


def make_price(campus: Campus | None = None, **values: Any) -> Price:
    """Ten yuan a GPU hour of G2 since 2020."""
    return Price.objects.create(
        campus=campus or make_campus(),
        **{
            "gpu_model": "G2",
            "from_on": date(2020, 1, 1),
            "yuan_hour": Decimal("10.0000"),
            "illustrative": True,
            **values,
        },
    )


def make_usage(job: Job | None = None, **values: Any) -> Usage:
    """An hour on one GPU of G2 that ended now."""
    job = job or make_job(state=Job.State.DONE)
    end = values.pop("ends_at", timezone.now())
    return Usage.objects.create(
        job=job,
        tenant=job.grant.tenant,
        **{
            "gpu_model": "G2",
            "starts_at": end - timedelta(hours=1),
            "ends_at": end,
            "gpu_seconds": Decimal("3600.000"),
            **values,
        },
    )


def make_bill(tenant: Tenant | None = None, **values: Any) -> Bill:
    """This month's open bill.

    Args:
        values: fields of the bill; ``lines`` as pairs (yuan, whether on domestic chips) instead of the
            one line of 1,000 yuan on other chips.
    """
    lines = values.pop("lines", ((1000, False),))
    bill = Bill.objects.create(
        tenant=tenant or make_tenant(),
        **{
            "month": today().replace(day=1),
            "amount": sum((Decimal(yuan) for yuan, _domestic in lines), Decimal(0)),
            **values,
        },
    )
    for yuan, domestic in lines:
        BillLine.objects.create(
            bill=bill,
            gpu_model="NPU" if domestic else "G2",
            is_domestic=domestic,
            gpu_hours=Decimal(yuan) / 10,
            yuan_hour=Decimal(10),
            amount=Decimal(yuan),
        )
    return bill


def make_redemption(voucher: Voucher, bill: Bill, *, amount: object = 100) -> Redemption:
    """What the voucher paid of the bill; both sums follow."""
    paid = Decimal(str(amount))
    Voucher.objects.filter(pk=voucher.pk).update(spent=voucher.spent + paid)
    Bill.objects.filter(pk=bill.pk).update(by_voucher=bill.by_voucher + paid)
    made = Redemption.objects.create(voucher=voucher, bill=bill, amount=paid)
    voucher.refresh_from_db()
    bill.refresh_from_db()
    return made
