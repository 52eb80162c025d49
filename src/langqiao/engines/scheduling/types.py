"""Nodes and tasks: CPU in milli-cores, memory in MiB, GPUs in thousandths, time in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

WHOLE = 1000
"""A whole GPU in thousandths (千分之一卡)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands (位置): building, hall, row, rack, and the switch it hangs on; empty if unknown."""

    building: str = ""
    hall: str = ""
    row: str = ""
    rack: str = ""
    switch: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A server (节点).

    Attributes:
        name: its name; of equal scores the lowest in the order of the node list wins.
        cpu_milli: cores in thousandths.
        memory_mib: memory in MiB.
        gpus: number of GPUs, each of 1000 thousandths.
        model: model of its GPUs, "" where it has none.
        place: where it stands.
    """

    name: str
    cpu_milli: int
    memory_mib: int
    gpus: int = 0
    model: str = ""
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Task:
    """A task (作业, in Kubernetes a pod) as a trace or a user asks for it.

    Attributes:
        name: its name.
        cpu_milli, memory_mib: what it needs besides GPUs.
        gpus: number of GPUs on one node.
        gpu_milli: thousandths of each GPU, 1000 whenever ``gpus`` is more than 1, 0 when it is 0.
        models: GPU models that will do; empty for any.
        tenant, quality: who asks, and the class of service in the trace; "" where unknown.
        submitted, started, ended: times in seconds; None where the trace says nothing.
        estimate: run time that its owner foretold, in seconds; None where unknown.
        count: how many equal parts run together or not at all (成组作业 gang); 1 for a single task.
        priority: a higher one goes first (优先级); None where the trace says nothing.
        preemptible: False for a task that must never be displaced (可抢占).
    """

    name: str
    cpu_milli: int
    memory_mib: int
    gpus: int = 0
    gpu_milli: int = 0
    models: tuple[str, ...] = ()
    tenant: str = ""
    quality: str = ""
    submitted: float | None = None
    started: float | None = None
    ended: float | None = None
    estimate: float | None = None
    count: int = 1
    priority: int | None = None
    preemptible: bool = True
