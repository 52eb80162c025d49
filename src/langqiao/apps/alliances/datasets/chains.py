"""Open data of industry chains: only what its licence lets pass on, and what was handed in as public."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.chains import ChainFirm, ChainLink, ChainProduct
from langqiao.apps.alliances.queries.chains_export import graphml, jsonld, public_datasets
from langqiao.kit.opendata import Column, Dataset, Distribution, publish

FIRM_PRODUCTS = (
    Column("dataset", "text", _("数据集")),
    Column("firm_code", "text", _("企业代码")),
    Column("firm_name", "text", _("企业全称")),
    Column("city", "text", _("城市代码（GB/T 2260）")),
    Column("placed", "text", _("城市依据"), values=ChainFirm.Placed.choices),
    Column("product", "text", _("企业写的产品名称")),
    Column("share", "number", _("收入占比")),
    Column("node", "text", _("产品节点")),
    Column("certainty", "number", _("可信度")),
    Column("state", "text", _("状态"), values=ChainLink.State.choices),
    Column("is_demo", "boolean", _("是否示例")),
)


def _lines() -> Iterator[tuple[Any, ...]]:
    rows = ChainProduct.objects.filter(firm__dataset__in=public_datasets(), is_balance=False).order_by("pk")
    for *told, node, certainty, state, is_demo in rows.values_list(
        "firm__dataset__slug", "firm__code", "firm__full_name", "firm__city__division_code", "firm__placed",
        "name", "share", "link__node__name", "link__certainty", "link__state", "firm__dataset__illustrative",
    ).iterator(chunk_size=2000):  # fmt: skip
        linked = node if state != ChainLink.State.REJECTED else None
        yield (*told, linked, certainty if linked else None, state, is_demo)


def _count() -> int:
    return ChainProduct.objects.filter(firm__dataset__in=public_datasets(), is_balance=False).count()


def _state() -> str:
    return repr([(row.slug, row.revision, row.digest) for row in public_datasets()])


def _modified() -> datetime | None:
    return max((row.updated_at for row in public_datasets()), default=None)


def _graphml() -> Iterator[bytes]:
    return graphml(*public_datasets())


def _jsonld() -> Iterator[bytes]:
    return jsonld(*public_datasets())


CHAINS = Dataset(
    slug="industry-chains",
    title=_("产业链"),
    description=_(
        "可再分发的产业链数据集：企业的产品、归到的产品节点和把握；图文件另含产业、产品关系与供货关系。"
    ),
    app="alliances",
    columns=FIRM_PRODUCTS,
    rows=_lines,
    count=_count,
    state=_state,
    modified=_modified,
    keywords=(_("产业链"), _("供应链")),
    more=(
        Distribution("graphml", "application/graphml+xml", _("图（GraphML）"), chunks=_graphml),
        Distribution("jsonld", "application/ld+json", _("图（JSON-LD）"), chunks=_jsonld),
    ),
)


def register() -> None:
    """Offer the data set, once."""
    publish(CHAINS)
