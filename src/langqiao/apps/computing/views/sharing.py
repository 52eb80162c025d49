"""Pages of requests, grants, tenants and quotas of cities."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.computing.domain import quotas, sharing
from langqiao.apps.computing.domain.exports import SCHEDULERS, export_quotas
from langqiao.apps.computing.forms.parts import ReasonForm
from langqiao.apps.computing.forms.sharing import (
    ApprovalForm,
    CityQuotaForm,
    RequestForm,
    TenantQuotaForm,
)
from langqiao.apps.computing.listings.sharing import state_badge, tenant_badge
from langqiao.apps.computing.models import Campus, Grant, Request, Tenant
from langqiao.apps.computing.queries import sharing as queries
from langqiao.apps.computing.queries.vouchers import visible_vouchers
from langqiao.apps.computing.views.parts import reason
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

LATEST = 10  # jobs, bills and runs shown on a tenant's page
EDITABLE = (Request.State.DRAFT, Request.State.RETURNED)
State = Request.State


def readable_request(request: HttpRequest, pk: int) -> Request:
    """The request for computing, or 404."""
    return get_object_or_404(queries.visible_requests(request.user), pk=pk)


def readable_tenant(request: HttpRequest, pk: int) -> Tenant:
    """The tenant, or 404."""
    return get_object_or_404(queries.visible_tenants(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest) -> HttpResponse:
    """Ask for computing; ``?case=`` names the case that it serves."""
    require(request.user, "computing.ask")
    first = {"case": request.GET.get("case", "").replace("\0", "")[:40], "starts_on": timezone.localdate()}
    form = RequestForm(request.POST or None, viewer=request.user, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = sharing.draft_request(actor(request), **form.values())
            return back(request, made, _("已存为草稿。核对后请提交。"))
        except Refused as refused:
            add_refusal(form, refused)
    if not Campus.objects.exists():
        return back(request, "request_list", _("还没有可以申请的园区。"))
    return form_page(
        request,
        form,
        title=_("申请算力"),
        lead=_("先存为草稿，核对后提交；园区运营方审批，结果会通知您。"),
        button=_("存为草稿"),
        cancel=reverse("request_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def request_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a draft, or a request that was returned."""
    asked = readable_request(request, pk)
    require(request.user, "computing.revise_request", asked)
    if asked.state not in EDITABLE:
        return redirect(asked)
    form = RequestForm(request.POST or None, viewer=request.user, request=asked)
    if request.method == "POST" and form.is_valid():
        try:
            sharing.revise_request(actor(request), asked, **form.values())
            return back(request, asked, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改申请"),
        lead=asked.title,
        button=_("保存"),
        cancel=asked.get_absolute_url(),
    )


def request_steps(asked: Request) -> list[tuple[Any, str]]:
    """The step line of a request."""
    last = {
        State.APPROVED: (State.APPROVED.label, "done"),
        State.REJECTED: (State.REJECTED.label, "off"),
        State.WITHDRAWN: (State.WITHDRAWN.label, "off"),
    }.get(State(asked.state))
    first = "now" if asked.state in EDITABLE else "done"
    label = State.RETURNED.label if asked.state == State.RETURNED else State.DRAFT.label
    middle = "now" if asked.state == State.SUBMITTED else "next" if asked.state in EDITABLE else "done"
    if asked.state == State.WITHDRAWN and asked.submitted_at is None:
        middle = "off"
    return [
        (label, first),
        (State.SUBMITTED.label, middle),
        last or (State.APPROVED.label, "next"),
    ]


@login_required
@require_safe
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A request with its state, its grant and what may be done now."""
    asked = readable_request(request, pk)
    user = request.user
    mine = allowed(user, "computing.revise_request", asked)
    waits = asked.state == State.SUBMITTED
    decides = waits and allowed(user, "computing.decide_request", asked)
    grant: Grant | None = getattr(asked, "grant", None)
    active = grant is not None and grant.state == Grant.State.ACTIVE
    names = ("gpus", "gpu_hours", "starts_on", "ends_on")
    context = {
        "asked": asked,
        "badge_state": state_badge(asked),
        "steps": request_steps(asked),
        "grant": grant,
        "grant_badge": state_badge(grant) if grant is not None else None,
        "may_edit": mine and asked.state in EDITABLE,
        "may_withdraw": mine and (waits or asked.state in EDITABLE),
        "may_decide": decides,
        "may_stop": active and allowed(user, "computing.run_quota", grant),
        "may_submit_job": active and allowed(user, "computing.submit_job", grant),
        "approval_form": ApprovalForm(initial={n: getattr(asked, n) for n in names}) if decides else None,
        "tenant": Tenant.objects.filter(campus=asked.campus, organisation=asked.organisation).first()
        if decides
        else None,
        "reason_form": ReasonForm(),
        "entries": queries.thread(asked, user),
    }
    return render(request, "computing/sharing/request_detail.html", context)


def _submit(request: HttpRequest, asked: Request) -> Any:
    sharing.submit_request(actor(request), asked)
    return _("已提交，园区运营方会收到通知。")


def _withdraw(request: HttpRequest, asked: Request) -> Any:
    sharing.withdraw_request(actor(request), asked)
    return _("申请已撤回。")


def _approve(request: HttpRequest, asked: Request) -> Any:
    sharing.approve_request(actor(request), asked, **read(ApprovalForm(request.POST)))
    return _("已批准，申请单位可以提交作业了。")


def _return(request: HttpRequest, asked: Request) -> Any:
    sharing.return_request(actor(request), asked, why=reason(request))
    return _("已退回修改。")


def _reject(request: HttpRequest, asked: Request) -> Any:
    sharing.reject_request(actor(request), asked, why=reason(request))
    return _("申请未予批准，已通知申请单位。")


REQUEST_ACTS: dict[str, Act] = {
    "submit": _submit,
    "withdraw": _withdraw,
    "approve": _approve,
    "return": _return,
    "reject": _reject,
}


@login_required
@require_POST
def request_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Submit, withdraw or decide a request."""
    return do(request, REQUEST_ACTS, act, readable_request(request, pk))


