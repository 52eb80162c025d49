"""The chain map: few nodes, every product counted once, the same each time, few crossings."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.chains.gaps import Gaps, find_gaps
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.layout import chain_map
from langqiao.engines.chains.place import Places, with_cities
from langqiao.engines.chains.read import read_product_chain
from langqiao.engines.chains.scope import SEVEN, Chain, chain_of, whole
from langqiao.engines.chains.types import NINE, ChainData, Firm, FirmProduct

from .made import HEFEI, SUZHOU, chain_graph, materials, software_data
from .test_gaps import chains, kinds


def test_a_small_map_by_hand() -> None:
    graph = chain_graph()
    drawn = chain_map(graph, chain_of(graph, industries=["芯片业"]))
    nodes = {node.label: node for node in drawn.nodes}
    assert [(layer.level, layer.products, layer.made) for layer in drawn.layers] == [
        (-2, 1, 0), (-1, 2, 1), (0, 2, 2), (1, 1, 1),
    ]  # fmt: skip
    assert nodes["ore"].x < nodes["wafer"].x < nodes["chip"].x
    assert (nodes["chip"].state, nodes["chip"].by_city) == ("thin", {SUZHOU: 2})
    assert (nodes["wafer"].state, nodes["wafer"].by_city) == ("thin", {HEFEI: 1})
    assert (nodes["resist"].state, nodes["resist"].elsewhere) == ("missing", 1)
    edges = {(e.source, e.target) for e in drawn.edges}
    assert (nodes["wafer"].id, nodes["chip"].id) in edges
    assert drawn.crossings == 0
    assert drawn.as_dict()["nodes"][0]["y"] > 0


def told(found: Gaps) -> dict[str, tuple[str, ...]]:
    """The gap lists that each product stands in."""
    lists = (("missing", found.missing), ("thin", found.thin), ("low", found.low))
    told: dict[str, tuple[str, ...]] = {}
    for kind, gaps in lists:
        for gap in gaps:
            told[gap.product] = (*told.get(gap.product, ()), kind)
    return told


def assert_the_map_says_what_the_gap_list_says(
    graph: ChainGraph, chain: Chain, cities: Sequence[str]
) -> None:
    lists = told(find_gaps(graph, chain, cities=cities, limit=10_000))
    shown = [node for node in chain_map(graph, chain, cities=cities, most=200).nodes if node.state != "more"]
    for node in shown:
        gaps = lists.get(node.label, ())
        fallback = "made" if node.firms else "none"
        assert (node.label, node.gaps, node.state) == (node.label, gaps, gaps[0] if gaps else fallback)
    assert shown


def test_a_product_that_nobody_makes_and_nobody_waits_for_is_no_gap() -> None:
    graph = ChainGraph.build(software_data())
    drawn = chain_map(graph, chain_of(graph, products=["tracker"], up=1, down=0))
    assert {node.label: node.state for node in drawn.nodes} == {"tracker": "none", "network": "none"}
    drawn = chain_map(graph, chain_of(graph, products=["software"], up=1, down=0))
    assert {node.label: (node.state, node.firms) for node in drawn.nodes} == {
        "software": ("thin", 3), "system": ("missing", 0), "network": ("missing", 0),
    }  # fmt: skip


def test_many_makers_in_one_city_are_thin_on_the_map_as_in_the_list() -> None:
    firms = tuple(Firm(f"f{n}", city=SUZHOU) for n in range(6))
    graph = ChainGraph.build(
        ChainData(
            firms=firms,
            relations=materials(("m", "p")),
            makes=tuple(FirmProduct(firm.key, "p", 1.0, "p", 1.0) for firm in firms),
        )
    )
    states = {node.label: node.state for node in chain_map(graph, whole(graph)).nodes}
    assert states == {"m": "missing", "p": "thin"}


@settings(max_examples=40, deadline=None)
@given(st.one_of(chains(), kinds()), st.sampled_from([tuple(NINE), (SUZHOU,), (SUZHOU, HEFEI)]))
def test_the_map_agrees_with_the_gap_list(data: ChainData, cities: tuple[str, ...]) -> None:
    graph = ChainGraph.build(data)
    for chain in (whole(graph), chain_of(graph, products=[graph.products[0]])):
        assert_the_map_says_what_the_gap_list_says(graph, chain, cities)


def test_the_published_chain_agrees_with_its_gap_list(shared_data: Path) -> None:
    data, _ = read_product_chain(shared_data / "product_chain")
    data = with_cities(data, Places.built_in())
    nodes = set(data.nodes())
    linked = (replace(made, node=made.product, certainty=1.0) for made in data.makes if made.product in nodes)
    graph = ChainGraph.build(replace(data, makes=tuple(linked)))  # by exact names: quicker, and as good here
    for name, industries in SEVEN.items():
        chain = chain_of(graph, name=name, industries=industries)
        assert_the_map_says_what_the_gap_list_says(graph, chain, tuple(NINE))


def test_crossings_are_swept_away() -> None:
    pairs = [("a", "z"), ("b", "y"), ("c", "x")]
    graph = ChainGraph.build(ChainData(relations=materials(*pairs)))
    drawn = chain_map(graph, chain_of(graph, products=["x", "y", "z"], up=1, down=0))
    assert drawn.crossings == 0


def test_what_does_not_fit_is_one_node() -> None:
    graph = ChainGraph.build(ChainData(relations=materials(*((f"m{n}", "car") for n in range(100)))))
    drawn = chain_map(graph, chain_of(graph, products=["car"], up=1, down=0), most=10)
    assert len(drawn.nodes) == 10
    (more,) = [node for node in drawn.nodes if node.state == "more"]
    assert more.products == 92
    assert more.y == max(node.y for node in drawn.nodes if node.level == -1)
    with pytest.raises(ValueError, match="at least 4"):
        chain_map(graph, chain_of(graph, products=["car"], up=1, down=0), most=3)


@settings(max_examples=25, deadline=None)
@given(chains(), st.integers(8, 20))
def test_every_product_stands_once_and_twice_is_the_same(data: ChainData, most: int) -> None:
    graph = ChainGraph.build(data)
    first = graph.products[0]
    for chain in (whole(graph), chain_of(graph, products=[first])):
        drawn = chain_map(graph, chain, most=most)
        assert len(drawn.nodes) <= most
        assert sum(node.products for node in drawn.nodes) == chain.size
        places = [(node.x, node.y) for node in drawn.nodes]
        assert len(set(places)) == len(places)
        assert all(0 < x < 1 and 0 < y < 1 for x, y in places)
        again = chain_map(graph, chain, most=most)
        assert replace(again, milliseconds=0) == replace(drawn, milliseconds=0)
        at = {node.id: node for node in drawn.nodes}
        column = {layer.x: place for place, layer in enumerate(drawn.layers)}
        lines = []
        for edge in drawn.edges:
            a, b = sorted((at[edge.source], at[edge.target]), key=lambda node: node.x)
            if column[b.x] - column[a.x] == 1:
                lines.append((a.x, a.y, b.y))
        crossed = sum(
            a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for a, b in itertools.combinations(lines, 2)
        )
        assert drawn.crossings == crossed
