"""Small chains that tests share."""

from __future__ import annotations

from pathlib import Path

from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.chains.types import (
    ChainData,
    Deal,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
    UpstreamIndustry,
)

SUZHOU, HEFEI, HANGZHOU = "320500", "340100", "330100"

FILES = {
    "company.tsv": "code\tname\tfullname\texchange\tlisted\n"
    "300001\t甲股份\t苏州甲股份有限公司\t深圳证券交易所\t2020-01-02\n"
    "688002SH\t乙科技\t合肥乙科技股份有限公司\t上海证券交易所\t2021-03-04\n",
    "industry.tsv": "code\tname\n270000\t电子\n270100\t半导体\n",
    "company_industry.tsv": "company\tindustry\n300001SZ\t270100\n688002SH\t270100\n",
    "company_product.tsv": "company\tproduct\trevenue_share\n"
    "300001SZ\t芯片业务\t0.8\n300001SZ\t平衡项目\t-0.1\n688002SH\t硅片\t0.9\n",
    "industry_industry.tsv": "head\trelation\ttail\n270100\t上游产业\t270000\n半导体\t上游产业\t电子\n",
    "industry_up.jsonl": '{"industry": "半导体", "ups": {"电子": 3}}\n',
    "product_product.tsv": "head\trelation\ttail\n芯片\t上游材料\t硅片\n硅片\t下游产品\t芯片\n"
    "硅片\t上游材料\t硅料\n手机\t上游材料\t芯片\n芯片\t产品小类\t存储芯片\n芯片\t上游材料\t光刻胶\n",
}


def write_files(folder: Path, **changed: str) -> Path:
    """The seven files, some with another text (``company`` for ``company.tsv``)."""
    for name, text in FILES.items():
        (folder / name).write_text(changed.get(name.split(".")[0], text), encoding="utf-8")
    return folder


def materials(*pairs: tuple[str, str]) -> tuple[ProductRelation, ...]:
    """``(material, product)`` pairs as relations."""
    return tuple(ProductRelation(product, Relation.MATERIAL, material) for material, product in pairs)


def chain_data() -> ChainData:
    """Relations: ore → wafer → chip → phone, resist → chip; chip has the kind memory.

    Suzhou: A makes chips, B chips and phones; Hefei: C wafers; elsewhere: D resist, E phones.
    """
    return ChainData(
        firms=(
            Firm("A", "甲", city=SUZHOU, industry="10"),
            Firm("B", "乙", city=SUZHOU, industry="10"),
            Firm("C", "丙", city=HEFEI, industry="20"),
            Firm("D", "丁", industry="20"),
            Firm("E", "戊", industry="30"),
        ),
        industries=(Industry("10", "芯片业"), Industry("20", "材料业"), Industry("30", "整机业")),
        relations=(
            *materials(("ore", "wafer"), ("wafer", "chip"), ("chip", "phone"), ("resist", "chip")),
            ProductRelation("chip", Relation.KIND, "memory"),
        ),
        makes=(
            FirmProduct("A", "memories", 0.9, "memory", 0.9, "contained"),
            FirmProduct("A", "平衡项目", -0.1, is_balance=True),
            FirmProduct("B", "chips", 0.5, "chip", 0.98, "exact"),
            FirmProduct("B", "phones", 0.5, "phone", 0.98, "exact"),
            FirmProduct("C", "wafers", 0.4, "wafer", 0.98, "exact"),
            FirmProduct("C", "leasing", 0.6),
            FirmProduct("D", "resist", 1.0, "resist", 0.98, "exact"),
            FirmProduct("E", "phones", None, "phone", 0.98, "exact"),
        ),
        deals=(Deal("C", "B", "wafer", 1.0), Deal("C", "A", "wafer", 0.5), Deal("D", "A", "resist", 0.5)),
        upstreams=(UpstreamIndustry("10", "20", 2.0),),
    )


def software_data() -> ChainData:
    """Software has four kinds, of which the tracker alone needs a network; software itself needs a system.

    A and B make software, C (Hefei) makes the game, a kind of it. Nobody here makes network or system; D, who
    lies elsewhere, makes networks.
    """
    return ChainData(
        firms=(Firm("A", city=SUZHOU), Firm("B", city=SUZHOU), Firm("C", city=HEFEI), Firm("D")),
        relations=(
            *materials(("network", "tracker"), ("system", "software")),
            *(ProductRelation("software", Relation.KIND, k) for k in ("tracker", "game", "office", "music")),
        ),
        makes=(
            FirmProduct("A", "software", 1.0, "software", 1.0, "exact"),
            FirmProduct("B", "software", 1.0, "software", 1.0, "exact"),
            FirmProduct("C", "games", 1.0, "game", 1.0, "exact"),
            FirmProduct("D", "networks", 1.0, "network", 1.0, "exact"),
        ),
    )


def chain_graph() -> ChainGraph:
    """The graph of :func:`chain_data`."""
    return ChainGraph.build(chain_data())
