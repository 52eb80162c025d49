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
from langqiao.engines.scheduling.own.kernels import GPU_STEP
from langqiao.engines.scheduling.own.tables import Tables, Weights
from langqiao.engines.scheduling.types import WHOLE
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


def own_tables(
    models: Sequence[str], target: Sequence[Expected], weights: Weights, *, most_cpu: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``table`` and ``weights`` of ``kernels.own_score``: a row for each model, in the order of their bits.

    Args:
        models: GPU models of the cluster; there is at least one row.
        target: the target workload.
        weights: of the potential's parts.
        most_cpu: milli-cores of the largest node.
    """
    potential = Tables(models or ("",), target, most_cpu=most_cpu).mix(weights)
    worth = potential.worth[:, np.arange(WHOLE + 1) // GPU_STEP]
    pairs = np.column_stack([potential.weight, potential.slope]).ravel()
    return np.concatenate([worth, potential.lack], axis=1), pairs
