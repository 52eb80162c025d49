"""The page of the key plan (密钥规划): a what-if answers at once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from langqiao.apps.quantum.forms.network import WhatIfForm
from langqiao.apps.quantum.queries.network import links_with_sites, sites_with_links
from langqiao.apps.quantum.queries.plans import (
    Worked,
    additions,
    link_name,
    reason_in_words,
    route_in_words,
    worked_out,
)
from langqiao.apps.quantum.queries.rates import rates_at
from langqiao.engines.qkd.types import DemandPlan, Upgrade
from langqiao.kit.acting import add_refusal
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused

KINDS: dict[str, Any] = {
    "system": _("在 %(link)s 增加一套设备"),
    "station": _("在 %(link)s 增设一处中继"),
    "link": _("新增链路 %(link)s"),
}


@login_required
@require_safe
def key_plan(request: HttpRequest) -> HttpResponse:
    """Which demands are met, why others are not, what to add next; and what a change would do."""
    require(request.user, "quantum.plan")
    sites, links = list(sites_with_links()), list(links_with_sites())
    given = {name: value for name, value in request.GET.items() if name in WhatIfForm.base_fields}
    form = WhatIfForm(given, sites=sites, links=links)
    context: dict[str, Any] = {"form": form, "has_links": bool(links)}
    if form.is_valid():
        try:
            context |= _shown(worked_out(form.change()))
        except Refused as refused:
            add_refusal(form, refused)
    partial = request.headers.get("HX-Target", "").endswith("#plan")
    template = "quantum/network/_plan.html" if partial else "quantum/network/key_plan.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _shown(worked: Worked) -> dict[str, Any]:
    found, base = worked.found, worked.base
    before = {row.demand.id: row for row in base.demands}
    loads = sorted(found.links, key=lambda row: -row.percent)
    was = {row.link: row for row in base.links}
    advice = additions(worked)
    return {
        "plan": found,
        "is_changed": not worked.change.is_none,
        "met": len(found.demands) - len(found.unmet),
        "met_before": len(base.demands) - len(base.unmet),
        "rows": [_row(worked, row, before[row.demand.id]) for row in found.demands],
        "loads": [
            {
                "name": link_name(row.link, worked.names),
                "load": row,
                "before": was[row.link].percent if row.link in was else None,
                "is_full": row.link in found.bottlenecks,
            }
            for row in loads
        ],
        "rated": _rated(worked),
        "advice": advice,
        "additions": [_addition(worked, one) for one in advice.upgrades],
    }


def _rated(worked: Worked) -> list[dict[str, Any]]:
    """The links that a change adds or doubles, by method."""
    keys = [key for key in (worked.change.add, worked.change.double) if key]
    rows = [(link_name(key, worked.names), rates_at(worked.network, key)) for key in dict.fromkeys(keys)]
    return [{"name": name, "rates": rates} for name, rates in rows if rates]


def _row(worked: Worked, row: DemandPlan, before: DemandPlan) -> dict[str, Any]:
    return {
        "demand": worked.demands[row.demand.id],
        "plan": row,
        "percent": 100 * row.share,
        "before": 100 * before.share,
        "change": 100 * (row.share - before.share),
        "why": reason_in_words(row.reason, worked.names) if row.reason else "",
        "routes": [[route_in_words(route, worked.names) for route in flow.routes] for flow in row.flows],
    }


def _addition(worked: Worked, one: Upgrade) -> dict[str, Any]:
    words = KINDS[one.kind] % {"link": link_name(one.link, worked.names)}
    return {
        "words": words,
        "upgrade": one,
        "met": [worked.demands[key].title for key in one.newly_met],
        "worse": [worked.demands[key].title for key in one.worse],
    }
