"""Taking a file over: read, map, try, write, all in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from langqiao.apps.registry.exchange.failed import FailedRows
from langqiao.apps.registry.exchange.kinds import ImportKind, Values, import_kind
from langqiao.apps.registry.exchange.mapping import checked_mapping, detect_kind
from langqiao.apps.registry.exchange.report import ImportReport, RowError, Stopped
from langqiao.apps.registry.exchange.rowvalues import Coder, understand, values_of
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.tables import Limits, Row, Table, open_table

BATCH = 500
Progress = Callable[[str, int, int], None]


def import_file(
    actor: Any,
    path: str | Path | Table,
    kind: str = "",
    *,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    prefix: str = "",
    name: str = "",
    dry_run: bool = False,
    skip_errors: bool = False,
    publish: bool = False,
    organisation: Any = None,
    progress: Progress | None = None,
    total: int = 0,
    encoding: str | None = None,
    sheet: str = "",
    limits: Limits | None = None,
    failed_to: str | Path | None = None,
) -> ImportReport:
    """Import a table (导入): all rows or, with ``skip_errors``, the good ones; again and again the same.

    A record whose values are there already is left alone, so an import can be repeated. A crash, an
    error or a stopped process leaves nothing half written: everything happens in one transaction.

    Args:
        kind: slug of the kind; found from the file when empty.
        mapping: heading → column, over the proposal by name; an empty column leaves the heading out.
        constants: column → value for every row that has none.
        prefix: stands before numeric ids (``<prefix>:<id>``); the file's stem when empty.
        name: the file's name for people, where the path is a temporary one.
        dry_run: check only; the report says what would be done.
        publish: publish drafts at once, for kinds that can be.
        organisation: the owner of rows that name none.
        progress: told stage, rows done and rows in all (0 when not known).
        failed_to: file for the rows that failed; beside the source when None.

    Returns:
        The report; rows with errors are in it, and ``written`` says whether anything was kept.

    Raises:
        Stopped: ``progress`` said so; everything is undone.
        Invalid: the file cannot be opened, its kind cannot be found, or a required column is missing.
    """
    started = time.monotonic()
    table = (
        path if isinstance(path, Table) else open_table(path, encoding=encoding, sheet=sheet, limits=limits)
    )
    source = table.source if isinstance(table.source, Path) else Path(str(getattr(table.source, "name", "")))
    shown = name or source.name
    found = import_kind(kind or detect_kind(table, name=shown))
    fixed = {key: value for key, value in (constants or {}).items() if value not in (None, "")}
    if organisation is not None and found.owner:
        fixed[found.owner] = organisation
    used = checked_mapping(found, table.columns, mapping, set(fixed))
    report = ImportReport(found.slug, str(found.label), shown, table.format, table.encoding)
    report.mapping, report.dry_run = used, dry_run
    report.ignored = [header for header in table.columns if header not in used]
    fixed = _with_defaults(found, fixed, used, report)
    keeps_failed = skip_errors and not dry_run
    target = Path(failed_to) if failed_to else source.with_name(f"{source.stem}.failed.csv")
    coder = Coder(actor, found, prefix or Path(shown).stem or found.slug)
    with ExitStack() as stack:
        failed = stack.enter_context(FailedRows(target if keeps_failed else None, table.columns))
        run = _Run(
            actor, found, table, used, fixed, coder, report, failed,
            publish=publish and found.publishes, progress=progress, total=total,
        )  # fmt: skip
        run.all(write=not dry_run, skip_errors=skip_errors)
        report.failed_file = failed.path
    report.warnings.extend(warning for warning in table.warnings if warning not in report.warnings)
    report.settle()
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _with_defaults(
    kind: ImportKind, fixed: dict[str, Any], used: Mapping[str, str], report: ImportReport
) -> dict[str, Any]:
    """Add the kind's defaults for columns that the file lacks, and say so."""
    for name, value in kind.defaults.items():
        if name in fixed or name in used.values():
            continue
        fixed[name] = value
        column = kind.column(name)
        assert column is not None
        label = dict(column.choices).get(value, value)
        report.warnings.append(
            _("文件没有“%(column)s”列，新记录都按“%(value)s”导入。")
            % {"column": column.label, "value": label}
        )
    return fixed


@dataclass
class _Run:
    """One pass over a table."""

    actor: Any
    kind: ImportKind
    table: Table
    mapping: Mapping[str, str]
    fixed: Mapping[str, Any]
    coder: Coder
    report: ImportReport
    failed: FailedRows
    publish: bool
    progress: Progress | None
    total: int

    def all(self, *, write: bool, skip_errors: bool) -> None:
        """Take every row over, or none.

        In one transaction; once a row has failed and none may, the rest is only checked, so that the
        report names every error at once.
        """
        scope: AbstractContextManager[Any] = transaction.atomic() if write else nullcontext()
        try:
            with scope:
                for rows in self._batches():
                    self._batch(rows, write=write and (skip_errors or not self.report.failed))
                if write and self.report.failed and not skip_errors:
                    transaction.set_rollback(True)
                    return
        except Stopped:
            raise
        except Refused as refusal:
            # The file breaks off, or the data changed under the import: nothing stays.
            self.report.fail(RowError.of(refusal, refusal.row or 0, self._label(refusal.field)))
            return
        self.report.written = write

    def _batches(self) -> Iterator[list[Row]]:
        rows = self.table.rows(tolerant=True)
        while part := list(islice(rows, BATCH)):
            yield part

    def _batch(self, rows: list[Row], *, write: bool) -> None:
        self.report.rows += len(rows)
        ready = self._ready(rows)
        values = [row_values for _row, row_values in ready]
        tried = self.kind.upsert(self.actor, values, dry_run=True, publish=self.publish)
        refused = {(refusal.row or 1) - 1: refusal for refusal in tried.refusals}
        for index, refusal in sorted(refused.items()):
            self._fail(ready[index][0], refusal)
        may_write = write and (not refused or self.failed.is_open)
        if may_write and len(refused) < len(values):
            good = [row_values for index, row_values in enumerate(values) if index not in refused]
            tried = self.kind.upsert(self.actor, good, dry_run=False, publish=self.publish)
        self.report.created += tried.created
        self.report.changed += tried.changed
        self.report.unchanged += tried.unchanged
        if self.progress is not None:
            self.progress(_("写入") if write else _("检查"), self.report.rows, self.total)

    def _ready(self, rows: list[Row]) -> list[tuple[Row, Values]]:
        """The rows that can be read, with their values and codes."""
        ready: list[tuple[Row, Values]] = []
        for row in rows:
            try:
                if row.problem is not None:
                    raise row.problem
                values = values_of(row, self.mapping, self.fixed, self.table.format)
                understand(self.kind, values)
                for note in self.kind.complete(values):
                    self.report.note(note, row.number)
                ready.append((row, values))
            except Refused as refusal:
                self._fail(row, refusal)
        coded: list[tuple[Row, Values]] = []
        for (row, values), problem in zip(ready, self.coder.give(ready), strict=True):
            if isinstance(problem, Invalid):
                self._fail(row, problem)
                continue
            if problem:
                self.report.note(problem, row.number)
            coded.append((row, values))
        return coded

    def _fail(self, row: Row, refusal: Refused) -> None:
        error = RowError.of(refusal, row.number, self._label(refusal.field))
        self.report.fail(error)
        self.failed.add(row, error)

    def _label(self, field: str) -> str:
        column = self.kind.column(field)
        return str(column.label) if column else field
