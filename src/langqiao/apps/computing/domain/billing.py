"""Prices (价目) and bills (账单): each run is billed once, at the price of the day on which it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.common import insiders_of
from langqiao.apps.computing.models import Bill, BillLine, Campus, Price, Tenant, Usage
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import clean, enter, lock, must_be_in
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

CENT = Decimal("0.01")
HOUR = Decimal("0.0001")
YUAN_AT_MOST = Decimal(100_000)


def next_month(month: date) -> date:
    """The first day of the month after that of ``month``.

    >>> next_month(date(2026, 12, 31))
    datetime.date(2027, 1, 1)
    """
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def midnight(day: date) -> datetime:
    """The moment at which a day begins in the site's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


@transaction.atomic
def set_price(
    actor: User | None,
    campus: Campus,
    *,
    gpu_model: str,
    yuan_hour: object,
    from_on: date,
    illustrative: bool = False,
) -> Price:
    """Set what a GPU hour of a model costs from a day on (登记价目), in yuan (元).

    Raises:
        NotAllowed: the actor does not operate the campus.
        Invalid: a value is missing or wrong.
        Refused: another price stands on that day already, or runs since then have been billed.
    """
    require(actor, "computing.bill", campus)
    lock(campus)
    model = clean(gpu_model, "gpu_model", most=40, lines=False)
    yuan = money(yuan_hour, "yuan_hour", places=HOUR, most=YUAN_AT_MOST)
    price, made = Price.objects.get_or_create(
        campus=campus, gpu_model=model, from_on=from_on,
        defaults={"yuan_hour": yuan, "illustrative": illustrative},
    )  # fmt: skip
    if not made:
        if price.yuan_hour != yuan:
            raise Refused(
                _("%(model)s 自 %(day)s 起的价格已登记。") % {"model": model, "day": from_on},
                mend=_("请从另一天起登记新价格。"),
                field="from_on",
            )
        return price
    billed = Usage.objects.filter(tenant__campus=campus, gpu_model=model, starts_at__gte=midnight(from_on))
    if billed.exclude(bill=None).exists():
        raise Refused(
            _("%(model)s 自 %(day)s 起的运行已有出账的。") % {"model": model, "day": from_on},
            mend=_("请从更晚的一天起登记新价格。"),
            field="from_on",
        )
    enter(
        actor, "set_price", price, case="", city=campus.city_id, organisation=campus.operator,
        data={"gpu_model": model, "yuan_hour": str(yuan), "from": from_on.isoformat()},
    )  # fmt: skip
    return price


def money(value: object, field: str, *, places: Decimal, most: Decimal) -> Decimal:
    """A sum of at least nothing and at most ``most``, in steps of ``places``.

    Raises:
        Invalid: it is none.
    """
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= most or found != found.quantize(places):
        raise Invalid(
            _("须为 0 至 %(most)s 之间的数。") % {"most": most}, mend=_("请检查数值。"), field=field
        )
    return found


