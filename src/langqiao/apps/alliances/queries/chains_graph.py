"""The graph of a data set in memory (产业链图): built once for each revision, then shared by all requests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

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
from langqiao.apps.alliances.queries import chains_kept as kept
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.types import (
    ChainData,
    Deal,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
    UpstreamIndustry,
)
from langqiao.kit.permissions import allowed

CHUNK = 5000
WORTH_KEEPING = 1000  # products; a smaller graph is built as fast as it is read
# What the graph works out on first use, worked out before it is kept.
WORKED_OUT = ("tier", "raw", "supplied_by", "kind_of", "covers", "covered_by", "sure_makers")
KEPT = 3  # graphs: that of the public, that of the office, and one being replaced
RELATIONS: dict[str, Relation] = {
    ChainRelation.Kind.MATERIAL: Relation.MATERIAL,
    ChainRelation.Kind.VARIETY: Relation.KIND,
    ChainRelation.Kind.DOWNSTREAM: Relation.DOWNSTREAM,
}
_graphs: OrderedDict[tuple[tuple[int, int, str], ...], ChainGraph] = OrderedDict()
_lock = threading.Lock()


def visible_datasets(viewer: Any) -> QuerySet[ChainDataset]:
    """Data sets the viewer may read: the public ones; all for the office and secretariats."""
    rows = ChainDataset.objects.all()
    # Without a viewer reading is decided as for a stranger, although the console may act.
    keeps = viewer is not None and allowed(viewer, "chains.load")
    return rows if keeps else rows.filter(is_public=True)


def main_dataset(viewer: Any, slug: str = "") -> ChainDataset | None:
    """The data set of that slug or, without one, the first real one, else the illustrative one."""
    rows = visible_datasets(viewer).filter(base=None)
    return rows.filter(slug=slug).first() if slug else rows.first()


def parts_of(dataset: ChainDataset, viewer: Any) -> list[ChainDataset]:
    """A data set and the readable tables laid over it (企业自有表格)."""
    return [dataset, *visible_datasets(viewer).filter(base=dataset).order_by("pk")]


def graph_of(dataset: ChainDataset, viewer: Any) -> ChainGraph:
    """The graph of a data set with the tables over it that the viewer may read.

    Kept in memory and on disk for each revision: a load or a judged link makes the next reader build it.
    """
    parts = parts_of(dataset, viewer)
    key = tuple((part.pk, part.revision, part.digest) for part in parts)
    with _lock:
        if key in _graphs:
            _graphs.move_to_end(key)
            return _graphs[key]
        graph = kept.read(repr(key))
        if graph is None:
            graph = ChainGraph.build(data_of(parts))
            if len(graph.products) >= WORTH_KEEPING:
                for part in WORKED_OUT:
                    getattr(graph, part)
                kept.keep(repr(key), graph)
        _graphs[key] = graph
        while len(_graphs) > KEPT:
            _graphs.popitem(last=False)
        return graph


def forget() -> None:
    """Drop the graphs in memory."""
    with _lock:
        _graphs.clear()


def data_of(parts: Sequence[ChainDataset]) -> ChainData:
    """All records of a data set and the tables over it, as the engine takes them.

    Firms of a table are told apart by its name; a rejected link counts as none, a confirmed one is sure.
    """
    base = parts[0]
    # Names are read once and looked up by key: joins of 110,000 relations cost three times as much.
    nodes = dict(base.nodes.values_list("pk", "name"))
    relations = base.relations.values_list("head_id", "kind", "tail_id")
    industries = base.industries.values_list("code", "name", "parent__code")
    upstreams = ChainUpstream.objects.filter(industry__dataset=base)
    keys = {}
    firms: list[Firm] = []
    for firm in ChainFirm.objects.filter(dataset__in=parts).values_list(
        "pk", "dataset_id", "code", "name", "full_name", "city__division_code", "placed", "place",
        "industry__code", "other_names",
    ):  # fmt: skip
        key = firm_key(firm[1], firm[2], base)
        keys[firm[0]] = key
        firms.append(
            Firm(
                key=key, name=firm[3], fullname=firm[4], city=firm[5] or "", decided=firm[6], place=firm[7],
                industry=firm[8] or "", other_names=tuple(firm[9]),
            )
        )  # fmt: skip
    return ChainData(
        firms=tuple(firms),
        industries=tuple(Industry(code, name, parent or "") for code, name, parent in industries),
        relations=tuple(
            ProductRelation(nodes[head], RELATIONS[kind], nodes[tail])
            for head, kind, tail in relations.iterator(chunk_size=CHUNK)
        ),
        makes=tuple(_makes(parts, keys, nodes)),
        deals=tuple(
            Deal(keys[supplier], keys[customer], product, share)
            for supplier, customer, product, share in ChainTie.objects.filter(dataset__in=parts).values_list(
                "supplier_id", "customer_id", "product", "share"
            )
        ),
        upstreams=tuple(
            UpstreamIndustry(industry, upstream, weight)
            for industry, upstream, weight in upstreams.values_list(
                "industry__code", "upstream__code", "weight"
            )
        ),
    )


def firm_key(dataset_id: int, code: str, base: ChainDataset) -> str:
    """A firm's key in the graph: its code, with the table's number where it is of an overlaid table."""
    return code if dataset_id == base.pk else f"{dataset_id}:{code}"


def _makes(
    parts: Sequence[ChainDataset], keys: Mapping[int, str], nodes: Mapping[int, str]
) -> list[FirmProduct]:
    meant: dict[int, tuple[str, float]] = {}
    links = ChainLink.objects.filter(dataset__in=parts, node__isnull=False).exclude(
        state=ChainLink.State.REJECTED
    )
    for pk, node, certainty, state in links.values_list("pk", "node_id", "certainty", "state"):
        meant[pk] = (nodes[node], 1.0 if state == ChainLink.State.CONFIRMED else certainty)
    rows = ChainProduct.objects.filter(firm__dataset__in=parts).order_by("pk")
    return [
        FirmProduct(keys[firm], name, share, *meant.get(link, ("", 0.0)), is_balance=is_balance)
        for firm, name, share, is_balance, link in rows.values_list(
            "firm_id", "name", "share", "is_balance", "link_id"
        ).iterator(chunk_size=CHUNK)
    ]


def nodes_of(dataset: ChainDataset, names: Sequence[str]) -> dict[str, ChainNode]:
    """Nodes by name, for the few that a page shows."""
    found: dict[str, ChainNode] = {}
    wanted = sorted(set(names))
    for start in range(0, len(wanted), 400):
        part = wanted[start : start + 400]
        found.update({node.name: node for node in dataset.nodes.filter(name__in=part)})
    return found


def firms_of(dataset: ChainDataset, keys: Sequence[str]) -> dict[str, ChainFirm]:
    """Firms by their key in the graph, with city and registry record."""
    own, laid = [], Q()
    for key in sorted(set(keys)):
        number, colon, code = key.partition(":")
        if colon and number.isdigit():
            laid |= Q(dataset_id=int(number), code=code)
        else:
            own.append(key)
    found: dict[str, ChainFirm] = {}
    rows = ChainFirm.objects.select_related("city", "organisation")
    for start in range(0, len(own), 400):
        part = rows.filter(dataset=dataset, code__in=own[start : start + 400])
        found.update({firm.code: firm for firm in part})
    if laid:
        found.update({firm_key(f.dataset_id, f.code, dataset): f for f in rows.filter(laid)})
    return found


def industry_codes(industry: ChainIndustry) -> list[str]:
    """Codes of an industry and of all its parts, in order."""
    rows = list(
        ChainIndustry.objects.filter(dataset_id=industry.dataset_id).values_list("pk", "parent_id", "code")
    )
    children: dict[int, list[int]] = {}
    codes = {}
    for pk, parent, code in rows:
        codes[pk] = code
        if parent is not None:
            children.setdefault(parent, []).append(pk)
    found, waiting = [], [industry.pk]
    while waiting:
        at = waiting.pop()
        found.append(codes[at])
        waiting.extend(children.get(at, ()))
    return sorted(found)
