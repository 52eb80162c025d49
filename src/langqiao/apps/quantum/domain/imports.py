"""A table of readings (导入密钥池读数): all rows or none; the same table again changes nothing."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.quantum.domain.readings import (
    FIRST_YEAR,
    LAST_YEAR,
    ROWS_AT_MOST,
    Heard,
    answered,
    checked,
    note_silence,
)
from langqiao.apps.quantum.models import Link, Reading, Site
from langqiao.apps.quantum.models.network import QBER_AT_MOST
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import digest, enter
from langqiao.apps.registry.domain.bulk import REFUSALS_AT_MOST, Outcome, Summary
from langqiao.apps.registry.domain.lookups import CHUNK, Lookups, chunks
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

_SILENT = frozenset({"失联", "silent", "unreachable"})
_HEARD = frozenset({"可达", "reachable", "answers"})
_JOINTS = ("–", "-", "|")
Key = tuple[int, int, datetime]


def import_readings(
    actor: User | None,
    rows: Iterable[Mapping[str, Any]],
    *,
    numbers: Sequence[int] | None = None,
    dry_run: bool = False,
) -> Summary:
    """Record readings of several sites from a table (导入密钥池读数), all or none.

    A row names ``link`` and ``site`` by code names or names, ``at``, and ``stored_bits`` with
    ``capacity_bits`` or that the KME was silent; where known ``generated_bps``, ``consumed_bps`` and the
    quantum bit error rate, in tables as ``qber_percent``, in programs as the fraction ``qber``.
    Link, site and time are the reading: the same figures again are unchanged, other figures are
    refused, because a reading is what was said then.

    Args:
        numbers: of each row in its file, where that is not simply 1, 2, 3 …
        dry_run: check only.

    Returns:
        Counts, and refusals with their row and field; if any row is refused, nothing is written.

    Raises:
        NotAllowed: the actor operates no site; a row of another's site is a refusal of that row.
        Invalid: more than 10,000 rows.
    """
    require(actor, "quantum.record_readings")
    table = list(rows)
    if len(table) > ROWS_AT_MOST:
        raise Invalid(
            _("一次最多 %(most)d 条读数。") % {"most": ROWS_AT_MOST}, mend=_("请分次登记。"), field="file"
        )
    summary = Summary()
    with transaction.atomic():
        # Imports and the poll queue on the sites' rows, so that a reading is looked up and written at once.
        sites = list(Site.objects.select_for_update().select_related("city", "operator").order_by("pk"))
        work = _Import(actor, sites)
        for number, row in zip(numbers or range(1, len(table) + 1), table, strict=True):
            try:
                work.take(number, row)
            except Refused as refusal:
                _refuse(summary, refusal, number)
        work.compare(summary)
        summary.written = not dry_run and not summary.refused
        if summary.written:
            work.write()
    return summary


def _refuse(summary: Summary, refusal: Refused, number: int) -> None:
    refusal.row = number
    summary.refused += 1
    if len(summary.refusals) < REFUSALS_AT_MOST:
        summary.refusals.append(refusal)


@dataclass
class _Import:
    """One import: names looked up once, readings by link, site and time with the number of their row."""

    actor: User | None
    all_sites: list[Site]
    taken: dict[Key, tuple[int, Reading]] = field(default_factory=dict)
    new: list[Reading] = field(default_factory=list)
    _allowed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.by_key = {int(site.pk): site for site in self.all_sites}
        self.sites = _unique((name, site) for site in self.all_sites for name in _names(site))
        self.links = _unique(
            (f"{first}{joint}{second}", link)
            for link in Link.objects.select_related("a", "b")
            for one, other in ((link.a, link.b), (link.b, link.a))
            for first, second, joint in product(_names(one), _names(other), _JOINTS)
        )

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        """Judge one row.

        Raises:
            NotAllowed: the actor does not operate the site.
            Invalid: a value is missing, wrong, or given twice; ``field`` names it.
        """
        site = self._found(self.sites, row, "site", _("没有站点“%(name)s”，或有几个同名。"))
        link = self._found(self.links, row, "link", _("没有链路“%(name)s”，或有几条同名。"))
        if site.pk not in self._allowed:
            require(self.actor, "quantum.record_readings", site)
            self._allowed.add(int(site.pk))
        heard = _heard(link, row)
        values = checked(site, heard)
        key = (int(link.pk), int(site.pk), heard.at)
        if key in self.taken:
            raise Invalid(
                _("与第 %(row)d 行是同一链路、站点与时间。") % {"row": self.taken[key][0]},
                mend=_("请只保留一行。"),
                field="at",
            )
        self.taken[key] = (number, Reading(link=link, site=site, at=heard.at, **values))

    def _found(self, known: Mapping[str, Any], row: Mapping[str, Any], name: str, words: Any) -> Any:
        text = _text(row.get(name), name)
        if not text:
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
        found = known.get(text.casefold())
        if found is None:
            raise Invalid(
                words % {"name": text[:80]},
                mend=_("请填写代号，例如 songjiang；链路写成 songjiang|jiaxing。"),
                field=name,
            )
        return found

    def compare(self, summary: Summary) -> None:
        """Sort what was taken into new and known; other figures for a known reading are refused."""
        known: dict[Key, Reading] = {}
        for moments in chunks(sorted({at for _link, _site, at in self.taken}), CHUNK):
            for one in Reading.objects.filter(at__in=moments):
                known[one.link_id, one.site_id, one.at] = one
        for key, (number, reading) in self.taken.items():
            old = known.get(key)
            outcome: Outcome = "created" if old is None else "unchanged"
            if old is None:
                self.new.append(reading)
            elif (name := _differs(old, reading)) is not None:
                clash = Invalid(
                    _("这一时间已有数字不同的读数。"),
                    mend=_("读数登记后不再改动；请核对文件。"),
                    field=name,
                )
                _refuse(summary, clash, number)
                continue
            summary.count(outcome)

    def write(self) -> None:
        """Write the new readings, and one ledger entry for each site that got some."""
        by_site: dict[int, list[Reading]] = defaultdict(list)
        for one in self.new:
            by_site[one.site_id].append(one)
        before = {key: answered(self.by_key[key]) for key in by_site}
        Reading.objects.bulk_create(self.new, batch_size=CHUNK)
        for key in sorted(by_site):
            site, rows = self.by_key[key], by_site[key]
            data = {
                "rows": len(rows),
                "silent": sum(not one.reachable for one in rows),
                "rows_sm3": digest(_canonical(rows)),
            }
            # Not public: figures of few rows could be guessed from their digest.
            enter(
                self.actor, "import_readings", site, case="", city=site.city_id, organisation=site.operator,
                data=data,
            )  # fmt: skip
            note_silence(self.actor, site, before=before[key])


_COMPARED = ("reachable", "stored_bits", "capacity_bits", "generated_bps", "consumed_bps", "illustrative")
_ERROR_RATE = "qber"


def _differs(old: Reading, new: Reading) -> str | None:
    return next(
        (name for name in (*_COMPARED, _ERROR_RATE) if getattr(old, name) != getattr(new, name)), None
    )


def _canonical(rows: Iterable[Reading]) -> str:
    """The rows as text in one order, for the digest: JSON without spaces, times in UTC.

    An error rate stands last where there is one: digests of readings without it are what they always were.
    """
    lines = [
        [
            one.link_id,
            one.at.astimezone(UTC).isoformat(),
            *(getattr(one, name) for name in _COMPARED),
            *(() if one.qber is None else (one.qber,)),
        ]
        for one in rows
    ]
    return json.dumps(sorted(lines, key=lambda line: (line[1], line[0])), separators=(",", ":"))


def _names(site: Site) -> set[str]:
    return {name.casefold() for name in (site.slug, site.name, site.name_en) if name}


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What one record alone is called."""
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    for name, thing in pairs:
        found[name][int(thing.pk)] = thing
    return {name: next(iter(things.values())) for name, things in found.items() if len(things) == 1}


