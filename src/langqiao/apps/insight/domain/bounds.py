"""What a figure of an indicator may be (取值范围), and when two figures of one thing lie far apart.

Indicators that are shipped say their range in ``data/indicators.toml``. Of others only unit and name
are known: what they rule out is refused, what they make unlikely has to be confirmed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.insight.models import Indicator
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

# Two figures of one indicator, scope and period that differ by more than this factor are doubted.
FACTOR = 2
KEYS = ("least", "most", "whole")
_COUNTED = frozenset("家个件项人户名所台座次篇起宗")
_MEASURED = frozenset(
    {"人年", "万人", "万户", "万家", "万件", "km²", "平方公里", "公顷", "万亩", "吨", "万吨"}
)
_SIGNED = re.compile(
    r"净|增|减|变化|变动|涨|跌|差|利润|盈|亏|同比|环比|\b(growth|change|net|profit|balance|increase|decrease)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"占比|比重|份额|\b(share|proportion)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """From ``least`` to ``most``, None where there is no end; ``whole`` for what is counted in ones."""

    least: Decimal | None = None
    most: Decimal | None = None
    whole: bool = False

    def holds(self, value: Decimal) -> bool:
        """Whether the figure is within."""
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and not (self.whole and value != value.to_integral_value())
        )

    def words(self) -> str:
        """The limits in words; empty when there are none."""
        given = {"least": self.least, "most": self.most}
        if self.least is not None and self.most is not None:
            return _("%(least)s 至 %(most)s") % given
        if self.least is not None:
            return (_("不小于 %(least)s 的整数") if self.whole else _("不小于 %(least)s")) % given
        return _("整数") if self.whole else ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Outside of ``firm`` a figure is refused, outside of ``usual`` it has to be confirmed."""

    firm: Limits = Limits()
    usual: Limits = Limits()


_FROM_ZERO, _COUNT = Limits(Decimal(0)), Limits(Decimal(0), whole=True)
_PER_CENT = Limits(Decimal(0), Decimal(100))


@lru_cache(maxsize=1)
def shipped_table() -> dict[str, dict[str, Any]]:
    """Slug → all that ``data/indicators.toml`` says of an indicator, its range among it."""
    return tomllib.loads((files("langqiao.apps.insight") / "data" / "indicators.toml").read_text("utf-8"))


def bounds_of(indicator: Indicator) -> Bounds:
    """The range of an indicator: as shipped, else as far as unit and name tell it."""
    shipped = shipped_table().get(str(indicator.pk))
    if shipped is not None and shipped["unit"] == indicator.unit:
        return Bounds(firm=_limits(shipped))
    names, unit = f"{indicator.name} {indicator.name_en}", indicator.unit
    signed = bool(_SIGNED.search(names))
    if unit == "%":
        if _SHARE.search(names) and not signed:
            return Bounds(firm=_PER_CENT)
        return Bounds(usual=Limits(Decimal(-100)) if signed else _PER_CENT)
    if unit in _COUNTED:
        return Bounds(usual=Limits(whole=True)) if signed else Bounds(firm=_FROM_ZERO, usual=_COUNT)
    if signed or not unit:
        return Bounds()
    return Bounds(firm=_FROM_ZERO) if unit in _MEASURED else Bounds(usual=_FROM_ZERO)


def check_bounds(indicator: Indicator, bounds: Bounds, value: Decimal) -> None:
    """Refuse a figure that its indicator rules out.

    Raises:
        Invalid: it is below or above the range, or no whole number; ``field`` is ``value``.
    """
    if not bounds.firm.holds(value):
        raise Invalid(
            _("数值 %(value)s 超出“%(name)s”的取值范围：%(range)s。") % _told(indicator, bounds.firm, value),
            mend=_("请核对正负号、小数点和单位，改正后再导入。"),
            field="value",
        )


def unusual(indicator: Indicator, bounds: Bounds, value: Decimal) -> str:
    """Why a figure is unlikely for its indicator; empty when it is not."""
    if bounds.usual.holds(value):
        return ""
    return _("数值 %(value)s 不在“%(name)s”通常的范围内：%(range)s。") % _told(indicator, bounds.usual, value)


def far_apart(one: Decimal, other: Decimal) -> bool:
    """Whether two figures of one thing differ by more than the factor, in sign, or one is nothing.

    >>> far_apart(Decimal(1), Decimal("23958.3")), far_apart(Decimal(14), Decimal(16))
    (True, False)
    >>> far_apart(Decimal(5), Decimal(10)), far_apart(Decimal(-1), Decimal(1))
    (False, True)
    """
    if one == other:
        return False
    if one * other <= 0:
        return True
    return max(abs(one), abs(other)) > FACTOR * min(abs(one), abs(other))


def plain(value: Decimal) -> str:
    """A figure without idle zeros.

    >>> plain(Decimal("23958.3000")), plain(Decimal("5E+3"))
    ('23958.3', '5000')
    """
    return f"{value.normalize():f}"


def _limits(words: Mapping[str, Any]) -> Limits:
    least, most = (Decimal(str(words[key])) if key in words else None for key in ("least", "most"))
    return Limits(least, most, bool(words.get("whole")))


def _told(indicator: Indicator, limits: Limits, value: Decimal) -> dict[str, str]:
    return {"value": plain(value), "name": str(named(indicator)), "range": limits.words()}
