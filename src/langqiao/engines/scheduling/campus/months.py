"""Months as whole numbers (年 × 12 + 月 − 1), so that they can be added to and compared."""

from __future__ import annotations

import re
from datetime import date

from langqiao.engines.scheduling.errors import SchedulingError

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?", re.ASCII)


def month_of(day: date) -> int:
    """Number of the month of a day.

    >>> month_of(date(2026, 11, 27)) == 2026 * 12 + 10
    True
    """
    return day.year * 12 + day.month - 1


def first_full_month(day: date) -> int:
    """First month that lies wholly on or after a day: what is delivered on 15 May counts from June."""
    return month_of(day) + (day.day > 1)


def month_text(month: int) -> str:
    """``2026-11`` of a month's number."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_start(month: int) -> date:
    """First day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def read_month(text: str) -> int:
    """Number of the month that ``2026-11`` (or a day in it) names.

    Raises:
        SchedulingError: it is no month.
    """
    found = _MONTH.fullmatch(text.strip())
    try:
        if found:
            year, month, day = (int(part or 1) for part in found.groups())
            return month_of(date(year, month, day))
    except ValueError:
        pass
    raise SchedulingError(f"no month: {text[:40]!r}; write YYYY-MM", kind="month", subjects=(text[:40],))
