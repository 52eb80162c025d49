"""Readings of key pools (密钥池读数): what the KMEs said, from the poll.

Readings come every few minutes and are no acts; the ledger notes when a KME falls silent and answers again.
Tables of readings are brought in by ``domain.imports``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.quantum.domain.common import enter_site, number, whole
from langqiao.apps.quantum.models import Link, Reading, Site
from langqiao.apps.quantum.models.network import QBER_AT_MOST
from langqiao.apps.registry.domain.acts import lock
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

BITS_AT_MOST = 2**62
BPS_AT_MOST = 1e12
ROWS_AT_MOST = 10_000
AHEAD = timedelta(minutes=5)  # clocks differ
FIRST_YEAR, LAST_YEAR = 2000, 2100
QBER_DIGITS = 8  # kept of a fraction, so that per cent in a table come back as the same figure


@dataclass(frozen=True, slots=True)
class Heard:
    """What the KME at ``site`` said of the pool of ``link``; ``stored_bits`` None: it did not answer.

    ``qber`` is the quantum bit error rate (量子误码率) as a fraction from 0 to 0.5, None where not reported.
    """

    link: Link
    at: datetime
    stored_bits: int | None = None
    capacity_bits: int | None = None
    generated_bps: float | None = None
    consumed_bps: float | None = None
    qber: float | None = None
    illustrative: bool = False


@transaction.atomic
def record_readings(actor: User | None, site: Site, rows: Iterable[Heard]) -> list[Reading]:
    """Record readings of one KME (登记读数); the same link and time is recorded once.

    Raises:
        NotAllowed: the actor does not operate the site.
        Invalid: a link does not end there, a count or an error rate cannot be, or a time lies ahead;
            ``field`` names it.
    """
    require(actor, "quantum.record_readings", site)
    heard = list(rows)
    if len(heard) > ROWS_AT_MOST:
        raise Invalid(_("一次最多 %(most)d 条读数。") % {"most": ROWS_AT_MOST}, mend=_("请分次登记。"))
    lock(site)
    before = answered(site)
    made = []
    for row in heard:
        values = checked(site, row)
        reading, is_new = Reading.objects.get_or_create(link=row.link, site=site, at=row.at, defaults=values)
        if is_new:
            made.append(reading)
    if made:
        note_silence(actor, site, before=before)
    return made


def answered(site: Site) -> bool | None:
    """Whether the KME answered in its newest round of readings; None where there is none."""
    newest = site.readings.order_by("-at").values_list("at", flat=True).first()
    return None if newest is None else site.readings.filter(at=newest, reachable=True).exists()


def note_silence(actor: User | None, site: Site, *, before: bool | None) -> None:
    """Enter that a site's KME fell silent (失联) or answers again, compared with ``before``."""
    now = answered(site)
    if now is False and before is not False:
        enter_site(actor, "lose_site", site, site, {"slug": site.slug})
    elif now and before is False:
        enter_site(actor, "regain_site", site, site, {"slug": site.slug})


def checked(site: Site, row: Heard) -> dict[str, Any]:
    """The columns of a reading but its link, site and time.

    Raises:
        Invalid: the link does not end there, a count or the error rate cannot be, or the time lies ahead;
            ``field`` names it.
    """
    if site.pk not in {row.link.a_id, row.link.b_id}:
        raise Invalid(_("这条链路不在该站点。"), mend=_("请核对链路与站点。"), field="link")
    # The year first: what lies at the ends of the calendar cannot be compared in another time zone.
    if (
        not FIRST_YEAR <= row.at.year <= LAST_YEAR
        or timezone.is_naive(row.at)
        or row.at > timezone.now() + AHEAD
    ):
        raise Invalid(_("读数时间有误。"), mend=_("时间须带时区，且不晚于现在。"), field="at")
    if row.stored_bits is None:
        return {"reachable": False, "illustrative": row.illustrative}
    capacity = whole(row.capacity_bits, "capacity_bits", low=1, high=BITS_AT_MOST)
    rates = {
        name: None if value is None else number(value, name, low=0, high=BPS_AT_MOST)
        for name, value in (("generated_bps", row.generated_bps), ("consumed_bps", row.consumed_bps))
    }
    stored = whole(row.stored_bits, "stored_bits", low=0, high=BITS_AT_MOST)
    return {
        "reachable": True,
        "stored_bits": min(stored, capacity),
        "capacity_bits": capacity,
        "qber": _error_rate(row.qber),
        "illustrative": row.illustrative,
        **rates,
    }


def _error_rate(value: float | None) -> float | None:
    if value is None:
        return None
    try:
        found = number(value, "qber", low=0, high=QBER_AT_MOST)
    except Invalid as refused:
        raise Invalid(
            _("量子误码率应是 0 至 0.5 的小数。"),
            mend=_("百分数请除以 100，例如百分之三写成 0.03；没有报告的请留空。"),
            field="qber",
        ) from refused
    return round(found, QBER_DIGITS)
