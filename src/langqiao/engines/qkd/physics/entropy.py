"""Binary entropy (二元熵)."""

from __future__ import annotations

import math


def binary_entropy(probability: float) -> float:
    """H₂(x) = −x log₂ x − (1 − x) log₂(1 − x) in bits, 0 outside (0, 1).

    >>> binary_entropy(0.5)
    1.0
    """
    if not 0.0 < probability < 1.0:
        return 0.0
    rest = 1.0 - probability
    return -probability * math.log2(probability) - rest * math.log2(rest)
