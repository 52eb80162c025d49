"""The target workload M (目标负载): which types of task are expected, and how often.

Source: Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 3.1, as the authors' program groups
them: by cores, thousandths of a GPU, number of GPUs and GPU models; memory is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from langqiao.engines.scheduling.types import WHOLE, Task

POPULAR = 0.95
"""The most frequent types are kept until they are this share of all tasks."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A type of task and its probability ``share``."""

    cpu_milli: int
    gpus: int
    gpu_milli: int
    models: tuple[str, ...]
    share: float


ONE_GPU = Expected(0, 1, WHOLE, (), 1.0)
"""What is expected where nothing is known: a task on one whole GPU."""


def target_workload(tasks: Sequence[Task], *, popular: float = POPULAR) -> tuple[Expected, ...]:
    """The most frequent types of task, together at least ``popular`` of all; their shares add up to 1.

    Of equally frequent types those with more cores, then thousandths, GPUs and the later model names come
    first. Tasks without GPU count. ``(ONE_GPU,)`` where there is no task.
    """
    if not tasks:
        return (ONE_GPU,)
    counts = Counter(
        (task.cpu_milli, task.gpu_milli if task.gpus else 0, task.gpus, "|".join(task.models))
        for task in tasks
    )
    ordered = sorted(((count, *key) for key, count in counts.items()), reverse=True)
    kept: list[tuple[int, int, int, int, str]] = []
    covered = 0
    for entry in ordered:
        if covered >= popular * len(tasks):
            break
        kept.append(entry)
        covered += entry[0]
    return tuple(
        Expected(cpu, gpus, milli, tuple(models.split("|")) if models else (), count / covered)
        for count, cpu, milli, gpus, models in kept
    )