def _heard(link: Link, row: Mapping[str, Any]) -> Heard:
    """What a row says that the KME said.

    Raises:
        Invalid: a value is no number or time, or the row contradicts itself; ``field`` names it.
    """
    at = _moment(row.get("at"))
    stored, capacity = (_count(row.get(name), name) for name in ("stored_bits", "capacity_bits"))
    rates = {name: _figure(row.get(name), name) for name in ("generated_bps", "consumed_bps")}
    reachable = _reachable(row.get("reachable"))
    error_rate, error_column = _error_rate(row)
    said = {"stored_bits": stored, **rates, error_column: error_rate}
    if reachable is False and (name := next((name for name, one in said.items() if one is not None), "")):
        raise Invalid(
            _("失联的读数不应有存量、生成、消耗或误码率。"),
            mend=_("请删去这些数字，或把 KME 改为可达。"),
            field=name,
        )
    if stored is None and (
        reachable or any(one is not None for one in (*rates.values(), capacity, error_rate))
    ):
        raise Invalid(
            _("可达的读数须写明存量。"), mend=_("请填写存量（bit），或写明失联。"), field="stored_bits"
        )
    if stored is not None and capacity is not None and stored > capacity:
        raise Invalid(_("存量大于容量。"), mend=_("请核对两列是否颠倒。"), field="stored_bits")
    return Heard(
        link, at, stored_bits=stored, capacity_bits=capacity, **rates, qber=error_rate,
        illustrative=_flag(row.get("illustrative"), "illustrative"),
    )  # fmt: skip


