"""The lists of voucher schemes and vouchers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.listings.sharing import address, city_choices, state_badge
from langqiao.apps.computing.models import Scheme, Voucher
from langqiao.apps.computing.queries import vouchers as queries
from langqiao.kit.listing import Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

WAN = 10_000


def place_of(scheme: Scheme) -> str:
    """The scheme's city, or the larger area it holds for."""
    return named(scheme.city) if scheme.city is not None else scheme.area


def wan(name: str) -> Any:
    """Reads a column of yuan as 万元, which money cells take."""

    def read(row: Any) -> Decimal | None:
        value = getattr(row, name)
        return None if value is None else value / WAN

    return read


def _money(name: str, label: Any, export_label: Any, *, secondary: bool = False) -> Column:
    return Column(
        name, label, wan(name), sort=name, kind="money", secondary=secondary,
        export=lambda row: getattr(row, name), export_label=export_label,
    )  # fmt: skip


class SchemeListing(Listing):
    """The voucher schemes of cities, public."""

    slug = "voucher-schemes"
    title = _("算力券政策")
    lead = _("各地对租用智能算力的补助：比例、企业上限、总额与有效期，均注明来源。")
    search = ("name", "area", "city__name", "city__name_en")
    search_hint = _("按名称、城市或地区查找")
    default_sort = "-starts_on"
    template = "computing/vouchers/scheme_list.html"
    columns = (
        Column("name", _("政策"), sort="name", link=address),
        Column("place", _("适用地区"), place_of, sort=("city__order", "area")),
        Column("share_domestic", _("国产芯片（%）"), sort="share_domestic", kind="number"),
        Column("share_other", _("其他芯片（%）"), sort="share_other", kind="number"),
        _money("cap_firm_year", _("每企业每年上限"), _("每企业每年上限（元）")),
        _money("pool_year", _("年度总额"), _("年度总额（元）")),
        _money("pool_total", _("总额"), _("总额（元）"), secondary=True),
        Column("starts_on", _("生效日"), sort="starts_on", kind="date"),
        Column("ends_on", _("失效日"), sort="ends_on", kind="date", secondary=True),
        Column("source_name", _("来源"), export_only=True),
        Column("source_url", _("来源地址"), export_only=True),
        Column("source_date", _("来源日期"), export_only=True),
    )
    filters = (Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),)
    empty = Empty(_("还没有登记算力券政策。"), _("由联席办登记，注明来源。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Scheme]:  # noqa: ARG002  schemes are public
        """All schemes."""
        return Scheme.objects.select_related("city")

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register a scheme, for the office."""
        if allowed(request.user, "computing.run_scheme"):
            return _("登记政策"), reverse("scheme_new")
        return None

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """Whether the list of vouchers is of use to the viewer."""
        return {"has_vouchers": allowed(request.user, "computing.read_voucher")}


class VoucherListing(Listing):
    """Vouchers that the viewer may read."""

    slug = "vouchers"
    title = _("算力券")
    lead = _("已发放的算力券、余额与有效期。")
    search = ("number", "organisation__name", "scheme__name")
    search_hint = _("按券号、企业或政策查找")
    default_sort = "-issued_on"
    columns = (
        Column("number", _("券号"), sort="number", link=address),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda row: row.get_state_display(),
            kind="badge",
        ),
        Column("organisation", _("企业"), sort="organisation__name"),
        _money("amount", _("金额"), _("金额（元）")),
        _money("spent", _("已核销"), _("已核销（元）")),
        Column("scheme", _("政策"), "scheme.name", sort="scheme__name", secondary=True),
        Column("issued_on", _("发放日"), sort="issued_on", kind="date", secondary=True),
        Column("expires_on", _("有效期至"), sort="expires_on", kind="date"),
        Column(
            "domestic_only",
            _("仅限国产芯片"),
            lambda row: _("是") if row.domestic_only else _("否"),
            export_only=True,
        ),
    )
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Voucher.State.choices, apply="state__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="organisation__city_id__in"),
        Filter("expires_on", _("有效期至"), "range"),
    )
    empty = Empty(
        _("没有您可以查看的算力券。"),
        _("算力券由本市联络员或联席办发放给企业。"),
        _("查看政策"),
        "/computing/schemes/",
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Voucher]:
        """Own vouchers, those of the liaison's city, all for the office."""
        return queries.visible_vouchers(request.user)
