"""The residual table W (剩余表) of our own policy: how much of what is left on a GPU will stay unused.

W_0(r) = r/1000 and W_L(r) = Σ q_m·W_{L-1}(r − g_m where g_m ≤ r, else r): what is expected to remain of a GPU
with r thousandths free after L tasks have been offered to it, drawn from the one-GPU tasks of the target
workload with their thousandths g_m and their frequency q_m.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.types import WHOLE
from langqiao.engines.scheduling.workload import Expected

OFFERS = 5
SHORTAGE = 0.1
"""Weight of GPUs for which the node has too few cores."""
GRAIN = 10


def residual(target: Sequence[Expected], *, offers: int = OFFERS) -> NDArray[np.float64]:
    """W after ``offers`` offers for r = 0 … 1000; demands are rounded up to 10 thousandths."""
    table = np.arange(WHOLE + 1) / WHOLE
    single = [(-(-one.gpu_milli // GRAIN) * GRAIN, one.share) for one in target if one.gpus == 1]
    total = sum(share for _, share in single)
    for _ in range(offers if total else 0):
        after = np.zeros_like(table)
        for milli, share in single:
            moved = table.copy()
            moved[milli:] = table[: WHOLE + 1 - milli]
            after += share / total * moved
        table = after
    return table


def cores_per_gpu(target: Sequence[Expected]) -> float:
    """c̄: expected milli-cores of GPU tasks for each of their GPUs, 0 where they need none."""
    cpu = sum(one.share * one.cpu_milli for one in target if one.gpus)
    gpu = sum(one.share * one.gpus * one.gpu_milli for one in target)
    return cpu / gpu * WHOLE if gpu else 0.0
