"""Pools of key: one for each peer and direction, counted in units of 256 bits.

*out*: keys that this KME issues; the peer holds the same under *in*. What is stored is known in memory as
runs of serials, so that a request looks at no row it does not take.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from dataclasses import dataclass, field
from typing import Final

OUT: Final = "out"
IN: Final = "in"
LINK: Final = "link"
RELAY: Final = "relay"
COUNTERS: Final = ("next", "received", "delivered", "relayed", "discarded")


@dataclass(slots=True)
class Run:
    """Units ``start`` to ``stop`` - 1, all of the same birth (milliseconds since 1970)."""

    start: int
    stop: int
    born: int


@dataclass
class Pool:
    """A pool in memory: counters as in the table ``pool``, and the runs that may be issued."""

    id: int
    peer: str
    direction: str
    kind: str
    next: int = 0
    received: int = 0
    delivered: int = 0
    relayed: int = 0
    discarded: int = 0
    runs: deque[Run] = field(default_factory=deque, repr=False)
    available: int = 0

    @property
    def stored(self) -> int:
        """Units in the store."""
        return self.received - self.delivered - self.relayed - self.discarded

    def append(self, start: int, stop: int, born: int) -> None:
        """Make a run available."""
        self.runs.append(Run(start, stop, born))
        self.available += stop - start

    def fits(self, count: int, units: int, oldest: int = 0) -> bool:
        """Say whether ``count`` keys of ``units`` each can be cut from runs not born before ``oldest``."""
        for run in self.runs:
            if run.born >= oldest:
                count -= (run.stop - run.start) // units
                if count <= 0:
                    return True
        return count <= 0

    def cut(self, count: int, units: int, oldest: int) -> list[Run]:
        """Take ``count`` keys of ``units`` each out of the runs, oldest first; call :meth:`fits` before."""
        taken: list[Run] = []
        skipped: list[Run] = []
        while count:
            run = self.runs[0]
            whole = (run.stop - run.start) // units if run.born >= oldest else 0
            if not whole:
                skipped.append(self.runs.popleft())
                continue
            stop = run.start + min(whole, count) * units
            taken.append(Run(run.start, stop, run.born))
            count -= (stop - run.start) // units
            self.available -= stop - run.start
            run.start = stop
            if run.start == run.stop:
                self.runs.popleft()
        self.runs.extendleft(reversed(skipped))
        return taken

    def remove(self, start: int, stop: int) -> None:
        """Take the units ``start`` to ``stop`` - 1 out of the runs, where they are."""
        kept: deque[Run] = deque()
        for run in self.runs:
            for left, right in ((run.start, min(run.stop, start)), (max(run.start, stop), run.stop)):
                if left < right:
                    kept.append(Run(left, right, run.born))
        self.runs = kept
        self.available = sum(run.stop - run.start for run in kept)

    def load(self, connection: sqlite3.Connection) -> None:
        """Read counters and runs from the store; what waits for a peer's acknowledgement is left out."""
        row = connection.execute(
            "SELECT next, received, delivered, relayed, discarded FROM pool WHERE id=?", (self.id,)
        ).fetchone()
        self.next, self.received, self.delivered, self.relayed, self.discarded = row
        self.runs.clear()
        self.available = 0
        if self.direction == IN:
            return
        waiting: set[int] = set()
        for serial, units in connection.execute(
            "SELECT serial, units FROM message WHERE pool=? AND units>0", (self.id,)
        ):
            waiting.update(range(serial, serial + units))
        rows = connection.execute("SELECT serial, born FROM unit WHERE pool=? ORDER BY serial", (self.id,))
        for serial, born in rows:
            if serial in waiting:
                continue
            last = self.runs[-1] if self.runs else None
            if last is not None and last.stop == serial and last.born == born:
                last.stop += 1
            else:
                self.runs.append(Run(serial, serial + 1, born))
            self.available += 1

    def save(self, connection: sqlite3.Connection) -> None:
        """Write the counters."""
        connection.execute(
            "UPDATE pool SET next=?, received=?, delivered=?, relayed=?, discarded=? WHERE id=?",
            (self.next, self.received, self.delivered, self.relayed, self.discarded, self.id),
        )
