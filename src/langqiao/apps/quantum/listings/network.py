"""The lists of sites, links and readings."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.listings.parts import (
    address,
    city_choices,
    kilobits,
    per_cent,
    site_keys,
    state_badge,
)
from langqiao.apps.quantum.models import Link, Reading, Site
from langqiao.apps.quantum.queries.network import links_with_sites, rate_of, sites_with_links
from langqiao.kit.figures import moment
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named


def basis_badge(link: Link) -> Badge:
    """Whether a link's figures are published or assumed."""
    tone = "water" if link.basis == Link.Basis.PUBLISHED else "muted"
    return Badge(link.get_basis_display(), tone)


def end_filter(rows: QuerySet[Link], values: list[str]) -> QuerySet[Link]:
    """Links that end at one of the sites."""
    return rows.filter(Q(a__in=values) | Q(b__in=values))


class SiteListing(Listing):
    """Sites of the quantum network."""

    slug = "quantum-sites"
    title = _("量子站点")
    lead = _("各城市的密钥管理实体（KME）；应用在站点取用密钥。")
    search = ("name", "name_en", "slug", "operator__name")
    search_hint = _("按站点、代号或运营单位查找")
    default_sort = "city"
    columns = (
        Column("name", _("站点"), named, sort="name", link=address),
        Column("city", _("城市"), lambda row: named(row.city), sort="city__order"),
        Column("operator", _("运营单位"), lambda row: named(row.operator), sort="operator__name"),
        Column(
            "state", _("状态"), state_badge, sort="state", kind="badge",
            export=lambda row: str(state_badge(row)),
        ),
        Column(
            "trusted", _("可信中继"), lambda row: _("是") if row.trusted else _("否"), sort="trusted",
            secondary=True,
        ),
        Column("slug", _("代号"), sort="slug", kind="code", secondary=True),
        Column("kme", _("KME 标识"), "kme_id", export_only=True),
        Column("source", _("来源"), "source_name", export_only=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), choices=lambda: Site.State.choices, apply="state"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
    )
    empty = Empty(_("还没有登记量子站点。"), _("量子运营方可以登记自己的站点。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Site]:  # noqa: ARG002  they are public
        """All sites."""
        return sites_with_links()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register a site, for operators."""
        if allowed(request.user, "quantum.run_site"):
            return _("登记站点"), reverse("site_new")
        return None


class LinkListing(Listing):
    """Links of the quantum network."""

    slug = "quantum-links"
    title = _("量子链路")
    lead = _("站点之间的光纤与设备；成码率为实测，或按模型由光纤与设备推算，每个数字注明依据。")
    search = ("a__name", "b__name", "a__name_en", "b__name_en")
    search_hint = _("按站点查找")
    default_sort = "link"
    columns = (
        Column("link", _("链路"), str, sort=("a__city__order", "b__city__order", "pk"), link=address),
        Column(
            "state", _("状态"), state_badge, sort="state", kind="badge",
            export=lambda row: str(state_badge(row)),
        ),
        Column("rate", _("成码率（kbit/s）"), lambda row: kilobits(rate_of(row)), kind="number",
               export=lambda row: round(rate_of(row), 1), export_label=_("成码率（bit/s）")),
        Column(
            "how", _("成码率来自"),
            lambda row: _("模型") if row.measured_bps is None else _("实测"), secondary=True,
        ),
        Column("fibre", _("光纤（km）"), "fibre_km", sort="fibre_km", kind="number"),
        Column("spans", _("光纤段数"), sort="spans", kind="number", secondary=True),
        Column("systems", _("并行设备数"), sort="systems", kind="number", export_only=True),
        Column("equipment", _("设备"), "get_equipment_display", sort="equipment", export_only=True),
        Column(
            "basis", _("依据"), basis_badge, sort="basis", kind="badge",
            export=lambda row: str(row.get_basis_display()),
        ),
        Column("why", _("依据说明"), "basis_why", export_only=True),
        Column("source", _("来源"), "source_name", export_only=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), choices=lambda: Link.State.choices, apply="state"),
        Filter("basis", _("依据"), choices=lambda: Link.Basis.choices, apply="basis"),
        Filter("site", _("站点"), "multi", choices=site_keys, apply=end_filter),
    )
    empty = Empty(_("还没有登记量子链路。"), _("登记两个站点后，量子运营方可以登记它们之间的链路。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Link]:  # noqa: ARG002  they are public
        """All links."""
        return links_with_sites()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register a link, for operators."""
        if allowed(request.user, "quantum.run_link"):
            return _("登记链路"), reverse("link_new")
        return None


class ReadingListing(Listing):
    """Readings of key pools, for operators and the office."""

    slug = "quantum-readings"
    title = _("密钥池读数")
    lead = _("链路两端的 KME 报告的密钥存量；由轮询或导入写入。")
    search = ("link__a__name", "link__b__name", "site__name")
    search_hint = _("按站点查找")
    default_sort = "-at"
    columns = (
        Column("at", _("时间"), lambda row: moment(row.at), sort="at",
               export=lambda row: row.at.isoformat()),
        Column("link", _("链路"), lambda row: str(row.link), link=lambda row: address(row.link)),
        Column("site", _("应答站点"), lambda row: named(row.site), sort="site__name"),
        Column(
            "reachable", _("KME"),
            lambda row: Badge(_("可达"), "success") if row.reachable else Badge(_("失联"), "danger"),
            sort="reachable", kind="badge", export=lambda row: str(_("可达") if row.reachable else _("失联")),
        ),
        Column("stored", _("存量（kbit）"),
               lambda row: None if row.stored_bits is None else round(row.stored_bits / 1000), kind="number",
               sort="stored_bits", export=lambda row: row.stored_bits, export_label=_("存量（bit）")),
        Column("level", _("存量比例（%）"),
               lambda row: None if row.level is None else round(row.level, 1), kind="number"),
        Column("capacity", _("容量（bit）"), "capacity_bits", export_only=True),
        Column("generated", _("生成（bit/s）"), "generated_bps", sort="generated_bps", kind="number",
               secondary=True),
        Column("consumed", _("消耗（bit/s）"), "consumed_bps", sort="consumed_bps", kind="number",
               secondary=True),
        Column("qber", _("量子误码率（%）"),
               lambda row: None if row.qber is None else round(100 * row.qber, 2), sort="qber",
               kind="number", secondary=True, export=lambda row: per_cent(row.qber)),
    )  # fmt: skip
    filters = (
        Filter("site", _("应答站点"), "multi", choices=site_keys, apply="site_id__in"),
        Filter("silent", _("只看失联"), "bool", apply=lambda rows, _value: rows.filter(reachable=False)),
        Filter("at", _("日期"), "range", apply="at__date"),
    )
    empty = Empty(
        _("没有您可以查看的读数。"),
        _("量子运营方运行 langqiao quantum poll 或导入表格后在此列出；仅量子运营方与联席办可见。"),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Reading]:
        """All readings, for those who may see them."""
        rows = Reading.objects.select_related("link__a", "link__b", "site")
        return rows if allowed(request.user, "quantum.read_health") else rows.none()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Bring in a table, for operators."""
        if allowed(request.user, "quantum.record_readings"):
            return _("导入读数"), reverse("key_reading_import")
        return None
