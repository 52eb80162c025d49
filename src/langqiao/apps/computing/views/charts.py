"""The band of a capacity plan as points of an SVG (drawn by the template): 720 × 280, in its own units."""

from __future__ import annotations

from dataclasses import dataclass

from langqiao.engines.scheduling.campus import Plan, month_text

WIDTH, HEIGHT = 720.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 12.0, 32.0
TICKS_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Points of the band, its middle, what is promised, and the axes."""

    band: str
    middle: str
    demand: str
    before: str
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM


def round_step(most: float) -> float:
    """A round distance between marks, so that at most six fit below ``most``."""
    step = 1.0
    while most / step > TICKS_AT_MOST - 1:
        for factor in (2.0, 2.5, 2.0):
            step *= factor
            if most / step <= TICKS_AT_MOST - 1:
                break
    return step


def chart_of(plan: Plan, base: Plan | None) -> Chart:
    """The chart of a plan; ``base`` adds the middle line before the changes."""
    most = max(1.0, *(max(row.capacity.high, row.demand) for row in (*plan.months, *(base or plan).months)))
    step = round_step(most)
    top = step * -(-most // step)
    count = len(plan.months)
    width = (WIDTH - LEFT - RIGHT) / count
    height = HEIGHT - TOP - BOTTOM

    def y(value: float) -> float:
        return round(TOP + height * (1 - value / top), 1)

    def steps(values: list[float]) -> list[tuple[float, float]]:
        """A month is a level from its left to its right edge."""
        points = []
        for i, value in enumerate(values):
            points += [(round(LEFT + i * width, 1), y(value)), (round(LEFT + (i + 1) * width, 1), y(value))]
        return points

    def text(points: list[tuple[float, float]]) -> str:
        return " ".join(f"{px:g},{py:g}" for px, py in points)

    high = steps([row.capacity.high for row in plan.months])
    low = steps([row.capacity.low for row in plan.months])
    every = max(1, -(-count // TICKS_AT_MOST))
    return Chart(
        band=text(high + low[::-1]),
        middle=text(steps([row.capacity.middle for row in plan.months])),
        demand=text(steps([float(row.demand) for row in plan.months])),
        before=text(steps([row.capacity.middle for row in base.months])) if base else "",
        rows=tuple(Tick(y(i * step), f"{i * step:,.0f}") for i in range(int(top // step) + 1)),
        columns=tuple(
            Tick(round(LEFT + i * width, 1), month_text(plan.months[i].month)) for i in range(0, count, every)
        ),
    )
