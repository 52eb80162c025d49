"""Panels of provinces: damaged names repaired, told, and nothing lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.engines.regional import BadInput, Data
from langqiao.engines.regional.methods import run
from langqiao.engines.regional.panel import (
    BELTS,
    CAPITALS,
    COLUMNS,
    PROVINCES,
    belt,
    read_panel,
    repair_name,
)

HEAD = "\t".join(COLUMNS)


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    return path


def line(province: str, *, year: str = "2014", value: str = "1.5", source: str = "a.xlsx") -> str:
    return f"{province}\t{year}\t合计\t{value}\t件\tv1\t{source}"


@pytest.mark.parametrize(
    ("wrong", "right", "why"),
    [
        ("安徽", "安徽", ""),
        ("全   国", "全国", "spaces"),
        ("内蒙 古", "内蒙古", "spaces"),
        ("内蒙占", "内蒙古", "占 read for 古"),
        ("两藏", "西藏", "两 read for 西"),
        ("四藏", "西藏", "四 read for 西"),
        ("江两", "江西", "两 read for 西"),
        ("江四", "江西", "四 read for 西"),
        ("山两", "山西", "两 read for 西"),
        ("浙汀", "浙江", "汀 read for 江"),
        ("尔部地区", "", "the group 东部地区"),
        ("东部地区", "", "the group 东部地区"),
        ("东南", "", "no province"),
        ("山X", "", "no province"),
        ("", "", "no province"),
    ],
)
def test_names(wrong: str, right: str, why: str) -> None:
    found, reason = repair_name(wrong)
    assert found == right
    assert why in reason


def test_provinces_belts_and_capitals_are_the_same_31() -> None:
    assert len(PROVINCES) == 31
    assert sorted(name for members in BELTS.values() for name in members) == sorted(PROVINCES)
    assert sorted(CAPITALS) == sorted(PROVINCES)
    assert belt("安徽") == "中部"
    with pytest.raises(BadInput, match="not a province"):
        belt("全国")


def test_a_repair_is_reported_and_nothing_is_lost(tmp_path: Path) -> None:
    panel = read_panel(
        write(
            tmp_path / "p.tsv",
            line("安徽"),
            line("两藏"),
            line("全   国"),
            line("尔部地区"),
            line("浙江", value=""),
            line("河南", year="20x4"),
            line("河北", value="many"),
            "短\t行",
        )
    )
    assert [(row.province, row.value) for row in panel.rows] == [
        ("安徽", 1.5), ("西藏", 1.5), ("全国", 1.5), ("浙江", None),
    ]  # fmt: skip
    assert [(r.wrong, r.right, r.count) for r in panel.repairs] == [
        ("两藏", "西藏", 1),
        ("全   国", "全国", 1),
    ]
    assert [(row.line, row.name) for row in panel.aside] == [
        (5, "尔部地区"), (7, "河南"), (8, "河北"), (9, "短"),
    ]  # fmt: skip
    assert panel.read == len(panel.rows) + len(panel.aside) == 8
    assert panel.to_json()["set_aside"][0]["row"][3] == "1.5"


def test_a_name_is_not_repaired_onto_a_row_that_is_there(tmp_path: Path) -> None:
    panel = read_panel(write(tmp_path / "p.tsv", line("西藏"), line("两藏"), line("两藏", year="2015")))
    assert [row.year for row in panel.rows] == [2014, 2015]
    assert panel.aside[0].why == "its table has a row of 西藏 already"


def test_doubles_and_units_are_counted(tmp_path: Path) -> None:
    panel = read_panel(
        write(
            tmp_path / "p.tsv",
            line("安徽"),
            line("安徽", source="b.xlsx"),
            line("河南"),
            line("河南", source="b.xlsx", value="2"),
            line("河北").replace("件", "万元"),
        )
    )
    assert (panel.repeated, panel.conflicts) == (1, 1)
    assert panel.units == {"v1": {"件": 4, "万元": 1}}
    assert panel.slice("v1", 2014)["河南"] == 2
    with pytest.raises(BadInput, match="no figures"):
        panel.slice("v2", 2014)


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.tsv"
    bare.write_text("a\tb\n", "utf-8")
    with pytest.raises(BadInput, match="lacks the column province"):
        read_panel(bare)
    bare.write_bytes("省份".encode("gbk"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_panel(bare)


@given(st.text(max_size=6))
def test_any_name_is_a_province_or_set_aside(name: str) -> None:
    right, why = repair_name(name)
    assert right in (*PROVINCES, "全国", "")
    assert right or why


def test_the_real_panel_is_repaired_with_nothing_lost(shared_data: Path) -> None:
    file = shared_data / "province_panel" / "techme.tsv"
    panel = read_panel(file)
    with file.open(encoding="utf-8") as lines:
        raw = Counter(row.split("\t")[0] for row in list(lines)[1:])
    assert panel.read == sum(raw.values()) == 26_199
    assert len(panel.rows) + len(panel.aside) == panel.read
    assert {row.name for row in panel.aside} == {"尔部地区"}
    assert len(panel.aside) == 4
    assert {(r.wrong, r.right): r.count for r in panel.repairs if " " not in r.wrong} == {
        ("内蒙占", "内蒙古"): 5, ("两藏", "西藏"): 6, ("四藏", "西藏"): 4, ("江两", "江西"): 4,
        ("江四", "江西"): 4, ("山两", "山西"): 4, ("浙汀", "浙江"): 4,
    }  # fmt: skip
    for repair in panel.repairs:
        assert raw[repair.wrong] == repair.count
    assert {row.province for row in panel.rows} == {*PROVINCES, "全国"}


@pytest.mark.slow
def test_methods_on_a_panel_that_is_large_enough(shared_data: Path) -> None:
    panel = read_panel(shared_data / "province_panel" / "techme.tsv")
    names, figures = panel.matrix(["v4_zh_nbzc_hj"], 2018)
    data = Data(
        names,
        ("v4_zh_nbzc_hj",),
        figures,
        groups=tuple(belt(name) for name in names),
        places=np.array([CAPITALS[name] for name in names]),
    )
    assert len(names) == 31
    parts = run("theil", data).values
    assert parts["total"] == pytest.approx(parts["within"] + parts["between"])
    gini = run("dagum", data)
    assert gini.values["total"] == pytest.approx(
        gini.values["within"] + gini.values["between"] + gini.values["overlap"]
    )
    assert gini.warnings == ()
    spatial = run("moran", data)
    assert spatial.warnings == ()
    assert spatial.values["i"] > 0  # research spending clusters along the coast
