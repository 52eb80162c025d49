"""Pages of readings: bring in a table, fetch one to fill in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as now_text
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from langqiao.apps.quantum.domain.imports import import_readings
from langqiao.apps.quantum.exchange import COLUMNS_SHOWN, read_readings
from langqiao.apps.quantum.forms.network import ReadingsForm
from langqiao.apps.quantum.queries.network import ends_run_by
from langqiao.kit.acting import actor, add_refusal, back
from langqiao.kit.exports import Table, as_csv, as_xlsx
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused
from langqiao.kit.words import is_english

WRITERS = {"csv": as_csv, "xlsx": as_xlsx}


@login_required
@require_http_methods(["GET", "POST"])
def reading_import(request: HttpRequest) -> HttpResponse:
    """Bring in a table of readings: tried first, written when asked and when no row is refused."""
    require(request.user, "quantum.record_readings")
    form = ReadingsForm(request.POST or None, request.FILES or None)
    summary = None
    if request.method == "POST" and form.is_valid():
        try:
            rows, numbers = read_readings(form.cleaned_data["file"])
            summary = import_readings(
                actor(request), rows, numbers=numbers, dry_run="write" not in request.POST
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            if summary.written:
                done = _("已导入读数：新增 %(created)s 条，未变 %(unchanged)s 条。") % {
                    "created": summary.created,
                    "unchanged": summary.unchanged,
                }
                return back(request, "key_reading_list", done)
    wrong = bool(form.errors or (summary and summary.refused))
    context = {"form": form, "summary": summary, "columns": COLUMNS_SHOWN}
    return render(request, "quantum/network/reading_import.html", context, status=422 if wrong else 200)


@login_required
@require_safe
def reading_template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """A table to fill in: a row for each end of each link at the viewer's sites."""
    require(request.user, "quantum.record_readings")
    if kind not in WRITERS:
        raise Http404
    ends = ends_run_by(request.user)

    def rows() -> Iterable[list[Any]]:
        for link, site in ends:
            yield ["", "|".join(link.key), site.slug, *[""] * (len(COLUMNS_SHOWN) - 3)]

    # The export of the list bears the same headings in English; the reader knows both.
    heads = [name if is_english() else heading for name, heading, _required in COLUMNS_SHOWN]
    return WRITERS[kind](Table("readings", now_text("密钥池读数"), heads, rows, lambda: len(ends)))
