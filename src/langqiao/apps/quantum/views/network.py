"""Pages of the network: the map, sites, links, health and alarms."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.quantum.domain import network as verbs
from langqiao.apps.quantum.forms.network import LinkForm, SiteForm
from langqiao.apps.quantum.forms.parts import ReasonForm
from langqiao.apps.quantum.listings.network import basis_badge
from langqiao.apps.quantum.listings.parts import state_badge
from langqiao.apps.quantum.models import Link, Site
from langqiao.apps.quantum.queries import network as queries
from langqiao.apps.quantum.queries.alarms import alarms_of
from langqiao.apps.quantum.queries.cases import thread
from langqiao.apps.quantum.queries.errors import limit_of
from langqiao.apps.quantum.queries.network import Pool
from langqiao.apps.quantum.queries.rates import rates_of
from langqiao.apps.quantum.views.charts import error_chart, level_chart
from langqiao.apps.quantum.views.parts import reason, through_form
from langqiao.kit.acting import Act, actor, do
from langqiao.kit.listing import Badge
from langqiao.kit.permissions import allowed, require
from langqiao.kit.words import named

# What a pool's level is called, and its tone; the map's lines bear the same names as classes.
LEVEL_WORDS: dict[str, tuple[Any, str]] = {
    "ample": (_("充足"), "success"),
    "fair": (_("一般"), "water"),
    "low": (_("偏低"), "warning"),
    "empty": (_("耗尽"), "danger"),
    "unknown": (_("没有读数"), "muted"),
    "down": (_("中断"), "danger"),
    "open": (_("可用"), "success"),
}
HEALTH = ("ample", "fair", "low", "empty", "unknown", "down")
PLAIN = ("open", "down")
LISTED = 20


def level_badge(level: str) -> Badge:
    """A level in words on its tone."""
    words, tone = LEVEL_WORDS[level]
    return Badge(words, tone)


def row_of(pool: Pool, level: str, *, with_levels: bool) -> dict[str, Any]:
    """A link for the table beside the map."""
    return {
        "link": pool.link,
        "rate": queries.rate_of(pool.link),
        "badge": level_badge(level),
        "reading": pool.reading if with_levels else None,
        "hours": pool.hours_left if with_levels else None,
        "basis": basis_badge(pool.link),
    }


@require_safe
def network_map(request: HttpRequest) -> HttpResponse:
    """The map: sites by their coordinates, links by pool level for those who may see it, and a table."""
    sees = allowed(request.user, "quantum.read_health")
    rows = queries.pools(queries.links_with_sites())
    dots = queries.dots_of(queries.sites_with_links(), (pool.link for pool in rows))
    lines = queries.lines_of(rows, dots, with_levels=sees)
    table = [row_of(pool, line.level, with_levels=sees) for pool, line in zip(rows, lines, strict=True)]
    shown = HEALTH if sees else PLAIN
    context = {
        "dots": dots,
        "lines": lines,
        "rows": table,
        "sees": sees,
        "key": [(name, LEVEL_WORDS[name][0]) for name in shown],
        "alarms": alarms_of(rows)[:5] if sees else [],
        "illustrative": any(pool.link.illustrative for pool in rows),
        "may_plan": allowed(request.user, "quantum.plan"),
        "knows": allowed(request.user, "quantum.read_endpoints"),
    }
    return render(request, "quantum/network/network_map.html", context)


@login_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Alarms in words, and what each KME last said."""
    require(request.user, "quantum.read_health")
    rows = queries.pools(queries.links_with_sites())
    latest: dict[int, Any] = {}
    for pool in rows:
        for reading in pool.readings:
            known = latest.get(reading.site_id)
            if known is None or (reading.at, not reading.reachable) > (known.at, not known.reachable):
                latest[reading.site_id] = reading
    sites = [
        {"site": site, "badge": state_badge(site), "reading": latest.get(int(site.pk))}
        for site in queries.sites_with_links()
    ]
    context = {
        "alarms": alarms_of(rows),
        "sites": sites,
        "rows": [row_of(pool, pool.level, with_levels=True) for pool in rows],
    }
    return render(request, "quantum/network/health.html", context)


