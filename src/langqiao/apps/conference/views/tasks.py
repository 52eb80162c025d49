"""Pages of tasks: give, revise, report, cancel."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.forms import ProgressForm, ReasonForm, TaskForm
from langqiao.apps.conference.listings import state_badge
from langqiao.apps.conference.models import OPEN_TASKS, Progress, Resolution, Task
from langqiao.apps.conference.views.parts import download, reason, upload
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, key, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused


def readable_task(request: HttpRequest, pk: int) -> Task:
    """The task, or 404."""
    return get_object_or_404(queries.visible_tasks(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def task_new(request: HttpRequest) -> HttpResponse:
    """Give a task, from a resolution where the address names one."""
    require(request.user, "conference.run_task")
    wanted = request.GET.get("resolution")
    resolution = get_object_or_404(Resolution, pk=key(wanted)) if wanted else None
    form = TaskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            task = domain.give_task(actor(request), resolution=resolution, **form.values())
            return back(request, task, _("任务已交办，责任单位已收到通知。"))
        except Refused as refused:
            add_refusal(form, refused)
    lead = _("责任单位与本市联络员将收到通知，并在到期前得到提醒。")
    return form_page(
        request,
        form,
        title=_("交办任务"),
        lead=_("落实 %(number)s") % {"number": resolution.number} if resolution else lead,
        button=_("交办"),
        cancel=resolution.get_absolute_url() if resolution else reverse("task_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def task_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a task."""
    task = readable_task(request, pk)
    require(request.user, "conference.run_task", task)
    form = TaskForm(request.POST or None, task=task)
    if request.method == "POST" and form.is_valid():
        try:
            domain.revise_task(actor(request), task, **form.values())
            return back(request, task, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request, form, title=_("调整任务"), lead=task.title, button=_("保存"), cancel=task.get_absolute_url()
    )


@login_required
@require_safe
def task_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A task with its progress."""
    task = readable_task(request, pk)
    user = request.user
    is_open = task.state in OPEN_TASKS
    resolution = task.resolution
    if resolution is not None and not allowed(user, "conference.read_resolution", resolution):
        resolution = None
    context = {
        "task": task,
        "badge_state": state_badge(task),
        "resolution": resolution,
        "progress": list(task.progress.select_related("by")),
        "days_left": (task.deadline - timezone.localdate()).days if is_open else None,
        "days_over": (timezone.localdate() - task.deadline).days,
        "may_report": task.state != Task.State.CANCELLED
        and allowed(user, "conference.report_progress", task),
        "may_run": is_open and allowed(user, "conference.run_task", task),
        "form": ProgressForm(initial={"percent": task.percent}),
        "reason_form": ReasonForm(),
        "entries": queries.thread(task, user),
    }
    return render(request, "conference/task_detail.html", context)


def _report(request: HttpRequest, task: Task) -> Any:
    values = read(ProgressForm(request.POST))
    file = upload(request)
    domain.report_progress(
        actor(request), task, **values, file=file, name=(file.name or "") if file is not None else ""
    )
    return _("进展已报送。")


def _cancel(request: HttpRequest, task: Task) -> Any:
    domain.cancel_task(actor(request), task, why=reason(request))
    return _("任务已取消。")


ACTS: dict[str, Act] = {"report": _report, "cancel": _cancel}


@login_required
@require_POST
def task_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Report on a task, or cancel it."""
    return do(request, ACTS, act, readable_task(request, pk))


@login_required
@require_safe
def evidence_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The evidence of a report, for those who read the task."""
    progress = get_object_or_404(Progress.objects.select_related("task"), pk=pk)
    if not allowed(request.user, "conference.read_task", progress.task):
        raise Http404
    return download(progress)
