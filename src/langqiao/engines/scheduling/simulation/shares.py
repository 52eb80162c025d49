"""Fair share (公平份额): the dominant share of each tenant and city, past use decaying by half-life.

Dominant share: the largest, over GPUs and cores, of what is held over what stands (Ghodsi et al., NSDI
2011). With a half-life h the exponentially weighted mean of the past, e, is joined with the present, p, as
(e + p)/2: the mean that will be reached after one more half-life if nothing changes. Shares are divided by
weights.
Cities are compared first, then the tenants of a city (as in Slurm's fair tree).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .quota import CPU, GPU, QuotaTree
from .types import City, Tenant


class FairShare:
    """Reads use from the quota tree; call ``settle`` for a tenant before its use changes."""

    def __init__(
        self, tenants: Sequence[Tenant], cities: Sequence[City], quotas: QuotaTree, half_life: float
    ) -> None:
        self.quotas = quotas
        self.half_life = half_life
        by_name = {city.name: city for city in cities}
        weights = [tenant.weight for tenant in tenants]
        for number, name in enumerate(quotas.city_names):
            city = by_name.get(name)
            inside = [t for t, path in enumerate(quotas.path) if path[1] == quotas.tenants + number]
            own = city.weight if city is not None else None
            weights.append(own if own is not None else sum(tenants[t].weight for t in inside) or 1.0)
        self.weights = weights
        self.capacity = [1.0, 1.0]
        self.mean = [[0.0] * len(weights) for _ in (GPU, CPU)]  # exponentially weighted mean use
        self.since = [0.0] * len(weights)

    def resize(self, gpu_milli: int, cpu_milli: int) -> None:
        """What stands has changed."""
        self.capacity = [float(max(gpu_milli, 1)), float(max(cpu_milli, 1))]

    def settle(self, tenant: int, now: float) -> None:
        """Let the past decay up to now for a tenant and its city, under the use they have now."""
        if self.half_life == 0.0:
            return
        for node in self.quotas.path[tenant][:2]:
            elapsed = now - self.since[node]
            if elapsed > 0:
                keep = math.exp2(-elapsed / self.half_life)
                for r in (GPU, CPU):
                    past = self.mean[r][node]
                    self.mean[r][node] = past * keep + self.quotas.use[r][node] * (1.0 - keep)
                self.since[node] = now

    def share(self, node: int, now: float) -> float:
        """Dominant share of a tenant or city over its weight."""
        gpu: float = self.quotas.use[GPU][node]
        cpu: float = self.quotas.use[CPU][node]
        if self.half_life != 0.0:
            half = 0.5 * math.exp2((self.since[node] - now) / self.half_life)
            gpu = half * self.mean[GPU][node] + (1.0 - half) * gpu
            cpu = half * self.mean[CPU][node] + (1.0 - half) * cpu
        gpu /= self.capacity[GPU]
        cpu /= self.capacity[CPU]
        return (max(cpu, gpu)) / self.weights[node]

    def rank(self, tenant: int, now: float) -> tuple[float, float]:
        """Share of its city, then its own: the lowest goes first."""
        return self.share(self.quotas.path[tenant][1], now), self.share(tenant, now)

    def present(self, tenant: int) -> float:
        """Dominant share of what is held now over the weight, whatever the past."""
        use, capacity = self.quotas.use, self.capacity
        return max(use[GPU][tenant] / capacity[GPU], use[CPU][tenant] / capacity[CPU]) / self.weights[tenant]
