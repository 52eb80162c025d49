"""The chain and organisation graph as a file (GraphML, JSON-LD): industries, products, firms, their ties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.chains import (
    ChainDataset,
    ChainFirm,
    ChainIndustry,
    ChainLink,
    ChainNode,
    ChainProduct,
    ChainRelation,
    ChainTie,
    ChainUpstream,
)
from langqiao.kit.opendata import Column, Edge, Node
from langqiao.kit.opendata import graphml as write_graphml
from langqiao.kit.opendata import jsonld as write_jsonld

CHUNK = 2000
BASE = "urn:langqiao:chain:"
NODE_COLUMNS = (
    Column("name", "text", _("名称")),
    Column("code", "text", _("代码")),
    Column("tier", "integer", _("层级")),
    Column("city", "text", _("城市代码（GB/T 2260）")),
    Column("placed", "text", _("城市依据"), values=ChainFirm.Placed.choices),
    Column("organisation", "integer", _("名录机构编号")),
    Column("dataset", "text", _("数据集")),
    Column("is_demo", "boolean", _("是否示例")),
)
EDGE_COLUMNS = (
    Column("share", "number", _("收入占比")),
    Column("certainty", "number", _("可信度")),
    Column("state", "text", _("状态"), values=ChainLink.State.choices),
    Column("named", "text", _("企业写的产品名称")),
    Column("weight", "number", _("权重")),
)
SCHEMA = "https://schema.org/"
CONTEXT = {
    "name": f"{SCHEMA}name",
    "code": f"{SCHEMA}identifier",
    "city": f"{SCHEMA}areaServed",
    "firm": f"{SCHEMA}Organization",
    "product": f"{SCHEMA}Product",
    "industry": f"{SCHEMA}DefinedTerm",
    "makes": f"{SCHEMA}makesOffer",
    "part_of": f"{SCHEMA}isPartOf",
    "@vocab": f"{BASE}term:",
}


def public_datasets() -> list[ChainDataset]:
    """Data sets that may be handed on: public ones whose licence lets them, and what lies over those."""
    rows = ChainDataset.objects.filter(is_public=True, may_be_passed_on=True)
    return [row for row in rows.select_related("base") if row.base is None or row.base.may_be_passed_on]


def graphml(*datasets: ChainDataset) -> Iterator[bytes]:
    """The graph of the data sets as GraphML, in pieces."""
    return write_graphml(
        lambda: _nodes(datasets),
        lambda: _edges(datasets),
        node_columns=NODE_COLUMNS,
        edge_columns=EDGE_COLUMNS,
    )


def jsonld(*datasets: ChainDataset) -> Iterator[bytes]:
    """The graph of the data sets as JSON-LD, in pieces."""
    return write_jsonld(lambda: _nodes(datasets), lambda: _edges(datasets), context=CONTEXT, base=BASE)


def _nodes(datasets: Iterable[ChainDataset]) -> Iterator[Node]:
    for dataset in datasets:
        told: dict[str, Any] = {"dataset": dataset.slug, "is_demo": dataset.illustrative}
        industries = ChainIndustry.objects.filter(dataset=dataset).order_by("pk")
        for pk, code, name, tier in industries.values_list("pk", "code", "name", "tier").iterator(CHUNK):
            yield Node(f"industry:{pk}", "industry", {"name": name, "code": code, "tier": tier, **told})
        products = ChainNode.objects.filter(dataset=dataset).order_by("pk")
        for pk, name in products.values_list("pk", "name").iterator(CHUNK):
            yield Node(f"product:{pk}", "product", {"name": name, **told})
        firms = ChainFirm.objects.filter(dataset=dataset).order_by("pk")
        for pk, code, full, short, city, placed, organisation in firms.values_list(
            "pk", "code", "full_name", "name", "city__division_code", "placed", "organisation_id"
        ).iterator(CHUNK):
            values = {
                "name": full or short, "code": code, "city": city, "placed": placed,
                "organisation": organisation,
            }  # fmt: skip
            known = {name: value for name, value in values.items() if value not in (None, "")}
            yield Node(f"firm:{pk}", "firm", {**known, **told})


def _edges(datasets: Iterable[ChainDataset]) -> Iterator[Edge]:
    for dataset in datasets:
        yield from _edges_of_industries(dataset)
        relations = ChainRelation.objects.filter(dataset=dataset).order_by("pk")
        for kind, head, tail in relations.values_list("kind", "head_id", "tail_id").iterator(CHUNK):
            yield Edge(f"product:{head}", f"product:{tail}", f"has_{kind}")
        made = ChainProduct.objects.filter(firm__dataset=dataset, link__node__isnull=False).exclude(
            link__state=ChainLink.State.REJECTED
        )
        for firm, node, share, certainty, state, name in (
            made.order_by("pk")
            .values_list("firm_id", "link__node_id", "share", "link__certainty", "link__state", "name")
            .iterator(CHUNK)
        ):
            told = {"certainty": certainty, "state": state, "named": name}
            yield Edge(
                f"firm:{firm}",
                f"product:{node}",
                "makes",
                told if share is None else {"share": share, **told},
            )
        ties = ChainTie.objects.filter(dataset=dataset).order_by("pk")
        for supplier, customer, name in ties.values_list("supplier_id", "customer_id", "product").iterator(
            CHUNK
        ):
            yield Edge(f"firm:{supplier}", f"firm:{customer}", "supplies", {"named": name} if name else {})


def _edges_of_industries(dataset: ChainDataset) -> Iterator[Edge]:
    parts = ChainIndustry.objects.filter(dataset=dataset).exclude(parent=None).order_by("pk")
    for pk, parent in parts.values_list("pk", "parent_id").iterator(CHUNK):
        yield Edge(f"industry:{pk}", f"industry:{parent}", "part_of")
    upstreams = ChainUpstream.objects.filter(industry__dataset=dataset).order_by("pk")
    for pk, upstream, weight in upstreams.values_list("industry_id", "upstream_id", "weight").iterator(CHUNK):
        yield Edge(f"industry:{upstream}", f"industry:{pk}", "supplies", {"weight": weight})
    members = ChainFirm.objects.filter(dataset=dataset).exclude(industry=None).order_by("pk")
    for pk, industry in members.values_list("pk", "industry_id").iterator(CHUNK):
        yield Edge(f"firm:{pk}", f"industry:{industry}", "part_of")
