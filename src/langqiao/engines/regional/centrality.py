"""Centrality of cities in a network of flows (网络中心性).

Sources: Freeman, "A set of measures of centrality based on betweenness", Sociometry 40 (1977), and
"Centrality in social networks", Social Networks 1 (1978); Bonacich (1972) for the eigenvector.
Computed by networkx; its distances between linked cities are 1 / flow (Opsahl and others 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .types import Array, BadInput, Caution, Term, check_flows


@dataclass(frozen=True, slots=True)
class Centrality:
    """Figures of each node, (n,).

    Attributes:
        out, into: sums of flows sent and received.
        degree: number of linked partners over n − 1.
        betweenness: share of shortest paths that pass through, 0 to 1.
        closeness: Wasserman and Faust's, 0 for a node nobody reaches.
        rank: PageRank with damping 0.85, sum 1.
    """

    out: Array
    into: Array
    degree: Array
    betweenness: Array
    closeness: Array
    rank: Array
    warnings: tuple[Caution, ...]


def centrality(flows: Array, *, weighted: bool = True, least: float = 0.0) -> Centrality:
    """Centrality in the network of flows.

    Args:
        flows: (n, n), ≥ 0; the diagonal does not count.
        weighted: shortest paths by 1 / flow, else by the number of links.
        least: links below this share of the largest flow are left out, 0 to 1.

    Raises:
        BadInput: fewer than three nodes, no flow at all, or a share outside 0 to 1.
    """
    import networkx as nx

    t = check_flows(flows, len(flows)).copy()
    n = len(t)
    np.fill_diagonal(t, 0.0)
    if n < 3 or not t.any():
        raise BadInput("flows", "few", "centrality needs at least three nodes and one flow between them")
    if not 0 <= least <= 1:
        raise BadInput("least", "range", "the least share lies from 0 to 1")
    largest = float(t.max())
    t[t < least * largest] = 0.0
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    for i, j in np.argwhere(t > 0):
        # Scaled by the largest flow: lengths are then at least 1 whatever the unit.
        share = float(t[i, j]) / largest
        graph.add_edge(int(i), int(j), weight=share, length=1.0 / share)
    length = "length" if weighted else None
    between = nx.betweenness_centrality(graph, weight=length)
    close = nx.closeness_centrality(graph, distance=length)
    rank = nx.pagerank(graph, weight="weight" if weighted else None)
    linked = ((t > 0) | (t.T > 0)).sum(axis=1) / (n - 1)
    return Centrality(
        t.sum(axis=1),
        t.sum(axis=0),
        np.asarray(linked, dtype=np.float64),
        np.array([between[i] for i in range(n)]),
        np.array([close[i] for i in range(n)]),
        np.array([rank[i] for i in range(n)]),
        _cautions(t),
    )


def _cautions(t: Array) -> tuple[Caution, ...]:
    lonely = int(((t.sum(axis=0) + t.sum(axis=1)) == 0).sum())
    if not lonely:
        return ()
    return (
        Caution(
            "lonely",
            Term(
                f"{lonely} 个节点没有任何流，其中心性为 0 不等于实际无联系，可能是缺数据。",
                f"{lonely} nodes have no flow: a centrality of 0 may mean missing data, not missing links.",
            ),
        ),
    )
