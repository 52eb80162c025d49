r"""How much of a reviewer's deviation is bias: variance components from within-item contrasts.

Model, items fixed and reviewers random: y_ir = mu + item_i + b_r + e_ir, b ~ N(0, s_b^2), e ~ N(0, s_e^2).
Taking the items out (M projects on what is left, Z is the incidence of reviewers) gives K = Z'MZ and
z = Z'My. With K = U diag(d) U' and w = U'z, the contrasts are independent:

    w_k ~ N(0, s_e^2 d_k (1 + t^2 d_k)),   t = s_b / s_e,

and what K does not see is residual, RSS = y'My - sum w_k^2/d_k. With nu = reviews - items the restricted
likelihood of t (Patterson & Thompson, Biometrika 1971, profiled over s_e) is

    l(t) = -1/2 sum log(1 + t^2 d_k) - nu/2 log S(t),   S(t) = RSS + sum w_k^2 / (d_k (1 + t^2 d_k)).

The maximum of l is often t = 0 where the true bias is small, and plugging one t in ignores how little
twenty reviewers say about it. So the bias is averaged over the posterior of t under a half-Cauchy(1) prior
(Gelman, Bayesian Analysis 2006): with t = tan(phi) that prior is uniform in phi, and the integral is a mean
over equally spaced angles. Everything is vectorised over leading axes, one problem each.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Array = NDArray[np.float64]

ANGLES = 128
"""Points of the integral; twice as many move no score of the benchmark by 0.001 points."""


def angles(count: int = ANGLES) -> Array:
    """Midpoints of ``count`` equal pieces of (0, pi/2): shape (count,)."""
    return np.asarray((np.arange(count) + 0.5) * (math.pi / 2 / count), dtype=np.float64)


def log_likelihood(ratio: Array, *, values: Array, energy: Array, rss: Array, freedom: int) -> Array:
    """The restricted log-likelihood, up to a constant.

    Args:
        ratio: t^2 at which to evaluate, shape (G,).
        values: d, the positive eigenvalues, shape (..., K).
        energy: w^2 / d, shape (..., K).
        rss: residual sum of squares, shape (...).
        freedom: nu.

    Returns:
        Shape (..., G).
    """
    scale = 1.0 + values[..., None] * ratio
    total = rss[..., None] + (energy[..., None] / scale).sum(axis=-2)
    return np.asarray(-0.5 * np.log(scale).sum(axis=-2) - 0.5 * freedom * np.log(total))


def posterior(likelihood: Array) -> Array:
    """Weights of equally probable angles given their log-likelihoods; they sum to 1 along the last axis."""
    weights = np.exp(likelihood - likelihood.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def gains(ratio: Array, *, values: Array) -> Array:
    """Factors g with b = U (g * w), for each t^2: t^2 / (1 + t^2 d), shape (..., K, G)."""
    return np.asarray(ratio / (1.0 + values[..., None] * ratio))


def reml(*, values: Array, energy: Array, rss: float, freedom: int) -> tuple[float, float]:
    """The restricted maximum-likelihood estimates (s_e, s_b) of one problem, in points."""
    grid = angles()
    one = np.asarray(rss)

    def at(angle: float) -> float:
        ratio = np.array([math.tan(angle) ** 2])
        found = log_likelihood(ratio, values=values, energy=energy, rss=one, freedom=freedom)
        return float(found[0])

    heights = log_likelihood(np.tan(grid) ** 2, values=values, energy=energy, rss=one, freedom=freedom)
    peak = int(heights.argmax())
    low = float(grid[peak - 1]) if peak else 0.0
    high = float(grid[min(peak + 1, grid.size - 1)])
    best = float(grid[peak])
    if high > low:
        found = minimize_scalar(
            lambda a: -at(a), bounds=(low, high), method="bounded", options={"xatol": 1e-9}
        )
        best = max((float(found.x), best), key=at)
    if at(0.0) >= at(best) - 1e-9:  # a flat likelihood says nothing, and so does the estimate
        best = 0.0
    ratio = math.tan(best) ** 2
    total = rss + float((energy / (1.0 + values * ratio)).sum())
    error = math.sqrt(total / freedom)
    return error, error * math.sqrt(ratio)
