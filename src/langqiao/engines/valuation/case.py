"""What every method offers: its inputs, its value for any draws of them, and the working at base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np

from .types import Caution, Draws, Figure, Method, Quantity, Table, Vector

PICK = "pick"
"""Key of the uniform draws (0…1) that say at which quantile of the deals the market approach looks."""


class Case(Protocol):
    """One technology valued by one method. Frozen; checked when it is made."""

    method: ClassVar[Method]

    def inputs(self) -> dict[str, Quantity]:
        """The uncertain inputs by key of :data:`.fields.FIELDS`."""
        ...

    def value(self, x: Draws) -> Vector:
        """The value in 万元 for each draw of the inputs; a pure function of ``x``.

        ``x`` may hold :data:`PICK` beside the inputs, a uniform number for what else is random.
        """
        ...

    def table(self) -> Table:
        """The working at the base values."""
        ...

    def figures(self) -> tuple[Figure, ...]:
        """Named figures at the base values."""
        ...

    def cautions(self) -> tuple[Caution, ...]:
        """What a reader must know about this case."""
        ...


def base_draw(inputs: Mapping[str, Quantity]) -> dict[str, Vector]:
    """All inputs at their base, as one draw."""
    return {key: np.array([quantity.base], dtype=np.float64) for key, quantity in inputs.items()}


def base_value(case: Case) -> float:
    """The value in 万元 with every input at its base."""
    return float(case.value(base_draw(case.inputs()))[0])


def given(**optional: Quantity | None) -> dict[str, Quantity]:
    """Those inputs that are there; an absent one counts as zero in the equations."""
    return {key: quantity for key, quantity in optional.items() if quantity is not None}


def of(x: Draws, key: str) -> Vector:
    """The draws of an input, shape (draws, 1), zero where the case does not have it."""
    size = next(iter(x.values())).shape[0]
    return x[key][:, None] if key in x else np.zeros((size, 1))
