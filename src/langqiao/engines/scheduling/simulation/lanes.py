"""Waiting jobs in lanes (排队): one lane holds the jobs of a tenant that are alike, in order.

Only the head of a lane is ever looked at, and only after something changed that it waits for: a lane waits
for room (of its group of tasks), for a quota (at a node of the quota tree), or behind another job of its
tenant.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from .quota import QuotaTree

Entry = tuple[float, float, int]
"""(−priority, submitted or estimate, job): the order inside a lane and among equals."""

NOWHERE = (-1, 0, 0)


class Lanes:
    """Lanes by number, as they appear; ``ready`` are those that the next pass looks at, in that order."""

    def __init__(self, tenants: int, quotas: QuotaTree) -> None:
        self.quotas = quotas
        self.number: dict[tuple[int, ...], int] = {}
        self.queue: list[list[Entry]] = []
        self.tenant: list[int] = []
        self.of_tenant: list[list[int]] = [[] for _ in range(tenants)]
        self.ready: dict[int, None] = {}
        self.for_room: dict[int, dict[int, None]] = {}
        self.for_quota: list[list[list[tuple[int, int]]]] = [
            [[] for _ in range(quotas.root + 1)] for _ in quotas.use
        ]
        self.waits_at: list[tuple[int, int, int]] = []
        self.holder: list[tuple[int, Entry] | None] = [None] * tenants
        self.wanting: dict[int, None] = {}
        self.waiting = 0
        self.backlog = [0] * tenants

    def lane_of(self, key: tuple[int, ...]) -> int:
        """Number of the lane of ``key`` (tenant first)."""
        lane = self.number.get(key)
        if lane is None:
            lane = self.number[key] = len(self.queue)
            self.queue.append([])
            self.tenant.append(key[0])
            self.of_tenant[key[0]].append(lane)
            self.waits_at.append(NOWHERE)
        return lane

    def push(self, key: tuple[int, ...], entry: Entry) -> int:
        """Queue a job in the lane of ``key``; its number. A new head makes it ready."""
        lane = self.lane_of(key)
        queue = self.queue[lane]
        heappush(queue, entry)
        self.waiting += 1
        self.backlog[key[0]] += 1
        if queue[0] is entry:
            self.ready[lane] = None
        return lane

    def pop(self, lane: int) -> None:
        """The head of a lane has been served."""
        heappop(self.queue[lane])
        self.waiting -= 1
        self.backlog[self.tenant[lane]] -= 1

    def wait_for_room(self, lane: int, group: int) -> None:
        """The head found no place."""
        self.for_room.setdefault(group, {})[lane] = None

    def wake_group(self, group: int) -> None:
        """There may be room for a group."""
        lanes = self.for_room.pop(group, None)
        if lanes:
            self.ready.update(lanes)

    def wait_for_quota(self, lane: int, node: int, resource: int, amount: int) -> None:
        """The head does not fit into a quota: it waits until ``amount`` is left there."""
        at = (node, resource, amount)
        if self.waits_at[lane] != at:
            self.waits_at[lane] = at
            heappush(self.for_quota[resource][node], (amount, lane))

    def wake_quota(self, nodes: Iterable[int]) -> None:
        """Less is used at these nodes of the quota tree: whoever waits there and fits now."""
        quotas = self.quotas
        for resource, heaps in enumerate(self.for_quota):
            for node in nodes:
                heap = heaps[node]
                if not heap:
                    continue
                left = quotas.limit[resource][node] - quotas.use[resource][node] - quotas.kept[resource][node]
                while heap and heap[0][0] <= left:
                    amount, lane = heappop(heap)
                    if self.waits_at[lane] == (node, resource, amount):
                        self.waits_at[lane] = NOWHERE
                        self._free(lane)

    def _free(self, lane: int) -> None:
        self.ready[lane] = None
        tenant = self.tenant[lane]
        held = self.holder[tenant]
        if held is not None and held[0] == lane:
            self.release(tenant)

    def hold_back(self, lane: int, entry: Entry) -> None:
        """The head waits for quota, and the later jobs of its tenant wait behind it."""
        self.holder[self.tenant[lane]] = (lane, entry)

    def release(self, tenant: int) -> None:
        """Nobody of this tenant is held back any more."""
        self.holder[tenant] = None
        for lane in self.of_tenant[tenant]:
            if self.queue[lane]:
                self.ready[lane] = None
