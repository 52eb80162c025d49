"""Industry chains, written by the verb itself from a handful of rows; no file is read."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

from langqiao.apps.alliances.domain.chains import Origin, load_chain
from langqiao.apps.alliances.domain.chains.loading import node_names, product_names, propose
from langqiao.apps.alliances.models import ChainDataset
from langqiao.engines.chains.types import (
    ChainData,
    Deal,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
)
from tests.factories.registry import make_city

_numbers = count(1)
CITIES = ("songjiang", "jiaxing", "hangzhou", "suzhou", "hefei")
# What a battery is made of; the electrolyte has no maker, the separator one, the cell two in one city.
RELATIONS = (
    ("动力电池", "上游材料", "电芯"),
    ("电芯", "上游材料", "正极材料"),
    ("电芯", "上游材料", "隔膜"),
    ("电芯", "上游材料", "电解液"),
    ("正极材料", "上游材料", "碳酸锂"),
    ("动力电池", "下游产品", "电动汽车"),
    ("电芯", "产品小类", "储能电芯"),
)
INDUSTRIES = (("10", "电力设备", ""), ("1001", "电池", "10"), ("1002", "电池材料", "10"))
# key, name, city, industry, products with shares.
FIRMS: tuple[tuple[str, str, str, str, tuple[tuple[str, float | None], ...]], ...] = (
    ("600001", "松江甲电池股份有限公司", "310117", "1001", (("动力电池业务", 0.9), ("分部间抵销", -0.1))),
    ("600002", "嘉兴乙电芯股份有限公司", "330400", "1001", (("电芯", 0.7),)),
    ("600003", "嘉兴丙电芯股份有限公司", "330400", "1001", (("电芯", 0.2),)),
    ("600004", "苏州丁隔膜股份有限公司", "320500", "1002", (("锂电池隔膜", 0.8),)),
    ("600005", "北京戊材料股份有限公司", "", "1002", (("电解液", 0.5), ("正极材料", 0.4))),
    ("600006", "杭州己材料股份有限公司", "330100", "1002", (("正极材料", 1.0), ("完全无关之物", 0.1))),
)


def make_data(
    *,
    firms: Iterable[Any] = FIRMS,
    relations: Iterable[Any] = RELATIONS,
    industries: Iterable[Any] = INDUSTRIES,
    deals: Iterable[Any] = (),
) -> ChainData:
    """What the engine would have read."""
    rows = list(firms)
    return ChainData(
        firms=tuple(
            Firm(
                key,
                name.removesuffix("股份有限公司"),
                name,
                city,
                "starts" if city else "elsewhere",
                industry=of,
            )
            for key, name, city, of, _products in rows
        ),
        industries=tuple(Industry(*row) for row in industries),
        relations=tuple(ProductRelation(head, Relation(kind), tail) for head, kind, tail in relations),
        makes=tuple(
            FirmProduct(key, product, share, is_balance="抵销" in product)
            for key, _name, _city, _of, products in rows
            for product, share in products
        ),
        deals=tuple(Deal(*row) for row in deals),
    )


def make_chain(
    slug: str = "",
    *,
    data: ChainData | None = None,
    digest: str = "",
    base: ChainDataset | None = None,
    **origin: Any,
) -> ChainDataset:
    """A data set of a small battery chain, loaded by the console."""
    for city in CITIES:
        make_city(city)
    slug = slug or f"chain-{next(_numbers)}"
    data = data or make_data()
    loaded = load_chain(
        None,
        data,
        origin=Origin(**{"slug": slug, "name": "电池链", "version": "1", **origin}),
        digest=digest or f"{next(_numbers):064}",
        report={"files": [{"file": "company.tsv", "read": 6, "kept": 6, "doubled": 0, "refused": 0}]},
        proposals=propose(sorted(node_names(data)), product_names(data)),
        base=base,
    )
    return loaded.dataset


def write_tables(folder: Path) -> Path:
    """The seven tables of a product chain, with a doubled row and a refused one."""
    texts = {
        "company.tsv": "code\tname\tfullname\texchange\tlisted\n"
        "600001SH\t甲电\t松江甲电池股份有限公司\t上海证券交易所\t2020-01-02\n"
        "600001\t甲旧\t松江甲旧名股份有限公司\t上海证券交易所\t2020-01-02\n"
        "6000\t乙\t乙公司\t上海证券交易所\t2020-01-02\n",
        "company_industry.tsv": "company\tindustry\n600001SH\t1001\n",
        "company_product.tsv": "company\tproduct\trevenue_share\n600001SH\t电芯\t0.5\n600001SH\t电芯\t0.5\n",
        "industry.tsv": "code\tname\n100000\t电力设备\n100100\t电池\n",
        "industry_industry.tsv": "head\trelation\ttail\n100100\t上游产业\t100000\n",
        "industry_up.jsonl": '{"industry": "电池", "ups": {"电力设备": 2}}\n',
        "product_product.tsv": "head\trelation\ttail\n电芯\t上游材料\t隔膜\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder
