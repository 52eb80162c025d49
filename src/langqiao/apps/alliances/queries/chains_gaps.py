"""Gaps of a chain (断链、短链、低链) in words, and who can fill them (补链)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from langqiao.apps.alliances.models.chains import ChainDataset, ChainFirm, ChainNode
from langqiao.apps.alliances.queries.chains import Scope, chain_of_scope, codes_of
from langqiao.apps.alliances.queries.chains_graph import firms_of, graph_of, nodes_of
from langqiao.apps.alliances.queries.chains_map import layer_words
from langqiao.apps.registry.geography import distance_km, nearness
from langqiao.apps.registry.models import City, Organisation, Product
from langqiao.engines.chains.gaps import Cut, Gaps, Missing, Thin, find_gaps
from langqiao.engines.chains.partners import Partner, find_partners
from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.types import Filters, Query
from langqiao.kit.figures import grouped
from langqiao.kit.words import is_english, listed, named

ROWS_AT_MOST = 1000  # of each kind
NAMED = 4  # names given in a sentence
INHERITED = 2  # products told whose kinds need a product
PARTNERS = 10
# In standard deviations of a random record's score; below it a shared word is chance.
CHANCE = 2.0
# Among fewer records a score says little, and every shared word counts.
FEW = 200
# Of the industry panel, those that could supply: what a firm makes, and firms by their description.
SUPPLYING = ("product", "enterprise")

KINDS = {
    "missing": (
        gettext_lazy("断链"),
        gettext_lazy(
            "这条链需要、所选城市却没有企业生产的产品。先列本地企业的产品直接需要的，再列只有部分小类需要的（按小类占比折算）。"
        ),
    ),
    "thin": (
        gettext_lazy("短链"),
        gettext_lazy("生产企业少于 3 家、份额集中，或都在一座城市的产品（只选一座城市时，后一条不算）。"),
    ),
    "low": (
        gettext_lazy("低链"),
        gettext_lazy("本地生产、却很少在本地继续加工的产品：加工深度不到全国的一半。"),
    ),
    "cut": (
        gettext_lazy("关键节点"),
        gettext_lazy("链条系于其上的产品：去掉它，链条会分开，或有产品再也连不到原材料。"),
    ),
}
# The engine's sentences, here so that the catalogue knows them.
ASSUMED = (
    gettext_lazy("企业按收入占比分摊到产品，每家企业计 1；数据没有营业收入金额"),
    gettext_lazy("企业生产某产品的一个小类，即视为生产该产品"),
    gettext_lazy("核心产品所需材料包括其小类所需的材料；断链的需求按需要它的小类占全部小类的比例折算"),
    gettext_lazy("只有能与产品图谱对应的产品名称参与计算；上市公司之外的企业不在数据中"),
    gettext_lazy("低链：本地对该产品的直接深加工权重占比不足全国的一半"),
)
PARTNER_WHY = {
    "makes": gettext_lazy("正在生产"),
    "kind": gettext_lazy("生产其中一个小类"),
    "broader": gettext_lazy("生产更宽的同类产品"),
    "near": gettext_lazy("产品名称语义相近"),
    "sibling": gettext_lazy("只生产相关产品"),
}
# How much a reason says, and its tone.
PARTNER_FIT = {
    "makes": (gettext_lazy("生产本产品"), "success"),
    "kind": (gettext_lazy("生产其小类"), "water"),
    "broader": (gettext_lazy("生产其大类"), "water"),
    "near": (gettext_lazy("产品相近"), "water"),
    "sibling": (gettext_lazy("依据弱"), "warning"),
}


@dataclass(frozen=True, slots=True)
class GapRow:
    """A gap: what is lacking, how it is measured, and the measure in words.

    ``direct`` and ``demand`` are of missing products alone: firms that need it directly, and these with those
    that need it by their products' kinds, each by its weight.
    """

    kind: str
    product: str
    node: ChainNode | None
    layer: str
    measure: float
    shown: str
    why: str
    firms: list[ChainFirm] = field(default_factory=list)
    city: City | None = None
    direct: int | None = None
    demand: float | None = None


@dataclass(frozen=True, slots=True)
class GapReport:
    """The gaps of one industry's chain."""

    gaps: Gaps
    rows: dict[str, list[GapRow]]
    cities: Sequence[City]

    @property
    def assumptions(self) -> list[str]:
        """What the figures rest on, in the reader's language."""
        return [_(line) for line in self.gaps.assumptions]

    @property
    def counts(self) -> list[tuple[str, Any, Any, int]]:
        """Kind, its name, what it means, and how many there are."""
        return [(kind, *words, len(self.rows[kind])) for kind, words in KINDS.items()]


