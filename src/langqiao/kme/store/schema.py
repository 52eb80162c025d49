"""Tables of the store, and how its database file is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from langqiao.kme.errors import KmeError

VERSION: Final = 1

TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE data_key (
  id INTEGER NOT NULL, master BLOB NOT NULL, cipher TEXT NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY (id, master)
) WITHOUT ROWID;
CREATE TABLE pool (
  id INTEGER PRIMARY KEY, peer TEXT NOT NULL, direction TEXT NOT NULL, kind TEXT NOT NULL,
  next INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0,
  relayed INTEGER NOT NULL DEFAULT 0, discarded INTEGER NOT NULL DEFAULT 0, UNIQUE (peer, direction)
);
CREATE TABLE source (
  peer TEXT PRIMARY KEY, cursor TEXT NOT NULL, skip INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE unit (
  pool INTEGER NOT NULL, serial INTEGER NOT NULL, born INTEGER NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (pool, serial)
) WITHOUT ROWID;
CREATE TABLE assigned (
  key_id TEXT NOT NULL, slave TEXT NOT NULL, master TEXT NOT NULL, born INTEGER NOT NULL, sealed BLOB NOT
  NULL, PRIMARY KEY (key_id, slave)
) WITHOUT ROWID;
CREATE TABLE message (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, next TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL,
  pool INTEGER NOT NULL DEFAULT 0, serial INTEGER NOT NULL DEFAULT 0, units INTEGER NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE seen (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE usage (sae TEXT NOT NULL, day INTEGER NOT NULL, keys INTEGER NOT NULL, PRIMARY KEY (sae, day))
  WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, act TEXT NOT NULL, facts TEXT NOT NULL,
  hash BLOB NOT NULL
);
"""


UNFIT: Final = (TypeError, ValueError, AttributeError, OverflowError)
"""What reading a value raises that no KME wrote."""

_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_MEND: Final = (
    "put a copy of the file in its place, remove those that end in -wal and -shm beside it, then throw the"
    " copy's keys away with `langqiao kme discard`"
)


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Say in words what SQLite, or a value that no KME wrote, tells of a store's file.

    Raises:
        KmeError: of the kind ``store``, with what to do where the file is damaged.
    """
    try:
        yield
    except KmeError:
        raise
    except (sqlite3.Error, *UNFIT) as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        mend = f"; the store is damaged: {_MEND}" if code & 0xFF in _DAMAGE else ""
        raise KmeError(f"{path}: {error}{mend}", kind="store") from error


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open the database: write-ahead log, every commit synced, deleted content overwritten with zeros.

    Raises:
        KmeError: there is no store, or the file is none of ours.
    """
    if create and path.exists():
        raise KmeError(f"there is a store at {path} already", kind="store")
    if not create and not path.is_file():
        raise KmeError(f"no store at {path}", kind="store")
    with damage_named(path):
        if create:
            path.touch(mode=0o600)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
        try:
            _prepare(connection, path, create=create)
        except (KmeError, sqlite3.Error):
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    for pragma in ("secure_delete=ON", "temp_store=MEMORY", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    if create:
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version={VERSION}; COMMIT;")
    elif connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        raise KmeError(f"{path} is not a store of version {VERSION}; if it was one, {_MEND}", kind="store")
