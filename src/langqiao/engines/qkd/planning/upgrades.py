"""What to add next, and what it buys (扩容建议)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Literal

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.changes import add_link, add_system, split_spans
from langqiao.engines.qkd.network.lookup import find_link, great_circle_km
from langqiao.engines.qkd.planning.plans import plan
from langqiao.engines.qkd.types import Advice, Demand, LinkKey, Network, Plan, Policy, Upgrade

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
    found = advise(
        network, demands, policy=policy, overhead=overhead, km_at_most=km_at_most, most=most, tries=None
    )
    return found.upgrades


def advise(
    network: Network,
    demands: Iterable[Demand],
    *,
    policy: Policy = "max-min",
    overhead: float = 0.0,
    km_at_most: float = 400.0,
    most: int = 10,
    tries: int | None,
) -> Advice:
    """Try additions as :func:`upgrades` does, the likeliest ``tries`` of them, and say how many there were.

    First those on bottlenecks, in the order of what the bottlenecks keep back; then new links, the shortest
    fibre first.

    Args:
        tries: plans at most; None for all, of which there may be 400.

    Raises:
        QkdError: a demand or an option is out of range, or all are to be tried and there are more than 400.
    """
    wanted = tuple(demands)
    before = plan(network, wanted, policy=policy, overhead=overhead)
    if not before.unmet:
        return Advice((), 0, 0)
    candidates = [*_on_links(network, before), *_new_links(network, km_at_most)]
    if tries is None and len(candidates) > CANDIDATES_AT_MOST:
        raise QkdError(
            f"{len(candidates):,} additions are too many to try; lower the longest fibre", kind="candidates"
        )
    found: list[Upgrade] = []
    tried = 0
    for kind, key in candidates[:tries]:
        changed = _CHANGES[kind](network, *key)
        now = find_link(changed, *key)
        if now is not None and now.rate > 0:
            after = plan(changed, wanted, policy=policy, overhead=overhead)
            found.append(_compare(before, after, kind, key, network, changed))
        tried += 1
    useful = [one for one in found if one.gain > 1e-6 * before.asked or one.newly_met]
    useful.sort(key=lambda one: (len(one.worse) - len(one.newly_met), -one.gain, one.km, one.kind, one.link))
    return Advice(tuple(useful[:most]), tried, len(candidates))


_CHANGES: dict[Kind, Callable[..., Network]] = {
    "system": add_system,
    "station": split_spans,
    "link": add_link,
}


def _on_links(network: Network, before: Plan) -> Iterator[tuple[Kind, LinkKey]]:
    """A second pair of equipment or a relay station more on what keeps demands back."""
    dead = {
        key for row in before.unmet if row.reason and row.reason.code == "no_key" for key in row.reason.links
    }
    by_key = {link.key: link for link in network.links}
    for key in dict.fromkeys((*before.bottlenecks, *sorted(dead))):
        if by_key[key].rate > 0:
            yield "system", key
        if by_key[key].spans:
            yield "station", key


def _new_links(network: Network, km_at_most: float) -> Iterator[tuple[Kind, LinkKey]]:
    """Links between nodes that are no neighbours, the shortest fibre first."""
    if not network.default:
        return
    joined = {link.key for link in network.links}
    pairs = []
    for a, b in combinations(network.nodes, 2):
        key = (a.id, b.id) if a.id <= b.id else (b.id, a.id)
        straight = None if key in joined else great_circle_km(a, b)
        if straight is not None and straight * network.rules.fibre_factor <= km_at_most:
            pairs.append((straight, key))
    for _straight, key in sorted(pairs):
        yield "link", key


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