def _text(value: Any, name: str) -> str:
    return str(_cleaned(v.text(400), value, name))


def _flag(value: Any, name: str) -> bool:
    return bool(_cleaned(v.flag, value, name))


def _cleaned(cleaner: Any, value: Any, name: str) -> Any:
    try:
        return cleaner(value, Lookups())
    except Invalid as problem:
        problem.field = name
        raise


def _reachable(value: Any) -> bool | None:
    """Whether the KME answered; None where the row leaves it to the figures."""
    if value is None or isinstance(value, bool):
        return value
    text = _text(value, "reachable").casefold()
    if text in _SILENT or text in _HEARD:
        return text in _HEARD
    return _flag(value, "reachable") if text else None


def _count(value: Any, name: str) -> int | None:
    """A whole number, exactly; None when empty."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = _text(value, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise Invalid(
            _("“%(value)s”不是整数。") % {"value": text[:40]}, mend=_("请填写以 bit 计的整数。"), field=name
        )
    return int(text)


def _figure(value: Any, name: str) -> float | None:
    """A number; None when empty."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if isinstance(value, float) else float(min(value, 10**18))
    text = _text(value, name)
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Invalid(
            _("“%(value)s”不是数字。") % {"value": text[:40]}, mend=_("请填写以 bit/s 计的数字。"), field=name
        )
    return found


def _error_rate(row: Mapping[str, Any]) -> tuple[float | None, str]:
    """The quantum bit error rate as a fraction, and the column that gives it.

    Raises:
        Invalid: both give it, or the per cent are no such number; a fraction is checked with the reading.
    """
    percent = _percent(row.get("qber_percent"), "qber_percent")
    fraction: float | None = row.get(_ERROR_RATE)
    if percent is None:
        return fraction, _ERROR_RATE
    if fraction is not None:
        raise Invalid(
            _("量子误码率写了两次。"), mend=_("请只保留百分数或小数中的一列。"), field="qber_percent"
        )
    return percent, "qber_percent"


def _percent(value: Any, name: str) -> float | None:
    """Per cent as people write it, with or without the sign, as a fraction exactly; None when empty."""
    text = _text(value, name)
    digits = text.removesuffix("%").removesuffix("％").strip()
    if not digits:
        return None
    try:
        found = Decimal(digits)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Invalid(
            _("“%(value)s”不是数字。") % {"value": text[:40]},
            mend=_("请填写百分数，例如百分之三写成 3。"),
            field=name,
        )
    if not 0 <= found <= 100 * Decimal(QBER_AT_MOST):
        raise Invalid(
            _("量子误码率应在 0 至 50（%）之间。"),
            mend=_("请填写百分数，例如百分之三写成 3。"),
            field=name,
        )
    return float(found / 100)


def _moment(value: Any) -> datetime:
    """A moment; without a time zone it is the site's own (Asia/Shanghai).

    Raises:
        Invalid: it is missing, none, or not of this century.
    """
    found: datetime | None = value if isinstance(value, datetime) else None
    if found is None:
        text = _text(value, "at")
        try:
            found = parse_datetime(text) or parse_datetime(f"{text}T00:00")
        except ValueError:  # written like a moment, but no calendar or clock has it
            found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Invalid(
            _("时间有误。"),
            mend=_("请写成 2026-11-23 08:00，或带时区的 2026-11-23T08:00+08:00。"),
            field="at",
        )
    return timezone.make_aware(found) if timezone.is_naive(found) else found
