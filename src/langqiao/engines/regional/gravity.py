"""Gravity model of flows (引力模型), fitted as a Poisson regression, and gravity potentials.

Source: Wilson, "A statistical theory of spatial distribution models", Transportation Research 1
(1967); Santos Silva and Tenreyro, "The log of gravity", Review of Economics and Statistics 88 (2006).
Fitted by spint (Oshan 2016).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .types import Array, BadInput, Caution, Term, check_array

CostForm = Literal["exp", "pow"]


@dataclass(frozen=True, slots=True)
class GravityFit:
    """log E(T_ij) = constant + origin · log o_i + destination · log d_j + cost · f(d_ij).

    ``cost`` multiplies the distance (``exp``) or its logarithm (``pow``); ``explained`` is D², the
    share of the deviance explained; ``errors`` are standard errors in the same order, widened by the
    overdispersion (quasi-Poisson); ``fitted`` has the flows' shape (m,).
    """

    constant: float
    origin: float
    destination: float
    cost: float
    errors: tuple[float, float, float, float]
    explained: float
    fitted: Array
    warnings: tuple[Caution, ...]


def fit_gravity(
    flows: Array, origin: Array, destination: Array, distance: Array, *, form: CostForm = "exp"
) -> GravityFit:
    """Fit the unconstrained gravity model to m flows.

    Args:
        flows: (m,) observed flows, one for each ordered pair; whole numbers ≥ 0, since a Poisson
            regression counts.
        origin: (m,) mass of each flow's origin, > 0.
        destination: (m,) mass of each flow's destination, > 0.
        distance: (m,) in km, > 0.
        form: ``exp`` for exp(β d), ``pow`` for d^β.

    Raises:
        BadInput: shapes differ, a flow is no whole number, a mass or distance is not positive, there
            are too few flows or the regression has no unique solution.
    """
    columns = [
        check_array(name, values, dimensions=1)
        for name, values in (
            ("flows", flows),
            ("origin", origin),
            ("destination", destination),
            ("distance", distance),
        )
    ]
    if len({len(column) for column in columns}) != 1:
        raise BadInput("flows", "shape", "flows, masses and distances need one value a pair")
    if (columns[0] < 0).any() or not columns[0].any():
        raise BadInput("flows", "negative", "flows may not be negative, and one must be above zero")
    if (columns[0] != np.rint(columns[0])).any():
        raise BadInput("flows", "whole", "flows must be whole numbers: give them in a smaller unit")
    if any((column <= 0).any() for column in columns[1:]):
        raise BadInput("origin", "positive", "masses and distances must be above zero")
    m = len(columns[0])
    design = np.column_stack(
        [
            np.ones(m),
            np.log(columns[1]),
            np.log(columns[2]),
            columns[3] if form == "exp" else np.log(columns[3]),
        ]
    )
    if m < 5 or np.linalg.matrix_rank(design) < 4:
        raise BadInput(
            "flows", "few", "the gravity model needs at least five flows whose masses and distances vary"
        )
    model = _fit(columns, form)
    beta = [float(value) for value in np.ravel(model.params)]
    if not np.isfinite(beta).all():
        raise BadInput("flows", "diverged", "the gravity regression found no finite coefficients")
    errors = [float(value) for value in np.ravel(model.std_err)]
    return GravityFit(
        beta[0],
        beta[1],
        beta[2],
        beta[3],
        (errors[0], errors[1], errors[2], errors[3]),
        float(model.D2),
        np.asarray(np.ravel(model.yhat), dtype=np.float64),
        _cautions(m, beta[3]),
    )


def _fit(columns: list[Array], form: CostForm) -> Any:
    from spint.gravity import Gravity

    flows, origin, destination, distance = columns
    with warnings.catch_warnings():
        # spint's sparse algebra still converts one-element arrays to scalars.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Gravity(flows.astype(np.int64), origin, destination, distance, form, constant=True, Quasi=True)


def potentials(mass: Array, distance: Array, *, exponent: float = 2.0) -> Array:
    """Gravity links m_i m_j / d_ij^b between regions, (n, n), diagonal 0 (Reilly 1931).

    Nothing is fitted: the exponent is an assumption, and the figures compare links with each other
    only.

    Raises:
        BadInput: a mass is negative or two regions lie in the same place.
    """
    sizes = check_array("mass", mass, dimensions=1)
    km = check_array("distance", distance)
    if km.shape != (len(sizes), len(sizes)):
        raise BadInput("distance", "shape", "distances need one row and one column a region")
    if (sizes < 0).any():
        raise BadInput("mass", "negative", "no mass may be below zero")
    off = ~np.eye(len(sizes), dtype=bool)
    if (km[off] <= 0).any():
        raise BadInput("distance", "positive", "two regions lie in the same place")
    links = np.zeros_like(km)
    np.divide(np.outer(sizes, sizes), km**exponent, out=links, where=off)
    return links


def _cautions(m: int, cost: float) -> tuple[Caution, ...]:
    found = []
    if m < 90:
        found.append(
            Caution(
                "few_flows",
                Term(
                    f"只有 {m} 条流：系数的标准误较大，只作参考。",
                    f"Only {m} flows: the coefficients are uncertain.",
                ),
            )
        )
    if cost > 0:
        found.append(
            Caution(
                "rising",
                Term(
                    "距离系数为正：流量随距离增大，模型与数据不相称。",
                    "The coefficient of distance is positive: flows grow with distance, which does not suit.",
                ),
            )
        )
    return tuple(found)
