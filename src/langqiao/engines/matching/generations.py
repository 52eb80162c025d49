"""Folders of an index: one generation is in use, named by the small file CURRENT.

A rebuild makes a new generation beside the old one and then replaces CURRENT, which is atomic. The
lock is held by whoever writes, as long as the process lives: a killed writer leaves it free.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .types import IndexBusy

_CURRENT = "CURRENT"
_LOCK = "lock"
_PREFIX = "generation-"


def current(root: Path) -> Path | None:
    """The generation in use, None before the first write."""
    try:
        name = (root / _CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return root / name if name else None


def fresh(root: Path) -> Path:
    """An empty folder for the next generation; leftovers of rebuilds that were killed are removed."""
    used = current(root)
    numbers = [int(p.name.removeprefix(_PREFIX)) for p in root.glob(f"{_PREFIX}*")]
    for folder in root.glob(f"{_PREFIX}*"):
        if folder != used:
            shutil.rmtree(folder, ignore_errors=True)
    folder = root / f"{_PREFIX}{max(numbers, default=0) + 1:06d}"
    folder.mkdir(parents=True)
    return folder


def switch(root: Path, folder: Path) -> None:
    """Put a finished generation into use and remove the others."""
    temporary = root / f"{_CURRENT}.new"
    with temporary.open("w", encoding="ascii") as file:
        file.write(folder.name)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(root / _CURRENT)
    sync_folder(root)
    for old in root.glob(f"{_PREFIX}*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Bring every file below a folder to the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)


@contextmanager
def locked(root: Path, timeout: float) -> Iterator[None]:
    """Hold the write lock of an index.

    Raises:
        IndexBusy: another writer held it for ``timeout`` seconds.
    """
    root.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    with (root / _LOCK).open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise IndexBusy(
                        f"另一个进程正在写入匹配索引，等待 {timeout:g} 秒后仍未结束；请稍后再试。"
                    ) from None
                time.sleep(0.05)
        yield


def stamp(root: Path) -> tuple[int, ...]:
    """Changes whenever a commit or a new generation appears; costs two calls of stat and a short read."""
    folder = current(root)
    while folder is not None:
        try:
            meta = (folder / "text" / "meta.json").stat()
        except FileNotFoundError:
            before, folder = folder, current(root)
            if folder == before:
                return ()
            continue  # a rebuild switched and removed the old generation in between
        return (int(folder.name.removeprefix(_PREFIX)), meta.st_ino, meta.st_mtime_ns, meta.st_size)
    return ()
