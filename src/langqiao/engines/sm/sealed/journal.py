"""The journal of an unfinished seal or opening: keys, wrapped, and what is done, each line authenticated.

The first part is one blob wrapped by the :class:`~langqiao.engines.sm.sealed.vault.Vault`; it never
changes. Records of 73 bytes follow, appended after the data they speak of has reached the disk: a run,
or a finished piece with its leaf and a GMAC over its bytes in the partial file. Each carries 16 bytes
of HMAC-SM3 under a key from the blob. Reading stops at the first record that is torn, changed or out of
order; what comes after it is done again.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from langqiao.engines.sm.kdf import equal, hmac_sm3
from langqiao.engines.sm.portable import sm4_gmac
from langqiao.engines.sm.sealed.errors import SealedError
from langqiao.engines.sm.sealed.layout import LARGEST_HEADER, MOST_RUNS, RUN_SALT_BYTES, Run
from langqiao.engines.sm.sealed.types import SealKey
from langqiao.engines.sm.sealed.vault import Vault
from langqiao.engines.sm.sm4gcm import Readable

_MAGIC: Final = b"LQS-JRN1"
_BODY: Final = struct.Struct(">cQ32s16s")
_MAC_BYTES: Final = 16
_RECORD_BYTES: Final = _BODY.size + _MAC_BYTES
LARGEST_BLOB: Final = 4 * LARGEST_HEADER
_RUN: Final = b"R"
_PIECE: Final = b"P"


@dataclass(frozen=True)
class Piece:
    """A finished segment: its leaf of the manifest, and the GMAC of its bytes in the partial file."""

    leaf: bytes
    mac: bytes


@dataclass
class State:
    """What a journal knows.

    ``identity`` is what the source must still be: size, time of last change and inode of a file to be
    sealed; the header's digest is enough for one to be opened.
    """

    kind: Literal["seal", "open"]
    header: bytes
    keys: tuple[SealKey, ...]
    secret: bytes = field(repr=False)
    kem_secret: bytes = field(default=b"", repr=False)
    identity: tuple[int, ...] = ()
    runs: tuple[Run, ...] = ()
    pieces: list[Piece] = field(default_factory=list, repr=False)

    def mac(self, index: int, data: Readable) -> bytes:
        """Return the GMAC of a piece as it lies in the partial file, under a key of the run that made it."""
        run = next(run for run in reversed(self.runs) if run.first <= index)
        return sm4_gmac(hmac_sm3(self.secret, b"piece" + run.salt)[:16], struct.pack(">IQ", 0, index), data)


def _encode(state: State) -> bytes:
    return json.dumps(
        {
            "kind": state.kind, "header": state.header.hex(), "secret": state.secret.hex(),
            "keys": [[key.id, key.value.hex()] for key in state.keys], "kem": state.kem_secret.hex(),
            "identity": state.identity,
        }
    ).encode()  # fmt: skip


def _decode(blob: bytes) -> State:
    values: dict[str, Any] = json.loads(blob)
    return State(
        kind=values["kind"], header=bytes.fromhex(values["header"]), secret=bytes.fromhex(values["secret"]),
        keys=tuple(SealKey(identity, bytes.fromhex(value)) for identity, value in values["keys"]),
        kem_secret=bytes.fromhex(values["kem"]), identity=tuple(values["identity"]),
    )  # fmt: skip


class Journal:
    """An open journal file, locked for this process."""

    def __init__(self, path: Path, descriptor: int, state: State) -> None:
        self.path, self.state, self._descriptor = path, state, descriptor

    @classmethod
    def create(cls, path: Path, vault: Vault, make: Callable[[], State]) -> Journal:
        """Write a new journal of what ``make`` returns; when this returns, the keys are safe on the disk.

        ``make`` takes the keys. It is called when the file is there and locked, so that no key is spent
        where no journal can be written, nor by two processes at once.

        Raises:
            SealedError: there is one already, or another process makes one (``kind`` is ``busy``).
        """
        fresh = draft_of(path)
        descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
        locked = False
        try:
            _lock(descriptor, path)
            locked = True
            _alone(descriptor, path, fresh)
            state = make()
            blob = vault.wrap(_encode(state), _MAGIC)
            os.ftruncate(descriptor, 0)
            _write(descriptor, _MAGIC + struct.pack(">I", len(blob)) + blob, 0)
            os.fsync(descriptor)
            fresh.rename(path)
            sync_folder(path.parent)
        except BaseException:
            if locked and _is_at(descriptor, fresh):
                fresh.unlink()  # before the lock goes: nobody else has begun with it
            os.close(descriptor)
            raise
        return cls(path, descriptor, state)

    @classmethod
    def load(cls, path: Path, vault: Vault) -> Journal | None:
        """Return the journal at this place, or None when there is none.

        Raises:
            SealedError: another process works with it (``busy``), it is damaged (``journal``), or it
                was wrapped under another secret (``secret``).
        """
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            _lock(descriptor, path)
            blob = _blob(descriptor, path)
            journal = cls(path, descriptor, _decode(vault.unwrap(blob, _MAGIC)))
            journal._replay(len(_MAGIC) + 4 + len(blob))
        except BaseException:
            os.close(descriptor)
            raise
        return journal

    def _replay(self, position: int) -> None:
        """Read the records; cut off what cannot be believed."""
        state = self.state
        os.lseek(self._descriptor, position, os.SEEK_SET)
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            while len(record := stream.read(_RECORD_BYTES)) == _RECORD_BYTES:
                body, mac = record[: _BODY.size], record[_BODY.size :]
                if not equal(hmac_sm3(state.secret, body)[:_MAC_BYTES], mac):
                    break
                sort, index, leaf, salt = _BODY.unpack(body)
                if sort == _RUN and index <= len(state.pieces):
                    self._begin(Run(index, salt))
                elif sort == _PIECE and index == len(state.pieces) and state.runs:
                    state.pieces.append(Piece(leaf, salt))
                else:
                    break
                position += _RECORD_BYTES
        os.ftruncate(self._descriptor, position)

    def _begin(self, run: Run) -> None:
        state = self.state
        del state.pieces[run.first :]
        state.runs = (*(kept for kept in state.runs if kept.first < run.first), run)

    def _append(self, bodies: list[bytes]) -> None:
        data = b"".join(body + hmac_sm3(self.state.secret, body)[:_MAC_BYTES] for body in bodies)
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        _write(self._descriptor, data, end)
        os.fdatasync(self._descriptor)

    def begin(self, first: int) -> Run:
        """Begin a run at segment ``first``; whatever was noted from there on is forgotten.

        Raises:
            SealedError: there were more than 4,096 runs (``kind`` is ``journal``).
        """
        run = Run(first, os.urandom(RUN_SALT_BYTES))
        self._begin(run)
        if len(self.state.runs) > MOST_RUNS:
            raise SealedError("too many interruptions; begin again", kind="journal")
        self._append([_BODY.pack(_RUN, first, bytes(32), run.salt)])
        return run

    def note(self, pieces: list[Piece]) -> None:
        """Note finished pieces, whose bytes are on the disk already."""
        if pieces:
            at = len(self.state.pieces)
            self.state.pieces += pieces
            self._append(
                [_BODY.pack(_PIECE, at + n, piece.leaf, piece.mac) for n, piece in enumerate(pieces)]
            )

    def close(self) -> None:
        """Let go of the file and of the lock."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Remove the file: the work is finished, or given up."""
        self.path.unlink(missing_ok=True)
        sync_folder(self.path.parent)


