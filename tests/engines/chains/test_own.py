"""Firms' own tables, and the file that keeps an import."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from langqiao.engines.chains.own import merged, read_own, stand_alone
from langqiao.engines.chains.store import load, save
from langqiao.engines.chains.types import ChainData, ChainError, Deal, FirmProduct, ProductRelation, Relation

from .made import HEFEI, SUZHOU, chain_data

PRODUCTS = (
    "企业,产品,占比,城市,供应商,材料,客户\n"
    "苏州甲公司,芯片,60%,,合肥乙公司,硅片,丙公司；丁公司\n"
    "苏州甲公司,服务,0.4,,,,\n"
    "合肥乙公司,硅片,1,合肥,,,\n"
)


def written(folder: Path, text: str, *, name: str = "own.csv", encoding: str = "utf-8-sig") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_becomes_firms_products_and_deals(tmp_path: Path, encoding: str) -> None:
    data, report = read_own(written(tmp_path, PRODUCTS, encoding=encoding))
    assert [(firm.key, firm.city, firm.decided) for firm in data.firms] == [
        ("苏州甲公司", SUZHOU, "starts"),
        ("丙公司", "", "unknown"),
        ("丁公司", "", "unknown"),
        ("合肥乙公司", HEFEI, "stated"),
    ]
    assert data.makes[0] == FirmProduct("苏州甲公司", "芯片", 0.6)
    assert data.deals == (
        Deal("苏州甲公司", "丙公司", "芯片"),
        Deal("苏州甲公司", "丁公司", "芯片"),
        Deal("合肥乙公司", "苏州甲公司", "硅片"),
    )
    assert (report.files[0].read, report.files[0].kept) == (3, 3)


def test_a_folder_may_bring_relations(tmp_path: Path) -> None:
    written(tmp_path, PRODUCTS)
    written(tmp_path, "head,relation,tail\n芯片,上游材料,硅片\n芯片,上游材料,硅片\n", name="relations.csv")
    data, report = read_own(tmp_path)
    assert data.relations == (ProductRelation("芯片", Relation.MATERIAL, "硅片"),)
    assert [(count.file, count.kept, count.doubled) for count in report.files] == [
        ("own.csv", 3, 0),
        ("relations.csv", 1, 1),
    ]


@pytest.mark.parametrize(
    ("text", "row", "field"),
    [
        ("企业,产品\n甲,\n", 2, "产品"),
        ("企业,产品\n,车\n", 2, "企业"),
        ("企业,产品,占比\n甲,车,很多\n", 2, "占比"),
        ("企业,产品,占比\n甲,车,1.2\n", 2, "占比"),
        ("企业,产品,城市\n甲,车,苏州\n甲,船,合肥\n", 3, "城市"),
        ("企业,产品\n甲,车\n甲\n", 3, "企业"),
        ("企业,产品,product\n甲,车,船\n", 1, "product"),
        ("主体,关系,对象\n车,同义,船\n", 2, "关系"),
        ("主体,关系,对象\n车,上游材料,\n", 2, "对象"),
        ("名称\n甲\n", 1, ""),
        ("", 1, ""),
        ('企业,产品\n甲,"车\n', 2, ""),
    ],
)
def test_faults_name_file_line_and_column(tmp_path: Path, text: str, row: int, field: str) -> None:
    with pytest.raises(ChainError, match=rf"own\.csv 第 {row} 行") as refused:
        read_own(written(tmp_path, text))
    assert (refused.value.file, refused.value.row, refused.value.field) == ("own.csv", row, field)


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChainError, match="没有 CSV"):
        read_own(tmp_path)
    with pytest.raises(ChainError, match=r"none\.csv"):
        read_own(tmp_path / "none.csv")


def test_own_names_may_stand_for_themselves_beside_a_graph(tmp_path: Path) -> None:
    own, _ = read_own(written(tmp_path, PRODUCTS))
    both = merged(chain_data(), own)
    assert len(both.firms) == len(chain_data().firms) + len(own.firms)
    data = stand_alone(both, {made.firm for made in own.makes})
    nodes = {(made.firm, made.node) for made in data.makes if made.evidence == "own"}
    assert nodes == {("苏州甲公司", "芯片"), ("合肥乙公司", "硅片")}  # 服务 says nothing


def test_an_import_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "kept.gz"
    save(chain_data(), path)
    assert load(path) == chain_data()
    first = path.read_bytes()
    save(chain_data(), path)
    assert path.read_bytes() == first
    save(ChainData(), path)
    assert load(path) == ChainData()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("", 1),
        ("{}\n", 1),
        ('{"format": "langqiao-chains", "version": 1}\n["firms"]\n', 2),
        ('{"format": "langqiao-chains", "version": 1}\n["ghosts", 1]\n', 2),
        ('{"format": "langqiao-chains", "version": 1}\n["relations", "a", "同义", "b"]\n', 2),
    ],
)
def test_another_file_is_refused_with_its_line(tmp_path: Path, text: str, row: int) -> None:
    path = tmp_path / "other.gz"
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(ChainError, match=f"第 {row} 行"):
        load(path)
    path.write_bytes(b"not gzip")
    with pytest.raises(ChainError, match="第 1 行"):
        load(path)
