"""The lists of scenarios and demands for key."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.listings.parts import address, city_choices, site_keys, state_badge
from langqiao.apps.quantum.models import Demand, Scenario
from langqiao.apps.quantum.queries.demands import visible_demands
from langqiao.kit.listing import Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named


class ScenarioListing(Listing):
    """Scenarios of the quantum network."""

    slug = "quantum-scenarios"
    title = _("量子应用场景")
    lead = _("量子密钥用在哪里、由谁使用；真实场景注明来源，演示场景标为示例。")
    search = ("title", "title_en", "summary", "organisation__name")
    search_hint = _("按场景或单位查找")
    default_sort = "-date"
    columns = (
        Column("title", _("场景"), named, sort="title", link=address),
        Column("kind", _("类别"), "get_kind_display", sort="kind"),
        Column("organisation", _("单位"), lambda row: named(row.organisation), sort="organisation__name"),
        Column(
            "cities", _("城市"), lambda row: [named(city) for city in row.cities.all()], kind="tags",
            secondary=True,
        ),
        Column("date", _("来源日期"), "source_date", sort="source_date", kind="date", secondary=True),
        Column("source", _("来源"), "source_name", export_only=True),
        Column("source_url", _("来源地址"), export_only=True),
        Column("summary", _("概述"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("kind", _("类别"), "multi", choices=lambda: Scenario.Kind.choices, apply="kind__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="cities__in"),
        Filter("real", _("只看真实场景"), "bool", apply=lambda rows, _value: rows.filter(illustrative=False)),
    )
    empty = Empty(_("还没有登记应用场景。"), _("量子运营方与联席办可以登记已公布的场景。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Scenario]:  # noqa: ARG002  they are public
        """All scenarios."""
        return Scenario.objects.select_related("organisation").prefetch_related("cities")

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register a scenario, for operators and the office."""
        if allowed(request.user, "quantum.keep_scenario"):
            return _("登记场景"), reverse("scenario_new")
        return None


class DemandListing(Listing):
    """Demands for key that the viewer may read."""

    slug = "quantum-demands"
    title = _("密钥需求")
    lead = _("各单位在两个站点之间需要的密钥；运营方按网络能力接纳，或说明原因不予接纳。")
    search = ("title", "case", "organisation__name")
    search_hint = _("按用途、单位或项目编号查找")
    default_sort = "-id"
    columns = (
        Column("title", _("用途"), sort="title", link=address),
        Column(
            "state", _("状态"), state_badge, sort="state", kind="badge",
            export=lambda row: row.get_state_display(),
        ),
        Column("organisation", _("需求单位"), lambda row: named(row.organisation), sort="organisation__name"),
        Column("ends", _("站点"), lambda row: f"{named(row.source)}–{named(row.target)}"),
        Column("bps", _("密钥速率（bit/s）"), sort="bps", kind="number"),
        Column("priority", _("优先级"), sort="priority", kind="number", secondary=True),
        Column("two_paths", _("双路异或"), lambda row: _("是") if row.two_paths else "", secondary=True),
        Column("starts_on", _("开始"), sort="starts_on", kind="date", export_only=True),
        Column("ends_on", _("结束"), sort="ends_on", kind="date", secondary=True),
        Column("id", _("序号"), "pk", sort="pk", export_only=True),
        Column("case", _("项目编号"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Demand.State.choices, apply="state__in"),
        Filter(
            "site", _("站点"), "multi", choices=site_keys,
            apply=lambda rows, values: rows.filter(Q(source__in=values) | Q(target__in=values)),
        ),
    )  # fmt: skip
    empty = Empty(_("没有您可以查看的密钥需求。"), _("企业与科研机构成员可以为本机构提出密钥需求。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Demand]:
        """Own demands; those at the own sites; all for the office."""
        return visible_demands(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Ask for key, for members of firms and laboratories."""
        return (_("提出需求"), reverse("demand_new")) if allowed(request.user, "quantum.ask") else None