def draft_of(path: Path) -> Path:
    """Where a journal is written before it gets its name."""
    return path.with_name(path.name + ".new")


def _alone(descriptor: int, path: Path, fresh: Path) -> None:
    if path.exists() or not _is_at(descriptor, fresh):
        raise SealedError(f"another process is at work with {path.name}", kind="busy")


def _is_at(descriptor: int, path: Path) -> bool:
    """Say whether the open file still has this name: another process may have renamed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SealedError(f"another process is at work with {path.name}", kind="busy") from error


def _blob(descriptor: int, path: Path) -> bytes:
    """Return the wrapped blob, whose stated length is believed only as far as the file goes."""
    start = os.pread(descriptor, len(_MAGIC) + 4, 0)
    length = int.from_bytes(start[len(_MAGIC) :], "big")
    held = os.fstat(descriptor).st_size - len(start)
    if start[: len(_MAGIC)] != _MAGIC or not 0 < length <= min(held, LARGEST_BLOB):
        raise SealedError(f"{path.name} is no journal, or is damaged", kind="journal")
    return os.pread(descriptor, length, len(start))


def _write(descriptor: int, data: bytes, position: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, position)
        data, position = data[written:], position + written


def sync_folder(folder: Path) -> None:
    """Make a rename or removal in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
