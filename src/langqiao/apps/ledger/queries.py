"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from langqiao.apps.ledger.chain import GENESIS, Fault, first_fault
from langqiao.apps.ledger.models import Entry, Head, Visibility
from langqiao.kit.permissions import allowed
from langqiao.kit.rows import streamed


@dataclass(frozen=True, slots=True)
class Verification:
    """What ``langqiao ledger verify`` found: entries read, where the chain ends, the first fault."""

    entries: int
    sequence: int
    hash: str
    fault: Fault | None


def head() -> tuple[int, str]:
    """Sequence and hash at which the chain ends."""
    row = Head.objects.filter(id=1).first()
    return (row.sequence, row.hash) if row else (0, GENESIS)


def verify(*, expected_head: tuple[int, str] | None = None) -> Verification:
    """Re-compute the whole chain (台账校验).

    Args:
        expected_head: a head noted earlier outside the system; if the chain no longer holds it,
            the tail was rewritten even where head and entries agree.
    """
    with transaction.atomic():
        end = head()
        with streamed(Entry.objects.order_by("sequence")) as entries:
            fault = first_fault(entries, head=end)
        count = Entry.objects.count()
        if fault is None and expected_head is not None:
            sequence, noted = expected_head
            found = Entry.objects.filter(sequence=sequence).values_list("hash", flat=True).first() or ""
            if found != noted:
                fault = Fault(sequence, "changed" if found else "removed", noted, found)
    return Verification(count, end[0], end[1], fault)


def latest(limit: int = 10) -> QuerySet[Entry]:
    """The newest public entries."""
    return Entry.objects.filter(visibility=Visibility.PUBLIC).order_by("-sequence")[:limit]


# Which entries of a case a user may read beyond the public ones; apps that own cases add a reader here.
CaseReader = Callable[[Any, str], Q]
_case_readers: list[CaseReader] = []


def register_case_reader(reader: CaseReader) -> None:
    """Let an app say which entries of a case a user may read beyond the public ones."""
    if reader not in _case_readers:
        _case_readers.append(reader)


# Which entries stay closed to a user although they may read the ledger as a whole (回避).
Withholder = Callable[[Any], Q]
_withholders: list[Withholder] = []


def register_withholder(withholder: Withholder) -> None:
    """Let an app keep entries from a member of the office who must stand aside."""
    if withholder not in _withholders:
        _withholders.append(withholder)


def readable(user: Any, case: str = "") -> QuerySet[Entry]:
    """Entries the user may read: all for the office, public ones for everybody else.

    With ``case`` only that case's entries, among them those to which the user is a party. Entries
    hold no sealed contents (only digests), so the office reads them all, but for those of matters from
    which a member must stand aside.
    """
    rows = Entry.objects.filter(case=case) if case else Entry.objects.all()
    seen = Q(visibility=Visibility.PUBLIC)
    if allowed(user, "ledger.read_all"):
        withheld = [withholder(user) for withholder in _withholders]
        if not any(withheld):
            return rows
        seen = Q()
        for kept in withheld:
            seen &= ~kept
    if case:
        for reader in _case_readers:
            seen |= reader(user, case)
    return rows.filter(seen)


def readable_entry(user: Any, sequence: int) -> Entry | None:
    """The entry with this number, if the user may read it."""
    entry = Entry.objects.filter(sequence=sequence).first() if 0 < sequence < 2**63 else None
    if entry is None or not readable(user, entry.case).filter(sequence=sequence).exists():
        return None
    return entry
