"""Best-fit and FGD in numpy alone, every node scored anew for every task: the baseline of the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.types import Node, Task
from langqiao.engines.scheduling.workload import target_workload

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
WHOLE = 1000


class PlainCluster:
    """Nodes in the order given; ``place`` returns the node of a task or -1."""

    def __init__(self, nodes: Sequence[Node], workload: Sequence[Task]) -> None:
        most = max(node.gpus for node in nodes)
        self.cpu = np.array([node.cpu_milli for node in nodes])
        self.memory = np.array([node.memory_mib for node in nodes])
        self.gpu = np.array([[WHOLE] * node.gpus + [-1] * (most - node.gpus) for node in nodes])
        self.model = np.array([node.model for node in nodes])
        self.target = target_workload(workload)
        self.target_fits = [
            np.isin(self.model, one.models) if one.models else self.model != "" for one in self.target
        ]

    def place(self, task: Task, policy: str) -> int:
        """Place a task by ``bestfit`` or ``fgd``."""
        able = self.gpu >= task.gpu_milli if task.gpus else np.zeros_like(self.gpu, dtype=np.bool_)
        fits = (self.cpu >= task.cpu_milli) & (self.memory >= task.memory_mib) & (able.sum(1) >= task.gpus)
        if task.gpus and task.models:
            fits &= np.isin(self.model, task.models)
        nodes = np.flatnonzero(fits)
        if not nodes.size:
            return -1
        scores, chosen = (self._bestfit if policy == "bestfit" else self._fgd)(task, nodes, able[nodes])
        at = int(np.argmax(scores))
        node = int(nodes[at])
        self.cpu[node] -= task.cpu_milli
        self.memory[node] -= task.memory_mib
        self.gpu[node, chosen[at]] -= task.gpu_milli
        return node

    def _first_whole(self, task: Task, nodes: Ints) -> NDArray[np.bool_]:
        whole = self.gpu[nodes] == WHOLE
        return np.asarray(whole & (whole.cumsum(1) <= task.gpus))

    def _bestfit(self, task: Task, nodes: Ints, able: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
        gpu = np.maximum(self.gpu[nodes], 0).sum(1)
        left = (self.cpu[nodes] - task.cpu_milli) / 128_000 * 0.5
        left = left + (gpu - task.gpus * task.gpu_milli) / 8_000 * 0.5
        if task.gpus == 1 and task.gpu_milli < WHOLE:
            tightest = np.argmin(np.where(able, self.gpu[nodes], WHOLE + 1), axis=1)
            chosen = np.arange(self.gpu.shape[1]) == tightest[:, None]
        else:
            chosen = self._first_whole(task, nodes)
        return ((1.0 - left) * 100.0).astype(np.int64), chosen

    def _fgd(self, task: Task, nodes: Ints, able: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
        before = self._fragment(self.cpu[nodes], self.gpu[nodes], nodes)
        columns = np.arange(self.gpu.shape[1])
        if task.gpus == 1 and task.gpu_milli < WHOLE:
            tries = [np.broadcast_to(columns == g, able.shape) for g in columns]
            open_ = [able[:, g] for g in columns]
        else:
            tries, open_ = [self._first_whole(task, nodes)], [np.ones(len(nodes), dtype=np.bool_)]
        scores = np.full((len(tries), len(nodes)), -1, dtype=np.int64)
        for at, (chosen, possible) in enumerate(zip(tries, open_, strict=True)):
            gpu = np.where(chosen & possible[:, None], self.gpu[nodes] - task.gpu_milli, self.gpu[nodes])
            after = self._fragment(self.cpu[nodes] - task.cpu_milli, gpu, nodes)
            score = (100.0 / (1.0 + np.exp((after - before) / WHOLE))).astype(np.int64)
            scores[at] = np.where(possible, score, -1)
        best = np.argmax(scores, axis=0)
        return scores.max(axis=0), np.stack(tries)[best, np.arange(len(nodes))]

    def _fragment(self, cpu: Ints, gpu: Ints, nodes: Ints) -> Floats:
        free = np.maximum(gpu, 0)
        idle = free.sum(1)
        wasted = np.zeros(len(nodes))
        for one, models in zip(self.target, self.target_fits, strict=True):
            lost = idle
            if one.gpus:
                enough = gpu >= one.gpu_milli
                runs = (cpu >= one.cpu_milli) & models[nodes] & (enough.sum(1) >= one.gpus)
                lost = np.where(runs, np.where(enough, 0, free).sum(1), idle)
            wasted += one.share * lost
        return wasted
