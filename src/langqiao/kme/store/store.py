"""The store of a KME: one database, one writer at a time, group commits with full sync.

Operations queue up while a commit is being synced to disk. The next group takes all that wait, runs each of
them, commits once and only then hands out results. A crash before the commit undoes them all; a crash after
it loses the keys whose answer was not sent, and never delivers one twice. Which answers were outstanding is
written with every commit, so that the next start counts the loss.

Operations run in the event loop's own thread, for they take microseconds and two threads would fight for the
interpreter; only the commit, which waits for the disk, runs in another.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fcntl
import json
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from langqiao.kme.errors import KmeError, Refusal, unavailable
from langqiao.kme.sealing import Sealer
from langqiao.kme.store import audit
from langqiao.kme.store.datakeys import current_sealer, first_data_key
from langqiao.kme.store.pools import IN, OUT, Pool
from langqiao.kme.store.schema import UNFIT, connect, damage_named
from langqiao.kme.store.transaction import Transaction, now_ms

T = TypeVar("T")
Operation = Callable[[Transaction], T]

log = logging.getLogger("langqiao.kme")

DATABASE: Final = "keys.sqlite3"
GROUP: Final = 256
WAITING: Final = 4096


class Delivery:
    """Keys that left the store with audit entry ``seq``; ``answered`` or ``lost`` has to follow."""

    __slots__ = ("keys", "seq")

    def __init__(self, seq: int, keys: list[tuple[str, bytes]]) -> None:
        self.seq = seq
        self.keys = keys

    def __repr__(self) -> str:
        return f"Delivery(seq={self.seq}, keys={len(self.keys)})"


class _Job:
    """An operation that waits, and the future of who waits for it.

    ``checked``: it refuses, if at all, before it writes anything, and needs no savepoint.
    """

    __slots__ = ("checked", "future", "operation", "outcome")

    def __init__(
        self, operation: Operation[Any], future: asyncio.Future[Any] | None, *, checked: bool
    ) -> None:
        self.operation = operation
        self.future = future
        self.checked = checked
        self.outcome: tuple[Any, BaseException | None] = (None, None)


@dataclass
class _Group:
    """A group on its way to the disk: the newest audit entry, keys released by entry, operations, entries."""

    newest: audit.Head
    released: dict[int, int]
    done: list[_Job]
    entries: list[audit.Entry]
    outstanding: str = "[]"


def lock_folder(folder: Path) -> int:
    """Take the store for this process alone; the handle keeps it until it is closed.

    Raises:
        KmeError: another process has it, or the folder is missing.
    """
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise KmeError(f"{folder}: {error.strerror}", kind="store") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise KmeError(f"another process uses the store {folder}", kind="locked") from error
    return handle


def create_store(folder: Path, cipher: str, master: bytes) -> None:
    """Make an empty store with its first data key.

    Raises:
        KmeError: there is one.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = connect(folder / DATABASE, create=True)
    try:
        first_data_key(connection, cipher, master)
    finally:
        connection.close()


