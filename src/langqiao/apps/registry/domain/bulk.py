"""Many records at once: idempotent by code, for imports (导入).

``upsert`` takes one row, ``upsert_many`` any number. A row whose values are those of the record
already there writes nothing, not even a ledger entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from langqiao.apps.registry.domain.kinds import Kind, kind_named
from langqiao.apps.registry.domain.lookups import Lookups, chunks
from langqiao.apps.registry.domain.records import BATCH, Draft, prepare, refuse_taken, write
from langqiao.apps.registry.domain.values import parts_of
from langqiao.apps.registry.models import Organisation, Person
from langqiao.kit.refusals import Invalid, Refused

Outcome = Literal["created", "changed", "unchanged"]
Row = Mapping[str, Any]


@dataclass(slots=True)
class Summary:
    """What an import did or, in a dry run, would do; refusals carry their 1-based row.

    Attributes:
        written: whether anything may have been written (False for a dry run or a refused import).
        refused: number of refused rows; ``refusals`` keeps the first of them.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)
    written: bool = False

    def count(self, outcome: Outcome, number: int = 1) -> None:
        """Add ``number`` rows to an outcome."""
        setattr(self, outcome, getattr(self, outcome) + number)


# How many refusals are kept in words; the rest are counted.
REFUSALS_AT_MOST = 1000


@transaction.atomic
def upsert(actor: Any, kind: str, values: Row) -> tuple[Any, Outcome]:
    """Add the record of ``values["code"]`` or change it to ``values`` (登记或更新).

    Columns that are not given keep their value; an empty value clears it.

    Raises:
        Invalid: a value is missing, wrong or taken; ``field`` names it.
        NotAllowed: the actor may not add or change this record.
    """
    planned = _plan(actor, kind_named(kind), [(1, values)], Lookups(), set())
    draft = planned[0][1]
    if isinstance(draft, Refused):
        draft.row = None
        raise draft
    write(actor, [draft])
    return draft.record, _outcome(draft)


def upsert_many(
    actor: Any,
    kind: str,
    rows: Iterable[Row],
    *,
    dry_run: bool = False,
    checked: bool = False,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Add or change many records (批量登记或更新), all rows checked before the first is written.

    Each batch is one transaction: a crash keeps the whole batches before it, and the same import
    run again finishes the rest. Inside a caller's own transaction all stand or fall together.

    Args:
        rows: read twice, once to check and once to write: a list, or an iterable that starts
            afresh each time (not a generator).
        dry_run: check only.
        checked: the caller has just made a dry run of the same rows: skip the first reading.
        batch: rows a transaction.
        progress: told the number of rows written (checked, in a dry run) so far.

    Returns:
        Counts and refusals. If any row is refused, nothing is written.

    Raises:
        Refused: a row that passed the check is refused in writing because the data changed
            between; batches before it are written, ``row`` names it.
    """
    found = kind_named(kind)
    if dry_run or not checked:
        summary = _check(actor, found, rows, batch, progress if dry_run else None)
        if dry_run or summary.refused:
            return summary
    summary = Summary(written=True)
    lookups, seen = Lookups(), set[str]()
    done = 0
    for part in _parts(rows, batch):
        with transaction.atomic():
            planned = _plan(actor, found, part, lookups, seen)
            drafts = []
            for _number, draft in planned:
                if isinstance(draft, Refused):
                    raise draft
                drafts.append(draft)
            write(actor, drafts)
        for draft in drafts:
            summary.count(_outcome(draft))
        done += len(part)
        if progress is not None:
            progress(done)
    return summary


def _check(
    actor: Any, kind: Kind, rows: Iterable[Row], batch: int, progress: Callable[[int], None] | None
) -> Summary:
    summary = Summary()
    lookups, seen = Lookups(), set[str]()
    done = 0
    for part in _parts(rows, batch):
        for _number, draft in _plan(actor, kind, part, lookups, seen):
            if isinstance(draft, Refused):
                summary.refused += 1
                if len(summary.refusals) < REFUSALS_AT_MOST:
                    summary.refusals.append(draft)
            else:
                summary.count(_outcome(draft))
        done += len(part)
        if progress is not None:
            progress(done)
    return summary


def _parts(rows: Iterable[Row], size: int) -> Iterator[list[tuple[int, Row]]]:
    numbered = iter(enumerate(rows, start=1))
    while part := list(islice(numbered, size)):
        yield part


def _outcome(draft: Draft) -> Outcome:
    if draft.is_new:
        return "created"
    return "changed" if draft.changes else "unchanged"


def _plan(
    actor: Any, kind: Kind, part: list[tuple[int, Row]], lookups: Lookups, seen: set[str]
) -> list[tuple[int, Draft | Refused]]:
    """Prepare the rows of one batch with a handful of queries, refusals in their places."""
    codes = [_code(kind, row, lookups) for _number, row in part]
    existing = _existing(kind, [code for code in codes if isinstance(code, str)])
    _prefetch(kind, part, lookups)
    planned: list[tuple[int, Draft | Refused]] = []
    for (number, row), code in zip(part, codes, strict=True):
        result: Draft | Refused
        if isinstance(code, Refused):
            result = code
        elif code in seen:
            result = Invalid(
                _("编号“%(code)s”在本次导入中重复。") % {"code": code},
                mend=_("请只保留一行。"),
                field="code",
            )
        else:
            seen.add(code)
            try:
                result = prepare(actor, kind, row, lookups, existing=existing.get(code))
            except Refused as refusal:
                result = refusal
        planned.append((number, result))
    taken = refuse_taken([d for _number, d in planned if isinstance(d, Draft)])
    position = -1
    settled: list[tuple[int, Draft | Refused]] = []
    for number, found in planned:
        outcome = found
        if isinstance(found, Draft):
            position += 1
            outcome = taken.get(position, found)
        if isinstance(outcome, Refused):
            outcome.row = number
        settled.append((number, outcome))
    return settled


def _code(kind: Kind, row: Row, lookups: Lookups) -> str | Refused:
    try:
        code = kind.columns["code"].clean(row.get("code"), lookups)
    except Invalid as problem:
        problem.field = "code"
        return problem
    if code is None:
        return Invalid(
            _("缺少编号。"), mend=_("请给每条记录一个不变的编号，再次导入时据此识别。"), field="code"
        )
    return str(code)


def _existing(kind: Kind, codes: list[str]) -> dict[str, Any]:
    many = [name for name, column in kind.columns.items() if column.many]
    rows = kind.model.everything.prefetch_related(*many)
    if kind.owner:
        rows = rows.select_related(kind.owner)
    return {record.code: record for part in chunks(codes) for record in rows.filter(code__in=part)}


def _prefetch(kind: Kind, part: list[tuple[int, Row]], lookups: Lookups) -> None:
    if kind.owner:
        owners = (row.get(kind.owner) for _number, row in part)
        lookups.prefetch(Organisation, [o for o in owners if isinstance(o, (str, int))])
    if "people" in kind.columns:
        people: list[Any] = []
        for _number, row in part:
            try:
                people.extend(parts_of(row.get("people")))
            except Invalid:
                continue  # told with the row when it is prepared
        lookups.prefetch(Person, [p for p in people if isinstance(p, (str, int))])
