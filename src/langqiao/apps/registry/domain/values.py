"""Cleaners: from what a form, the API or a table hands over to what a record keeps.

A cleaner takes the raw value and the :class:`~.lookups.Lookups` of the act and returns the clean
value, or raises :class:`Invalid` with a reason and the way to mend it. The caller names the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NumberError

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

Cleaner = Callable[[Any, Lookups], Any]

# Longest free text; whole requirement texts of the corridor run to a few thousand characters.
LONG_TEXT = 50_000
ITEMS_AT_MOST = 200
_SEPARATORS = re.compile(r"[;；,，、|\n]+")
# Control characters, and halves of surrogate pairs that a JSON file can smuggle in; no database and
# no page takes them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ].*)?")
_PARTIAL_DAY = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_YES = frozenset({"1", "true", "yes", "y", "t", "on", "是", "示例"})
_NO = frozenset({"", "0", "false", "no", "n", "f", "off", "否"})


def _string(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # spreadsheets hand whole numbers over as 3.0
    if isinstance(value, (Mapping, list, tuple, set)):
        raise Invalid(_("这里应是文字。"), mend=_("请填写一段文字。"))
    string = str(value)
    if _UNPRINTABLE.search(string):
        raise Invalid(_("文字中有不可见的控制字符。"), mend=_("请删去后重试。"))
    return string.strip()


def text(limit: int, *, lines: bool = False) -> Cleaner:
    """Text of at most ``limit`` characters, on one line unless ``lines``."""

    def clean(value: Any, _lookups: Lookups) -> str:
        string = _string(value)
        # Forms send CR LF; one line end keeps a text the same when it comes back in a table.
        string = string.replace("\r\n", "\n").replace("\r", "\n") if lines else " ".join(string.split())
        if len(string) > limit:
            raise Invalid(
                _("文字过长：%(has)d 字，最多 %(limit)d 字。") % {"has": len(string), "limit": limit},
                mend=_("请缩短。"),
            )
        return string

    return clean


def code(value: Any, lookups: Lookups) -> str | None:
    """An outside code (编号), None when empty."""
    return text(80)(value, lookups) or None


def credit_code(value: Any, _lookups: Lookups) -> str | None:
    """统一社会信用代码 (unified social credit code, GB 32100-2015), None when empty."""
    number = _string(value).upper()
    if not number:
        return None
    try:
        return str(uscc.validate(number))
    except NumberError as problem:
        raise Invalid(
            _("统一社会信用代码“%(number)s”有误。") % {"number": number[:40]},
            mend=_("请核对 18 位代码，注意末位校验码。"),
        ) from problem


def choice(choices: Any, *, empty: bool = False) -> Cleaner:
    """One of a model's choices, by its value or its Chinese label."""

    def clean(value: Any, _lookups: Lookups) -> str:
        string = _string(value)
        if (not string and empty) or string in choices.values:
            return string
        for member, label in choices.choices:
            if string in {member, str(label)}:
                return str(member)
        known = listed(f"{label}（{member}）" for member, label in choices.choices)
        if not string:
            raise Invalid(_("此项必填。"), mend=_("可选：%(known)s。") % {"known": known})
        raise Invalid(
            _("没有“%(value)s”这一选项。") % {"value": string[:40]},
            mend=_("可选：%(known)s。") % {"known": known},
        )

    return clean


def flag(value: Any, _lookups: Lookups) -> bool:
    """A yes or no (是/否)."""
    if isinstance(value, bool):
        return value
    string = _string(value).lower()
    if string in _YES:
        return True
    if string in _NO:
        return False
    raise Invalid(_("“%(value)s”不是是或否。") % {"value": string[:40]}, mend=_("请填“是”或“否”。"))


