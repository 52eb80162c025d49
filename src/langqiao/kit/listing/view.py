"""The view behind every list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from langqiao.kit.exports import Table, as_csv, as_xlsx
from langqiao.kit.listing.parts import Column
from langqiao.kit.listing.state import Listing, ListState
from langqiao.kit.refusals import Invalid

FORMATS = {"csv": as_csv, "xlsx": as_xlsx}
CHUNK = 500


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Rows in lists of ``size`` (itertools has it from Python 3.12 on)."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk


def list_view(listing: type[Listing] | Listing) -> Callable[[HttpRequest], HttpResponseBase]:
    """Make the view of a listing: the page, its table alone for htmx, a row's detail, an export."""
    described = listing() if isinstance(listing, type) else listing

    @require_safe
    def view(request: HttpRequest) -> HttpResponseBase:
        state = ListState(described, request)
        if wanted := request.GET.get("export"):
            return _export(state, wanted)
        if (key := request.GET.get("open")) is not None:
            return _open(state, key)
        partial = request.headers.get("HX-Target", "").endswith("#listing")
        context = {
            "listing": described,
            "list": state,
            "primary": described.primary_action(request),
            **described.extra_context(request),
        }
        response = render(request, "listing/_table.html" if partial else described.template, context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        if partial:
            # Typing in a filter replaces the address; a click on a page or a heading adds to the history.
            typed = request.headers.get("HX-Source", "").endswith("#listing-filters")
            page = state.page.number if state.page.number > 1 else None
            response["HX-Replace-Url" if typed else "HX-Push-Url"] = request.path + state.address(page=page)
        return response

    return view


def _open(state: ListState, key: str) -> HttpResponse:
    """A row's detail, under the same limits as the list itself."""
    listing = state.listing
    if not listing.detail_template or not key.isascii() or len(key) > 40:
        raise Http404
    try:
        row = listing.queryset(state.request).filter(pk=key).first()
    except ValueError as bad_key:
        raise Http404 from bad_key
    if row is None:
        raise Http404
    return render(state.request, listing.detail_template, {"object": row})


def _export(state: ListState, wanted: str) -> HttpResponseBase:
    writer = FORMATS.get(wanted)
    if writer is None:
        raise Invalid(_("没有这种导出格式。"), mend=_("请选择 CSV 或 XLSX。"), field="export")
    columns = list(state.listing.columns)
    model = state.rows.model
    names = {field.name for field in model._meta.get_fields()}
    if "code" in names and not any(column.name == "code" for column in columns):
        # By its code a record is known again when the table comes back as an import.
        columns.insert(0, Column("code", _("编号"), lambda row: row.code or ""))
    if "illustrative" in names:
        columns.append(Column("illustrative", _("示例"), lambda row: _("示例") if row.illustrative else ""))
    heads = [str(column.export_label or column.label) for column in columns]

    def lines() -> Iterator[list[Any]]:
        for chunk in batched(state.rows.iterator(chunk_size=CHUNK), CHUNK):
            for row in state.listing.prepare(chunk, state.request):
                yield [column.plain(row) for column in columns]

    return writer(
        Table(
            name=state.listing.slug,
            title=str(state.listing.title),
            heads=heads,
            rows=lines,
            count=state.rows.count,
        )
    )
