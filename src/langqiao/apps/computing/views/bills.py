"""Pages of bills and prices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.computing.domain import billing as domain
from langqiao.apps.computing.forms.jobs import MonthForm, PriceForm
from langqiao.apps.computing.listings.jobs import hours, rate
from langqiao.apps.computing.listings.sharing import state_badge
from langqiao.apps.computing.models import Bill, Campus, Redemption
from langqiao.apps.computing.queries import jobs as queries
from langqiao.apps.computing.queries.sharing import thread
from langqiao.apps.computing.queries.vouchers import visible_vouchers
from langqiao.apps.computing.rules import operated_ids
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.exports import Table, as_csv, as_xlsx
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import NotAllowed, Refused


def readable_bill(request: HttpRequest, pk: int) -> Bill:
    """The bill, or 404."""
    return get_object_or_404(queries.visible_bills(request.user), pk=pk)


@login_required
@require_safe
def bill_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A bill with its lines, its runs by case and what vouchers paid; ``?export=csv`` for charge-back."""
    bill = readable_bill(request, pk)
    wanted = request.GET.get("export")
    if wanted in ("csv", "xlsx"):
        return (as_csv if wanted == "csv" else as_xlsx)(charge_back(bill))
    user = request.user
    paid = Redemption.objects.select_related("voucher")
    rows = list(
        queries.visible_bills(user).filter(pk=pk).prefetch_related("lines", Prefetch("redemptions", paid))
    )
    bill = rows[0]
    vouchers = set(visible_vouchers(user).values_list("pk", flat=True))
    is_open = bill.state == Bill.State.OPEN
    context = {
        "bill": bill,
        "month": f"{bill.month:%Y-%m}",
        "tenant": bill.tenant,
        "badge_state": state_badge(bill),
        "lines": [(line, rate(line)) for line in bill.lines.all()],
        "due": bill.amount - bill.by_voucher,
        "runs": bill.usage.select_related("job").order_by("job__case", "starts_at"),
        "redemptions": [(one, one.voucher_id in vouchers) for one in bill.redemptions.all()],
        "may_settle": is_open and allowed(user, "computing.bill", bill),
        "may_redeem": is_open and allowed(user, "computing.redeem", bill),
        "entries": thread(bill, user),
    }
    return render(request, "computing/jobs/bill_detail.html", context)


def charge_back(bill: Bill) -> Table:
    """The runs of a bill with case and cost (成本分摊), one row each, before the lines' rounding."""
    prices = list(queries.prices(bill.tenant.campus))

    def rows() -> Iterable[list[Any]]:
        for run in bill.usage.select_related("job").order_by("job__case", "starts_at"):
            price = domain.price_of(run, prices)
            yield [
                run.job.case, run.job.name, run.gpu_model, run.is_domestic, run.starts_at, run.ends_at,
                hours(run.gpu_seconds), price, (run.gpu_seconds * price / 3600).quantize(domain.HOUR),
            ]  # fmt: skip

    heads = [
        str(_("项目编号")), str(_("作业")), str(_("GPU 型号")), str(_("国产芯片")), str(_("开始")),
        str(_("结束")), str(_("GPU 时")), str(_("单价（元/GPU 时）")), str(_("金额（元）")),
    ]  # fmt: skip
    return Table(f"bill-{bill.month:%Y-%m}-{bill.pk}", str(_("成本分摊")), heads, rows, bill.usage.count)


def _settle(request: HttpRequest, bill: Bill) -> Any:
    domain.settle_bill(actor(request), bill)
    return _("账单已结清。")


ACTS: dict[str, Act] = {"settle": _settle}


@login_required
@require_POST
def bill_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Settle a bill."""
    return do(request, ACTS, act, readable_bill(request, pk))


def _make(request: HttpRequest, _list: None) -> Any:
    campuses = Campus.objects.filter(operator__in=operated_ids(request.user))
    values = read(MonthForm(request.POST, campuses=campuses))
    made = domain.make_bills(actor(request), values["campus"], month=values["month"])
    if not made:
        return _("没有未出账的用量。")
    return _("已出 %(n)s 张账单。") % {"n": len(made)}


@login_required
@require_POST
def bill_list_act(request: HttpRequest, act: str) -> HttpResponse:
    """Make the bills of a month."""
    return do(request, {"make": _make}, act, None, where="bill_list")


@login_required
@require_http_methods(["GET", "POST"])
def price_new(request: HttpRequest) -> HttpResponse:
    """Set a price from a day on."""
    campuses = Campus.objects.filter(operator__in=operated_ids(request.user))
    if not campuses.exists():
        raise NotAllowed(_("只有该园区的算力运营方可以这样做。"))
    form = PriceForm(request.POST or None, campuses=campuses)
    if request.method == "POST" and form.is_valid():
        try:
            domain.set_price(actor(request), **form.cleaned_data)
            return back(request, "price_list", _("价目已登记。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("登记价目"),
        lead=_("自起始日起开始的运行按此价计；已登记的价目不改，可从另一天起登记新价。"),
        button=_("登记"),
        cancel=reverse("price_list"),
    )
