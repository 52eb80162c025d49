"""Pages of the Eye (科创之眼): corridor → city → organisation → the entries behind a number."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from langqiao.apps.eye.boundaries import boundaries
from langqiao.apps.eye.drawing import draw_flows
from langqiao.apps.eye.listings.evidence import EvidenceListing
from langqiao.apps.eye.queries import periods, portal
from langqiao.apps.eye.queries.figures import figures
from langqiao.apps.eye.queries.live import live
from langqiao.apps.ledger.flows import KINDS
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.words import in_words
from langqiao.apps.registry.models import Organisation
from langqiao.kit.listing import list_view

ACTS = 8
ROWS_A_KIND = 4
ROWS_OF_ONE = 20
evidence_list = list_view(EvidenceListing)


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:40] for name in ("kind", "period", "city")}


def _shown(view: portal.FlowView) -> list[portal.FlowRow]:
    """The largest rows: a few of each kind, or more of the one chosen."""
    most, counts, found = (ROWS_OF_ONE if view.kind else ROWS_A_KIND), Counter[str](), []
    for row in view.rows:
        counts[row.kind.slug] += 1
        if counts[row.kind.slug] <= most:
            found.append(row)
    return found


def _flows(request: HttpRequest, view: portal.FlowView) -> dict[str, Any]:
    """Map, table and choices of a page with flows."""
    known = boundaries()
    asked = {key: value for key, value in _asked(request).items() if value}
    return {
        "view": view,
        "shown": view.rows if request.GET.get("rows") == "all" else _shown(view),
        "all_url": f"?{urlencode({**asked, 'rows': 'all'})}",
        "kinds": list(KINDS.values()),
        "periods": periods.periods(),
        "drawing": draw_flows(view.cities, view.rows, outlines=known.rings),
        "boundaries": known,
    }


@require_safe
def eye(request: HttpRequest) -> HttpResponse:
    """The corridor at one look: flows by kind, period and city, figures, the latest acts."""
    try:
        wall = reverse("eye_wall")
    except NoReverseMatch:
        wall = ""
    context = {
        **_flows(request, portal.flow_view(**_asked(request))),
        "figures": figures(),
        "acts": live(ACTS).acts,
        "wall": wall,
    }
    response = render(request, "eye/portal/eye.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def eye_city(request: HttpRequest, slug: str) -> HttpResponse:
    """A city's flows with the other cities, its organisations behind them, its latest acts."""
    city = portal.city_of(slug)
    if city is None:
        raise Http404
    asked = _asked(request)
    view = portal.flow_view(kind=asked["kind"], period=asked["period"], city=city.slug)
    entries = Entry.objects.filter(visibility=Visibility.PUBLIC, city=city.slug).order_by("-sequence")[:ACTS]
    context = {
        **_flows(request, view),
        "city": city,
        "balances": portal.balances(view),
        "involved": portal.organisations_of(city, view.period),
        "acts": in_words(entries, request.user),
    }
    return render(request, "eye/portal/city.html", context)


@require_safe
def eye_organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """An organisation's part in the flows, and the cases it comes from."""
    organisation = (
        Organisation.everything.filter(pk=pk).select_related("city").first() if 0 < pk < 2**63 else None
    )
    if organisation is None:
        raise Http404
    context = {
        "view": portal.organisation_view(organisation, period=_asked(request)["period"]),
        "organisation": organisation,
        "periods": periods.periods(),
    }
    return render(request, "eye/portal/organisation.html", context)
