"""The simulator: blocks at the pace of a link's rate, derived from a secret of the pair. Never for
production.

Both ends derive block *n* from the pair's secret and find it at the same time, ``epoch`` + *n*·16,384 /
rate, with no exchange at all. The keys are pseudo-random, not quantum keys.
"""

from __future__ import annotations

import hashlib
import time
from typing import Final

from langqiao.kme.errors import KmeError
from langqiao.kme.sealing import derive
from langqiao.kme.sources import BLOCK_BYTES, Block, LinkContext
from langqiao.kme.toml import Table

_BLOCK_BITS: Final = 8 * BLOCK_BYTES


class Simulator:
    """A simulated link.

    Options: ``rate_bps`` (default: the link's), ``epoch`` (seconds since 1970 at which the link began).

    Raises:
        KmeError: an option is unknown or out of range, or the pair's secret cannot be read.
    """

    def __init__(self, link: LinkContext) -> None:
        options = Table(link.options, f"source {link.peer}")
        self._rate = options.number("rate_bps", link.rate_bps, least=0.0, most=1e12)
        self._epoch = options.number("epoch", least=0.0, most=1e11)
        options.done()
        self._key = derive(link.secret(), "simulator")

    def __repr__(self) -> str:
        return "Simulator()"

    def block(self, number: int) -> Block:
        """Return one block: SHAKE-256 of the derived secret and the number."""
        return Block(number, hashlib.shake_256(self._key + number.to_bytes(8, "big")).digest(BLOCK_BYTES))

    def poll(self, cursor: str, most: int) -> tuple[list[Block], str]:
        """Return the blocks whose time has come.

        Raises:
            KmeError: the cursor is none of ours.
        """
        if cursor and not cursor.isdecimal():
            raise KmeError("the cursor of the simulator is damaged", kind="source")
        first = int(cursor or 0)
        due = int((time.time() - self._epoch) * self._rate / _BLOCK_BITS)
        last = min(due, first + most)
        return [self.block(number) for number in range(first, last)], str(max(first, last))
