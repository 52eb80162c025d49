"""Data keys: random, kept wrapped under the master key; a row for each master key that can open them.

During a rotation two rows exist, one for the old and one for the new master key, so that a crash at any
moment leaves a store that opens with whichever of the two is in place.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Final

from langqiao.engines.sm.kdf import hmac_sm3
from langqiao.kme.errors import KmeError
from langqiao.kme.sealing import Sealer, derive, sealer

KEY_BYTES: Final = 32


def mark(master: bytes) -> bytes:
    """Return eight bytes that tell one master key from another without telling anything about it."""
    return hmac_sm3(derive(master, "mark"), b"master key")[:8]


def _bound(number: int, cipher: str) -> bytes:
    return f"data key {number} {cipher}".encode()


def wrap(connection: sqlite3.Connection, number: int, cipher: str, key: bytes, master: bytes) -> None:
    """Write a data key's row for one master key."""
    wrapped = sealer(cipher, derive(master, "wrap")).seal(key, _bound(number, cipher))
    connection.execute(
        "INSERT OR REPLACE INTO data_key VALUES (?,?,?,?)", (number, mark(master), cipher, wrapped)
    )


def unwrap(connection: sqlite3.Connection, master: bytes) -> tuple[int, str, bytes]:
    """Return number, cipher and key of the data key in use.

    Raises:
        KmeError: the store was sealed under another master key.
    """
    row = connection.execute(
        "SELECT id, cipher, wrapped FROM data_key WHERE master=? ORDER BY id DESC LIMIT 1", (mark(master),)
    ).fetchone()
    if row is None:
        raise KmeError("the store is sealed under another master key", kind="master")
    number, cipher, wrapped = row
    return number, cipher, sealer(cipher, derive(master, "wrap")).open(wrapped, _bound(number, cipher))


def current_sealer(connection: sqlite3.Connection, master: bytes) -> Sealer:
    """Return the sealer of the data key in use.

    Raises:
        KmeError: the store was sealed under another master key.
    """
    _number, cipher, key = unwrap(connection, master)
    return sealer(cipher, key)


def first_data_key(connection: sqlite3.Connection, cipher: str, master: bytes) -> None:
    """Make the first data key of a new store."""
    wrap(connection, 1, cipher, os.urandom(KEY_BYTES), master)
