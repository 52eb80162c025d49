"""The lists of endpoints and sealed deliveries."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.listings.parts import address, site_keys, state_badge
from langqiao.apps.quantum.models import Delivery, Endpoint
from langqiao.apps.quantum.queries.deliveries import visible_deliveries, visible_endpoints
from langqiao.apps.quantum.templatetags.quantum import octets
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named


class DeliveryListing(Listing):
    """Deliveries that the viewer may read."""

    slug = "quantum-deliveries"
    title = _("密封传送")
    lead = _("大文件用量子密钥密封后传送；这里只留过程、摘要与回执，文件本身不经过本平台。")
    search = ("title", "case", "sender__organisation__name", "recipient__organisation__name")
    search_hint = _("按名称、单位或项目编号查找")
    default_sort = "-id"
    columns = (
        Column("title", _("名称"), sort="title", link=address),
        Column(
            "state", _("状态"), state_badge, sort="state", kind="badge",
            export=lambda row: row.get_state_display(),
        ),
        Column("sender", _("发送单位"), lambda row: named(row.sender.organisation),
               sort="sender__organisation__name"),
        Column("recipient", _("接收单位"), lambda row: named(row.recipient.organisation),
               sort="recipient__organisation__name"),
        Column("size", _("大小"), lambda row: octets(row.size), sort="size",
               export=lambda row: row.size, export_label=_("大小（字节）")),
        Column("percent", _("进度（%）"), lambda row: round(row.percent), kind="number", secondary=True),
        Column("keys", _("所用密钥数"), sort="keys", kind="number", secondary=True),
        Column("manifest", _("清单摘要（SM3）"), "manifest_digest", export_only=True),
        Column("id", _("序号"), "pk", sort="pk", export_only=True),
        Column("case", _("项目编号"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("state", _("状态"), "multi", choices=lambda: Delivery.State.choices, apply="state__in"),
    )
    empty = Empty(_("没有您可以查看的密封传送。"), _("有密钥终端的单位可以预告一次传送。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Sent or received by the own organisation; all for the office."""
        return visible_deliveries(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Announce a delivery, for members of firms and laboratories."""
        return (_("预告传送"), reverse("delivery_new")) if allowed(request.user, "quantum.send") else None


class EndpointListing(Listing):
    """The directory of endpoints."""

    slug = "quantum-endpoints"
    title = _("密钥终端")
    lead = _("各单位在站点的终端（SAE）与其 SM2 公钥；回执按公钥核验。")
    search = ("sae_id", "organisation__name", "site__name")
    search_hint = _("按标识、单位或站点查找")
    default_sort = "sae_id"
    columns = (
        Column("sae_id", _("SAE 标识"), sort="sae_id", kind="code"),
        Column("organisation", _("单位"), lambda row: named(row.organisation), sort="organisation__name"),
        Column("site", _("站点"), lambda row: named(row.site), sort="site__name"),
        Column(
            "active", _("状态"),
            lambda row: Badge(_("在用"), "success") if row.is_active else Badge(_("停用"), "muted"),
            sort="is_active", kind="badge", export=lambda row: str(_("在用") if row.is_active else _("停用")),
        ),
        Column("public_key", _("SM2 公钥"), export_only=True),
    )  # fmt: skip
    filters = (Filter("site", _("站点"), "multi", choices=site_keys, apply="site_id__in"),)
    detail_template = "quantum/deliveries/_endpoint_row.html"
    empty = Empty(_("没有您可以查看的密钥终端。"), _("由站点的量子运营方登记。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """All endpoints, for those who may see the directory."""
        return visible_endpoints(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register an endpoint, for operators."""
        if allowed(request.user, "quantum.keep_endpoint"):
            return _("登记终端"), reverse("endpoint_new")
        return None
