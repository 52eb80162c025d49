"""The audit trail (审计记录): append-only, chained by SM3, in the transaction of the act it tells of.

An entry holds who, what, with whom, how many keys of which size and the SM3 digest of their identifiers;
never key material. ``hash = SM3(hash before ‖ canonical JSON of [seq, at, actor, act, facts])``.

Outside the database a witness file keeps the newest head. It lags behind by at most what the last group
commit wrote and so tells a store that was put back from a copy (its keys would be delivered a second time).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from langqiao.engines.sm import DIGEST_BYTES, sm3
from langqiao.kme.errors import KmeError

ORIGIN: Final = bytes(DIGEST_BYTES)
_WITNESS: Final = "%020d:%s\n"


def entry_hash(before: bytes, who: tuple[int, int, str, str], facts: str) -> bytes:
    """Return the hash of one entry: ``who`` is seq, at, actor, act; ``facts`` canonical JSON text."""
    return sm3(before + orjson.dumps(who) + facts.encode())


def canonical(facts: Mapping[str, Any]) -> str:
    """Return JSON with sorted names and no spaces."""
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()


Entry = tuple[int, int, str, str, str, bytes]
"""A row of the trail: sequence, milliseconds since 1970, actor, act, facts, hash."""


def append(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Write entries in the connection's transaction."""
    connection.executemany("INSERT INTO audit VALUES (?,?,?,?,?,?)", entries)


@dataclass(frozen=True)
class Head:
    """The newest entry: sequence (0 before the first) and hash."""

    seq: int
    hash: bytes


def head(connection: sqlite3.Connection) -> Head:
    """Read the newest entry."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(row[0], bytes(row[1])) if row else Head(0, ORIGIN)


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: entries, head, and the first entry that is wrong (0: none)."""

    entries: int
    head: Head
    broken: int


def verify(connection: sqlite3.Connection) -> Verdict:
    """Recompute the chain from its first entry."""
    before, last = ORIGIN, 0
    rows = connection.execute("SELECT seq, at, actor, act, facts, hash FROM audit ORDER BY seq")
    for seq, at, actor, act, facts, found in rows:
        good = (
            seq == last + 1
            and isinstance(at, int)
            and all(isinstance(text, str) for text in (actor, act, facts))
            and entry_hash(before, (seq, at, actor, act), facts) == found
        )
        if not good:
            return Verdict(last, Head(last, before), seq)
        before, last = found, seq
    return Verdict(last, Head(last, before), 0)


class Witness:
    """The file beside the database that holds the newest head."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def write(self, newest: Head) -> None:
        """Note the head; not synced, for it may lag behind and never run ahead."""
        os.pwrite(self._handle, (_WITNESS % (newest.seq, newest.hash.hex())).encode(), 0)

    def check(self, connection: sqlite3.Connection) -> None:
        """See that the store holds the entry noted last.

        Raises:
            KmeError: the store is older than its witness, or another one.
        """
        text = os.pread(self._handle, 128, 0).decode("ascii", "replace").strip()
        if not text:
            return
        number, _sign, digest = text.partition(":")
        if not number.isdigit() or len(digest) != 2 * DIGEST_BYTES:
            raise KmeError(f"{self._path} is not a witness of the audit trail", kind="witness")
        seq = int(number)
        row = connection.execute("SELECT hash FROM audit WHERE seq=?", (seq,)).fetchone()
        if (seq and row is None) or (row and bytes(row[0]).hex() != digest):
            raise KmeError(
                f"the store does not hold entry {seq} of its audit trail, which {self._path} has seen: it was"
                " put back from a copy, and its keys might be delivered twice; `langqiao kme discard` throws"
                " them away",
                kind="older",
            )

    def close(self) -> None:
        """Sync and close."""
        os.fsync(self._handle)
        os.close(self._handle)
