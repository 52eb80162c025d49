"""What pages and the API say of industry chains (产业链): evidence, maps, gaps, failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.alliances.models.chains import (
    ChainDataset,
    ChainFirm,
    ChainIndustry,
    ChainLink,
    ChainNode,
    ChainProduct,
    ChainRelation,
)
from langqiao.apps.alliances.queries.chains_graph import industry_codes, visible_datasets
from langqiao.apps.registry.models import City, Field
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.link import THRESHOLD
from langqiao.engines.chains.scope import SEVEN, Chain, chain_of
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

SHOWN = 60
LEAST_PERCENT = f"{round(100 * THRESHOLD)}%"  # certainty from which a name is linked
# What a link's certainty (0 to 1) means in words, from the surest down.
CERTAINTIES = (
    (0.97, gettext_lazy("几乎确定"), "success"),
    (0.9, gettext_lazy("很可能"), "water"),
    (THRESHOLD, gettext_lazy("可能"), "warning"),
    (0.0, gettext_lazy("存疑"), "danger"),
)
HOW = {
    "exact": gettext_lazy("名称与节点完全相同"),
    "normalised": gettext_lazy("规范写法后相同"),
    "contained": gettext_lazy("名称含节点名"),
    "fused": gettext_lazy("用词与语义相近"),
    "example": gettext_lazy("示例数据写明"),
}


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure a link is: words, percent, tone, and by what."""

    words: str
    percent: int
    tone: str
    how: str


def certainty_of(link: ChainLink) -> Certainty:
    """How sure a link is; a person's decision outweighs the estimate."""
    how = str(HOW.get(link.how, link.how))
    if link.state == ChainLink.State.CONFIRMED:
        return Certainty(_("已由人确认"), 100, "success", how)
    if link.state == ChainLink.State.REJECTED:
        return Certainty(_("已由人否定"), 0, "danger", how)
    if link.node_id is None:
        return Certainty(_("未归类"), round(100 * link.certainty), "muted", how)
    words, tone = next((w, t) for least, w, t in CERTAINTIES if link.certainty >= least)
    return Certainty(str(words), round(100 * link.certainty), tone, how)


def industries(viewer: Any) -> QuerySet[ChainIndustry]:
    """Industries of the data sets that the viewer may read."""
    return ChainIndustry.objects.filter(dataset__in=visible_datasets(viewer)).select_related(
        "dataset", "parent"
    )


def nodes(viewer: Any) -> QuerySet[ChainNode]:
    """Product nodes that the viewer may read."""
    return ChainNode.objects.filter(dataset__in=visible_datasets(viewer)).select_related("dataset")


def firms(viewer: Any) -> QuerySet[ChainFirm]:
    """Firms of the data sets that the viewer may read."""
    return ChainFirm.objects.filter(dataset__in=visible_datasets(viewer)).select_related(
        "dataset", "industry", "city", "organisation"
    )


def links(viewer: Any) -> QuerySet[ChainLink]:
    """Links of product names; figures of the accounts, which are no products, are left out."""
    rows = ChainLink.objects.filter(dataset__in=visible_datasets(viewer), uses__gt=0)
    return rows.select_related("dataset", "node", "decided_by")


def makers_of(node: ChainNode, viewer: Any, cities: Sequence[str] = ()) -> list[ChainProduct]:
    """Firms' products linked to a node, the firms of the corridor first, then by revenue share.

    Args:
        cities: slugs; with any, only firms of these cities.
    """
    rows = (
        ChainProduct.objects.filter(link__node=node, firm__dataset__in=visible_datasets(viewer))
        .select_related("firm__city", "firm__organisation", "firm__dataset", "link__node")
        .order_by("firm__city__order", "firm__code", "-share")
    )
    if cities:
        rows = rows.filter(firm__city_id__in=cities)
    return sorted(rows, key=lambda made: (made.firm.city_id is None, -(made.share or 0.0)))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a node is made of, what is made of it, its varieties and what it is a variety of."""

    materials: list[ChainNode]
    products: list[ChainNode]
    varieties: list[ChainNode]
    broader: list[ChainNode]
    more: bool


def neighbours_of(node: ChainNode) -> Neighbours:
    """The node's neighbours, so many at most of each sort, those that firms make first."""
    kind = ChainRelation.Kind
    out: dict[str, list[int]] = {}
    into: dict[str, list[int]] = {}
    for of, other in node.outgoing.values_list("kind", "tail_id"):
        out.setdefault(of, []).append(other)
    for of, other in node.incoming.values_list("kind", "head_id"):
        into.setdefault(of, []).append(other)
    lists = [
        [*out.get(kind.MATERIAL, ()), *into.get(kind.DOWNSTREAM, ())],
        [*into.get(kind.MATERIAL, ()), *out.get(kind.DOWNSTREAM, ())],
        out.get(kind.VARIETY, []),
        into.get(kind.VARIETY, []),
    ]
    materials, products, varieties, broader = (_made_first(node, keys) for keys in lists)
    more = any(len(set(keys)) > SHOWN for keys in lists)
    return Neighbours(materials, products, varieties, broader, more=more)


