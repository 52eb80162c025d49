"""Fusion (融合排序): parts on one scale, z-scores against all documents, and a weighted sum.

Reciprocal rank fusion throws away by how much a document is better; on Chinese abstracts it falls
below plain BM25 in every pairing (docs/engines/matching.md). A z-score keeps it: how many standard
deviations a document stands above an average one for this very query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each z-score in one list, and how far the score of near relatives is mixed in."""

    characters: float = 1.0
    words: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    smoothing: float = 0.0


MAIN = Weights(parts={"topics": 0.4, "mixed": 0.3, "words": 0.3, "sentence": 0.3})
RELATED = Weights(parts={"topics": 1.5, "mixed": 0.5, "words": 0.5, "sentence": 0.5}, smoothing=0.5)
PLACE_BONUS = 0.5  # what full nearness or fit adds, in standard deviations: it decides between equals
STAGE_BONUS = 0.5


def z_scores(values: Floats, mean: float, deviation: float) -> Floats:
    """Standard scores; all zero where the query says nothing (no deviation)."""
    if deviation <= 1e-9:
        return np.zeros_like(values)
    return np.asarray((values - np.float32(mean)) / np.float32(deviation), np.float32)


def smooth(scores: Floats, vectors: Floats, share: float, neighbours: int = 8) -> Floats:
    """Mix into each score the mean score of its nearest relatives within the list.

    ``vectors`` are the unit vectors of the candidates, (candidates, dimensions). A document stands
    higher when what is like it stands high: the cluster hypothesis (van Rijsbergen 1979, chapter 3).
    """
    count = scores.size
    if share <= 0.0 or count < 3:
        return scores
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    k = min(neighbours, count - 1)
    nearest = np.argpartition(-likeness, k - 1, axis=1)[:, :k]
    weight = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 0.0)
    mean = (weight * scores[nearest]).sum(axis=1) / (weight.sum(axis=1) + 1e-9)
    return np.asarray((1.0 - share) * scores + share * mean, np.float32)
