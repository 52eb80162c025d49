"""Pages and files of open data (开放数据): catalogue, data sets, their forms, dictionary, DCAT."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from langqiao import __version__
from langqiao.apps.eye.open_data.describe import DICTIONARY, catalogue, dictionary
from langqiao.apps.eye.open_data.folder import TITLE, as_text
from langqiao.apps.eye.open_data.formats import csv_chunks, form, forms
from langqiao.apps.eye.queries import open_data as queries
from langqiao.kit.opendata import Dataset, dataset, datasets
from langqiao.kit.throttle import throttle

MOST = 300  # characters of a search that are looked at
JSON_LD = "application/ld+json"
CSVW = "application/csvm+json"


def _wanted(slug: str) -> Dataset:
    found = dataset(slug)
    if found is None:
        raise Http404
    return found


def _address(request: HttpRequest) -> Any:
    """Absolute addresses, as descriptions that travel need them."""

    def at(one: Dataset, ending: str) -> str:
        if not ending:
            return request.build_absolute_uri(reverse("open_data_detail", args=[one.slug]))
        if ending == DICTIONARY:
            return request.build_absolute_uri(reverse("open_data_dictionary", args=[one.slug]))
        return request.build_absolute_uri(reverse("open_data_file", args=[one.slug, ending]))

    return at


@require_safe
def open_data_list(request: HttpRequest) -> HttpResponse:
    """The catalogue with search and filters."""
    throttle(request, "search")
    q = request.GET.get("q", "").replace("\0", "").strip()[:MOST]
    subjects = queries.subjects()
    endings = sorted({one.ending for known in datasets() for one in forms(known)})
    app = request.GET.get("app", "")
    ending = request.GET.get("form", "")
    app = app if app in dict(subjects) else ""
    ending = ending if ending in endings else ""
    rows = [queries.listed(one) for one in queries.found(q=q, app=app, ending=ending)]
    context = {
        "rows": rows,
        "q": q,
        "app": app,
        "form": ending,
        "subjects": subjects,
        "endings": endings,
        "number": len(datasets()),
        "is_narrowed": bool(q or app or ending),
    }
    return render(request, "eye/open_data_list.html", context)


@require_safe
def open_data_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A data set: what it holds, under which licence, in which forms, its dictionary and first rows."""
    throttle(request, "search")
    one = _wanted(slug)
    address = _address(request)
    name, licence = queries.licence(one)
    context = {
        "dataset": one,
        "listed": queries.listed(one),
        "licence": licence,
        "licence_name": name,
        "publisher": queries.publisher(one),
        "forms": [(known, address(one, known.ending)) for known in forms(one)],
        "columns": [(column, queries.type_of(column)) for column in one.columns],
        "preview": queries.preview(one) if one.columns else [],
    }
    return render(request, "eye/open_data_detail.html", context)


def _etag(*parts: str) -> str:
    """A strong tag of whatever decides the bytes; a new release of the software may write them otherwise."""
    text = "|".join((__version__, *parts))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _answer(
    request: HttpRequest, chunks: Iterable[bytes], media_type: str, *, etag: str, changed: datetime | None
) -> HttpResponseBase:
    """Stream the bytes, or say that nothing has changed; a HEAD gets the headers alone."""
    modified = int(changed.timestamp()) if changed else None
    response: HttpResponseBase | None = get_conditional_response(request, etag, modified)
    if response is None:
        # Streamed also when empty: a length of 0 would be untrue of a HEAD.
        response = StreamingHttpResponse([] if request.method == "HEAD" else chunks, content_type=media_type)
    response["ETag"] = etag
    if modified is not None:
        response["Last-Modified"] = http_date(modified)
    # Whoever keeps a copy asks each time whether it still holds.
    response["Cache-Control"] = "public, no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def open_data_file(request: HttpRequest, slug: str, ending: str) -> HttpResponseBase:
    """A data set in one form; ``?bom=1`` puts the mark before CSV that spreadsheets ask for."""
    throttle(request, "download")
    one = _wanted(slug)
    wanted = form(one, ending)
    if wanted is None:
        raise Http404
    bom = ending == "csv" and request.GET.get("bom") == "1"
    chunks = csv_chunks(one, bom=True) if bom else wanted.chunks()
    etag = _etag(slug, ending, str(bom), one.mark())
    response = _answer(request, chunks, wanted.media_type, etag=etag, changed=one.changed())
    name, licence = queries.licence(one)
    response["Content-Disposition"] = f'attachment; filename="{slug}.{ending}"'
    response["Link"] = f'<{licence}>; rel="license"; title="{name}"'
    if one.columns:
        described = _address(request)(one, DICTIONARY)
        response["Link"] += f', <{described}>; rel="describedby"; type="{CSVW}"'
    return response


@require_safe
def open_data_dictionary(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A data set's dictionary (CSV on the Web)."""
    throttle(request, "download")
    one = _wanted(slug)
    if not one.columns:
        raise Http404
    text = as_text(dictionary(one, _address(request))).encode()
    etag = _etag(text.decode())
    return _answer(request, [text], CSVW, etag=etag, changed=one.changed())


@require_safe
def open_data_catalogue(request: HttpRequest) -> HttpResponseBase:
    """The catalogue as DCAT 3 in JSON-LD."""
    throttle(request, "download")
    own = request.build_absolute_uri(reverse("open_data_catalogue"))
    text = as_text(catalogue(datasets(), _address(request), own=own, title=TITLE)).encode()
    return _answer(request, [text], JSON_LD, etag=_etag(text.decode()), changed=None)
