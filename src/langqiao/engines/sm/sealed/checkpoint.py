"""Checkpoints of unfinished work: the data to the disk, then the journal's note, beside the work itself."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from langqiao.engines.sm.sealed.journal import Journal, Piece

_BEHIND: Final = 8
"""Checkpoints that may fall due while one waits for the disk; then the work waits too."""


class Checkpoints:
    """Notes finished pieces whose bytes have reached the disk, in a thread of its own.

    The disk is slow and the processors are not: while it takes in one stretch, the next is made. Leaving
    the block makes everything durable that was added, also when the work failed.

    Args:
        target: Descriptor of the partial file.
        journal: Where the pieces are noted, in order.
        every: Pieces of a checkpoint.
    """

    def __init__(self, target: int, journal: Journal, every: int) -> None:
        self._target, self._journal, self._every = target, journal, max(1, every)
        self._waiting: list[Piece] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def add(self, piece: Piece) -> None:
        """Take in the next finished piece, whose bytes were written.

        Raises:
            OSError: an earlier checkpoint could not be written.
        """
        self._waiting.append(piece)
        if len(self._waiting) < self._every:
            return
        if self._under_way is not None:
            if not self._under_way.done() and len(self._waiting) < self._every * _BEHIND:
                return
            self._under_way.result()
        pieces, self._waiting = self._waiting, []
        self._under_way = self._writer.submit(self._note, pieces)

    def _note(self, pieces: list[Piece]) -> None:
        os.fdatasync(self._target)
        self._journal.note(pieces)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._under_way is not None:
                self._under_way.result()
            self._note(self._waiting)
        finally:
            self._writer.shutdown()
