"""Cut vertices, dominators, tiers and reachability against networkx on random graphs."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.chains.arrays import (
    Csr,
    articulation_points,
    components,
    dominator_tree,
    reach,
    sources,
    tiers,
    warm,
)

Edges = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Edges]:
    n = draw(st.integers(1, 14))
    vertex = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(vertex, vertex), max_size=30))


def csr(n: int, edges: Edges) -> Csr:
    return Csr.of([i for i, _ in edges], [j for _, j in edges], shape=(n, n))


def digraph(n: int, edges: Edges) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    return graph


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_articulation_points_and_what_they_cut_off(graph: tuple[int, Edges]) -> None:
    n, edges = graph
    plain = nx.Graph(digraph(n, edges))
    plain.remove_edges_from(list(nx.selfloop_edges(plain)))
    expected = np.zeros(n, np.int32)
    for vertex in nx.articulation_points(plain):
        component = nx.node_connected_component(plain, vertex)
        left = plain.subgraph(component - {vertex})
        largest = max(len(part) for part in nx.connected_components(left))
        expected[vertex] = len(component) - 1 - largest
    assert articulation_points(csr(n, edges)).tolist() == expected.tolist()


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_dominators_and_what_they_cut_off(graph: tuple[int, Edges], data: st.DataObject) -> None:
    n, edges = graph
    starts = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=4, unique=True))
    directed = digraph(n, edges)
    directed.add_edges_from((n, start) for start in starts)
    expected = nx.immediate_dominators(directed, n)
    idom, cut = dominator_tree(csr(n, edges), np.array(starts, np.int32))
    assert {v: d for v, d in enumerate(idom.tolist()) if d >= 0} == {
        v: d for v, d in expected.items() if v != n
    }
    for vertex in range(n):
        without = directed.subgraph(set(directed) - {vertex})
        lost = nx.descendants(directed, n) - nx.descendants(without, n) - {vertex}
        assert cut[vertex] == len(lost)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_tiers_are_the_longest_ways_in_the_condensation(graph: tuple[int, Edges]) -> None:
    n, edges = graph
    condensed = nx.condensation(digraph(n, edges))
    expected = np.zeros(n, np.int32)
    for tier, layer in enumerate(nx.topological_generations(condensed)):
        for component in layer:
            expected[list(condensed.nodes[component]["members"])] = tier
    assert tiers(csr(n, edges)).tolist() == expected.tolist()
    assert components(csr(n, edges))[0] == len(condensed)
    begins = {v for c in condensed if not condensed.in_degree(c) for v in condensed.nodes[c]["members"]}
    assert set(sources(csr(n, edges)).tolist()) == begins


@settings(max_examples=40, deadline=None)
@given(graphs(), st.data())
def test_reach_counts_steps_and_does_not_enter_what_is_closed(
    graph: tuple[int, Edges], data: st.DataObject
) -> None:
    n, edges = graph
    closed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    start = data.draw(st.integers(0, n - 1))
    most = data.draw(st.integers(0, 5))
    open_part = digraph(n, edges).subgraph(np.nonzero(~closed)[0].tolist())
    expected = np.full(n, -1)
    if start in open_part:
        for vertex, steps in nx.single_source_shortest_path_length(open_part, start, cutoff=most).items():
            expected[vertex] = steps
    assert reach(csr(n, edges), [start], closed=closed, most=most).tolist() == expected.tolist()


def test_rows_and_parts_of_a_matrix() -> None:
    matrix = Csr.of([0, 2, 2, 0], [1, 0, 2, 1], [1.0, 2.0, 4.0, 8.0], shape=(3, 3))
    assert matrix.row(0).tolist() == [1]
    assert matrix.weights(0).tolist() == [9.0]
    assert matrix.degrees.tolist() == [1, 0, 2]
    places, columns, weight = matrix.entries([2, 1, 0])
    assert (places.tolist(), columns.tolist(), weight.tolist()) == ([0, 0, 2], [0, 2, 1], [2.0, 4.0, 9.0])
    assert matrix.transposed().row(2).tolist() == [2]
    part = matrix.within(np.array([2, 0], np.int32))
    assert [part.row(0).tolist(), part.row(1).tolist()] == [[0, 1], []]


def test_a_chain_of_any_length_does_not_overflow() -> None:
    n = 200_000
    line = Csr.of(np.arange(n - 1), np.arange(1, n), shape=(n, n))
    idom, cut = dominator_tree(line, np.array([0], np.int32))
    assert idom[:3].tolist() == [n, 0, 1]
    assert cut[0] == n - 1
    assert articulation_points(line)[n // 2] == n // 2 - 1
    assert tiers(line)[-1] == n - 1


def test_pairs_outside_the_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Csr.of([0], [3], shape=(2, 3))


def test_warming_up_leaves_nothing_behind() -> None:
    warm()
    line = Csr.of([0, 1], [1, 2], shape=(3, 3))
    assert tiers(line).tolist() == [0, 1, 2]
