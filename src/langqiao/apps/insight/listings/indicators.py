"""Lists of indicators and of their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.insight import shown_words
from langqiao.apps.insight.domain.scopes import scope_names
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries import indicators as queries
from langqiao.kit.figures import day
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named


class IndicatorListing(Listing):
    """All indicators."""

    slug = "indicators"
    title = _("指标库")
    lead = _("每个数都带范围、时期、版本、单位和来源；初步数与最终数并列，不互相覆盖。")
    search = ("name", "name_en", "slug")
    search_hint = _("按名称或代号查找")
    default_sort = "subject"
    columns = (
        Column("name", _("指标"), value=named, sort="name", link=lambda row: row.get_absolute_url()),
        Column("subject", _("类别"), value=lambda row: row.get_subject_display(), sort=("subject", "name")),
        Column("unit", _("单位"), value=lambda row: shown_words.unit(row.unit), export=lambda row: row.unit),
        Column("values", _("数值个数"), value="value_count", sort="value_count", kind="number"),
        Column("last", _("最近时期"), value="last_period", sort="last_period"),
        Column("slug", _("代号"), sort="slug", kind="code", secondary=True),
    )
    filters = (
        Filter("subject", _("类别"), "multi", choices=lambda: Indicator.Subject.choices, apply="subject__in"),
    )
    empty = Empty(
        _("还没有指标。"), _("管理员运行 langqiao insight load 载入内置数据，或由联席办、智库定义指标。")
    )
    template = "insight/indicators/list.html"

    def queryset(self, request: HttpRequest) -> QuerySet[Indicator]:  # noqa: ARG002
        """Indicators are public."""
        return queries.indicators()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Import figures, for those who may."""
        if allowed(request.user, "insight.import_values"):
            return _("导入指标值"), reverse("value_import")
        return None


def vintage_badge(value: Value) -> Badge:
    """The vintage in words; a withdrawn value says so."""
    if value.withdrawn_at is not None:
        return Badge(_("已撤回"), "danger")
    tones = {Value.Vintage.FINAL: "success", Value.Vintage.PRELIMINARY: "warning"}
    return Badge(value.get_vintage_display(), tones.get(Value.Vintage(value.vintage), "muted"))


def _indicator_choices() -> Iterable[tuple[str, Any]]:
    return [(row.slug, named(row)) for row in Indicator.objects.order_by("subject", "name")]


def _scope_choices() -> Iterable[tuple[str, Any]]:
    have = set(
        Value.objects.exclude(scope_kind="organisation")
        .values_list("scope_kind", "scope")
        .distinct()
        .order_by()
    )
    names = scope_names(have)
    return sorted(((f"{kind}:{key}", names[kind, key]) for kind, key in have), key=lambda pair: pair[0])


def _of_scope(rows: QuerySet[Value], chosen: str) -> QuerySet[Value]:
    kind, _sep, key = chosen.partition(":")
    return rows.filter(scope_kind=kind, scope=key)


def _period_choices() -> Iterable[tuple[str, Any]]:
    found = Value.objects.order_by("-period").values_list("period", flat=True).distinct()
    return [(period, period) for period in found]


def _source(value: Value) -> str:
    """The source, with the day it was read where that is known."""
    text = shown_words.source(value.source_name)
    return f"{text} · {day(value.source_date)}" if value.source_date else text


class ValueListing(Listing):
    """All figures, as they may be exported and imported again."""

    slug = "values"
    title = _("全部指标值")
    lead = _("可筛选、导出；导出的表改正后可以再导入。")
    search = ("indicator__name", "indicator__name_en", "source_name")
    search_hint = _("按指标或来源查找")
    default_sort = "-period"
    columns = (
        Column("indicator", _("指标"), value=lambda row: named(row.indicator), sort="indicator__name",
               link=lambda row: row.get_absolute_url(), export=lambda row: row.indicator_id),
        Column("scope", pgettext_lazy("figure", "范围"), value=lambda row: row.scope_text,
               sort=("scope_kind", "scope"), export=lambda row: f"{row.scope_kind}:{row.scope}"),
        Column("period", _("时期"), sort="period"),
        Column("value", _("数值"), value=lambda row: shown_words.figures(row.value, row.unit),
               export=lambda row: row.value.normalize(), sort="value", kind="number"),
        Column("unit", _("单位"), value=lambda row: shown_words.unit(row.unit), export=lambda row: row.unit),
        Column("vintage", pgettext_lazy("figure", "版本"), value=vintage_badge,
               export=lambda row: row.vintage, sort="vintage", kind="badge"),
        Column("source_name", _("来源"), value=_source,
               export=lambda row: row.source_name, secondary=True),
        Column("source_url", _("来源地址"), export_only=True),
        Column("source_date", _("查阅日期"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("indicator", _("指标"), "choice", choices=_indicator_choices, apply="indicator_id"),
        Filter("scope", pgettext_lazy("figure", "范围"), "choice", choices=_scope_choices, apply=_of_scope),
        Filter("period", _("时期"), "choice", choices=_period_choices, apply="period"),
        Filter(
            "vintage",
            pgettext_lazy("figure", "版本"),
            "multi",
            choices=lambda: Value.Vintage.choices,
            apply="vintage__in",
        ),
    )
    empty = Empty(_("没有符合的指标值。"), _("放宽筛选，或先导入数据。"))
    template = "insight/indicators/list.html"

    def queryset(self, request: HttpRequest) -> QuerySet[Value]:  # noqa: ARG002
        """Values that count; withdrawn ones stand on the page of their indicator."""
        return queries.live_values()

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Give each row its scope in words, looked up together."""
        names = scope_names((row.scope_kind, row.scope) for row in rows)
        for row in rows:
            row.scope_text = names[row.scope_kind, row.scope]
        return rows
