"""Networks for the tests: small ones made by hand, random ones from a seed."""

from __future__ import annotations

import random

from langqiao.engines.qkd.types import Demand, Link, Network, Node


def made(*links: tuple[str, str, float], untrusted: str = "") -> Network:
    """A network of links with measured rates; nodes are single letters or names."""
    names = dict.fromkeys(name for a, b, _rate in links for name in (a, b))
    nodes = tuple(Node(name, name, trusted=name not in untrusted) for name in names)
    return Network(
        "made", nodes, tuple(Link(a, b, (), "", 1, float(rate), measured=True) for a, b, rate in links)
    )


def scattered(
    seed: int, *, nodes: int, links: int, demands: int, priorities: int = 1
) -> tuple[Network, list[Demand]]:
    """A connected random network with rates over three powers of ten, and random demands."""
    draw = random.Random(seed)
    names = [f"n{place}" for place in range(nodes)]
    keys = {tuple(sorted((names[place], names[draw.randrange(place)]))) for place in range(1, nodes)}
    while len(keys) < min(links, nodes * (nodes - 1) // 2):
        keys.add(tuple(sorted(draw.sample(names, 2))))
    network = made(*((a, b, 10 ** draw.uniform(3, 6)) for a, b in sorted(keys)))
    wanted = []
    for place in range(demands):
        a, b = draw.sample(names, 2)
        wanted.append(Demand(f"d{place}", a, b, 10 ** draw.uniform(2, 5.5), draw.randint(1, priorities)))
    return network, wanted


def capacity(network: Network) -> dict[tuple[str, str], float]:
    return {one.key: one.rate for one in network.links}
