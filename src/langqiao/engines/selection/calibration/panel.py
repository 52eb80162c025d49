"""Reviews as arrays: who reviewed what, which parts hang together, and the contrasts that show bias."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from langqiao.engines.selection.calibration.types import Review
from langqiao.engines.selection.errors import SelectionError

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Panel:
    """Checked reviews, sorted by item and reviewer, so that the order of the input cannot matter.

    Attributes:
        items, reviewers: keys, sorted; lengths I and R.
        item, reviewer: for each of the N reviews the position of its item and reviewer.
        scores: shape (N,), points.
        item_part, reviewer_part: number of the connected part, from 0, of each item and reviewer.
    """

    items: tuple[str, ...]
    reviewers: tuple[str, ...]
    item: Indices
    reviewer: Indices
    scores: Array
    item_part: Indices
    reviewer_part: Indices

    @property
    def counts(self) -> Array:
        """Reviews of each item, shape (I,)."""
        return np.bincount(self.item, minlength=len(self.items)).astype(float)

    @property
    def loads(self) -> Array:
        """Reviews of each reviewer, shape (R,)."""
        return np.bincount(self.reviewer, minlength=len(self.reviewers)).astype(float)

    def item_means(self, values: Array) -> Array:
        """Mean over each item's reviews of a value per review, shape (I,)."""
        return np.asarray(np.bincount(self.item, values, len(self.items)) / self.counts)


def panel_of(reviews: Sequence[Review], scores: Mapping[tuple[str, str], float]) -> Panel:
    """Put reviews into arrays; ``scores`` holds the score of each (item, reviewer)."""
    items = tuple(sorted({review.item for review in reviews}))
    reviewers = tuple(sorted({review.reviewer for review in reviews}))
    item_at = {key: at for at, key in enumerate(items)}
    reviewer_at = {key: at for at, key in enumerate(reviewers)}
    pairs = sorted((item_at[i], reviewer_at[r]) for i, r in scores)
    item = np.array([i for i, _ in pairs], dtype=np.intp)
    reviewer = np.array([r for _, r in pairs], dtype=np.intp)
    values = np.array([scores[items[i], reviewers[r]] for i, r in pairs], dtype=float)
    incidence = csr_array((np.ones(len(pairs)), (item, reviewer)), shape=(len(items), len(reviewers)))
    graph = block_array([[None, incidence], [incidence.T, None]], format="csr")
    _, part = connected_components(graph, directed=False)
    return Panel(items, reviewers, item, reviewer, values, part[: len(items)], part[len(items) :])


def overall_scores(
    reviews: Sequence[Review], weights: Mapping[str, float] | None
) -> dict[tuple[str, str], float]:
    """The overall score of each review: as given, or the weighted mean of its criteria.

    Raises:
        SelectionError: there is no review, two are of one item by one reviewer, a score is missing or
            no finite number, or the weights are not usable.
    """
    if not reviews:
        raise SelectionError("there is no review", kind="empty")
    if weights is not None:
        _check_weights(weights)
    scores: dict[tuple[str, str], float] = {}
    for review in reviews:
        pair = (review.item, review.reviewer)
        if pair in scores:
            raise SelectionError(
                f"{review.reviewer!r} reviewed {review.item!r} more than once", kind="twice", subjects=pair
            )
        scores[pair] = _score(review, weights)
    return scores


def criterion_scores(reviews: Sequence[Review], criterion: str) -> dict[tuple[str, str], float]:
    """The scores for one criterion, of reviews that :func:`overall_scores` has checked."""
    return {(r.item, r.reviewer): float(r.criteria[criterion]) for r in reviews}


def _check_weights(weights: Mapping[str, float]) -> None:
    if not weights:
        raise SelectionError("no criterion has a weight", kind="weights")
    wrong = tuple(name for name, weight in weights.items() if not (math.isfinite(weight) and weight >= 0))
    if wrong or not sum(weights.values()) > 0:
        raise SelectionError(
            "weights must be finite, not negative and not all zero", kind="weights", subjects=wrong
        )


def _score(review: Review, weights: Mapping[str, float] | None) -> float:
    pair = (review.item, review.reviewer)
    if weights is None:
        values = {"score": review.score}
    else:
        values = {name: review.criteria.get(name) for name in weights}
    for name, value in values.items():
        if value is None or not math.isfinite(value):
            raise SelectionError(
                f"{review.reviewer!r} gave {review.item!r} no finite number for {name!r}",
                kind="score",
                subjects=(*pair, name),
            )
    if weights is None:
        assert review.score is not None
        return float(review.score)
    total = sum(weights.values())
    return sum(weight * float(review.criteria[name]) for name, weight in weights.items()) / total


@dataclass(frozen=True, slots=True)
class Contrasts:
    """What the scores say about bias once the items are taken out; see :mod:`.variance` for the letters.

    Attributes:
        values: d, the K positive eigenvalues of Z'MZ.
        vectors: U, their eigenvectors, shape (R, K).
        projected: w = U'Z'My, shape (K,).
        rss: y'My less the sum of w^2/d.
        freedom: nu, reviews less items.
        loading: each item's mean of the eigenvectors over its reviewers, shape (I, K).
    """

    values: Array
    vectors: Array
    projected: Array
    rss: float
    freedom: int
    loading: Array

    @property
    def energy(self) -> Array:
        return np.asarray(self.projected**2 / self.values)


def contrasts_of(panel: Panel) -> Contrasts:
    """Diagonalise the contrasts between reviewers. O(R^3) time, R x R memory."""
    count, size = len(panel.items), len(panel.reviewers)
    shares = csr_array(
        (1.0 / panel.counts[panel.item], (panel.item, panel.reviewer)), shape=(count, size)
    )  # row i averages over the reviewers of item i
    incidence = csr_array((np.ones(panel.item.size), (panel.item, panel.reviewer)), shape=(count, size))
    matrix = np.diag(panel.loads) - (incidence.T @ shares).toarray()
    inside = panel.scores - panel.item_means(panel.scores)[panel.item]
    sums: Array = np.asarray(np.bincount(panel.reviewer, inside, size), dtype=np.float64)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    # Of each connected part the bias of all its reviewers together is invisible: one zero eigenvalue.
    hidden = int(panel.reviewer_part.max()) + 1
    values, vectors = values[hidden:], vectors[:, hidden:]
    projected = vectors.T @ sums
    residual = inside - (vectors @ (projected / values))[panel.reviewer]
    residual -= panel.item_means(residual)[panel.item]
    return Contrasts(
        values, vectors, projected, float(residual @ residual), panel.item.size - count, shares @ vectors
    )
