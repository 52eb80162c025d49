"""The placement policies (调度策略) by name, and what each needs to know.

As published and as the authors' program computes them (Weng et al., "Beware of Fragmentation", USENIX ATC
2023, section 6.1), rounding to whole points and ties to the first node included: ``random``, ``dotprod``,
``clustering``, ``packing``, ``bestfit``, ``fgd``. ``own`` is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling import kernels
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.residual import SHORTAGE, cores_per_gpu, residual
from langqiao.engines.scheduling.workload import Expected

POLICIES: dict[str, int] = {
    "random": kernels.RANDOM,
    "dotprod": kernels.DOTPROD,
    "clustering": kernels.CLUSTERING,
    "packing": kernels.PACKING,
    "bestfit": kernels.BESTFIT,
    "fgd": kernels.FGD,
    "own": kernels.OWN,
}


def policy_number(name: str) -> int:
    """The number by which the kernels know a policy.

    Raises:
        SchedulingError: there is none of that name.
    """
    if name not in POLICIES:
        raise SchedulingError(
            f"no policy {name}: one of {', '.join(POLICIES)}", kind="policy", subjects=(name,)
        )
    return POLICIES[name]


def own_tables(target: Sequence[Expected]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``table`` and ``weights`` of ``kernels.own_score`` for a target workload."""
    cores = cores_per_gpu(target)
    weights = np.array([SHORTAGE if cores else 0.0, 1.0 / cores if cores else 0.0])
    return residual(target), weights
