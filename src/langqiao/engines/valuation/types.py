"""What goes into a valuation and what comes out: inputs with their sources, ranges, cautions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Draws = Mapping[str, Vector]
"""Key of an input → its values, one for each draw; all of one length."""


class BadInput(ValueError):
    """An input that cannot be valued; the message is a sentence that names the field.

    Attributes:
        field: key of the input, as in :mod:`.fields`, or name of the attribute; read from data, the
            path to it comes before, as in ``cases.0.case.revenue.peak``.
        code: what is wrong in one word, for callers that say it in another language.
        facts: the figures of the sentence (limits, values).
    """

    def __init__(self, field: str, code: str, sentence: str, **facts: float | str) -> None:
        super().__init__(sentence)
        self.field = field
        self.code = code
        self.facts = facts


class Method(StrEnum):
    """The six methods of the three approaches (收益法、成本法、市场法), and the option."""

    DCF = "dcf"  # 现金流折现
    ROYALTY = "royalty"  # 许可费节省法
    SPLIT = "split"  # 收益分成率法
    COST = "cost"  # 成本法
    MARKET = "market"  # 市场法
    OPTION = "option"  # 实物期权


class Unit(StrEnum):
    """Units of inputs. Shares and rates are fractions: 0.12 is shown as 12 %."""

    WAN = "万元"
    WAN_A_YEAR = "万元/年"
    YEARS = "年"
    SHARE = "%"
    FACTOR = "倍"


class Shape(StrEnum):
    """How a value is spread between its three numbers.

    ``FIXED``: all three are equal. ``TRIANGULAR`` and ``PERT``: low and high are the ends, base the
    mode; PERT is the beta distribution with mean (low + 4·base + high) / 6 and thinner tails.
    ``LOGNORMAL``: low, base and high are P10, P50 and P90; each side of the median has its own spread,
    so that all three numbers hold, and the tails go on beyond them.
    """

    FIXED = "fixed"
    TRIANGULAR = "triangular"
    PERT = "pert"
    LOGNORMAL = "lognormal"


class Basis(StrEnum):
    """What stands behind a number."""

    PUBLISHED = "published"  # 公开资料: anyone can look it up
    REPORTED = "reported"  # 单位提供: books, contracts, records of the owner
    ASSUMED = "assumed"  # 假设: somebody's judgement


@dataclass(frozen=True, slots=True)
class Quantity:
    """One input as a range (参数区间) with its unit and what it rests on.

    ``source`` says where the three numbers come from, or why they were assumed.

    >>> Quantity.fixed(0.25, Unit.SHARE, "企业所得税法第四条", basis=Basis.PUBLISHED).high
    0.25

    Raises:
        BadInput: a number is not finite, the three are out of order, a fixed one has a range, a
            lognormal one is not positive, or the source is blank.
    """

    low: float
    base: float
    high: float
    unit: Unit
    source: str
    basis: Basis = Basis.ASSUMED
    shape: Shape = Shape.PERT

    def __post_init__(self) -> None:
        for name in ("low", "base", "high"):  # whole numbers too become fractions: 3 and 3.0 are one
            object.__setattr__(self, name, float(getattr(self, name)))
        numbers = (self.low, self.base, self.high)
        if not all(math.isfinite(number) for number in numbers):
            raise BadInput("quantity", "finite", "low, base and high must be finite numbers")
        if not self.low <= self.base <= self.high:
            raise BadInput(
                "quantity",
                "order",
                f"low, base and high must rise, not {self.low:g}, {self.base:g}, {self.high:g}",
                low=self.low,
                base=self.base,
                high=self.high,
            )
        if self.shape is Shape.FIXED and self.low != self.high:
            raise BadInput("quantity", "fixed", "a fixed value has no range: make low, base and high equal")
        if self.shape is Shape.LOGNORMAL and self.low <= 0:
            raise BadInput("quantity", "positive", "a lognormal value needs a low above zero")
        if self.shape is Shape.LOGNORMAL and self.high > 1000 * self.low:
            raise BadInput("quantity", "wide", "a lognormal value may reach at most 1000 times its low")
        if not self.source.strip():
            raise BadInput("quantity", "source", "say where the numbers come from, or why they are assumed")

    @classmethod
    def fixed(cls, value: float, unit: Unit, source: str, *, basis: Basis = Basis.ASSUMED) -> Quantity:
        """A value without a range, such as a tax rate."""
        return cls(value, value, value, unit, source, basis, Shape.FIXED)

    @property
    def certain(self) -> bool:
        """Whether the three numbers are one."""
        return self.low == self.high


class CautionCode(StrEnum):
    """What a reader has to know before using the figures; facts in parentheses."""

    WHOLE_PROJECT = "whole_project"  # the flows are the whole project's, nothing is taken off for others
    PROTECTION_ENDS = "protection_ends"  # the patent ends before the economic life (years, life)
    NO_PROTECTION = "no_protection"  # nothing limits the life in law
    FEW_COMPARABLES = "few_comparables"  # fewer than three (count)
    FAR_COMPARABLES = "far_comparables"  # one is adjusted by more than half (name, factor)
    OLD_COMPARABLES = "old_comparables"  # one is older than five years (name, years)
    COST_IS_NO_INCOME = "cost_is_no_income"  # what was spent says little of what it earns
    MAY_BE_NEGATIVE = "may_be_negative"  # share of draws below zero (share)
    BASE_OUTSIDE = "base_outside"  # the base case lies outside P10…P90 (base, low, high)
    MOSTLY_ASSUMED = "mostly_assumed"  # most inputs are assumptions (assumed, total)
    SINGLE_METHOD = "single_method"  # nothing to compare with
    DISJOINT = "disjoint"  # two ranges do not meet (first, second)
    FAR_APART = "far_apart"  # the highest middle is at least twice the lowest (ratio)
    IMPLIED_ROYALTY = "implied_royalty"  # split × margin is far from the royalty rate (implied, royalty)
    UNDERLYING_FROM_INCOME = "underlying_from_income"  # option and income method rest on the same flows


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning with the figures it speaks of; the page puts it into words."""

    code: CautionCode
    facts: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Range:
    """A value as a range: P10, P50 and P90, in 万元."""

    low: float
    middle: float
    high: float

    def meets(self, other: Range) -> bool:
        """Whether the two ranges share at least a point."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Swing:
    """One bar of the tornado: the value when one input goes to its low and high, all others at base.

    ``low`` and ``high`` are the input's numbers, ``at_low`` and ``at_high`` the values in 万元.
    """

    key: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """Length of the bar, 万元."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of draws in equal bins from the 0.5 % to the 99.5 % quantile, and beyond on both sides."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a working table: its label (a year, an item, a deal) and its figures."""

    label: str
    cells: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The working behind the base case (计算表), for people who check it by hand.

    ``columns`` are keys of :data:`.fields.COLUMNS`.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure beside the range, key of :data:`.fields.FIGURES`."""

    key: str
    value: float
