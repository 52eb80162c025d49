"""Lists of industry chains: industries, products, firms, links of names."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.chains import (
    ChainFirm,
    ChainIndustry,
    ChainLink,
    ChainNode,
)
from langqiao.apps.alliances.queries import chains as read
from langqiao.apps.alliances.queries.chains_graph import main_dataset, visible_datasets
from langqiao.apps.registry.models import City
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

HOWS = [(name, read.HOW[name]) for name in ("exact", "normalised", "contained", "fused")]
EMPTY = Empty(
    _("还没有产业链数据。"),
    _("联席办可以用命令 langqiao chains load 导入产业链数据集，或运行 langqiao demo 查看示例。"),
)


def city_choices() -> list[tuple[str, str]]:
    """The corridor's cities."""
    return [(city.slug, named(city)) for city in City.objects.all()]


def industry_choices() -> list[tuple[str, str]]:
    """The first tier of the data sets' industries."""
    rows = ChainIndustry.objects.filter(tier=1, dataset__is_public=True).order_by("name")
    return list(dict.fromkeys((row.name, row.name) for row in rows))


def _of_industry(rows: QuerySet[ChainIndustry], values: list[str]) -> QuerySet[ChainIndustry]:
    above = Q(name__in=values) | Q(parent__name__in=values) | Q(parent__parent__name__in=values)
    return rows.filter(above)


def _dataset(request: HttpRequest) -> Any:
    """The data set that the address names, else the one that stands for the corridor."""
    return main_dataset(request.user, request.GET.get("dataset", "").replace("\0", "")[:40])


class IndustryListing(Listing):
    """Industries of a data set; a row leads to its chain map."""

    slug = "chain-industries"
    title = _("产业链")
    lead = _("每个产业一张链图：上游到下游有哪些产品，九城谁在生产，缺在哪里。")
    search = ("name", "code")
    search_hint = _("按产业名称或代码查找")
    default_sort = "code"
    template = "alliances/chains/industries.html"
    columns = (
        Column("name", _("产业"), sort="name", link=lambda row: row.get_absolute_url()),
        Column("code", _("产业代码"), sort="code", kind="code", secondary=True),
        Column("tier", _("层级"), sort="tier", kind="number", secondary=True),
        Column("parent", _("上级产业"), sort="parent__name", secondary=True),
        Column("corridor", _("九城企业"), "corridor_count", sort="corridor_count", kind="number"),
        Column("firms", _("全部企业"), "firm_count", sort="firm_count", kind="number"),
        Column("dataset", _("数据集"), export_only=True),
    )
    filters = (
        Filter("tier", _("层级"), choices=lambda: [("1", "1"), ("2", "2"), ("3", "3")], apply="tier"),
        Filter("within", _("所属产业"), "multi", choices=industry_choices, apply=_of_industry),
    )
    empty = EMPTY

    def queryset(self, request: HttpRequest) -> QuerySet[ChainIndustry]:
        """Industries of one data set."""
        return read.industries(request.user).filter(dataset=_dataset(request))

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """The data set, the corridor's seven industries, what else there is to open."""
        dataset = _dataset(request)
        return {
            "dataset": dataset,
            "datasets": visible_datasets(request.user).select_related("base"),
            "scopes": read.field_scopes(dataset) if dataset is not None else [],
            "may_load": allowed(request.user, "chains.load"),
        }


