"""Data envelopment analysis (数据包络分析, DEA).

Sources: Charnes, Cooper and Rhodes, European Journal of Operational Research 2 (1978), for constant
returns (CCR); Banker, Charnes and Cooper, Management Science 30 (1984), for variable returns (BCC);
the rule n ≥ 3 (inputs + outputs) after Cooper, Seiford and Tone, *Data Envelopment Analysis* (2007),
section 9.3. Solved by Pyfrontier.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .types import Array, BadInput, Caution, Term, check_array

Returns = Literal["CRS", "VRS"]
Orientation = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Efficiency of each unit (n,), 1 at the frontier, and its peers.

    With output orientation the score is 1/φ, so that it lies from 0 to 1 as well. ``slack`` says
    whether a unit on the frontier still wastes something (weakly efficient); ``peers`` (n, n) are the
    weights λ of the units each one is compared with.
    """

    score: Array
    slack: tuple[bool, ...]
    peers: Array
    warnings: tuple[Caution, ...]


def efficiency(
    inputs: Array, outputs: Array, *, returns: Returns = "CRS", orientation: Orientation = "in"
) -> Efficiency:
    """Efficiency of n units that turn m inputs into s outputs.

    Args:
        inputs: (n, m), > 0.
        outputs: (n, s), ≥ 0, with a positive one for each unit.
        returns: constant (CRS) or variable (VRS) returns to scale.
        orientation: less input for the same output, or more output from the same input.

    Raises:
        BadInput: shapes differ, an input is not positive, or a unit has no output.
    """
    x, y = check_array("inputs", inputs), check_array("outputs", outputs)
    n = len(x)
    if len(y) != n or n < 2:
        raise BadInput("outputs", "shape", "inputs and outputs need one row a unit, two units at least")
    if (x <= 0).any() or (y < 0).any() or (y.sum(axis=1) <= 0).any():
        raise BadInput("inputs", "positive", "inputs must be above zero, and every unit needs an output")
    # Columns are scaled to a mean of 1: scores do not change, the solver works with plain numbers.
    x, y = x / x.mean(axis=0), y / y.mean(axis=0, where=y.any(axis=0))
    from Pyfrontier.frontier_model import EnvelopDEA

    model = EnvelopDEA(returns, orientation)
    with warnings.catch_warnings():
        # Pyfrontier still builds its programmes in the way PuLP 3 deprecates.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(Pyfrontier|pulp)\b")
        model.fit(x, y)
    raw = np.array([found.score for found in model.result])
    score = raw if orientation == "in" else 1.0 / raw
    slack = tuple(
        bool(np.sum(found.x_slack) + np.sum(found.y_slack) > 1e-6 and abs(value - 1) < 1e-6)
        for found, value in zip(model.result, score, strict=True)
    )
    peers = np.array([found.weights for found in model.result], dtype=np.float64)
    return Efficiency(score, slack, peers, _cautions(n, x.shape[1], y.shape[1]))


def _cautions(n: int, m: int, s: int) -> tuple[Caution, ...]:
    least = max(3 * (m + s), m * s)
    if n >= least:
        return ()
    return (
        Caution(
            "dea_few",
            Term(
                f"{n} 个单元、{m} 项投入、{s} 项产出：少于 3×(投入+产出)={3 * (m + s)} 个，"
                "效率值区分力弱，多数单元会被判为有效。",
                f"{n} units, {m} inputs, {s} outputs: fewer than 3 × (inputs + outputs) = {3 * (m + s)}, "
                "so scores discriminate poorly and most units look efficient.",
            ),
        ),
    )
