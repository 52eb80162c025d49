"""What runs where, as rows of numbers that the kernels read: one row for each part of a running job."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernels import JOB, MOVABLE

NOBODY = -1


class Parts:
    """``table`` (R, 9) in the columns of kernels.py; ``begun`` and ``ends`` (R,) start and estimated end.

    A row whose job is NOBODY is free.
    """

    def __init__(self) -> None:
        self.table: NDArray[np.int64] = np.full((64, 9), NOBODY, dtype=np.int64)
        self.begun: NDArray[np.float64] = np.zeros(64)
        self.ends: NDArray[np.float64] = np.zeros(64)
        self.free = list(range(63, -1, -1))

    def add(self, row: tuple[int, ...], begun: float, ends: float) -> int:
        """Number of the row that a part now has."""
        if not self.free:
            size = len(self.table)
            self.table = np.concatenate([self.table, np.full((size, 9), NOBODY, dtype=np.int64)])
            self.begun = np.concatenate([self.begun, np.zeros(size)])
            self.ends = np.concatenate([self.ends, np.zeros(size)])
            self.free = list(range(2 * size - 1, size - 1, -1))
        at = self.free.pop()
        self.table[at] = row
        self.begun[at] = begun
        self.ends[at] = ends
        return at

    def drop(self, at: int) -> None:
        """The part has left."""
        self.table[at, JOB] = NOBODY
        self.free.append(at)

    def pin(self, at: int) -> None:
        """The part must not be displaced (again)."""
        self.table[at, MOVABLE] = 0

    def live(self) -> NDArray[np.int64]:
        """Rows in use."""
        return np.flatnonzero(self.table[:, JOB] >= 0)
