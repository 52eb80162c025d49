"""What goes into the matching engine and what comes out: plain frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Document:
    """One record as the index sees it (a result 成果, laboratory 实验室, firm 企业, fund 基金, …).

    ``cities``, ``fields`` and ``stages`` may hold several values. A record that fits every city
    carries every city: the caller spells "fits all" out, the engine gives no value that meaning.
    ``tags`` are any further exact filters, such as ``"owner:12"``.
    """

    key: str
    kind: str
    title: str
    body: str
    keywords: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    trl: int | None = None
    year: int | None = None
    licence: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What may be found at all, applied before ranking.

    An empty tuple means "no condition"; several values of one condition mean "any of them";
    different conditions must all hold. A document without a TRL or year fails a bound on it.
    """

    kinds: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    trl_min: int | None = None
    trl_max: int | None = None
    year_min: int | None = None
    year_max: int | None = None
    excluded_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A problem in plain words. ``place`` maps a city to its nearness and ``stage`` a stage to its fit,
    both 0..1; they add small bounded bonuses and never bring in a document the text does not find.
    """

    text: str
    title: str = ""
    place: Mapping[str, float] = field(default_factory=dict)
    stage: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a score is made of; the four parts sum to it. The unit is one standard deviation of a
    random document's score, so 0 is an average document and 10 a clear match.
    """

    words: float = 0.0
    meaning: float = 0.0
    place: float = 0.0
    stage: float = 0.0

    @property
    def total(self) -> float:
        """The sum of the parts."""
        return self.words + self.meaning + self.place + self.stage


@dataclass(frozen=True, slots=True)
class Term:
    """A readable stretch of the query that the document shares, and its share of the words part (0..1)."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found, its score, what the score is made of and the words that made it."""

    key: str
    kind: str
    score: float
    parts: Parts
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The list of hits, best first; ``related`` is the separate list of topically related work (相关成果).

    ``total`` is the number of documents the filters admit, ``milliseconds`` the time in the engine.
    """

    hits: tuple[Hit, ...] = ()
    related: tuple[Hit, ...] = ()
    total: int = 0
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A title offered while the user is still typing (即时搜索)."""

    key: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild or training is: ``done`` of ``total`` in the named ``stage`` (0 = unknown total)."""

    stage: str
    done: int
    total: int


class SentenceModel(Protocol):
    """A sentence encoder, for instance a multilingual one that leads from Chinese to English."""

    @property
    def name(self) -> str:
        """Identifies the model and its version: vectors of different names are never mixed."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One L2-normalised row of ``dimensions`` numbers for each text."""
        ...


class MatchingError(Exception):
    """The index cannot do what was asked; the message says why and how to mend it."""


class IndexBusy(MatchingError):
    """Another process has been writing the index for longer than the time-out."""


class IndexDamaged(MatchingError):
    """A file of the index is missing or has the wrong size: rebuild it from the database."""


class Cancelled(MatchingError):
    """The caller asked to stop a rebuild or training; the old index is untouched."""