def gaps_of(scope: Scope, viewer: Any, *, cities: Sequence[City], up: int = 2) -> GapReport:
    """Gap analysis of a chain, seen from the firms of ``cities``."""
    dataset = scope.dataset
    graph = graph_of(dataset, viewer)
    chain = chain_of_scope(graph, scope, up=up)
    gaps = find_gaps(graph, chain, cities=codes_of(cities), limit=ROWS_AT_MOST)
    names = [gap.product for gap in gaps.missing] + [gap.product for gap in gaps.thin]
    names += [gap.product for gap in gaps.low] + [gap.product for gap in gaps.cuts]
    nodes = nodes_of(dataset, names)
    firms = firms_of(dataset, [key for gap in gaps.thin for key in gap.firms])
    by_code = {city.division_code: city for city in City.objects.all()}
    rows = {
        "missing": [
            GapRow(
                "missing", gap.product, nodes.get(gap.product), layer_words(gap.level), gap.demand,
                _demand_words(gap),
                _missing_words(gap),
                direct=gap.firms_waiting,
                demand=gap.demand,
            )
            for gap in gaps.missing
        ],
        "thin": [
            GapRow(
                "thin", gap.product, nodes.get(gap.product), layer_words(gap.level), gap.hhi,
                ngettext("%(n)d 家企业，HHI %(hhi)s", "%(n)d 家企业，HHI %(hhi)s", gap.makers)
                % {"n": gap.makers, "hhi": grouped(round(gap.hhi))},
                _thin_words(gap, by_code.get(gap.city)),
                [firms[key] for key in gap.firms if key in firms],
                by_code.get(gap.city),
            )
            for gap in gaps.thin
        ],
        "low": [
            GapRow(
                "low", gap.product, nodes.get(gap.product), layer_words(gap.level), gap.depth,
                _("加工深度 %(here)d%%，全国 %(country)d%%")
                % {"here": round(100 * gap.depth), "country": round(100 * gap.depth_country)},
                _("全国更多用来制成%(names)s。") % {"names": listed(gap.processed_into[:NAMED])},
            )
            for gap in gaps.low
        ],
        "cut": [
            GapRow(
                "cut", gap.product, nodes.get(gap.product), "", gap.cut_off,
                ngettext("断开 %(n)d 种产品", "断开 %(n)d 种产品", gap.cut_off) % {"n": gap.cut_off},
                _cut_words(gap),
            )
            for gap in gaps.cuts
        ],
    }  # fmt: skip
    return GapReport(gaps, rows, cities)


def _demand_words(gap: Missing) -> str:
    told = {"n": gap.firms_waiting, "d": f"{gap.demand:.2f}" if gap.demand >= 0.01 else "<0.01"}
    if not gap.firms_waiting:
        return _("没有企业直接需要，折合 %(d)s 家") % told
    if not gap.firms_maybe:
        return ngettext("%(n)d 家企业直接需要", "%(n)d 家企业直接需要", gap.firms_waiting) % told
    return (
        ngettext(
            "%(n)d 家企业直接需要，连小类折合 %(d)s 家",
            "%(n)d 家企业直接需要，连小类折合 %(d)s 家",
            gap.firms_waiting,
        )
        % told
    )


def _inherited_words(gap: Missing) -> list[str]:
    """Which products need it by some of their kinds alone, and how the firms that make these count."""
    if not gap.firms_maybe:
        return []
    told = [
        ngettext(
            "%(product)s的 %(kinds)d 种小类中有 %(n)d 种需要（%(names)s）。",
            "%(product)s的 %(kinds)d 种小类中有 %(n)d 种需要（%(names)s）。",
            one.needing,
        )
        % {
            "product": one.product, "kinds": one.kinds, "n": one.needing, "names": listed(one.names[:NAMED]),
        }
        for one in gap.inherited[:INHERITED]
    ]  # fmt: skip
    if len(gap.inherited) > INHERITED:
        told.append(_("还有别的产品，部分小类需要。"))
    told.append(
        ngettext(
            "生产这些产品的另 %(n)d 家企业按小类占比折算，未必需要。",
            "生产这些产品的另 %(n)d 家企业按小类占比折算，未必需要。",
            gap.firms_maybe,
        )
        % {"n": gap.firms_maybe}
    )
    return told


def _missing_words(gap: Missing) -> str:
    told = [_("直接用于%(names)s。") % {"names": listed(gap.needed_by[:NAMED])}] if gap.needed_by else []
    told += _inherited_words(gap)
    if gap.elsewhere:
        told.append(
            ngettext("数据集中另有 %(n)d 家企业生产。", "数据集中另有 %(n)d 家企业生产。", gap.elsewhere)
            % {"n": gap.elsewhere}
        )
    else:
        told.append(_("数据集中没有企业生产。"))
    if gap.broader:
        told.append(_("本地有企业生产更宽的同类产品。"))
    return (" " if is_english() else "").join(words.strip() for words in told)


def _cut_words(gap: Cut) -> str:
    told = (
        _("去掉它，链条分成几块。") if gap.kind == "articulation" else _("其后的产品从原材料出发都要经过它。")
    )
    if gap.examples:
        told += _("如%(names)s。") % {"names": listed(gap.examples[:NAMED])}
    return told + ("" if gap.makers else _("本地没有企业生产。"))


