from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.engines.matching.consortium import split_problem


def texts(problem: str, **options: object) -> list[str]:
    return [part.text for part in split_problem(problem, **options)]  # type: ignore[arg-type]


def test_goals_and_what_the_firm_has_are_no_parts() -> None:
    problem = (
        "一、需求内容及预期结果\n1、\t研发低成本激光雷达扫描成像及图像识别技术；\n"
        "2、\t研发高精度、小体积航向角测量装置；\n"
        "二、现有工作基础及投入资金\n目前已完成液压支架自身姿态的感知。目前投入资金约1500万。\n"
        "三、解决的技术难题\n1、液压支架与刮板机相对位置感知\n2、液压支架与工作面围岩相对状态感知"
    )
    parts = split_problem(problem, title="综采工作面装备状态感知")
    assert [(part.number, part.heading, part.text) for part in parts] == [
        (1, "需求内容及预期结果", "研发低成本激光雷达扫描成像及图像识别技术"),
        (2, "需求内容及预期结果", "研发高精度、小体积航向角测量装置"),
        (3, "解决的技术难题", "液压支架与刮板机相对位置感知"),
        (4, "解决的技术难题", "液压支架与工作面围岩相对状态感知"),
    ]


def test_headings_inside_a_line_are_recognised() -> None:
    problem = "需求：高速电机的无传感器控制算法；预期目标：延长使用寿命，产业化后年利税100余万元。现有基础：我公司是高新技术企业。"
    assert texts(problem) == ["高速电机的无传感器控制算法"]


def test_numbered_items_keep_what_follows_them() -> None:
    problem = "1.舆情语义分析技术\n实现自然语言处理任务。达到实用化程度。\n2.视频内容分析技术\n完成图像与视频中人物的识别。"
    assert texts(problem) == [
        "舆情语义分析技术；实现自然语言处理任务；达到实用化程度",
        "视频内容分析技术；完成图像与视频中人物的识别",
    ]


@pytest.mark.parametrize(
    "marks", [("1、", "2、"), ("（1）", "（2）"), ("①", "②"), ("(一)", "(二)"), ("1. ", "2. ")]
)
def test_many_styles_of_numbers_also_within_one_line(marks: tuple[str, str]) -> None:
    problem = f"难点如下：{marks[0]}高镍正极材料的循环寿命；{marks[1]}硅碳负极的体积膨胀。"
    assert texts(problem)[-2:] == ["高镍正极材料的循环寿命", "硅碳负极的体积膨胀"]


def test_decimals_are_not_numbers_of_items() -> None:
    assert texts("内径 3.2-4.6 米的窑炉需要均匀供风装置。") == ["内径 3.2-4.6 米的窑炉需要均匀供风装置"]


def test_sentences_are_parts_where_nothing_is_numbered() -> None:
    assert texts("陶瓷涂层在高温下开裂。基体与涂层之间的结合强度不足！") == [
        "陶瓷涂层在高温下开裂",
        "基体与涂层之间的结合强度不足",
    ]


def test_the_firms_own_story_and_courtesies_are_left_out() -> None:
    problem = "开发高密度聚乙烯塑化新工艺。本公司成立于2011年，现有员工200人。预计投入经费50万元。希望与高校专家合作。"
    assert texts(problem) == ["开发高密度聚乙烯塑化新工艺"]


def test_a_text_without_technical_part_stays_whole() -> None:
    assert texts("预期目标：达到国家标准。", title="锂电池防爆") == ["预期目标：达到国家标准"]


def test_without_text_the_title_is_the_problem() -> None:
    assert texts(" \n", title="锂电池防爆") == ["锂电池防爆"]
    assert texts("", title="") == []


def test_a_short_part_is_searched_with_its_title() -> None:
    short, long = split_problem(
        "1、图像配准算法优化；2、基于深度学习的全景视频实时拼接与亮度均衡融合方法。", title="全景图像拼接"
    )
    assert short.query == "全景图像拼接：图像配准算法优化"
    assert long.query == long.text


def test_repeated_parts_count_once() -> None:
    assert texts("1、高温合金叶片铸造工艺；2、高温合金叶片铸造工艺；3、叶片无损检测方法") == [
        "高温合金叶片铸造工艺",
        "叶片无损检测方法",
    ]


def test_more_parts_than_the_limit_are_joined_not_dropped() -> None:
    items = [f"第{n}号传感器芯片封装工艺" for n in "甲乙丙丁戊己庚"]
    problem = "\n".join(f"{n}、{item}" for n, item in enumerate(items, 1))
    parts = texts(problem, limit=3)
    assert len(parts) == 3
    assert "；".join(parts) == "；".join(items)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        split_problem("材料", limit=0)


@given(st.text(alphabet="需求内容预期目标：；。、12（）\n 公司材料abc", max_size=200), st.integers(1, 5))
def test_any_text_gives_numbered_distinct_parts_within_the_limit(problem: str, limit: int) -> None:
    parts = split_problem(problem, title="题", limit=limit)
    assert 1 <= len(parts) <= limit
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert all(part.text.strip() for part in parts)


def test_every_real_requirement_has_parts(shared_data: Path) -> None:
    with (shared_data / "requirements" / "requirements.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader((line.replace("' , '", "','") for line in lines), quotechar="'"))
    parts = [split_problem(row[2].replace("\\n", "\n"), title=row[1]) for row in rows]
    assert len(parts) == 371
    assert all(1 <= len(found) <= 12 for found in parts)
    # Most real requirements name several things to be solved; few are a single sentence.
    assert sum(len(found) > 1 for found in parts) > 200
