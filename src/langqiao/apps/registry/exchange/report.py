"""What an import did, or would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Refused

ERRORS_AT_MOST = 1000


class Stopped(Refused):
    """Raised by who is told of the progress to end an import; nothing of it stays."""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not taken: where, what was wrong, how to mend it."""

    row: int
    field: str
    label: str
    why: str
    mend: str

    @classmethod
    def of(cls, refusal: Refused, row: int, label: str = "") -> RowError:
        """The error of a refusal."""
        return cls(row, refusal.field, label or refusal.field, refusal.why, refusal.mend)


@dataclass
class ImportReport:
    """Counts, errors and warnings of one import (导入报告).

    Attributes:
        rows: records read.
        failed: records with errors; ``errors`` keeps the first 1,000 of them.
        written: whether the good records were written.
        mapping: heading → column as used; ``ignored``: headings that were passed over.
        failed_file: where the failed rows were written, empty when nowhere.
    """

    kind: str
    label: str
    name: str
    format: str = ""
    encoding: str = ""
    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[RowError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    dry_run: bool = False
    written: bool = False
    seconds: float = 0.0
    failed_file: str = ""
    notes: Counter[str] = field(default_factory=Counter)
    first_noted: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> int:
        """Records without errors."""
        return self.created + self.changed + self.unchanged

    def fail(self, error: RowError) -> None:
        """Count a failed record."""
        self.failed += 1
        if len(self.errors) < ERRORS_AT_MOST:
            self.errors.append(error)

    def note(self, text: str, row: int) -> None:
        """Count something done to a row that its owner should know of."""
        self.notes[text] += 1
        self.first_noted.setdefault(text, row)

    def settle(self) -> None:
        """Turn the notes into warnings."""
        for text, count in self.notes.items():
            self.warnings.append(
                _("%(what)s：%(count)d 行（首见于第 %(row)d 行）。")
                % {"what": text, "count": count, "row": self.first_noted[text]}
            )
        self.notes.clear()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = {
            name: getattr(self, name)
            for name in (
                "kind", "label", "name", "format", "encoding", "rows", "created", "changed", "unchanged",
                "failed", "warnings", "mapping", "ignored", "dry_run", "written", "seconds", "failed_file",
            )
        }  # fmt: skip
        plain["errors"] = [
            {"row": e.row, "field": e.field, "label": e.label, "why": e.why, "mend": e.mend}
            for e in self.errors
        ]
        return plain
