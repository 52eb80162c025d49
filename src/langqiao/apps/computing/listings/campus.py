"""The lists of the campus: campuses, servers, energy readings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.models import Campus, Reading, Server
from langqiao.apps.computing.queries.campus import visible_readings, visible_servers, with_counts
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

TONES: dict[str, str] = {
    "ready": "success", "draining": "warning", "maintenance": "water", "failed": "danger",
    "retired": "muted",
}  # fmt: skip


def state_badge(server: Server) -> Badge:
    """The state of a server in words on its tone."""
    return Badge(server.get_state_display(), TONES[server.state])


def campus_choices() -> Iterable[tuple[int, str]]:
    """Key and name of every campus, in the reader's language."""
    return [(campus.pk, named(campus)) for campus in Campus.objects.all()]


def model_choices() -> Iterable[tuple[str, str]]:
    """GPU models that stand in servers."""
    models = Server.objects.exclude(gpu_model="").values_list("gpu_model", flat=True)
    return [(model, model) for model in models.distinct().order_by("gpu_model")]


class CampusListing(Listing):
    """Computing campuses."""

    slug = "campuses"
    title = _("算力园区")
    lead = _("园区、楼、机房与服务器；容量以区间给出，每个数字注明来源或假设。")
    search = ("name", "name_en", "operator__name")
    search_hint = _("按园区或运营单位查找")
    default_sort = "name"
    columns = (
        Column("name", _("算力园区"), named, sort="name", link=lambda row: str(row.get_absolute_url())),
        Column("operator", _("运营单位"), lambda row: named(row.operator), sort="operator__name"),
        Column("city", _("城市"), lambda row: named(row.city), sort="city__order", secondary=True),
        Column("done", _("已交付楼"), "buildings_done", sort="buildings_done", kind="number"),
        Column("all", _("登记楼"), "buildings_all", sort="buildings_all", kind="number", secondary=True),
    )
    empty = Empty(_("还没有登记算力园区。"), _("算力运营方可以登记自己的园区。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Campus]:  # noqa: ARG002  they are public
        """All campuses."""
        return with_counts(Campus.objects.all())

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register a campus, for operators."""
        if allowed(request.user, "computing.run_campus"):
            return _("登记园区"), reverse("campus_new")
        return None


class ServerListing(Listing):
    """Servers that the viewer may see."""

    slug = "servers"
    title = _("服务器")
    lead = _("在用、腾空、维护与故障的服务器，位置到机架。")
    search = ("name", "switch", "rack__name")
    search_hint = _("按名称、机架或交换机查找")
    default_sort = "name"
    columns = (
        Column("name", _("服务器"), sort="name", link=lambda row: str(row.get_absolute_url())),
        Column(
            "state", _("状态"), state_badge, sort="state", kind="badge",
            export=lambda row: str(state_badge(row)),
        ),
        Column("gpu_model", _("GPU 型号"), sort="gpu_model"),
        Column("gpus", _("GPU 数"), sort="gpus", kind="number"),
        Column("is_domestic", _("国产芯片"), lambda row: _("是") if row.is_domestic else "", secondary=True),
        Column(
            "cpu", _("处理器（核）"), lambda row: row.cpu_milli // 1000, sort="cpu_milli", kind="number",
            secondary=True, export=lambda row: row.cpu_milli, export_label=_("处理器（千分之一核）"),
        ),
        Column(
            "memory", _("内存（GiB）"), lambda row: row.memory_mib // 1024, sort="memory_mib", kind="number",
            secondary=True, export=lambda row: row.memory_mib, export_label=_("内存（MiB）"),
        ),
        Column(
            "building", _("机房楼"), lambda row: str(row.rack.hall.building),
            sort=("rack__hall__building__number", "rack__hall__name", "rack__row", "rack__name"),
            export=lambda row: row.rack.hall.building.number, export_label=_("楼号"),
        ),
        Column("hall", _("机房"), "rack.hall.name", export_only=True),
        Column("row", _("列"), "rack.row", export_only=True),
        Column("rack", _("机架"), "rack.name", sort="rack__name", secondary=True),
        Column("rack_kw", _("机架功率（kW）"), "rack.power_kw", export_only=True),
        Column("switch", _("接入交换机"), sort="switch", secondary=True),
        Column("state_why", _("状态说明"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Server.State.choices, apply="state__in"),
        Filter("gpu_model", _("GPU 型号"), "multi", choices=model_choices, apply="gpu_model__in"),
        Filter("campus", _("算力园区"), choices=campus_choices, apply="rack__hall__building__campus"),
        Filter("is_domestic", _("国产芯片"), "bool", apply="is_domestic"),
    )
    empty = Empty(
        _("没有您可以查看的服务器。"), _("服务器仅算力运营方与联席办可见；运营方可以从表格导入服务器。")
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Server]:
        """Servers of the viewer's campuses; all for the office."""
        return visible_servers(request.user)


class ReadingListing(Listing):
    """Energy readings that the viewer may see."""

    slug = "readings"
    title = _("能耗读数")
    lead = _("计量值与假设值分开；PUE 是总耗电与 IT 耗电之比。")
    default_sort = "-starts_on"
    columns = (
        Column("starts_on", _("起始日"), sort="starts_on", kind="date"),
        Column("ends_on", _("截止日"), sort="ends_on", kind="date"),
        Column("scope", _("范围"), lambda row: str(row.building) if row.building_id else _("全园区")),
        Column(
            "basis", _("依据"),
            lambda row: Badge(row.get_basis_display(), "water" if row.basis == "metered" else "muted"),
            sort="basis", kind="badge", export=lambda row: str(row.get_basis_display()),
        ),
        Column(
            "facility", _("总耗电（kWh）"), lambda row: round(row.facility_kwh), sort="facility_kwh",
            kind="number",
        ),
        Column(
            "it", _("IT 耗电（kWh）"), lambda row: round(row.it_kwh), sort="it_kwh", kind="number",
            secondary=True,
        ),
        Column(
            "green", _("其中绿电（kWh）"),
            lambda row: None if row.green_kwh is None else round(row.green_kwh), kind="number",
            secondary=True,
        ),
        Column("pue", "PUE", lambda row: f"{row.pue:.3f}", kind="number"),
        Column("campus", _("算力园区"), lambda row: named(row.campus), sort="campus__name", secondary=True),
        Column("source", _("来源"), "source_name", export_only=True),
    )  # fmt: skip
    filters = (
        Filter("basis", _("依据"), choices=lambda: Reading.Basis.choices, apply="basis"),
        Filter("campus", _("算力园区"), choices=campus_choices, apply="campus"),
        Filter("starts_on", _("日期"), "range", apply="starts_on"),
    )
    empty = Empty(_("没有您可以查看的能耗读数。"), _("算力运营方在园区页登记计量或假设的能耗。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Reading]:
        """Readings of the viewer's campuses; all for the office."""
        return visible_readings(request.user)