class Store:
    """An open store.

    Args:
        folder: holds the database, the lock and the witness of the audit trail.
        master: 32-byte master key.
        peers: peer KME to kind of pool, ``link`` or ``relay``.
        group: operations a commit takes at most; 1 is the plain version of benchmarks.

    Raises:
        KmeError: no store, in use, damaged, older than its witness, or sealed under another master key.
    """

    def __init__(self, folder: Path, master: bytes, peers: dict[str, str], *, group: int = GROUP) -> None:
        self._group = group
        self._unanswered: dict[int, int] = {}
        self._lost: list[int] = []
        self._written = "[]"
        self._queue: deque[_Job] = deque()
        self._busy = False
        self._closed = False
        self._stale = False
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="kme-commit")
        self.commits = 0
        self._path = folder / DATABASE
        self._lock = lock_folder(folder)
        with contextlib.ExitStack() as undo, damage_named(self._path):
            undo.callback(os.close, self._lock)
            self._db = connect(self._path)
            undo.callback(self._db.close)
            self._witness = audit.Witness(folder / "audit.head")
            undo.callback(self._witness.close)
            self._witness.check(self._db)
            self.sealer: Sealer = current_sealer(self._db, master)
            self.pools: dict[tuple[str, str], Pool] = self._open_pools(peers)
            self._head = audit.head(self._db)
            self._recover()
            undo.pop_all()

    def _open_pools(self, peers: dict[str, str]) -> dict[tuple[str, str], Pool]:
        pools = {}
        for peer, kind in sorted(peers.items()):
            for direction in (OUT, IN):
                self._db.execute(
                    "INSERT INTO pool (peer, direction, kind) VALUES (?,?,?) ON CONFLICT DO NOTHING",
                    (peer, direction, kind),
                )
                row = self._db.execute(
                    "SELECT id FROM pool WHERE peer=? AND direction=?", (peer, direction)
                ).fetchone()
                pool = Pool(row[0], peer, direction, kind)
                pool.load(self._db)
                pools[peer, direction] = pool
        return pools

    def _recover(self) -> None:
        """Count the keys that a crash took after their commit and before their answer."""
        row = self._db.execute("SELECT value FROM meta WHERE name='unanswered'").fetchone()
        entries = json.loads(row[0]) if row else []
        if not entries:
            return

        def note(transaction: Transaction) -> None:
            keys = sum(count for _seq, count in entries)
            transaction.audit(
                "kme", "lost", {"keys": keys, "entries": [seq for seq, _count in entries], "why": "crash"}
            )
            _add_lost(transaction.db, keys)

        self._write_now(note)

    def _write_now(self, operation: Operation[None]) -> None:
        """Do what :meth:`run_now` does where no client waits whom a 503 could be told.

        Raises:
            KmeError: the store cannot write.
        """
        try:
            self.run_now(operation)
        except Refusal as refusal:
            raise KmeError(f"{self._path}: {refusal}", kind="store") from refusal

    @property
    def head(self) -> audit.Head:
        """The newest entry of the audit trail that is committed."""
        return self._head

    @property
    def waiting(self) -> int:
        """Operations in the queue."""
        return len(self._queue)

    async def run(self, operation: Operation[T], *, checked: bool = False) -> T:
        """Run an operation in the next group commit and return its result once it is durable.

        Args:
            operation: what to do.
            checked: it refuses, if at all, before it writes anything; saves a savepoint.

        Raises:
            Refusal: the operation refused, or the store cannot write (503); nothing was released then.
        """
        if self._closed or len(self._queue) >= WAITING:
            raise unavailable("the key store is not taking requests", retry_after=1)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Job(operation, future, checked=checked))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._pump, loop)
        return await future

    def run_now(self, operation: Operation[T]) -> T:
        """Do what :meth:`run` does, alone and at once; not while an event loop uses the store."""
        job = _Job(operation, None, checked=False)
        group = self._begin([job])
        if group is not None:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error:
                group = None
        if group is None:
            self._undo([job])
        else:
            self._committed(group)
        result, error = job.outcome
        if error is not None:
            raise error
        found: T = result
        return found

    def answered(self, seq: int) -> None:
        """Note that the answer with the keys of entry ``seq`` was handed to the operating system."""
        self._unanswered.pop(seq, None)

    def lost(self, seq: int) -> None:
        """Note that the answer could not be sent: its keys are lost."""
        keys = self._unanswered.pop(seq, None)
        if keys is None:
            return

        def note(transaction: Transaction) -> None:
            transaction.audit("kme", "lost", {"keys": keys, "entries": [seq], "why": "connection"})
            _add_lost(transaction.db, keys)

        self._queue.append(_Job(note, None, checked=True))
        if not self._busy:
            self._busy = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._pump, loop)

    async def idle(self) -> None:
        """Wait until nothing is queued or being committed; whether it could be does not matter here."""
        if self._busy:
            with contextlib.suppress(Refusal):
                await self.run(lambda _transaction: None)

    def close(self) -> None:
        """Note that nothing is outstanding and give the store back; :meth:`idle` comes before.

        Raises:
            KmeError: the store cannot be written any more; it is given back all the same.
        """
        if self._closed:
            return
        self._closed = True
        self._thread.shutdown()
        with contextlib.ExitStack() as last, damage_named(self._path):
            last.callback(os.close, self._lock)
            last.callback(self._db.close)
            last.callback(self._witness.close)
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._write_now(lambda _transaction: None)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take a group, run it, and let the other thread commit it."""
        jobs = [self._queue.popleft() for _ in range(min(self._group, len(self._queue)))]
        group = self._begin(jobs)
        if group is None:
            self._undo(jobs)
            self._next(loop)
            return
        commit = loop.run_in_executor(self._thread, self._db.execute, "COMMIT")
        commit.add_done_callback(lambda done: self._after(loop, jobs, group, done))

    def _after(
        self, loop: asyncio.AbstractEventLoop, jobs: list[_Job], group: _Group, done: asyncio.Future[Any]
    ) -> None:
        if done.cancelled() or done.exception() is not None:
            self._undo(jobs)
        else:
            self._committed(group)
        self._next(loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._queue:
            loop.call_soon(self._pump, loop)
        else:
            self._busy = False

    def _begin(self, jobs: list[_Job]) -> _Group | None:
        """Run a group up to its commit; ``None`` where the store cannot write."""
        if self._stale:
            return None
        group = _Group(self._head, {}, [], [])
        changed: dict[int, Pool] = {}
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in jobs:
                if job.future is None or not job.future.cancelled():
                    self._one(job, group, changed)
            audit.append(self._db, group.entries)
            for pool in changed.values():
                pool.save(self._db)
            outstanding = json.dumps(list({**self._unanswered, **group.released}.items()))
            if outstanding != self._written:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('unanswered', ?)", (outstanding,))
            group.outstanding = outstanding
        except sqlite3.Error:
            return None
        return group

    def _one(self, job: _Job, group: _Group, changed: dict[int, Pool]) -> None:
        """Run one operation; a refusal undoes what it wrote.

        Raises:
            sqlite3.Error: the store cannot write.
        """
        transaction = Transaction(self, self._db, group.newest, now_ms())
        if not job.checked:
            for pool in changed.values():
                pool.save(self._db)
            self._db.execute("SAVEPOINT job")
        try:
            job.outcome = (job.operation(transaction), None)
        except sqlite3.Error:
            raise
        except Exception as error:
            if job.checked and transaction.wrote:
                raise sqlite3.Error("an operation that had written failed") from error
            job.outcome = (None, error)
            if not job.checked:
                self._db.execute("ROLLBACK TO job")
                self._reload(transaction.touched)
        else:
            group.newest = transaction.head
            group.entries += transaction.entries
            group.released.update(transaction.released)
            changed.update(transaction.touched)
        if not job.checked:
            self._db.execute("RELEASE job")
        group.done.append(job)

    def _committed(self, group: _Group) -> None:
        self._written = group.outstanding
        self._unanswered.update(group.released)
        self.commits += 1
        if group.newest.seq != self._head.seq:
            self._head = group.newest
            try:
                self._witness.write(group.newest)
            except OSError:
                self._withhold(group.done)
        self._settle(group.done)

    def _withhold(self, jobs: list[_Job]) -> None:
        """Hand out nothing that the witness did not see: the keys are lost, their waiters get a 503."""
        for job in jobs:
            result, error = job.outcome
            if isinstance(result, Delivery):
                self.lost(result.seq)
            if error is None:
                job.outcome = (None, unavailable("the witness of the audit trail cannot be written"))

    def _reload(self, pools: dict[int, Pool]) -> None:
        for pool in pools.values():
            pool.load(self._db)

    def _undo(self, jobs: list[_Job]) -> None:
        """Give every waiter a 503 and read memory anew: nothing of this group was released.

        Where memory cannot be read anew (the file was damaged), nothing is released until it can.
        """
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._reload({pool.id: pool for pool in self.pools.values()})
        except (sqlite3.Error, *UNFIT) as error:
            if not self._stale:
                log.error("store unreadable fault=%s", error)  # noqa: TRY400 - one line
            self._stale = True
        else:
            self._stale = False
        for job in jobs:
            job.outcome = (None, unavailable("the key store or its audit trail cannot be written"))
        self._settle(jobs)

    def _settle(self, jobs: list[_Job]) -> None:
        for job in jobs:
            result, error = job.outcome
            if job.future is None:
                continue
            if job.future.cancelled():
                if isinstance(result, Delivery):
                    self.lost(result.seq)
            elif error is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)


def _add_lost(connection: sqlite3.Connection, keys: int) -> None:
    connection.execute(
        "INSERT INTO meta VALUES ('lost', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (keys,),
    )
