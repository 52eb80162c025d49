"""The store of a KME: one database, one writer thread, group commits with full sync.

Operations queue up; the writer runs as many as wait, each inside a savepoint of its own, commits once and
only then hands out results. A crash before the commit undoes them all; a crash after it loses the keys whose
answer was not sent, and never delivers one twice. Which answers were outstanding is written with every
commit, so that the next start counts the loss.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import fcntl
import json
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from langqiao.kme.errors import KmeError, unavailable
from langqiao.kme.sealing import Sealer
from langqiao.kme.store import audit
from langqiao.kme.store.datakeys import current_sealer, first_data_key
from langqiao.kme.store.pools import IN, OUT, Pool
from langqiao.kme.store.schema import connect
from langqiao.kme.store.transaction import Transaction, now_ms

T = TypeVar("T")
Operation = Callable[[Transaction], T]

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
    """An operation that waits, and who waits for it: a future of an event loop, or of another thread."""

    __slots__ = ("future", "loop", "operation", "outcome")

    def __init__(
        self, operation: Operation[Any], future: Any, loop: asyncio.AbstractEventLoop | None
    ) -> None:
        self.operation = operation
        self.future = future
        self.loop = loop
        self.outcome: Any = None


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
        KmeError: no store, in use, older than its witness, or sealed under another master key.
    """

    def __init__(self, folder: Path, master: bytes, peers: dict[str, str], *, group: int = GROUP) -> None:
        self._lock = lock_folder(folder)
        try:
            self._db = connect(folder / DATABASE)
            self._witness = audit.Witness(folder / "audit.head")
            self._witness.check(self._db)
            self.sealer: Sealer = current_sealer(self._db, master)
            self.pools: dict[tuple[str, str], Pool] = self._open_pools(peers)
        except (KmeError, sqlite3.Error):
            os.close(self._lock)
            raise
        self._group = group
        self._head = audit.head(self._db)
        self._unanswered: dict[int, int] = {}
        self._lost: list[int] = []
        self._written = "[]"
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self.commits = 0
        self._recover()
        self._thread = threading.Thread(target=self._write, name="kme-store", daemon=True)
        self._thread.start()

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

        self._commit([_Job(note, concurrent.futures.Future(), None)])

    @property
    def head(self) -> audit.Head:
        """The newest entry of the audit trail that is committed."""
        return self._head

    @property
    def waiting(self) -> int:
        """Operations in the queue."""
        return self._queue.qsize()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in the next group commit and return its result once it is durable.

        Raises:
            Refusal: the operation refused, or the store cannot write (503); nothing was released then.
        """
        if self._closed or self._queue.qsize() >= WAITING:
            raise unavailable("the key store is not taking requests", retry_after=1)
        loop = asyncio.get_running_loop()
        job = _Job(operation, loop.create_future(), loop)
        self._queue.put(job)
        result: T = await job.future
        return result

    def run_now(self, operation: Operation[T]) -> T:
        """Do what :meth:`run` does, from a thread without an event loop."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._queue.put(_Job(operation, future, None))
        return future.result()

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

        self._queue.put(_Job(note, concurrent.futures.Future(), None))

    def close(self) -> None:
        """Finish what waits, note that nothing is outstanding, and give the store back."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._commit([])
        self._witness.close()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()
        os.close(self._lock)

    def _write(self) -> None:
        while True:
            job = self._queue.get()
            jobs: list[_Job] = []
            while job is not None:
                jobs.append(job)
                if len(jobs) >= self._group:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            if jobs:
                self._commit(jobs)
            if job is None:
                return

    def _commit(self, jobs: list[_Job]) -> None:
        """Run a group and commit it; when that fails every waiter gets a 503 and memory is read anew."""
        newest, released, done = self._head, {}, []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in jobs:
                if job.future.cancelled():
                    continue
                transaction = Transaction(self, self._db, newest, now_ms())
                self._db.execute("SAVEPOINT job")
                try:
                    job.outcome = (job.operation(transaction), None)
                except sqlite3.Error:
                    raise
                except Exception as error:  # noqa: BLE001 - a fault of one operation must not stop the others
                    self._db.execute("ROLLBACK TO job")
                    self._reload(transaction.touched)
                    job.outcome = (None, error)
                else:
                    newest = transaction.head
                    released.update(transaction.released)
                    for pool in transaction.touched.values():
                        pool.save(self._db)
                self._db.execute("RELEASE job")
                done.append(job)
            outstanding = json.dumps(list({**self._unanswered, **released}.items()))
            if outstanding != self._written:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('unanswered', ?)", (outstanding,))
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._undo(jobs)
            return
        self._written = outstanding
        self._unanswered.update(released)
        self.commits += 1
        if newest.seq != self._head.seq:
            self._head = newest
            self._witness.write(newest)
        self._settle(done)

    def _reload(self, pools: dict[int, Pool]) -> None:
        for pool in pools.values():
            pool.load(self._db)

    def _undo(self, jobs: list[_Job]) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._reload({pool.id: pool for pool in self.pools.values()})
        for job in jobs:
            job.outcome = (None, unavailable("the key store or its audit trail cannot be written"))
        self._settle(jobs)

    def _settle(self, jobs: list[_Job]) -> None:
        """Hand out results: one wake-up for each event loop, not for each operation."""
        loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in jobs:
            if job.loop is None:
                _give(job)
            else:
                loops.setdefault(job.loop, []).append(job)
        for loop, group in loops.items():
            loop.call_soon_threadsafe(self._hand_out, group)

    def _hand_out(self, jobs: list[_Job]) -> None:
        for job in jobs:
            if not job.future.cancelled():
                _give(job)
            elif isinstance(job.outcome[0], Delivery):
                self.lost(job.outcome[0].seq)


def _give(job: _Job) -> None:
    result, error = job.outcome
    if error is not None:
        job.future.set_exception(error)
    else:
        job.future.set_result(result)
    job.outcome = None


def _add_lost(connection: sqlite3.Connection, keys: int) -> None:
    connection.execute(
        "INSERT INTO meta VALUES ('lost', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (keys,),
    )
