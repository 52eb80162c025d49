"""Benchmark of key allocation: ours beside shortest, widest-shortest and the linear program over arcs.

    python -m benchmarks.quantum_allocation [--networks 20] [--nodes 40] [--demands 40] [--seed 1]
        [--topologies FOLDER] [--json]

Random connected networks of up to ``--nodes`` nodes and twice as many links with rates over three powers of
ten, and, where a folder of published topologies is given (``nodes.csv`` and ``edges.csv`` in ``geant``,
``nsfnet``, ``secoqc``), those with the 40 MHz equipment of the illustration. JSON keys, one row a network:

* ``network``, ``nodes``, ``links``, ``demands``
* ``share``: smallest served share by method, as a part of the program's (``lp`` itself is absolute)
* ``total``: bits a second by method, as a part of the program's greatest total
* ``seconds``: by method
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langqiao.engines.qkd.allocation import max_min, most, one_by_one
from langqiao.engines.qkd.allocation.arcs import common_share, greatest_total
from langqiao.engines.qkd.network import read_edges
from langqiao.engines.qkd.physics import named
from langqiao.engines.qkd.types import Demand, Link, Network, Node, Share

PUBLISHED = ("secoqc", "nsfnet", "geant")
METHODS: dict[str, Callable[..., tuple[Share, ...]]] = {
    "max-min": max_min,
    "most": most,
    "widest-shortest": lambda *given: one_by_one(*given, adaptive=True),
    "shortest": lambda *given: one_by_one(*given, adaptive=False),
}


def scattered(seed: int, nodes: int) -> Network:
    """A connected random network with rates over three powers of ten."""
    draw = random.Random(seed)
    names = [f"n{place}" for place in range(nodes)]
    keys = {_key(names[place], names[draw.randrange(place)]) for place in range(1, nodes)}
    while len(keys) < min(2 * nodes, nodes * (nodes - 1) // 2):
        keys.add(_key(*draw.sample(names, 2)))
    links = tuple(Link(a, b, (), "", 1, 10 ** draw.uniform(3, 6), measured=True) for a, b in sorted(keys))
    return Network(f"random-{seed}", tuple(Node(name, name) for name in names), links)


def asked(network: Network, count: int, seed: int) -> list[Demand]:
    """Demands between random pairs of nodes, over three and a half powers of ten."""
    draw = random.Random(seed)
    names = [one.id for one in network.nodes]
    found = []
    for place in range(count):
        a, b = draw.sample(names, 2)
        found.append(Demand(f"d{place}", a, b, 10 ** draw.uniform(2, 5.5)))
    return found


def measure(network: Network, wanted: Sequence[Demand]) -> dict[str, Any]:
    """One row of the table."""
    room = {one.key: one.rate for one in network.links}
    share: dict[str, float] = {}
    total: dict[str, float] = {}
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    best, whole = common_share(network, wanted, room), greatest_total(network, wanted, room)
    seconds["lp"] = time.perf_counter() - began
    for name, method in METHODS.items():
        began = time.perf_counter()
        rows = method(network, wanted, room)
        seconds[name] = time.perf_counter() - began
        share[name] = min(row.bps / row.demand.bps for row in rows) / best if best else 1.0
        total[name] = sum(row.bps for row in rows) / whole if whole else 1.0
    share["lp"], total["lp"] = best, whole
    return {
        "network": network.name, "nodes": len(network.nodes), "links": len(network.links),
        "demands": len(wanted), "share": share, "total": total, "seconds": seconds,
    }  # fmt: skip


def networks(options: argparse.Namespace) -> Iterator[Network]:
    """Random networks of growing size, then the published ones."""
    for place in range(options.networks):
        yield scattered(options.seed + place, max(4, options.nodes * (place + 1) // options.networks))
    if options.topologies:
        for name in PUBLISHED:
            # links of thousands of km have key only through relay stations, which read_edges puts every 80 km
            yield read_edges(options.topologies / name, parameters=named("illustration-40mhz"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--networks", type=int, default=20)
    parser.add_argument("--nodes", type=int, default=40)
    parser.add_argument("--demands", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--topologies", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = []
    for network in networks(options):
        wanted = asked(network, options.demands, options.seed)
        rows.append(measure(network, wanted))
        if not options.json:
            print(_line(rows[-1]), flush=True)
    if options.json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    for kind, best in (("share", "max-min"), ("total", "most")):
        least = min(row[kind][best] for row in rows)
        below = sum(row[kind][best] < row[kind]["widest-shortest"] * (1 - 1e-6) for row in rows)
        print(f"{kind}: {best} is at least {least:.7f} of the program's; below widest-shortest {below} times")


def _line(row: dict[str, Any]) -> str:
    parts = [f"{row['network']:>12} {row['nodes']:>3} nodes {row['links']:>3} links"]
    parts += [
        kind + " " + " ".join(f"{name} {row[kind][name]:.4f}" for name in METHODS)
        for kind in ("share", "total")
    ]
    parts.append(" ".join(f"{name} {took:.2f} s" for name, took in row["seconds"].items()))
    return " | ".join(parts)


def _key(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a <= b else (b, a)


if __name__ == "__main__":
    main()
