"""What the target workload says a node is worth: tables of the potential, made once before the first task.

The potential of a node, in GPUs, is what of its free GPUs will probably be wasted::

    Φ = Σ_gpu w(left) + γ·l(cpu)·G + Σ_q λ_q·max(0, G - cpu/c_q)

with G the free GPUs of the node, w the worth table of its GPU model, l(cpu) the share of the workload's
tasks that ask for more CPU than is left, and c_q a quantile (weighted by GPUs) of the workload's CPU per GPU.
A task goes where Φ rises least.

w is a mixture of residual tables (剩余表). W_L(r) is the expected idle part of a GPU with r left after L
random offers of the workload's one-GPU tasks, each taken if it fits: W_0(r) = r and
W_L(r) = Σ q_m·(g_m ≤ r ? W_{L-1}(r - g_m) : W_{L-1}(r)). A small L sees the next few tasks, a large one the
end. ``dead`` raises what lies below a fifth (``dead_wide``: below three tenths) of a GPU, which little fits;
``open`` is the price of an untouched GPU: the higher, the sooner whole GPUs are opened and the longer the
holes in the others stay open for tasks that fill them exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.kernels import CPU_STEP, GPU_STEP
from langqiao.engines.scheduling.types import WHOLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from langqiao.engines.scheduling.workload import Expected

CELLS = WHOLE // GPU_STEP + 1
OFFERS = {"near": 5, "middle": 12, "far": 20, "last": 40}
"""L of the residual tables that are mixed."""
QUANTILES: dict[str, float | None] = {"lean": 0.15, "median": 0.5, "rich": 0.85, "mean": None}
DEAD, DEAD_WIDE = 200, 300


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the potential; see the module's text.

    Attributes:
        near, middle, far, last: shares of the residual tables of 5, 12, 20 and 40 offers, scaled to sum 1.
        dead, dead_wide: how much more the residue below 200, 300 thousandths counts.
        open: price of an untouched GPU, in GPUs.
        lean, median, rich, mean: λ_q of the 15 %, 50 % and 85 % quantile and of the mean of CPU per GPU.
        lack: γ.
    """

    near: float = 0.0
    middle: float = 0.0
    far: float = 0.0
    last: float = 0.0
    dead: float = 0.0
    dead_wide: float = 0.0
    open: float = 0.0
    lean: float = 0.0
    median: float = 0.0
    rich: float = 0.0
    mean: float = 0.0
    lack: float = 0.0

    def __post_init__(self) -> None:
        """Raises SchedulingError for a weight below zero or a mixture without a table."""
        for f in fields(self):
            if not getattr(self, f.name) >= 0.0:
                raise SchedulingError(
                    f"weight {f.name} is {getattr(self, f.name)}, not a number of at least 0", kind="weights"
                )
        if self.near + self.middle + self.far + self.last <= 0.0:
            raise SchedulingError(
                "the weights near, middle, far and last are all 0: no residual table is left", kind="weights"
            )


@dataclass(frozen=True, slots=True)
class Potential:
    """The tables in the form the kernels read.

    Attributes:
        worth: (models, 101) w by left // 10, in GPUs.
        lack: (models, cpu steps) γ·l by CPU left // 500.
        weight, slope: (q,) λ_q, and GPUs per milli-core 1/c_q.
    """

    worth: NDArray[np.float64]
    lack: NDArray[np.float64]
    weight: NDArray[np.float64]
    slope: NDArray[np.float64]


def residual_table(milli: NDArray[np.int64], share: NDArray[np.float64], offers: int) -> NDArray[np.float64]:
    """W_L for L = ``offers``: (101,) expected idle part of a GPU by what is left, in steps of 10.

    Args:
        milli: (k,) thousandths of one GPU that each kind of one-GPU task takes, rounded up to steps.
        share: (k,) their popularity, any positive scale; without tasks all that is left stays idle.
        offers: L.
    """
    left = np.arange(CELLS)
    table = left / (CELLS - 1)
    if share.sum() <= 0.0:
        return table
    steps = -(-milli // GPU_STEP)
    sizes = np.unique(steps)
    chance = np.array([share[steps == size].sum() for size in sizes]) / share.sum()
    for _ in range(offers):
        after = np.zeros(CELLS)
        for size, q in zip(sizes, chance, strict=True):
            after += q * np.where(left >= size, table[np.maximum(left - size, 0)], table)
        table = after
    return table


def cpu_per_gpu(target: Sequence[Expected], quantile: float | None) -> float:
    """Milli-cores per GPU of the tasks that need GPUs: a quantile weighted by GPUs; None: the mean."""
    some = [(one.cpu_milli, one.gpus * one.gpu_milli / WHOLE, one.share) for one in target if one.gpus]
    if not some:
        return 0.0
    cpu, size, share = (np.array(column, float) for column in zip(*some, strict=True))
    weight = share * size
    if quantile is None:
        return float((share * cpu).sum() / weight.sum())
    ratio = cpu / size
    order = np.argsort(ratio, kind="stable")
    upto = np.cumsum(weight[order]) / weight.sum()
    return float(ratio[order][min(int(np.searchsorted(upto, quantile)), len(order) - 1)])


class Tables:
    """The parts of the potential for some GPU models and a workload; ``mix`` adds them up by weights."""

    def __init__(self, models: Sequence[str], target: Sequence[Expected], *, most_cpu: int) -> None:
        """Work out every residual table, quantile and share of lacking CPU, once.

        Args:
            models: GPU models, one row of the tables each.
            target: the target workload M.
            most_cpu: milli-cores of the largest node.
        """
        steps = np.arange(most_cpu // CPU_STEP + 1) * CPU_STEP
        milli = np.array([one.gpu_milli for one in target], np.int64)
        share = np.array([one.share for one in target], float)
        cpu = np.array([one.cpu_milli for one in target], np.int64)
        gpus = np.array([one.gpus for one in target], np.int64)
        residual: dict[str, list[NDArray[np.float64]]] = {name: [] for name in OFFERS}
        lack = []
        for model in models:
            may = np.array([not one.models or model in one.models for one in target], bool)
            single, need = may & (gpus == 1), may & (gpus > 0)
            for name, offers in OFFERS.items():
                residual[name].append(residual_table(milli[single], share[single], offers))
            lack.append((share[need][:, None] * (cpu[need][:, None] > steps)).sum(axis=0))
        self.residual = {name: np.stack(rows) for name, rows in residual.items()}
        self.lack = np.stack(lack)
        ratio = {name: cpu_per_gpu(target, q) for name, q in QUANTILES.items()}
        # a quantile of 0 (tasks that need no CPU) never makes CPU scarce
        self.slope = {name: 1.0 / r if r > 0.0 else 0.0 for name, r in ratio.items()}

    def mix(self, weights: Weights) -> Potential:
        """The potential for ``weights``."""
        shares = {name: getattr(weights, name) for name in OFFERS}
        scale = sum(shares.values())
        worth = np.zeros_like(self.lack[:, :1]) + np.zeros(CELLS)
        for name, share in shares.items():
            worth += self.residual[name] * (share / scale)
        left = np.arange(CELLS) * GPU_STEP
        worth += self.residual["near"] * (
            weights.dead * (left < DEAD) + weights.dead_wide * (left < DEAD_WIDE)
        )
        worth[:, -1] += weights.open
        used = [q for q in QUANTILES if getattr(weights, q) > 0.0 and self.slope[q] > 0.0]
        return Potential(
            worth=worth,
            lack=weights.lack * self.lack,
            weight=np.array([getattr(weights, q) for q in used], float),
            slope=np.array([self.slope[q] for q in used], float),
        )
