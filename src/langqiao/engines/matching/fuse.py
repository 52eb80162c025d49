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
    """The weight of each z-score in one list.

    ``feedback`` weighs the likeness to the centroid of the first ``feedback_documents`` of the list so
    far (Rocchio 1971, "Relevance Feedback in Information Retrieval", in the dense space): what stands
    near the best answers is an answer too, though it shares no word with the query. ``feedback_shares``
    divides that weight among the parts; a part not named has the share of its table in the scan.
    """

    characters: float = 1.0
    words: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    feedback: float = 0.0
    feedback_documents: int = 8
    feedback_shares: Mapping[str, float] = field(default_factory=dict)


MAIN = Weights(
    parts={"topics": 0.1, "words": 0.2, "senses": 0.2, "sentence": 0.3},
    feedback=0.6,
    feedback_documents=4,
    feedback_shares={"topics": 2.0, "words": 0.5, "senses": 0.5, "sentence": 0.7},
)
RELATED = Weights(
    parts={"topics": 3.0, "words": 0.3, "senses": 0.3, "sentence": 0.5}, feedback=3.0, feedback_documents=20
)
PLACE_BONUS = 0.5  # what full nearness or fit adds, in standard deviations: it decides between equals
STAGE_BONUS = 0.5


def z_scores(values: Floats, mean: float, deviation: float) -> Floats:
    """Standard scores; all zero where the query says nothing (no deviation)."""
    if deviation <= 1e-9:
        return np.zeros_like(values)
    return np.asarray((values - np.float32(mean)) / np.float32(deviation), np.float32)
