"""An append-only file of facts (日志): a JSON object a line, on disk before it counts; one writer."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from langqiao.engines.scheduling.errors import SchedulingError, TraceError

LONGEST = 1_000_000  # bytes of a line
PAUSE = 0.05  # seconds between two tries for the lock

Fact = dict[str, Any]


class Journal:
    """Facts in the order in which they were written.

    A line that lacks its end was never acknowledged: a reader passes it over, the next writer removes it. The
    lock is held through a file beside, ``NAME.lock``, whose descriptor a child may inherit: as long as the
    child lives, nobody else writes, even when the parent has been killed.
    """

    def __init__(self, path: str | Path, *, patience: float = 30.0) -> None:
        """``patience``: seconds to wait for another writer."""
        self.path = Path(path)
        self.patience = patience

    def facts(self) -> list[Fact]:
        """All facts; none where there is no file yet.

        Raises:
            TraceError: a whole line is no JSON object.
            OSError: the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return list(self._read(file))
        except FileNotFoundError:
            return []

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Hold the lock, and append.

        Raises:
            SchedulingError: another process has held the lock for longer than ``patience``.
            TraceError: a whole line is no JSON object.
            OSError: the file cannot be written.
        """
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._acquire(lock)
            with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
                held = list(self._read(file))
                _drop_torn_line(file)
                _sync_folder(self.path.parent)
                yield Writer(file, held, lock)
        finally:
            os.close(lock)

    def _acquire(self, lock: int) -> None:
        until = time.monotonic() + self.patience
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise SchedulingError(
                        f"{self.path} has been in use by another process for {self.patience:g} seconds",
                        kind="busy",
                        subjects=(str(self.path),),
                    ) from None
                time.sleep(PAUSE)
            else:
                return

    def _read(self, file: BinaryIO) -> Iterator[Fact]:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                fact = json.loads(line) if len(line) <= LONGEST else None
            except (ValueError, RecursionError):
                fact = None
            if not isinstance(fact, dict):
                raise TraceError("the line is no JSON object", path=str(self.path), line=number)
            yield fact


class Writer:
    """The journal while it is locked; ``facts`` grows with what is written, as long as ``keeps`` is true."""

    def __init__(self, file: BinaryIO, facts: list[Fact], lock: int) -> None:
        self._file = file
        self.facts = facts
        self.lock = lock
        self.keeps = True

    def append(self, fact: Fact) -> None:
        """Write a fact through to the disk.

        Raises:
            OSError: it cannot be written.
            ValueError: the fact is no JSON or longer than 1 MB.
        """
        line = json.dumps(fact, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        if len(line) > LONGEST:
            raise ValueError("a fact is longer than 1 MB")
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        if self.keeps:
            self.facts.append(fact)


def _drop_torn_line(file: BinaryIO) -> None:
    file.seek(0, os.SEEK_END)
    end = size = file.tell()
    while end > 0:
        begin = max(end - 4096, 0)
        file.seek(begin)
        at = file.read(end - begin).rfind(b"\n")
        if at >= 0:
            end = begin + at + 1
            break
        end = begin
    if end < size:
        file.truncate(end)
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk only with its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
