"""How an entry becomes bytes and a hash, and how a broken chain is found.

The hash is SM3 (GB/T 32905-2016) over the canonical JSON (sorted keys, no spaces, UTF-8, after
RFC 8785) of the entry's fields with the previous entry's hash among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from langqiao.engines.sm.sm3 import sm3_hex

if TYPE_CHECKING:
    from langqiao.apps.ledger.models import Entry

GENESIS = "0" * 64
HASHED = (
    "sequence", "actor", "organisation", "city", "case", "app", "verb", "object",
    "visibility", "data", "previous",
)  # fmt: skip


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot stand in the ledger")


def canonical(data: Mapping[str, Any]) -> str:
    """Canonical JSON text of ``data``.

    Raises:
        TypeError: a value is neither JSON, a date nor a decimal.
        ValueError: a number is not finite.
    """
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
    )


def entry_fields(entry: Entry) -> dict[str, Any]:
    """The fields of the entry that its hash covers."""
    fields: dict[str, Any] = {name: getattr(entry, name) for name in HASHED}
    fields["at"] = entry.at
    return fields


def entry_hash(entry: Entry, *, sequence: int | None = None) -> str:
    """SM3 of the entry as it stands, 64 hexadecimal digits; ``sequence`` asks "as if it stood there"."""
    fields = entry_fields(entry)
    if sequence is not None:
        fields["sequence"] = sequence
    return sm3_hex(canonical(fields).encode())


@dataclass(frozen=True, slots=True)
class Fault:
    """The first break of the chain.

    Attributes:
        sequence: the number of the entry named.
        kind: ``changed`` (its fields do not give its hash), ``removed`` (it is not there),
            ``inserted`` (it was put in later), ``reordered`` (it is whole but stands elsewhere).
    """

    sequence: int
    kind: str
    expected: str
    found: str


# How far from its place a moved entry is looked for when naming the fault.
MOVED_AT_MOST = 1000


def _place_before(entry: Entry) -> int | None:
    """The sequence at which the entry's own hash holds, if it was moved by a little."""
    for distance in range(1, MOVED_AT_MOST + 1):
        for sequence in (entry.sequence - distance, entry.sequence + distance):
            if sequence > 0 and entry_hash(entry, sequence=sequence) == entry.hash:
                return sequence
    return None


def _name_mismatch(entry: Entry, whole: str, before: list[str], rest: Iterable[Entry]) -> Fault:
    """Tell a changed entry from one that was renumbered after an insertion, removal or move."""
    place = _place_before(entry)
    if place is None:
        return Fault(entry.sequence, "changed", whole, entry.hash)
    if place == entry.sequence - 1 and len(before) > 1 and entry.previous == before[-2]:
        return Fault(place, "inserted", entry.previous, before[-1])
    follows_a_missing_one = entry.previous != before[-1] and all(e.hash != entry.previous for e in rest)
    if place == entry.sequence + 1 and follows_a_missing_one:
        return Fault(entry.sequence, "removed", entry.previous, before[-1])
    return Fault(entry.sequence, "reordered", str(place), str(entry.sequence))


def first_fault(entries: Iterable[Entry], *, head: tuple[int, str]) -> Fault | None:
    """Re-compute the chain and return its first break, or None.

    Args:
        entries: all entries by ascending sequence.
        head: the sequence and hash at which the chain says it ends.
    """
    expected = 1
    before = [GENESIS]  # hashes of the last two entries, newest last
    chain = iter(entries)
    for entry in chain:
        if entry.sequence > expected:
            return Fault(expected, "removed", str(expected), str(entry.sequence))
        if entry.sequence < expected:
            return Fault(entry.sequence, "inserted", str(expected), str(entry.sequence))
        whole = entry_hash(entry)
        if whole != entry.hash:
            return _name_mismatch(entry, whole, before, chain)
        if entry.previous != before[-1]:
            return Fault(entry.sequence, "reordered", before[-1], entry.previous)
        before = [before[-1], entry.hash]
        expected += 1
    if expected - 1 > head[0]:
        return Fault(head[0] + 1, "inserted", str(head[0]), str(expected - 1))
    if (expected - 1, before[-1]) != head:
        return Fault(expected, "removed", f"{head[0]} {head[1]}", f"{expected - 1} {before[-1]}")
    return None
