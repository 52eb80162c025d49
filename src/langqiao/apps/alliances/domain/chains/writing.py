"""The rows of a data set (产业链数据集的各表), written from what the engine read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from langqiao.apps.alliances.domain.chains.merging import Key, chunks, merge
from langqiao.apps.alliances.models.chains import (
    ChainDataset,
    ChainFirm,
    ChainIndustry,
    ChainLink,
    ChainProduct,
    ChainRelation,
    ChainUpstream,
)
from langqiao.apps.registry.models import City, Organisation
from langqiao.engines.chains.link import THRESHOLD, Candidate
from langqiao.engines.chains.types import ChainData, Firm, Relation

Progress = Callable[[str, int, int], None]
Proposals = Mapping[str, Sequence[Candidate]]
KINDS = {
    Relation.MATERIAL: ChainRelation.Kind.MATERIAL,
    Relation.KIND: ChainRelation.Kind.VARIETY,
    Relation.DOWNSTREAM: ChainRelation.Kind.DOWNSTREAM,
}
STATED_PLACES = {str(value) for value in ChainFirm.Placed.values}


def write(dataset: ChainDataset, data: ChainData, proposals: Proposals, told: Progress) -> None:
    """Make the tables of ``dataset`` hold ``data``; decisions about links that still fit are kept.

    Args:
        dataset: saved; with a base, industries and nodes are looked up there and not written.
        data: what was read.
        proposals: product name → candidates, best first.
        told: stage, steps done, steps in all.
    """
    base = dataset.base or dataset
    if dataset.base is None:
        told(_("产业"), 0, 6)
        _industries(dataset, data)
    industries = {key: pk for pk, *both in base.industries.values_list("pk", "code", "name") for key in both}
    if dataset.base is None:
        told(_("产品节点与关系"), 1, 6)
        nodes = _nodes(dataset, data)
        _upstreams(dataset, data, industries)
    else:
        nodes = dict(base.nodes.values_list("name", "pk"))
    told(_("企业"), 2, 6)
    firms = _firms(dataset, data.firms, industries)
    told(_("产品归类"), 3, 6)
    links = _links(dataset, data, proposals, nodes)
    told(_("企业产品"), 4, 6)
    _products(dataset, data, firms, links)
    told(_("供货关系"), 5, 6)
    _ties(dataset, data, firms)
    if dataset.base is None:
        count_firms(dataset)
    told(_("完成"), 6, 6)


def _industries(dataset: ChainDataset, data: ChainData) -> None:
    parent = {industry.code: industry.parent for industry in data.industries}

    def tier(code: str) -> int:
        seen = {code}
        while (code := parent.get(code, "")) and code not in seen:
            seen.add(code)
        return len(seen)

    wanted: dict[Key, dict[str, Any]] = {
        (industry.code,): {"name": industry.name, "tier": tier(industry.code)} for industry in data.industries
    }
    keys = merge(dataset.industries.all(), ("code",), wanted, dataset=dataset)
    for industry in data.industries:
        wanted[industry.code,]["parent_id"] = keys[industry.parent,] if industry.parent else None
    merge(dataset.industries.all(), ("code",), wanted, dataset=dataset)


def _nodes(dataset: ChainDataset, data: ChainData) -> dict[str, int]:
    names = {name for relation in data.relations for name in (relation.head, relation.tail)}
    found = merge(dataset.nodes.all(), ("name",), {(name,): {} for name in sorted(names)}, dataset=dataset)
    nodes = {key[0]: pk for key, pk in found.items()}
    merge(
        dataset.relations.all(),
        ("head_id", "tail_id", "kind"),
        {(nodes[r.head], nodes[r.tail], str(KINDS[r.relation])): {} for r in data.relations},
        dataset=dataset,
    )
    return nodes


def _upstreams(dataset: ChainDataset, data: ChainData, industries: Mapping[str, int]) -> None:
    merge(
        ChainUpstream.objects.filter(industry__dataset=dataset),
        ("industry_id", "upstream_id"),
        {(industries[u.industry], industries[u.upstream]): {"weight": u.weight} for u in data.upstreams},
    )


def _registered(names: Iterable[str]) -> dict[str, Organisation]:
    """Organisations of the registry by exact name or credit code; a name that two bear means none."""
    wanted = sorted(set(names))
    found: dict[str, list[Organisation]] = {}
    for part in chunks(wanted):
        for organisation in Organisation.objects.filter(name__in=part):
            found.setdefault(organisation.name, []).append(organisation)
        for organisation in Organisation.objects.filter(credit_code__in=part):
            found[str(organisation.credit_code)] = [organisation]
    return {name: rows[0] for name, rows in found.items() if len(rows) == 1}


def _firms(dataset: ChainDataset, firms: Sequence[Firm], industries: Mapping[str, int]) -> dict[str, int]:
    registered = _registered(
        name for firm in firms for name in (firm.key, firm.fullname or firm.name) if name
    )
    cities = dict(City.objects.values_list("division_code", "pk"))
    wanted: dict[Key, dict[str, Any]] = {}
    for firm in firms:
        organisation = registered.get(firm.key) or registered.get(firm.fullname or firm.name)
        city = cities.get(firm.city)
        placed = firm.decided if firm.decided in STATED_PLACES else ChainFirm.Placed.UNKNOWN
        if placed != ChainFirm.Placed.STATED and organisation is not None and organisation.city_id:
            city, placed = organisation.city_id, ChainFirm.Placed.REGISTRY
        wanted[firm.key,] = {
            "name": firm.name or firm.fullname,
            "full_name": firm.fullname,
            "other_names": list(firm.other_names),
            "industry_id": industries.get(firm.industry),
            "city_id": city,
            "placed": str(placed),
            "place": firm.place,
            "exchange": firm.exchange,
            "listed_on": parse_date(firm.listed) if firm.listed else None,
            "organisation_id": organisation.pk if organisation is not None else None,
        }
    found = merge(dataset.firms.all(), ("code",), wanted, dataset=dataset)
    return {key[0]: pk for key, pk in found.items()}


def link_values(candidates: Sequence[Candidate], nodes: Mapping[str, int]) -> dict[str, Any]:
    """The columns of a proposed link: the best candidate above the threshold, all as evidence."""
    known = [candidate for candidate in candidates if candidate.node in nodes]
    best = known[0] if known and known[0].certainty >= THRESHOLD else None
    shown = [
        {"node": c.node, "certainty": round(c.certainty, 4), "how": c.evidence, "shared": list(c.shared)}
        for c in known
    ]
    return {
        "node_id": nodes[best.node] if best else None,
        "certainty": round(known[0].certainty, 4) if known else 0.0,
        "how": known[0].evidence if known else "",
        "evidence": {"candidates": shown},
    }


def _links(
    dataset: ChainDataset, data: ChainData, proposals: Proposals, nodes: Mapping[str, int]
) -> dict[str, int]:
    uses: Counter[str] = Counter()
    for made in data.makes:
        uses[made.product] += not made.is_balance
    decided = {
        link.name: link
        for link in dataset.links.exclude(state=ChainLink.State.PROPOSED)
        if link.node_id is not None
    }
    wanted: dict[Key, dict[str, Any]] = {}
    for name in sorted(uses):
        if name in decided:
            old = decided[name]
            wanted[name,] = {
                "node_id": old.node_id, "certainty": old.certainty, "how": old.how,
                "evidence": old.evidence, "state": old.state, "uses": uses[name],
            }  # fmt: skip
        else:
            proposed = link_values(proposals.get(name, ()), nodes)
            wanted[name,] = {**proposed, "state": str(ChainLink.State.PROPOSED), "uses": uses[name]}
    found = merge(dataset.links.all(), ("name",), wanted, dataset=dataset)
    return {key[0]: pk for key, pk in found.items()}


def _products(
    dataset: ChainDataset, data: ChainData, firms: Mapping[str, int], links: Mapping[str, int]
) -> None:
    merge(
        ChainProduct.objects.filter(firm__dataset=dataset),
        ("firm_id", "name", "share"),
        {
            (firms[made.firm], made.product, made.share): {
                "is_balance": made.is_balance, "link_id": links[made.product],
            }
            for made in data.makes
        },
    )  # fmt: skip


def _ties(dataset: ChainDataset, data: ChainData, firms: Mapping[str, int]) -> None:
    merge(
        dataset.ties.all(),
        ("supplier_id", "customer_id", "product"),
        {
            (firms[deal.supplier], firms[deal.customer], deal.product): {"share": deal.share}
            for deal in data.deals
        },
        dataset=dataset,
    )


def count_firms(dataset: ChainDataset) -> None:
    """Keep beside each industry how many firms it and its parts have, and how many in the nine cities."""
    industries = list(dataset.industries.all())
    parent = {industry.pk: industry.parent_id for industry in industries}
    everywhere: Counter[int] = Counter()
    corridor: Counter[int] = Counter()
    for own, city in dataset.firms.exclude(industry=None).values_list("industry_id", "city_id"):
        at: int | None = own
        while at is not None:
            everywhere[at] += 1
            corridor[at] += city is not None
            at = parent.get(at)
    for industry in industries:
        industry.firm_count, industry.corridor_count = everywhere[industry.pk], corridor[industry.pk]
    ChainIndustry.objects.bulk_update(industries, ["firm_count", "corridor_count"], batch_size=200)
