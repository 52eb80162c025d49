"""Who could fill a gap, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.near import Near
from langqiao.engines.chains.partners import find_partners
from langqiao.engines.chains.types import ChainData, ChainError, Firm, FirmProduct, ProductRelation, Relation

from .made import HANGZHOU, HEFEI, SUZHOU, materials


def made_graph() -> ChainGraph:
    kinds = [("sensor", "lidar"), ("part", "sensor"), ("part", "valve")]
    return ChainGraph.build(
        ChainData(
            firms=tuple(Firm(key, city=city) for key, city in zip("ABCDEF", (
                SUZHOU, HEFEI, HANGZHOU, SUZHOU, HANGZHOU, ""), strict=True)),
            relations=(
                *(ProductRelation(a, Relation.KIND, b) for a, b in kinds),
                *materials(("silicon", "sensor"), ("silicon", "cell"), ("radar", "car")),
            ),
            makes=(
                FirmProduct("A", "sensors", 0.5, "sensor", 0.9, "exact"),
                FirmProduct("A", "lidars", 0.5, "lidar", 0.9, "exact"),
                FirmProduct("B", "lidars", 1.0, "lidar", 0.8, "exact"),
                FirmProduct("C", "parts", 1.0, "part", 1.0, "exact"),
                FirmProduct("D", "cells", 1.0, "cell", 1.0, "exact"),
                FirmProduct("E", "radars", 1.0, "radar", 1.0, "exact"),
                FirmProduct("F", "sensors", 1.0, "sensor", 1.0, "exact"),
            ),
        )
    )  # fmt: skip


def test_makers_come_before_kinds_broader_products_siblings_and_what_is_near() -> None:
    found = find_partners(made_graph(), "sensor", near=[("radar", 0.8), ("unknown", 1.0)])
    assert [(p.firm, p.product, p.why, p.score) for p in found] == [
        ("A", "sensor", "makes", 0.9),
        ("B", "lidar", "kind", 0.72),
        ("C", "part", "broader", 0.6),
        ("E", "radar", "near", 0.4),
        ("D", "cell", "sibling", 0.25),
    ]
    assert found[4].evidence == ("silicon",)
    assert found[0].share == 0.5
    assert found[0].as_dict()["certainty"] == pytest.approx(0.9)


def test_a_sibling_surely_linked_stands_behind_a_maker_hardly_linked() -> None:
    data = ChainData(
        firms=(Firm("A", city=SUZHOU), Firm("B", city=HEFEI), Firm("C", city=HANGZHOU)),
        relations=tuple(ProductRelation("part", Relation.KIND, kind) for kind in ("sensor", "valve")),
        makes=(
            FirmProduct("A", "valves", 1.0, "valve", 1.0, "exact"),
            FirmProduct("B", "sensing", 1.0, "sensor", 0.3, "fused"),
            FirmProduct("C", "parts", 1.0, "part", 0.3, "fused"),
        ),
    )
    found = find_partners(ChainGraph.build(data), "sensor")
    assert [(p.firm, p.why, p.weak) for p in found] == [
        ("B", "makes", False), ("C", "broader", False), ("A", "sibling", True),
    ]  # fmt: skip
    assert found[2].as_dict()["weak"] is True
    assert found[2].evidence == ("part",)


def test_home_is_left_out_and_the_country_may_be_asked() -> None:
    graph = made_graph()
    assert [p.firm for p in find_partners(graph, "sensor", home=SUZHOU)] == ["B", "C"]
    assert find_partners(graph, "sensor", cities=None, limit=1)[0].firm == "F"
    with pytest.raises(ChainError, match="没有产品"):
        find_partners(graph, "nothing")


def test_an_empty_folder_is_near_nothing(tmp_path: Path) -> None:
    near = Near.open(tmp_path)
    assert (near.count, near.like("传感器")) == (0, [])


@pytest.mark.slow
def test_products_that_stand_together_are_near(tmp_path: Path) -> None:
    groups = {
        "车": ("轮胎", "发动机", "底盘", "座椅", "变速器", "车灯", "车门"),
        "药": ("胶囊", "片剂", "淀粉", "酒精", "包衣", "乳糖", "蔗糖"),
    }
    data = ChainData(
        relations=tuple(
            ProductRelation(f"{name}{head}", Relation.MATERIAL, material)
            for head, parts in groups.items()
            for name in ("红", "蓝", "白", "黑", "大", "小", "新", "老", "快", "慢")
            for material in parts
        )
    )
    near = Near.build(tmp_path, data)
    assert near.count == len(data.nodes())
    found = near.like("发动机", limit=3)
    assert all(0 <= score <= 1 for _, score in found)