@require_safe
def site_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A site: its state, its links and, for those who may see it, its KME."""
    site = get_object_or_404(queries.sites_with_links(), pk=pk)
    sees = allowed(request.user, "quantum.read_health")
    rows = queries.pools(queries.links_at(site))
    links = [
        row_of(pool, pool.level if sees else "open" if queries.is_up(pool.link) else "down", with_levels=sees)
        | {"other": queries.other_end(pool.link, site)}
        for pool in rows
    ]
    context = {
        "site": site,
        "badge_state": state_badge(site),
        "links": links,
        "sees": sees,
        "may_run": allowed(request.user, "quantum.run_site", site),
        "reason_form": ReasonForm(),
        "entries": thread(site, request.user),
    }
    return render(request, "quantum/network/site_detail.html", context)


@require_safe
def link_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A link: fibre, equipment, rate with its basis; pool and errors over time for those who may see them."""
    link = get_object_or_404(queries.links_with_sites(), pk=pk)
    sees = allowed(request.user, "quantum.read_health")
    pool = queries.pools([link])[0]
    level = pool.level if sees else "open" if queries.is_up(link) else "down"
    limit = limit_of(link)
    charts = []
    if sees:
        for site in (link.a, link.b):
            series = queries.series_of(link, site=site)
            charts.append(
                {
                    "site": site,
                    "chart": level_chart(series),
                    "errors": error_chart(series, limit=limit.value),
                    "has_errors": any(reading.qber is not None for reading in series),
                    "latest": series[::-1][:LISTED],
                }
            )
    context = {
        "link": link,
        "engine": queries.engine_link(link),
        "rates": rates_of(link),
        "badge_state": level_badge(level),
        "basis": basis_badge(link),
        "pool": pool,
        "sees": sees,
        "charts": charts,
        "limit": limit,
        "may_run": allowed(request.user, "quantum.run_link", link),
        "reason_form": ReasonForm(),
        "entries": thread(link, request.user),
    }
    return render(request, "quantum/network/link_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def site_new(request: HttpRequest) -> HttpResponse:
    """Register a site."""
    require(request.user, "quantum.run_site")
    return through_form(
        request,
        SiteForm(request.POST or None, viewer=request.user, initial={"trusted": True}),
        lambda values: verbs.register_site(actor(request), **values),
        title=_("登记站点"),
        lead=_("登记后可以登记它与其他站点之间的链路。"),
        button=_("登记"),
        cancel=reverse("site_list"),
        done=_("站点已登记，接着登记链路。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def site_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a site."""
    site = get_object_or_404(queries.sites_with_links(), pk=pk)
    require(request.user, "quantum.run_site", site)
    return through_form(
        request,
        SiteForm(request.POST or None, viewer=request.user, site=site),
        lambda values: verbs.revise_site(actor(request), site, **values),
        title=_("修改站点"),
        lead=named(site),
        button=_("保存"),
        cancel=site.get_absolute_url(),
        done=_("已保存。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def link_new(request: HttpRequest) -> HttpResponse:
    """Register a link."""
    require(request.user, "quantum.run_link")
    return through_form(
        request,
        LinkForm(request.POST or None),
        lambda values: verbs.register_link(actor(request), values.pop("a"), values.pop("b"), **values),
        title=_("登记链路"),
        lead=_("两端至少有一端由您所在单位运营；每个数字写明已公布的来源，或假设的依据。"),
        button=_("登记"),
        cancel=reverse("link_list"),
        done=_("链路已登记。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def link_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a link."""
    link = get_object_or_404(queries.links_with_sites(), pk=pk)
    require(request.user, "quantum.run_link", link)
    return through_form(
        request,
        LinkForm(request.POST or None, link=link),
        lambda values: verbs.revise_link(actor(request), link, **values),
        title=_("修改链路"),
        lead=str(link),
        button=_("保存"),
        cancel=link.get_absolute_url(),
        done=_("已保存。"),
    )


def _suspend(request: HttpRequest, site: Site) -> Any:
    verbs.suspend_site(actor(request), site, why=reason(request))
    return _("站点已停用，规划不再使用它和它的链路。")


def _resume(request: HttpRequest, site: Site) -> Any:
    verbs.resume_site(actor(request), site)
    return _("站点已恢复。")


@login_required
@require_POST
def site_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Suspend or resume a site."""
    site = get_object_or_404(queries.sites_with_links(), pk=pk)
    return do(request, {"suspend": _suspend, "resume": _resume}, act, site)


def _cut(request: HttpRequest, link: Link) -> Any:
    verbs.cut_link(actor(request), link, why=reason(request))
    return _("已登记中断，规划将绕行。")


def _restore(request: HttpRequest, link: Link) -> Any:
    verbs.restore_link(actor(request), link)
    return _("已登记恢复。")


LINK_ACTS: dict[str, Act] = {"cut": _cut, "restore": _restore}


@login_required
@require_POST
def link_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Report a link down or up again."""
    return do(request, LINK_ACTS, act, get_object_or_404(queries.links_with_sites(), pk=pk))
