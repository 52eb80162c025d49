"""Readers of a call's JSON columns: rows by their keys, each fault named by part, item and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

Row: TypeAlias = dict[str, Any]
Reader: TypeAlias = Callable[[Any], Any]

KEY_AT_MOST = 40
ROWS_AT_MOST = 40
_KEY = re.compile(r"[a-z][a-z0-9_]*")
# What a text column of every database and an XML export can hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

PARTS: Mapping[str, Any] = {
    "form": gettext_lazy("申报表"),
    "wanted_files": gettext_lazy("附件要求"),
    "promises": gettext_lazy("承诺书"),
    "screening": gettext_lazy("形式审查要点"),
    "criteria": gettext_lazy("评分标准"),
    "chain": gettext_lazy("评选流程"),
    "grades": gettext_lazy("等次"),
    "panel": gettext_lazy("专家组构成"),
    "choice": gettext_lazy("遴选约束"),
}


class Wrong(ValueError):
    """A value that a reader does not take; the text says what it should be."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a row: how its value is read, and what stands there when it is left out.

    Attributes:
        read: returns the value as kept, or raises :class:`Wrong`.
        default: what a missing key becomes; ``...`` says that the key is required, None that it stays away.
    """

    read: Reader
    default: Any = ...


def wrong(column: str, place: str, key: str, why: str) -> Invalid:
    """The refusal that names part, item and key."""
    return Invalid(_("%(place)s的 %(key)s：%(why)s") % {"place": place, "key": key, "why": why}, field=column)


def is_plain(text: str) -> bool:
    """Whether a text is free of control characters and lone surrogates."""
    return _CONTROL.search(text) is None


def text(most: int, *, empty: bool = False) -> Reader:
    """Reads a text of at most ``most`` characters; trimmed, with one kind of line end."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(_("应是文字。"))
        clean = value.replace("\r\n", "\n").replace("\r", "\n").strip()
        if not clean and not empty:
            raise Wrong(_("不能为空。"))
        if len(clean) > most:
            raise Wrong(_("最多 %(most)d 字。") % {"most": most})
        if not is_plain(clean):
            raise Wrong(_("含有控制字符。"))
        return clean

    return read


def key_word(value: Any) -> str:
    """Reads a row's key: small letters, digits and underscores."""
    if not isinstance(value, str) or not _KEY.fullmatch(value) or len(value) > KEY_AT_MOST:
        raise Wrong(_("应以小写字母开头，只含小写字母、数字和下划线，最多 40 个字符。"))
    return value


def flag(value: Any) -> bool:
    """Reads yes or no."""
    if not isinstance(value, bool):
        raise Wrong(_("应是 true 或 false。"))
    return value


def number(low: float, high: float, *, above: bool = False) -> Reader:
    """Reads a finite number from ``low`` (excluded when ``above``) to ``high``; whole ones stay whole."""

    def read(value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong(_("应是数字。"))
        if not low <= value <= high or (above and value == low):
            if above:
                raise Wrong(_("应大于 %(low)g，不超过 %(high)g。") % {"low": low, "high": high})
            raise Wrong(_("应在 %(low)g 至 %(high)g 之间。") % {"low": low, "high": high})
        return int(value) if value == int(value) else round(value, 6)

    return read


def whole(low: int, high: int) -> Reader:
    """Reads a whole number from ``low`` to ``high``."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(_("应是整数。"))
        if not low <= value <= high:
            raise Wrong(_("应在 %(low)g 至 %(high)g 之间。") % {"low": low, "high": high})
        return value

    return read


def one_of(values: Iterable[str]) -> Reader:
    """Reads one of ``values``."""
    known = tuple(values)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise Wrong(_("应是以下之一：%(values)s。") % {"values": listed(known)})
        return str(value)

    return read


def iso_day(value: Any) -> str:
    """Reads a day, a date or its ISO text; kept as text."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise Wrong(_("应是日期，如 2026-09-30。")) from None


def check_moment(value: Any, field: str) -> None:
    """Check a moment of a call: with its time zone, in a year that calendars of every database know.

    Raises:
        Invalid: it is none.
    """
    if value is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None or not 2000 <= value.year <= 2200:
        raise Invalid(_("时间有误。"), mend=_("请填写 2000 至 2200 年间的日期和时间。"), field=field)


def words(most: int, length: int, read_one: Reader | None = None) -> Reader:
    """Reads a list of at most ``most`` different words."""
    read_word = read_one or text(length)

    def read(value: Any) -> list[str]:
        if not isinstance(value, list) or not value:
            raise Wrong(_("应是一组词，至少一个。"))
        if len(value) > most:
            raise Wrong(_("最多 %(most)d 项。") % {"most": most})
        clean = [read_word(word) for word in value]
        if len(set(clean)) < len(clean):
            raise Wrong(_("有重复。"))
        return clean

    return read


def read_row(column: str, place: str, row: Any, keys: Mapping[str, Key]) -> Row:
    """One row by its keys, defaults filled in.

    Raises:
        Invalid: an unknown key, a missing one, or a value of the wrong kind.
    """
    if not isinstance(row, dict):
        raise wrong(column, place, "*", _("应是一组键值。"))
    for key in row:
        if key not in keys:
            raise wrong(
                column,
                place,
                str(key)[:KEY_AT_MOST],
                _("不认识这个键；可用：%(keys)s。") % {"keys": listed(keys)},
            )
    found: Row = {}
    for name, key in keys.items():
        if name not in row:
            if key.default is ...:
                raise wrong(column, place, name, _("缺少这个键。"))
            if key.default is not None:
                found[name] = key.default
            continue
        try:
            found[name] = key.read(row[name])
        except Wrong as fault:
            raise wrong(column, place, name, str(fault)) from None
    return found


def read_rows(
    column: str, value: Any, keys: Mapping[str, Key], *, place: str = "", most: int = ROWS_AT_MOST
) -> list[Row]:
    """A list of rows whose keys (``key``, where rows have one) differ.

    Raises:
        Invalid: no list, too long, or a row that is wrong.
    """
    place = place or str(PARTS[column])
    if not isinstance(value, list):
        raise wrong(column, place, "*", _("应是一组条目。"))
    if len(value) > most:
        raise wrong(column, place, "*", _("最多 %(most)d 项。") % {"most": most})
    rows = [read_row(column, item(place, i), row, keys) for i, row in enumerate(value, start=1)]
    if "key" in keys:
        no_twins(column, place, [row["key"] for row in rows])
    return rows


def item(place: str, position: int) -> str:
    """The place of an item in words, counted from 1."""
    return _("%(place)s第 %(row)d 项") % {"place": place, "row": position}


def no_twins(column: str, place: str, keys: Sequence[str]) -> None:
    """Refuse a key that stands twice.

    Raises:
        Invalid: the message names the second item.
    """
    seen: set[str] = set()
    for position, key in enumerate(keys, start=1):
        if key in seen:
            raise wrong(column, item(place, position), "key", _("“%(key)s”重复。") % {"key": key})
        seen.add(key)
