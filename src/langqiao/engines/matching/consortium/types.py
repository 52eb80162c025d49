"""A problem in parts, what organisations have for each part, and the set of them that is suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SHORT = 20  # characters: a shorter part says too little without the title of the whole


@dataclass(frozen=True, slots=True)
class Part:
    """One technical part (子问题) of a requirement: a numbered item or a sentence.

    ``number`` counts from 1 in reading order, ``heading`` is the heading it stands under ("" for none),
    ``title`` that of the whole requirement.
    """

    number: int
    text: str
    heading: str = ""
    title: str = ""

    @property
    def query(self) -> str:
        """What to search for: the text, led by the title where the text is short."""
        if self.title and len(self.text) < _SHORT and self.title not in self.text:
            return f"{self.title}：{self.text}"
        return self.text


@dataclass(frozen=True, slots=True)
class Match:
    """What one organisation has for one part: its best score and the achievements behind it, best first."""

    score: float
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which organisation covers which part: ``covers[part number][organisation]``.

    ``best`` is the strongest organisation of each part, covering or not; a part that found nobody at
    all is absent from it.
    """

    parts: tuple[Part, ...]
    covers: Mapping[int, Mapping[str, Match]]
    best: Mapping[int, tuple[str, Match]]


@dataclass(frozen=True, slots=True)
class Cover:
    """One part that a member covers; ``leading`` where nobody in the consortium covers it better."""

    part: int
    score: float
    evidence: tuple[str, ...]
    leading: bool


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation of the consortium, its city ("" if unknown) and what it covers."""

    organisation: str
    city: str
    covers: tuple[Cover, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A part nobody covers (尚无单位覆盖), with the organisation that comes nearest, if any."""

    part: int
    nearest: str
    score: float


@dataclass(frozen=True, slots=True)
class Consortium:
    """The suggestion: parts in reading order, members (most parts first), and what stays open."""

    parts: tuple[Part, ...]
    members: tuple[Member, ...]
    gaps: tuple[Gap, ...]

    @property
    def cities(self) -> tuple[str, ...]:
        """The cities that take part, sorted."""
        return tuple(sorted({member.city for member in self.members if member.city}))
