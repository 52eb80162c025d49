"""What became of every row of an import (导入报告): kept, doubled or refused, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

KEPT, MENDED, DOUBLED, REFUSED = "kept", "mended", "doubled", "refused"


@dataclass(frozen=True, slots=True)
class FileCount:
    """``read`` rows of a file (without its heading) = ``kept`` + ``doubled`` + ``refused``."""

    file: str
    read: int
    kept: int
    doubled: int
    refused: int


@dataclass(frozen=True, slots=True)
class Issue:
    """A row that was not simply kept. ``row`` is the line number, the heading being line 1; a ``mended`` row
    was kept without the value of ``field``, a ``kept`` one as it is.
    """

    file: str
    row: int
    field: str
    value: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """All files of an import and the rows worth a word."""

    files: tuple[FileCount, ...] = ()
    issues: tuple[Issue, ...] = ()

    def as_dict(self, *, most: int | None = None) -> dict[str, Any]:
        """Plain values; at most ``most`` issues, with the number of all."""
        reasons = Counter((i.file, i.outcome, i.reason) for i in self.issues)
        return {
            "files": [asdict(count) for count in self.files],
            "issues": [asdict(issue) for issue in self.issues[:most]],
            "issue_count": len(self.issues),
            "reasons": [
                {"file": file, "outcome": outcome, "reason": reason, "rows": number}
                for (file, outcome, reason), number in sorted(reasons.items())
            ],
        }


class Tally:
    """Counts the rows of one file while it is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.issues: list[Issue] = []
        self._counts = {KEPT: 0, DOUBLED: 0, REFUSED: 0}

    def keep(self) -> None:
        """A row that is kept."""
        self._counts[KEPT] += 1

    def double(self, row: int, field: str, value: str, reason: str) -> None:
        """A row that says again what another has said."""
        self._counts[DOUBLED] += 1
        self.note(row, field, value, reason, outcome=DOUBLED)

    def refuse(self, row: int, field: str, value: str, reason: str) -> None:
        """A row that cannot be taken in."""
        self._counts[REFUSED] += 1
        self.note(row, field, value, reason, outcome=REFUSED)

    def note(self, row: int, field: str, value: str, reason: str, *, outcome: str = KEPT) -> None:
        """Say something about a row; counts nothing."""
        self.issues.append(Issue(self.file, row, field, value[:200], outcome, reason))

    @property
    def count(self) -> FileCount:
        """The counts so far."""
        kept, doubled, refused = (self._counts[name] for name in (KEPT, DOUBLED, REFUSED))
        return FileCount(self.file, kept + doubled + refused, kept, doubled, refused)


def report_of(tallies: list[Tally]) -> Report:
    """The report of several files."""
    return Report(
        tuple(tally.count for tally in tallies),
        tuple(issue for tally in tallies for issue in tally.issues),
    )
