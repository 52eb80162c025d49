"""Looking things up in a network."""

from __future__ import annotations

import math
from collections.abc import Mapping

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.types import Link, Network, Node

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


def find_node(network: Network, name: str) -> Node | None:
    """A node by its identifier, Chinese or English name, whatever the case."""
    wanted = name.strip().casefold()
    for one in network.nodes:
        if wanted in {one.id.casefold(), one.name.casefold(), one.name_en.casefold()} and wanted:
            return one
    return None


def node(network: Network, name: str) -> Node:
    """A node by its identifier or name.

    Raises:
        QkdError: there is none.
    """
    found = find_node(network, name)
    if found is None:
        raise QkdError(
            f"there is no node {name!r} in the network; there are {', '.join(n.id for n in network.nodes)}",
            kind="node", subjects=(name,),
        )  # fmt: skip
    return found


def find_link(network: Network, a: str, b: str) -> Link | None:
    """The link between two nodes by identifier, in either direction."""
    key = (a, b) if a <= b else (b, a)
    return next((one for one in network.links if one.key == key), None)


def link(network: Network, a: str, b: str) -> Link:
    """The link between two nodes by identifier or name.

    Raises:
        QkdError: a node or the link does not exist.
    """
    first, second = node(network, a), node(network, b)
    found = find_link(network, first.id, second.id)
    if found is None:
        raise QkdError(
            f"there is no link {first.id}-{second.id}", kind="link", subjects=(first.id, second.id)
        )
    return found


def rate(network: Network, a: str, b: str) -> float:
    """Key that the link between two neighbours makes, in bits a second.

    Raises:
        QkdError: they are not neighbours.
    """
    return link(network, a, b).rate


def neighbours(network: Network) -> Mapping[str, tuple[tuple[str, Link], ...]]:
    """For every node its neighbours with the link to each, in the order of the file."""
    found: dict[str, list[tuple[str, Link]]] = {one.id: [] for one in network.nodes}
    for one in network.links:
        found[one.a].append((one.b, one))
        found[one.b].append((one.a, one))
    return {name: tuple(rows) for name, rows in found.items()}


def great_circle_km(a: Node, b: Node) -> float | None:
    """Great circle between two nodes, ``None`` where a place is not known."""
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    first, second = math.radians(a.latitude), math.radians(b.latitude)
    across = math.radians(b.longitude - a.longitude)
    half = (
        math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(half, 1.0)))
