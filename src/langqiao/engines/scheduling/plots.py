"""Curves as SVG: a measure against the arrived demand, one line a policy (Weng et al., figures 7 and 9)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's colours, which people with impaired colour vision can tell apart."""
DASHES = ("", "6 3", "2 3", "8 3 2 3", "", "6 3", "2 3")
WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 52
TICKS = 6


def curves(
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    *,
    title: str,
    x_label: str,
    y_label: str,
) -> str:
    """An SVG picture with the points of each line joined.

    Args:
        x: rising values that all lines share, at least two.
        lines: name of each line and its values, as many as ``x``.
        title, x_label, y_label: words beside it, with units.

    Raises:
        ValueError: too few points, or a line of another length.
    """
    if len(x) < 2 or not lines or any(len(values) != len(x) for values in lines.values()):
        raise ValueError("curves need two points or more, and one value of each line for each of them")
    x_ticks = _ticks(min(x), max(x))
    y_ticks = _ticks(min(map(min, lines.values())), max(map(max, lines.values())))
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def across(value: float) -> float:
        return LEFT + plot_width * (value - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])

    def down(value: float) -> float:
        return TOP + plot_height * (1.0 - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]))

    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(WIDTH / 2, 22, title, anchor="middle", size=14),
    ]
    for tick in x_ticks:
        at = across(tick)
        parts += [
            f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#dddddd"/>',
            _text(at, HEIGHT - BOTTOM + 18, f"{tick:g}", anchor="middle"),
        ]
    for tick in y_ticks:
        at = down(tick)
        parts += [
            f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>',
            _text(LEFT - 8, at + 4, f"{tick:g}", anchor="end"),
        ]
    parts.append(_text(LEFT + plot_width / 2, HEIGHT - 12, x_label, anchor="middle"))
    turned = f'transform="rotate(-90 16 {TOP + plot_height / 2})"'
    parts.append(_text(16, TOP + plot_height / 2, y_label, anchor="middle", more=turned))
    for at, (name, values) in enumerate(lines.items()):
        colour, dash = COLOURS[at % len(COLOURS)], DASHES[at % len(DASHES)]
        style = f'stroke="{colour}" stroke-width="2" fill="none" stroke-dasharray="{dash or "none"}"'
        points = " ".join(f"{across(a):.1f},{down(b):.1f}" for a, b in zip(x, values, strict=True))
        level = TOP + 10 + 20 * at
        parts += [
            f'<polyline points="{points}" {style}/>',
            f'<path d="M{WIDTH - RIGHT + 12} {level}h28" {style}/>',
            _text(WIDTH - RIGHT + 46, level + 4, name),
        ]
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#222222" {more}>'
        f"{escape(words)}</text>"
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round values that enclose two others, about ``TICKS`` of them."""
    span = high - low if high > low else max(abs(high), 1.0)
    rough = span / (TICKS - 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * at for at in range(first, max(last, first + 1) + 1)]
