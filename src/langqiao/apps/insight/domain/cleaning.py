"""Checks of one row of figures: indicator, scope, period, vintage, number, unit and source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.insight.domain.bounds import Bounds, bounds_of, check_bounds
from langqiao.apps.insight.domain.scopes import Scopes
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.engines.sm import sm3_hex
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

COLUMNS = (
    "indicator", "scope", "scope_kind", "period", "vintage", "value", "unit", "source_name", "source_url",
    "source_date", "illustrative",
)  # fmt: skip
REQUIRED = ("indicator", "scope", "period", "value", "unit", "source_name")
SOURCE_AT_MOST, URL_AT_MOST = 300, 500
DIGITS_AT_MOST, DECIMALS_AT_MOST = 15, 10
_EARLIEST = 1949
_PERIOD = re.compile(
    r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>\d{2})"
    r"(?:-(?P<day>\d{2})|/(?P<until>\d{2}))?))?"
)
_CHINESE_PERIOD = re.compile(
    r"(?P<year>\d{4})年(?:(?P<quarter>[1-4])季度|(?P<month>\d{1,2})(?:[-—至](?P<until>\d{1,2}))?月)?"
)
_VINTAGES = {"初步": "preliminary", "最终": "final", "未注明": "unstated", "快报": "preliminary"}
_NO_UNIT = frozenset({"", "-", "—", "无"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A row that passed every check."""

    indicator: Indicator
    scope_kind: str
    scope: str
    period: str
    vintage: str
    value: Decimal
    unit: str
    source_name: str
    source_url: str
    source_date: date | None
    illustrative: bool
    bounds: Bounds

    @property
    def digest(self) -> str:
        """SM3 over what one source says once: indicator, scope, period, vintage, source."""
        parts = (
            self.indicator.pk, self.scope_kind, self.scope, self.period, self.vintage, self.source_name,
            self.source_url,
        )  # fmt: skip
        return sm3_hex("\x1f".join(parts).encode())

    def build(self, entered_by: Any) -> Value:
        """The value to be saved."""
        return Value(
            indicator=self.indicator,
            scope_kind=self.scope_kind,
            scope=self.scope,
            period=self.period,
            vintage=self.vintage,
            value=self.value,
            unit=self.unit,
            source_name=self.source_name,
            source_url=self.source_url,
            source_date=self.source_date,
            digest=self.digest,
            illustrative=self.illustrative,
            entered_by=entered_by,
        )


class Cleaner:
    """Checks rows one after the other; indicators and cities are looked up once."""

    def __init__(self) -> None:
        self.scopes, self.lookups = Scopes(), Lookups()
        self.indicators = {
            name.lower(): row
            for row in Indicator.objects.all()
            for name in (row.name_en, row.name, row.slug)
            if name
        }
        self._bounds: dict[str, Bounds] = {}

    def clean(self, row: Mapping[str, Any]) -> Cleaned:
        """The row, checked.

        Raises:
            Invalid: a column is missing or wrong; ``field`` names it.
        """
        for name in REQUIRED:
            if name != "unit" and _is_blank(row.get(name)):
                raise Invalid(_("此项必填。"), field=name)
        indicator = self._indicator(row)
        kind, scope = self._at(
            "scope", self.scopes.find, _text(row, "scope", 60), _text(row, "scope_kind", 20)
        )
        value = clean_number(row.get("value"), percent=indicator.unit == "%")
        unit, bounds = _unit(row.get("unit"), indicator), self._bounds_of(indicator)
        check_bounds(indicator, bounds, value)
        return Cleaned(
            indicator,
            kind,
            scope,
            clean_period(row.get("period")),
            _vintage(row.get("vintage")),
            value,
            unit,
            _text(row, "source_name", SOURCE_AT_MOST),
            self._at("source_url", v.link(URL_AT_MOST), row.get("source_url"), self.lookups),
            self._at("source_date", v.day, row.get("source_date"), self.lookups),
            self._at("illustrative", v.flag, row.get("illustrative"), self.lookups),
            bounds,
        )

    def _bounds_of(self, indicator: Indicator) -> Bounds:
        slug = str(indicator.pk)
        if slug not in self._bounds:
            self._bounds[slug] = bounds_of(indicator)
        return self._bounds[slug]

    def _indicator(self, row: Mapping[str, Any]) -> Indicator:
        name = _text(row, "indicator", 120)
        found = self.indicators.get(name.lower())
        if found is None:
            raise Invalid(
                _("没有指标“%(name)s”。") % {"name": name[:40]},
                mend=_("请先定义指标，或改用已有指标的代号或名称。"),
                field="indicator",
            )
        return found

    @staticmethod
    def _at(field: str, check: Any, *given: Any) -> Any:
        try:
            return check(*given)
        except Invalid as problem:
            problem.field = problem.field or field
            raise


