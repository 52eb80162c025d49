"""Missing, thin and low products, and cuts, against a plain reckoning by sets."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.chains import ours, peer, synthetic
from langqiao.engines.chains.cuts import find_firm_cuts
from langqiao.engines.chains.demand import Inherited
from langqiao.engines.chains.gaps import find_gaps
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.scope import chain_of, whole
from langqiao.engines.chains.types import (
    ChainData,
    ChainError,
    Deal,
    Firm,
    FirmProduct,
    ProductRelation,
    Relation,
)

from .made import HANGZHOU, HEFEI, SUZHOU, chain_graph, materials, software_data

CITIES = (SUZHOU, HEFEI, HANGZHOU, "")


def test_a_small_chain_by_hand() -> None:
    graph = chain_graph()
    found = find_gaps(graph, chain_of(graph, industries=["芯片业"]))
    assert [(m.product, m.needed_by, m.firms_waiting, m.elsewhere) for m in found.missing] == [
        ("resist", ("chip",), 2, 1),
        ("ore", ("wafer",), 1, 0),
    ]
    thin = {t.product: t for t in found.thin}
    assert set(thin) == {"chip", "memory", "phone", "wafer"}
    assert (thin["wafer"].one_supplier, thin["wafer"].city, thin["wafer"].firms) == (True, HEFEI, ("C",))
    assert (thin["chip"].makers, thin["chip"].one_city, thin["chip"].hhi) == (2, True, 5000.0)
    assert found.totals["one_supplier"] == 3
    assert (found.products, found.made, found.firms) == (6, 4, 3)
    assert found.by_city == {
        "310117": 0, "330400": 0, "330100": 0, "330700": 0, "320500": 2, "330500": 0, "341800": 0,
        "340200": 0, "340100": 1,
    }  # fmt: skip
    assert {c.product for c in found.cuts if c.kind == "articulation"} == {"wafer", "chip"}
    dominators = {c.product: c.cut_off for c in found.cuts if c.kind == "dominator"}
    assert dominators == {"ore": 1, "chip": 1}
    assert found.as_dict()["missing"][0]["product"] == "resist"
    assert found.assumptions


def test_other_cities_have_other_gaps() -> None:
    graph = chain_graph()
    chain = chain_of(graph, industries=["芯片业"])
    found = find_gaps(graph, chain, cities=[SUZHOU])
    assert {m.product for m in found.missing} == {"wafer", "resist"}
    assert find_gaps(graph, chain, cities=[HANGZHOU]).made == 0


def test_what_a_kind_needs_counts_by_the_share_of_kinds_and_stands_behind_direct_needs() -> None:
    data = software_data()
    graph = ChainGraph.build(data)
    system, network = find_gaps(graph, chain_of(graph, products=["software"])).missing
    assert (system.product, system.needed_by, system.firms_waiting, system.demand) == (
        "system", ("software",), 3, 3.0,
    )  # fmt: skip
    assert (network.product, network.needed_by, network.firms_waiting) == ("network", (), 0)
    assert (network.firms_maybe, network.demand) == (3, 0.75)
    assert network.inherited == (Inherited("software", 1, 4, ("tracker",)),)
    # Whoever makes the kind itself needs it; the others still may.
    tracker = FirmProduct("A", "trackers", 0.5, "tracker", 1.0, "exact")
    graph = ChainGraph.build(replace(data, makes=(*data.makes, tracker)))
    network = find_gaps(graph, chain_of(graph, products=["software"])).missing[0]  # made elsewhere: first
    assert (network.product, network.needed_by, network.firms_waiting) == ("network", ("tracker",), 1)
    assert (network.firms_maybe, network.demand) == (2, 1.5)


def test_direct_needs_come_before_ever_so_many_inherited_ones() -> None:
    data = software_data()
    firms = tuple(Firm(f"f{n}", city=SUZHOU) for n in range(30))
    made = (FirmProduct(firm.key, "software", 1.0, "software", 1.0, "exact") for firm in firms[1:])
    graph = ChainGraph.build(
        replace(
            data,
            firms=(*data.firms, *firms),
            relations=(*data.relations, *materials(("wood", "desk"))),
            makes=(*data.makes, FirmProduct("f0", "desks", 1.0, "desk", 1.0, "exact"), *made),
        )
    )
    found = find_gaps(graph, chain_of(graph, products=["software", "desk"])).missing
    assert [(gap.product, gap.demand) for gap in found] == [("system", 32.0), ("wood", 1.0), ("network", 8.0)]


def test_one_city_is_no_gap_where_one_city_is_looked_at() -> None:
    made = tuple(FirmProduct(key, "p", 1.0, "p", 1.0) for key in "ABCDE")
    graph = ChainGraph.build(
        ChainData(
            firms=tuple(Firm(key, city=SUZHOU) for key in "ABCDE"),
            relations=materials(("m", "p")),
            makes=made,
        )
    )
    assert [(t.product, t.one_city) for t in find_gaps(graph, whole(graph)).thin] == [("p", True)]
    assert find_gaps(graph, whole(graph), cities=[SUZHOU]).thin == ()


def test_low_means_made_here_and_processed_elsewhere() -> None:
    graph = ChainGraph.build(
        ChainData(
            firms=(Firm("A", city=SUZHOU), Firm("B"), Firm("C", city=HEFEI)),
            relations=materials(("steel", "engine"), ("glass", "lens")),
            makes=(
                FirmProduct("A", "steel", 1.0, "steel", 1.0),
                FirmProduct("B", "engine", 1.0, "engine", 1.0),
                FirmProduct("C", "glass", 0.5, "glass", 1.0),
                FirmProduct("C", "lens", 0.5, "lens", 1.0),
            ),
        )
    )
    found = find_gaps(graph, whole(graph))
    assert [(low.product, low.depth, low.depth_country, low.processed_into) for low in found.low] == [
        ("steel", 0.0, 0.5, ("engine",))
    ]


def test_bounds_and_cities_are_checked() -> None:
    graph = chain_graph()
    with pytest.raises(ValueError, match="thin"):
        find_gaps(graph, whole(graph), thin=0)
    with pytest.raises(ChainError, match="九城"):
        find_gaps(graph, whole(graph), cities=["1"])


def test_an_empty_graph_has_no_gaps() -> None:
    graph = ChainGraph.build(ChainData())
    found = find_gaps(graph, whole(graph))
    assert (found.products, found.missing, found.thin, found.cuts) == (0, (), (), ())


@st.composite
def chains(draw: st.DrawFn) -> ChainData:
    products = [f"p{n}" for n in range(draw(st.integers(2, 8)))]
    one = st.sampled_from(products)
    pairs = draw(st.lists(st.tuples(one, one), max_size=14))
    firms = [Firm(f"f{n}", city=draw(st.sampled_from(CITIES))) for n in range(draw(st.integers(1, 6)))]
    made = draw(st.lists(st.tuples(st.sampled_from(firms), one, st.floats(0.01, 1)), max_size=12))
    return ChainData(
        firms=tuple(firms),
        relations=materials(*[(a, b) for a, b in pairs], *[(p, p) for p in products]),
        makes=tuple(FirmProduct(firm.key, p, share, p, 1.0) for firm, p, share in made),
    )


@st.composite
def kinds(draw: st.DrawFn) -> ChainData:
    """Products with kinds, either of which may have materials."""
    products, parts = [f"p{n}" for n in range(3)], [f"k{n}" for n in range(5)]
    kind_of = draw(st.lists(st.tuples(st.sampled_from(products), st.sampled_from(parts)), max_size=10))
    one = st.sampled_from([*products, *parts])
    needed = draw(st.lists(st.tuples(st.sampled_from(["m0", "m1", "m2"]), one), max_size=10))
    firms = [Firm(f"f{n}", city=draw(st.sampled_from(CITIES))) for n in range(5)]
    made = draw(st.lists(st.tuples(st.sampled_from(firms), st.one_of(one, st.just("m0"))), max_size=10))
    return ChainData(
        firms=tuple(firms),
        relations=(
            *materials(*needed, *[(p, p) for p in (*products, *parts, "m0")]),
            *(ProductRelation(p, Relation.KIND, k) for p, k in kind_of),
        ),
        makes=tuple(FirmProduct(firm.key, p, 0.5, p, 1.0) for firm, p in made),
    )


@settings(max_examples=60, deadline=None)
@given(kinds())
def test_demand_agrees_with_plain_sets(data: ChainData) -> None:
    graph = ChainGraph.build(data)
    local = {firm.key for firm in data.firms if firm.city}
    parts: dict[str, set[str]] = {}
    for relation in data.relations:
        if relation.relation is Relation.KIND:
            parts.setdefault(relation.head, set()).add(relation.tail)
    edges = {(r.tail, r.head) for r in data.relations if r.relation is Relation.MATERIAL and r.tail != r.head}
    makes = {(made.firm, made.node) for made in data.makes if made.firm in local}
    makes |= {(firm, p) for firm, k in makes for p, its in parts.items() if k in its}
    made = {product for _, product in makes}
    expected: dict[str, dict[str, float]] = {}
    for firm, product in makes:
        its = parts.get(product, set())
        for material in {m for m, _ in edges} - made:
            needing = {k for k in its if (material, k) in edges}
            weight = 1.0 if (material, product) in edges else len(needing) / max(len(its), 1)
            if weight:
                held = expected.setdefault(material, {})
                held[firm] = max(held.get(firm, 0.0), weight)
    direct = {(m, firm) for firm, product in makes for m, p in edges if p == product and m not in made}
    found = {gap.product: gap for gap in find_gaps(graph, whole(graph)).missing}
    assert set(found) == set(expected)
    for material, gap in found.items():
        waiting = {firm for m, firm in direct if m == material}
        assert gap.firms_waiting == len(waiting)
        assert gap.firms_waiting + gap.firms_maybe == len(expected[material])
        assert gap.demand == pytest.approx(sum(expected[material].values()), abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(chains())
def test_gaps_agree_with_plain_sets(data: ChainData) -> None:
    graph = ChainGraph.build(data)
    found = find_gaps(graph, whole(graph))
    city = {firm.key: firm.city for firm in data.firms}
    makers: dict[str, set[str]] = {}
    for made in data.makes:
        if city[made.firm]:
            makers.setdefault(made.node, set()).add(made.firm)
    edges = {(r.tail, r.head) for r in data.relations if r.tail != r.head}
    missing = {a for a, b in edges if a not in makers and b in makers}
    assert {m.product for m in found.missing} == missing
    for gap in found.missing:
        users = {b for a, b in edges if a == gap.product and b in makers}
        assert set(gap.needed_by) <= users
        assert gap.firms_waiting == len(set().union(*(makers[b] for b in users)))
    assert found.made == len(makers)
    assert found.totals["one_supplier"] == sum(len(held) == 1 for held in makers.values())
    assert found.totals["one_city"] == sum(len({city[f] for f in held}) == 1 for held in makers.values())
    plain = nx.Graph(edges)
    assert found.totals["articulation_points"] == len(set(nx.articulation_points(plain)))


def test_the_benchmark_agrees_with_networkx() -> None:
    graph = synthetic(400, 3000, 5)
    assert ours(graph)[0] == peer(graph)[0]


def test_firms_that_supply_hangs_on() -> None:
    names = "ABCDE"
    graph = ChainGraph.build(
        ChainData(
            firms=tuple(Firm(name, name, city=SUZHOU) for name in names),
            deals=tuple(Deal(a, b) for a, b in ("AB", "BC", "BD", "CE", "DE")),
        )
    )
    found = find_firm_cuts(graph)
    assert [(cut.firm, cut.kind, cut.cut_off, cut.examples) for cut in found] == [
        ("B", "articulation", 1, ("C", "D")),
        ("A", "dominator", 4, ("B",)),
        ("B", "dominator", 3, ("C", "D", "E")),
    ]
    assert find_firm_cuts(graph, cities=[HEFEI]) == ()
