"""Periods of the Eye: stretches of months with a name that stands in addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.ledger.flows import months
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import is_english

YEAR = 12
QUARTER = 3
DEFAULT = "year"
_SHORT = {
    "month": (1, _("本月")),
    "quarter": (QUARTER, _("近三个月")),
    "year": (YEAR, _("近十二个月")),
}
_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of months, both ends included; None is open."""

    slug: str
    label: str
    since: date | None
    until: date | None


def _months_back(day: date, number: int) -> date:
    index = day.year * 12 + day.month - 1 - number
    return date(index // 12, index % 12 + 1, 1)


def _month_label(month: date) -> str:
    if is_english():
        return f"{_ENGLISH_MONTHS[month.month - 1]} {month.year}"
    return f"{month.year}年{month.month}月"


def _month(slug: str) -> date | None:
    year, dash, month = slug.partition("-")
    if not (dash and slug.isascii() and len(slug) == 7 and year.isdigit() and month.isdigit()):
        return None
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        return None


def known_period(slug: str, *, today: date | None = None) -> Period | None:
    """A period by its name: ``month``, ``quarter``, ``year``, ``all`` or a month such as ``2026-11``."""
    day = today or timezone.localdate()
    if slug == "all":
        return Period("all", str(_("全部时间")), None, None)
    if slug in _SHORT:
        number, label = _SHORT[slug]
        return Period(slug, str(label), _months_back(day.replace(day=1), number - 1), day)
    month = _month(slug)
    return None if month is None else Period(slug, _month_label(month), month, month)


def period_of(slug: str, *, today: date | None = None) -> Period:
    """A period by its name, for a page: any unknown name gives the last twelve months."""
    found = known_period(slug, today=today) or known_period(DEFAULT, today=today)
    assert found is not None  # the last twelve months are known
    return found


def asked_period(slug: str) -> Period:
    """A period by its name, for a caller that can put it right; no name is the last twelve months.

    Raises:
        Invalid: there is no period of that name.
    """
    found = known_period(slug or DEFAULT)
    if found is None:
        raise Invalid(
            _("没有“%(period)s”这样的时间。") % {"period": slug},
            mend=_("可用 month、quarter、year、all，或如 2026-11 的年月。"),
            field="period",
        )
    return found


def periods() -> list[Period]:
    """Periods to choose from: this month, quarter, year, all, and each month of the last two years."""
    found = [period_of(slug) for slug in (*_SHORT, "all")]
    bounds = months()
    if bounds is not None:
        month = bounds[1]
        while month >= bounds[0] and len(found) < len(_SHORT) + 1 + 2 * YEAR:
            found.append(period_of(f"{month:%Y-%m}"))
            month = (month - timedelta(days=1)).replace(day=1)
    return found


def is_unknown(slug: str) -> bool:
    """Whether a period was asked for and there is none of that name."""
    return bool(slug) and known_period(slug) is None
