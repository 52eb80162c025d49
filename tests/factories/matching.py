"""Documents for the matching engine: four subjects with a vocabulary of their own each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from langqiao.engines.matching.dense import Training
from langqiao.engines.matching.types import Document

SUBJECTS: dict[str, Sequence[str]] = {
    "energy": (
        "锂电池",
        "正极材料",
        "电解液",
        "储能",
        "续航",
        "充电桩",
        "石墨负极",
        "热失控",
        "隔膜",
        "能量密度",
    ),
    "medicine": (
        "靶向药物",
        "肿瘤",
        "抗体",
        "临床试验",
        "免疫治疗",
        "基因测序",
        "细胞培养",
        "疫苗",
        "给药",
        "血管支架",
    ),
    "chips": (
        "光刻胶",
        "晶圆",
        "封装测试",
        "刻蚀",
        "芯片设计",
        "碳化硅器件",
        "薄膜沉积",
        "良率",
        "集成电路",
        "掩膜版",
    ),
    "machines": (
        "数控机床",
        "伺服电机",
        "减速器",
        "焊接机器人",
        "轴承",
        "刀具涂层",
        "机械臂",
        "传感器",
        "振动监测",
        "主轴",
    ),
}
VERBS = ("研究了", "改进了", "提出一种方法用于", "测试了", "优化了", "分析了", "开发了", "评价了")


def make_document(key: str = "a:1", **given: object) -> Document:
    """One document; any field may be given."""
    values: dict[str, object] = {"kind": "achievement", "title": "刀具涂层", "body": "用于刀具的耐磨涂层"}
    return Document(**{"key": key, **values, **given})  # type: ignore[arg-type]


def make_corpus(count: int, *, seed: int = 1) -> list[Document]:
    """Documents of four subjects in turn, five short sentences each."""
    generator = random.Random(seed)
    names = list(SUBJECTS)
    found = []
    for number in range(count):
        name = names[number % len(names)]
        terms = SUBJECTS[name]
        lines = [
            f"{generator.choice(VERBS)}{generator.choice(terms)}与{generator.choice(terms)}，编号{generator.randrange(999)}。"
            for _ in range(5)
        ]
        found.append(
            Document(
                f"d:{number}",
                "achievement" if number % 2 else "expert",
                f"{generator.choice(terms)}的{generator.choice(terms)}",
                "".join(lines),
                cities=("shanghai",) if number % 3 else ("suzhou", "hangzhou"),
                fields=(name,),
                year=2000 + number % 25,
                trl=number % 10 or None,
            )
        )
    return found


def quick_training(passages: int = 4_000) -> Training:
    """The product's tables, small and soon trained."""
    tables = tuple(
        replace(table, training=replace(table.training, passages=passages, dimensions=32, batch=64))
        for table in Training().tables
    )
    return Training(tables=tables)
