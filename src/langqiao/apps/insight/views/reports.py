"""Pages of reports: reading, writing without a pointer, publishing, comparing, taking along."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.insight.documents.reports import DOCX_TYPE, about_section, as_docx, as_html, head_of
from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.domain.reports.checking import check_again
from langqiao.apps.insight.domain.reports.comparing import compare
from langqiao.apps.insight.domain.reports.content import content
from langqiao.apps.insight.forms.reports import (
    FiguresForm,
    MethodForm,
    ReportForm,
    TextForm,
    field_name,
    initial_of,
)
from langqiao.apps.insight.listings.reports import state_badge
from langqiao.apps.insight.models.reports import Report, Section
from langqiao.apps.insight.queries import reports as queries
from langqiao.apps.insight.queries.reports_shown import differences_shown, shown
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.throttle import throttle

State = Report.State


def readable(request: HttpRequest, pk: int) -> Report:
    """A report the reader may read; who may not need not know that it exists."""
    return get_object_or_404(queries.visible_reports(request.user), pk=pk)


def _draft(request: HttpRequest, pk: int) -> Report:
    """A report that the reader may write."""
    report = readable(request, pk)
    require(request.user, "insight.write_report", report)
    return report


@require_safe
def report_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The report as it reads, with its versions, digests and what may be done."""
    report = readable(request, pk)
    told = shown(report, queries.sections_of(report))
    writes = allowed(request.user, "insight.write_report", report)
    entries = queries.entries_of(report, request.user)
    context = {
        "report": report,
        "shown": told,
        "head": head_of(told),
        "appendix": [(one, about_section(one)) for one in told.counted],
        "badge_state": state_badge(report),
        "versions": queries.versions_of(report, request.user),
        "entries": entries,
        "proof": next((entry for entry in entries if entry.verb == "publish_report"), None),
        "writes": writes,
        "may_publish": report.state == State.DRAFT
        and allowed(request.user, "insight.publish_report", report),
    }
    return render(request, "insight/report_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def report_new(request: HttpRequest) -> HttpResponse:
    """Begin a report."""
    require(request.user, "insight.write_report")
    name = getattr(request.user, "display_name", "")
    form = ReportForm(request.POST or None, viewer=request.user, initial={"author": name})
    if request.method == "POST" and form.is_valid():
        try:
            report = verbs.draft_report(actor(request), **form.cleaned_data)
            return back(request, reverse("report_edit", args=[report.pk]), _("已新建，请添加章节。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("起草报告"),
        lead=_("新建后逐节添加文字、指标表和方法；发布前只有本机构可见。"),
        button=_("新建"),
        cancel=reverse("report_list"),
    )


@login_required
@require_safe
def report_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The sections of a draft with what may be done to each."""
    report = _draft(request, pk)
    if report.state != State.DRAFT:
        return redirect(report)
    context = {
        "report": report,
        "shown": shown(report, queries.sections_of(report)),
        "badge_state": state_badge(report),
        "methods": queries.method_choices(),
        "may_publish": allowed(request.user, "insight.publish_report", report),
    }
    return render(request, "insight/report_edit.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def report_head(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, author and summary of a draft."""
    report = _draft(request, pk)
    initial = {"title": report.title, "author": report.author, "summary": report.summary}
    where = reverse("report_edit", args=[report.pk])
    form = ReportForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.revise_report(actor(request), report, **form.cleaned_data)
            return back(request, where, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request, form, title=_("修改标题与摘要"), lead=report.title, button=_("保存"), cancel=where
    )


# -- sections -----------------------------------------------------------------------------------


def _form(request: HttpRequest, kind: str, method: str, initial: Any = None) -> TextForm:
    """The form of a kind of section.

    Raises:
        Http404: no such kind or method.
    """
    from langqiao.engines.regional.methods import METHODS

    data = request.POST or None
    if kind == Section.Kind.METHOD and method in METHODS:
        return MethodForm(data, method=METHODS[method], initial=initial)
    if kind == Section.Kind.FIGURES:
        return FiguresForm(data, initial=initial)
    if kind == Section.Kind.TEXT:
        return TextForm(data, initial=initial)
    raise Http404


def _section_page(
    request: HttpRequest, report: Report, form: TextForm, verb: Callable[[dict[str, Any]], Any], title: Any
) -> HttpResponse:
    where = reverse("report_edit", args=[report.pk])
    if request.method == "POST":
        throttle(request, "match")
        if form.is_valid():
            try:
                section = verb(form.values())
                return back(request, f"{where}#section-{section.pk}", _("已保存，数据已固定。"))
            except Refused as refused:
                if isinstance(refused, Invalid):
                    refused.field = field_name(form, refused.field)
                add_refusal(form, refused)
    context = {
        "form": form,
        "method": getattr(form, "method", None),
        "report": report,
        "title": title,
        "cancel": where,
    }
    return render(request, "insight/report_section.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def report_section_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a section; ``?kind=`` and ``?method=`` say which form."""
    report = _draft(request, pk)
    kind = request.GET.get("kind", "")
    form = _form(request, kind, request.GET.get("method", ""), {"vintage": "best"})

    def add(values: dict[str, Any]) -> Section:
        return verbs.add_section(actor(request), report, kind=kind, **values)

    return _section_page(request, report, form, add, _("添加章节"))


@login_required
@require_http_methods(["GET", "POST"])
def report_section_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a section."""
    section = get_object_or_404(Section.objects.select_related("report"), pk=pk)
    report = _draft(request, section.report_id)
    form = _form(request, section.kind, section.choice.get("method", ""), initial_of(section))

    def revise(values: dict[str, Any]) -> Section:
        return verbs.revise_section(actor(request), section, **values)

    return _section_page(request, report, form, revise, _("修改章节"))


def _up(request: HttpRequest, section: Section) -> Any:
    verbs.move_section(actor(request), section, up=True)
    return _("已上移。")


def _down(request: HttpRequest, section: Section) -> Any:
    verbs.move_section(actor(request), section, up=False)
    return _("已下移。")


def _remove(request: HttpRequest, section: Section) -> Any:
    verbs.remove_section(actor(request), section)
    return _("已删去该节。")


SECTION_ACTS: dict[str, Act] = {"up": _up, "down": _down, "remove": _remove}


@login_required
@require_POST
def report_section_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Move or remove a section."""
    section = get_object_or_404(Section.objects.select_related("report"), pk=pk)
    report = _draft(request, section.report_id)
    return do(request, SECTION_ACTS, act, section, reverse("report_edit", args=[report.pk]))


# -- acts on the report -------------------------------------------------------------------------


def _publish(request: HttpRequest, report: Report) -> Any:
    verbs.publish_report(actor(request), report)
    return _("已发布，数字与全文的摘要已写入台账。")


def _discard(request: HttpRequest, report: Report) -> Any:
    verbs.discard_report(actor(request), report)
    return _("草稿已作废。")


def _refresh(request: HttpRequest, report: Report) -> Any:
    changed = verbs.refresh_report(actor(request), report)
    return _("数据已更新，%(n)d 节的数字有变化。") % {"n": changed}


ACTS: dict[str, Act] = {"publish": _publish, "discard": _discard, "refresh": _refresh}


@login_required
@require_POST
def report_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Publish, discard or refresh a report, or begin its next version."""
    report = readable(request, pk)
    throttle(request, "match")
    if act != "version":
        where = reverse("report_edit", args=[report.pk]) if act == "refresh" else None
        return do(request, ACTS, act, report, where)
    try:
        draft = verbs.new_version(actor(request), report)
    except Refused as refused:
        return tell_refusal(request, refused, report)
    where = reverse("report_compare", args=[report.pk, draft.pk])
    return back(request, where, _("已按最新数据新建一版草稿，下面是与上一版的差别。"))


@require_safe
def report_rerun(request: HttpRequest, pk: int) -> HttpResponse:
    """Run the report again on its pinned data and show whether every figure comes out the same."""
    report = readable(request, pk)
    throttle(request, "match")
    checks = check_again(queries.sections_of(report))
    context = {"report": report, "checks": checks, "all_hold": all(check.holds for check in checks)}
    return render(request, "insight/report_rerun.html", context)


@require_safe
def report_compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two versions, figure by figure."""
    before, after = readable(request, pk), readable(request, other)
    if before.series != after.series:
        raise Http404
    if before.version > after.version:
        return redirect("report_compare", after.pk, before.pk)
    rows = compare(queries.sections_of(before), queries.sections_of(after))
    context = {
        "before": before,
        "after": after,
        "rows": [(row, differences_shown(row)) for row in rows],
        "same": all(row.is_same for row in rows),
        "writes": allowed(request.user, "insight.write_report", after) and after.state == State.DRAFT,
    }
    return render(request, "insight/report_compare.html", context)


@require_safe
def report_file(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """The report to take along: DOCX, one HTML file, or JSON with data, results and digests."""
    report = readable(request, pk)
    throttle(request, "download")
    sections = queries.sections_of(report)
    if ending == "docx":
        body, kind = as_docx(shown(report, sections)), DOCX_TYPE
    elif ending == "html":
        body, kind = as_html(shown(report, sections)).encode(), "text/html; charset=utf-8"
    elif ending == "json":
        text = json.dumps(content(report, sections), ensure_ascii=False, indent=1)
        body, kind = text.encode(), "application/json"
    else:
        raise Http404
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{report.case}-v{report.version}.{ending}"'
    response["Cache-Control"] = "private, no-store"
    return response
