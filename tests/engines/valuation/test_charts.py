"""Charts: well-formed, told in words, true to the figures, the same for the same input."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.engines.valuation import Range, appraise
from langqiao.engines.valuation.charts import (
    Bar,
    Frame,
    Scale,
    Span,
    distribution_svg,
    plain,
    ranges_svg,
    ticks,
    tornado_svg,
)

from .cases import full_study

SVG = "{http://www.w3.org/2000/svg}"
FRAME = Frame("chart", "敏感性 <甲>", "影响最大的是“许可费率”。", "万元")


def shapes(svg: str, kind: str) -> list[dict[str, str]]:
    return [node.attrib for node in ET.fromstring(svg).iter() if node.get("class") == f"lq-chart-{kind}"]


def test_the_tornado_shows_both_sides_of_every_bar() -> None:
    svg = tornado_svg([Bar("许可费率", "3% → 8%", 60, 160), Bar("折现率", "12% → 20%", 120, 80)], 100, FRAME)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "chart-title chart-desc"
    assert root.find(f"{SVG}title").text == "敏感性 <甲>"
    assert root.find(f"{SVG}desc").text == FRAME.description
    (base,) = shapes(svg, "base")
    place = float(base["x1"])
    low, high = shapes(svg, "low"), shapes(svg, "high")
    # The royalty's low lies left of the base, the discount rate's right of it.
    assert float(low[0]["x"]) + float(low[0]["width"]) == pytest.approx(place, abs=0.11)
    assert float(low[1]["x"]) == pytest.approx(place, abs=0.11)
    assert float(high[0]["width"]) == pytest.approx(float(low[0]["width"]) * 60 / 40, abs=0.2)
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert {"许可费率", "3% → 8%", "折现率", "12% → 20%", "万元"} <= set(texts)


def test_the_distribution_stands_on_its_axis_and_names_its_marks() -> None:
    found = appraise(full_study()).estimates[0]
    marks = [("P10", found.range.low), ("P50", found.range.middle), ("P90", found.range.high)]
    svg = distribution_svg(found.histogram, marks, FRAME)
    bins = shapes(svg, "bin")
    assert len(bins) == len(found.histogram.counts)
    feet = {round(float(shape["y"]) + float(shape["height"]), 0) for shape in bins}
    assert len(feet) == 1
    assert max(float(shape["height"]) for shape in bins) == pytest.approx(180)
    words = [node.text for node in ET.fromstring(svg).iter(f"{SVG}text")]
    assert f"P50 {plain(found.range.middle)}" in words


def test_the_ranges_share_one_axis() -> None:
    spans = [Span("现金流折现", "50%", Range(0, 5, 10)), Span("综合", "", Range(5, 10, 20), whole=True)]
    svg = ranges_svg(spans, FRAME)
    line, dot = shapes(svg, "span")
    whole, middle = shapes(svg, "whole")
    assert float(whole["x1"]) == pytest.approx(float(dot["cx"]), abs=0.11)
    assert float(middle["cx"]) == pytest.approx(float(line["x2"]), abs=0.11)


def test_no_script_no_style_sheet_and_only_known_colours() -> None:
    svg = tornado_svg([Bar("<script>alert(1)</script>", '"', 1, 2)], 1.5, FRAME)
    assert "<script" not in svg
    assert "<style" not in svg
    fills = {
        value for node in ET.fromstring(svg).iter() for key in ("fill", "stroke") if (value := node.get(key))
    }
    assert all(fill.startswith("var(--lq-") for fill in fills)


def test_equal_values_still_have_an_axis() -> None:
    assert ET.fromstring(tornado_svg([Bar("甲", "", 5, 5)], 5, FRAME)) is not None
    assert ET.fromstring(ranges_svg([Span("甲", "", Range(0, 0, 0))], FRAME)) is not None


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.integers(2, 8))
def test_ticks_are_few_and_within(low: float, width: float, most: int) -> None:
    high = low + width
    if not high > low:
        return
    found = ticks(low, high, most)
    assert 1 <= len(found) <= most
    assert all(low - 1e-6 * width <= tick <= high + 1e-6 * width for tick in found)


def test_ticks_need_room() -> None:
    with pytest.raises(ValueError, match="above low"):
        ticks(1, 1)


def test_scales_keep_to_their_edges() -> None:
    scale = Scale(0, 10, 100, 200)
    assert [scale(value) for value in (-5, 0, 5, 10, 50)] == [100, 100, 150, 200, 200]
