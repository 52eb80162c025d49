"""Pages of voucher schemes and vouchers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.computing.domain import vouchers
from langqiao.apps.computing.forms.parts import ReasonForm
from langqiao.apps.computing.forms.vouchers import RedeemForm, SchemeForm, VoucherForm
from langqiao.apps.computing.listings.sharing import state_badge
from langqiao.apps.computing.listings.vouchers import place_of
from langqiao.apps.computing.models import Bill, Scheme, Voucher
from langqiao.apps.computing.queries import vouchers as queries
from langqiao.apps.computing.queries.sharing import thread
from langqiao.apps.computing.views.parts import reason
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

LATEST = 10


def readable_voucher(request: HttpRequest, pk: int) -> Voucher:
    """The voucher, or 404."""
    return get_object_or_404(queries.visible_vouchers(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def scheme_new(request: HttpRequest) -> HttpResponse:
    """Register a scheme."""
    require(request.user, "computing.run_scheme")
    form = SchemeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            scheme = vouchers.register_scheme(actor(request), **form.cleaned_data)
            return back(request, scheme, _("政策已登记，所有人可见。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("登记算力券政策"),
        lead=_("按文件原文填写，并注明文件名称与日期。"),
        button=_("登记"),
        cancel=reverse("scheme_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def scheme_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a scheme."""
    scheme = get_object_or_404(Scheme, pk=pk)
    require(request.user, "computing.run_scheme", scheme)
    form = SchemeForm(request.POST or None, scheme=scheme)
    if request.method == "POST" and form.is_valid():
        try:
            vouchers.revise_scheme(actor(request), scheme, **form.cleaned_data)
            return back(request, scheme, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改算力券政策"),
        lead=_("已发放的券不变，之后的核销按新的限额。"),
        button=_("保存"),
        cancel=scheme.get_absolute_url(),
    )


@require_safe
def scheme_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A scheme with its limits and sums; its vouchers for those who may read them."""
    scheme = get_object_or_404(Scheme.objects.select_related("city"), pk=pk)
    user = request.user
    shown = list(queries.visible_vouchers(user).filter(scheme=scheme)[:LATEST])
    for voucher in shown:
        voucher.badge = state_badge(voucher)  # type: ignore[attr-defined]  # for the template
    context = {
        "scheme": scheme,
        "place": place_of(scheme),
        "figures": queries.scheme_figures(scheme),
        "today": timezone.localdate(),
        "vouchers": shown,
        "may_run": allowed(user, "computing.run_scheme", scheme),
        "may_issue": allowed(user, "computing.issue_voucher", scheme),
        "entries": thread(scheme, user),
    }
    return render(request, "computing/vouchers/scheme_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def voucher_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a voucher of a scheme."""
    scheme = get_object_or_404(Scheme.objects.select_related("city"), pk=pk)
    require(request.user, "computing.issue_voucher", scheme)
    form = VoucherForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            voucher = vouchers.issue_voucher(actor(request), scheme, **form.cleaned_data)
            return back(request, voucher, _("算力券已发放，企业已收到通知。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("发放算力券"),
        lead=_("按“%(name)s”发放给%(place)s的企业。") % {"name": scheme.name, "place": place_of(scheme)},
        button=_("发放"),
        cancel=scheme.get_absolute_url(),
    )


@login_required
@require_safe
def voucher_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A voucher: what it has paid, and for its firm the bills that it may pay."""
    voucher = readable_voucher(request, pk)
    user = request.user
    issued = voucher.state == Voucher.State.ISSUED
    over = issued and voucher.expires_on < timezone.localdate()
    may_redeem = queries.may_pay(user, voucher)
    context = {
        "voucher": voucher,
        "badge_state": state_badge(voucher),
        "is_over": over,
        "left": voucher.amount - voucher.spent,
        "redemptions": list(voucher.redemptions.select_related("bill__tenant__campus")),
        "may_redeem": may_redeem,
        "payable": queries.payable_bills(voucher) if may_redeem else [],
        "may_revoke": issued and allowed(user, "computing.issue_voucher", voucher),
        "reads_bills": allowed(user, "computing.redeem", voucher),
        "reason_form": ReasonForm(),
        "entries": thread(voucher, user),
    }
    return render(request, "computing/vouchers/voucher_detail.html", context)


def _redeem(request: HttpRequest, voucher: Voucher) -> Any:
    values = read(RedeemForm(request.POST))
    # Only bills of the firm exist for it; that the actor may pay from the voucher is the verb's to judge.
    bill = get_object_or_404(Bill, pk=values["bill"], tenant__organisation=voucher.organisation_id)
    paid = vouchers.redeem(actor(request), voucher, bill, amount=values["amount"])
    return _("已用券支付 %(amount)s 元。") % {"amount": f"{paid.amount:,.2f}"}


def _revoke(request: HttpRequest, voucher: Voucher) -> Any:
    vouchers.revoke_voucher(actor(request), voucher, why=reason(request))
    return _("算力券已收回，已核销的金额不受影响。")


VOUCHER_ACTS: dict[str, Act] = {"redeem": _redeem, "revoke": _revoke}


@login_required
@require_POST
def voucher_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Pay with a voucher, or revoke it."""
    return do(request, VOUCHER_ACTS, act, readable_voucher(request, pk))