def clean_period(value: Any) -> str:
    """A period: 2022, 2022-Q3, 2022-H1, 2022-05, 2022-05-31, or 2021-01/09 for January to September.

    Raises:
        Invalid: it has another form, no calendar has it, or it has not begun.
    """
    if isinstance(value, date):
        text = value.isoformat()[:10]
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    else:
        text = unicodedata.normalize("NFKC", str(value)).strip()
    found = _PERIOD.fullmatch(text) or _CHINESE_PERIOD.fullmatch(text)
    if found is None:
        raise _bad_period(text)
    parts = {name: int(number) for name, number in found.groupdict().items() if number}
    year, month = parts["year"], parts.get("month", 1)
    month = 3 * parts["quarter"] - 2 if "quarter" in parts else month
    month = 6 * parts["half"] - 5 if "half" in parts else month
    try:
        start = date(year, month, parts.get("day", 1))
    except ValueError as wrong:
        raise _bad_period(text) from wrong
    if year < _EARLIEST or ("until" in parts and not month < parts["until"] <= 12):
        raise _bad_period(text)
    if start > timezone.localdate():
        raise Invalid(_("时期“%(period)s”尚未开始。") % {"period": text[:40]}, field="period")
    return _period_text(year, parts)


def _period_text(year: int, parts: Mapping[str, int]) -> str:
    if "quarter" in parts:
        return f"{year}-Q{parts['quarter']}"
    if "half" in parts:
        return f"{year}-H{parts['half']}"
    if "month" not in parts:
        return str(year)
    if "until" in parts:
        return f"{year}-{parts['month']:02d}/{parts['until']:02d}"
    day = f"-{parts['day']:02d}" if "day" in parts else ""
    return f"{year}-{parts['month']:02d}{day}"


def _bad_period(text: str) -> Invalid:
    return Invalid(
        _("时期“%(period)s”写法不对。") % {"period": text[:40]},
        mend=_("请写成 2022、2022-Q3、2022-H1、2022-05、2022-05-31，或 2021-01/09（1 至 9 月）。"),
        field="period",
    )


def clean_number(value: Any, *, percent: bool = False) -> Decimal:
    """A figure with at most 15 digits, 10 of them after the point.

    Raises:
        Invalid: it is no number, not finite, or too long.
    """
    if isinstance(value, bool):
        raise _bad_number(str(value))
    text = unicodedata.normalize("NFKC", str(value)).replace(",", "").replace(" ", "")
    if percent:
        text = text.removesuffix("%")
    try:
        number = Decimal(text)
    except InvalidOperation as wrong:
        raise _bad_number(text) from wrong
    if not number.is_finite():
        raise _bad_number(text)
    number = number.normalize()
    _sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if len(digits) > DIGITS_AT_MOST or exponent < -DECIMALS_AT_MOST or number.adjusted() >= DIGITS_AT_MOST:
        raise Invalid(
            _("数值“%(value)s”过长。") % {"value": text[:40]},
            mend=_("有效数字最多 15 位，小数最多 10 位；可改用更大的单位。"),
            field="value",
        )
    return number.quantize(Decimal(1)) if exponent > 0 else number


def _bad_number(text: str) -> Invalid:
    return Invalid(
        _("“%(value)s”不是数值。") % {"value": text[:40]},
        mend=_("请只填数字，单位另列；没有数据的行请删去。"),
        field="value",
    )


def _vintage(value: Any) -> str:
    text = "" if value is None else str(value).strip()
    if not text:
        return str(Value.Vintage.UNSTATED)
    for member, label in Value.Vintage.choices:
        if text.lower() == member or text == str(label):
            return str(member)
    for begin, member in _VINTAGES.items():
        if text.startswith(begin):
            return member
    raise Invalid(
        _("没有“%(value)s”这一版本。") % {"value": text[:40]},
        mend=_("可选：%(known)s。") % {"known": listed(label for _member, label in Value.Vintage.choices)},
        field="vintage",
    )


def _unit(value: Any, indicator: Indicator) -> str:
    text = "" if value is None else unicodedata.normalize("NFC", str(value)).strip()
    if text in _NO_UNIT and not indicator.unit:
        return ""
    if text != indicator.unit:
        raise Invalid(
            _("单位“%(given)s”与指标的单位“%(unit)s”不同。")
            % {"given": text[:20] or "—", "unit": indicator.unit or "—"},
            mend=_("请换算后再导入。"),
            field="unit",
        )
    return text


def _text(row: Mapping[str, Any], name: str, limit: int) -> str:
    try:
        return str(v.text(limit)(row.get(name), Lookups()))
    except Invalid as problem:
        problem.field = problem.field or name
        raise


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
