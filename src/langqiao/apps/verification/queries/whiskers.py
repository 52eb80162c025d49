"""Dots with whiskers (点与区间): where a score and its interval lie on a common scale, for small drawings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

_HEAD = (
    '<svg class="lq-whisker" viewBox="0 0 100 16" role="img" aria-label="{words}" preserveAspectRatio="none">'
    '<title>{words}</title><line class="is-axis" x1="4" x2="96" y1="8" y2="8"/>'
)
_RANGE = '<line class="is-range" x1="{left}" x2="{right}" y1="8" y2="8"/>'
_MARKS = (
    '<line class="is-beside" x1="{beside}" x2="{beside}" y1="2" y2="14"/>'
    '<line class="is-dot" x1="{dot}" x2="{dot}" y1="8" y2="8"/></svg>'
)
_RANGED, _BARE = _HEAD + _RANGE + _MARKS, _HEAD + _MARKS
WIDTH = 100.0  # of the drawing, in its own units
EDGE = 4.0  # kept free at both ends, so that a dot on the edge is whole


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores at the left and right end of the drawings of a page."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> Self:
        """The scale that holds all values; one point wide where they are all one."""
        known = [value for value in values if value is not None] or [0.0]
        low, high = min(known), max(known)
        return cls(low, high) if high > low else cls(low - 0.5, high + 0.5)

    @classmethod
    def around_zero(cls, values: Iterable[float | None]) -> Self:
        """The same with zero in the middle."""
        widest = max((abs(value) for value in values if value is not None), default=0.0) or 0.5
        return cls(-widest, widest)

    def at(self, value: float) -> float:
        """Where a value lies, in units of the drawing."""
        share = (value - self.low) / (self.high - self.low)
        return round(EDGE + (WIDTH - 2 * EDGE) * share, 2)


@dataclass(frozen=True, slots=True)
class Whisker:
    """A dot, its whisker (``left`` to ``right``, None without an interval), a mark beside, all in words."""

    dot: float
    left: float | None
    right: float | None
    beside: float
    words: str

    def svg(self) -> SafeString:
        """The drawing: the line is the interval, the dot the score, the upright mark what stands beside."""
        has_range = self.left is not None
        return format_html(
            _RANGED if has_range else _BARE,
            words=self.words,
            dot=self.dot,
            beside=self.beside,
            left=self.left,
            right=self.right,
        )


def whisker(scale: Scale, value: float, low: float | None, high: float | None, *, beside: float) -> Whisker:
    """The drawing of a value with its interval; ``beside`` is marked as well, such as the raw mean."""
    dot, mark = scale.at(value), scale.at(beside)
    if low is None or high is None:
        words = _("%(value)s，没有区间；对照 %(beside)s") % {
            "value": f"{value:.1f}",
            "beside": f"{beside:.1f}",
        }
        return Whisker(dot, None, None, mark, words)
    words = _("%(value)s，区间 %(low)s 至 %(high)s；对照 %(beside)s") % {
        "value": f"{value:.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}", "beside": f"{beside:.1f}",
    }  # fmt: skip
    return Whisker(dot, scale.at(low), scale.at(high), mark, words)
