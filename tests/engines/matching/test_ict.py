"""Training: passages of one subject come to lie near each other; the same seed gives the same vectors."""

from __future__ import annotations

import numpy as np
import pytest

from langqiao.engines.matching import ict
from langqiao.engines.matching.types import Cancelled

TERMS = 40  # of each of two subjects


def make_streams(documents: int = 200) -> list[ict.Stream]:
    """Documents of 30 terms, all from one half of the vocabulary or the other."""
    generator = np.random.default_rng(1)
    rows = [generator.integers(0, TERMS, 30) + TERMS * (number % 2) for number in range(documents)]
    offsets = np.arange(documents + 1, dtype=np.int64) * 30
    return [ict.Stream(np.concatenate(rows).astype(np.int32), offsets)]


def trained(**given: object) -> np.ndarray:
    settings = ict.Settings(**{"dimensions": 16, "batch": 32, "passages": 4000, **given})  # type: ignore[arg-type]
    return ict.train(make_streams(), np.full(2 * TERMS, 0.1, np.float32), settings)


def test_terms_of_one_subject_come_near_each_other() -> None:
    vectors = trained(temperature=5.0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors @ vectors.T
    within = (likeness[:TERMS, :TERMS].mean() + likeness[TERMS:, TERMS:].mean()) / 2
    assert within > likeness[:TERMS, TERMS:].mean() + 0.3


def test_the_same_seed_gives_the_same_vectors_and_another_seed_others() -> None:
    assert np.array_equal(trained(hidden=0.5), trained(hidden=0.5))
    assert not np.array_equal(trained(seed=1), trained(seed=2))


def test_training_stops_when_asked() -> None:
    with pytest.raises(Cancelled):
        ict.train(make_streams(), np.ones(2 * TERMS, np.float32), ict.Settings(), cancelled=lambda: True)


def test_progress_ends_at_the_total() -> None:
    seen: list[tuple[int, int]] = []
    settings = ict.Settings(dimensions=8, batch=16, passages=500)
    ict.train(make_streams(), np.ones(2 * TERMS, np.float32), settings, progress=lambda *p: seen.append(p))
    assert seen[-1][0] == seen[-1][1]


def test_too_little_to_learn_from_leaves_the_random_start() -> None:
    stream = ict.Stream(np.arange(10, dtype=np.int32), np.array([0, 10], np.int64))
    settings = ict.Settings(dimensions=8)
    vectors = ict.train([stream], np.ones(10, np.float32), settings)
    assert np.array_equal(vectors, ict.initial_vectors(np.ones(10, np.float32), 8, settings.seed))


def test_rare_terms_weigh_more() -> None:
    weights = ict.rare_weights(np.array([1, 100, 10_000]), 100_000)
    assert weights[0] > weights[1] > weights[2] > 0.0
