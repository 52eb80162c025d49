"""What an operation may do inside a group commit."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langqiao.kme.errors import KmeError
from langqiao.kme.store import audit
from langqiao.kme.store.pools import Pool

if TYPE_CHECKING:
    from langqiao.kme.store.store import Store


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def unit_bound(pool: int, serial: int) -> bytes:
    """Return what binds a sealed unit to its place."""
    return pool.to_bytes(4, "big") + serial.to_bytes(8, "big")


class Transaction:
    """One operation's part of a group commit; nobody keeps it."""

    def __init__(self, store: Store, connection: sqlite3.Connection, newest: audit.Head, at: int) -> None:
        self._store = store
        self.db = connection
        self.head = newest
        self.at = at
        self.touched: dict[int, Pool] = {}
        self.released: dict[int, int] = {}
        self.wrote = False
        self.entries: list[audit.Entry] = []

    def pool(self, peer: str, direction: str) -> Pool:
        """Return a pool."""
        return self._store.pools[peer, direction]

    def change(self, pool: Pool) -> None:
        """Note that this operation changes a pool: it is written afterwards, or read anew on a refusal."""
        self.touched[pool.id] = pool
        self.wrote = True

    def audit(self, actor: str, act: str, facts: Mapping[str, Any]) -> int:
        """Append an entry to the audit trail, written before the group's commit, and return its sequence."""
        self.wrote = True
        text = audit.canonical(facts)
        seq = self.head.seq + 1
        digest = audit.entry_hash(self.head.hash, (seq, self.at, actor, act), text)
        self.entries.append((seq, self.at, actor, act, text, digest))
        self.head = audit.Head(seq, digest)
        return seq

    def release(self, seq: int, keys: int) -> None:
        """Note that the keys of entry ``seq`` leave: they count as lost until they were answered."""
        self.released[seq] = keys

    def put(self, pool: Pool, start: int, material: bytes, *, ready: bool = True) -> None:
        """Store units from serial ``start`` on.

        Args:
            pool: where to.
            start: serial of the first unit.
            material: a multiple of 32 bytes.
            ready: make them available at once; else :meth:`Pool.append` follows later.
        """
        self.change(pool)
        units = len(material) // 32
        seal = self._store.sealer.seal
        self.db.executemany(
            "INSERT INTO unit VALUES (?,?,?,?)",
            [
                (
                    pool.id,
                    start + i,
                    self.at,
                    seal(material[32 * i : 32 * i + 32], unit_bound(pool.id, start + i)),
                )
                for i in range(units)
            ],
        )
        pool.received += units
        if ready and pool.direction == "out":
            pool.append(start, start + units, self.at)

    def pull(self, pool: Pool, start: int, stop: int) -> list[bytes] | None:
        """Remove the units ``start`` to ``stop`` - 1 and return them, or ``None`` where one is missing.

        The caller refuses in that case; the operation's changes are then undone.
        """
        self.change(pool)
        rows = self.db.execute(
            "DELETE FROM unit WHERE pool=? AND serial>=? AND serial<? RETURNING serial, sealed",
            (pool.id, start, stop),
        ).fetchall()
        if len(rows) != stop - start:
            return None
        if len(rows) > 1:
            rows.sort()
        unseal = self._store.sealer.open
        return [unseal(sealed, unit_bound(pool.id, serial)) for serial, sealed in rows]

    def drop(self, pool: Pool, start: int, stop: int) -> int:
        """Remove the units ``start`` to ``stop`` - 1 unread and return how many there were."""
        self.change(pool)
        found = self.db.execute(
            "DELETE FROM unit WHERE pool=? AND serial>=? AND serial<?", (pool.id, start, stop)
        ).rowcount
        pool.discarded += found
        pool.remove(start, stop)
        return found

    def expire(self, pool: Pool, oldest: int) -> int:
        """Remove the units born before ``oldest`` and return how many there were."""
        row = self.db.execute(
            "SELECT born FROM unit WHERE pool=? ORDER BY serial LIMIT 1", (pool.id,)
        ).fetchone()
        if row is None or row[0] >= oldest:
            return 0
        gone: int = self.db.execute("DELETE FROM unit WHERE pool=? AND born<?", (pool.id, oldest)).rowcount
        pool.discarded += gone
        pool.save(self.db)
        pool.load(self.db)
        self.change(pool)
        return gone

    def holds(self, pool: Pool, start: int, stop: int) -> bool:
        """Say whether all units ``start`` to ``stop`` - 1 are stored."""
        found = self.db.execute(
            "SELECT count(*) FROM unit WHERE pool=? AND serial>=? AND serial<?", (pool.id, start, stop)
        ).fetchone()[0]
        return bool(found == stop - start)

    def take(self, pool: Pool, count: int, units: int, oldest: int = 0) -> list[tuple[int, bytes]]:
        """Remove ``count`` keys of ``units`` each from an *out* pool; call :meth:`Pool.fits` before.

        Returns:
            Serial of the first unit and the material of each key.

        Raises:
            KmeError: the store lacks a unit it should hold.
        """
        found: list[tuple[int, bytes]] = []
        for run in pool.cut(count, units, oldest):
            pieces = self.pull(pool, run.start, run.stop)
            if pieces is None:
                raise KmeError(f"pool {pool.id} lacks units it should hold", kind="store")
            found += [(run.start + i, b"".join(pieces[i : i + units])) for i in range(0, len(pieces), units)]
        return found

    def assign(self, key_id: str, master: str, slave: str, material: bytes) -> None:
        """Store a key for one slave."""
        sealed = self._store.sealer.seal(material, f"{key_id}\0{slave}".encode())
        self.db.execute("INSERT INTO assigned VALUES (?,?,?,?,?)", (key_id, slave, master, self.at, sealed))

    def claim(self, key_id: str, master: str, slave: str) -> bytes | None:
        """Remove and return the key stored for one slave."""
        row = self.db.execute(
            "DELETE FROM assigned WHERE key_id=? AND slave=? AND master=? RETURNING sealed",
            (key_id, slave, master),
        ).fetchone()
        return None if row is None else self._store.sealer.open(row[0], f"{key_id}\0{slave}".encode())

    def assigned(self, key_id: str) -> bool:
        """Say whether a key is stored for anybody."""
        row = self.db.execute("SELECT 1 FROM assigned WHERE key_id=? LIMIT 1", (key_id,)).fetchone()
        return row is not None
