"""A key pool over time as points of an SVG (drawn by the template): 720 × 240, in its own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from langqiao.apps.quantum.models import Reading

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 12.0, 12.0, 32.0
TICKS = 4
FULL = 100.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines of a pool's level in per cent, broken where the KME did not answer; the places of silence."""

    lines: tuple[str, ...]
    silences: tuple[float, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


def series_chart(series: Sequence[Reading]) -> Chart | None:
    """The chart of readings in order of time; None for fewer than two."""
    if len(series) < 2:
        return None
    first, last = series[0].at, series[-1].at
    length = max((last - first).total_seconds(), 1.0)

    def x(at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at / length, 1)

    def y(level: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - level / FULL), 1)

    lines: list[str] = []
    line: list[str] = []
    silences = []
    for reading in series:
        at = x((reading.at - first).total_seconds())
        if reading.level is None:
            silences.append(at)
            lines.append(" ".join(line))
            line = []
        else:
            line.append(f"{at:g},{y(reading.level):g}")
    lines.append(" ".join(line))
    days = (last - first).days >= 2
    columns = []
    for step in range(TICKS + 1):
        at = length * step / TICKS
        moment = timezone.localtime(first + (last - first) * step / TICKS)
        columns.append(Tick(x(at), f"{moment:%m-%d}" if days else f"{moment:%H:%M}"))
    return Chart(
        lines=tuple(one for one in lines if one),
        silences=tuple(silences),
        rows=tuple(Tick(y(level), f"{level:g}%") for level in (0.0, 20.0, 50.0, 100.0)),
        columns=tuple(columns),
    )
