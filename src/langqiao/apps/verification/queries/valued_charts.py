"""The charts of a valuation, drawn by the engine with our words, each for a desk and for a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from langqiao.apps.verification.domain.valuation import terms
from langqiao.apps.verification.queries.valued_parts import amount, between, money_number, money_unit
from langqiao.engines.valuation import Method, Range
from langqiao.engines.valuation.charts import Bar, Frame, Span, distribution_svg, ranges_svg, tornado_svg
from langqiao.engines.valuation.types import Histogram
from langqiao.kit.words import listed

WIDE, NARROW = 640.0, 340.0
MOST_BARS = 12
NAMED_BARS = 3


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in two widths, for a desk and for a phone."""

    wide: SafeString
    narrow: SafeString


@dataclass(frozen=True, slots=True)
class SwingShown:
    """One line of the tornado: the input, its low and high in words, the values at both in 万元."""

    label: str
    note: str
    at_low: float
    at_high: float

    @property
    def swing(self) -> str:
        """The length of the bar as money."""
        return amount(abs(self.at_high - self.at_low))


def _axis_number(value: float) -> str:
    number = money_number(value)
    return terms.plain(round(number, 2) if abs(number) >= 1 else number)


def _frame(ident: str, title: str, description: str, width: float) -> Frame:
    return Frame(ident, title, description, money_unit(), width, _axis_number)


def _both(draw: Callable[[Frame], str], ident: str, title: str, description: str) -> Chart:
    drawn = [
        mark_safe(draw(_frame(f"{ident}-{name}", title, description, width)))  # noqa: S308  the engine escapes
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    ]
    return Chart(*drawn)


def tornado(method: Method, label: str, bars: Sequence[SwingShown], base: float) -> Chart:
    """The inputs that move the value most, the widest on top."""
    title = _("%(method)s：各参数单独变动的影响") % {"method": label}
    top = listed(
        _("%(label)s（%(low)s 至 %(high)s）")
        % {"label": bar.label, "low": amount(bar.at_low), "high": amount(bar.at_high)}
        for bar in bars[:NAMED_BARS]
    )
    words = _("影响最大的是：%(top)s。") % {"top": top}
    rows = [Bar(bar.label, bar.note, bar.at_low, bar.at_high) for bar in bars[:MOST_BARS]]
    return _both(lambda frame: tornado_svg(rows, base, frame), f"tornado-{method}", title, words)


def distribution(method: Method, label: str, found: Range, data: Mapping[str, Any]) -> Chart:
    """How the simulated values spread."""
    title = _("%(method)s：模拟结果的分布") % {"method": label}
    words = _("十分之八的结果在 %(range)s 之间，中位数 %(middle)s。") % {
        "range": between(found.low, found.high),
        "middle": amount(found.middle),
    }
    held = data["histogram"]
    bins = Histogram(tuple(held["edges"]), tuple(held["counts"]), held["below"], held["above"])
    marks = [("P10", found.low), ("P50", found.middle), ("P90", found.high), (_("基准"), data["base"])]
    return _both(lambda frame: distribution_svg(bins, marks, frame), f"spread-{method}", title, words)


def ranges(methods: Sequence[tuple[str, str, Range]], found: Range) -> Chart:
    """The ranges of all methods, by label, weight and range, and of the whole."""
    spans = [
        Span(
            label,
            _("权重 %(weight)s · %(range)s") % {"weight": weight, "range": between(one.low, one.high)},
            one,
        )
        for label, weight, one in methods
    ]
    spans.append(Span(_("综合"), between(found.low, found.high), found, whole=True))
    words = _("综合区间 %(range)s，中位数 %(middle)s。") % {
        "range": between(found.low, found.high),
        "middle": amount(found.middle),
    }
    return _both(lambda frame: ranges_svg(spans, frame), "ranges", _("各方法的区间（P10–P90）"), words)
