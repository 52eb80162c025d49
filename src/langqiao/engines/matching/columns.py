"""Append-only files of one index generation, read through memory maps.

A manifest says how much of each file is valid. Bytes beyond it belong to a commit that was never
finished: no reader looks at them and the next writer overwrites them. So a file is never rewritten in
place where a reader may look, and a crash needs no repair.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from .types import IndexDamaged

ROW = np.dtype(
    [
        ("character_start", "<i8"),
        ("word_start", "<i8"),
        ("facet_start", "<i8"),
        ("document_start", "<i8"),
        ("document_size", "<u4"),
        ("character_ends", "<u4", (3,)),  # after title, keywords, body; relative to the start
        ("word_ends", "<u4", (3,)),
        ("facet_count", "<u4"),
        ("character_length", "<f4"),  # weighted number of terms, for BM25
        ("word_length", "<f4"),
        ("kind", "<i4"),  # number of the facet ("kind", value)
        ("year", "<i2"),
        ("trl", "i1"),
        ("spare", "i1"),
    ]
)
NONE = -1  # no TRL, no year

# file name -> bytes of one element
ELEMENTS = {
    "rows": ROW.itemsize,
    "characters": 4,
    "words": 4,
    "facets": 4,
    "facet_names": 1,
    "documents": 1,
    "dead": 4,
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """How much of each file one commit holds, the sums BM25 needs, and the caller's payload."""

    commit: int = 0
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ELEMENTS, 0))
    character_length: float = 0.0  # sums over living documents
    word_length: float = 0.0
    payload: str = ""

    @property
    def rows(self) -> int:
        """All rows ever written, dead ones included."""
        return self.sizes["rows"]

    @property
    def living(self) -> int:
        """Documents that can be found."""
        return self.sizes["rows"] - self.sizes["dead"]

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest that :meth:`to_json` wrote."""
        return cls(**json.loads(text))

    def with_sizes(self, **sizes: int) -> Manifest:
        """A copy with other sizes."""
        return replace(self, sizes={**self.sizes, **sizes})


def open_map(path: Path, dtype: Any, count: int, width: int = 0) -> NDArray[Any]:
    """The first ``count`` elements (or rows of ``width`` elements) of a file as a read-only memory map.

    Raises:
        IndexDamaged: the file is shorter than that.
    """
    shape = (count, width) if width else (count,)
    if count == 0:
        return np.empty(shape, dtype)
    needed = count * max(width, 1) * np.dtype(dtype).itemsize
    try:
        held = path.stat().st_size
    except FileNotFoundError:
        held = -1
    if held < needed:
        raise IndexDamaged(f"索引文件 {path.name} 缺失或不完整，请运行 langqiao index rebuild 重建索引。")
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))


class Appender:
    """Writes at the end of the valid part of one file; buffered until :meth:`sync`."""

    def __init__(self, path: Path, valid_bytes: int) -> None:
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self._file.seek(0, os.SEEK_END)
        if self._file.tell() < valid_bytes:
            self._file.close()
            raise IndexDamaged(f"索引文件 {path.name} 不完整，请运行 langqiao index rebuild 重建索引。")
        self._file.seek(valid_bytes)
        self.bytes = valid_bytes

    def append(self, data: bytes | memoryview | NDArray[Any]) -> None:
        """Write after what was written before."""
        view = (
            np.ascontiguousarray(data).view(np.uint8).ravel().data if isinstance(data, np.ndarray) else data
        )
        self._file.write(view)
        self.bytes += len(view)

    def sync(self) -> None:
        """Bring everything to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def flush(self) -> None:
        """Bring everything to the operating system, so that a memory map sees it."""
        self._file.flush()

    def close(self) -> None:
        """Close the file without any promise for what was not synced."""
        self._file.close()


class Appenders:
    """The appenders of all column files of a generation."""

    def __init__(self, folder: Path, manifest: Manifest, *, extra: dict[str, int] | None = None) -> None:
        """``extra`` names further files and their bytes per row, such as the vectors."""
        self.elements = {**ELEMENTS, **(extra or {})}
        self._files: dict[str, Appender] = {}
        for name, size in self.elements.items():
            count = manifest.sizes.get(name, manifest.rows)
            self._files[name] = Appender(folder / f"{name}.bin", count * size)

    def __getitem__(self, name: str) -> Appender:
        return self._files[name]

    def count(self, name: str) -> int:
        """Elements written so far, the valid ones of before included."""
        return self._files[name].bytes // self.elements[name]

    def sync(self) -> None:
        """Bring all files to the disk."""
        for file in self._files.values():
            file.sync()

    def flush(self) -> None:
        """Make all files visible to memory maps."""
        for file in self._files.values():
            file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
