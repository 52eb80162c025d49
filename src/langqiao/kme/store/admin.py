"""What is done to a store while its KME is stopped: check, renew keys, throw keys away."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from langqiao.kme.errors import KmeError
from langqiao.kme.files import SECRET_MODE, write_atomic
from langqiao.kme.sealing import Sealer, sealer
from langqiao.kme.store import audit
from langqiao.kme.store.datakeys import KEY_BYTES, current_sealer, mark, unwrap, wrap
from langqiao.kme.store.schema import UNFIT, connect, damage_named
from langqiao.kme.store.store import DATABASE, lock_folder
from langqiao.kme.store.transaction import now_ms, unit_bound


@dataclass(frozen=True)
class Report:
    """What a check found: entries and head of the audit trail, units, keys lost, and every fault in words."""

    entries: int
    head: audit.Head
    units: int
    shared: int
    lost: int
    faults: tuple[str, ...]


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    lock = lock_folder(folder)
    try:
        place = folder / DATABASE
        with damage_named(place), closing(connect(place)) as connection:
            yield connection
    finally:
        os.close(lock)


def verify_store(folder: Path, master: bytes) -> Report:
    """Check the database, the audit chain, its witness, every sealed record and the balance of every pool.

    What cannot be read is a fault of its part; the other parts are looked at all the same.

    Raises:
        KmeError: no store, no database of ours, in use, or another master key.
    """
    faults: list[str] = []
    verdict = audit.Verdict(0, audit.Head(0, audit.ORIGIN), 0)
    lost = units = shared = 0
    with _opened(folder) as db:
        with _named(faults, "database"):
            faults += [
                f"database: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"
            ]
        with _named(faults, "audit"):
            verdict = audit.verify(db)
            if verdict.broken:
                faults.append(f"audit: entry {verdict.broken} is broken")
        with _named(faults, "witness"):
            faults += _unwitnessed(db, folder)
        with _named(faults, "sealed records"):
            faults += _unreadable(db, current_sealer(db, master))
        with _named(faults, "pools"):
            faults += _unbalanced(db)
        with _named(faults, "counts"):
            lost = _one_number(db, "SELECT value FROM meta WHERE name='lost'")
            units = _one_number(db, "SELECT count(*) FROM unit")
            shared = _one_number(db, "SELECT count(*) FROM assigned")
    return Report(verdict.entries, verdict.head, units, shared, lost, tuple(faults))


def holds_entry(folder: Path, seq: int, digest: str) -> bool:
    """Say whether the audit trail holds an entry of this number and hash (hexadecimal).

    A trail that cannot be read holds none; :func:`verify_store` says why.

    Raises:
        KmeError: no store, no database of ours, or in use.
    """
    with _opened(folder) as db, suppress(sqlite3.Error):
        row = db.execute("SELECT hash FROM audit WHERE seq=?", (seq,)).fetchone()
        return row is not None and bytes(row[0]).hex() == digest
    return False


@contextmanager
def _named(faults: list[str], part: str) -> Iterator[None]:
    """Make a fault of what cannot be read of one part of a store."""
    try:
        yield
    except KmeError as error:
        if error.kind != "sealed" and not faults:
            raise
        faults.append(f"{part}: {error}")
    except (sqlite3.Error, *UNFIT) as error:
        faults.append(f"{part}: {error}")


def _unwitnessed(db: sqlite3.Connection, folder: Path) -> list[str]:
    with closing(audit.Witness(folder / "audit.head")) as witness:
        try:
            witness.check(db)
        except KmeError as error:
            return [f"witness: {error}"]
    return []


def _one_number(db: sqlite3.Connection, query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0


def _unreadable(db: sqlite3.Connection, opener: Sealer) -> list[str]:
    faults = []
    for pool, serial, sealed in db.execute("SELECT pool, serial, sealed FROM unit"):
        try:
            opener.open(sealed, unit_bound(pool, serial))
        except KmeError:
            faults.append(f"pool {pool}: unit {serial} cannot be opened")
    for key_id, slave, sealed in db.execute("SELECT key_id, slave, sealed FROM assigned"):
        try:
            opener.open(sealed, f"{key_id}\0{slave}".encode())
        except KmeError:
            faults.append(f"key {key_id} for {slave} cannot be opened")
    return faults


def _unbalanced(db: sqlite3.Connection) -> list[str]:
    """Received = stored + delivered + relayed + discarded, for every pool, to the unit."""
    rows = db.execute(
        "SELECT peer, direction, received - delivered - relayed - discarded,"
        " (SELECT count(*) FROM unit WHERE unit.pool = pool.id) FROM pool"
    )
    return [
        f"pool {peer} {direction}: {expected} units by the counters, {found} stored"
        for peer, direction, expected, found in rows
        if expected != found
    ]


def rotate(folder: Path, master: bytes, new: bytes, *, place: Path | None) -> int:
    """Seal every record anew under a new data key, and that under a new master key.

    A crash at any moment leaves a store that opens with the master key that is in place then.

    Args:
        folder: of the store.
        master: the master key in use.
        new: the master key to come.
        place: its file, replaced here; ``None`` where it comes from the environment.

    Returns:
        Records sealed anew.

    Raises:
        KmeError: no store, in use, damaged, or another master key.
    """
    with _opened(folder) as db:
        number, cipher, old_key = unwrap(db, master)
        key = os.urandom(KEY_BYTES)
        before, after = sealer(cipher, old_key), sealer(cipher, key)
        db.execute("BEGIN IMMEDIATE")
        count = _reseal(db, before, after)
        for known in (master, new):
            wrap(db, number + 1, cipher, key, known)
        db.execute("DELETE FROM data_key WHERE id<=?", (number,))
        _note(db, "rotate", f'{{"data_key":{number + 1},"records":{count}}}')
        db.execute("COMMIT")
        if place is not None:
            write_atomic(place, new.hex().encode() + b"\n", mode=SECRET_MODE)
        db.execute("DELETE FROM data_key WHERE master<>?", (mark(new),))
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def _reseal(db: sqlite3.Connection, before: Sealer, after: Sealer) -> int:
    units = db.execute("SELECT pool, serial, sealed FROM unit").fetchall()
    db.executemany(
        "UPDATE unit SET sealed=? WHERE pool=? AND serial=?",
        (
            (
                after.seal(before.open(sealed, unit_bound(pool, serial)), unit_bound(pool, serial)),
                pool,
                serial,
            )
            for pool, serial, sealed in units
        ),
    )
    shared = db.execute("SELECT key_id, slave, sealed FROM assigned").fetchall()
    for key_id, slave, sealed in shared:
        bound = f"{key_id}\0{slave}".encode()
        db.execute(
            "UPDATE assigned SET sealed=? WHERE key_id=? AND slave=?",
            (after.seal(before.open(sealed, bound), bound), key_id, slave),
        )
    return len(units) + len(shared)


def discard(folder: Path, master: bytes) -> int:
    """Throw every stored key away and renew the witness, after a copy was put back.

    What the sources have made until the next start is thrown away then: the lost store may have issued it.

    Returns:
        Units thrown away.

    Raises:
        KmeError: no store, in use, damaged, or another master key.
    """
    with _opened(folder) as db:
        unwrap(db, master)
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            "UPDATE pool SET discarded = discarded + (SELECT count(*) FROM unit WHERE unit.pool = pool.id)"
        )
        units: int = db.execute("DELETE FROM unit").rowcount
        db.execute("DELETE FROM assigned")
        db.execute("DELETE FROM message")
        db.execute("UPDATE source SET skip=1")
        _note(db, "discard", f'{{"units":{units}}}')
        db.execute("COMMIT")
        newest = audit.head(db)
        (folder / "audit.head").unlink(missing_ok=True)
        witness = audit.Witness(folder / "audit.head")
        witness.write(newest)
        witness.close()
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return units


def _note(db: sqlite3.Connection, act: str, facts: str) -> None:
    before, at = audit.head(db), now_ms()
    seq = before.seq + 1
    digest = audit.entry_hash(before.hash, (seq, at, "operator", act), facts)
    audit.append(db, [(seq, at, "operator", act, facts, digest)])
