"""How much of the GPUs can be given away at all: a linear program in which tasks are a fluid (流体界).

Kinds of task arrive in fixed proportion until they have asked for ``arrival`` times all GPUs; kind m is
served up to a time t_m. Each GPU is cut by a pattern of sizes that add up to at most one GPU; patterns are
generated as their price asks for them (Gilmore & Gomory 1961). The CPU of the nodes of one shape is added up,
memory is not looked at, so the value bounds every policy in the fluid limit; single runs scatter around it.

Where nothing is ever turned away that fits and nothing ends, what is free only shrinks: a kind that fits
nowhere will never fit again, and a kind that fits wherever another does is served at least as long as it.
These constraints (``ordered``) make the bound of online policies without rejection; without them it is that
of a policy that may choose what to serve.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from langqiao.engines.scheduling.types import Node
    from langqiao.engines.scheduling.workload import Expected

ROUNDS = 60
CLOSE = 1e-7


@dataclass(frozen=True, slots=True)
class Fluid:
    """The optimum.

    Attributes:
        allocation: share of all GPUs that is given away.
        served: (k,) share of each kind's arrivals that is served, 0 to 1.
    """

    allocation: float
    served: NDArray[np.float64]


def fits_wherever(one: Expected, other: Expected) -> bool:
    """Whether ``one`` fits on every node and state on which ``other`` does, memory apart."""
    if one.cpu_milli > other.cpu_milli or one.gpus > other.gpus:
        return False
    if one.gpus == 0:
        return True
    return one.gpu_milli <= other.gpu_milli and (
        not one.models or (bool(other.models) and set(other.models) <= set(one.models))
    )


def _order(kinds: Sequence[Expected]) -> list[tuple[int, int]]:
    """Pairs (a, b) of kinds, a served at least as long as b; those that follow from others are left out."""
    count = len(kinds)
    least = np.zeros((count, count), bool)
    for a in range(count):
        for b in range(count):
            least[a, b] = a != b and fits_wherever(kinds[a], kinds[b])
    between = (least.astype(np.int64) @ least.astype(np.int64)) > 0
    return [(int(a), int(b)) for a, b in np.argwhere(least & ~between)]


def best_pattern(sizes: Sequence[int], price: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]]:
    """The dearest multiset of sizes that fits one GPU: its price and how often each size is in it."""
    grain = int(np.gcd.reduce([WHOLE, *sizes]))
    cells = WHOLE // grain
    value = np.zeros(cells + 1)
    last = np.full(cells + 1, -1)
    for room in range(1, cells + 1):
        value[room], last[room] = value[room - 1], -1
        for z, size in enumerate(sizes):
            if size // grain <= room and value[room - size // grain] + price[z] > value[room] + CLOSE / 100:
                value[room], last[room] = value[room - size // grain] + price[z], z
    count = np.zeros(len(sizes), np.int64)
    room = cells
    while room > 0:
        if last[room] < 0:
            room -= 1
        else:
            count[last[room]] += 1
            room -= sizes[last[room]] // grain
    return float(value[cells]), count


class _Program:
    """The program without its patterns, which ``solve`` adds."""

    def __init__(
        self, nodes: Sequence[Node], kinds: Sequence[Expected], *, arrival: float, ordered: bool
    ) -> None:
        self.shapes = list(Counter((n.model if n.gpus else "", n.gpus, n.cpu_milli) for n in nodes).items())
        self.kinds = kinds
        self.total = sum(shape[1] * count for shape, count in self.shapes)
        self.sizes = sorted({one.gpu_milli for one in kinds if one.gpus})
        rate = sum(one.share * one.gpus * one.gpu_milli / WHOLE for one in kinds)
        if not self.total or not rate:
            raise SchedulingError("a bound needs GPUs, and tasks that ask for them", kind="arrival")
        self.arrivals = np.array([one.share for one in kinds]) * self.total * arrival / rate
        self.pairs = [
            (s, m)
            for s, ((model, gpus, cpu), _) in enumerate(self.shapes)
            for m, one in enumerate(kinds)
            if one.gpus <= gpus
            and one.cpu_milli <= cpu
            and (not one.gpus or not one.models or model in one.models)
        ]
        self.order = _order(kinds) if ordered else []
        self.patterns = [
            (s, np.eye(len(self.sizes), dtype=np.int64)[z] * (WHOLE // size))
            for s, ((_, gpus, _), _) in enumerate(self.shapes)
            if gpus
            for z, size in enumerate(self.sizes)
        ]

    def solve(self) -> Any:
        """The optimum for the patterns there are, as ``scipy.optimize.linprog`` returns it.

        Rows: sizes of each shape, GPUs of each shape, CPU of each shape, order; equations: served tasks.
        """
        shapes, sizes, kinds = len(self.shapes), len(self.sizes), len(self.kinds)
        first_gpu, first_cpu = shapes * sizes, shapes * sizes + shapes
        rows = first_cpu + shapes
        width = len(self.pairs) + len(self.patterns) + kinds
        entries: list[tuple[int, int, float]] = []
        equal: list[tuple[int, int, float]] = []
        cost = np.zeros(width)
        for column, (s, m) in enumerate(self.pairs):
            one = self.kinds[m]
            entries.append((first_cpu + s, column, one.cpu_milli / WHOLE))
            equal.append((m, column, 1.0))
            if one.gpus:
                entries.append((s * sizes + self.sizes.index(one.gpu_milli), column, one.gpus))
                cost[column] = -one.gpus * one.gpu_milli / WHOLE
        for p, (s, count) in enumerate(self.patterns):
            column = len(self.pairs) + p
            entries.append((first_gpu + s, column, 1.0))
            entries += [(s * sizes + z, column, -float(count[z])) for z in range(sizes) if count[z]]
        times = len(self.pairs) + len(self.patterns)
        equal += [(m, times + m, -self.arrivals[m]) for m in range(kinds)]
        for i, (a, b) in enumerate(self.order):
            entries += [(rows + i, times + b, 1.0), (rows + i, times + a, -1.0)]
        right = np.zeros(rows + len(self.order))
        for s, ((_, gpus, cpu), count) in enumerate(self.shapes):
            right[first_gpu + s], right[first_cpu + s] = gpus * count, cpu / WHOLE * count
        found = linprog(
            cost,
            A_ub=_sparse(entries, (len(right), width)),
            b_ub=right,
            A_eq=_sparse(equal, (kinds, width)),
            b_eq=np.zeros(kinds),
            bounds=[(0.0, None)] * times + [(0.0, 1.0)] * kinds,
            method="highs",
        )
        if found.status != 0:
            raise SchedulingError(f"the bound was not found: {found.message}", kind="bound")
        return found


def _sparse(entries: list[tuple[int, int, float]], shape: tuple[int, int]) -> Any:
    row, column, value = zip(*entries, strict=True)
    return coo_array((value, (row, column)), shape=shape).tocsr()


def fluid(
    nodes: Sequence[Node], kinds: Sequence[Expected], *, arrival: float = 1.3, ordered: bool = True
) -> Fluid:
    """The bound for nodes that are empty at first.

    Args:
        nodes: of the cluster.
        kinds: all types of task with their shares (``target_workload(tasks, popular=1.0)``).
        arrival: GPUs asked for in parts of all GPUs.
        ordered: whether nothing that fits is turned away; see the module's text.

    Raises:
        SchedulingError: no GPUs, no demand, or more than 60 rounds of patterns.
    """
    program = _Program(nodes, kinds, arrival=arrival, ordered=ordered)
    sizes = len(program.sizes)
    for _ in range(ROUNDS):
        found = program.solve()
        dual = -found.ineqlin.marginals
        more = 0
        for s, ((_, gpus, _), _) in enumerate(program.shapes):
            value, count = best_pattern(program.sizes, dual[s * sizes : (s + 1) * sizes])
            if gpus and value > dual[len(program.shapes) * sizes + s] + CLOSE:
                program.patterns.append((s, count))
                more += 1
        if not more:
            return Fluid(-float(found.fun) / program.total, found.x[-len(kinds) :])
    raise SchedulingError(f"the bound needs more than {ROUNDS} rounds of patterns", kind="bound")
