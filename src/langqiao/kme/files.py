"""Small files that hold secrets or must survive a power cut."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from langqiao.kme.errors import KmeError

SECRET_MODE: Final = 0o600
SECRET_BYTES: Final = 32
_LARGEST_SECRET: Final = 1 << 16


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all: a new file beside it, synced, renamed, the folder synced."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_private(path: Path) -> None:
    """See that a key file is ours and closed to everybody else.

    Raises:
        KmeError: no such file, another owner, or readable by group or others.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise KmeError(f"{path}: {error.strerror}", kind="secret") from error
    if not stat.S_ISREG(found.st_mode):
        raise KmeError(f"{path} is not a file", kind="secret")
    if found.st_uid != os.geteuid():
        raise KmeError(f"{path} belongs to another user", kind="secret")
    if found.st_mode & 0o077:
        raise KmeError(
            f"{path} can be read by others (mode {stat.S_IMODE(found.st_mode):04o}); chmod 600 it",
            kind="secret",
        )


def read_secret(path: Path) -> bytes:
    """Return the 32 bytes of a secret file (64 hexadecimal digits).

    Raises:
        KmeError: the file is not private (:func:`check_private`) or does not hold 64 hexadecimal digits.
    """
    check_private(path)
    with path.open("rb") as stream:
        text = stream.read(_LARGEST_SECRET)
    return secret_from_hex(text.decode("ascii", "replace"), str(path))


def secret_from_hex(text: str, place: str) -> bytes:
    """Return the 32 bytes written as 64 hexadecimal digits; the error names the place, never the text.

    Raises:
        KmeError: it is something else.
    """
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KmeError(f"{place} does not hold {2 * SECRET_BYTES} hexadecimal digits", kind="secret")
    return secret


def write_secret(path: Path, secret: bytes) -> None:
    """Write a 32-byte secret as 64 hexadecimal digits, mode 0600."""
    write_atomic(path, secret.hex().encode() + b"\n", mode=SECRET_MODE)
