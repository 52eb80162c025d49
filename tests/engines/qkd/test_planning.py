"""Plans: allocation, reasons, bottlenecks, what to add next, and demands at the door."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network import add_link, cut, nine_cities
from langqiao.engines.qkd.planning import (
    advise,
    demands_from,
    load_demands,
    plan,
    plan_as_dict,
    upgrade_as_dict,
    upgrades,
)
from langqiao.engines.qkd.types import Demand
from tests.engines.qkd.networks import made, scattered


def film(source="songjiang", target="hefei", bps=9_000.0, **other):
    return Demand("film", source, target, bps, **other)


def test_a_met_demand():
    found = plan(nine_cities(), [film("松江", "Jiaxing", 512)])
    (row,) = found.demands
    assert (row.met, row.reason, row.bps, row.share, row.keys_per_second) == (True, None, 512, 1, 2)
    assert (row.demand.source, row.demand.target) == ("songjiang", "jiaxing")
    assert row.flows[0].routes == (("songjiang", "jiaxing"),)
    assert found.unmet == found.bottlenecks == ()
    assert found.granted == found.asked == 512
    load = {one.link: one for one in found.links}["jiaxing", "songjiang"]
    assert load.load == pytest.approx(512, rel=1e-6)
    assert load.percent == pytest.approx(100 * load.load / load.rate)


def test_capacity_is_named():
    found = plan(nine_cities(), [film()])
    (row,) = found.unmet
    assert (row.reason.code, row.reason.links, row.reason.demands) == (
        "capacity",
        (("wuhu", "xuancheng"),),
        (),
    )
    assert found.bottlenecks == (("wuhu", "xuancheng"),)
    assert row.bps == pytest.approx(7_610.6, rel=1e-4)


def test_higher_priority_and_sharing_are_named():
    base = [film(), Demand("grid", "huzhou", "wuhu", 7_000.0, priority=2)]
    found = plan(nine_cities(), base)
    low = found.demands[1]
    assert (low.bps, low.reason.code, low.reason.demands) == (0, "outranked", ("film",))
    found = plan(nine_cities(), [replace(one, priority=1) for one in base])
    assert [row.reason.code for row in found.demands] == ["shared", "shared"]
    assert found.demands[0].share == pytest.approx(found.demands[1].share)


@pytest.mark.parametrize("policy", ["max-min", "most", "widest-shortest", "shortest"])
def test_what_no_allocation_could_meet(policy):
    spur = plan(nine_cities(), [film("jinhua", "suzhou", two_paths=True)], policy=policy).demands[0]
    assert spur.reason.code == "no_disjoint"
    assert spur.reason.nodes == ("hangzhou",)
    assert spur.reason.links == (("hangzhou", "jinhua"),)
    apart = plan(cut(nine_cities(), nodes=["xuancheng"]), [film()], policy=policy).demands[0]
    assert apart.reason.code == "no_route"
    far = add_link(cut(nine_cities(), links=[("wuhu", "xuancheng")]), "wuhu", "xuancheng", rate=0)
    dead = plan(far, [film()], policy=policy).demands[0]
    assert (dead.reason.code, dead.reason.links) == ("no_key", (("wuhu", "xuancheng"),))
    guarded = made(("a", "u", 5), ("u", "b", 5), untrusted="u")
    kept = plan(guarded, [film("a", "b")], policy=policy).demands[0]
    assert (kept.reason.code, kept.reason.nodes) == ("untrusted", ("u",))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), policy=st.sampled_from(["max-min", "most", "widest-shortest", "shortest"]))
def test_every_unmet_demand_has_a_reason_and_no_link_is_overused(seed, policy):
    network, wanted = scattered(seed, nodes=7, links=9, demands=8, priorities=2)
    found = plan(network, wanted, policy=policy, overhead=0.5)
    for row in found.demands:
        assert row.met == (row.reason is None)
        assert 0 <= row.bps <= row.demand.bps
        if row.reason is not None:
            assert row.reason.links or row.reason.code == "no_route"
    for link in found.links:
        assert link.percent <= 100 + 1e-6
        assert link.load <= link.rate * (1 + 1e-8)
    json.dumps(plan_as_dict(found))


def test_authentication_overhead_takes_its_part():
    whole, half = (plan(nine_cities(), [film()], overhead=part).demands[0].bps for part in (0.0, 1.0))
    assert half == pytest.approx(whole / 2, rel=1e-5)


def test_what_to_add_next():
    network = nine_cities()
    wanted = [Demand(f"{a.id}-{b.id}", a.id, b.id, 1_000.0) for a, b in combinations(network.nodes, 2)]
    before = plan(network, wanted)
    advice = upgrades(network, wanted, most=5, km_at_most=270)
    assert 3 <= len(advice) <= 5
    assert {one.kind for one in advice} <= {"system", "station", "link"}
    best = advice[0]
    assert best.gain > 0
    assert len(best.newly_met) - len(best.worse) >= max(len(o.newly_met) - len(o.worse) for o in advice)
    assert upgrade_as_dict(best)["link"] == "-".join(best.link)
    new = next(one for one in advice if one.kind == "link")
    again = plan(add_link(network, *new.link), wanted)
    assert again.granted - before.granted == pytest.approx(new.gain)
    assert new.rate_before == 0
    assert upgrades(network, [film(bps=1.0)]) == ()
    with pytest.raises(QkdError, match="too many"):
        upgrades(_wide(), [Demand("x", "n0", "n1", 1e9)], km_at_most=1e6)


def test_the_likeliest_additions_are_tried_first_and_counted():
    network = nine_cities()
    wanted = [Demand(f"{a.id}-{b.id}", a.id, b.id, 5_000.0) for a, b in combinations(network.nodes, 2)]
    every = advise(network, wanted, tries=None)
    assert every.upgrades == upgrades(network, wanted)
    assert every.tried == every.candidates > 4
    few = advise(network, wanted, tries=4)
    assert (few.tried, few.candidates) == (4, every.candidates)
    first = plan(network, wanted).bottlenecks[:2]
    assert {one.link for one in few.upgrades} <= set(first)
    far = advise(_wide(), [Demand("x", "n0", "n39", 1e9)], tries=2, km_at_most=1e6)
    assert (far.tried, far.candidates) == (2, 780)
    assert advise(network, [film(bps=1.0)], tries=4).candidates == 0


def _wide():
    base = nine_cities()
    nodes = tuple(replace(base.nodes[0], id=f"n{place}", latitude=30 + place / 100) for place in range(40))
    return replace(base, nodes=nodes, links=())


def test_additions_for_a_link_that_makes_no_key():
    far = add_link(cut(nine_cities(), links=[("xuancheng", "wuhu")]), "xuancheng", "wuhu", km=79)
    longer = replace(far, rules=replace(far.rules, span_km=400))
    dead = add_link(cut(longer, links=[("xuancheng", "wuhu")]), "xuancheng", "wuhu", km=200)
    assert plan(dead, [film(bps=50)]).demands[0].reason.code == "no_key"
    assert ("station", ("wuhu", "xuancheng")) in {
        (one.kind, one.link) for one in upgrades(dead, [film(bps=50)])
    }


def test_files(tmp_path):
    rows = [
        {
            "id": "a",
            "source": "松江",
            "target": "hefei",
            "keys_per_second": 2,
            "key_bits": 512,
            "two_paths": True,
        },
        {"id": "b", "source": "松江", "target": "hefei", "bps": 5, "priority": 3, "purpose": "影片"},
    ]
    path = tmp_path / "d.json"
    path.write_text(json.dumps({"demands": rows}), "utf-8")
    first, second = load_demands(path)
    assert first == Demand("a", "松江", "hefei", 1024, key_bits=512, two_paths=True)
    assert (second.priority, second.purpose) == (3, "影片")
    toml = tmp_path / "d.toml"
    toml.write_text('[[demands]]\nid = "a"\nsource = "x"\ntarget = "y"\nbps = 1', "utf-8")
    assert load_demands(toml) == (Demand("a", "x", "y", 1.0),)
    for raw in (b"\xff", b"{", b"[" * 100_000, b"3"):
        path.write_bytes(raw)
        with pytest.raises(QkdError):
            load_demands(path)
    with pytest.raises(QkdError, match="cannot be read"):
        load_demands(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"id": "a", "source": "x", "target": "y"}, "either bps or keys_per_second"),
        ({"id": "a", "source": "x", "target": "y", "bps": 1, "keys_per_second": 1}, "either bps"),
        ({"source": "x", "target": "y", "bps": 1}, "id is missing"),
        ({"id": "a", "source": "x", "target": "y", "bps": "1"}, "bps must be a number"),
        ({"id": "a", "source": "x", "target": "y", "bps": 1, "two_paths": 1}, "true or false"),
        ({"id": "a", "source": "x", "target": "y", "bps": 1, "speed": 1}, "'speed' is not known"),
        (5, "must be a table"),
    ],
)
def test_malformed_rows(row, match):
    with pytest.raises(QkdError, match=match):
        demands_from([row])


@pytest.mark.parametrize(
    ("demand", "match"),
    [
        (film(bps=0.0), "bps must be"),
        (film(bps=math.nan), "bps must be"),
        (film(bps=1e16), "bps must be"),
        (film(priority=0), "priority must be"),
        (film(key_bits=4), "key_bits must be"),
        (film("hefei"), "two nodes"),
        (film("paris"), "no node 'paris'"),
        (replace(film(), id=""), "a name of its own"),
    ],
)
def test_demands_at_the_door(demand, match):
    with pytest.raises(QkdError, match=match):
        plan(nine_cities(), [demand])


def test_options_at_the_door():
    with pytest.raises(QkdError, match="name of its own"):
        plan(nine_cities(), [film(), film()])
    with pytest.raises(QkdError, match="no policy 'best'"):
        plan(nine_cities(), [], policy="best")
    with pytest.raises(QkdError, match="overhead"):
        plan(nine_cities(), [], overhead=-1)
    with pytest.raises(QkdError, match="1,000 demands"):
        plan(nine_cities(), [replace(film(), id=str(place)) for place in range(1_001)])
