"""Pages of major projects (重大项目) with their timeline."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.forms import PhaseForm, ProjectForm
from langqiao.apps.conference.listings import slip_words
from langqiao.apps.conference.models import Project
from langqiao.kit.acting import actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused


@login_required
@require_http_methods(["GET", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    """Record a project."""
    require(request.user, "conference.run_projects")
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project, _outcome = domain.upsert_project(actor(request), form.values())
            return back(request, project, _("项目已登记，所有人可见。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("登记重大项目"),
        lead=_("只登记有来源的事实；投资与面积须写明来源与日期。"),
        button=_("登记"),
        cancel=reverse("project_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def project_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a project."""
    project = get_object_or_404(queries.projects(), pk=pk)
    require(request.user, "conference.run_projects", project)
    form = ProjectForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            domain.upsert_project(actor(request), form.values())
            return back(request, project, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("更新重大项目"),
        lead=project.title,
        button=_("保存"),
        cancel=project.get_absolute_url(),
    )


@require_safe
def project_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A project: facts with their source, phases on a line and in a table."""
    project = get_object_or_404(queries.projects(), pk=pk)
    line = queries.timeline(project)
    late = queries.slippage(project)
    bars = [(bar, slip_words(bar.late)) for bar in line.bars]
    context = {
        "project": project,
        "line": line,
        "bars": bars,
        "slippage": slip_words(late),
        "is_late": late is not None and late > 0,
        "reached": queries.reached(project),
        "may_run": allowed(request.user, "conference.run_projects", project),
        "form": PhaseForm(),
        "entries": queries.thread(project, request.user),
    }
    return render(request, "conference/project_detail.html", context)


def _phase(request: HttpRequest, project: Project) -> Any:
    domain.set_phase(actor(request), project, read(PhaseForm(request.POST)))
    return _("阶段已登记。")


@login_required
@require_POST
def project_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Record a phase."""
    return do(request, {"phase": _phase}, act, get_object_or_404(queries.projects(), pk=pk))
