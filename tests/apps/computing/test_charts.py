"""The band of a plan as points: levels by month, round marks."""

from __future__ import annotations

import pytest

from langqiao.apps.computing.views.charts import HEIGHT, LEFT, RIGHT, WIDTH, chart_of, round_step
from langqiao.engines.scheduling.campus import Changes, Demand, Hall, plan
from tests.engines.scheduling.campus.scene import START, site, standing


@pytest.mark.parametrize(
    ("most", "step"), [(1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (900, 200), (2300, 500), (1e9, 2e8)]
)
def test_marks_are_round(most: float, step: float) -> None:
    assert round_step(most) == step


def test_a_month_is_a_level() -> None:
    campus = site(standing(Hall("A", 10)), demand=(Demand("a", 20, START + 1),))
    base = plan(campus, start=START, months=2)
    found = plan(campus, start=START, months=2, changes=Changes(arrivals=(Demand("x", 20, START),)))
    chart = chart_of(found, base)
    # Capacity 80 of a top of 80: the upper edge, from the left to the right of the drawing.
    assert chart.middle == f"{LEFT:g},12 386,12 386,12 {WIDTH - RIGHT:g},12"
    # 20 of 80, then 40 of 80.
    assert chart.demand == "64,189 386,189 386,130 708,130"
    assert chart.before == chart.middle
    assert [tick.label for tick in chart.rows] == ["0", "20", "40", "60", "80"]
    assert [tick.label for tick in chart.columns] == ["2027-01", "2027-02"]
    assert chart.bottom == HEIGHT - 32
    assert chart_of(base, None).before == ""
