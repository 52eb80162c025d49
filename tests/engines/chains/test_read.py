"""Reading the product chain: every row is accounted for, damage is named with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.engines.chains.read import firm_key, read_product_chain
from langqiao.engines.chains.report import FileCount, Report
from langqiao.engines.chains.types import ChainError, Firm, Industry, UpstreamIndustry

from .made import FILES, write_files


def counts(report: Report) -> dict[str, tuple[int, int, int, int]]:
    return {c.file: (c.read, c.kept, c.doubled, c.refused) for c in report.files}


def test_a_folder_becomes_records(tmp_path: Path) -> None:
    data, report = read_product_chain(write_files(tmp_path))
    assert data.firms[0] == Firm(
        "300001",
        "甲股份",
        "苏州甲股份有限公司",
        industry="270100",
        exchange="深圳证券交易所",
        listed="2020-01-02",
    )
    assert [firm.key for firm in data.firms] == ["300001", "688002"]
    assert data.industries == (Industry("270000", "电子"), Industry("270100", "半导体", "270000"))
    assert data.upstreams == (UpstreamIndustry("270100", "270000", 3.0),)
    assert [(made.product, made.share, made.is_balance) for made in data.makes] == [
        ("芯片业务", 0.8, False),
        ("平衡项目", -0.1, True),
        ("硅片", 0.9, False),
    ]
    assert counts(report)["industry_industry.tsv"] == (2, 1, 1, 0)
    assert all(read == kept + doubled + refused for read, kept, doubled, refused in counts(report).values())


def test_codes_in_two_forms_are_one_firm() -> None:
    assert [firm_key(code) for code in ("301079", "688268SH", "300957sz", "12", "ABCDEF")] == [
        "301079", "688268", "300957", "", "",
    ]  # fmt: skip


def test_damaged_rows_are_named(tmp_path: Path) -> None:
    company = FILES["company.tsv"] + (
        "30000\t短\t短股份\t深圳证券交易所\t2020-01-02\n"
        "300001SZ\t甲新\t甲新股份有限公司\t深圳证券交易所\t2020-01-02\n"
        "300003\t丙\t丙股份\t2010-02-11\t上海证券交易所\n"
        "300004\t丁\n"
    )
    made = FILES["company_product.tsv"] + (
        '300001SZ\t"盐"标志"\t1e-06\n300001SZ\t芯片业务\t0.8\n300001SZ\t错\t一半\n300009SZ\t孤\t0.5\n'
    )
    relations = FILES["product_product.tsv"] + "甲\t同义\t乙\n甲\t上游材料\t甲\n甲\t上游材料\t\n"
    data, report = read_product_chain(
        write_files(tmp_path, company=company, company_product=made, product_product=relations)
    )
    assert counts(report)["company.tsv"] == (6, 3, 1, 2)
    assert counts(report)["company_product.tsv"] == (7, 5, 1, 1)
    assert counts(report)["product_product.tsv"] == (9, 7, 0, 2)
    said = {(i.file, i.row, i.field, i.outcome) for i in report.issues}
    assert {
        ("company.tsv", 4, "code", "refused"),
        ("company.tsv", 5, "code", "doubled"),
        ("company.tsv", 6, "exchange", "mended"),
        ("company.tsv", 6, "listed", "mended"),
        ("company.tsv", 7, "code", "refused"),
        ("company_product.tsv", 6, "product", "doubled"),
        ("company_product.tsv", 7, "revenue_share", "refused"),
        ("company_product.tsv", 8, "company", "kept"),
        ("product_product.tsv", 8, "relation", "refused"),
        ("product_product.tsv", 9, "tail", "kept"),
        ("product_product.tsv", 10, "tail", "refused"),
    } <= said
    assert data.firms[0].other_names == ("甲新股份有限公司", "甲新")
    assert data.makes[3].product == '"盐"标志"'  # a quotation mark is an ordinary character
    assert data.firms[-1] == Firm("300009")
    assert report.as_dict(most=2)["issue_count"] == len(report.issues)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"company": "code\tname\n"}, "company.tsv 第 1 行的列名"),
        ({"industry": ""}, "industry.tsv 第 1 行的列名"),
    ],
)
def test_another_heading_is_refused(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    with pytest.raises(ChainError, match=said):
        read_product_chain(write_files(tmp_path, **changed))


def test_a_missing_file_and_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    write_files(tmp_path)
    (tmp_path / "product_product.tsv").write_bytes(b"head\trelation\ttail\n\xff\xfe\n")
    with pytest.raises(ChainError, match=r"product_product.tsv 第 2 行") as refused:
        read_product_chain(tmp_path)
    assert refused.value.row == 2
    (tmp_path / "company.tsv").unlink()
    with pytest.raises(ChainError, match=r"company\.tsv"):
        read_product_chain(tmp_path)


CELL = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=("Cs",)), max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12))
def test_no_row_is_lost(tmp_path: Path, rows: list[list[str]]) -> None:
    text = "".join("\t".join(row) + "\n" for row in rows)
    heading = FILES["company_product.tsv"].split("\n")[0] + "\n"
    data, report = read_product_chain(write_files(tmp_path, company_product=heading + text))
    (count,) = [c for c in report.files if c.file == "company_product.tsv"]
    assert count == FileCount("company_product.tsv", len(rows), len(data.makes), count.doubled, count.refused)
    assert count.kept + count.doubled + count.refused == len(rows)
    assert count.refused == sum(issue.outcome == "refused" for issue in report.issues)


@pytest.mark.slow
def test_the_published_product_chain_loses_nothing(shared_data: Path) -> None:
    data, report = read_product_chain(shared_data / "product_chain")
    assert counts(report) == {
        "company.tsv": (4654, 4586, 68, 0),
        "industry.tsv": (511, 511, 0, 0),
        "company_industry.tsv": (4430, 4430, 0, 0),
        "company_product.tsv": (53779, 53201, 578, 0),
        "industry_up.jsonl": (335, 335, 0, 0),
        "industry_industry.tsv": (5736, 480, 5256, 0),
        "product_product.tsv": (110153, 110153, 0, 0),
    }
    assert len(data.upstreams) == 5256
    assert len(data.nodes()) == 60533
    assert sum(issue.outcome == "doubled" for issue in report.issues) == 68 + 578 + 5256
    exact = set(data.nodes())
    assert sum(made.product in exact for made in data.makes) == 9286  # of 9,394 rows before doubled ones went
