"""What the engine would do with a pod, and whether the cluster did it.

The advisor keeps its own picture of the cluster: nodes as they were given, and on them the pods that it was
told are bound. Every advice and every binding is a fact in a journal: a restart finds the same picture.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.extender.pods import Names, Pod, PodError, pod_of, task_of
from langqiao.engines.scheduling.journal import Fact, Writer
from langqiao.engines.scheduling.types import Task

Mode = Literal["silent", "advise", "enforce"]
"""silent: every node passes with score 0, so that the cluster decides alone. advise: every node passes, and
the scores are the engine's. enforce: nodes that cannot hold the pod are also taken out."""
BEST = 10
"""MaxExtenderPriority of Kubernetes."""
REMEMBERED = 10_000  # pods that were advised and not yet seen bound
WRITTEN = 200  # nodes of the same score that are written down: a restart knows these equals only
_TASK = ("name", "cpu_milli", "memory_mib", "gpus", "gpu_milli", "models")


@dataclass(frozen=True, slots=True)
class Advice:
    """What was said of a pod: the best node ("" where none fits) and those of the same score."""

    task: Task
    node: str
    equals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the cluster agreed.

    Attributes:
        advised: pods for which the engine named a node.
        none: pods for which it found none.
        unread: pods that could not be read as a task.
        same: bound where the engine said. equal: bound to another node with the same score.
        other: bound to a node of a lower score, or where the engine found none.
        open: advised, and not seen bound.
        unadvised: bound without an advice.
        misfits: bindings for which the engine's picture has no room: it has drifted from the cluster.
    """

    advised: int = 0
    none: int = 0
    unread: int = 0
    same: int = 0
    equal: int = 0
    other: int = 0
    open: int = 0
    unadvised: int = 0
    misfits: int = 0

    @property
    def rate(self) -> float | None:
        """Share of bound pods on the advised node or one of the same score; None before the first."""
        bound = self.same + self.equal + self.other
        return (self.same + self.equal) / bound if bound else None


class Advisor:
    """The engine's view of one cluster; safe to call from several threads.

    Args:
        cluster: nodes and policy.
        writer: the journal, locked; its facts are taken up first.
        names: how the cluster names GPUs.
        mode: see :data:`Mode`.
    """

    def __init__(
        self, cluster: Cluster, writer: Writer, *, names: Names | None = None, mode: Mode = "advise"
    ) -> None:
        self.cluster = cluster
        self.names = names or Names()
        self.mode = mode
        self._writer = writer
        self._lock = threading.Lock()
        self._known = {node.name: number for number, node in enumerate(cluster.nodes)}
        self._held: dict[str, int] = {}  # uid -> handle
        self._nowhere: set[str] = set()  # bound, but without a place in our picture
        self._advised: OrderedDict[str, Advice] = OrderedDict()
        self._tally = Tally()
        for fact in writer.facts:
            self._take_up(fact)
            self._tally.count(fact)
        writer.facts.clear()
        writer.keeps = False

    def agreement(self) -> Agreement:
        """How often the cluster has agreed so far."""
        with self._lock:
            return self._tally.result()

    def filter(self, pod: Any, nodes: Sequence[str]) -> dict[str, str]:
        """Nodes that would be taken out, with the reason; empty but in the mode "enforce".

        The advice is written down.
        """
        with self._lock:
            scores = self._advise(pod, nodes)
        if self.mode != "enforce" or scores is None:
            return {}
        return {
            nodes[at]: "the placement engine finds no room here"
            for at in np.flatnonzero(np.isnan(scores)).tolist()
            if nodes[at] in self._known
        }

    def prioritize(self, pod: Any, nodes: Sequence[str]) -> list[int]:
        """Scores of nodes: 10 for the engine's best and its equals, 1 to 9 what fits, 0 what does not."""
        with self._lock:
            scores = self._advise(pod, nodes)
        if scores is None or self.mode == "silent":
            return [0] * len(nodes)
        return _ranks(scores)

    def bound(self, uid: str, node: str, task: Task | None = None) -> str:
        """A pod was bound: the verdict same, equal, other or unadvised; "known" if it was told before."""
        with self._lock:
            return self._bound(uid, node, task)

    def gone(self, uid: str) -> bool:
        """A pod has ended or was deleted; whether it was known."""
        with self._lock:
            known = uid in self._held or uid in self._nowhere or uid in self._advised
            if known:
                self._write({"what": "gone", "uid": uid})
                self._forget(uid)
            return known

    def observe(self, pods: Iterable[Any]) -> dict[str, int]:
        """All pods of the cluster: what is bound is taken up, what is missing or ended has gone.

        Returns:
            How many were newly bound, have gone, and could not be read.
        """
        present: set[str] = set()
        counts = {"bound": 0, "gone": 0, "unread": 0}
        with self._lock:
            for raw in pods:
                try:
                    pod = pod_of(raw)
                    if pod.ended:
                        continue
                    present.add(pod.uid)
                    if pod.node:
                        counts["bound"] += self._bound(pod.uid, pod.node, task_of(raw, self.names)) != "known"
                except PodError:
                    counts["unread"] += 1
            for uid in [uid for uid in (*self._held, *self._nowhere) if uid not in present]:
                self._write({"what": "gone", "uid": uid})
                self._forget(uid)
                counts["gone"] += 1
        return counts

    def _advise(self, raw: Any, nodes: Sequence[str]) -> NDArray[np.float64] | None:
        """Scores of the nodes, nan where the pod does not fit or the node is unknown; None if unread."""
        pod = pod_of(raw)
        try:
            task = task_of(raw, self.names)
            kind = self.cluster.type_of(task)
        except (PodError, SchedulingError) as why:
            self._write({"what": "unread", "uid": pod.uid, "pod": pod.name, "why": str(why)[:200]})
            return None
        if pod.node:
            self._bound(pod.uid, pod.node, task)
        every = np.append(self.cluster.scores(kind), np.nan)  # the last for nodes that are not known
        numbers = np.array([self._known.get(name, -1) for name in nodes], dtype=np.int64)
        scores: NDArray[np.float64] = every[numbers]
        self._remember(pod, self._advice(task, nodes, scores))
        return scores

    def _advice(self, task: Task, nodes: Sequence[str], scores: NDArray[np.float64]) -> Advice:
        if np.isnan(scores).all():
            return Advice(task, "", ())
        best = np.flatnonzero(scores == np.nanmax(scores)).tolist()
        equals = [nodes[at] for at in best]
        equals.sort(key=self._known.__getitem__)  # of equal scores the first node of the list wins
        return Advice(task, equals[0], tuple(equals))

    def _remember(self, pod: Pod, advice: Advice) -> None:
        if pod.uid in self._held or pod.uid in self._nowhere or self._advised.get(pod.uid) == advice:
            return
        self._write(
            {
                "what": "advised",
                "uid": pod.uid,
                "pod": pod.name,
                "mode": self.mode,
                "task": _written(advice.task),
                "node": advice.node,
                "equals": list(advice.equals[:WRITTEN]),
            }
        )
        self._keep(pod.uid, advice)

    def _keep(self, uid: str, advice: Advice) -> None:
        self._advised[uid] = advice
        self._advised.move_to_end(uid)
        while len(self._advised) > REMEMBERED:
            self._advised.popitem(last=False)

    def _bound(self, uid: str, node: str, task: Task | None) -> str:
        if uid in self._held or uid in self._nowhere:
            return "known"
        advice = self._advised.get(uid)
        task = task or (advice.task if advice else None)
        verdict = "unadvised"
        if advice is not None:
            verdict = "same" if advice.node == node else "equal" if node in advice.equals else "other"
        placed = self._place(uid, node, task)
        self._write(
            {
                "what": "bound",
                "uid": uid,
                "node": node,
                "verdict": verdict,
                "placed": placed,
                "task": _written(task) if task else None,
            }
        )
        self._advised.pop(uid, None)
        return verdict

    def _place(self, uid: str, node: str, task: Task | None) -> bool:
        handle = -1
        if task is not None and node in self._known:
            handle = self.cluster.place_on(self.cluster.type_of(task), self._known[node])
        if handle < 0:
            self._nowhere.add(uid)
            return False
        self._held[uid] = handle
        return True

    def _forget(self, uid: str) -> None:
        handle = self._held.pop(uid, None)
        if handle is not None:
            self.cluster.release(handle)
        self._nowhere.discard(uid)
        self._advised.pop(uid, None)

    def _take_up(self, fact: Fact) -> None:
        what, uid = fact.get("what"), str(fact.get("uid", ""))
        if what == "advised":
            self._keep(uid, Advice(_read(fact["task"]), fact["node"], tuple(fact["equals"])))
        elif what == "bound":
            self._place(uid, fact["node"], _read(fact["task"]) if fact["task"] else None)
            self._advised.pop(uid, None)
        elif what == "gone":
            self._forget(uid)

    def _write(self, fact: Fact) -> None:
        self._writer.append({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **fact})
        self._tally.count(fact)


