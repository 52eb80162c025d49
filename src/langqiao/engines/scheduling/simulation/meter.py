"""Meters: integrals of what is held, over time (用量计量), exact between changes."""

from __future__ import annotations

from collections.abc import Sequence

from langqiao.engines.scheduling.types import WHOLE, Node

from .options import Options
from .quota import CPU, GPU, QuotaTree
from .shares import FairShare

HOUR = 3600.0


class Meter:
    """Call ``settle`` for a tenant before its use changes and ``advance`` before nodes or power change."""

    def __init__(self, tenants: int, quotas: QuotaTree, shares: FairShare, options: Options) -> None:
        self.quotas, self.shares, self.options = quotas, shares, options
        self.gpu = [0.0] * tenants  # thousandths × seconds
        self.cpu = [0.0] * tenants
        self.borrowed = [0.0] * tenants
        self.dominant = [0.0] * tenants  # share × seconds
        self.preempted = [0] * tenants
        self.since = [0.0] * tenants
        self.capacity = 0.0
        self.standing = 0
        self.metered = bool(options.power)
        self.slope: list[float] = []  # kW for each thousandth of a GPU (or core, on nodes without)
        self.idle: list[float] = []
        self.power = 0.0
        self.energy = 0.0  # kW × seconds at the nodes
        self.at = 0.0

    def enlist(self, nodes: Sequence[Node]) -> None:
        """Nodes come on line; they draw idle power from now on."""
        for node in nodes:
            power = self.options.power.get(node.model if node.gpus else "")
            if power is None:
                self.metered = False
                continue
            units = node.gpus * WHOLE or node.cpu_milli
            self.slope.append((power.full - power.idle) / units if units else 0.0)
            self.idle.append(power.idle)
            self.power += power.idle

    def advance(self, now: float) -> None:
        """Integrate capacity and power up to now."""
        elapsed = now - self.at
        self.capacity += self.standing * elapsed
        self.energy += self.power * elapsed
        self.at = now

    def settle(self, tenant: int, now: float) -> None:
        """Integrate a tenant's use up to now."""
        elapsed = now - self.since[tenant]
        if elapsed <= 0.0:
            return
        self.since[tenant] = now
        use, nominal, capacity = self.quotas.use, self.quotas.nominal, self.shares.capacity
        gpu, cpu = use[GPU][tenant], use[CPU][tenant]
        if gpu or cpu:
            self.gpu[tenant] += gpu * elapsed
            self.cpu[tenant] += cpu * elapsed
            over = gpu - nominal[GPU][tenant]
            if over > 0:
                self.borrowed[tenant] += over * elapsed
            self.dominant[tenant] += max(gpu / capacity[GPU], cpu / capacity[CPU]) * elapsed

    def work(self, node: int, units: int, now: float, *, stop: bool = False) -> None:
        """A part starts (or stops) that holds thousandths of GPUs, or of cores on a node without GPUs."""
        self.advance(now)
        self.power += (-1 if stop else 1) * self.slope[node] * units

    def switch(self, node: int, now: float, *, on: bool) -> None:
        """A node goes down or comes back."""
        self.advance(now)
        if self.metered:
            self.power += self.idle[node] if on else -self.idle[node]

    def kwh(self) -> float | None:
        """Energy with everything that PUE adds; None where some node's power is unknown."""
        return self.energy * self.options.pue / HOUR if self.metered else None
