"""What a firm's failure would cut off (断供推演), in words and by tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from langqiao.apps.alliances.models.chains import ChainFirm, ChainNode
from langqiao.apps.alliances.queries.chains_graph import firm_key, firms_of, graph_of, nodes_of
from langqiao.engines.chains.failure import Failure, FirmHit, Lost, failure
from langqiao.engines.chains.types import NINE
from langqiao.kit.words import listed

SHOWN = 40  # products a tier
FIRMS_SHOWN = 30
NAMED = 3
REACH = 3


@dataclass(frozen=True, slots=True)
class LostRow:
    """A product that loses its only maker, or a part of its supply."""

    product: str
    node: ChainNode | None
    words: str
    percent: float


@dataclass(frozen=True, slots=True)
class TouchedRow:
    """A product downstream of what is lost."""

    product: str
    node: ChainNode | None


@dataclass(frozen=True, slots=True)
class TierRows:
    """What is touched at one distance."""

    label: str
    count: int
    rows: list[TouchedRow]

    @property
    def hidden(self) -> int:
        """How many are not listed."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class FirmRow:
    """A firm that is hit."""

    firm: ChainFirm
    words: str


@dataclass(frozen=True, slots=True)
class FailureReport:
    """What the failure of a firm would cut off."""

    failure: Failure
    summary: str
    lost: list[LostRow]
    tiers: list[TierRows]
    cut_off: list[TouchedRow]
    firms: list[FirmRow]

    @property
    def by_tier(self) -> dict[int, int]:
        """Products touched by distance."""
        return self.failure.by_tier


def failure_of(firm: ChainFirm, viewer: Any, *, nationwide: bool = False) -> FailureReport:
    """The failure of a firm, seen from the nine cities or from the whole country of the data set."""
    base = firm.dataset.base or firm.dataset
    graph = graph_of(base, viewer)
    key = firm_key(firm.dataset_id, firm.code, base)
    found = failure(graph, [key], cities=None if nationwide else tuple(NINE), reach=REACH)
    by_steps: dict[int, list[str]] = {}
    for one in found.touched:
        by_steps.setdefault(one.steps, []).append(one.product)
    shown = [product for products in by_steps.values() for product in products[:SHOWN]]
    losses = [*found.lost, *found.thinned]
    nodes = nodes_of(base, [*(one.product for one in losses), *found.cut_off[:SHOWN], *shown])
    firms = firms_of(base, [hit.firm for hit in found.firms_hit[:FIRMS_SHOWN]])
    return FailureReport(
        failure=found,
        summary=_summary(found),
        lost=[
            LostRow(one.product, nodes.get(one.product), _lost_words(one), 100 * one.share_lost)
            for one in losses
        ],
        tiers=[
            TierRows(
                _("下游第 %(n)d 步") % {"n": steps},
                len(products),
                [TouchedRow(product, nodes.get(product)) for product in products[:SHOWN]],
            )
            for steps, products in sorted(by_steps.items())
        ],
        cut_off=[TouchedRow(product, nodes.get(product)) for product in found.cut_off[:SHOWN]],
        firms=[
            FirmRow(firms[hit.firm], _hit_words(hit))
            for hit in found.firms_hit[:FIRMS_SHOWN]
            if hit.firm in firms
        ],
    )


def _summary(found: Failure) -> str:
    if not found.lost and not found.thinned:
        return _("它的产品没有归到图谱节点，无法推演。请先核实产品归类。")
    if not found.lost:
        return _("它的每种产品都还有别的企业生产：份额会下降，链条不断。")
    count = len(found.lost)
    told = ngettext("%(n)d 种产品失去唯一的生产企业", "%(n)d 种产品失去唯一的生产企业", count) % {"n": count}
    return _("%(told)s；%(cut)d 种产品再也连不到原材料；波及下游 %(touched)d 种产品、%(firms)d 家企业。") % {
        "told": told,
        "cut": len(found.cut_off),
        "touched": len(found.touched),
        "firms": len(found.firms_hit),
    }


def _lost_words(one: Lost) -> str:
    if not one.other_makers:
        return _("失去唯一的生产企业")
    return ngettext(
        "还有 %(n)d 家企业生产，份额下降", "还有 %(n)d 家企业生产，份额下降", one.other_makers
    ) % {"n": one.other_makers}


def _hit_words(hit: FirmHit) -> str:
    if not hit.steps:
        return _("直接采购：所报采购的 %(share)d%% 来自它") % {"share": round(100 * hit.share_lost)}
    return _("下游第 %(n)d 步：%(names)s") % {"n": hit.steps, "names": listed(hit.products[:NAMED])}
