"""The cluster, lent for a while to the compiled loop, which places and releases without handles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.cluster import Cluster

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Lent(NamedTuple):
    """What ``scheduling.kernels`` works on, by the names it uses there, and the row of each kind (K,)."""

    nodes: Ints
    kinds: Ints
    target: Ints
    shares: Floats
    table: Floats
    weights: Floats
    scores: Floats
    bests: Floats
    log: Ints
    last: Ints
    seen: Ints
    tick: Ints
    random: NDArray[np.uint64]
    rows: Ints


class Ground(Cluster):
    """A cluster whose amounts the compiled loop may change, by ``kernels.place`` and ``kernels.release``.

    Between ``lend`` and ``take_back`` nothing else may be asked of it than what is free and the fragment.
    """

    def remembers(self, kinds: int) -> bool:
        """Whether the cache of scores has a row for so many kinds at once."""
        return kinds <= self._room

    @property
    def policy_number(self) -> int:
        """The policy as the kernels know it."""
        return self._policy

    def lend(self, kinds: Sequence[int]) -> Lent:
        """The arrays, with a row of the cache for each of the ``kinds``."""
        rows = np.array([self._row_of(kind) for kind in kinds], dtype=np.int64)
        return Lent(
            self._nodes, self._kinds, self._targets, self._shares, self._table, self._weights, self._scores,
            self._bests, self._log, self._last, self._seen, self._clock, self._random, rows,
        )  # fmt: skip

    def take_back(self, runs: Iterable[tuple[int, int, int]]) -> list[int]:
        """Handles for all that runs now, as (node, kind, GPUs as bits)."""
        self._live.clear()
        for held in self._on:
            held.clear()
        return [self._enter(node, kind, chosen) for node, kind, chosen in runs]
