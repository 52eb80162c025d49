"""Zipf's law of city sizes (位序—规模法则).

Source: Gabaix and Ibragimov, "Rank − 1/2: a simple way to improve the OLS estimation of tail
exponents", Journal of Business and Economic Statistics 29 (2011): log(rank − 1/2) on log(size), the
standard error of the exponent is exponent · √(2 / n).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .types import Array, BadInput, Caution, Term, check_array


@dataclass(frozen=True, slots=True)
class Zipf:
    """Exponent (1 is Zipf's law), its standard error, R² of the line, and the primacy (首位度).

    ``primacy`` is the largest size over the second; ``line`` (n,) the size each rank would have.
    """

    exponent: float
    error: float
    explained: float
    primacy: float
    line: Array
    warnings: tuple[Caution, ...]


def zipf(sizes: Array) -> Zipf:
    """Fit the rank–size line to n sizes > 0.

    Raises:
        BadInput: fewer than three sizes, one that is not positive, or all of them equal.
    """
    x = check_array("sizes", sizes, dimensions=1)
    if len(x) < 3 or (x <= 0).any() or np.ptp(x) == 0:
        raise BadInput("sizes", "sizes", "rank and size need at least three sizes above zero, not all equal")
    n = len(x)
    order = np.argsort(-x, kind="stable")
    rank = np.empty(n)
    rank[order] = np.arange(1, n + 1)
    log_rank, log_size = np.log(rank - 0.5), np.log(x)
    slope, intercept = np.polyfit(log_size, log_rank, 1)
    exponent = float(-slope)
    explained = float(np.corrcoef(log_size, log_rank)[0, 1] ** 2)
    ranked = x[order]
    line = np.exp((intercept - log_rank) / exponent)
    return Zipf(
        exponent,
        exponent * float(np.sqrt(2.0 / n)),
        explained,
        float(ranked[0] / ranked[1]),
        line,
        _cautions(n),
    )


def _cautions(n: int) -> tuple[Caution, ...]:
    if n >= 50:
        return ()
    return (
        Caution(
            "few_ranks",
            Term(
                f"只有 {n} 个地区：指数的标准误为指数的 {np.sqrt(2 / n):.0%}，不能据此断定是否合于齐夫定律。",
                f"Only {n} regions: the standard error is {np.sqrt(2 / n):.0%} of the exponent; "
                "whether Zipf's law holds cannot be told.",
            ),
        ),
    )
