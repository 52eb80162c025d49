"""Option pricing: Black–Scholes–Merton in closed form and the binomial tree of Cox, Ross, Rubinstein.

Rates here are continuously compounded and by the year. Thousands of draws are priced at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from .tree import roll_back
from .types import BadInput, Vector


@dataclass(frozen=True, slots=True)
class Terms:
    """What an option is about; every array of shape (draws,).

    Attributes:
        spot: S > 0, today's value of what the option gives, any money unit.
        strike: K > 0, in the unit of ``spot``.
        years: T > 0.
        rate: r, riskless, continuous.
        volatility: σ > 0, of yearly log returns.
        leak: q, what waiting loses of S, continuous (the dividend yield of finance).
    """

    spot: Vector
    strike: Vector
    years: Vector
    rate: Vector
    volatility: Vector
    leak: Vector


def black_scholes(terms: Terms, *, call: bool) -> Vector:
    """European option with a continuous yield (Black, Scholes 1973; Merton 1973), shape (draws,).

    d₁ = [ln(S/K) + (r − q + σ²/2) T] / (σ√T), d₂ = d₁ − σ√T; call S e^{−qT} Φ(d₁) − K e^{−rT} Φ(d₂),
    put K e^{−rT} Φ(−d₂) − S e^{−qT} Φ(−d₁). A call gives S for K, a put K for S.
    """
    spread = terms.volatility * np.sqrt(terms.years)
    drift = terms.rate - terms.leak + terms.volatility**2 / 2
    d1 = (np.log(terms.spot / terms.strike) + drift * terms.years) / spread
    d2 = d1 - spread
    sign = 1.0 if call else -1.0
    now = terms.spot * np.exp(-terms.leak * terms.years)
    later = terms.strike * np.exp(-terms.rate * terms.years)
    return np.asarray(sign * (now * ndtr(sign * d1) - later * ndtr(sign * d2)))


def fewest_steps(years: float, rate_less_leak: float, volatility: float) -> int:
    """Fewest steps with which the tree has probabilities between 0 and 1: σ √Δt > |r − q| Δt."""
    return int(years * (rate_less_leak / volatility) ** 2 + 1e-6) + 1  # at the limit itself p is 0 or 1


def binomial(terms: Terms, *, call: bool, american: bool, steps: int) -> Vector:
    """Binomial tree (Cox, Ross, Rubinstein 1979), shape (draws,).

    u = e^{σ√Δt}, d = 1/u, p = (e^{(r−q)Δt} − d)/(u − d). An ``american`` option may be exercised at
    every step. The European value tends to Black–Scholes like 1/steps. O(draws · steps²).

    Raises:
        BadInput: with so few steps a probability would leave 0…1 (see :func:`fewest_steps`).
    """
    dt = terms.years / steps
    up = np.exp(terms.volatility * np.sqrt(dt))
    p = (np.exp((terms.rate - terms.leak) * dt) - 1 / up) / (up - 1 / up)
    if not ((p > 0) & (p < 1)).all():
        raise BadInput("steps", "tree", f"{steps} steps are too few for so low a volatility", steps=steps)
    discount = np.exp(-terms.rate * dt)
    out = np.empty(len(terms.spot))
    sign = 1.0 if call else -1.0
    roll_back(terms.spot, terms.strike, up, discount * p, discount * (1 - p), sign, american, steps, out)
    return out
