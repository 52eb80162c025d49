"""The ledger's flows between cities as a matrix for the methods."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from langqiao.apps.insight.models import Value
from langqiao.apps.ledger.flows import KINDS, catch_up, flow_sums
from langqiao.kit.refusals import Invalid

_YEAR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")


def flow_matrix(kind: str, regions: Sequence[str], period: str = "") -> np.ndarray[Any, Any]:
    """Flows of a kind between the cities, (n, n), in the kind's smallest unit; the diagonal is 0.

    Args:
        regions: ``city:<slug>`` each.
        period: a year or a month; all time when empty.

    Raises:
        Invalid: the kind is unknown, a region is no city, or the period is neither year nor month.
    """
    if kind not in KINDS:
        raise Invalid(_("没有“%(kind)s”这类流。") % {"kind": kind[:40]}, field="flows")
    place = {}
    for i, region in enumerate(regions):
        scope, _sep, slug = region.partition(":")
        if scope != Value.Scope.CITY:
            raise Invalid(_("流只在城市之间。"), mend=_("请只选城市。"), field="scopes")
        place[slug] = i
    since, until = _bounds(period)
    catch_up()
    matrix = np.zeros((len(regions), len(regions)))
    for found in flow_sums(kind=kind, since=since, until=until):
        if found.origin in place and found.destination in place and found.origin != found.destination:
            matrix[place[found.origin], place[found.destination]] += found.quantity
    return matrix


def flow_choices() -> list[tuple[str, Any]]:
    """Kinds of flows with their names."""
    return [(slug, kind.label) for slug, kind in KINDS.items()]


def _bounds(period: str) -> tuple[date | None, date | None]:
    if not period:
        return None, None
    found = _YEAR_MONTH.fullmatch(period)
    try:
        if found is not None:
            year, month = int(found[1]), int(found[2] or 12)
            last = calendar.monthrange(year, month)[1]
            return date(year, int(found[2] or 1), 1), date(year, month, last)
    except ValueError:
        pass  # no such month or year, told below like any other wrong period
    raise Invalid(_("流的时期只能是年或月。"), mend=_("请选一个年份。"), field="periods")