def _made_first(node: ChainNode, keys: list[int]) -> list[ChainNode]:
    """The nodes of these keys, those with most linked names first."""
    found: list[ChainNode] = []
    wanted = sorted(set(keys) - {node.pk})
    for start in range(0, len(wanted), 400):
        rows = ChainNode.objects.filter(pk__in=wanted[start : start + 400])
        found += rows.annotate(made=Count("links"))
    return sorted(found, key=lambda near: (-near.made, near.name))[:SHOWN]  # type: ignore[attr-defined]  # annotated


def codes_of(cities: Iterable[City]) -> list[str]:
    """Division codes (GB/T 2260), by which the engine knows cities."""
    return [city.division_code for city in cities]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which chain is meant: an industry with its parts, or one of the corridor's seven industries.

    Attributes:
        names: codes of the industries of the data set that make it up.
        map_url, gaps_url: its two pages.
    """

    name: str
    dataset: ChainDataset
    names: tuple[str, ...]
    map_url: str
    gaps_url: str
    industry: ChainIndustry | None = None
    field: Field | None = None

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return named(self.field) if self.field is not None else self.name


def scope_of_industry(industry: ChainIndustry) -> Scope:
    """The chain of an industry of the data set."""
    return Scope(
        industry.name,
        industry.dataset,
        tuple(industry_codes(industry)),
        reverse("chain_map", args=[industry.pk]),
        reverse("chain_gaps", args=[industry.pk]),
        industry=industry,
    )


def scope_of_field(dataset: ChainDataset, field: Field) -> Scope | None:
    """The chain of one of the seven industries; None where the data set has none of its parts."""
    names = SEVEN.get(field.name, ())
    parts = dataset.industries.filter(name__in=names).order_by("code")
    codes = sorted({code for part in parts for code in industry_codes(part)})
    if not codes:
        return None
    return Scope(
        field.name,
        dataset,
        tuple(codes),
        reverse("chain_field_map", args=[field.slug]),
        reverse("chain_field_gaps", args=[field.slug]),
        field=field,
    )


def field_scopes(dataset: ChainDataset) -> list[Scope]:
    """The corridor's seven industries, as far as the data set covers them."""
    scopes = (scope_of_field(dataset, field) for field in Field.objects.filter(name__in=SEVEN))
    return [scope for scope in scopes if scope is not None]


def chain_of_scope(graph: ChainGraph, scope: Scope, *, up: int = 2, down: int = 1) -> Chain:
    """The part of the graph that is the scope's chain."""
    return chain_of(graph, name=scope.name, industries=scope.names, up=up, down=down)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A node that a name may mean, as the linking found it."""

    name: str
    percent: int
    how: str
    shared: list[str]
    node: ChainNode | None


def candidates_of(link: ChainLink) -> list[CandidateRow]:
    """The candidates of a name, best first, as they stood when the data were loaded."""
    base = link.dataset.base or link.dataset
    kept = link.evidence.get("candidates", [])
    known = {node.name: node for node in base.nodes.filter(name__in=[one["node"] for one in kept])}
    return [
        CandidateRow(
            one["node"],
            round(100 * one["certainty"]),
            str(HOW.get(one["how"], one["how"])),
            one["shared"],
            known.get(one["node"]),
        )
        for one in kept
    ]


def node_named(link: ChainLink, name: str) -> ChainNode:
    """The node of that name in the graph that a link belongs to.

    Raises:
        Invalid: there is none.
    """
    base = link.dataset.base or link.dataset
    node = base.nodes.filter(name=name.replace("\0", "").strip()).first()
    if node is None:
        raise Invalid(
            _("图谱中没有产品“%(name)s”。") % {"name": name[:80]},
            mend=_("请在“链上产品”中查找准确名称。"),
            field="node",
        )
    return node
