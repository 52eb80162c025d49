"""Quotas of tenants, cities and the corridor, with borrowing (借用): the one truth of who holds how much.

The tree has three levels. What a tenant uses counts for it, for its city and for the corridor. A tenant may
use its nominal quota plus its borrowing limit; a city the quotas of its tenants plus its own plus its
borrowing limit; the corridor the sum of all quotas. These are the rules of hierarchical cohorts without
lending limits in Kueue (keps/79-hierarchical-cohorts): a request fits if it fits at every level above it.
"""

from __future__ import annotations

from collections.abc import Sequence

from langqiao.engines.scheduling.errors import SchedulingError

from .types import City, Quota, Tenant

FREE = 1 << 60
"""Stands for no limit; sums of it stay far from overflow in Python's whole numbers."""

GPU, CPU = 0, 1
RESOURCES = ("gpu", "cpu")


class QuotaTree:
    """Use and limits by quota node: tenants first, then cities, the corridor last.

    ``use[r][n]``, ``nominal[r][n]`` and ``limit[r][n]`` are lists by resource (0 GPU, 1 CPU) and node.
    ``path[t]`` are the nodes that count a tenant's use: itself, its city, the corridor. While jobs are under
    notice (让出通知), ``pledged`` is what those who wait for them will use and ``leaving`` what they give up.
    """

    def __init__(self, tenants: Sequence[Tenant], cities: Sequence[City]) -> None:
        self.names = [tenant.name for tenant in tenants]
        if len(set(self.names)) != len(self.names):
            raise SchedulingError("two tenants bear one name", kind="tenant", subjects=tuple(self.names))
        known = {city.name: city for city in cities}
        if len(known) != len(cities):
            raise SchedulingError("two cities bear one name", kind="city", subjects=tuple(known))
        for tenant in tenants:
            known.setdefault(tenant.city, City(tenant.city))
        self.tenants = len(self.names)
        self.city_names = list(known)
        self.root = self.tenants + len(known)
        at = {name: self.tenants + number for number, name in enumerate(self.city_names)}
        self.path = [(t, at[tenant.city], self.root) for t, tenant in enumerate(tenants)]
        self.use = [[0] * (self.root + 1) for _ in RESOURCES]
        self.kept = [[0] * (self.root + 1) for _ in RESOURCES]
        self.pledged = [[0] * (self.root + 1) for _ in RESOURCES]
        self.leaving = [[0] * (self.root + 1) for _ in RESOURCES]
        self.nominal = [self._nominals(tenants, list(known.values()), r) for r in (GPU, CPU)]
        self.limit = [self._limits(tenants, list(known.values()), r) for r in (GPU, CPU)]
        self.limited = any(limit < FREE for limits in self.limit for limit in limits)

    def _nominals(self, tenants: Sequence[Tenant], cities: Sequence[City], r: int) -> list[int]:
        nominal = [_amount(tenant.quota, r, tenant.name) for tenant in tenants]
        nominal += [_amount(city.quota, r, city.name) for city in cities]
        for t in range(self.tenants):
            nominal[self.path[t][1]] += nominal[t]
        return [min(amount, FREE) for amount in (*nominal, sum(nominal[self.tenants :]))]

    def _limits(self, tenants: Sequence[Tenant], cities: Sequence[City], r: int) -> list[int]:
        borrow = [_amount(tenant.borrow_limit, r, tenant.name) for tenant in tenants]
        borrow += [_amount(city.borrow_limit, r, city.name) for city in cities]
        pairs = zip(self.nominal[r], (*borrow, 0), strict=True)
        return [min(nominal + more, FREE) for nominal, more in pairs]

    def level(self, node: int) -> str:
        """tenant, city or corridor."""
        return "tenant" if node < self.tenants else "city" if node < self.root else "corridor"

    def name(self, node: int) -> str:
        """Name of a tenant or city, "" for the corridor."""
        if node < self.tenants:
            return self.names[node]
        return self.city_names[node - self.tenants] if node < self.root else ""

    def blocks(self, tenant: int, gpu: int, cpu: int) -> tuple[int, int]:
        """The first (node, resource) at which a request does not fit, from the tenant up; (-1, 0) if none.

        What is kept for those who wait for a grace time to end (``keep``) counts as used.
        """
        gpus, cpus = self.use
        kept_gpus, kept_cpus = self.kept
        gpu_limit, cpu_limit = self.limit
        for node in self.path[tenant]:
            if gpu and gpus[node] + kept_gpus[node] + gpu > gpu_limit[node]:
                return node, GPU
            if cpu and cpus[node] + kept_cpus[node] + cpu > cpu_limit[node]:
                return node, CPU
        return -1, 0

    def above(self, tenant: int, gpu: int, cpu: int) -> tuple[int, int] | None:
        """The first (node, resource) whose limit a request is above by itself, None if there is none."""
        for node in self.path[tenant]:
            for resource, amount in enumerate((gpu, cpu)):
                if amount > self.limit[resource][node]:
                    return node, resource
        return None

    def within(self, node: int, gpu: int, cpu: int) -> bool:
        """Whether a request stays inside the nominal quota of a node, so that nothing is borrowed."""
        return all(
            not asked or self.use[r][node] + self.pledged[r][node] + asked <= self.nominal[r][node]
            for r, asked in ((GPU, gpu), (CPU, cpu))
        )

    def expected(self, resource: int, node: int) -> int:
        """What is used once all notices have ended: by this it is judged who borrows and who is within."""
        return self.use[resource][node] + self.pledged[resource][node] - self.leaving[resource][node]

    def will_be_within(self, node: int, gpu: int, cpu: int, *, less: tuple[int, int] = (0, 0)) -> bool:
        """As :meth:`within`, once all notices have ended and ``less`` (GPU, CPU) is used."""
        return all(
            not asked or self.expected(r, node) - less[r] + asked <= self.nominal[r][node]
            for r, asked in ((GPU, gpu), (CPU, cpu))
        )

    def charge(self, tenant: int, gpu: int, cpu: int) -> None:
        """A job starts."""
        gpus, cpus = self.use
        for node in self.path[tenant]:
            gpus[node] += gpu
            cpus[node] += cpu

    def refund(self, tenant: int, gpu: int, cpu: int) -> None:
        """A job has left."""
        gpus, cpus = self.use
        for node in self.path[tenant]:
            gpus[node] -= gpu
            cpus[node] -= cpu

    def pledge(self, tenant: int, gpu: int, cpu: int) -> None:
        """A job waits for a notice to end; negative amounts when it no longer does."""
        self._count(self.pledged, tenant, gpu, cpu)

    def give_notice(self, tenant: int, gpu: int, cpu: int) -> None:
        """A job is to leave; negative amounts when it has left."""
        self._count(self.leaving, tenant, gpu, cpu)

    def _count(self, amounts: list[list[int]], tenant: int, gpu: int, cpu: int) -> None:
        for node in self.path[tenant]:
            amounts[GPU][node] += gpu
            amounts[CPU][node] += cpu

    def keep(self, amounts: Sequence[tuple[int, int, int]], *, back: bool = False) -> None:
        """Keep (or give ``back``) amounts (node, gpu, cpu) for a job that waits for a grace time."""
        sign = -1 if back else 1
        for node, gpu, cpu in amounts:
            self.kept[GPU][node] += sign * gpu
            self.kept[CPU][node] += sign * cpu


def _amount(quota: Quota, resource: int, name: str) -> int:
    amount = quota.gpu_milli if resource == GPU else quota.cpu_milli
    if amount is None:
        return FREE
    if amount < 0:
        raise SchedulingError(f"{name}: a quota is not negative", kind="quota", subjects=(name,))
    return min(amount, FREE)