def _end(request: HttpRequest, grant: Grant) -> Any:
    quotas.end_grant(actor(request), grant)
    return _("授予已结束，租户配额已相应减少。")


def _revoke(request: HttpRequest, grant: Grant) -> Any:
    quotas.revoke_grant(actor(request), grant, why=reason(request))
    return _("授予已收回，租户配额已相应减少。")


@login_required
@require_POST
def grant_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """End or revoke the grant of a request."""
    asked = readable_request(request, pk)
    grant = get_object_or_404(Grant.objects.select_related("tenant__campus", "request"), request=asked)
    return do(request, {"end": _end, "revoke": _revoke}, act, grant, where=asked)


@login_required
@require_safe
def tenant_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A tenant: its quota and what it holds, grants, jobs, use, bills and vouchers."""
    tenant = readable_tenant(request, pk)
    user = request.user
    runs = allowed(user, "computing.run_quota", tenant)
    grants = list(tenant.grants.select_related("request"))
    for grant in grants:
        grant.badge = state_badge(grant)  # type: ignore[attr-defined]  # for the template
    jobs = list(tenant.campus.jobs.filter(grant__tenant=tenant).order_by("-pk")[:LATEST])
    bills = list(tenant.bills.all()[:LATEST])
    for row in (*jobs, *bills):
        row.badge = state_badge(row)  # type: ignore[attr-defined]  # for the template
    use = queries.tenant_use(tenant)
    vouchers = visible_vouchers(user).filter(organisation=tenant.organisation_id)
    context = {
        "tenant": tenant,
        "badge_state": tenant_badge(tenant),
        "use": use,
        "bar": queries.quota_bar(tenant, use),
        "grants": grants,
        "jobs": jobs,
        "runs": list(tenant.usage.select_related("job")[:LATEST]),
        "bills": bills,
        "vouchers": list(vouchers[:LATEST]),
        "may_run": runs,
        "quota_form": TenantQuotaForm.of(tenant) if runs else None,
        "reason_form": ReasonForm(),
        "entries": queries.thread(tenant, user),
    }
    return render(request, "computing/sharing/tenant_detail.html", context)


def _quota(request: HttpRequest, tenant: Tenant) -> Any:
    form = TenantQuotaForm(request.POST)
    read(form)
    quotas.set_tenant_quota(actor(request), tenant, **form.values())
    return _("配额已调整，下一轮调度起生效。")


def _suspend(request: HttpRequest, tenant: Tenant) -> Any:
    quotas.suspend_tenant(actor(request), tenant, why=reason(request))
    return _("租户已暂停，排队的作业不再启动。")


def _resume(request: HttpRequest, tenant: Tenant) -> Any:
    quotas.resume_tenant(actor(request), tenant)
    return _("租户已恢复。")


TENANT_ACTS: dict[str, Act] = {"quota": _quota, "suspend": _suspend, "resume": _resume}


@login_required
@require_POST
def tenant_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Set a tenant's quota, suspend or resume it."""
    return do(request, TENANT_ACTS, act, readable_tenant(request, pk))


def _set_city(request: HttpRequest, _nothing: None) -> Any:
    form = CityQuotaForm(request.POST, viewer=request.user)
    read(form)
    values = form.values()
    quotas.set_city_quota(actor(request), values.pop("campus"), **values)
    return _("城市配额已设定，下一轮调度起生效。")


@login_required
@require_POST
def quota_act(request: HttpRequest, act: str) -> HttpResponse:
    """Set a city's quota."""
    return do(request, {"set": _set_city}, act, None, where="quota_list")


@login_required
@require_safe
def quota_file(request: HttpRequest, pk: int, scheduler: str) -> HttpResponse:
    """The campus's quotas as a file for Kueue or Slurm."""
    campus = get_object_or_404(Campus, pk=pk)
    if scheduler not in SCHEDULERS:
        raise Http404
    text = export_quotas(actor(request), campus, scheduler)
    kind = "application/yaml" if scheduler == "kueue" else "text/plain"
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    ending = SCHEDULERS[scheduler]
    response["Content-Disposition"] = f'attachment; filename="campus-{campus.pk}-{scheduler}.{ending}"'
    response["Cache-Control"] = "private, no-store"
    return response
