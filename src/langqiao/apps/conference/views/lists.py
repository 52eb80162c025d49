"""Pages of the yearly list (年度重点工作清单): its tasks, their cities, import, publication, roll-over."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.exchange import COLUMNS_SHOWN, read_rows
from langqiao.apps.conference.forms import PriorityForm, ReasonForm, StatusForm, TableForm, YearForm
from langqiao.apps.conference.listings import TONES, state_badge
from langqiao.apps.conference.models import CityStatus, Priority
from langqiao.apps.conference.views.parts import reason
from langqiao.apps.registry.domain.cases import next_case
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused


def readable_priority(request: HttpRequest, pk: int) -> Priority:
    """The priority task, or 404."""
    return get_object_or_404(queries.visible_priorities(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def priority_new(request: HttpRequest) -> HttpResponse:
    """Write a task of a year's list."""
    require(request.user, "conference.run_priorities")
    form = PriorityForm(request.POST or None, initial={"year": timezone.localdate().year})
    if request.method == "POST" and form.is_valid():
        try:
            priority = _write(request, form)
            return back(request, priority, _("已登记为草稿，发布年度清单时一并公开。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("登记重点工作"),
        lead=_("先登记为草稿；整年的清单一并发布。"),
        button=_("登记"),
        cancel=reverse("priority_list"),
    )


def _write(request: HttpRequest, form: PriorityForm) -> Priority:
    values = form.values()
    code = f"{values['year']}-{next_case()}"  # made by hand: any code that stays will do
    return domain.upsert_priority(actor(request), {**values, "code": code})[0]


@login_required
@require_http_methods(["GET", "POST"])
def priority_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a priority task."""
    priority = readable_priority(request, pk)
    require(request.user, "conference.run_priorities", priority)
    form = PriorityForm(request.POST or None, priority=priority)
    if request.method == "POST" and form.is_valid():
        try:
            domain.upsert_priority(actor(request), {**form.values(), "code": priority.code})
            return back(request, priority, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改重点工作"),
        lead=priority.title,
        button=_("保存"),
        cancel=priority.get_absolute_url(),
    )


@require_safe
def priority_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A priority task with the status of every city."""
    priority = readable_priority(request, pk)
    user = request.user
    published = priority.state == Priority.State.PUBLISHED
    rows: list[Any] = list(priority.cities.all())
    for row in rows:
        row.tone = TONES[row.status]
        row.may_tell = published and allowed(user, "conference.tell_status", row.city)
    may_run = allowed(user, "conference.run_priorities", priority)
    context = {
        "priority": priority,
        "badge_state": state_badge(priority),
        "rows": rows,
        "statuses": CityStatus.Status.choices,
        "may_run": may_run and priority.state != Priority.State.DROPPED,
        "reason_form": ReasonForm(),
        "entries": queries.thread(priority, user),
    }
    return render(request, "conference/priority_detail.html", context)


def _status(request: HttpRequest, priority: Priority) -> Any:
    form = StatusForm(request.POST)
    read(form)
    domain.tell_status(actor(request), priority, **form.values())
    return _("分市进展已更新。")


def _drop(request: HttpRequest, priority: Priority) -> Any:
    domain.drop_priority(actor(request), priority, why=reason(request))
    return _("已从清单撤销。")


ACTS: dict[str, Act] = {"status": _status, "drop": _drop}


@login_required
@require_POST
def priority_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Tell a city's status, or drop the task."""
    return do(request, ACTS, act, readable_priority(request, pk))


def _publish(request: HttpRequest, _list: None) -> Any:
    count = domain.publish_priorities(actor(request), **read(YearForm(request.POST)))
    return _("已发布 %(count)s 项重点工作。") % {"count": count}


def _roll(request: HttpRequest, _list: None) -> Any:
    carried = domain.roll_over(actor(request), **read(YearForm(request.POST)))
    return _("已结转 %(count)s 项到下一年，均为草稿。") % {"count": len(carried)}


@login_required
@require_POST
def priority_list_act(request: HttpRequest, act: str) -> HttpResponse:
    """Publish a year's list, or roll it over."""
    return do(request, {"publish": _publish, "roll": _roll}, act, None, where="priority_list")


@login_required
@require_http_methods(["GET", "POST"])
def priority_import(request: HttpRequest) -> HttpResponse:
    """Import a table: tried first, written when asked and when no row is refused."""
    require(request.user, "conference.run_priorities")
    form = TableForm(request.POST or None, request.FILES or None)
    summary = None
    if request.method == "POST" and form.is_valid():
        try:
            rows = read_rows(form.cleaned_data["file"])
            summary = domain.upsert_priorities(actor(request), rows, dry_run="write" not in request.POST)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            if summary.written:
                done = _("已导入：新增 %(created)s，更新 %(changed)s，未变 %(unchanged)s。") % {
                    "created": summary.created,
                    "changed": summary.changed,
                    "unchanged": summary.unchanged,
                }
                return back(request, "priority_list", done)
    refused_any = bool(form.errors or (summary and summary.refused))
    context = {"form": form, "summary": summary, "columns": COLUMNS_SHOWN}
    return render(request, "conference/priority_import.html", context, status=422 if refused_any else 200)
