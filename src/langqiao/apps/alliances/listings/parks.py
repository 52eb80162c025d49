"""Lists of parks and of activities."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models import Activity, Place
from langqiao.apps.alliances.queries.parks.matrix import places
from langqiao.apps.alliances.queries.parks.units import unit_in_words
from langqiao.apps.registry.queries import city_choices, field_choices
from langqiao.kit.listing import Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named


def address(row: Any) -> str:
    """The page of a row."""
    return str(row.get_absolute_url())


class ParkListing(Listing):
    """Parks."""

    slug = "parks"
    title = _("园区清单")
    lead = _("园区与其公布的产业活动；每个园区有一份错位互补报告。")
    search = ("name", "name_en", "summary")
    search_hint = _("按园区查找")
    default_sort = "city"
    columns = (
        Column("name", _("园区"), named, sort="name", link=address),
        Column("city", _("城市"), lambda row: named(row.city), sort="city__order"),
        Column("activity_count", _("产业活动数"), sort="activity_count", kind="number"),
        Column(
            "example", _("真实或示例"), lambda row: _("示例") if row.illustrative else _("真实"),
            sort="illustrative",
        ),
        Column("organisation", _("运营单位"), lambda row: named(row.organisation), secondary=True),
        Column("source", _("来源"), "source_name", export_only=True),
        Column("source_url", _("来源地址"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
        Filter("real", _("只看真实园区"), "bool", apply=lambda rows, _value: rows.filter(illustrative=False)),
    )
    empty = Empty(_("还没有登记园区。"), _("园区运营单位、城市联络员或联席办可以登记，或导入产业活动表。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Place]:  # noqa: ARG002  they are public
        """All parks."""
        return places()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register a park, for those who may."""
        return (_("登记园区"), reverse("park_new")) if allowed(request.user, "parks.keep") else None


class ActivityListing(Listing):
    """Activities of parks, cities and regions of reference; the export comes back as an import."""

    slug = "park-activities"
    title = _("产业活动")
    lead = _("园区、城市与对照地区的产业活动；导出的表可以改后再导入。")
    search = ("name", "name_english", "place__name")
    search_hint = _("按活动或园区查找")
    default_sort = "place"
    columns = (
        Column("place", _("园区或地区"), lambda row: named(row.place), sort=("place__name", "pk"),
               link=lambda row: address(row.place), export=lambda row: row.place.code or row.place.name,
               export_label=_("园区")),
        Column("kind", _("类别"), lambda row: row.place.get_kind_display(), sort="place__kind",
               secondary=True),
        Column("city", _("城市"), lambda row: named(row.place.city), sort="place__city__order",
               secondary=True),
        Column("activity", _("产业活动"), named, sort="name", export=lambda row: row.name),
        Column("activity_en", _("英文名"), "name_english", export_only=True),
        Column("field", _("产业领域"), lambda row: named(row.field), sort="field__order", secondary=True),
        Column("measure", _("指标"), "get_measure_display", sort="measure"),
        Column("quantity", _("数量"), sort="quantity", kind="number",
               export=lambda row: None if row.quantity is None else row.quantity.normalize()),
        Column("unit", _("单位"), lambda row: unit_in_words(row.unit), export=lambda row: row.unit),
        Column("period", _("时期"), sort="period"),
        Column("vintage", _("版本"), "get_vintage_display", export_only=True),
        Column("source_name", _("来源"), export_only=True),
        Column("source_url", _("来源地址"), export_only=True),
        Column("read_on", _("查阅日期"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("kind", _("类别"), "multi", choices=lambda: Place.Kind.choices, apply="place__kind__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="place__city_id__in"),
        Filter("field", _("产业领域"), "multi", choices=field_choices, apply="field_id__in"),
        Filter("measure", _("指标"), choices=lambda: Activity.Measure.choices, apply="measure"),
    )
    empty = Empty(_("还没有登记产业活动。"), _("在园区页面登记，或导入 CSV、XLSX 表。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Activity]:  # noqa: ARG002  they are public
        """All activities."""
        return Activity.objects.select_related("place__city", "field")

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Import a table, for those who may."""
        if allowed(request.user, "parks.import"):
            return _("导入产业活动"), reverse("park_import")
        return None
