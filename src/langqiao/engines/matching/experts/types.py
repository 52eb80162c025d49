"""People, their works, and what makes one of them an answer to a problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """One achievement (成果) of a person: a paper, patent, prototype or technology."""

    key: str
    title: str
    body: str = ""

    @property
    def text(self) -> str:
        """Title and body, as one text."""
        return f"{self.title}\n{self.body}" if self.body else self.title


@dataclass(frozen=True, slots=True)
class Expert:
    """A person (专家) and all that speaks for them."""

    key: str
    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One achievement that made a person's score.

    ``score`` is that of the achievement for the problem, ``share`` its part of the person's score
    (0..1; the shares of all evidence of a person sum to 1).
    """

    key: str
    score: float
    share: float


@dataclass(frozen=True, slots=True)
class RankedExpert:
    """A person found for a problem, with the evidence (依据) that made the score, strongest first.

    ``relevant`` counts the works with a score above zero, listed in ``evidence`` or not; ``works`` is
    how many the person has in all.
    """

    key: str
    score: float
    relevant: int
    works: int
    evidence: tuple[Evidence, ...]
