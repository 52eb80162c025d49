"""Bringing OpenAlex's pages into the registry: page by page, each in one transaction.

What is there stays: a record's empty columns are filled, columns that say something are never
overwritten, retired records stay retired, and an institution or person registered by hand under the
same name is referred to instead of being registered twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.domain.kinds import ACHIEVEMENTS, ORGANISATIONS, PEOPLE, Kind
from langqiao.apps.registry.domain.lookups import Lookups, chunks
from langqiao.apps.registry.models import Organisation, Person
from langqiao.apps.registry.openalex.client import OpenAlex, Page, Query
from langqiao.apps.registry.openalex.mapping import Row, institution_row, work_rows
from langqiao.kit.refusals import Invalid, Refused

ERRORS_AT_MOST = 200


@dataclass
class OpenAlexReport:
    """What an import did: counts by kind, and what was refused.

    Attributes:
        total: results that the API counts for the query.
        read: results read in this run.
        errors: code and reason of the first refused records.
    """

    total: int = 0
    read: int = 0
    pages: int = 0
    created: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    finished: bool = False

    def add(self, table: dict[str, int], kind: Kind, number: int) -> None:
        """Add to a count."""
        table[kind.name] = table.get(kind.name, 0) + number


def import_openalex(
    actor: Any,
    client: OpenAlex,
    *,
    entity: str = "works",
    filter: str = "",
    search: str = "",
    limit: int | None = None,
    state: str | Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> OpenAlexReport:
    """Import works (as papers, with people and institutions) or institutions from OpenAlex.

    Args:
        entity: ``works`` or ``institutions``.
        filter: the API's filter; see :class:`Query`. A filter or a search must be given.
        limit: stop after the page that reaches this many results.
        state: file that keeps the place; the same call goes on from it after a stop.
        progress: told stage, results done and results in all.

    Raises:
        Invalid: no filter and no search, or the API refuses them.
        Refused: the API did not answer in time; pages before are kept, ``state`` goes on from there.
    """
    if not filter.strip() and not search.strip():
        raise Invalid(
            _("请给出过滤条件或检索词。"), mend=_("整库请用 OpenAlex 的快照，不要逐页下载。"), field="filter"
        )
    report = OpenAlexReport()
    place = Path(state) if state is not None else None
    query = Query(entity, filter.strip(), search.strip())
    for page in client.pages(query, state=place, limit=limit):
        with transaction.atomic():
            _take(actor, entity, page, report)
        report.total, report.pages = page.total, report.pages + 1
        report.read += len(page.results)
        report.finished = not page.following
        if progress is not None:
            progress("OpenAlex", report.read, page.total)
    return report


def _take(actor: Any, entity: str, page: Page, report: OpenAlexReport) -> None:
    if entity == "institutions":
        _write(actor, ORGANISATIONS, filter_none(institution_row(one) for one in page.results), report)
        return
    works = filter_none(work_rows(work) for work in page.results)
    places = {row["code"]: row for work in works for row in work.organisations}
    known = _same_organisations(places)
    _write(actor, ORGANISATIONS, [row for code, row in places.items() if code not in known], report)
    present = _present(Organisation, places)
    people = {row["code"]: row for work in works for row in work.people}
    for row in people.values():
        row["organisation"] = known.get(row["organisation"]) or _kept(row["organisation"], present)
    same = _same_people(people)
    _write(actor, PEOPLE, [row for code, row in people.items() if code not in same], report)
    present |= _present(Person, people)
    for work in works:
        row = work.achievement
        row["owner"] = known.get(row["owner"]) or _kept(row["owner"], present)
        row["people"] = [same.get(code) or code for code in row["people"] if code in same or code in present]
    _write(actor, ACHIEVEMENTS, [work.achievement for work in works], report)


def filter_none(rows: Iterable[Any]) -> list[Any]:
    """The rows that are there."""
    return [row for row in rows if row is not None]


def _kept(code: str, present: set[str]) -> str:
    return code if code in present else ""


def _present(model: type[Any], codes: Iterable[str]) -> set[str]:
    """Codes that stand in the registry and are not retired."""
    found: set[str] = set()
    for part in chunks(list(codes)):
        found.update(model.objects.filter(code__in=part).values_list("code", flat=True))
    return found


def _same_organisations(rows: dict[str, Row]) -> dict[str, Organisation]:
    """Organisations registered by hand under the very name, by OpenAlex code."""
    by_name: dict[str, list[Organisation]] = {}
    names = {row[name] for row in rows.values() for name in ("name", "name_en")}
    for part in chunks(sorted(names)):
        for column in ("name", "name_en"):
            for record in Organisation.objects.filter(**{f"{column}__in": part}):
                by_name.setdefault(getattr(record, column), []).append(record)
    found: dict[str, Organisation] = {}
    for code, row in rows.items():
        bearers = {record.pk: record for name in ("name", "name_en") for record in by_name.get(row[name], [])}
        if len(bearers) == 1 and (record := next(iter(bearers.values()))).code != code:
            found[code] = record
    return found


def _same_people(rows: dict[str, Row]) -> dict[str, Person]:
    """People registered by hand under the very name in the same organisation, by OpenAlex code."""
    found: dict[str, Person] = {}
    for part in chunks(sorted({row["name"] for row in rows.values()})):
        for record in Person.objects.filter(name__in=part).select_related("organisation"):
            for code, row in rows.items():
                home = row["organisation"]
                is_home = record.organisation is not None and home in (
                    record.organisation,
                    record.organisation.code,
                )
                if row["name"] == record.name and is_home and record.code != code:
                    found[code] = record
    return found


def _write(actor: Any, kind: Kind, rows: Sequence[Row], report: OpenAlexReport) -> None:
    """Add new records and fill the empty columns of old ones."""
    existing: dict[str, Any] = {}
    for part in chunks([row["code"] for row in rows]):
        existing.update({record.code: record for record in kind.model.everything.filter(code__in=part)})
    lookups, today = Lookups(), timezone.localdate().isoformat()
    ready: list[Row] = []
    for row in {row["code"]: row for row in rows}.values():
        record = existing.get(row["code"])
        if record is None:
            ready.append(_fitting(kind, row | {"source_date": today}, lookups))
        elif record.retired_at is None:
            ready.append(_fitting(kind, _blanks(kind, row, record), lookups))
    tried = upsert_many(actor, kind.name, ready, dry_run=True)
    refused = {(refusal.row or 1) - 1: refusal for refusal in tried.refusals}
    good = [row for place, row in enumerate(ready) if place not in refused]
    done = upsert_many(actor, kind.name, good, checked=True)
    report.add(report.created, kind, done.created)
    report.add(report.filled, kind, done.changed)
    report.add(report.unchanged, kind, done.unchanged)
    _tell(report, [(ready[place]["code"], refusal) for place, refusal in sorted(refused.items())])


def _tell(report: OpenAlexReport, refused: list[tuple[str, Refused]]) -> None:
    report.refused += len(refused)
    report.errors.extend((code, str(refusal)) for code, refusal in refused)
    del report.errors[ERRORS_AT_MOST:]


def _blanks(kind: Kind, row: Row, record: Any) -> Row:
    """The columns of ``row`` that the record leaves empty, and its code."""
    kept: Row = {"code": row["code"]}
    for name, value in row.items():
        column = kind.columns[name]
        present = getattr(record, name).exists() if column.many else getattr(record, name)
        if present in (None, "", [], False) and value not in (None, "", []):
            kept[name] = value
    return kept


def _fitting(kind: Kind, row: Row, lookups: Lookups) -> Row:
    """The row without optional values that the registry cannot keep, such as a city outside the corridor."""
    kept: Row = {}
    for name, value in row.items():
        column = kind.columns[name]
        if name != "code" and not column.required and not column.many:
            try:
                column.clean(value, lookups)
            except Invalid:
                continue
        kept[name] = value
    return kept
