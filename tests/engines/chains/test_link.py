"""Links from product names to nodes: the four ways, the refusals, and the samples judged by hand."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.chains_links import draw, measure
from langqiao.engines.chains.link import THRESHOLD, Linker, link_products
from langqiao.engines.chains.names import core, is_balance, is_vague, joined, plain
from langqiao.engines.chains.read import read_product_chain
from langqiao.engines.chains.types import ChainData, FirmProduct, ProductRelation, Relation

HERE = Path(__file__).parent
NODES = (
    "锂电池", "汽车", "稀土发光材料", "中央空调", "采集终端", "罐头食品", "聚酰胺6(PA6)", "丙烷", "经营", "房屋",
    "服务", "移动通信", "发电", "PC", "软件",
)  # fmt: skip


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker.build(NODES)


@pytest.mark.parametrize(
    ("name", "node", "evidence"),
    [
        ("锂电池", "锂电池", "exact"),
        ("(1)锂离子电池业务", "锂电池", "normalised"),
        ("移动通讯", "移动通信", "normalised"),
        ("聚酰胺6", "聚酰胺6(PA6)", "normalised"),
        ("节能灯用稀土发光材料", "稀土发光材料", "contained"),
        ("新能源汽车", "汽车", "contained"),
        ("火力发电", "发电", "contained"),
        ("中央空调及相关备件", "中央空调", "contained"),
        ("食品罐头", "罐头食品", "fused"),
    ],
)
def test_names_find_their_nodes(linker: Linker, name: str, node: str, evidence: str) -> None:
    best = linker.link([name])[0][0]
    assert (best.node, best.evidence) == (node, evidence)
    assert 0 < best.certainty <= 1


@pytest.mark.parametrize(
    "name",
    [
        "平衡项目",
        "分部间抵销",
        "服务",
        "技术服务",
        "",
        "酒店经营",
        "二氯丙烷",
        "出租房屋",
        "光伏EPC",
        "光刻胶",
    ],
)
def test_names_that_mean_no_node_stay_unlinked(linker: Linker, name: str) -> None:
    assert all(candidate.certainty < THRESHOLD for candidate in linker.link([name])[0])


def test_a_name_means_the_same_in_any_company(linker: Linker) -> None:
    names = ["食品罐头", "新能源汽车", "软件销售", "光刻胶"]
    together = linker.link(names)
    assert together == [linker.link([name])[0] for name in names]
    assert together == list(reversed(linker.link(list(reversed(names)))))


def test_links_fill_the_rows_that_are_sure_enough() -> None:
    data = ChainData(
        relations=tuple(ProductRelation("车", Relation.MATERIAL, node) for node in NODES),
        makes=(
            FirmProduct("1", "锂电池", 0.5),
            FirmProduct("1", "光刻胶", 0.5, "旧", 0.9, "exact"),
            FirmProduct("2", "新能源汽车"),
        ),
    )
    linked = link_products(data, Linker.build(data.nodes()))
    assert [(made.node, made.evidence) for made in linked.makes] == [
        ("锂电池", "exact"),
        ("", ""),
        ("汽车", "contained"),
    ]
    assert linked.makes[1].certainty == 0.0


def test_names_lose_their_clerical_dress() -> None:
    assert [core(name) for name in ("①钢材销售", "其中：钢材", "钢材(自产)", "钢材及销售", "类")] == [
        "钢材", "钢材", "钢材", "钢材", "类",
    ]  # fmt: skip
    assert plain("ＰＶＣ 材料") == "pvc材料"
    assert is_balance("内部抵销数")
    assert not is_balance("针剂合计")
    assert is_vague("技术服务业务")
    assert joined("机床、刀具及配件") == ["机床", "刀具", "配件"]


def judged() -> list[dict[str, str]]:
    with (HERE / "judged_links.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_judged_sample_is_right_in_nine_of_ten() -> None:
    rows = judged()
    assert len(rows) == 200
    assert {row["verdict"] for row in rows} == {"right", "wrong"}
    assert all(row["note"] for row in rows)
    right = Counter(row["verdict"] for row in rows)["right"]
    assert right == 186
    # the sample was drawn by chance from all links, so most kinds of evidence are in it
    assert {row["evidence"] for row in rows} == {"exact", "normalised", "contained", "fused"}
    with (HERE / "tuned_links.csv").open(encoding="utf-8", newline="") as file:
        assert {row["seed"] for row in csv.DictReader(file)}.isdisjoint({row["seed"] for row in rows})


@pytest.mark.slow
def test_the_judged_sample_is_what_the_engine_asserts(shared_data: Path) -> None:
    data, _ = read_product_chain(shared_data / "product_chain")
    linked = link_products(data, Linker.build(data.nodes()))
    rows = judged()
    drawn = draw(linked, int(rows[0]["seed"]), len(rows))
    assert [(d.firm, d.product, d.node, str(d.certainty), d.evidence) for d in drawn] == [
        (r["company"], r["product"], r["node"], r["certainty"], r["evidence"]) for r in rows
    ]
    found = measure(linked, HERE / "judged_links.csv")
    assert found["share_right"] >= 0.9
    assert found["linked"] == 20548
