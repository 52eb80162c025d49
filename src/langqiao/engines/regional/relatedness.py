"""Relatedness of activities (产业关联度) on a national matrix, and the cities projected onto it.

Sources: Hidalgo, Klinger, Barabási and Hausmann, "The product space conditions the development of
nations", Science 317 (2007): proximity φ; Balland and others, "Smart specialization policy in the
European Union", Regional Studies 53 (2019): relatedness density. Computed by econcomplex.

Nine regions say next to nothing about which activities go together: φ is taken from the nation, the
nine cities are only placed in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .specialisation import location_quotients
from .types import FEW, Array, BadInput, Caution, Matrix, Term


@dataclass(frozen=True, slots=True)
class Relatedness:
    """The cities in the nation's space of activities.

    Attributes:
        rows, columns: names of the cities and of the activities.
        density: (r, c), 0 to 1: the share of what is near the activity that the city already has.
        has: (r, c), whether the city is specialised in it (location quotient ≥ the threshold).
        lq: (r, c), location quotient of the city against the nation.
        proximity: (c, c), φ of the nation.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    density: Array
    has: NDArray[np.bool_]
    lq: Array
    proximity: Array
    warnings: tuple[Caution, ...]

    def near(self, row: str, *, top: int = 5) -> list[tuple[str, float]]:
        """Activities the city does not have yet, nearest first, with their density.

        Raises:
            BadInput: there is no such row.
        """
        if row not in self.rows:
            raise BadInput("row", "unknown", f"there is no row {row!r}")
        i = self.rows.index(row)
        free = [j for j in range(len(self.columns)) if not self.has[i, j] and self.density[i, j] > 0]
        free.sort(key=lambda j: (-self.density[i, j], self.columns[j]))
        return [(self.columns[j], float(self.density[i, j])) for j in free[:top]]


def proximity(nation: Matrix, *, threshold: float = 1.0) -> Array:
    """Proximity φ_cd of activities, (c, c), 0 to 1, diagonal 0.

    φ is the smaller of the two conditional probabilities that a region specialised in one activity
    is specialised in the other: co-occurrences divided by the larger ubiquity.
    """
    from econcomplex.relatedness import proximity as package

    quotients = location_quotients(nation)
    return np.asarray(
        package(quotients, use_rca=False, threshold=threshold, compute="product")["product"], dtype=np.float64
    )


def relatedness(cities: Matrix, nation: Matrix, *, threshold: float = 1.0) -> Relatedness:
    """Relatedness density of the cities in the nation's space of activities.

    Args:
        cities: cities × activities; a city's quotient is its share over the nation's share.
        nation: regions of the nation × the same activities.
        threshold: location quotient from which a region counts as specialised.

    Raises:
        BadInput: the columns differ, or the nation has a single region.
    """
    from econcomplex.relatedness import relatedness_density

    if cities.columns != nation.columns:
        raise BadInput("nation", "columns", "the national matrix needs the same columns as the cities")
    if len(nation.rows) < 2:
        raise BadInput("nation", "rows", "relatedness needs a national matrix of several regions")
    if not threshold > 0:
        raise BadInput("threshold", "positive", "the threshold must be above zero")
    phi = proximity(nation, threshold=threshold)
    totals = nation.values.sum(axis=0)
    lq = _against(cities, totals)
    density = np.asarray(
        relatedness_density(lq, phi=phi, use_rca=False, threshold=threshold), dtype=np.float64
    )
    return Relatedness(
        cities.rows, cities.columns, density / 100.0, lq >= threshold, lq, phi, _cautions(nation)
    )


def _against(cities: Matrix, totals: Array) -> Array:
    """Quotients of each city's structure against the nation's, which need not contain the city.

    Each city is compared by itself, as one weightless row beside the nation: its own size must not
    shift the yardstick.
    """
    shares = np.divide(
        cities.values,
        cities.values.sum(axis=1, keepdims=True),
        out=np.zeros_like(cities.values),
        where=cities.values.sum(axis=1, keepdims=True) > 0,
    )
    if not totals.any():
        raise BadInput("nation", "zero", "the national matrix holds nothing above zero")
    national = totals / totals.sum()
    quotients = np.divide(shares, national, out=np.zeros_like(shares), where=national > 0)
    return np.asarray(quotients, dtype=np.float64)


def _cautions(nation: Matrix) -> tuple[Caution, ...]:
    n = len(nation.rows)
    if n >= FEW:
        return ()
    return (
        Caution(
            "narrow_nation",
            Term(
                f"全国矩阵只有 {n} 个地区：产业邻近度不稳定，应使用更多地区的矩阵。",
                f"The national matrix has only {n} regions: proximities are unstable, use a wider one.",
            ),
        ),
    )
