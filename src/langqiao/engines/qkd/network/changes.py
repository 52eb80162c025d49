"""What-ifs: cutting links and nodes, adding links, equipment and relay stations. Networks are never changed
in place; each function returns a new one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.lookup import find_link, great_circle_km, link, node
from langqiao.engines.qkd.physics.decoy import check_length
from langqiao.engines.qkd.physics.spans import link_of
from langqiao.engines.qkd.types import Link, Network, Parameters


def cut(network: Network, *, links: Iterable[tuple[str, str]] = (), nodes: Iterable[str] = ()) -> Network:
    """The network without some links (断链) and without every link of some nodes (节点失效).

    Raises:
        QkdError: a link or node does not exist.
    """
    gone = {link(network, a, b).key for a, b in links}
    dead = {node(network, name).id for name in nodes}
    kept = tuple(
        one for one in network.links if one.key not in gone and one.a not in dead and one.b not in dead
    )
    return replace(network, links=kept)


def add_link(
    network: Network,
    a: str,
    b: str,
    *,
    km: float | None = None,
    rate: float | None = None,
    equipment: str = "",
) -> Network:
    """The network with one more link (新增链路).

    Args:
        network: as it is.
        a, b: two nodes that are no neighbours yet.
        km: fibre; the fibre factor times the great circle where it is left out. It is divided evenly into
            as few spans as the network's rules allow.
        rate: measured key in bits a second, instead of working it out.
        equipment: name of the parameters, the network's own where it is left out.

    Raises:
        QkdError: the nodes are neighbours already or the same, a length cannot be worked out, or there are
            no parameters of that name.
    """
    first, second = node(network, a), node(network, b)
    if first.id == second.id:
        raise QkdError(f"a link needs two nodes, not {first.id} twice", kind="link", subjects=(first.id,))
    if find_link(network, first.id, second.id) is not None:
        raise QkdError(
            f"there is a link {first.id}-{second.id} already", kind="link", subjects=(first.id, second.id)
        )
    if rate is not None:
        check_rate(rate)
        made = Link(first.id, second.id, (), "", 1, float(rate), measured=True)
        return replace(network, links=(*network.links, made))
    if km is None:
        straight = great_circle_km(first, second)
        if straight is None:
            raise QkdError(
                f"the places of {first.id} and {second.id} are not known; give the fibre's length",
                kind="length", subjects=(first.id, second.id),
            )  # fmt: skip
        km = straight * network.rules.fibre_factor
    check_length(km)
    spans = even_spans(km, max(1, math.ceil(km / network.rules.span_km - 1e-9)))
    made = link_of(first.id, second.id, spans=spans, parameters=_equipment(network, equipment))
    return replace(network, links=(*network.links, made))


def add_system(network: Network, a: str, b: str) -> Network:
    """The network with one more pair of equipment on every span of a link (增加一套设备).

    Raises:
        QkdError: there is no such link.
    """
    old = link(network, a, b)
    share = (old.systems + 1) / old.systems
    new = replace(
        old, systems=old.systems + 1, rate=old.rate * share,
        spans=tuple(replace(span, rate=span.rate * share) for span in old.spans),
    )  # fmt: skip
    return _with(network, new)


def split_spans(network: Network, a: str, b: str) -> Network:
    """The network with one more relay station on a link, its fibre divided evenly anew (增设中继站).

    Raises:
        QkdError: there is no such link, or its rate was measured and cannot be worked out.
    """
    old = link(network, a, b)
    if old.measured or not old.spans:
        raise QkdError(
            f"the rate of {old.a}-{old.b} was measured; its spans are not known",
            kind="measured", subjects=(old.a, old.b),
        )  # fmt: skip
    new = link_of(
        old.a, old.b, spans=even_spans(old.km, len(old.spans) + 1),
        parameters=_equipment(network, old.equipment), systems=old.systems,
    )  # fmt: skip
    return _with(network, new)


def even_spans(km: float, count: int) -> tuple[float, ...]:
    """A length divided evenly."""
    return (km / count,) * count


def check_rate(rate: float) -> None:
    """Refuse a rate that is not a number from 0 to 10¹⁵ bits a second."""
    if not (math.isfinite(rate) and 0 <= rate <= 1e15):
        raise QkdError(f"a rate must be from 0 to 10^15 bits a second, not {rate!r}", kind="rate")


def _equipment(network: Network, name: str) -> Parameters:
    wanted = name or network.default
    for one in network.equipment:
        if one.name == wanted:
            return one
    raise QkdError(f"the network has no equipment named {wanted!r}", kind="equipment", subjects=(wanted,))


def _with(network: Network, new: Link) -> Network:
    return replace(network, links=tuple(new if one.key == new.key else one for one in network.links))
