"""What a firm's failure cuts off."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings

from langqiao.engines.chains.failure import failure, lead_firms
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.types import ChainData, ChainError

from .made import chain_graph
from .test_gaps import chains


def test_the_only_maker_of_wafers_fails() -> None:
    found = failure(chain_graph(), ["C"])
    assert [(loss.product, loss.tier, loss.share_lost) for loss in found.lost] == [("wafer", 1, 1.0)]
    assert [(t.product, t.steps, t.through) for t in found.touched] == [
        ("chip", 1, "wafer"),
        ("phone", 2, "chip"),
    ]
    assert [(hit.firm, hit.steps, hit.share_lost) for hit in found.firms_hit] == [
        ("B", 0, 1.0),
        ("A", 0, 0.5),
    ]
    assert found.cut_off == ()  # resist still leads to the chip: the source does not say that both are needed
    assert found.by_tier == {1: 1, 2: 1, 3: 1}
    assert found.as_dict()["lost"][0]["product"] == "wafer"


def test_a_product_with_another_maker_is_thinned() -> None:
    found = failure(chain_graph(), ["A"], reach=1)
    assert [loss.product for loss in found.lost] == ["memory"]
    both = failure(chain_graph(), ["B"])
    assert [(loss.product, loss.other_makers) for loss in both.thinned] == [("chip", 1)]
    assert [loss.product for loss in both.lost] == ["phone"]
    assert failure(chain_graph(), ["B"], cities=None).lost == ()  # E makes phones elsewhere


def test_a_route_from_raw_materials_is_lost() -> None:
    found = failure(chain_graph(), ["C", "D"], cities=None)
    assert {loss.product for loss in found.lost} == {"wafer", "resist"}
    assert set(found.cut_off) == {"chip", "phone"}


def test_lead_firms_and_refusals() -> None:
    graph = chain_graph()
    assert lead_firms(graph) == ["A", "B", "C"]
    assert lead_firms(graph, limit=1) == ["A"]
    with pytest.raises(ChainError, match="没有企业"):
        failure(graph, ["Z"])
    with pytest.raises(ChainError, match="请给出企业"):
        failure(graph, [])
    with pytest.raises(ValueError, match="reach"):
        failure(graph, ["A"], reach=-1)


@settings(max_examples=40, deadline=None)
@given(chains())
def test_cut_off_is_what_no_way_reaches_any_more(data: ChainData) -> None:
    graph = ChainGraph.build(data)
    found = failure(graph, [data.firms[0].key], cities=None)
    made: dict[str, set[str]] = {}
    for one in data.makes:
        made.setdefault(one.node, set()).add(one.firm)
    lost = {p for p, firms in made.items() if firms == {data.firms[0].key}}
    assert {loss.product for loss in found.lost} == lost
    network = nx.DiGraph([(r.tail, r.head) for r in data.relations if r.tail != r.head])
    network.add_nodes_from(r.head for r in data.relations)
    raw = {graph.products[int(n)] for n in graph.raw}
    left = network.subgraph(set(network) - lost)
    reached = {q for p in raw - lost for q in (p, *nx.descendants(left, p))}
    assert set(found.cut_off) == set(made) - lost - reached
    steps = {q for p in lost for q in nx.single_source_shortest_path_length(network, p, cutoff=3)}
    others = {p for p, firms in made.items() if firms != {data.firms[0].key}}
    assert {t.product for t in found.touched} == (steps - lost) & others
