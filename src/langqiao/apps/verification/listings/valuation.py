"""The list of valuations (估值)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from langqiao.apps.verification.domain.valuation.terms import METHODS
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.valuation import visible_valuations
from langqiao.engines.valuation import Method
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import listed

TONES = {
    Valuation.State.DRAFT: "water",
    Valuation.State.FINAL: "success",
    Valuation.State.WITHDRAWN: "muted",
}


def state_badge(valuation: Valuation) -> Badge:
    """The state in words on its tone."""
    return Badge(valuation.get_state_display(), TONES[Valuation.State(valuation.state)])


def range_of(valuation: Valuation) -> tuple[float, float] | None:
    """P10 and P90 in 万元, None while the inputs are not complete."""
    if not valuation.result:
        return None
    found = valuation.result["whole"]["range"]
    return round(found["low"], 2), round(found["high"], 2)


def _end(valuation: Valuation, name: str) -> float | None:
    return round(valuation.result["whole"]["range"][name], 4) if valuation.result else None


def methods_of(valuation: Valuation) -> str:
    """The methods used, in words."""
    held = valuation.result.get("estimates", [])
    return listed(METHODS[Method(one["method"])] for one in held)


def _new_page() -> str:
    return reverse("valuation_new")


class ValuationListing(Listing):
    """Valuations of the viewer's own organisations, as owner or as the centre that appraises."""

    slug = "valuations"
    title = _("科技成果估值")
    lead = _("收益法、成本法、市场法与实物期权；结果是区间，不是一个数。")
    search = ("title", "case", "organisation__name", "achievement__title")
    search_hint = _("按名称、机构、成果或项目编号查找")
    default_sort = "-updated"
    detail_template = "verification/valuation/_row.html"
    columns = (
        Column("title", _("名称"), sort="title", link=lambda v: v.get_absolute_url()),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda v: v.get_state_display(),
            kind="badge",
        ),
        Column("range", _("估值区间（P10–P90）"), value=range_of, kind="money"),
        Column("organisation", _("权属单位"), sort="organisation__name", secondary=True),
        Column("valuation_date", _("评估基准日"), sort="valuation_date", kind="date", secondary=True),
        Column("updated", _("更新日期"), value="updated_at", sort="updated_at", kind="date", secondary=True),
        Column("low", _("P10（万元）"), value=lambda v: _end(v, "low"), export_only=True),
        Column("middle", _("P50（万元）"), value=lambda v: _end(v, "middle"), export_only=True),
        Column("high", _("P90（万元）"), value=lambda v: _end(v, "high"), export_only=True),
        Column("methods", _("估值方法"), value=methods_of, export_only=True),
        Column("achievement", _("所涉成果"), value="achievement.title", export_only=True),
        Column("centre", _("估值机构"), value="centre.name", export_only=True),
        Column("purpose", _("估值目的"), export_only=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Valuation.State.choices, apply="state__in"),
        Filter("valuation_date", _("评估基准日"), "range", apply="valuation_date"),
    )
    empty = Empty(
        _("还没有您可以查看的估值。"),
        _("估值仅权属单位与估值机构可见；机构成员可以为本机构的成果新建估值。"),
        _("新建估值"),
        lazy(_new_page, str)(),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Valuation]:
        """Valuations that the viewer may read."""
        return visible_valuations(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """A new one, for those who may."""
        if allowed(request.user, "verification.value_any"):
            return _("新建估值"), reverse("valuation_new")
        return None
