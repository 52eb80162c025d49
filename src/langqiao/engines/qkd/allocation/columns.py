"""Linear programs over routes that are generated as their price asks for them.

Every program has a row for each link (what the flows use of it, over its rate) and one or two for each demand
(what it gets, over a unit of its own), so all numbers are near 1 and the solver's tolerance is relative. A
column is one demand on one route, or on two disjoint routes; the cheapest column under the rows' prices is a
shortest path (Dijkstra) or a pair of them (Suurballe), and when none is worth its price the program over all
routes is solved (L. R. Ford, D. R. Fulkerson, Management Science 5, 97 (1958)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from langqiao.engines.qkd.disjoint import cheapest_pair
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.lookup import neighbours
from langqiao.engines.qkd.routes import cheapest
from langqiao.engines.qkd.types import Demand, LinkKey, Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRICE = 1e-7
"""A price below this is none; HiGHS works to 1e-7."""
ROUNDS = 1_000

Routes = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """What a program asks of the demands that take part in it.

    Attributes:
        unit: bits a second in which a demand's flows are measured; demands without one take no part.
        floor: least flow in units; ``None`` in its place is the common level t.
        ceiling: greatest flow in units.
        gain: what a unit of flow is worth.
        burn: what a unit of flow costs on every link.
        level: greatest level t; t is worth 1.
    """

    unit: Mapping[int, float]
    floor: Mapping[int, float | None] = field(default_factory=dict)
    ceiling: Mapping[int, float] = field(default_factory=dict)
    gain: Mapping[int, float] = field(default_factory=dict)
    burn: Mapping[int, float] = field(default_factory=dict)
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class Solution:
    """What a program found.

    Attributes:
        level: t.
        flows: (columns,) bits a second of every column.
        links: (links,) price of every link's row.
        floors: price of every demand's floor; positive where the demand cannot get more.
    """

    level: float
    flows: NDArray[np.float64]
    links: NDArray[np.float64]
    floors: Mapping[int, float]


class Columns:
    """The routes found so far, and programs over them.

    Args:
        network: where.
        demands: who asks, with node identifiers.
        capacity: bits a second that may be used of every link.
    """

    def __init__(
        self, network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float]
    ) -> None:
        self.demands = demands
        self.keys = [key for key, room in capacity.items() if room > 0]
        self.room = np.array([capacity[key] for key in self.keys])
        self.columns: list[tuple[int, Routes]] = []
        self._row = {key: place for place, key in enumerate(self.keys)}
        self._beside = neighbours(network)
        self._trusted = {one.id for one in network.nodes if one.trusted}
        self._used: list[list[int]] = []
        self._known: set[tuple[int, Routes]] = set()
        even = dict.fromkeys(self.keys, 1.0)
        self.reachable: list[bool] = []
        for place in range(len(demands)):
            found = self._cheapest(place, even)
            self.reachable.append(found is not None)
            if found is not None:
                self._add(place, found[1])

    def solve(self, program: Program) -> Solution:
        """The optimum over all routes there are.

        Raises:
            QkdError: the solver gives up (kind ``solver``), which no input is known to bring about.
        """
        for _round in range(ROUNDS):
            found = self._over_columns(program)
            if not self._generate(program, found):
                return found
        raise QkdError(f"no optimum within {ROUNDS} rounds of new routes", kind="solver")

    def bottleneck(self, place: int, prices: NDArray[np.float64]) -> tuple[LinkKey, ...]:
        """Links with a price on the routes of one demand: what keeps it from more."""
        rows = {
            row
            for (who, _routes), used in zip(self.columns, self._used, strict=True)
            if who == place
            for row in used
        }
        return tuple(sorted(self.keys[row] for row in rows if prices[row] > PRICE))

    def width(self, place: int) -> float:
        """Bits a second that a demand's first route can carry."""
        for (who, _routes), used in zip(self.columns, self._used, strict=True):
            if who == place:
                return float(self.room[used].min())
        return 0.0

    def worst(self, links: NDArray[np.float64]) -> NDArray[np.float64]:
        """(columns,) greatest of the links' values along every column."""
        return np.array([links[used].max() for used in self._used])

    def load(self, flows: NDArray[np.float64]) -> NDArray[np.float64]:
        """(links,) bits a second that flows use of every link."""
        total = np.zeros(len(self.keys))
        for used, flow in zip(self._used, flows, strict=True):
            total[used] += flow
        return total

    def _over_columns(self, program: Program) -> Solution:
        kept = [place for place, (who, _routes) in enumerate(self.columns) if who in program.unit]
        where = {column: place for place, column in enumerate(kept)}
        count, links = len(kept), len(self.keys)
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for column, place in where.items():
            unit = program.unit[self.columns[column][0]]
            rows += self._used[column]
            columns += [place] * len(self._used[column])
            values += [unit / self.room[row] for row in self._used[column]]
        limits = [1.0] * links
        floor_row, ceiling_row = {}, {}
        for who, least in program.floor.items():
            floor_row[who] = len(limits)
            limits.append(0.0 if least is None else -least)
            if least is None:
                rows.append(floor_row[who])
                columns.append(count)
                values.append(1.0)
        for who, most in program.ceiling.items():
            ceiling_row[who] = len(limits)
            limits.append(most)
        costs = np.zeros(count + 1)
        costs[count] = -1.0 if program.level else 0.0
        for column, place in where.items():
            who = self.columns[column][0]
            costs[place] = program.burn.get(who, 0.0) * len(self._used[column]) - program.gain.get(who, 0.0)
            for table, sign in ((floor_row, -1.0), (ceiling_row, 1.0)):
                if who in table:
                    rows.append(table[who])
                    columns.append(place)
                    values.append(sign)
        matrix = coo_array((values, (rows, columns)), shape=(len(limits), count + 1)).tocsr()
        bounds = [(0.0, None)] * count + [(0.0, program.level)]
        found: Any = linprog(costs, A_ub=matrix, b_ub=limits, bounds=bounds, method="highs")
        if found.x is None:
            raise QkdError(
                f"the linear program was not solved: {found.message}",
                kind="infeasible" if found.status == 2 else "solver",
            )
        # a price of -1e-17 would make a negative cycle, around which a shortest path never ends
        prices = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
        flows = np.zeros(len(self.columns))
        for column, place in where.items():
            flows[column] = max(float(found.x[place]), 0.0) * program.unit[self.columns[column][0]]
        self._ceilings = {who: float(prices[row]) for who, row in ceiling_row.items()}
        floors = {who: float(prices[row]) for who, row in floor_row.items()}
        return Solution(float(found.x[count]), flows, prices[:links], floors)

    def _generate(self, program: Program, found: Solution) -> bool:
        """Add the cheapest column of every demand that is worth its price."""
        grew = False
        price = found.links / self.room
        for who, unit in program.unit.items():
            if not self.reachable[who]:
                continue
            burn = program.burn.get(who, 0.0)
            cost = {key: float(price[row]) * unit + burn for key, row in self._row.items()}
            best = self._cheapest(who, cost)
            worth = program.gain.get(who, 0.0) + found.floors.get(who, 0.0) - self._ceilings.get(who, 0.0)
            if best is not None and best[0] < worth - PRICE:
                grew |= self._add(who, best[1])
        return grew

    def _cheapest(self, who: int, cost: Mapping[LinkKey, float]) -> tuple[float, Routes] | None:
        demand = self.demands[who]
        if demand.two_paths:
            return cheapest_pair(self._beside, self._trusted, demand.source, demand.target, cost)
        found = cheapest(self._beside, self._trusted, demand.source, demand.target, cost)
        return None if found is None else (found[0], (found[1],))

    def _add(self, who: int, routes: Routes) -> bool:
        if (who, routes) in self._known:
            return False
        self._known.add((who, routes))
        self.columns.append((who, routes))
        self._used.append(
            [self._row[(x, y) if x <= y else (y, x)] for route in routes for x, y in pairwise(route)]
        )
        return True
