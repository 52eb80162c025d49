"""Segments on several threads, results in order, memory constant.

The back ends and the hash let go of the interpreter's lock while they work, so threads use all
processors. Each thread has two buffers of one segment, reads and writes at offsets itself, and hands
back only digests.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from langqiao.engines.sm.sealed.errors import SealedError

T = TypeVar("T")
_MOST: Final = 8
_AHEAD: Final = 4


def worker_count(asked: int) -> int:
    """Return the number of threads: as asked, or one for each processor, at most 8."""
    return min(asked or min(len(os.sched_getaffinity(0)), _MOST), 64)


class Buffers(threading.local):
    """Two buffers for each thread, each with room for a segment and its tag."""

    def __init__(self, length: int) -> None:
        self.one, self.other = memoryview(bytearray(length)), memoryview(bytearray(length))


@contextmanager
def in_order(first: int, end: int, work: Callable[[int], T], workers: int) -> Iterator[Iterator[T]]:
    """Give ``work(first)`` … ``work(end − 1)`` in order, a few of them under way at any time.

    An error of one ends the iteration at its place. Leaving the block, however early, waits for what had
    been begun: no thread touches a file after its caller has closed it.
    """
    if end - first <= 1 or workers == 1:
        yield map(work, range(first, end))
        return
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="sealed") as pool:
        # Threads are joined by this block, not by the iterator: one that is left half-way is finalised by
        # the garbage collector, anywhere, even inside the locks that joining needs.
        try:
            yield _results(pool, waiting, work, range(first, end), workers * _AHEAD)
        finally:
            for future in waiting:
                future.cancel()


def _results(
    pool: ThreadPoolExecutor, waiting: deque[Future[T]], work: Callable[[int], T], places: range, most: int
) -> Iterator[T]:
    for index in places:
        waiting.append(pool.submit(work, index))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def read_exactly(descriptor: int, view: memoryview, offset: int) -> int:
    """Fill the view from the file and return how much of it was filled; less only at the file's end."""
    done = 0
    while done < len(view):
        got = os.preadv(descriptor, [view[done:]], offset + done)
        if not got:
            break
        done += got
    return done


def write_exactly(descriptor: int, view: memoryview | bytes, offset: int) -> None:
    """Write all of the view at an offset."""
    rest = memoryview(view)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[written:], offset + written


def open_regular(path: Path) -> int:
    """Open a file for reading and return its descriptor.

    Raises:
        SealedError: it is a folder, a pipe or a device, which is neither opened nor waited for (``kind`` is
            ``file``).
        OSError: it cannot be opened.
    """
    if stat.S_ISREG(path.stat().st_mode):  # asked by name first: opening a device may already act on it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    raise SealedError(
        f"{path} is a folder, a pipe or a device; pack a folder into one file first", kind="file"
    )


def keep_apart(descriptor: int, *places: Path) -> None:
    """Refuse to write where the source itself lies, under this name or, by a link, another.

    Raises:
        SealedError: one of the places is the source (``kind`` is ``same``).
    """
    own = os.fstat(descriptor)
    for place in places:
        with suppress(FileNotFoundError):
            if os.path.samestat(own, place.stat()):
                raise SealedError(f"{place.name} is the source itself; name another target", kind="same")


def may_become(target: Path, *, overwrite: bool) -> None:
    """Refuse a target that is there, unless it is a file that may be replaced.

    Raises:
        SealedError: it may not be replaced (``exists``), or is a folder, a pipe or a device (``file``).
    """
    if target.exists() and not target.is_file():
        raise SealedError(f"{target} is a folder, a pipe or a device; name a file", kind="file")
    if target.exists() and not overwrite:
        raise SealedError(f"{target.name} is there already", kind="exists")


def room_for(folder: Path, length: int) -> None:
    """Refuse before any key is spent when the disk has no room for so many bytes.

    Raises:
        SealedError: it has not (``kind`` is ``space``).
        OSError: there is no such folder.
    """
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < length:
        raise SealedError(f"{length} bytes are needed in {folder}, {free} are free", kind="space")


def stop_if_asked(asked: Callable[[], bool] | None) -> None:
    """End the work when the caller wants it.

    Raises:
        SealedError: the caller wants it (``kind`` is ``cancelled``).
    """
    if asked is not None and asked():
        raise SealedError("stopped as asked; the same command goes on from here", kind="cancelled")