class NodeListing(Listing):
    """Products of the product graph, with how many names of firms' products mean them."""

    slug = "chain-products"
    title = _("链上产品")
    lead = _("产品图谱的节点：它由什么制成，用来制成什么，谁在生产。")
    search = ("name",)
    search_hint = _("按产品名称查找")
    default_sort = "name"
    columns = (
        Column("name", _("产品"), sort="name", link=lambda row: row.get_absolute_url()),
        Column("names", _("归到此处的企业产品名"), "name_count", kind="number"),
        Column("dataset", _("数据集"), secondary=True),
    )
    filters = (
        Filter(
            "made",
            _("有企业生产"),
            "bool",
            apply=lambda rows, _value: rows.filter(pk__in=ChainLink.objects.values("node")),
        ),
    )
    empty = EMPTY

    def queryset(self, request: HttpRequest) -> QuerySet[ChainNode]:
        """Nodes of the data set that stands for the corridor."""
        return read.nodes(request.user).filter(dataset=_dataset(request))

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Count names of one page at once."""
        kept = ~Q(state=ChainLink.State.REJECTED)
        counted = ChainLink.objects.filter(kept, node__in=[row.pk for row in rows])
        counts = dict(counted.values_list("node").annotate(n=Count("pk")))
        for row in rows:
            row.name_count = counts.get(row.pk, 0)
        return rows


class ChainFirmListing(Listing):
    """Firms of the data sets: where they are and how that was decided."""

    slug = "chain-firms"
    title = _("链上企业")
    lead = _("产业链数据集中的企业；点开可看其产品，以及它停产会断开什么。")
    search = ("name", "full_name", "code")
    search_hint = _("按企业全称、简称或代码查找")
    default_sort = "name"
    columns = (
        Column("name", _("企业"), str, sort=("full_name", "name"), link=lambda row: row.get_absolute_url()),
        Column("code", _("企业代码"), sort="code", kind="code", secondary=True),
        Column("city", _("城市"), lambda row: named(row.city), sort="city__order"),
        Column("placed", _("城市依据"), "get_placed_display", sort="placed", secondary=True),
        Column("industry", _("产业"), sort="industry__name", secondary=True),
        Column("exchange", _("上市地"), sort="exchange", export_only=True),
        Column("dataset", _("数据集"), export_only=True),
    )
    filters = (
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
        Filter("placed", _("城市依据"), choices=lambda: ChainFirm.Placed.choices, apply="placed"),
    )
    empty = EMPTY

    def queryset(self, request: HttpRequest) -> QuerySet[ChainFirm]:
        """All firms that the viewer may read."""
        return read.firms(request.user)


def _certainty(link: ChainLink) -> Badge:
    sure = read.certainty_of(link)
    return Badge(f"{sure.words} {sure.percent}%", sure.tone)


class LinkListing(Listing):
    """Which node each product name means, the least sure first: work for a person."""

    slug = "chain-links"
    title = _("产品归类核实")
    lead = _("企业写的产品名称各不相同。这里列出每个名称归到哪个产品节点、有多大把握；办公室可以确认或否定。")
    search = ("name", "node__name")
    search_hint = _("按产品名称或节点查找")
    default_sort = "certainty"
    detail_template = "alliances/chains/_link_row.html"
    columns = (
        Column("name", _("产品名称"), sort="name", link=lambda row: reverse("chain_link", args=[row.pk])),
        Column("node", _("产品节点"), lambda row: row.node or "", sort="node__name"),
        Column(
            "certainty", _("把握"), _certainty, sort="certainty", kind="badge",
            export=lambda row: round(row.certainty, 4),
        ),
        Column("how", _("归类方法"), lambda row: read.HOW.get(row.how, row.how), sort="how", secondary=True),
        Column("state", _("状态"), "get_state_display", sort="state", secondary=True),
        Column("firms", _("使用企业"), "uses", sort="uses", kind="number", secondary=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), choices=lambda: ChainLink.State.choices, apply="state"),
        Filter("how", _("归类方法"), choices=lambda: HOWS, apply="how"),
        Filter("linked", _("已归类"), "bool", apply=lambda rows, _value: rows.filter(node__isnull=False)),
        Filter("certainty", _("可信度（0–1）"), "range", apply="certainty"),
    )
    empty = EMPTY

    def queryset(self, request: HttpRequest) -> QuerySet[ChainLink]:
        """Links of all data sets that the viewer may read."""
        return read.links(request.user)
