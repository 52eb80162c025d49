"""Weights for a cluster and a workload, found before the first task by trial runs of the policy itself.

What is best depends on the workload: where half of the tasks share GPUs it pays to keep holes open, where
CPU is short it pays to match CPU and GPUs. So the policy draws arrivals from the types of task that it is
told to expect (never in the order of the trace), places them on a copy of the empty cluster with each of a
few known weightings, then with random changes of the best, and keeps the best: one method with the same
seeds and numbers for every workload. All weightings see the same arrivals (common random numbers), and what
loses clearly on the first sample is not tried on the next.

The known weightings were found on the openb traces default, cpu250, gpushare100, gpuspec33 and multigpu50,
seeds 100-105, by the same random changes with more rounds; see docs/experiments.md.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from langqiao.engines.scheduling.own.kernels import trial
from langqiao.engines.scheduling.own.tables import OFFERS, Potential, Tables, Weights
from langqiao.engines.scheduling.types import WHOLE, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from langqiao.engines.scheduling.workload import Expected

KNOWN = (
    Weights(
        middle=0.07, far=0.26, last=0.67, dead=0.01, dead_wide=0.1, open=0.48,
        lean=0.015, median=0.02, rich=0.04, mean=0.16, lack=0.0045,
    ),
    Weights(
        middle=0.06, far=0.94, dead=1.1, dead_wide=0.28, open=0.005,
        lean=0.6, median=0.14, rich=1.0, mean=0.1, lack=0.74,
    ),
    Weights(
        near=0.08, middle=0.05, last=0.87, dead=0.47, dead_wide=0.22, open=0.047,
        lean=0.08, median=0.07, mean=0.04,
    ),
    Weights(
        near=0.015, middle=0.085, far=0.05, last=0.85, dead=0.18, dead_wide=0.06, open=0.049,
        lean=0.1, median=0.3, rich=0.05, mean=0.07, lack=0.85,
    ),
    Weights(near=0.08, last=0.92, dead=0.67, open=0.036, lean=0.3, median=0.03, mean=0.06, lack=0.03),
    Weights(near=0.2, far=0.2, last=0.6, dead=0.4, open=0.085, lean=0.02, median=0.01, mean=0.1, lack=0.05),
    Weights(far=1.0, dead=0.5, dead_wide=0.05, lean=0.19, rich=0.8, mean=0.11, lack=2.0),
    Weights(near=1.0, mean=0.1),
)  # fmt: skip
"""Weightings that every search begins with."""
PLAIN = KNOWN[-1]
"""Where there is nothing to tune: no GPUs, or a workload whose tasks all need the same of them."""

LEAST_TASKS = 200
"""Fewer tasks say too little of a workload for a search; the plain weights do then."""
ARRIVAL = 1.3
SEED = 20_230_711
SAMPLES, FINAL = 2, 3
ROUNDS = 24
PARENTS = 3
CLEARLY = 0.001
MOST_NODES = 1_300
STARTS = (0.0, 0.02, 0.05, 0.1, 0.3)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found.

    Attributes:
        weights: the best weighting.
        allocation: share of all GPUs that it allocated, mean of the final samples.
        trials: number of trial runs.
    """

    weights: Weights
    allocation: float
    trials: int


class Stage:
    """An empty cluster and samples of arrivals on which weightings are tried."""

    def __init__(
        self,
        nodes: Sequence[Node],
        target: Sequence[Expected],
        drawn: Sequence[Expected],
        *,
        arrival: float,
        seed: int,
    ) -> None:
        self.models = sorted({node.model for node in nodes})
        self.tables = Tables(self.models, target, most_cpu=max(node.cpu_milli for node in nodes))
        self.cpu = np.array([node.cpu_milli for node in nodes], np.int64)
        self.gpus = np.array([node.gpus for node in nodes], np.int64)
        self.row = np.array([self.models.index(node.model) for node in nodes], np.int64)
        self.need = (
            np.array([one.cpu_milli for one in drawn], np.int64),
            np.array([one.gpus for one in drawn], np.int64),
            np.array([one.gpu_milli for one in drawn], np.int64),
        )
        self.allowed = np.array(
            [[not one.models or m in one.models for m in self.models] for one in drawn], bool
        )
        self.share = np.array([one.share for one in drawn], float)
        self.wanted = arrival * float(self.gpus.sum()) * WHOLE
        self.seed = seed
        self.trials = 0
        self._samples: list[NDArray[np.int64]] = []

    def sample(self, number: int) -> NDArray[np.int64]:
        """Arrivals number ``number``: each kind as often as expected, but for one, in random order."""
        while len(self._samples) <= number:
            random = np.random.default_rng((self.seed, len(self._samples)))
            size = self.need[1] * self.need[2]
            count = max(1, round(self.wanted / float(self.share @ size)))
            # systematic draw: evenly spaced points on the cumulative share, so that samples differ little
            upto = np.cumsum(self.share) / self.share.sum()
            points = (np.arange(count) + random.random()) / count
            drawn = np.minimum(np.searchsorted(upto, points, side="right"), len(size) - 1)
            self._samples.append(random.permutation(drawn).astype(np.int64))
        return self._samples[number]

    def run(self, potential: Potential, number: int) -> float:
        """Share of all GPUs that is allocated at the end of a sample."""
        self.trials += 1
        placed = trial(
            self.sample(number), self.cpu, self.gpus, self.row, *self.need, self.allowed,
            potential.worth, potential.lack, potential.weight, potential.slope,
        )  # fmt: skip
        return float(placed) / float(self.gpus.sum() * WHOLE)


