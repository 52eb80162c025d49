"""Failover: what is left, what is lost, and how long stored key lasts."""

from __future__ import annotations

import pytest

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.failover import failover
from langqiao.engines.qkd.network import nine_cities
from langqiao.engines.qkd.types import Demand
from tests.engines.qkd.networks import made


def test_a_cut_spur_lives_on_what_is_stored():
    wanted = [Demand("film", "松江", "合肥", 400), Demand("grid", "苏州", "湖州", 100)]
    found = failover(nine_cities(), wanted, links=[("芜湖", "合肥")], stored={("hefei", "wuhu"): 3_600_000})
    film, grid = found.demands
    assert (film.before, film.after, film.reason.code) == (400, 0, "no_route")
    assert film.seconds == pytest.approx(9_000, rel=1e-3)  # 3.6 Mbit at 400 bit/s
    assert (grid.seconds, grid.rerouted, grid.after) == (None, False, 100)
    assert found.lost == {}


def test_without_stored_key_nothing_lasts():
    found = failover(nine_cities(), [Demand("film", "松江", "合肥", 400)], links=[("hefei", "wuhu")])
    assert found.demands[0].seconds == 0


def test_a_dead_node_takes_its_stored_key_with_it():
    stored = {("hangzhou", "jinhua"): 1_000, ("huzhou", "suzhou"): 500}
    found = failover(nine_cities(), [Demand("x", "金华", "松江", 10)], nodes=["杭州"], stored=stored)
    assert found.lost == {("hangzhou", "jinhua"): 1_000}
    assert found.demands[0].seconds == 0
    assert found.after.unmet[0].reason.code == "no_route"


def test_a_way_around_carries_on_for_ever():
    found = failover(nine_cities(), [Demand("x", "松江", "杭州", 900)], links=[("jiaxing", "hangzhou")])
    (row,) = found.demands
    assert (row.before, row.after, row.seconds, row.rerouted) == (900, 900, None, True)
    assert found.after.demands[0].flows[0].routes[0][-2:] == ("huzhou", "hangzhou")


def test_a_narrower_way_around_is_bridged_by_its_pool():
    network = made(("a", "b", 10), ("b", "d", 10), ("a", "c", 6), ("c", "d", 6))
    stored = {("a", "c"): 2_000, ("c", "d"): 1_000, ("b", "d"): 300}
    found = failover(network, [Demand("x", "a", "d", 10)], links=[("a", "b")], stored=stored)
    (row,) = found.demands
    assert row.after == pytest.approx(6, rel=1e-5)
    assert row.reason.code == "capacity"
    assert row.seconds == pytest.approx(1_000 / 4, rel=5e-3)


def test_what_is_not_there_is_refused():
    with pytest.raises(QkdError, match="no link"):
        failover(nine_cities(), [], links=[("jinhua", "hefei")])
    with pytest.raises(QkdError, match="no node"):
        failover(nine_cities(), [], nodes=["paris"])
    assert failover(nine_cities(), []).demands == ()
