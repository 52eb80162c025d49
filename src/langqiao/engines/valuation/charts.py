"""Tornado, distribution and ranges as inline SVG: no script, colours by class, title and description.

Every shape has a class (``lq-chart-…``) that a style sheet may colour; the attribute beside it names a
token of the design with a fallback, so that a printed file without the style sheet looks the same.
Nothing is told by colour alone: the low side of a bar is hollow, the high side filled, and marks have
words. Texts come from the caller, who also writes numbers in the reader's language. The view box is as
wide as asked: give about the width in pixels at which the chart is shown, so that letters keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from .types import Histogram, Range

_PAD = 10.0
_ROW = 46.0  # a line of text and a bar below it
_BAR = 14.0
_AXIS = 44.0

_INK = "var(--lq-ink, #16242e)"
_MUTED = "var(--lq-muted, #5b6b76)"
_LINE = "var(--lq-line, #ddd8cc)"
_SURFACE = "var(--lq-surface, #ffffff)"
_HIGH = "var(--lq-water, #0e6e78)"
_LOW = "var(--lq-score-meaning, #c98a1b)"
_MARK = "var(--lq-vermilion, #c8452c)"


def plain(value: float) -> str:
    """A number with groups of three and as many decimals as it needs, at most two.

    >>> plain(12345.6), plain(0.5)
    ('12,346', '0.5')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a chart.

    Attributes:
        ident: identifier, unique on the page.
        title: what is shown, for those who do not see it.
        description: the finding in a sentence or two, for the same readers.
        unit: written at the end of the axis.
        width: of the view box.
        number: writes a number of the axis.
    """

    ident: str
    title: str
    description: str
    unit: str
    width: float = 640.0
    number: Callable[[float], str] = plain


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the tornado: the input's name, its low → high in words, and the values at both."""

    label: str
    note: str
    at_low: float
    at_high: float


@dataclass(frozen=True, slots=True)
class Span:
    """One line of the ranges: a method's name, a note (its weight), its range; ``whole`` for all of them."""

    label: str
    note: str
    range: Range
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places between ``left`` and ``right``."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """The place of a value; what lies outside is put at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)


def ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Round numbers (1, 2, 5 · 10ⁿ apart) that lie between low and high, at most ``most``.

    >>> ticks(-3, 11)
    (0.0, 5.0, 10.0)

    Raises:
        ValueError: ``high`` is not above ``low``.
    """
    if not high > low:
        raise ValueError("high must lie above low")
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (1, 2, 5, 10, 20):
        size = step * power
        first, last = math.ceil(low / size), math.floor(high / size)
        if last - first < most:
            return tuple(at * size + 0.0 for at in range(first, last + 1))
    return ()


def tornado_svg(bars: Sequence[Bar], base: float, frame: Frame) -> str:
    """The tornado: one bar for each input, as they come, around the base value."""
    values = [base, *(bar.at_low for bar in bars), *(bar.at_high for bar in bars)]
    scale = _scale(values, frame)
    bottom = _PAD + _ROW * len(bars)
    parts = [_axis(scale, bottom, frame)]
    for at, bar in enumerate(bars):
        top = _PAD + _ROW * at
        parts.append(_label(bar.label, bar.note, top, frame))
        parts += [
            _rect(scale, base, bar.at_low, top + 22, "low", fill=_SURFACE, stroke=_LOW),
            _rect(scale, base, bar.at_high, top + 22, "high", fill=_HIGH, stroke=_HIGH),
        ]
    parts.append(_rule(scale(base), _PAD, bottom, "base", _MARK))
    return _svg(parts, bottom + _AXIS, frame)


def distribution_svg(
    histogram: Histogram, marks: Sequence[tuple[str, float]], frame: Frame, *, height: float = 180.0
) -> str:
    """The distribution of the simulation with named marks (P10, P50, P90, base)."""
    ends = (histogram.edges[0], histogram.edges[-1])
    scale = _scale([*ends, *(value for _, value in marks)], frame, margin=0.0)
    bottom = _PAD + 16.0 * len(marks) + height
    tallest = max(1, *histogram.counts)
    parts = [_axis(scale, bottom, frame)]
    for at, count in enumerate(histogram.counts):
        x0, x1 = scale(histogram.edges[at]), scale(histogram.edges[at + 1])
        tall = height * count / tallest
        wide = max(x1 - x0 - 0.5, 0.5)
        parts.append(
            _shape(
                "rect", "bin", x=x0, y=bottom - tall, width=wide, height=tall, fill=_HIGH, fill_opacity=0.5
            )
        )
    for at, (name, value) in enumerate(marks):
        x, y = scale(value), _PAD + 12.0 + 16.0 * at
        right = x > frame.width * 0.6
        words = f"{name} {frame.number(value)}"
        parts.append(_rule(x, y - 10, bottom, "mark", _INK))
        parts.append(_text(x + (-5 if right else 5), y, words, "mark", anchor="end" if right else "start"))
    return _svg(parts, bottom + _AXIS, frame)


def ranges_svg(spans: Sequence[Span], frame: Frame) -> str:
    """The ranges of all methods on one axis: a line from P10 to P90, a mark at P50."""
    values = [value for span in spans for value in (span.range.low, span.range.high)]
    scale = _scale(values, frame)
    bottom = _PAD + _ROW * len(spans)
    parts = [_axis(scale, bottom, frame)]
    for at, span in enumerate(spans):
        top = _PAD + _ROW * at
        y = top + 22 + _BAR / 2
        colour, kind, thick = (_MARK, "whole", 6) if span.whole else (_HIGH, "span", 4)
        x0, x1, x = (scale(value) for value in (span.range.low, span.range.high, span.range.middle))
        parts += [
            _label(span.label, span.note, top, frame),
            _shape("line", kind, x1=x0, x2=max(x1, x0 + 1), y1=y, y2=y, stroke=colour, stroke_width=thick),
            _shape("circle", kind, cx=x, cy=y, r=6, fill=_SURFACE, stroke=colour, stroke_width=3),
        ]
    return _svg(parts, bottom + _AXIS, frame)


def _scale(values: Sequence[float], frame: Frame, *, margin: float = 0.04) -> Scale:
    low, high = min(values), max(values)
    room = (high - low) * margin
    if high == low:
        room = max(1.0, abs(high) * 0.1)
    return Scale(low - room, high + room, _PAD + 6, frame.width - _PAD - 6)


def _axis(scale: Scale, bottom: float, frame: Frame) -> str:
    parts = [
        _shape("line", "axis", x1=scale.left, x2=scale.right, y1=bottom, y2=bottom, stroke=_LINE),
        _text(scale.right, bottom + 36, frame.unit, "unit", colour=_MUTED, anchor="end"),
    ]
    for value in ticks(scale.low, scale.high, 6 if frame.width >= 480 else 5):
        x = scale(value)
        parts += [
            _shape("line", "grid", x1=x, x2=x, y1=_PAD, y2=bottom + 4, stroke=_LINE),
            _text(x, bottom + 18, frame.number(value), "tick", colour=_MUTED, anchor="middle"),
        ]
    return "".join(parts)


def _label(label: str, note: str, top: float, frame: Frame) -> str:
    left = _text(_PAD, top + 15, label, "label")
    return left + _text(frame.width - _PAD, top + 15, note, "note", colour=_MUTED, anchor="end")


def _rect(scale: Scale, base: float, value: float, y: float, kind: str, *, fill: str, stroke: str) -> str:
    x0, x1 = sorted((scale(base), scale(value)))
    wide = max(x1 - x0, 0.5)
    return _shape(
        "rect", kind, x=x0, y=y, width=wide, height=_BAR, fill=fill, stroke=stroke, stroke_width=1.5
    )


def _rule(x: float, top: float, bottom: float, kind: str, colour: str) -> str:
    return _shape("line", kind, x1=x, x2=x, y1=top, y2=bottom, stroke=colour, stroke_dasharray="4 3")


def _text(x: float, y: float, text: str, kind: str, *, colour: str = _INK, anchor: str = "start") -> str:
    return _shape("text", kind, text, x=x, y=y, fill=colour, font_size=13, text_anchor=anchor)


def _shape(name: str, kind: str, text: str = "", **attributes: float | str) -> str:
    """One element with its class; numbers to a tenth, underscores of attributes as hyphens."""
    written = "".join(
        f' {key.replace("_", "-")}="{value if isinstance(value, str) else f"{value:.1f}"}"'
        for key, value in attributes.items()
    )
    return f'<{name} class="lq-chart-{kind}"{written}>{escape(text)}</{name}>'


def _svg(parts: Sequence[str], height: float, frame: Frame) -> str:
    ident = escape(frame.ident)
    return (
        f'<svg class="lq-chart" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-labelledby="{ident}-title {ident}-desc" viewBox="0 0 {frame.width:.0f} {height:.0f}">'
        f'<title id="{ident}-title">{escape(frame.title)}</title>'
        f'<desc id="{ident}-desc">{escape(frame.description)}</desc>{"".join(parts)}</svg>'
    )
