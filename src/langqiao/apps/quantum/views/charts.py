"""A link's end over time as points of an SVG (drawn by the template): 720 × 240, in its own units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from langqiao.apps.quantum.models import Reading

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 12.0, 12.0, 32.0
TICKS = 4
FULL = 100.0
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # between marks of an error rate, per cent
ROWS_AT_MOST = 5
ROOM = 1.15  # above the highest of what is drawn


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines of a figure in per cent, broken where the KME did not answer; silences; perhaps a limit."""

    lines: tuple[str, ...]
    silences: tuple[float, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    limit: Tick | None = None
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


def level_chart(series: Sequence[Reading]) -> Chart | None:
    """How full the pool was, of readings in order of time; None for fewer than two."""
    if len(series) < 2:
        return None
    return _chart(series, lambda reading: reading.level, top=FULL, rows=(0.0, 20.0, 50.0, FULL))


def error_chart(series: Sequence[Reading], *, limit: float) -> Chart | None:
    """The quantum bit error rate of the same readings, on the same axis of time.

    Args:
        series: readings in order of time; those without an error rate are passed over.
        limit: where key ends, a fraction; drawn as a line.

    Returns:
        None for fewer than two error rates.
    """
    values = [FULL * one.qber for one in series if one.qber is not None]
    if len(values) < 2:
        return None
    high = ROOM * max(FULL * limit, *values)
    step = next(one for one in STEPS if high / one <= ROWS_AT_MOST)
    count = math.ceil(high / step)
    return _chart(
        series,
        lambda reading: None if reading.qber is None else FULL * reading.qber,
        top=count * step,
        rows=tuple(number * step for number in range(count + 1)),
        limit=FULL * limit,
    )


def _chart(
    series: Sequence[Reading],
    value_of: Callable[[Reading], float | None],
    *,
    top: float,
    rows: tuple[float, ...],
    limit: float | None = None,
) -> Chart:
    first, last = series[0].at, series[-1].at
    length = max((last - first).total_seconds(), 1.0)

    def x(at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at / length, 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top), 1)

    lines: list[str] = []
    line: list[str] = []
    silences = []
    for reading in series:
        at, value = x((reading.at - first).total_seconds()), value_of(reading)
        if not reading.reachable:
            silences.append(at)
            lines.append(" ".join(line))
            line = []
        elif value is not None:
            line.append(f"{at:g},{y(value):g}")
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
        rows=tuple(Tick(y(value), f"{value:.3g}%") for value in rows),
        columns=tuple(columns),
        limit=None if limit is None else Tick(y(limit), f"{limit:.2f}%"),
    )