@transaction.atomic
def make_bill(actor: User | None, tenant: Tenant, *, month: date, today: date | None = None) -> Bill:
    """Make a tenant's bill of a month (出账单), once: all runs that ended in it or earlier, not yet billed.

    A second call returns the bill that stands and bills nothing again; a run that is reported after the bill
    comes with the next one.

    Args:
        month: any day of the month.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Invalid: the month is not over.
        Refused: nothing was used, or a model has no price.
    """
    require(actor, "computing.bill", tenant)
    lock(tenant)
    first = month.replace(day=1)
    known = Bill.objects.filter(tenant=tenant, month=first).first()
    if known is not None:
        return known
    if next_month(first) > (today or timezone.localdate()):
        raise Invalid(_("该月尚未结束。"), mend=_("请在下月一日之后出账单。"), field="month")
    usage = list(
        Usage.objects.select_for_update(of=("self",))
        .filter(tenant=tenant, bill=None, ends_at__lt=midnight(next_month(first)))
        .select_related("job")
        .order_by("pk")
    )
    if not usage:
        raise Refused(_("该租户没有未出账的用量。"), field="month")
    lines = _lines(tenant.campus, usage)
    bill = Bill.objects.create(tenant=tenant, month=first, amount=sum(line.amount for line in lines))
    for line in lines:
        line.bill = bill
    BillLine.objects.bulk_create(lines)
    Usage.objects.filter(pk__in=[row.pk for row in usage]).update(bill=bill)
    entry = _enter(
        actor, "make_bill", bill,
        {"month": f"{first:%Y-%m}", "runs": len(usage), "lines": len(lines), "amount": str(bill.amount)},
    )  # fmt: skip
    _publish_usage(actor, tenant, first, usage)
    tell(
        insiders_of(tenant.organisation_id),
        _("%(month)s 的算力账单已出。"),
        {"month": f"{first:%Y-%m}"},
        url=bill.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return bill


def _publish_usage(actor: User | None, tenant: Tenant, month: date, usage: list[Usage]) -> None:
    """Make public how much computing went to which city (公布用量), and nothing of whose or what it was."""
    city = tenant.organisation.city_id
    seconds = sum((row.gpu_seconds for row in usage), Decimal(0))
    if city:
        enter(
            actor, "publish_usage", tenant.campus, case="", city=tenant.campus.city_id,
            organisation=tenant.campus.operator, public=True,
            data={
                "to": city,
                "month": f"{month:%Y-%m}",
                "gpu_seconds": int(seconds.to_integral_value(rounding=ROUND_HALF_UP)),
                **({"illustrative": True} if tenant.illustrative else {}),
            },
        )  # fmt: skip


def make_bills(actor: User | None, campus: Campus, *, month: date, today: date | None = None) -> list[Bill]:
    """Make the bills of all tenants that used the campus until the month's end (出账); each in its own turn.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Invalid: the month is not over.
        Refused: a model has no price; the bills made so far stand, and a further call makes the others.
    """
    require(actor, "computing.bill", campus)
    before = midnight(next_month(month))
    tenants = Tenant.objects.filter(campus=campus, usage__bill=None, usage__ends_at__lt=before)
    known = set(
        Bill.objects.filter(tenant__campus=campus, month=month.replace(day=1)).values_list(
            "tenant", flat=True
        )
    )
    return [
        make_bill(actor, tenant, month=month, today=today)
        for tenant in tenants.distinct().order_by("pk")
        if tenant.pk not in known
    ]


def _lines(campus: Campus, usage: list[Usage]) -> list[BillLine]:
    """Lines by model, chips and price; each rounded to a cent (分) once, half up."""
    prices = list(campus.prices.order_by("gpu_model", "-from_on"))
    seconds: dict[tuple[str, bool, Decimal], Decimal] = defaultdict(Decimal)
    for row in usage:
        seconds[row.gpu_model, row.is_domestic, price_of(row, prices)] += row.gpu_seconds
    return [
        BillLine(
            gpu_model=model,
            is_domestic=domestic,
            yuan_hour=yuan,
            gpu_hours=(total / 3600).quantize(HOUR, rounding=ROUND_HALF_UP),
            amount=(total * yuan / 3600).quantize(CENT, rounding=ROUND_HALF_UP),
        )
        for (model, domestic, yuan), total in sorted(seconds.items())
    ]


def price_of(usage: Usage, prices: Iterable[Price]) -> Decimal:
    """Yuan an hour of a run: the price of its model on the day on which it began.

    Args:
        prices: of its campus, the newest of each model first.

    Raises:
        Refused: the model had no price on that day.
    """
    day = timezone.localdate(usage.starts_at)
    for price in prices:
        if price.gpu_model == usage.gpu_model and price.from_on <= day:
            return price.yuan_hour
    raise Refused(
        _("型号 %(model)s 在 %(day)s 没有价格。") % {"model": usage.gpu_model or "—", "day": day},
        mend=_("请先登记价目。"),
    )


@transaction.atomic
def settle_bill(actor: User | None, bill: Bill) -> Bill:
    """Record that what vouchers did not pay has been paid (结清账单).

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is settled already.
    """
    require(actor, "computing.bill", bill)
    lock(bill)
    must_be_in(bill, Bill.State.OPEN)
    bill.state = Bill.State.SETTLED
    bill.save(update_fields=["state", "updated_at"])
    _enter(
        actor, "settle_bill", bill,
        {"amount": str(bill.amount), "by_voucher": str(bill.by_voucher)},
    )  # fmt: skip
    return bill


def _enter(actor: User | None, verb: str, bill: Bill, data: dict[str, object]) -> Entry:
    """The entry of an act on a bill; it belongs to a case where all that is billed does."""
    cases = set(bill.usage.values_list("job__case", flat=True))
    organisation = bill.tenant.organisation
    return enter(
        actor,
        verb,
        bill,
        case=cases.pop() if len(cases) == 1 else "",
        city=organisation.city_id,
        organisation=organisation,
        data=data,
    )
