"""Rank the people of one programme or panel by their works, straight from the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.matching.types import SentenceModel

from .aggregate import breadth, rank_by_hits
from .space import TopicSpace
from .types import Expert, RankedExpert

Matrix = NDArray[np.float64]

TERMS = "terms"
LATENT = "latent"
MODEL = "model"


def standardise(values: Matrix, *, axis: int = -1) -> Matrix:
    """z-scores along an axis: less the mean, divided by the standard deviation; all 0 where all are equal."""
    centred = values - values.mean(axis=axis, keepdims=True)
    spread = centred.std(axis=axis, keepdims=True)
    scale = np.abs(values).max(initial=1.0)
    flat = spread <= 1e-12 * scale  # rounding, not a difference
    return np.asarray(np.where(flat, 0.0, centred / np.where(flat, 1.0, spread)), dtype=np.float64)


def fuse(parts: Mapping[str, Matrix], *, axis: int = -1) -> Matrix:
    """One score out of several signals: z-scored sums, the corpus's own signals 1:1 with the model.

    The signals learned from the corpus (terms and latent) are standardised and added; where a
    sentence model takes part, their sum is standardised again and the model's z-score added, so that
    it weighs as much as both. ``axis`` is the one along which scores are compared. The result is in
    standard deviations of the whole.

    Raises:
        ValueError: there is no signal.
    """
    if not parts:
        raise ValueError("there is no signal to fuse")
    own = [standardise(values, axis=axis) for name, values in parts.items() if name != MODEL]
    sums = [standardise(np.sum(own, axis=0), axis=axis)] if own else []
    if MODEL in parts:
        sums.append(standardise(parts[MODEL], axis=axis))
    return standardise(np.asarray(np.sum(sums, axis=0), dtype=np.float64), axis=axis)


class ExpertRanker:
    """Compares problems or topics with every work of every person.

    ``background`` are further texts of the same field (for instance the proposals to be judged); they
    sharpen the weights of the terms and are never ranked. People without works take part in nothing.

    Raises:
        ValueError: two people share a key, or nobody has a work.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        *,
        background: Sequence[str] = (),
        model: SentenceModel | None = None,
        dimensions: int = 300,
    ) -> None:
        if len({expert.key for expert in experts}) != len(experts):
            raise ValueError("two experts share a key")
        self._experts = tuple(expert for expert in experts if expert.works)
        texts: dict[str, int] = {}
        self._rows = [
            np.array([texts.setdefault(work.text, len(texts)) for work in expert.works])
            for expert in self._experts
        ]
        if not texts:
            raise ValueError("no expert has a work to be ranked by")
        distinct = list(texts)
        corpus = list(dict.fromkeys([*distinct, *background]))
        self._space = TopicSpace(corpus, dimensions=dimensions)
        self._lexical = self._space.lexical(distinct)
        self._latent = self._space.latent(self._lexical)
        self._model = model
        self._encoded = None if model is None else model.encode(distinct)

    @property
    def experts(self) -> tuple[Expert, ...]:
        """The people who take part, in the order of every matrix's rows."""
        return self._experts

    def similarities(self, texts: Sequence[str]) -> dict[str, Matrix]:
        """Cosine of every distinct work with every text, (works, texts), for each signal."""
        rows = self._space.lexical(texts)
        parts = {
            TERMS: np.asarray((self._lexical @ rows.T).toarray(), dtype=np.float64),
            LATENT: self._latent @ self._space.latent(rows).T,
        }
        if self._model is not None and self._encoded is not None:
            encoded = self._model.encode(texts)
            parts[MODEL] = np.asarray(self._encoded @ encoded.T, dtype=np.float64)
        return parts

    def affinities(self, topics: Sequence[str]) -> dict[str, Matrix]:
        """How well each person knows each topic (熟悉程度), (people, topics), for each signal.

        Compare along topics for one person: ``fuse(affinities, axis=1)``.
        """
        return {
            name: np.stack([breadth(values[rows]) for rows in self._rows])
            for name, values in self.similarities(topics).items()
        }

    def rank(self, problem: str, *, limit: int = 10, evidence: int = 5) -> list[RankedExpert]:
        """The people who can help with a problem, best first, with the works that say so.

        A work's score is in standard deviations over all works, 0 being an average work.

        Raises:
            ValueError: a limit is below 1.
        """
        parts = self.similarities([problem])
        if not any(values.any() for values in parts.values()):
            return []  # nothing in common with any work: there is no order to tell
        scores = fuse({name: values[:, 0] for name, values in parts.items()})
        hits = {
            expert.key: [(work.key, float(scores[row])) for work, row in zip(expert.works, rows, strict=True)]
            for expert, rows in zip(self._experts, self._rows, strict=True)
        }
        works = {expert.key: len(expert.works) for expert in self._experts}
        return rank_by_hits(hits, works=works, limit=limit, evidence=evidence)
