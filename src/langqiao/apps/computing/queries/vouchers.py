"""Reads of voucher schemes and vouchers: what the viewer may see, and how much a voucher may still pay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, organisation_ids
from langqiao.apps.accounts.rules import is_office
from langqiao.apps.computing.models import Bill, Redemption, Scheme, Voucher
from langqiao.apps.computing.rules import INSIDERS
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import allowed

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
_MONEY = DecimalField(max_digits=16, decimal_places=2)


def liaison_cities(viewer: Any) -> set[str]:
    """Cities whose vouchers the viewer issues as their liaison (see ``rules.runs_scheme``)."""
    return {
        str(m.organisation.city_id)
        for m in current_memberships(viewer)
        if m.role == Role.LIAISON and m.organisation.city_id is not None
    }


def visible_vouchers(viewer: Any) -> QuerySet[Voucher]:
    """The rule ``computing.read_voucher`` as a query."""
    rows = Voucher.objects.select_related("scheme__city", "organisation__city")
    if is_office.test(viewer):
        return rows
    return rows.filter(
        Q(organisation__in=organisation_ids(viewer, *INSIDERS)) | Q(scheme__city__in=liaison_cities(viewer))
    )


def issuable_schemes(viewer: Any) -> QuerySet[Scheme]:
    """Schemes of which the viewer may issue vouchers: the rule ``computing.issue_voucher`` as a query."""
    rows = Scheme.objects.select_related("city")
    return rows if is_office.test(viewer) else rows.filter(city__in=liaison_cities(viewer))


def may_pay(viewer: Any, voucher: Voucher, on: date | None = None) -> bool:
    """Whether the viewer may pay with the voucher on a day: of its firm, while it runs."""
    runs = voucher.state == Voucher.State.ISSUED and voucher.expires_on >= (on or timezone.localdate())
    return runs and allowed(viewer, "computing.redeem", voucher)


def committed(vouchers: QuerySet[Voucher], on: date) -> Decimal:
    """Yuan that vouchers bind on a day: all of one that still runs, what it paid of one that does not."""
    runs = Q(state=Voucher.State.ISSUED, expires_on__gte=on)
    bound = Case(When(runs, then=F("amount")), default=F("spent"), output_field=_MONEY)
    total: Decimal = vouchers.aggregate(total=Coalesce(Sum(bound), Value(ZERO), output_field=_MONEY))["total"]
    return total.quantize(CENT)


def paid(redemptions: QuerySet[Redemption]) -> Decimal:
    """Yuan that redemptions paid together."""
    total: Decimal = redemptions.aggregate(total=Coalesce(Sum("amount"), Value(ZERO), output_field=_MONEY))[
        "total"
    ]
    return total.quantize(CENT)


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound on a voucher: which, and how many yuan are left of it."""

    key: str
    label: Any
    left: Decimal


def tightest(limits: Iterable[Limit]) -> Limit:
    """The bound that decides; the first of equal ones."""
    return min(limits, key=lambda limit: limit.left)


def issue_limits(scheme: Scheme, organisation: Organisation, on: date) -> list[Limit]:
    """What may still be issued to a firm on a day: cap of firm and year, pools of year and scheme."""
    year = scheme.vouchers.filter(issued_on__year=on.year)
    found: list[Limit] = []
    if scheme.cap_firm_year is not None:
        own = committed(year.filter(organisation=organisation), on)
        found.append(Limit("cap", _("每企业每年上限"), max(ZERO, scheme.cap_firm_year - own)))
    if scheme.pool_year is not None:
        found.append(Limit("pool_year", _("年度总额"), max(ZERO, scheme.pool_year - committed(year, on))))
    if scheme.pool_total is not None:
        every = committed(scheme.vouchers.all(), on)
        found.append(Limit("pool_total", _("总额"), max(ZERO, scheme.pool_total - every)))
    return found


