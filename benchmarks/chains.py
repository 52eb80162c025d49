"""Benchmark of industry chains: gaps, map and cut nodes, beside plain networkx in the same run.

    python -m benchmarks.chains --product-chain FOLDER [--firms 100000] [--links 1000000] [--seed 1] [--json]

Two parts:

* the published product chain: import, links and graph, then gaps and map of each of the seven industries
  (median of three, in milliseconds; the first run of a fresh checkout also compiles, which is timed apart);
* a synthetic graph: ``firms`` firms in nine cities or none, a fifth as many products, ``links`` links of
  which 40 % say who makes what, 10 % what is made of what, 50 % who supplies whom. Gaps of the whole graph,
  then cut nodes of products and of firms. The peer does the same with networkx and dictionaries; the results
  are compared, and the run fails when they differ.

JSON keys: ``import_seconds``, ``link_seconds``, ``build_seconds``, ``industries`` (name → products,
gaps_ms, map_ms), ``synthetic`` (firms, products, links, seconds by part, peer_seconds by part, ratio, equal).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import networkx as nx
import numpy as np

from langqiao.engines.chains.arrays import Csr, articulation_points, dominator_tree, sources
from langqiao.engines.chains.gaps import find_gaps
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.layout import chain_map
from langqiao.engines.chains.link import Linker, link_products
from langqiao.engines.chains.place import Places, with_cities
from langqiao.engines.chains.read import read_product_chain
from langqiao.engines.chains.scope import SEVEN, chain_of, whole
from langqiao.engines.chains.types import NINE

REPEATS = 3
T = TypeVar("T")


def timed(run: Callable[[], T]) -> tuple[T, float]:
    """A result and the seconds it took."""
    started = time.perf_counter()
    result = run()
    return result, time.perf_counter() - started


def synthetic(firms: int, links: int, seed: int) -> ChainGraph:
    """A graph of firms, products and supply with popular and rare ones, mostly without cycles."""
    random = np.random.default_rng(seed)
    products = max(firms // 5, 10)
    made, related = links * 4 // 10, links // 10
    dealt = links - made - related
    city = random.integers(-1, 9, firms)
    maker = random.integers(0, firms, made)
    product = (products * random.random(made) ** 3).astype(np.int64)
    material = (products * random.random(related) ** 1.5).astype(np.int64)
    result = np.minimum(material + 1 + random.geometric(0.001, related), products - 1)
    back = random.random(related) < 0.001  # a few cycles, as in the published graph
    material, result = np.where(back, result, material), np.where(back, material, result)
    supplier = (firms * random.random(dealt) ** 2).astype(np.int64)
    customer = random.integers(0, firms, dealt)
    kept = supplier != customer
    apart = material != result
    return ChainGraph.of_arrays(
        supplies=Csr.of(material[apart], result[apart], shape=(products, products)),
        makes=Csr.of(maker, product, random.random(made), shape=(firms, products)),
        deals=Csr.of(supplier[kept], customer[kept], shape=(firms, firms)),
        city=city,
    )


def ours(graph: ChainGraph) -> tuple[dict[str, Any], dict[str, float]]:
    """Totals and cut nodes by the engine, with the seconds of each part."""
    chain = whole(graph)
    gaps, gap_seconds = timed(lambda: find_gaps(graph, chain, limit=100))
    cuts, cut_seconds = timed(lambda: [_cuts(graph.supplies), _cuts(graph.deals)])
    totals = {name: gaps.totals[name] for name in ("missing", "thin", "one_supplier", "one_city")}
    return {"totals": totals, "cuts": cuts}, {"gaps": gap_seconds, "cut_nodes": cut_seconds}


def _cuts(graph: Csr) -> tuple[list[int], dict[int, int]]:
    points = np.nonzero(articulation_points(graph))[0].tolist()
    idom, _ = dominator_tree(graph, sources(graph))
    return points, {v: d for v, d in enumerate(idom.tolist()) if d >= 0}


def peer(graph: ChainGraph) -> tuple[dict[str, Any], dict[str, float]]:
    """The same by networkx, sets and dictionaries."""
    network, build_seconds = timed(lambda: [_digraph(graph.supplies), _digraph(graph.deals)])
    totals, gap_seconds = timed(lambda: _plain_gaps(graph, network[0]))
    cuts, cut_seconds = timed(lambda: [_plain_cuts(one) for one in network])
    return (
        {"totals": totals, "cuts": cuts},
        {"graph": build_seconds, "gaps": gap_seconds, "cut_nodes": cut_seconds},
    )


def _digraph(matrix: Csr) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(matrix.rows))
    rows, columns = matrix.pairs()
    graph.add_edges_from(zip(rows.tolist(), columns.tolist(), strict=True))
    return graph


def _plain_gaps(graph: ChainGraph, products: nx.DiGraph) -> dict[str, int]:
    makers: dict[int, dict[int, float]] = {}
    firms, made = graph.makes.pairs()
    for firm, product, weight in zip(firms.tolist(), made.tolist(), graph.makes.weight.tolist(), strict=True):
        if graph.firms[firm].city:
            makers.setdefault(product, {})[firm] = weight
    found = dict.fromkeys(("missing", "thin", "one_supplier", "one_city"), 0)
    for product in products:
        held = makers.get(product, {})
        if not held:
            found["missing"] += any(user in makers for user in products.successors(product))
            continue
        total = sum(held.values())
        hhi = 10_000 * sum((weight / total) ** 2 for weight in held.values()) if total else 0.0
        found["thin"] += len(held) < 3 or hhi >= 2500.0
        found["one_supplier"] += len(held) == 1
        found["one_city"] += len({graph.firms[firm].city for firm in held}) == 1
    return found


def _plain_cuts(graph: nx.DiGraph) -> tuple[list[int], dict[int, int]]:
    points = sorted(nx.articulation_points(nx.Graph(graph)))
    condensed = nx.condensation(graph)
    root = graph.number_of_nodes()
    rooted = graph.copy()
    for component in condensed:
        if not condensed.in_degree(component):
            rooted.add_edges_from((root, v) for v in condensed.nodes[component]["members"])
    found = nx.immediate_dominators(rooted, root)
    return points, {v: d for v, d in sorted(found.items()) if v != root}


def published(folder: Path) -> dict[str, Any]:
    """Times on the published product chain."""
    (data, _), import_seconds = timed(lambda: read_product_chain(folder))
    data = with_cities(data, Places.built_in())
    linked, link_seconds = timed(lambda: link_products(data, Linker.build(data.nodes())))
    graph, build_seconds = timed(lambda: ChainGraph.build(linked))
    first, first_seconds = timed(lambda: _industry(graph, "集成电路"))
    del first
    industries = {}
    for name in SEVEN:
        runs = [_industry(graph, name) for _ in range(REPEATS)]
        industries[name] = {
            "products": runs[0][0],
            "gaps_ms": round(1000 * statistics.median(run[1] for run in runs), 1),
            "map_ms": round(1000 * statistics.median(run[2] for run in runs), 1),
        }
    return {
        "import_seconds": round(import_seconds, 2),
        "link_seconds": round(link_seconds, 2),
        "build_seconds": round(build_seconds, 2),
        "first_answer_seconds": round(first_seconds, 2),
        "industries": industries,
    }


def _industry(graph: ChainGraph, name: str) -> tuple[int, float, float]:
    """Products of a chain, and the seconds of its gaps and of its map, each with cutting out the chain."""
    started = time.perf_counter()
    chain = chain_of(graph, name=name, industries=SEVEN[name])
    cut_out = time.perf_counter() - started
    _, gap_seconds = timed(lambda: find_gaps(graph, chain))
    _, map_seconds = timed(lambda: chain_map(graph, chain, cities=tuple(NINE)))
    return chain.size, cut_out + gap_seconds, cut_out + map_seconds


def compared(firms: int, links: int, seed: int) -> dict[str, Any]:
    """Ours beside the peer on the synthetic graph.

    Raises:
        SystemExit: the two disagree.
    """
    ours(synthetic(1000, 5000, seed))  # compile first
    graph = synthetic(firms, links, seed)
    runs = [ours(synthetic(firms, links, seed)) for _ in range(REPEATS)]
    seconds = {part: round(statistics.median(run[1][part] for run in runs), 3) for part in runs[0][1]}
    expected, peer_seconds = peer(graph)
    if runs[0][0] != expected:
        raise SystemExit("the engine and networkx disagree")
    total, theirs = sum(seconds.values()), sum(peer_seconds.values())
    return {
        "firms": firms,
        "products": len(graph.products),
        "links": graph.makes.size + graph.supplies.size + graph.deals.size,
        "totals": expected["totals"],
        "articulation_points": [len(points) for points, _ in expected["cuts"]],
        "seconds": seconds,
        "peer_seconds": {part: round(value, 2) for part, value in peer_seconds.items()},
        "ratio": round(theirs / total, 1),
        "equal": True,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--product-chain", type=Path)
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result: dict[str, Any] = {}
    if asked.product_chain:
        result |= published(asked.product_chain)
    result["synthetic"] = compared(asked.firms, asked.links, asked.seed)
    if asked.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return
    for name, one in result.get("industries", {}).items():
        print(
            f"{name:8}{one['products']:>7} products  gaps {one['gaps_ms']:>7} ms  map {one['map_ms']:>7} ms"
        )
    for key, value in result.items():
        if key not in {"industries", "synthetic"}:
            print(f"{key:24}{value}")
    for key, value in result["synthetic"].items():
        print(f"{key:24}{value}")


if __name__ == "__main__":
    main()
