"""Demands, allocations and plans. Rates in bits a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Policy = Literal["max-min", "most", "widest-shortest", "shortest"]
"""How key is shared (分配策略).

``max-min``: within a priority the smallest served share is as large as can be, then the next (最大最小公平);
``most``: as many bits as can be; ``widest-shortest``: one demand after the other on the widest of its
shortest routes; ``shortest``: the same on one fixed shortest route.
"""

LinkKey = tuple[str, str]
"""The two ends of a link in alphabetical order."""

ReasonCode = Literal["no_route", "untrusted", "no_key", "no_disjoint", "capacity", "outranked", "shared"]
"""Why a demand is not met in full (未满足原因).

``no_route``: nothing joins the two; ``untrusted``: every route passes a node that is not trusted;
``no_key``: every route passes a link that makes no key; ``no_disjoint``: there are no two disjoint routes;
``capacity``: the demand alone is more than the links named can carry; ``outranked``: demands of higher
priority use them; ``shared``: demands of the same priority share them.
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """Key that two nodes need (密钥需求).

    Attributes:
        id: name of the demand.
        source, target: nodes by identifier or name.
        bps: key in bits a second.
        priority: 1 comes first (优先级).
        key_bits: length of one key (密钥长度).
        two_paths: every key travels as two shares over disjoint routes (双路异或).
        purpose: what it is for.
    """

    id: str
    source: str
    target: str
    bps: float
    priority: int = 1
    key_bits: int = 256
    two_paths: bool = False
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Key of one demand on one route, or on two disjoint routes at once."""

    routes: tuple[tuple[str, ...], ...]
    bps: float


@dataclass(frozen=True, slots=True)
class Share:
    """What an allocation gives one demand: its flows, and the links that kept it from more."""

    demand: Demand
    flows: tuple[Flow, ...]
    bottleneck: tuple[LinkKey, ...] = ()

    @property
    def bps(self) -> float:
        """Key in bits a second."""
        return sum(flow.bps for flow in self.flows)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a demand is not met, as a code and its particulars; faces put it into words."""

    code: ReasonCode
    links: tuple[LinkKey, ...] = ()
    nodes: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemandPlan:
    """One demand in a plan.

    Attributes:
        demand: what was asked, with node identifiers.
        bps: what it gets.
        share: of what it asked, 0 to 1.
        keys_per_second: of its own key length.
        flows: over which routes, largest first.
        met: it gets all it asked.
        reason: why it does not.
    """

    demand: Demand
    bps: float
    share: float
    keys_per_second: float
    flows: tuple[Flow, ...]
    met: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class LinkLoad:
    """One link in a plan: what it makes, what is used of it, in bits a second and per cent (链路负载)."""

    link: LinkKey
    rate: float
    load: float
    percent: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Which demands are met (规划结果).

    Attributes:
        network: name of the network.
        policy: how key was shared.
        overhead: bits of authentication for every bit of key that is relayed over a link.
        demands: in the order they were given.
        links: in the order of the file.
        bottlenecks: links used in full that keep a demand from more, by the demand they keep back.
    """

    network: str
    policy: Policy
    overhead: float
    demands: tuple[DemandPlan, ...]
    links: tuple[LinkLoad, ...]
    bottlenecks: tuple[LinkKey, ...]

    @property
    def granted(self) -> float:
        """Key of all demands in bits a second."""
        return sum(one.bps for one in self.demands)

    @property
    def asked(self) -> float:
        """What all demands ask, in bits a second."""
        return sum(one.demand.bps for one in self.demands)

    @property
    def unmet(self) -> tuple[DemandPlan, ...]:
        """Demands that do not get all they asked."""
        return tuple(one for one in self.demands if not one.met)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What one addition would buy (扩容建议).

    Attributes:
        kind: ``system`` a second pair of equipment, ``station`` a relay station more, ``link`` a new link.
        link: where.
        km: new fibre, 0 for ``system`` and ``station``.
        rate_before, rate_after: of that link, bits a second.
        gain: more key for the demands, bits a second.
        share_before, share_after: smallest served share of all demands.
        newly_met: demands that would be met and are not now.
        worse: demands that would get less than now.
    """

    kind: Literal["system", "station", "link"]
    link: LinkKey
    km: float
    rate_before: float
    rate_after: float
    gain: float
    share_before: float
    share_after: float
    newly_met: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """The additions that buy something, the best first; ``tried`` of the ``candidates`` there are."""

    upgrades: tuple[Upgrade, ...]
    tried: int
    candidates: int