def day(value: Any, _lookups: Lookups) -> date | None:
    """A calendar day; None when empty."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    string = _string(value)
    if not string:
        return None
    match = _DAY.fullmatch(string)
    if match is None and re.fullmatch(r"\d{8}", string):
        match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", string)
    try:
        if match is not None:
            year, month, number = (int(part) for part in match.groups())
            return date(year, month, number)
    except ValueError:
        pass  # a day that no calendar has, told below like any other wrong date
    raise Invalid(
        _("日期“%(value)s”有误。") % {"value": string[:40]}, mend=_("请写成 2026-11-23 这样的日期。")
    )


def partial_day(value: Any, lookups: Lookups) -> str:
    """A year, month or day as far as it is known: 2018, 2018-07 or 2018-07-09."""
    if isinstance(value, (date, datetime)):
        return str(day(value, lookups))
    string = _string(value)
    if string and not _PARTIAL_DAY.fullmatch(string):
        raise Invalid(
            _("日期“%(value)s”有误。") % {"value": string[:40]},
            mend=_("请写成 2018、2018-07 或 2018-07-09。"),
        )
    return string


def whole(low: int, high: int, *, empty: int | None = None) -> Cleaner:
    """A whole number from ``low`` to ``high``; ``empty`` stands for an empty value."""

    def clean(value: Any, _lookups: Lookups) -> int | None:
        string = _string(value).replace(",", "")
        if not string:
            return empty
        if re.fullmatch(r"-?\d{1,12}", string) and low <= int(string) <= high:
            return int(string)
        raise Invalid(
            _("“%(value)s”不是 %(low)d 至 %(high)d 的整数。")
            % {"value": string[:40], "low": low, "high": high},
            mend=_("请改正数字。"),
        )

    return clean


def amount(value: Any, _lookups: Lookups) -> Decimal | None:
    """An amount of money in 万元 with two decimals at most; None when empty."""
    string = _string(value).replace(",", "").replace("，", "")
    if not string:
        return None
    mend = _("请以万元为单位填写数字，如 120 或 120.5。")
    try:
        number = Decimal(string)
    except InvalidOperation as problem:
        raise Invalid(_("金额“%(value)s”有误。") % {"value": string[:40]}, mend=mend) from problem
    if not number.is_finite() or not 0 <= number < Decimal(10) ** 12:
        raise Invalid(_("金额“%(value)s”超出范围。") % {"value": string[:40]}, mend=mend)
    cents = number.quantize(Decimal("0.01"))
    if cents != number:
        raise Invalid(_("金额最多两位小数。"), mend=mend)
    return cents


def link(limit: int) -> Cleaner:
    """A web address (http or https); one without a scheme gets https."""

    def clean(value: Any, _lookups: Lookups) -> str:
        string = _string(value)
        if not string:
            return ""
        address = string if "://" in string else f"https://{string}"
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:
            parts, host = urlsplit(""), ""
        plain = not re.search(r"[\s<>\"'`\\]", address)
        if parts.scheme not in {"http", "https"} or "." not in host or not plain or len(address) > limit:
            raise Invalid(
                _("网址“%(value)s”有误。") % {"value": string[:60]},
                mend=_("请填写以 http:// 或 https:// 开头的完整网址。"),
            )
        return address

    return clean


def parts_of(value: Any) -> list[Any]:
    """The items of a list, or of text separated by ；，、;,| or a new line."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        value = _SEPARATORS.split(value)
    elif not isinstance(value, Iterable) or isinstance(value, Mapping):
        raise Invalid(_("这里应是若干项。"), mend=_("请用分号分隔各项。"))
    found = [item for item in value if not (isinstance(item, str) and not item.strip()) and item is not None]
    if len(found) > ITEMS_AT_MOST:
        raise Invalid(_("最多 %(limit)d 项。") % {"limit": ITEMS_AT_MOST}, mend=_("请减少。"))
    return found


def tags(limit: int = 80) -> Cleaner:
    """A list of short texts (关键词, 技能, 专长) in their order, each once."""
    one = text(limit)

    def clean(value: Any, lookups: Lookups) -> list[str]:
        return list(dict.fromkeys(one(item, lookups) for item in parts_of(value)))

    return clean


def chosen(choices: Any) -> Cleaner:
    """A list of a model's choices."""
    one = choice(choices)

    def clean(value: Any, lookups: Lookups) -> list[str]:
        return list(dict.fromkeys(one(item, lookups) for item in parts_of(value)))

    return clean