def _thin_words(gap: Thin, city: City | None) -> str:
    if gap.one_supplier:
        return _("只有一家企业生产：它停产，本地即断供。")
    if gap.one_city and city is not None:
        return _("生产企业都在%(city)s：一城受阻，即断供。") % {"city": named(city)}
    return _("生产企业少或份额集中（HHI 满 2500 为高度集中）。")


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """Who could fill a gap: a firm of the data set, or a record of the registry.

    Of the data set's firms ``reason`` is the engine's, ``weak`` whether it says little, and ``certainty`` the
    percent of certainty that the firm's own words mean the product in ``why``; it is no measure of fit.
    """

    title: str
    url: str
    city: City | None
    km: float | None
    why: str
    certainty: int | None = None
    illustrative: bool = False
    reason: str = ""
    weak: bool = False

    @property
    def fit(self) -> tuple[Any, str] | None:
        """How much the reason says, in words, and its tone."""
        return PARTNER_FIT.get(self.reason)


def chain_partners(
    dataset: ChainDataset, node: ChainNode, viewer: Any, *, cities: Sequence[City], home: City | None = None
) -> list[PartnerRow]:
    """Firms of the data set in the given cities that make the product or something near it, the strongest
    reason first.
    """
    graph = graph_of(dataset, viewer)
    found: Sequence[Partner] = find_partners(
        graph,
        node.name,
        cities=codes_of(cities),
        home=home.division_code if home is not None else "",
        limit=PARTNERS,
    )
    firms = firms_of(dataset, [partner.firm for partner in found])
    rows = []
    for partner in found:
        firm = firms.get(partner.firm)
        if firm is None:
            continue
        rows.append(
            PartnerRow(
                title=str(firm),
                url=firm.get_absolute_url(),
                city=firm.city,
                km=_km(home, firm.city),
                why=_partner_words(partner),
                certainty=round(100 * partner.certainty),
                illustrative=firm.dataset.illustrative
                if firm.dataset_id != dataset.pk
                else dataset.illustrative,
                reason=partner.why,
                weak=partner.weak,
            )
        )
    return rows


def _partner_words(partner: Partner) -> str:
    why = _("%(why)s：%(product)s") % {"why": PARTNER_WHY[partner.why], "product": partner.product}
    if not partner.weak:
        return why
    return _("%(why)s；共同的大类、材料或用途：%(names)s") % {
        "why": why,
        "names": listed(partner.evidence[:NAMED]),
    }


@lru_cache(maxsize=1)
def matching_index() -> MatchingIndex:
    """The corridor's matching index, opened once for reading; its one writer follows the ledger."""
    return MatchingIndex.open(settings.INDEX_DIR)


def registry_partners(
    product: str, *, cities: Sequence[City], home: City | None = None, limit: int = PARTNERS
) -> list[PartnerRow]:
    """Firms of the registry by the matching engine's industry panel (产业：上下游企业与联盟)."""
    place = {city.slug: nearness(home, city) for city in City.objects.all()} if home is not None else {}
    found = matching_index().search(
        Query(text=product, title=product, place=place),
        Filters(kinds=SUPPLYING, cities=tuple(city.slug for city in cities)),
        limit=3 * limit,
    )
    least = CHANCE if found.total >= FEW else -math.inf
    hits = [hit for hit in found.hits if hit.terms and hit.score >= least]
    ids: dict[str, list[int]] = {}
    for hit in hits:
        label, _sep, pk = hit.key.partition(":")
        ids.setdefault(label, []).append(int(pk))
    products = Product.objects.select_related("organisation__city").in_bulk(ids.get("registry.product", []))
    firms = Organisation.objects.select_related("city").in_bulk(ids.get("registry.organisation", []))
    rows: dict[int, PartnerRow] = {}
    for hit in hits:
        label, _sep, pk = hit.key.partition(":")
        item = products.get(int(pk)) if label == "registry.product" else None
        firm = item.organisation if item is not None else firms.get(int(pk))
        if firm is None or firm.pk in rows or label not in ("registry.product", "registry.organisation"):
            continue
        shared = listed(term.text for term in hit.terms[:NAMED])
        rows[firm.pk] = PartnerRow(
            title=named(firm),
            url=reverse("organisation_detail", args=[firm.pk]),
            city=firm.city,
            km=_km(home, firm.city),
            why=_part(item) + _("共同提到：%(words)s") % {"words": shared},
            illustrative=firm.illustrative,
        )
    return list(rows.values())[:limit]


def _part(item: Product | None) -> str:
    if item is None:
        return ""
    return _("可供货：%(name)s；") % {"name": item.name}


def _km(home: City | None, city: City | None) -> float | None:
    return distance_km(home, city) if home is not None and city is not None else None
