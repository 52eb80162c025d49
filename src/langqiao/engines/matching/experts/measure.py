"""How far an order of topics is from what people say of their own expertise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Order:
    """One person's topics: what they say they know (``expertise``) and what was predicted (``scores``)."""

    expertise: Sequence[float]
    scores: Sequence[float]


def ranking_loss(orders: Iterable[Order]) -> float:
    """Share of the rated differences that the predicted order gets wrong: 0 perfect, 0.5 chance, 1 reversed.

    For every pair of one person's topics with different ratings the difference is at stake; it is
    lost where the scores order the pair the other way, and half lost where they tie (Stelmakh et al.,
    "A Gold Standard Dataset for the Reviewer Assignment Problem"). Sums run over all people.

    >>> ranking_loss([Order(expertise=[5, 3, 1], scores=[0.9, 0.1, 0.4])])
    0.25

    Raises:
        ValueError: lengths differ, a score is not finite, or no pair has different ratings.
    """
    lost = at_stake = 0.0
    for order in orders:
        expertise = np.asarray(order.expertise, dtype=np.float64)
        scores = np.asarray(order.scores, dtype=np.float64)
        if expertise.shape != scores.shape or expertise.ndim != 1:
            raise ValueError("every rated topic needs exactly one score")
        if not (np.isfinite(scores).all() and np.isfinite(expertise).all()):
            raise ValueError("ratings and scores must be finite numbers")
        difference = np.maximum(expertise[:, None] - expertise[None, :], 0.0)
        ahead = scores[:, None] - scores[None, :]
        lost += float((difference * ((ahead < 0) + 0.5 * (ahead == 0))).sum())
        at_stake += float(difference.sum())
    if at_stake == 0:
        raise ValueError("no two topics of one person are rated differently: there is nothing to order")
    return lost / at_stake
