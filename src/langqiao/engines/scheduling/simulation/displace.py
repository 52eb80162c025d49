"""Who makes room for a job (抢占): lower priorities of its own tenant, and jobs that borrow (收回).

A job may displace jobs of its tenant with a lower priority, and, if it stays within the nominal quota of its
tenant, jobs of tenants of its city that use more than theirs; if it stays within that of its city, jobs of
other cities that use more than theirs. A tenant that borrows is cut back until it no longer does. Whoever
displaces its own tenant's jobs may not make the tenant or the city borrow more than before, and nobody is
displaced at the moment of its start: so displacements never go in a circle. Whoever is under notice counts as
gone, and whoever waits for a notice to end as there: nobody is cut back twice for one debt. The set is found
greedily (lowest priority first, others before its own, latest start first) and then thinned out: whoever need
not leave stays, as in Kueue's preemption.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .kernels import JOB, MOVABLE, NODE, PRIORITY, TENANT
from .quota import CPU, GPU

if TYPE_CHECKING:
    from .simulator import Simulation

Ints = NDArray[np.int64]
TRIED = 4  # nodes that are tried for a single task, the cheapest first


@dataclass(frozen=True, slots=True)
class Plan:
    """``victims`` leave; the job then fits on ``nodes``."""

    victims: tuple[int, ...]
    nodes: tuple[int, ...]


def may_displace(sim: Simulation, job: int) -> bool:
    """Whether the rules allow a job to displace anybody, and there is somebody."""
    options, quotas, book = sim.options, sim.quotas, sim.book
    tenant = book.tenant[job]
    if options.preempt and any(level < book.priority[job] for level in sim.levels[tenant]):
        return True
    if options.reclaim == "never" or not quotas.limited:
        return False
    own, city, _ = quotas.path[tenant]
    gpu, cpu = book.gpu[job], book.cpu[job]
    inside_own, inside_city = (quotas.will_be_within(node, gpu, cpu) for node in (own, city))
    if not (inside_own or inside_city):
        return False
    r = GPU if gpu else CPU
    nominal = quotas.nominal[r]
    for other in range(quotas.tenants):
        if other != tenant and sim.levels[other] and quotas.expected(r, other) > nominal[other]:
            its_city = quotas.path[other][1]
            over = quotas.expected(r, its_city) > nominal[its_city]
            if inside_own if its_city == city else inside_city and over:
                return True
    return False


def find(sim: Simulation, job: int) -> Plan | None:
    """The jobs that make room for ``job``, or None if the rules leave too few."""
    return _Search(sim, job).plan()


def _foreseen(sim: Simulation) -> tuple[Ints, Ints, Ints]:
    """Copies of what is free (cores, memory, GPUs) as it will be once all notices given so far have ended."""
    cpu, memory, gpu = sim.floor.copies()
    for victim in sim.leaving:
        for row in sim.book.rows[victim]:
            kernels.give_back(sim.parts.table[row], cpu, memory, gpu, 1)
    for nomination in sim.nominations.values():
        group = sim.book.group[nomination.job]
        need, left = sim.floor.needs[sim.floor.kind[group]], sim.floor.count[group]
        for node in nomination.nodes:
            while left and kernels.slots(cpu[node], memory[node], gpu[node], need) > 0:
                cpu[node] -= need[kernels.CPU]
                memory[node] -= need[kernels.MEMORY]
                enough = np.flatnonzero(gpu[node] >= max(1, need[kernels.MILLI]))
                tightest = enough[np.argsort(gpu[node][enough], kind="stable")]
                gpu[node, tightest[: need[kernels.GPUS]]] -= need[kernels.MILLI]
                left -= 1
    return cpu, memory, gpu


def _copies(free: tuple[Ints, Ints, Ints]) -> tuple[Ints, Ints, Ints]:
    cpu, memory, gpu = free
    return cpu.copy(), memory.copy(), gpu.copy()


class _Search:
    """One search. ``usable`` are nodes that the job may use when its closures are in force."""

    def __init__(self, sim: Simulation, job: int) -> None:
        self.sim, self.job = sim, job
        book, floor = sim.book, sim.floor
        self.tenant = book.tenant[job]
        self.kind = floor.kind[book.group[job]]
        self.count = floor.count[book.group[job]]
        self.need, self.allowed = floor.needs[self.kind], floor.allowed[self.kind]
        self.usable = floor.usable.copy()
        for node, holds in sim.held.items():
            # Kept for others only; what these leave over counts.
            self.usable[node] = floor.base[node] == holds and not floor.down[node]
        until = sim.now + book.estimate(job)
        for closure in floor.closures:
            if closure.concerns(job, self.tenant, until):
                self.usable[list(closure.nodes)] = 0
        self.free = _foreseen(sim)
        self.room: Ints = kernels.room(self.usable, *self.free, floor.model, self.need, self.allowed)
        self.rows, self.candidates = self._candidates()
        self.place = {one: at for at, one in enumerate(self.candidates)}

    def _candidates(self) -> tuple[Ints, list[int]]:
        """Rows of the parts that may leave, and their jobs in the order in which they go."""
        sim, parts, book = self.sim, self.sim.parts, self.sim.book
        rows = parts.live()
        table = parts.table[rows]
        priority = book.priority[self.job]
        legal = np.zeros(sim.quotas.tenants, dtype=bool)
        if sim.options.reclaim != "never":
            trial = _Trial(self, ())
            legal[:] = [trial.borrows(other) for other in range(sim.quotas.tenants)]
        low = table[:, PRIORITY] < priority
        own = table[:, TENANT] == self.tenant
        others = legal[table[:, TENANT]] & ~own
        if sim.options.reclaim == "lower":
            others &= low
        chosen = (others | (own & low & sim.options.preempt)) & (table[:, MOVABLE] == 1)
        chosen &= (parts.begun[rows] + sim.options.min_run <= sim.now) & (parts.begun[rows] < sim.now)
        rows = rows[chosen]
        jobs, first = np.unique(parts.table[rows, JOB], return_index=True)
        lead = rows[first]
        columns = parts.table[lead]
        order = np.lexsort(
            (jobs, -parts.begun[lead], columns[:, TENANT] == self.tenant, columns[:, PRIORITY])
        )
        return rows, [int(one) for one in jobs[order]]

    def _there(self, nodes: tuple[int, ...]) -> list[int]:
        """The candidates that have a part on one of the nodes, in their order."""
        if not nodes:
            return []
        table = self.sim.parts.table[self.rows]
        here = {int(one) for one in table[np.isin(table[:, NODE], nodes), JOB]}
        return sorted(here, key=self.place.__getitem__)

    def plan(self) -> Plan | None:
        if not self.candidates:
            return None
        if int(self.room.sum()) >= self.count:
            return self._solve(())
        after, held = kernels.cleared(
            self.sim.parts.table,
            self.rows,
            self.usable,
            *_copies(self.free),
            self.sim.floor.model,
            self.need,
            self.allowed,
        )
        more = np.flatnonzero(after > self.room)
        order = more[np.lexsort((more, held[more] / (after[more] - self.room[more])))]
        if self.count == 1:
            plans = [plan for node in order[:TRIED] if (plan := self._solve((int(node),)))]
            return min(plans, key=self._cost, default=None)
        wanted, picked = self.count - int(self.room.sum()), []
        for node in order:
            picked.append(int(node))
            wanted -= int(after[node] - self.room[node])
            if wanted <= 0:
                return self._solve(tuple(picked))
        return None

    def _cost(self, plan: Plan) -> tuple[float, ...]:
        """Highest priority that goes, work that may be lost, and how many go."""
        book, now = self.sim.book, self.sim.now
        lost = sum((book.gpu[one] + book.cpu[one]) * (now - book.begun[one]) for one in plan.victims)
        return (max((book.priority[one] for one in plan.victims), default=0), lost, len(plan.victims))

    def _solve(self, nodes: tuple[int, ...]) -> Plan | None:
        trial = _Trial(self, nodes)
        tenant = self.sim.book.tenant
        victims: list[int] = []
        for one in self._there(nodes):
            if trial.total >= self.count:
                break
            if trial.lawful(one):
                trial.remove(one)
                victims.append(one)
        if trial.total < self.count:
            return None
        self._free_quota(trial, victims)
        if trial.blocked() >= 0:
            return None
        self._thin_out(trial, victims)
        if any(tenant[one] == self.tenant for one in victims) and trial.borrows_more():
            return None
        return Plan(tuple(victims), trial.chosen())

    def _free_quota(self, trial: _Trial, victims: list[int]) -> None:
        """Take more until the job fits into the quotas, of those only that count where it does not fit."""
        tenant, path = self.sim.book.tenant, self.sim.quotas.path
        for one in self.candidates:
            blocked = trial.blocked()
            if blocked < 0:
                return
            if one not in victims and blocked in path[tenant[one]] and trial.lawful(one):
                trial.remove(one)
                victims.append(one)

    def _thin_out(self, trial: _Trial, victims: list[int]) -> None:
        """Let stay whoever need not leave, the most important first."""
        for one in reversed(victims[:]):
            trial.remove(one, back=True)
            if trial.total >= self.count and trial.blocked() < 0:
                victims.remove(one)
            else:
                trial.remove(one)


class _Trial:
    """The centre as it would be without some jobs: room on the nodes looked at, and quotas."""

    def __init__(self, search: _Search, nodes: Iterable[int]) -> None:
        self.search = search
        sim = search.sim
        self.quotas, self.book, self.parts = sim.quotas, sim.book, sim.parts
        self.cpu, self.memory, self.gpu = _copies(search.free)
        self.less = ([0] * (sim.quotas.root + 1), [0] * (sim.quotas.root + 1))
        self.room = search.room.copy()
        self.total = int(self.room.sum())
        self.nodes = frozenset(nodes)

    def remove(self, job: int, *, back: bool = False) -> None:
        sign = -1 if back else 1
        for node in self.quotas.path[self.book.tenant[job]]:
            self.less[GPU][node] += sign * self.book.gpu[job]
            self.less[CPU][node] += sign * self.book.cpu[job]
        search = self.search
        for row in self.book.rows[job]:
            kernels.give_back(self.parts.table[row], self.cpu, self.memory, self.gpu, sign)
            node = int(self.parts.table[row, NODE])
            if search.usable[node] and search.allowed[search.sim.floor.model[node]]:
                here = int(kernels.slots(self.cpu[node], self.memory[node], self.gpu[node], search.need))
                self.total += here - int(self.room[node])
                self.room[node] = here

    def _over(self, node: int) -> bool:
        """Whether a quota node uses more of what the job asks for than its nominal quota."""
        job, quotas = self.search.job, self.quotas
        return any(
            asked and quotas.expected(r, node) - self.less[r][node] > quotas.nominal[r][node]
            for r, asked in ((GPU, self.book.gpu[job]), (CPU, self.book.cpu[job]))
        )

    def _inside(self, node: int) -> bool:
        job, less = self.search.job, (self.less[GPU][node], self.less[CPU][node])
        return self.quotas.will_be_within(node, self.book.gpu[job], self.book.cpu[job], less=less)

    def borrows(self, other: int) -> bool:
        """Whether a tenant uses what the job's tenant or city may take back."""
        own, city, _ = self.quotas.path[self.search.tenant]
        its_city = self.quotas.path[other][1]
        if other == own or not self._over(other):
            return False
        if its_city == city:
            return self._inside(own)
        return self._over(its_city) and self._inside(city)

    def borrows_more(self) -> bool:
        """Whether the job would make its tenant, city or the corridor borrow more than now."""
        job, quotas = self.search.job, self.quotas
        return any(
            asked
            and quotas.expected(r, node) - self.less[r][node] + asked
            > max(quotas.nominal[r][node], quotas.expected(r, node))
            for node in quotas.path[self.search.tenant]
            for r, asked in ((GPU, self.book.gpu[job]), (CPU, self.book.cpu[job]))
        )

    def lawful(self, job: int) -> bool:
        """Whether a candidate may still be taken, after those that have been."""
        tenant = self.book.tenant[job]
        return tenant == self.search.tenant or self.borrows(tenant)

    def blocked(self) -> int:
        """The quota node at which the job would not fit, -1 if none."""
        quotas, job = self.quotas, self.search.job
        for node in quotas.path[self.search.tenant]:
            for r, asked in ((GPU, self.book.gpu[job]), (CPU, self.book.cpu[job])):
                used = quotas.use[r][node] + quotas.kept[r][node] - self.less[r][node]
                if asked and used + asked > quotas.limit[r][node]:
                    return node
        return -1

    def chosen(self) -> tuple[int, ...]:
        """Nodes for the job's parts: those looked at first, then those with most room."""
        order = sorted(
            np.flatnonzero(self.room).tolist(), key=lambda n: (n not in self.nodes, -self.room[n], n)
        )
        nodes, left = [], self.search.count
        for node in order:
            nodes.append(node)
            left -= int(self.room[node])
            if left <= 0:
                break
        return tuple(nodes)