def fewer(nodes: Sequence[Node], most: int) -> list[Node]:
    """At most ``most`` of the nodes, every so many of them."""
    if len(nodes) <= most:
        return list(nodes)
    return [nodes[int(i)] for i in np.linspace(0, len(nodes) - 1, most)]


def changed(weights: Weights, other: Weights, random: np.random.Generator) -> Weights:
    """A random change: here and there half-way to another weighting, a factor, or a new start."""
    found = {}
    for field in fields(Weights):
        value = getattr(weights, field.name)
        if random.random() < 0.25:
            value = (value + getattr(other, field.name)) / 2
        if random.random() < 0.6:
            value *= float(np.exp(0.35 * random.normal()))
        if random.random() < 0.07:
            value = float(random.choice(STARTS))
        found[field.name] = value
    if sum(found[name] for name in OFFERS) <= 0.0:
        found["far"] = 1.0
    return replace(weights, **found)


def search(stage: Stage, *, rounds: int = ROUNDS, known: Sequence[Weights] = KNOWN) -> Tuned:
    """The best weighting for a stage after ``rounds`` changes of the known ones."""
    random = np.random.default_rng(stage.seed)

    def tried(weights: Weights, worst: tuple[float, ...] | None) -> tuple[float, ...] | None:
        potential = stage.tables.mix(weights)
        results: tuple[float, ...] = ()
        for number in range(SAMPLES):
            results += (stage.run(potential, number),)
            if worst is not None and sum(results) < sum(worst[: number + 1]) - CLEARLY:
                return None
        return results

    best: list[tuple[tuple[float, ...], Weights]] = []
    for weights in known:
        results = tried(weights, None)
        if results is not None:
            best.append((results, weights))
    best = sorted(best, key=lambda pair: -sum(pair[0]))[:PARENTS]
    for _ in range(rounds):
        one, other = random.integers(len(best), size=2)
        weights = changed(best[one][1], best[other][1], random)
        results = tried(weights, best[-1][0])
        if results is not None and sum(results) > sum(best[-1][0]):
            best = sorted([*best[: PARENTS - 1], (results, weights)], key=lambda pair: -sum(pair[0]))
    # the winners were chosen by these samples, so the last word have others
    scores = [
        float(np.mean([stage.run(stage.tables.mix(weights), SAMPLES + i) for i in range(FINAL)]))
        for _, weights in best
    ]
    first = int(np.argmax(scores))
    return Tuned(best[first][1], scores[first], stage.trials)


def tune(
    nodes: Sequence[Node],
    target: Sequence[Expected],
    drawn: Sequence[Expected],
    *,
    arrival: float = ARRIVAL,
    rounds: int = ROUNDS,
) -> Tuned:
    """Weights for a cluster and a target workload; the same question is answered from memory.

    Args:
        nodes: of the empty cluster; of more than 1,300 a selection of all shapes stands for the rest.
        target: the target workload M, for the tables.
        drawn: types of task that trial arrivals are drawn from, the rare ones that M leaves out included.
        arrival: GPUs asked for by the trial arrivals, in parts of the capacity.
        rounds: random changes to try after the known weightings.

    Time: about 70 trial runs of some 0.1 s at 1,213 nodes.
    """
    shapes = Counter((node.model if node.gpus else "", node.gpus, node.cpu_milli) for node in nodes)
    sizes = {(one.gpus, one.gpu_milli) for one in drawn if one.gpus}
    if len(sizes) <= 1 or not any(gpus for _, gpus, _ in shapes):
        return Tuned(PLAIN, 0.0, 0)
    # by shape, so that neither names nor the order of nodes matter; replays in threads search once
    with _one_at_a_time:
        return _tuned(tuple(sorted(shapes.items())), tuple(target), tuple(drawn), arrival, rounds)


_one_at_a_time = Lock()


@lru_cache(maxsize=16)
def _tuned(
    shapes: tuple[tuple[tuple[str, int, int], int], ...],
    target: tuple[Expected, ...],
    drawn: tuple[Expected, ...],
    arrival: float,
    rounds: int,
) -> Tuned:
    nodes = [Node("", cpu, 0, gpus, model) for (model, gpus, cpu), count in shapes for _ in range(count)]
    return search(Stage(fewer(nodes, MOST_NODES), target, drawn, arrival=arrival, seed=SEED), rounds=rounds)
