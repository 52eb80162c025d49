"""Arrays of a chain and the part that is one industry's."""

from __future__ import annotations

import numpy as np
import pytest

from langqiao.engines.chains.graph import ChainGraph, weight_by_product
from langqiao.engines.chains.scope import chain_of, needs, whole
from langqiao.engines.chains.types import ChainData, ChainError, Firm, FirmProduct, Industry

from .made import HEFEI, SUZHOU, chain_data, chain_graph, materials


def named(graph: ChainGraph, numbers: object) -> set[str]:
    return {graph.products[int(number)] for number in np.asarray(numbers)}


def test_relations_become_rows() -> None:
    graph = chain_graph()
    chip = graph.product("chip")
    assert named(graph, graph.supplied_by.row(chip)) == {"wafer", "resist"}
    assert named(graph, graph.supplies.row(chip)) == {"phone"}
    assert named(graph, graph.kinds.row(chip)) == {"memory"}
    assert {graph.products[n]: int(graph.tier[n]) for n in range(len(graph.products))} == {
        "wafer": 1, "ore": 0, "chip": 2, "phone": 3, "resist": 0, "memory": 0,
    }  # fmt: skip
    assert named(graph, graph.raw) == {"ore", "resist", "memory"}


def test_a_relation_said_from_both_sides_is_one_edge_and_loops_are_none() -> None:
    both = chain_data().relations[0]
    data = ChainData(
        relations=(
            *materials(("a", "b"), ("c", "c")),
            type(both)("a", both.relation.DOWNSTREAM, "b"),
        )
    )
    graph = ChainGraph.build(data)
    assert (graph.supplies.size, float(graph.supplies.weight[0])) == (1, 2.0)


def test_shares_are_cut_at_zero_and_sum_to_one() -> None:
    graph = chain_graph()
    wafers = graph.makes.weights(graph.firm("C"))
    assert wafers.tolist() == pytest.approx([0.4])  # leasing is a line that links to nothing
    assert graph.makes.weights(graph.firm("B")).tolist() == pytest.approx([0.5, 0.5])
    assert graph.makes.weights(graph.firm("E")).tolist() == [1.0]
    assert graph.makes.weights(graph.firm("A")).tolist() == pytest.approx([1.0])
    everyone = np.ones(len(graph.firms), bool)
    assert float(weight_by_product(graph, everyone).sum()) == pytest.approx(4.4)


def test_a_maker_of_a_kind_makes_the_product_for_half() -> None:
    graph = chain_graph()
    makers = graph.covered_by.row(graph.product("chip"))
    assert {graph.firms[int(firm)].key for firm in makers} == {"A", "B"}
    assert graph.covers.weights(graph.firm("A")).tolist() == pytest.approx([0.5, 1.0])


def test_what_is_not_there_is_refused_by_name() -> None:
    graph = chain_graph()
    for ask in (graph.product, graph.firm, graph.industry):
        with pytest.raises(ChainError, match=r"没有.*不存在"):
            ask("不存在")
    with pytest.raises(ChainError, match="九城"):
        graph.firms_in(["310000"])
    assert graph.number_of("不存在") == -1
    assert graph.firms_in([SUZHOU]).tolist() == [True, True, False, False, False]
    assert graph.firms_in([SUZHOU, HEFEI]).sum() == 3


def test_firms_that_only_rows_name_are_added() -> None:
    graph = ChainGraph.build(
        ChainData(makes=(FirmProduct("X", "车", 1.0, "车", 1.0),), industries=(Industry("1", "业"),))
    )
    assert graph.firms == (Firm("X"),)
    assert graph.products == ("车",)


def test_the_chain_of_an_industry_has_its_typical_products_and_two_tiers_up() -> None:
    graph = chain_graph()
    chain = chain_of(graph, industries=["芯片业"], up=2, down=1)
    level = {graph.products[int(n)]: int(v) for n, v in zip(chain.nodes, chain.level, strict=True)}
    assert level == {"chip": 0, "memory": 0, "phone": 1, "wafer": -1, "resist": -1, "ore": -2}
    # phones are no speciality of the chip industry: a third of their makers, of all firms nearly a half
    assert named(graph, chain.core) == {"chip", "memory"}
    assert chain_of(graph, industries=["10"]).nodes.tolist() == chain.nodes.tolist()
    one = chain_of(graph, products=["wafer"], up=1, down=2)
    level = {graph.products[int(n)]: int(v) for n, v in zip(one.nodes, one.level, strict=True)}
    assert level == {"wafer": 0, "ore": -1, "chip": 1, "phone": 2}


def test_a_chain_needs_a_name_and_keeps_to_its_size() -> None:
    graph = chain_graph()
    with pytest.raises(ChainError, match="行业或产品"):
        chain_of(graph)
    assert chain_of(graph, industries=["芯片业"], most=4).size <= 4
    assert whole(graph).size == len(graph.products)


def test_sub_industries_belong_to_their_industry() -> None:
    data = chain_data()
    nested = ChainData(
        firms=data.firms,
        industries=(Industry("1", "电子"), Industry("10", "芯片业", "1"), *data.industries[1:]),
        relations=data.relations,
        makes=data.makes,
    )
    graph = ChainGraph.build(nested)
    assert graph.within_industry(graph.industry("电子")).tolist() == [True, True, False, False]
    assert named(graph, chain_of(graph, industries=["电子"]).core) == {"chip", "memory"}


def test_a_core_product_needs_what_its_kinds_need() -> None:
    data = chain_data()
    graph = ChainGraph.build(
        ChainData(
            relations=(*data.relations, *materials(("solder", "memory"))), makes=data.makes, firms=data.firms
        )
    )
    chain = chain_of(graph, products=["chip"], up=1, down=0)
    place = {graph.products[int(node)]: at for at, node in enumerate(chain.nodes)}
    assert set(place) == {"chip", "wafer", "resist", "solder"}
    matrix = needs(graph, chain)
    assert matrix.row(place["solder"]).tolist() == [place["chip"]]


def test_names_that_say_nothing_enter_only_when_named() -> None:
    graph = ChainGraph.build(ChainData(relations=materials(("材料", "车"), ("钢", "车"))))
    assert named(graph, chain_of(graph, products=["车"]).nodes) == {"车", "钢"}
    assert named(graph, chain_of(graph, products=["材料"], down=0).nodes) == {"材料"}
