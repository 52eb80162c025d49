"""Pages of indicators: one indicator with its series, import, methods, claims."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from langqiao.apps.insight import exchange, shown_words
from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.domain.bounds import bounds_of
from langqiao.apps.insight.domain.scopes import scope_names
from langqiao.apps.insight.drawing import draw_series
from langqiao.apps.insight.forms.indicators import IndicatorForm, MethodForm, TableForm, WithdrawForm
from langqiao.apps.insight.listings.indicators import vintage_badge
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries import claims
from langqiao.apps.insight.queries import indicators as queries
from langqiao.apps.insight.queries.shown import show
from langqiao.apps.insight.queries.study import run_selection
from langqiao.apps.registry.models import City
from langqiao.engines.regional.methods import METHODS
from langqiao.kit.acting import actor, add_refusal, back, form_page
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused
from langqiao.kit.throttle import throttle
from langqiao.kit.words import is_english, listed, named

_CELLS_AT_MOST = 400


@require_safe
def indicator_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """An indicator: series, values with vintage and source, revisions, withdrawn values."""
    indicator = get_object_or_404(Indicator, pk=slug)
    found = list(queries.values().filter(indicator=indicator))
    live = queries.cells(value for value in found if value.withdrawn_at is None)
    names = scope_names((value.scope_kind, value.scope) for value in found)
    hues = {("city", city.slug): place for place, city in enumerate(City.objects.all())}
    rows = sorted(live, key=lambda cell: (cell.scope[0], hues.get(cell.scope, 99), names[cell.scope]))
    context = {
        "indicator": indicator,
        "range": bounds_of(indicator).firm.words(),
        "about": (is_english() and indicator.description_en) or indicator.description,
        "drawing": draw_series(live, names, hues, indicator.unit),
        "rows": [(names[cell.scope], cell, _shown_values(cell.values)) for cell in rows[:_CELLS_AT_MOST]],
        "more": max(0, len(rows) - _CELLS_AT_MOST),
        "withdrawn": [
            (names[value.scope_kind, value.scope], value) for value in found if value.withdrawn_at is not None
        ],
        "sources": _sources(found),
        "may_withdraw": allowed(request.user, "insight.withdraw_value"),
        "may_define": allowed(request.user, "insight.define_indicator"),
    }
    return render(request, "insight/indicators/detail.html", context)


def _shown_values(values: Sequence[Value]) -> list[tuple[Value, Any]]:
    return [(value, vintage_badge(value)) for value in values]


def _amount(value: Value) -> str:
    return f"{shown_words.figures(value.value, value.unit)} {shown_words.unit(value.unit)}".strip()


def _sources(found: Sequence[Value]) -> list[tuple[str, str]]:
    """Each source once, with its address."""
    return list(dict.fromkeys((value.source_name, value.source_url) for value in found))[:20]


@login_required
@require_http_methods(["GET", "POST"])
def indicator_new(request: HttpRequest) -> HttpResponse:
    """Define an indicator."""
    require(request.user, "insight.define_indicator")
    form = IndicatorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if Indicator.objects.filter(pk=form.cleaned_data["slug"]).exists():
                form.add_error("slug", _("这个代号已经有了。"))
            else:
                indicator = verbs.define_indicator(actor(request), **form.cleaned_data)
                return back(request, indicator, _("已定义，可以导入数值了。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("定义指标"),
        lead=_("单位一经有数就不再改。"),
        button=_("定义"),
        cancel=reverse("indicator_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def indicator_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Say an indicator's words anew."""
    indicator = get_object_or_404(Indicator, pk=slug)
    require(request.user, "insight.define_indicator")
    known = {name: getattr(indicator, name) for name in IndicatorForm.base_fields}
    form = IndicatorForm(
        {**request.POST.dict(), "slug": slug} if request.method == "POST" else None, initial=known
    )
    form.fields["slug"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            words = {**form.cleaned_data, "slug": slug, "illustrative": indicator.illustrative}
            return back(request, verbs.define_indicator(actor(request), **words), _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改指标"),
        lead=named(indicator),
        button=_("保存"),
        cancel=indicator.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "POST"])
