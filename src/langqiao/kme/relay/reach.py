"""Which KMEs a source avoids: those that a neighbour on the route could not reach, for a time that doubles.

The time is over early where the KME was silent to the source, too, and answers again. It runs to its end
where only the way from that neighbour is cut: the source cannot see that, and a try costs pads on each link.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FIRST: Final = 4.0
LONGEST: Final = 240.0
ASK_EVERY: Final = 2.0
FORGET: Final = 600.0
"""Seconds after which a KME that is not avoided any more, and failed no more, is as good as any other."""


@dataclass
class Absence:
    """A KME that was not reached: how often, who told it, until when it is avoided, when to ask it next."""

    teller: str
    times: int
    until: float
    ask: float
    silent: bool = False


class Reach:
    """What a source knows of KMEs that do not answer. Times are seconds of a clock that the caller reads."""

    def __init__(self) -> None:
        self._absent: dict[str, Absence] = {}

    def missed(self, kme: str, teller: str, now: float) -> bool:
        """Note that ``teller`` could not reach a KME; say whether that was not known already."""
        known = self._absent.get(kme)
        if known is not None and known.until > now:
            return False
        times = known.times + 1 if known is not None else 0
        until = now + min(LONGEST, FIRST * 2**times)
        self._absent[kme] = Absence(teller, times, until, now)
        return True

    def passed(self, kmes: Iterable[str]) -> list[str]:
        """Forget KMEs that keys have passed; return those that were known."""
        return [kme for kme in kmes if self._absent.pop(kme, None) is not None]

    def avoided(self, now: float) -> frozenset[str]:
        """Return the KMEs to avoid."""
        return frozenset(kme for kme, absence in self._absent.items() if absence.until > now)

    def doubted(self, kmes: Iterable[str]) -> bool:
        """Say whether a KME among some was missed and nothing has passed it since."""
        return not self._absent.keys().isdisjoint(kmes)

    def seconds(self, kmes: Iterable[str], now: float) -> int:
        """Return the whole seconds, at least one, until all of some KMEs may be tried again."""
        times = [self._absent[kme].until - now for kme in kmes if kme in self._absent]
        return max(1, math.ceil(max(times, default=0.0)))

    def to_ask(self, now: float) -> list[str]:
        """Return the KMEs to ask whether they answer, each at most every two seconds; forget old ones."""
        for kme in [kme for kme, absence in self._absent.items() if absence.until + FORGET < now]:
            del self._absent[kme]
        due = [kme for kme, absence in self._absent.items() if absence.ask <= now]
        for kme in due:
            self._absent[kme].ask = now + ASK_EVERY
        return due

    def asked(self, kme: str, now: float, *, answers: bool) -> None:
        """Note whether a KME answered the source itself."""
        absence = self._absent.get(kme)
        if absence is None:
            return
        if answers and absence.silent:
            absence.until = min(absence.until, now)
        absence.silent = not answers

    def faults(self, now: float) -> dict[str, str]:
        """Return what is wrong, by KME: whatever is avoided, or was silent when it was asked last."""
        return {
            kme: f"{absence.teller} cannot reach it"
            for kme, absence in self._absent.items()
            if absence.until > now or absence.silent
        }