def shares(scheme: Scheme, bill: Bill) -> tuple[Decimal, Decimal]:
    """Yuan of a bill that a scheme pays at most: for domestic chips and for others, each rounded down."""
    sums = {True: ZERO, False: ZERO}
    for line in bill.lines.all():
        sums[line.is_domestic] += line.amount
    domestic = (sums[True] * scheme.share_domestic / 100).quantize(CENT, ROUND_DOWN)
    other = (sums[False] * scheme.share_other / 100).quantize(CENT, ROUND_DOWN)
    return domestic, other


def redeem_limits(voucher: Voucher, bill: Bill, on: date) -> list[Limit]:
    """How much a voucher may pay of a bill on a day, bound by bound (核销限额).

    The voucher's rest; the bill's rest; the share of the rent, for domestic chips alone where the voucher
    says so, less what vouchers of the scheme paid of this bill; the cap of the firm and the pools of the
    scheme, less what was paid in the calendar year or ever.
    """
    scheme = voucher.scheme
    by_scheme = Redemption.objects.filter(voucher__scheme=scheme)
    on_bill = by_scheme.filter(bill=bill)
    year = by_scheme.filter(at__year=on.year)
    domestic, other = shares(scheme, bill)
    found = [
        Limit("voucher", _("券内余额"), voucher.amount - voucher.spent),
        Limit("bill", _("账单未付金额"), bill.amount - bill.by_voucher),
        Limit("share", _("租金补助比例"), max(ZERO, domestic + other - paid(on_bill))),
    ]
    if voucher.domestic_only:
        used = paid(on_bill.filter(voucher__domestic_only=True))
        found.append(Limit("domestic", _("国产芯片租金补助比例"), max(ZERO, domestic - used)))
    if scheme.cap_firm_year is not None:
        own = paid(year.filter(voucher__organisation_id=voucher.organisation_id))
        found.append(Limit("cap", _("每企业每年上限"), max(ZERO, scheme.cap_firm_year - own)))
    if scheme.pool_year is not None:
        found.append(Limit("pool_year", _("年度总额"), max(ZERO, scheme.pool_year - paid(year))))
    if scheme.pool_total is not None:
        found.append(Limit("pool_total", _("总额"), max(ZERO, scheme.pool_total - paid(by_scheme))))
    return found


@dataclass(frozen=True, slots=True)
class Payable:
    """An open bill beside a voucher: how much of it may be paid, and which bound decides."""

    bill: Bill
    limit: Limit

    @property
    def left(self) -> Decimal:
        """Yuan that the voucher may pay."""
        return self.limit.left


def payable_bills(voucher: Voucher, on: date | None = None) -> list[Payable]:
    """Open bills of the voucher's firm that it has not paid from yet, the oldest first."""
    day = on or timezone.localdate()
    bills = (
        Bill.objects.filter(tenant__organisation=voucher.organisation_id, state=Bill.State.OPEN)
        .exclude(redemptions__voucher=voucher)
        .select_related("tenant__campus")
        .prefetch_related("lines")
        .order_by("month", "pk")
    )
    return [Payable(bill, tightest(redeem_limits(voucher, bill, day))) for bill in bills]


@dataclass(frozen=True, slots=True)
class SchemeFigures:
    """Sums of a scheme on a day, in yuan: issued and still bound, paid; of this year and ever.

    ``illustrative`` says that some of the vouchers are examples (示例).
    """

    issued_year: Decimal
    issued: Decimal
    paid_year: Decimal
    paid: Decimal
    vouchers: int
    firms: int
    illustrative: bool


def scheme_figures(scheme: Scheme, on: date | None = None) -> SchemeFigures:
    """Sums over a scheme's vouchers; no firm is named."""
    day = on or timezone.localdate()
    rows, redeemed = scheme.vouchers.all(), Redemption.objects.filter(voucher__scheme=scheme)
    return SchemeFigures(
        issued_year=committed(rows.filter(issued_on__year=day.year), day),
        issued=committed(rows, day),
        paid_year=paid(redeemed.filter(at__year=day.year)),
        paid=paid(redeemed),
        vouchers=rows.count(),
        firms=rows.values("organisation").distinct().count(),
        illustrative=rows.filter(illustrative=True).exists(),
    )
