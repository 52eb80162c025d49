"""What to add next, and what it buys (扩容建议)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Literal

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.changes import add_link, add_system, split_spans
from langqiao.engines.qkd.network.lookup import find_link, great_circle_km
from langqiao.engines.qkd.planning.plans import plan
from langqiao.engines.qkd.types import Demand, LinkKey, Network, Plan, Policy, Upgrade

Kind = Literal["system", "station", "link"]
CANDIDATES_AT_MOST = 400


def upgrades(
    network: Network,
    demands: Iterable[Demand],
    *,
    policy: Policy = "max-min",
    overhead: float = 0.0,
    km_at_most: float = 400.0,
    most: int = 10,
) -> tuple[Upgrade, ...]:
    """Try every single addition and rank them by what they buy.

    Tried are a second pair of equipment and one more relay station on every bottleneck, and a new link
    between any two nodes whose places are known and whose fibre would be at most ``km_at_most``. Each is
    planned anew in full; additions that buy nothing are left out.

    Args:
        network: as it is.
        demands: who needs how much.
        policy, overhead: as for :func:`langqiao.engines.qkd.planning.plan`.
        km_at_most: longest new fibre.
        most: how many to return.

    Returns:
        The best first: by demands newly met less demands that fall short anew, then by more key, then by less
        fibre.

    Raises:
        QkdError: a demand or an option is out of range, or there are more than 400 candidates.
    """
    wanted = tuple(demands)
    before = plan(network, wanted, policy=policy, overhead=overhead)
    if not before.unmet:
        return ()
    candidates = list(_candidates(network, before, km_at_most))
    if len(candidates) > CANDIDATES_AT_MOST:
        raise QkdError(
            f"{len(candidates):,} additions are too many to try; lower the longest fibre", kind="candidates"
        )
    found = [
        _compare(before, plan(changed, wanted, policy=policy, overhead=overhead), kind, key, network, changed)
        for kind, key, changed in candidates
    ]
    useful = [one for one in found if one.gain > 1e-6 * before.asked or one.newly_met]
    useful.sort(key=lambda one: (len(one.worse) - len(one.newly_met), -one.gain, one.km, one.kind, one.link))
    return tuple(useful[:most])


def _candidates(network: Network, before: Plan, km_at_most: float) -> Iterator[tuple[Kind, LinkKey, Network]]:
    dead = {
        key for row in before.unmet if row.reason and row.reason.code == "no_key" for key in row.reason.links
    }
    for link in network.links:
        if link.key not in before.bottlenecks and link.key not in dead:
            continue
        if link.rate > 0:
            yield "system", link.key, add_system(network, *link.key)
        if link.spans:
            yield "station", link.key, split_spans(network, *link.key)
    if not network.default:
        return
    for a, b in combinations(network.nodes, 2):
        straight = great_circle_km(a, b)
        if straight is None or straight * network.rules.fibre_factor > km_at_most:
            continue
        if find_link(network, a.id, b.id) is None:
            changed = add_link(network, a.id, b.id)
            if changed.links[-1].rate > 0:
                yield "link", changed.links[-1].key, changed


def _compare(  # noqa: PLR0917  two plans, two networks and what lies between them
    before: Plan, after: Plan, kind: Kind, key: LinkKey, old: Network, new: Network
) -> Upgrade:
    was, now = find_link(old, *key), find_link(new, *key)
    assert now is not None
    pairs = list(zip(before.demands, after.demands, strict=True))
    return Upgrade(
        kind=kind,
        link=key,
        km=now.km if kind == "link" else 0.0,
        rate_before=was.rate if was else 0.0,
        rate_after=now.rate,
        gain=after.granted - before.granted,
        share_before=min(row.share for row in before.demands),
        share_after=min(row.share for row in after.demands),
        newly_met=tuple(b.demand.id for a, b in pairs if b.met and not a.met),
        worse=tuple(b.demand.id for a, b in pairs if b.share < a.share - 1e-5),
    )