class Tally:
    """Counts facts as they come; each pod counts once, by its last advice."""

    def __init__(self) -> None:
        self._open: dict[str, bool] = {}  # uid -> whether a node was named
        self._unread: set[str] = set()
        self._counts = dict.fromkeys(
            ("advised", "none", "unread", "same", "equal", "other", "unadvised", "misfits"), 0
        )

    def count(self, fact: Fact) -> None:
        """Take one fact into account."""
        what, uid = fact.get("what"), str(fact.get("uid", ""))
        if what == "advised":
            before = self._open.get(uid)
            if before is not None:
                self._counts["advised" if before else "none"] -= 1
            self._open[uid] = bool(fact["node"])
            self._counts["advised" if fact["node"] else "none"] += 1
        elif what == "unread" and uid not in self._unread:
            self._unread.add(uid)
            self._counts["unread"] += 1
        elif what in {"bound", "gone"}:
            self._open.pop(uid, None)
            self._unread.discard(uid)
            if what == "bound":
                self._counts[fact["verdict"]] += 1
                self._counts["misfits"] += not fact["placed"]

    def result(self) -> Agreement:
        """The figures so far."""
        return Agreement(open=len(self._open), **self._counts)


def agreement_of(facts: Iterable[Fact]) -> Agreement:
    """How often the cluster agreed, from a journal."""
    tally = Tally()
    for fact in facts:
        tally.count(fact)
    return tally.result()


def _ranks(scores: NDArray[np.float64]) -> list[int]:
    """Scores as Kubernetes counts them, 0 where there is none: only the highest is 10."""
    fits = ~np.isnan(scores)
    if not fits.any():
        return [0] * len(scores)
    low, high = float(scores[fits].min()), float(scores[fits].max())
    ranks = np.zeros(len(scores), dtype=np.int64)
    spread = (scores[fits] - low) / (high - low) if high > low else np.ones(int(fits.sum()))
    ranks[fits] = np.where(scores[fits] == high, BEST, 1 + (spread * (BEST - 2)).astype(np.int64))
    found: list[int] = ranks.tolist()
    return found


def _written(task: Task) -> dict[str, Any]:
    held = asdict(task)
    return {name: held[name] for name in _TASK}


def _read(held: dict[str, Any]) -> Task:
    return Task(**{**held, "models": tuple(held["models"])})
