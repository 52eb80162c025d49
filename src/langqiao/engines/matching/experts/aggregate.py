"""From the scores of works to the score of a person.

Two questions, two answers, each measured (docs/experiments.md, section Experts):

* *Who can help with this problem?* (``strength``) compares different people. A few strong works
  count, each further one less, and a long list of works is no merit of its own.
* *Which of these topics does this person know best?* (``breadth``) compares topics for one person,
  as when papers or proposals are handed to reviewers. All works count, the nearer ones more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .types import Evidence, RankedExpert

Matrix = NDArray[np.float64]


def contributions(scores: Sequence[float], *, works: int) -> Matrix:
    """What each of a person's scores, given in falling order, adds to their strength.

    The r-th best adds max(score, 0) / r / ln(2 + works), where ``works`` counts all works of the
    person; it is raised to the number of scores where it is smaller.
    """
    values = np.maximum(np.asarray(scores, dtype=np.float64), 0.0)
    ranks = np.arange(1, values.size + 1)
    total = max(works, values.size)
    return np.asarray(values / ranks / np.log(2 + total), dtype=np.float64)


def strength(scores: Sequence[float], *, works: int) -> float:
    """How strongly a person's works speak for them on one problem; comparable between people.

    ``scores`` are those of the works found, 0 being an average work, in any order.

    >>> round(strength([6.0], works=1), 3), round(strength([6.0], works=20), 3)
    (5.461, 1.941)
    """
    return float(contributions(sorted(scores, reverse=True), works=works).sum())


def breadth(similarities: Matrix) -> Matrix:
    """Mean over one person's works, (works, topics) → (topics,), the r-th best of n weighing n + 1 - r.

    Linear weights lie between the mean of the best few, which a single odd work can turn, and the
    plain mean, which a second field of work dilutes.

    Raises:
        ValueError: the person has no work.
    """
    if similarities.ndim != 2 or similarities.shape[0] == 0:
        raise ValueError("similarities must be a (works, topics) matrix with at least one work")
    ordered = np.sort(similarities, axis=0)[::-1]
    weights = np.arange(ordered.shape[0], 0, -1, dtype=np.float64)
    return np.asarray(weights @ ordered / weights.sum(), dtype=np.float64)


def group_hits(
    hits: Iterable[tuple[str, float]], owners: Mapping[str, Iterable[str]]
) -> dict[str, list[tuple[str, float]]]:
    """Hand each (achievement, score) to the people behind it; achievements without people are left out."""
    people: dict[str, list[tuple[str, float]]] = {}
    for key, score in hits:
        for person in owners.get(key, ()):
            people.setdefault(person, []).append((key, score))
    return people


def rank_by_hits(
    hits: Mapping[str, Iterable[tuple[str, float]]],
    *,
    works: Mapping[str, int] | None = None,
    limit: int = 10,
    evidence: int = 5,
) -> list[RankedExpert]:
    """Rank people by what the index found of theirs; people with nothing above zero are left out.

    ``hits`` maps a person to (achievement key, score), where 0 is an average document, as in
    ``types.Hit.score``; a key given twice counts once, with its best score. ``works`` maps a person
    to the number of all their achievements; without it only those found are counted, which favours
    people with many. At most ``limit`` people with at most ``evidence`` achievements each are
    returned, equal scores in the order of keys. O(h log h) for h hits.

    Raises:
        ValueError: a score is not finite, or a limit is below 1.
    """
    if limit < 1 or evidence < 1:
        raise ValueError("limit and evidence must be at least 1")
    counts = works or {}
    ranked = []
    for person, found in hits.items():
        expert = _rank_one(person, found, counts.get(person, 0), evidence)
        if expert.score > 0:
            ranked.append(expert)
    return sorted(ranked, key=lambda expert: (-expert.score, expert.key))[:limit]


def _rank_one(person: str, found: Iterable[tuple[str, float]], works: int, evidence: int) -> RankedExpert:
    best: dict[str, float] = {}
    for key, score in found:
        if not np.isfinite(score):
            raise ValueError(f"the score of {key!r} for {person!r} is not a finite number")
        best[key] = max(score, best.get(key, score))
    ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    parts = contributions([score for _, score in ordered], works=works)
    total = float(parts.sum())
    listed = [
        Evidence(key, score, float(part) / total)
        for (key, score), part in zip(ordered[:evidence], parts, strict=False)
        if part > 0
    ]
    relevant = int((parts > 0).sum())
    return RankedExpert(person, total, relevant, max(works, len(ordered)), tuple(listed))
