"""Word vectors trained on the user's own corpus: a passage learns to find the rest of its text.

The inverse cloze task (Lee, Chang & Toutanova 2019, "Latent Retrieval for Weakly Supervised Open
Domain Question Answering", section 4): cut a passage out of a document, and let its vector choose the
remainder of that document among the remainders of the other documents of the batch (InfoNCE, both
directions). The encoder is a bag of word vectors: the normalised sum of the vectors of the terms, so
that a vector costs microseconds and every score can be taken apart into words.

Stochastic gradient descent with one Adagrad step size per row; numpy for the B × B logits, numba for
the sparse sums. One core, seeded, and the same on every run with the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .types import Cancelled

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stream:
    """The terms of all documents in reading order: document i is ``terms[offsets[i]:offsets[i + 1]]``.

    Negative entries are terms outside the vocabulary; they keep their place and count for nothing.
    """

    terms: Ints
    offsets: Longs


@dataclass(frozen=True, slots=True)
class Settings:
    """How one table of vectors is trained.

    ``temperature`` multiplies the cosine (12 for finding one known document, 5 for topics).
    ``shortest`` and ``longest`` bound the passage as a fraction of the document. ``hidden`` is the share
    of a passage's terms kept from it where the remainder has them too: what is left must find the
    document by its meaning. ``passages`` is how many passages are drawn in all, so the time does not
    grow with the corpus.
    """

    temperature: float = 20.0
    shortest: float = 0.08
    longest: float = 0.35
    dimensions: int = 256
    batch: int = 512
    hidden: float = 0.0
    passages: int = 500_000
    rate: float = 0.1
    seed: int = 1


def initial_vectors(weights: Floats, dimensions: int, seed: int) -> Floats:
    """Random directions whose length is the weight of the term (rare terms speak louder)."""
    generator = np.random.default_rng(seed)
    vectors = generator.standard_normal((weights.size, dimensions), dtype=np.float32)
    vectors *= weights[:, None] / np.sqrt(np.float32(dimensions))
    return vectors


def rare_weights(counts: NDArray[np.integer], total: int) -> Floats:
    """Smooth inverse frequency (Arora, Liang & Ma 2017, equation 1): a / (a + p), a = 0.001."""
    p = counts / max(total, 1)
    return (1e-3 / (1e-3 + p)).astype(np.float32)


class _Batches:
    """Seeded passages: every document once in a random order, then again in another order."""

    def __init__(self, documents: Longs, settings: Settings) -> None:
        self._documents = documents
        self._settings = settings
        self._generator = np.random.default_rng([settings.seed, 7])
        self._order = np.empty(0, np.int64)

    def next(self) -> tuple[Longs, Floats, Floats]:
        settings, size = self._settings, min(self._settings.batch, self._documents.size)
        if self._order.size < size:
            self._order = self._generator.permutation(self._documents)
        chosen, self._order = self._order[:size], self._order[size:]
        length = self._generator.uniform(settings.shortest, settings.longest, size)
        low = self._generator.uniform(0.0, 1.0, size) * (1.0 - length)
        return chosen, low.astype(np.float32), (low + length).astype(np.float32)


def _normalised(sums: Floats) -> tuple[Floats, Floats]:
    length = np.sqrt(np.einsum("ij,ij->i", sums, sums))[:, None] + np.float32(1e-9)
    return sums / length, length


def _gradients(passages: Floats, rests: Floats, temperature: float) -> tuple[Floats, Floats, float]:
    """Gradients of the symmetric InfoNCE loss with respect to the two sums, and the loss."""
    q, q_length = _normalised(passages)
    d, d_length = _normalised(rests)
    logits = (q @ d.T) * np.float32(temperature)
    rows = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows /= rows.sum(axis=1, keepdims=True)
    columns = np.exp(logits - logits.max(axis=0, keepdims=True))
    columns /= columns.sum(axis=0, keepdims=True)
    loss = -float(np.log(np.diagonal(rows) + 1e-12).mean())
    both = rows + columns
    both[np.diag_indices_from(both)] -= 2.0
    both *= np.float32(temperature / 2.0)
    to_q, to_d = both @ d, both.T @ q
    to_q -= np.einsum("ij,ij->i", to_q, q)[:, None] * q
    to_d -= np.einsum("ij,ij->i", to_d, d)[:, None] * d
    return to_q / q_length, to_d / d_length, loss


def trainable(streams: list[Stream], *, shortest: int = 8) -> Longs:
    """The documents long enough to be cut in two: at least ``shortest`` terms in every stream."""
    enough = np.ones(streams[0].offsets.size - 1, bool)
    for stream in streams:
        enough &= np.diff(stream.offsets) >= shortest
    return np.nonzero(enough)[0].astype(np.int64)


def train(
    streams: list[Stream],
    weights: Floats,
    settings: Settings,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Floats:
    """Train one table of term vectors, one row per term of ``weights``.

    Streams are parallel views of the same documents (words; words and characters); a passage is the
    same fraction of each. Returns (terms, dimensions) float32, not normalised: the length of a row is
    the weight that the term has learned.

    Raises:
        Cancelled: ``cancelled`` answered true.
    """
    documents = trainable(streams)
    vectors = initial_vectors(weights, settings.dimensions, settings.seed)
    if documents.size < 2:
        return vectors
    seen = np.full(weights.size, 1e-8, np.float32)
    batches = _Batches(documents, settings)
    size = min(settings.batch, documents.size)
    steps = max(1, settings.passages // size)
    longest = sum(int(np.diff(s.offsets).max(initial=0)) for s in streams)
    room = min(size * longest, sum(s.terms.size for s in streams))
    terms = np.empty((2, room), np.int32)
    owner = np.empty((2, room), np.int32)
    marks = np.zeros(weights.size, np.int64)
    sums = np.empty((2, size, settings.dimensions), np.float32)
    for step in range(steps):
        if cancelled is not None and step % 8 == 0 and cancelled():
            raise Cancelled("训练已按要求停止，原有索引不受影响。")
        chosen, low, high = batches.next()
        filled = [0, 0]
        for side in (1, 0):
            for stream in streams:
                at = filled[side]
                filled[side] += kernels.draw_passages(
                    chosen,
                    low,
                    high,
                    stream.terms,
                    stream.offsets,
                    terms[side, at:],
                    owner[side, at:],
                    side,
                    marks,
                    np.int64(1 + step * size),
                    settings.hidden,
                )
            kernels.sum_vectors(vectors, terms[side], owner[side], filled[side], sums[side])
        to_passages, to_rests, _ = _gradients(sums[0], sums[1], settings.temperature)
        rate = np.float32(settings.rate * (1.0 - 0.95 * step / steps))
        kernels.descend(vectors, seen, terms[0], owner[0], filled[0], to_passages, rate)
        kernels.descend(vectors, seen, terms[1], owner[1], filled[1], to_rests, rate)
        if progress is not None and (step % 16 == 0 or step + 1 == steps):
            progress(step + 1, steps)
    if not math.isfinite(float(np.abs(vectors).max())):
        raise ArithmeticError("training diverged; lower the rate")
    return vectors
