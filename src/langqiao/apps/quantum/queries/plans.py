"""Plans of key (密钥规划) over the registered network: what is met, why not, what a change would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models import Demand, Link, Site
from langqiao.apps.quantum.queries.demands import current_demands
from langqiao.apps.quantum.queries.kept import advised, planned
from langqiao.apps.quantum.queries.network import links_with_sites, network_of, sites_with_links
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network import add_link, add_system, cut
from langqiao.engines.qkd.planning import plan
from langqiao.engines.qkd.types import Advice, DemandPlan, LinkKey, Network, Plan, Reason
from langqiao.engines.qkd.types import Demand as EngineDemand
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed, named

KM_AT_MOST = 1_000.0
SHORT = 1e-5  # a share that falls by less has not fallen
REASONS: dict[str, Any] = {
    "no_route": _("两站之间没有可用的链路"),
    "untrusted": _("所有路径都要经过不可信的站点：%(nodes)s"),
    "no_key": _("所有路径都要经过不产生密钥的链路：%(links)s"),
    "no_disjoint": _("没有两条不相交的路径，都要经过：%(both)s"),
    "capacity": _("链路成码率不够：%(links)s"),
    "outranked": _("优先级更高的需求占用了链路：%(links)s"),
    "shared": _("与同级需求分享链路：%(links)s"),
}
FAULTS: dict[str, Any] = {
    "link": _("没有这条链路，或者两站之间已有链路。"),
    "length": _("长度有误：一段光纤过长，或超出范围。"),
    "demand": _("某项需求超出规划能处理的范围。"),
}


def engine_demand(demand: Demand) -> EngineDemand:
    """A demand as the engine takes it."""
    return EngineDemand(
        id=str(demand.pk or 0),
        source=demand.source.slug,
        target=demand.target.slug,
        bps=demand.bps,
        priority=demand.priority,
        key_bits=demand.key_bits,
        two_paths=demand.two_paths,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What a what-if changes: a link cut, a site lost, a link added with its fibre, equipment doubled."""

    cut: LinkKey | None = None
    lost: str = ""
    add: LinkKey | None = None
    km: float | None = None
    double: LinkKey | None = None

    @property
    def is_none(self) -> bool:
        """Whether nothing changes."""
        return not (self.cut or self.lost or self.add or self.double)


@dataclass(frozen=True, slots=True)
class Worked:
    """A plan beside the one without the change; the demands by the engine's names."""

    network: Network
    found: Plan
    base: Plan
    demands: dict[str, Demand]
    names: dict[str, str]
    change: Change

    @property
    def changed(self) -> list[tuple[DemandPlan, DemandPlan]]:
        """Demands before and after, where the change gives or takes key."""
        pairs = zip(self.base.demands, self.found.demands, strict=True)
        return [(old, new) for old, new in pairs if abs(new.share - old.share) > SHORT]


def current_network() -> tuple[Network, list[Site], list[Link]]:
    """The registered network as plans take it, with its records."""
    sites, links = list(sites_with_links()), list(links_with_sites())
    return network_of(sites, links), sites, links


def changed_network(network: Network, change: Change) -> Network:
    """The network after a change.

    Raises:
        Invalid: there is no such link or site, or a length cannot be; the words say which.
    """
    try:
        if change.cut:
            network = cut(network, links=[change.cut])
        if change.lost:
            network = cut(network, nodes=[change.lost])
        if change.add:
            network = add_link(network, *change.add, km=change.km)
        if change.double:
            network = add_system(network, *change.double)
    except QkdError as fault:
        raise Invalid(
            FAULTS.get(fault.kind, _("这个变动无法推演。")), mend=_("请改选链路、站点或长度。")
        ) from fault
    return network


def worked_out(change: Change | None = None) -> Worked:
    """The plan of all admitted demands, with a change and without.

    Raises:
        Invalid: the change cannot be made.
    """
    change = change or Change()
    network, sites, _links = current_network()
    rows = list(current_demands())
    wanted = [engine_demand(one) for one in rows]
    base = planned(network, wanted)
    after = network if change.is_none else changed_network(network, change)
    found = base if change.is_none else planned(after, wanted)
    return Worked(
        network=after,
        found=found,
        base=base,
        demands={str(one.pk): one for one in rows},
        names={one.slug: named(one) for one in sites},
        change=change,
    )


def additions(worked: Worked) -> Advice:
    """What to add next for the demands, the best first; nothing where all are met."""
    return advised(worked.network, [engine_demand(one) for one in worked.demands.values()])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a demand fits beside the admitted ones, and in words why not."""

    fits: bool
    row: DemandPlan
    words: str
    worse: tuple[Demand, ...] = ()


def verdict_on(demand: Demand) -> Verdict:
    """Plan the admitted demands with this one: it fits if it is met in full and none of them loses any."""
    network, sites, _links = current_network()
    others = [one for one in current_demands() if one.pk != demand.pk]
    before = plan(network, [engine_demand(one) for one in others])
    after = plan(network, [*(engine_demand(one) for one in others), engine_demand(demand)])
    row = after.demands[-1]
    worse = tuple(
        one
        for one, old, new in zip(others, before.demands, after.demands[:-1], strict=True)
        if new.share < old.share - SHORT
    )
    words = "" if row.reason is None else reason_in_words(row.reason, {s.slug: named(s) for s in sites})
    return Verdict(row.met and not worse, row, words, worse)


def link_name(key: LinkKey, names: dict[str, str]) -> str:
    """A link by the names of its ends."""
    return f"{names.get(key[0], key[0])}–{names.get(key[1], key[1])}"


def reason_in_words(reason: Reason, names: dict[str, str]) -> str:
    """Why a demand is not met, in the reader's language."""
    links = [link_name(key, names) for key in reason.links]
    nodes = [names.get(one, one) for one in reason.nodes]
    words = {"links": listed(links), "nodes": listed(nodes), "both": listed([*nodes, *links])}
    return str(REASONS[reason.code]) % words


def route_in_words(route: Sequence[str], names: dict[str, str]) -> str:
    """A route by the names of its sites."""
    return " → ".join(names.get(one, one) for one in route)
