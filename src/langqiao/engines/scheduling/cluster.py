"""The nodes of a computing centre and what is free on them: the one truth of capacity (算力台账)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling import kernels
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.tables import Weights
from langqiao.engines.scheduling.own.tuning import LEAST_TASKS, PLAIN, tune
from langqiao.engines.scheduling.policies import own_tables, policy_number
from langqiao.engines.scheduling.topology import choose_slots
from langqiao.engines.scheduling.types import WHOLE, Node, Task
from langqiao.engines.scheduling.workload import target_workload

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_GPUS = 62  # on one node: GPUs are the bits of a signed word
MOST_MODELS = 62
MOST = 1 << 40  # of cores or memory on one node
CACHE_BYTES = 256 << 20
FIRST_KINDS = 16


class Cluster:
    """Nodes in the order given, numbered from 0, and the tasks that run on them.

    A task is placed, and given back, whole; no amount ever falls below zero or rises above what the node
    has, because ``kernels.move`` alone changes amounts, after ``kernels.fits`` or for a handle that lives.

    Args:
        nodes: servers; of equal scores the first wins.
        policy: one of ``policies.POLICIES``.
        workload: tasks as they are expected, for "fgd", "own" and the fragment; without any, a task on one
            whole GPU is expected.
        seed: of the policy "random".
        weights: of the policy "own"; without any they are found by trial runs on samples of the workload
            (see ``own.tuning``), which takes seconds the first time, if it has at least 200 tasks.

    Raises:
        SchedulingError: a node that cannot be (``kind`` "node"), or no such policy ("policy").

    Time of ``place``: a score for every node that changed since the last task of the same kind (of more than
    4,096 nodes: since the last task, for every kind), and N/256 comparisons. Memory: 8·N bytes for each kind
    that is remembered, at most 256 MiB, then the kind that was asked for longest ago is forgotten.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        policy: str = "own",
        workload: Sequence[Task] = (),
        seed: int = 0,
        weights: Weights | None = None,
    ) -> None:
        self.policy = policy
        self._policy = policy_number(policy)
        self._models: dict[str, int] = {}
        self._target = target_workload(workload)
        self._own = weights or (PLAIN if len(workload) < LEAST_TASKS else None)
        self._drawn = target_workload(workload, popular=1.0)
        self._shares = np.array([one.share for one in self._target])
        self._random = np.array([seed % (1 << 64)], dtype=np.uint64)
        self._types: dict[tuple[int, int, int, int, frozenset[str]], int] = {}
        self._tasks: list[Task] = []
        self._kinds = np.zeros((FIRST_KINDS, 6), dtype=np.int64)
        self._list: list[Node] = []
        self._numbers: dict[str, int] = {}
        self._live: dict[int, tuple[int, int, int]] = {}  # handle -> node, kind, GPUs as bits
        self._on: list[dict[int, None]] = []  # handles on each node
        self._next = 0
        self._nodes = np.zeros((0, kernels.FIRST + 1), dtype=np.int64)
        self._total = self._nodes.copy()
        self.add(nodes)

    # Nodes -------------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes by number."""
        return tuple(self._list)

    @property
    def weights(self) -> Weights:
        """Weights of our own policy, found or given; the plain ones where another policy places."""
        return self._own or PLAIN

    def number_of(self, name: str) -> int:
        """Number of a node.

        Raises:
            SchedulingError: there is none of that name.
        """
        if name not in self._numbers:
            raise SchedulingError(f"no node {name}", kind="node", subjects=(name,))
        return self._numbers[name]

    def add(self, nodes: Sequence[Node]) -> None:
        """More nodes come on line; they are numbered on.

        Raises:
            SchedulingError: a node that cannot be; then none is added.
        """
        self._check(nodes)
        for node in nodes:
            self._numbers[node.name] = len(self._list)
            self._list.append(node)
            if node.gpus and node.model not in self._models:
                self._models[node.model] = len(self._models)
        self._on += [{} for _ in nodes]
        old, was = self._nodes, self._most_gpus
        most = max(was, max((node.gpus for node in nodes), default=0))
        fresh = np.array([self._row(node, most) for node in nodes], dtype=np.int64)
        fresh = fresh.reshape(len(nodes), kernels.FIRST + 2 * most + 1)
        self._nodes = np.concatenate([_widened(old, was, most), fresh])
        self._total = np.concatenate([_widened(self._total, was, most), fresh])
        for kind, task in enumerate(self._tasks):
            self._kinds[kind] = self._kind_row(task)
        self._targets = np.array(
            [(one.cpu_milli, one.gpus, one.gpu_milli, self._bits(one.models)) for one in self._target],
            dtype=np.int64,
        )
        self._tables()
        self._forget()

    def _tables(self) -> None:
        """The tables of our own policy for the models there are now; weights are found once."""
        if self._own is None and self.policy == "own" and self._list:
            self._own = tune(self._list, self._target, self._drawn).weights
        most_cpu = max((node.cpu_milli for node in self._list), default=0)
        self._table, self._weights = own_tables(
            tuple(self._models), self._target, self._own or PLAIN, most_cpu=most_cpu
        )

    def _check(self, nodes: Sequence[Node]) -> None:
        names = set(self._numbers)
        models = set(self._models) | {node.model for node in nodes if node.gpus}
        for node in nodes:
            why = ""
            if node.name in names:
                why = "stands twice"
            elif not 0 <= node.gpus <= MOST_GPUS:
                why = f"has {node.gpus} GPUs, not 0 to {MOST_GPUS}"
            elif not (0 <= node.cpu_milli <= MOST and 0 <= node.memory_mib <= MOST):
                why = "has an impossible amount of cores or memory"
            if why:
                raise SchedulingError(f"node {node.name} {why}", kind="node", subjects=(node.name,))
            names.add(node.name)
        if len(models) > MOST_MODELS:
            raise SchedulingError(
                f"{len(models)} GPU models, at most {MOST_MODELS}",
                kind="node",
                subjects=tuple(sorted(models)),
            )

    @property
    def _most_gpus(self) -> int:
        return (self._nodes.shape[1] - kernels.FIRST) // 2

    def _row(self, node: Node, most: int) -> list[int]:
        model = 1 << self._models[node.model] if node.gpus else 0
        gpus = [WHOLE] * node.gpus + [-1] * (most - node.gpus)
        return [node.cpu_milli, node.memory_mib, 1, node.gpus, model, *gpus, *[0] * (most + 1)]

    def _bits(self, models: Sequence[str]) -> int:
        if not models:
            return (1 << MOST_MODELS) - 1
        return sum(1 << self._models[model] for model in set(models) if model in self._models)

    def drain(self, node: int) -> None:
        """Place nothing more on a node; what runs there goes on."""
        self._open(node, 0)

    def restore(self, node: int) -> None:
        """A node that was drained or has failed takes work again."""
        self._open(node, 1)

    def fail(self, node: int) -> list[int]:
        """A node goes down: the handles that are lost, which are released."""
        self._open(node, 0)
        lost = list(self._on[node])
        for handle in lost:
            self.release(handle)
        return lost

    def _open(self, node: int, value: int) -> None:
        if not 0 <= node < len(self._list):
            raise SchedulingError(f"no node number {node}", kind="node", subjects=(str(node),))
        if self._nodes[node, kernels.OPEN] != value:
            self._nodes[node, kernels.OPEN] = value
            kernels.changed(node, self._log, self._last, self._clock)

    # Kinds of task -----------------------------------------------------------------------------------------

    def type_of(self, task: Task) -> int:
        """The number of a task's kind: its cores, memory, GPUs, thousandths of each and models.

        Raises:
            SchedulingError: the task cannot be (``kind`` "task").
        """
        key = (task.cpu_milli, task.memory_mib, task.gpus, task.gpu_milli, frozenset(task.models))
        found = self._types.get(key)
        if found is not None:
            return found
        if not (0 <= task.cpu_milli <= MOST and 0 <= task.memory_mib <= MOST and 0 <= task.gpus <= MOST):
            raise SchedulingError(
                f"task {task.name} asks for an impossible amount", kind="task", subjects=(task.name,)
            )
        least = WHOLE if task.gpus > 1 else min(task.gpus, 1)
        if not least <= task.gpu_milli <= (WHOLE if task.gpus else 0):
            raise SchedulingError(
                f"task {task.name} asks for {task.gpu_milli} thousandths of each of {task.gpus} GPUs",
                kind="task",
                subjects=(task.name,),
            )
        kind = self._types[key] = len(self._tasks)
        self._tasks.append(task)
        if kind == len(self._kinds):
            self._kinds = np.concatenate([self._kinds, np.zeros_like(self._kinds)])
        self._kinds[kind] = self._kind_row(task)
        return kind

    def _kind_row(self, task: Task) -> tuple[int, ...]:
        most = self._most_gpus
        held = 0 if task.gpu_milli < WHOLE else min(task.gpus, most)
        bits = self._bits(task.models)
        return task.cpu_milli, task.memory_mib, task.gpus, task.gpu_milli, bits, kernels.FIRST + most + held

    # The cache of scores -----------------------------------------------------------------------------------

    def _forget(self) -> None:
        """Begin the cache anew, for as many nodes as there are."""
        width = len(self._list)
        self._room = max(2, CACHE_BYTES // (8 * max(1, width)))
        self._rows: dict[int, int] = {}  # kind -> row, the one asked for longest ago first
        self._log = np.zeros(max(2 * kernels.MANY, 2 * width), dtype=np.int64)
        self._last = np.full(width, -1, dtype=np.int64)
        self._clock = np.zeros(2, dtype=np.int64)
        self._scores = np.empty((width, 0))
        blocks = kernels.blocks_of(width)
        self._bests = np.empty((blocks + kernels.groups_of(blocks), 0))
        self._seen = np.empty((2, 0), dtype=np.int64)

    def _row_of(self, kind: int) -> int:
        if not 0 <= kind < len(self._tasks):
            raise SchedulingError(f"no kind of task {kind}", kind="task", subjects=(str(kind),))
        row = self._rows.pop(kind, None)
        if row is None:
            row = len(self._rows)
            if row >= self._room:
                row = self._rows.pop(next(iter(self._rows)))
            elif row >= self._seen.shape[1]:
                more = min(self._room, max(FIRST_KINDS, 2 * row)) - row
                self._scores = np.concatenate([self._scores, np.empty((len(self._list), more))], axis=1)
                self._bests = np.concatenate([self._bests, np.empty((len(self._bests), more))], axis=1)
                self._seen = np.concatenate([self._seen, np.full((2, more), -1, dtype=np.int64)], axis=1)
            self._seen[:, row] = -1, kind
        self._rows[kind] = row
        return row

    def _knowledge(self) -> tuple[Ints, Ints, Ints, Floats, Floats, Floats]:
        return self._nodes, self._kinds, self._targets, self._shares, self._table, self._weights

    def _fresh_row(self, kind: int) -> int:
        row = self._row_of(kind)
        kernels.refresh(
            self._policy, kind, row, *self._knowledge(), self._scores, self._bests, self._log, self._last,
            self._seen, self._clock,
        )  # fmt: skip
        return row

    # Tasks -------------------------------------------------------------------------------------------------

    def place(self, kind: int) -> int:
        """Place a task where the policy says: a handle, or -1 where it fits nowhere now."""
        row = self._row_of(kind)
        node, chosen = kernels.place(
            self._policy, kind, row, self._nodes, self._kinds, self._targets, self._shares, self._table,
            self._weights, self._scores, self._bests, self._log, self._last, self._seen, self._clock,
            self._random,
        )  # fmt: skip
        return self._enter(node, kind, chosen) if node >= 0 else -1

    def _enter(self, node: int, kind: int, chosen: int) -> int:
        handle = self._next
        self._next += 1
        self._live[handle] = (node, kind, chosen)
        self._on[node][handle] = None
        return handle

    def place_gang(self, kind: int, count: int) -> list[int]:
        """Place ``count`` tasks of one kind together: their handles, or none where they do not all fit.

        They go on as few switches as can hold them, as near to each other as these are (row, hall,
        building), and there on as few racks as can be; within a rack the policy decides.
        """
        if count < 1:
            raise SchedulingError(f"a gang of {count}", kind="task", subjects=(str(count),))
        self._row_of(kind)
        found = np.zeros(len(self._list), dtype=np.int64)
        kernels.slots(self._nodes, self._kinds, kind, found)
        handles: list[int] = []
        for among, here in choose_slots(self._list, found, count):
            for _ in range(here):
                node, chosen = kernels.place_among(
                    self._policy, kind, among, *self._knowledge(), self._log, self._last, self._clock,
                    self._random,
                )  # fmt: skip
                handles.append(self._enter(node, kind, chosen))
        return handles

    def place_on(self, kind: int, node: int, gpus: Sequence[int] = ()) -> int:
        """Place a task on a node that is named, and on its GPUs where they are; -1 where it does not fit.

        For what already runs when a cluster is built up, and for backends that decide themselves.
        """
        self._row_of(kind)
        if not 0 <= node < len(self._list):
            raise SchedulingError(f"no node number {node}", kind="node", subjects=(str(node),))
        need = self._tasks[kind]
        if not kernels.fits(self._nodes, node, self._kinds, kind):
            return -1
        if gpus:
            free = self._nodes[node, kernels.FIRST :]
            if len(set(gpus)) != need.gpus or not all(
                0 <= g < self._list[node].gpus and free[g] >= need.gpu_milli for g in gpus
            ):
                return -1
            chosen = sum(1 << g for g in set(gpus))
        else:
            chosen = kernels.gpus_for(self._policy, node, kind, *self._knowledge(), self._random)
        kernels.move(self._nodes, node, self._kinds, kind, chosen, -1)
        kernels.changed(node, self._log, self._last, self._clock)
        return self._enter(node, kind, chosen)

    def arrive(self, kinds: Ints) -> tuple[Ints, Floats]:
        """Place tasks one after the other in one call: as ``place`` for each of ``kinds`` (T,).

        The cache holds all of these kinds, whatever memory that takes.

        Returns:
            The node of each, -1 where it fitted nowhere (T,), and the fragment after each in thousandths of
            a GPU (T,).
        """
        different = [int(kind) for kind in np.unique(kinds)]
        self._room = max(self._room, len(different))
        rows = [self._row_of(kind) for kind in different]
        row_of = np.zeros(len(self._tasks), dtype=np.int64)
        row_of[different] = rows
        where, which = np.empty(len(kinds), dtype=np.int64), np.empty(len(kinds), dtype=np.int64)
        wasted = np.empty(len(kinds))
        kernels.arrivals(
            self._policy, kinds, row_of, *self._knowledge(), self._scores, self._bests, self._log,
            self._last, self._seen, self._clock, self._random, where, which, wasted,
        )  # fmt: skip
        for kind, node, chosen in zip(kinds.tolist(), where.tolist(), which.tolist(), strict=True):
            if node >= 0:
                self._enter(node, kind, chosen)
        return where, wasted

    def release(self, handle: int) -> None:
        """A task ends: what it held is free again.

        Raises:
            SchedulingError: there is no such handle, or it has been released (``kind`` "handle").
        """
        node, kind, chosen = self._held(handle)
        del self._live[handle], self._on[node][handle]
        kernels.release(node, kind, chosen, self._nodes, self._kinds, self._log, self._last, self._clock)

    def _held(self, handle: int) -> tuple[int, int, int]:
        held = self._live.get(handle)
        if held is None:
            raise SchedulingError(
                f"no task with handle {handle} runs", kind="handle", subjects=(str(handle),)
            )
        return held

    def where(self, handle: int) -> tuple[int, tuple[int, ...]]:
        """Number of the node and of the GPUs that a task holds."""
        node, _, chosen = self._held(handle)
        return node, tuple(g for g in range(self._list[node].gpus) if chosen >> g & 1)

    def handles(self) -> Iterator[int]:
        """Handles of the tasks that run, in the order in which they were placed."""
        return iter(tuple(self._live))

    def fits(self, kind: int) -> bool:
        """Whether a task fits anywhere right now."""
        row = self._fresh_row(kind)
        bests = self._bests[:, row]
        return bool((bests > (0.0 if self.policy == "random" else -np.inf)).any())

    def scores(self, kind: int) -> Floats:
        """Score of every node for a kind, the higher the better, nan where it does not fit (N,)."""
        row = self._fresh_row(kind)  # may enlarge the cache
        found: Floats = self._scores[:, row].copy()
        found[found == -np.inf] = np.nan
        return found

    # Amounts -----------------------------------------------------------------------------------------------

    @property
    def free_cpu(self) -> Ints:
        """Free milli-cores (N,), a view that cannot be written."""
        return _shown(self._nodes[:, kernels.CPU])

    @property
    def free_memory(self) -> Ints:
        """Free memory in MiB (N,)."""
        return _shown(self._nodes[:, kernels.MEMORY])

    @property
    def free_gpu(self) -> Ints:
        """Free thousandths of each GPU (N, G), -1 where a node has fewer."""
        return _shown(self._nodes[:, kernels.FIRST : kernels.FIRST + self._most_gpus])

    @property
    def total_cpu(self) -> Ints:
        """Milli-cores (N,)."""
        return _shown(self._total[:, kernels.CPU])

    @property
    def total_memory(self) -> Ints:
        """Memory in MiB (N,)."""
        return _shown(self._total[:, kernels.MEMORY])

    @property
    def total_gpu(self) -> Ints:
        """Thousandths of each GPU (N, G), -1 where a node has fewer."""
        return _shown(self._total[:, kernels.FIRST : kernels.FIRST + self._most_gpus])

    @property
    def open(self) -> NDArray[np.bool_]:
        """Which nodes take work (N,)."""
        return np.asarray(self._nodes[:, kernels.OPEN] != 0)

    @property
    def gpu_capacity(self) -> int:
        """Thousandths of all GPUs."""
        return int(self._total[:, kernels.COUNT].sum()) * WHOLE

    def allocation_pct(self) -> float:
        """Allocated GPU in per cent of all GPUs, failed nodes included (分配率)."""
        total = self.gpu_capacity
        free = int(np.maximum(self.free_gpu, 0).sum())
        return 100.0 * (total - free) / total if total else 0.0

    def fragment_pct(self) -> float:
        """Idle GPU that the target workload cannot use, expected, in per cent of all GPUs (碎片率).

        Only nodes that take work count.
        """
        total = self.gpu_capacity
        wasted = sum(
            float(kernels.fragment(self._nodes, node, self._targets, self._shares))
            for node in np.flatnonzero(self.open)
        )
        return 100.0 * wasted / total if total else 0.0


def _shown(values: Ints) -> Ints:
    view = values.view()
    view.flags.writeable = False
    return view


def _widened(rows: Ints, was: int, most: int) -> Ints:
    """Rows of nodes with ``was`` GPU columns as rows with ``most``."""
    first = kernels.FIRST
    wide = np.zeros((len(rows), first + 2 * most + 1), dtype=np.int64)
    wide[:, : first + was] = rows[:, : first + was]
    wide[:, first + was : first + most] = -1
    wide[:, first + most : first + most + was + 1] = rows[:, first + was :]
    return wide
