"""The floor of the centre: the cluster, which of its nodes take work, and what is known to be full.

The cluster alone decides where a task goes and holds the amounts; this module remembers for each kind of task
that it found no place, until a node that could take it has more room (算力释放).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.types import Node, Task

from . import kernels
from .closures import Closure
from .ground import Ground

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Marks = NDArray[np.uint8]


class Floor:
    """Nodes by number in the order of ``nodes`` and of their delivery.

    A *group* is a kind of task with a number of parts; ``full[g]`` says that it fits nowhere.
    """

    def __init__(self, nodes: Sequence[Node], *, policy: str, workload: Sequence[Task], seed: int) -> None:
        self.cluster = Ground(nodes, policy=policy, workload=workload, seed=seed)
        self._free: tuple[Ints, Ints, Ints] | None = None
        self.nodes: list[Node] = []
        self.numbers: dict[str, int] = {}
        self.models: dict[str, int] = {}
        self.model: Ints = np.empty(0, dtype=np.int64)
        self.down: list[bool] = []  # failed
        self.shut: list[int] = []  # closures in force and holds
        self.base: list[int] = []  # those among them that concern everybody
        self.usable: Marks = np.empty(0, dtype=np.uint8)
        self.kinds: dict[tuple[object, ...], int] = {}
        self.tasks: list[Task] = []
        self.numbered: list[int] = []  # the cluster's number of each kind
        self.needs: Ints = np.empty((0, 4), dtype=np.int64)
        self.allowed: Marks = np.empty((0, 0), dtype=np.uint8)
        self.fits: Marks = np.empty(0, dtype=np.uint8)
        self.groups: dict[tuple[int, int], int] = {}
        self.kind: list[int] = []
        self.count: list[int] = []
        self.of_kind: list[list[int]] = []
        self.full: list[bool] = []
        self.tight: dict[int, None] = {}  # the groups that are full
        self.short: dict[int, float] = {}  # group -> estimated end that found no place beside the closures
        self.fresh: dict[int, None] = {}  # nodes that have more room than when kinds were found full
        self.woken: list[int] = []
        self.closures: list[Closure] = []
        self._enlist(nodes)

    # Nodes -------------------------------------------------------------------------------------------------

    def _enlist(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self.numbers[node.name] = len(self.nodes)
            self.nodes.append(node)
            self.models.setdefault(node.model if node.gpus else "", len(self.models))
        more = len(nodes)
        self.down += [False] * more
        self.shut += [0] * more
        self.base += [0] * more
        numbers = [self.models[node.model if node.gpus else ""] for node in nodes]
        self.model = np.concatenate([self.model, np.array(numbers, dtype=np.int64)])
        self.usable = np.concatenate([self.usable, np.ones(more, dtype=np.uint8)])
        self.allowed = self._allowed()

    def _allowed(self) -> Marks:
        return np.array(
            [[not task.gpus or not task.models or model in task.models for model in self.models]
             for task in self.tasks], dtype=np.uint8,
        ).reshape(len(self.tasks), len(self.models))  # fmt: skip

    def add(self, nodes: Sequence[Node]) -> None:
        """Nodes come on line."""
        first = len(self.nodes)
        self.cluster.add(nodes)
        self._free = None
        self._enlist(nodes)
        for node in range(first, len(self.nodes)):
            self.freed(node)

    def freed(self, node: int) -> None:
        """A node has more room, or takes work again."""
        self.fresh[node] = None

    def _set(self, node: int) -> None:
        self.usable[node] = not self.down[node] and not self.base[node]

    def hold(self, node: int, *, everybody: bool) -> None:
        """Close a node once more; ``everybody`` unless some job may still be placed there."""
        self.shut[node] += 1
        self.base[node] += everybody
        if self.shut[node] == 1 and not self.down[node]:
            self.cluster.drain(node)
        self._set(node)

    def let_go(self, node: int, *, everybody: bool) -> None:
        """Take one ``hold`` back."""
        self.shut[node] -= 1
        self.base[node] -= everybody
        if self.shut[node] == 0 and not self.down[node]:
            self.cluster.restore(node)
        if everybody:
            self._set(node)
            self.freed(node)

    def fail(self, node: int) -> list[int]:
        """A node goes down: the handles that are lost."""
        self.down[node] = True
        self._set(node)
        return self.cluster.fail(node)

    def repair(self, node: int) -> None:
        """It comes back."""
        self.down[node] = False
        self.cluster.restore(node)
        if self.shut[node]:
            self.cluster.drain(node)
        self._set(node)
        self.freed(node)

    # Closures ----------------------------------------------------------------------------------------------

    def close(self, closure: Closure) -> None:
        """Announce a closure."""
        self.closures.append(closure)
        self.closures.sort(key=lambda one: one.start)
        self.short.clear()

    def reopen(self, closure: Closure) -> None:
        """A closure is over or withdrawn."""
        self.closures.remove(closure)
        if closure.applied:
            self._apply(closure, apply=False)
        self.short.clear()
        for node in closure.nodes:
            self.freed(node)

    def _apply(self, closure: Closure, *, apply: bool) -> None:
        closure.applied = apply
        change = self.hold if apply else self.let_go
        for node in closure.nodes:
            change(node, everybody=False)

    def steer(self, job: int, tenant: int, until: float) -> bool:
        """Put exactly the closures into force that concern a job; whether there are any."""
        some = False
        for closure in self.closures:
            concerns = closure.concerns(job, tenant, until)
            some = some or concerns
            if concerns is not closure.applied:
                self._apply(closure, apply=concerns)
        return some

    # Kinds and groups --------------------------------------------------------------------------------------

    def group_of(self, task: Task, count: int) -> int:
        """Number of the group that a task and a number of parts belong to."""
        key = (task.cpu_milli, task.memory_mib, task.gpus, task.gpu_milli, tuple(sorted(set(task.models))))
        kind = self.kinds.get(key)
        if kind is None:
            kind = self.kinds[key] = len(self.tasks)
            self.tasks.append(task)
            self.numbered.append(self.cluster.type_of(task))
            row = [[task.cpu_milli, task.memory_mib, task.gpus, task.gpu_milli if task.gpus else 0]]
            self.needs = np.concatenate([self.needs, np.array(row, dtype=np.int64)])
            self.fits = np.zeros(len(self.tasks), dtype=np.uint8)
            self.allowed = self._allowed()
            self.of_kind.append([])
        group = self.groups.get((kind, count))
        if group is None:
            group = self.groups[kind, count] = len(self.kind)
            self.kind.append(kind)
            self.count.append(count)
            self.full.append(False)
            self.of_kind[kind].append(group)
        return group

    def place(self, group: int) -> list[int]:
        """Handles of the parts, all or none."""
        count = self.count[group]
        if count == 1:
            handle = self.cluster.place(self.numbered[self.kind[group]])
            return [handle] if handle >= 0 else []
        return self.cluster.place_gang(self.numbered[self.kind[group]], count)

    def wake(self, waiting: Iterable[int]) -> list[int]:
        """Which of the ``waiting`` groups may fit on a node with more room; full ones may no longer be."""
        if not self.fresh:
            return []
        self._openings()
        fits, kind, full = self.fits.tolist(), self.kind, self.full
        self.woken = [group for group in self.tight if fits[kind[group]]]
        for group in self.woken:
            full[group] = False
            del self.tight[group]
        if self.short:
            self.short = {group: until for group, until in self.short.items() if not fits[kind[group]]}
        return [group for group in waiting if fits[kind[group]]]

    def fill(self, group: int) -> None:
        """A group fits nowhere."""
        self.full[group] = True
        self.tight[group] = None

    def clear(self, group: int) -> None:
        """A group may fit somewhere."""
        self.full[group] = False
        self.tight.pop(group, None)
        self.short.pop(group, None)

    def recheck(self, node: int) -> None:
        """Room on a node has gone to a job: woken groups that no longer fit are full again."""
        if self.woken and node in self.fresh and not self.closures:
            self._openings()
            for group in self.woken:
                if self.count[group] == 1 and not self.fits[self.kind[group]]:
                    self.fill(group)

    def settle(self) -> None:
        """A pass has looked at everything that has more room."""
        self.fresh.clear()
        self.woken = []

    def _openings(self) -> None:
        nodes = np.array(list(self.fresh), dtype=np.int64)
        kernels.openings(nodes, self.usable, *self.free(), self.model, self.needs, self.allowed, self.fits)

    def free(self) -> tuple[Ints, Ints, Ints]:
        """Views of what is free: cores (N,), memory (N,), GPUs (N, G)."""
        if self._free is None:
            self._free = (self.cluster.free_cpu, self.cluster.free_memory, self.cluster.free_gpu)
        return self._free

    def __getstate__(self) -> dict[str, object]:
        """Without the views, which would no longer be views."""
        return {**self.__dict__, "_free": None}

    def copies(self) -> tuple[Ints, Ints, Ints]:
        """Copies of ``free`` to try things on."""
        cpu, memory, gpu = self.free()
        return cpu.copy(), memory.copy(), gpu.copy()

    def room(self, kind: int) -> Ints:
        """(N,) tasks of a kind that fit on each node that takes work from everybody."""
        found: Ints = kernels.room(
            self.usable, *self.free(), self.model, self.needs[kind], self.allowed[kind]
        )
        return found

    def possible(self, group: int, later: Sequence[Node] = ()) -> bool:
        """Whether all parts fit on the empty centre, with nodes that are delivered later."""
        task, left = self.tasks[self.kind[group]], self.count[group]
        for node in (*self.nodes, *later):
            if task.gpus and (node.gpus < task.gpus or (task.models and node.model not in task.models)):
                continue
            found = left
            if task.cpu_milli:
                found = min(found, node.cpu_milli // task.cpu_milli)
            if task.memory_mib:
                found = min(found, node.memory_mib // task.memory_mib)
            if task.gpus == 1:
                found = min(found, node.gpus * (kernels.WHOLE // task.gpu_milli))
            elif task.gpus:
                found = min(found, node.gpus // task.gpus)
            left -= found
            if left <= 0:
                return True
        return False

    def standing(self) -> tuple[int, int]:
        """Thousandths of GPUs and of cores of the nodes that are not down."""
        up = [node for node, down in zip(self.nodes, self.down, strict=True) if not down]
        return sum(node.gpus for node in up) * kernels.WHOLE, sum(node.cpu_milli for node in up)

    def windows(self, job: int, tenant: int, now: float) -> tuple[Floats, Floats]:
        """For each node the span (from, to) of the closures that others have on it; (inf, -inf) if none."""
        start = np.full(len(self.nodes), math.inf)
        end = np.full(len(self.nodes), -math.inf)
        for closure in self.closures:
            if closure.end > now and closure.concerns(job, tenant, math.inf):
                at = np.array(closure.nodes, dtype=np.int64)
                np.minimum.at(start, at, closure.start)
                np.maximum.at(end, at, closure.end)
        return start, end
