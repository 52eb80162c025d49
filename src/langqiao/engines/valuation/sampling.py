"""Draws of the inputs: seeded, one independent stream for each key, with rank correlation where asked.

The stream of a key depends on the seed and the key alone, never on which other inputs there are. So
two methods that share an input share its draws, and adding an input moves no other. Uniform numbers
are taken from the raw output of PCG64, whose stream NumPy promises to keep (NEP 19).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri

from langqiao.engines.sm import sm3

from .types import BadInput, Quantity, Shape, Vector

_Z90 = 1.2815515655446004  # the 90 % quantile of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Correlation:
    """Two inputs that move together: ``rho`` is the correlation of their normal scores (−1…1).

    The rank correlation (Spearman) that results is 6/π · asin(rho/2).
    """

    first: str
    second: str
    rho: float
    reason: str


def quantile(quantity: Quantity, share: Vector) -> Vector:
    """The value below which ``share`` (0…1, exclusive) of the distribution lies; rises with ``share``.

    Triangular: closed form. PERT: beta(1 + 4(b−a)/(c−a), 1 + 4(c−b)/(c−a)) on [a, c]. Lognormal:
    b·exp(s·z), where z is the normal quantile and s = ln(b/a)/z₉₀ below and ln(c/b)/z₉₀ above the
    median, so that a, b and c are exactly P10, P50 and P90.
    """
    a, b, c = quantity.low, quantity.base, quantity.high
    if quantity.certain:
        return np.full(share.shape, b)
    match quantity.shape:
        case Shape.LOGNORMAL:
            z = ndtri(share) / _Z90
            return np.asarray(b * np.exp(np.where(z < 0, np.log(b / a), np.log(c / b)) * z))
        case Shape.TRIANGULAR:
            turn = (b - a) / (c - a)
            left = a + np.sqrt(share * (c - a) * (b - a))
            right = c - np.sqrt((1 - share) * (c - a) * (c - b))
            return np.where(share < turn, left, right)
        case _:
            rise, fall = 4 * (b - a) / (c - a), 4 * (c - b) / (c - a)
            return np.asarray(a + (c - a) * betaincinv(1 + rise, 1 + fall, share))


def uniforms(key: str, *, seed: int, draws: int) -> Vector:
    """``draws`` numbers strictly between 0 and 1, the stream of ``key`` under ``seed``."""
    words = np.frombuffer(sm3(key.encode())[:16], dtype="<u4").tolist()
    source = np.random.PCG64(np.random.SeedSequence([seed, *words]))
    raw = np.asarray(source.random_raw(draws), dtype=np.uint64)
    return ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def shares(
    keys: Iterable[str], *, seed: int, draws: int, correlations: Sequence[Correlation] = ()
) -> dict[str, Vector]:
    """For every key ``draws`` shares (0…1) of its distribution, jointly.

    Correlated keys go through a Gaussian copula: their normal scores are mixed with the Cholesky factor
    of the correlation matrix. Ask for the keys of all methods at once, so that they share their draws.

    Raises:
        BadInput: a correlation is out of range, names one key twice or one that is not there, or all
            of them together cannot hold (the matrix is not positive definite).
    """
    found = {key: uniforms(key, seed=seed, draws=draws) for key in keys}
    mixed = sorted({key for pair in correlations for key in (pair.first, pair.second)})
    for key in mixed:
        if key not in found:
            raise BadInput("correlations", "unknown", f"no method has an input {key!r}", key=key)
    if mixed:
        scores = cholesky(mixed, correlations) @ np.stack([ndtri(found[key]) for key in mixed])
        found.update({key: np.asarray(ndtr(row)) for key, row in zip(mixed, scores, strict=True)})
    return found


def cholesky(keys: Sequence[str], correlations: Sequence[Correlation]) -> Vector:
    """The lower Cholesky factor of the correlation matrix of ``keys``, shape (keys, keys).

    Raises:
        BadInput: as in :func:`shares`, keys apart.
    """
    at = {key: index for index, key in enumerate(keys)}
    matrix = np.eye(len(keys))
    for pair in correlations:
        if pair.first == pair.second or not -1 < pair.rho < 1:
            raise BadInput(
                "correlations",
                "rho",
                f"the correlation of {pair.first} and {pair.second} must lie between -1 and 1, of two inputs",
                first=pair.first,
                second=pair.second,
            )
        matrix[at[pair.first], at[pair.second]] = matrix[at[pair.second], at[pair.first]] = pair.rho
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        raise BadInput(
            "correlations", "together", "the correlations contradict each other: no joint draw has them all"
        ) from None