def value_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a value, with the reason."""
    value = get_object_or_404(queries.values(), pk=pk)
    require(request.user, "insight.withdraw_value", value)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.withdraw_value(actor(request), value, why=form.cleaned_data["why"])
            return back(request, value.indicator, _("已撤回；原数仍可查阅。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("撤回指标值"),
        lead=f"{named(value.indicator)} · {value.period} · {_amount(value)}",
        button=_("撤回"),
        cancel=value.indicator.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "POST"])
def value_import(request: HttpRequest) -> HttpResponse:
    """Import figures: tried first, written when asked, when no row is wrong and differences are confirmed."""
    require(request.user, "insight.import_values")
    form = TableForm(request.POST or None, request.FILES or None)
    report, dry_run = None, "write" not in request.POST
    if request.method == "POST" and form.is_valid():
        accepted = form.cleaned_data["accept_differences"]
        try:
            rows = exchange.read_rows(form.cleaned_data["file"])
            report = verbs.enter_values(actor(request), rows, dry_run=dry_run, accept_differences=accepted)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            if report.written:
                done = _("已导入：新增 %(created)s，%(unchanged)s 行此前已有。") % {
                    "created": report.created,
                    "unchanged": report.unchanged,
                }
                return back(request, "indicator_list", done)
    is_wrong = bool(form.errors or (report and (report.wrong or not dry_run)))
    if not (report and report.differing):
        del form.fields["accept_differences"]
    columns = [(name, headings[0], name in exchange.REQUIRED) for name, headings in exchange.HEADINGS.items()]
    context = {"form": form, "report": report, "columns": columns}
    return render(request, "insight/indicators/import.html", context, status=422 if is_wrong else 200)


@require_safe
def value_template(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """A table with the headings and one line as an example of how figures are written."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow([headings[0] for headings in exchange.HEADINGS.values()])
    response = HttpResponse("\ufeff" + sheet.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="indicator-values.csv"'
    return response


@require_safe
def claim_list(request: HttpRequest) -> HttpResponse:
    """Every claim with its verdict, figures, sources and what is missing."""
    figures = claims.known_figures()
    wanted = [("city", slug) for slug in claims.city_slugs()]
    wanted += [("corridor", "corridor"), ("nation", "nation")]
    names = {key: name for (_kind, key), name in scope_names(wanted).items()}
    tones = {"reproduced": "success", "not_reproduced": "danger", "unknown": "muted"}
    shown = [
        {
            "words": words,
            "finding": finding,
            "verdict": claims.verdict_words(finding),
            "tone": tones[finding.verdict],
            "share": claims.share_words(finding),
            "cities": (cities := listed(names.get(slug, slug) for slug in claims.known_cities(finding))),
            "basis": claims.basis_words(finding, cities),
            "series": [(one, claims.stated_words(one)) for one in words.claim.series],
            "missing": listed(names.get(slug, slug) for slug in finding.missing),
            "all_missing": len(finding.missing) == len(wanted) - 2,
            "figures": [(names.get(figure.scope, figure.scope), figure) for figure in finding.used],
            "totals": claims.totals(words.claim, figures),
        }
        for words, finding in claims.findings(figures)
    ]
    context = {"claims": shown, "may_import": allowed(request.user, "insight.import_values")}
    return render(request, "insight/indicators/claims.html", context)


@require_safe
def method_list(request: HttpRequest) -> HttpResponse:
    """The methods one can run."""
    language = "en" if is_english() else "zh"
    methods = [
        {
            "key": method.key,
            "title": method.title.to(language),
            "summary": method.summary.to(language),
            "reference": method.reference,
        }
        for method in METHODS.values()
    ]
    return render(request, "insight/indicators/methods.html", {"methods": methods})


@require_safe
def method_detail(request: HttpRequest, key: str) -> HttpResponse:
    """Run a method on chosen indicators, scopes and periods; the warnings stand beside the figures."""
    method = METHODS.get(key)
    if method is None:
        raise Http404
    language = "en" if is_english() else "zh"
    form = MethodForm(request.GET if "run" in request.GET else None, method=method)
    context: dict[str, Any] = {
        "form": form,
        "method": method,
        "title": method.title.to(language),
        "summary": method.summary.to(language),
    }
    status = 200
    if form.is_bound and form.is_valid():
        throttle(request, "match")
        try:
            study, result = run_selection(form.selection())
            context |= {"study": study, "shown": show(result, study), **_told(study)}
        except Refused as refused:
            field = refused.field
            refused.field = field if field in form.fields else f"p_{field}"
            add_refusal(form, refused)
    if form.errors:
        status = 422
    return render(request, "insight/indicators/method.html", context, status=status)


def _told(study: Any) -> dict[str, Any]:
    """What was left out, and the values used with their sources."""
    scopes = {tuple(name.partition("@")[0].split(":", 1)) for name in study.dropped}
    scopes |= {(value.scope_kind, value.scope) for value in study.values}
    names = scope_names(scopes)
    dropped = []
    for name in study.dropped:
        scope, _sep, period = name.partition("@")
        kind, _colon, slug = scope.partition(":")
        dropped.append(f"{names[kind, slug]} {period}".strip())
    units = dict.fromkeys(value.unit for value in study.values if shown_words.is_scaled(value.unit))
    return {
        "dropped": listed(dropped),
        "other_units": listed(units),
        "used": [(names[value.scope_kind, value.scope], value) for value in study.values[:_CELLS_AT_MOST]],
    }
