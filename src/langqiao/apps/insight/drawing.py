"""The series of an indicator as a line drawing: coordinates for an SVG, nothing of a template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

from langqiao.apps.insight import shown_words
from langqiao.apps.insight.domain.scopes import Scope
from langqiao.apps.insight.queries.indicators import Cell

WIDTH, HEIGHT = 640.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 24.0, 36.0, 36.0  # the unit stands above the axis
_TICKS = 4
LINES_AT_MOST = 9  # the nine cities; more lines cannot be told apart
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Point:
    """A value at its place."""

    x: float
    y: float
    period: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one scope; ``hue`` numbers its colour, ``path`` is the SVG path through them."""

    name: str
    hue: int
    path: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines with their axes; ``unit`` is the values', ``left_out`` scopes have no line of their own."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    left_out: int
    unit: str = ""


def draw_series(
    found: Sequence[Cell], names: Mapping[Scope, str], hues: Mapping[Scope, int], unit: str = ""
) -> Drawing | None:
    """Draw the values that count; None when there is no scope with two periods.

    The corridor and the nation dwarf the cities, so scopes of a kind are drawn together: those with
    most points first. The vertical axis begins at zero unless a value is negative. Values are drawn
    in the reader's unit; ``unit`` is the one they are stored in.
    """
    by_scope: dict[Scope, list[Cell]] = {}
    for cell in found:
        by_scope.setdefault(cell.scope, []).append(cell)
    several = {scope: cells for scope, cells in by_scope.items() if len(cells) > 1}
    if not several:
        return None
    kind = max(several, key=lambda scope: sum(other[0] == scope[0] for other in several))[0]
    of_kind = {scope: cells for scope, cells in several.items() if scope[0] == kind}
    largest = sorted(of_kind, key=lambda scope: -max(float(cell.best.value) for cell in of_kind[scope]))
    drawn = largest[:LINES_AT_MOST]
    shown = [cell for scope in drawn for cell in of_kind[scope]]
    times = sorted({cell.period: when(cell.period) for cell in shown}.items(), key=lambda pair: pair[1])
    first, last = times[0][1], times[-1][1]
    figures = [_height(cell, unit) for cell in shown]
    marks = scale(min(0.0, *figures), max(0.0, *figures))
    low, high = marks[0], marks[-1]

    def across(time: float) -> float:
        part = (time - first) / (last - first) if last > first else 0.5
        return round(_LEFT + part * (WIDTH - _LEFT - _RIGHT), 1)

    def up(value: float) -> float:
        part = (value - low) / (high - low)
        return round(HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM), 1)

    lines = []
    for place, scope in enumerate(drawn):
        ordered = sorted(of_kind[scope], key=lambda cell: when(cell.period))
        points = tuple(
            Point(
                across(when(cell.period)),
                up(_height(cell, unit)),
                cell.period,
                f"{shown_words.scaled(cell.best.value, unit).normalize():,f}",
            )
            for cell in ordered
        )
        path = "M" + " L".join(f"{point.x} {point.y}" for point in points)
        lines.append(Line(names.get(scope, scope[1]), hues.get(scope, place) % LINES_AT_MOST, path, points))
    step = max(1, -(-len(times) // 8))
    return Drawing(
        WIDTH,
        HEIGHT,
        _LEFT,
        WIDTH - _RIGHT,
        HEIGHT - _BOTTOM,
        tuple(lines),
        tuple(Tick(across(time), period) for period, time in times[::step]),
        tuple(Tick(up(mark), f"{mark:,g}") for mark in marks),
        len(by_scope) - len(drawn),
        shown_words.unit(unit),
    )


def _height(cell: Cell, unit: str) -> float:
    return float(shown_words.scaled(cell.best.value, unit))


def when(period: str) -> float:
    """The middle of a period as a year with a fraction.

    >>> when("2022"), when("2022-Q1"), round(when("2021-01/09"), 3)
    (2022.5, 2022.125, 2021.375)
    """
    year = float(period[:4])
    if match := re.fullmatch(r"\d{4}-Q([1-4])", period):
        return year + (int(match[1]) - 0.5) / 4
    if match := re.fullmatch(r"\d{4}-H([12])", period):
        return year + (int(match[1]) - 0.5) / 2
    if match := re.fullmatch(r"\d{4}-(\d\d)/(\d\d)", period):
        return year + (int(match[1]) - 1 + int(match[2])) / (2 * _MONTHS)
    if match := re.fullmatch(r"\d{4}-(\d\d)(?:-(\d\d))?", period):
        day = int(match[2]) / 31 if match[2] else 0.5
        return year + (int(match[1]) - 1 + day) / _MONTHS
    return year + 0.5


def scale(low: float, high: float) -> list[float]:
    """Round marks from at most ``low`` to at least ``high``.

    >>> scale(0, 24653.4)
    [0.0, 10000.0, 20000.0, 30000.0]
    """
    span = (high - low) or 1.0
    rough = span / _TICKS
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    marks = [floor(low / step) * step]
    while marks[-1] < high:
        marks.append(round(marks[-1] + step, 10))
    return marks
