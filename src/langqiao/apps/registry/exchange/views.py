"""The import pages: upload, map, look at the trial, confirm, watch, see the result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.registry.exchange import jobs, staging
from langqiao.apps.registry.exchange.forms import MappingForm, UploadForm
from langqiao.apps.registry.exchange.kinds import ImportKind, import_kind, import_kinds
from langqiao.apps.registry.exchange.mapping import detect_kind
from langqiao.apps.registry.exchange.staging import Job
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from langqiao.kit.tables import Table, open_table

ERRORS_SHOWN = 200


def kinds_for(user: Any) -> list[ImportKind]:
    """Kinds of which the user may add a record somewhere.

    Raises:
        NotAllowed: there are none.
    """
    kinds = [kind for kind in import_kinds() if allowed(user, kind.permission)]
    if not kinds:
        raise NotAllowed(
            _("只有联席办、城市联络员和机构成员可以导入记录。"), mend=_("请联系本机构管理员为您授予角色。")
        )
    return kinds


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Choose a file; files still waiting are listed below."""
    kinds = kinds_for(request.user)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = _take(request, form)
        except Refused as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("import_map", job.token)
    context = {"form": form, "kinds": kinds, "jobs": staging.jobs_of(request.user), "steps": steps(0)}
    return render(request, "registry/import/start.html", context, status=422 if form.errors else 200)


def _take(request: HttpRequest, form: UploadForm) -> Job:
    """Keep the upload once it can be opened."""
    job = staging.keep(request.user, form.cleaned_data["file"])
    job.encoding = form.cleaned_data["encoding"]
    try:
        table = _table(job)
    except Refused:
        staging.drop(job)
        raise
    try:
        job.kind = detect_kind(table, name=job.name)
    except Invalid:
        job.kind = ""  # the person says which
    if job.kind not in {kind.slug for kind in kinds_for(request.user)}:
        job.kind = ""
    job.save()
    return job


def _table(job: Job) -> Table:
    return open_table(job.path, encoding=job.encoding or None)


def _job(request: HttpRequest, token: str) -> Job:
    job = staging.job_of(request.user, token)
    if job is None:
        raise Http404
    return job


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, token: str) -> HttpResponse:
    """Say which kind it is and what each column means; then the trial begins."""
    job, kinds = _job(request, token), kinds_for(request.user)
    known = {kind.slug: kind for kind in kinds}
    said = request.POST if request.method == "POST" else request.GET
    kind = known.get(said.get("kind", "") or job.kind) or kinds[0]
    table = _table(job)
    initial = {"code_prefix": job.prefix, "publish": job.publish}
    if job.mapping and kind.slug == job.kind:
        initial |= {f"column_{i}": job.mapping.get(header, "") for i, header in enumerate(table.columns)}
        initial |= {f"given_{name}": value for name, value in job.constants.items()}
    form = MappingForm(table, kind, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        job.kind, job.mapping, job.constants = kind.slug, form.mapping, form.constants
        job.prefix = form.cleaned_data["code_prefix"].strip()
        job.publish, job.report = bool(form.cleaned_data.get("publish")), None
        jobs.start(request.user, job, write=False)
        return redirect("import_job", token)
    context = {"form": form, "kind": kind, "kinds": kinds, "job": job, "table": table, "steps": steps(1)}
    fragment = request.headers.get("HX-Request") == "true"
    template = "registry/import/_mapping.html" if fragment else "registry/import/map.html"
    return render(request, template, context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def job_page(request: HttpRequest, token: str) -> HttpResponse:
    """How far it is, what the trial found, or what was done."""
    job = _job(request, token)
    if job.state == staging.UPLOADED:
        return redirect("import_map", token)
    report = job.report_object()
    step = {staging.CHECKING: 2, staging.CHECKED: 2, staging.WRITING: 3, staging.DONE: 4}.get(job.state, 2)
    context = {
        "job": job,
        "report": report,
        "errors": report.errors[:ERRORS_SHOWN] if report else [],
        "hidden": max(0, report.failed - ERRORS_SHOWN) if report else 0,
        "kind": import_kind(job.kind),
        "list_url": _list_url(import_kind(job.kind)),
        "steps": steps(step),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "registry/import/_job.html" if fragment else "registry/import/job.html", context)


def _list_url(kind: ImportKind) -> str:
    try:
        return reverse(kind.listing) if kind.listing else ""
    except NoReverseMatch:
        return ""


@login_required
@require_POST
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Import what the trial found good."""
    job = _job(request, token)
    if job.state != staging.CHECKED:
        raise Refused(_("请先检查文件。"), mend=_("回到列对应一步，再点“检查”。"))
    job.skip_errors = request.POST.get("skip_errors") == "1"
    jobs.start(request.user, job, write=True)
    return redirect("import_job", token)


@login_required
@require_POST
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask a running step to stop; what it wrote is undone."""
    job = _job(request, token)
    if job.is_busy:
        job.stop_path.touch(mode=0o600)
    return redirect("import_job", token)


@login_required
@require_POST
def drop(request: HttpRequest, token: str) -> HttpResponse:
    """Throw the uploaded file away."""
    job = _job(request, token)
    if job.is_busy:
        raise Refused(_("这个文件正在处理。"), mend=_("请等它完成，或先停止。"))
    staging.drop(job)
    messages.success(request, _("已放弃文件“%(name)s”。") % {"name": job.name})
    return redirect("import_start")


@login_required
@require_safe
def failed_rows(request: HttpRequest, token: str) -> FileResponse:
    """The rows that were left out, with reasons."""
    job = _job(request, token)
    if not job.failed_path.exists():
        raise Http404
    name = f"{job.name.rsplit('.', 1)[0]}.failed.csv"
    response = FileResponse(
        job.failed_path.open("rb"), as_attachment=True, filename=name, content_type="text/csv"
    )
    response["Cache-Control"] = "private, no-store"
    return response


def steps(now: int) -> list[tuple[str, str]]:
    """The step line: label and state."""
    labels = [_("选择文件"), _("对应各列"), _("检查"), _("写入"), _("完成")]
    return [
        (label, "done" if place < now or now == len(labels) - 1 else "now" if place == now else "next")
        for place, label in enumerate(labels)
    ]
