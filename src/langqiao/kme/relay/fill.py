"""Keeps relay pools (中继密钥池) full: to the low-water mark always, to what was refused for some minutes.

Pads are dear: few blocks are under way at once, a single one where the last did not arrive, and a block that
is overdue is made up for after a time that doubles with every such block.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from langqiao.kme.config import UNIT_BITS, Config
from langqiao.kme.errors import KmeError, Refusal, unavailable
from langqiao.kme.metrics import Metrics
from langqiao.kme.relay import forward
from langqiao.kme.relay.container import Cargo
from langqiao.kme.store import OUT, RELAY, Pool, Store, Transaction

if TYPE_CHECKING:
    from langqiao.kme.relay.relay import Relay

FILL_PERIOD: Final = 0.5
AT_ONCE: Final = 2
"""Blocks that may be under way to a KME."""
OVERDUE: Final = 10.0
"""Seconds after which a block without acknowledgement counts no longer as stored."""
STUCK: Final = 30.0
"""Seconds below the low-water mark without any acknowledgement after which that is a fault."""
DEMAND_SECONDS: Final = 300.0
LONGEST_WAIT: Final = 3600
Blocks = Sequence[tuple[int, float]]
"""Blocks under way to one KME: units and age in seconds."""


class Filler:
    """Fills the relay pools of one KME."""

    def __init__(self, config: Config, store: Store, metrics: Metrics, relay: Relay) -> None:
        self._config = config
        self._store = store
        self._metrics = metrics
        self._relay = relay
        self._demand: dict[str, dict[int, tuple[int, float]]] = {}
        self._arrived: dict[str, float] = {}
        self._patience: dict[str, float] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        started = time.monotonic()
        while True:
            try:
                under_way = await self._store.run(self._under_way)
            except (KmeError, Refusal) as error:
                self._relay.fault("outbox", str(error))
            else:
                for pool in list(self._store.pools.values()):
                    if pool.direction == OUT and pool.kind == RELAY:
                        await self._look_after(pool, under_way.get(pool.id, ()), started)
            await asyncio.sleep(FILL_PERIOD)

    def arrived(self, peer: str) -> None:
        """Note that a KME has acknowledged keys."""
        self._arrived[peer] = time.monotonic()

    def want(self, pool: Pool, number: int, units: int) -> int:
        """Note that ``number`` keys of ``units`` each were refused, and fill the pool until they are there.

        Returns:
            Seconds until then, 1 to 3,600: of pacing, of making pads that are missing, or until the way to
            the KME is tried again.
        """
        now = time.monotonic()
        wanted = self._demand.setdefault(pool.peer, {})
        before, until = wanted.get(units, (0, 0.0))
        wanted[units] = (max(number, before) if until > now else number, now + DEMAND_SECONDS)
        try:
            route = self._relay.route(pool.peer)
        except Refusal as none:
            return none.retry_after
        size = self._block(pool.peer, now)
        blocks = math.ceil((number - _whole(pool, units)) / (size // units))
        seconds = 1 + blocks * FILL_PERIOD
        lacking = blocks * (size + 1) - self._store.pools[route[1], OUT].available
        if lacking > 0:
            rate = self._config.directory.slowest(route) / 2
            seconds += lacking * UNIT_BITS / rate if rate else LONGEST_WAIT
        return min(LONGEST_WAIT, math.ceil(max(seconds, self._patience.get(pool.peer, now) - now)))

    async def _look_after(self, pool: Pool, blocks: Blocks, started: float) -> None:
        name, peer = f"relay {pool.peer}", pool.peer
        try:
            if units := self._lacks(pool, blocks):
                self._relay.route(peer)
                self._patient(peer, blocks)
                await self._send(peer, units)
        except Refusal as short:
            self._metrics.short[peer] = str(short)
        except KmeError as error:
            self._relay.fault(name, str(error))
            return
        else:
            self._metrics.short.pop(peer, None)
        low = pool.available < min(self._config.relay.low_water, self._config.keys.max_key_count)
        since = time.monotonic() - self._arrived.get(peer, started)
        if low and (since > STUCK or self._relay.doubts(peer)):
            self._relay.fault(name, self._metrics.short.get(peer, "blocks are not acknowledged"))
        else:
            self._metrics.faults.pop(name, None)

    def _lacks(self, pool: Pool, blocks: Blocks) -> int:
        """Return the units of the block to send now, 0 where the pool holds what it shall."""
        now = time.monotonic()
        size = self._block(pool.peer, now)
        fresh = [units for units, age in blocks if age < OVERDUE]
        level = pool.available + sum(fresh)
        if level + size > self._config.keys.max_key_count:
            return 0
        if level < self._config.relay.low_water:
            return size
        for units, (number, until) in self._demand.get(pool.peer, {}).items():
            coming = sum(block // units for block in fresh)
            if until > now and not pool.fits(number - coming, units):
                return size
        return 0

    def _block(self, peer: str, now: float) -> int:
        """Return the units of a block: as configured, or as the largest key needs that was refused lately."""
        wanted = [units for units, (_, until) in self._demand.get(peer, {}).items() if until > now]
        return max([self._config.relay.block, *wanted])

    def _patient(self, peer: str, blocks: Blocks) -> None:
        """See that it is time for another block, where blocks are under way.

        Raises:
            Refusal: 503, it is not; the last ones are overdue, or have to tell first whether the way is open.
        """
        quiet = time.monotonic() - self._arrived.get(peer, -math.inf)
        overdue = sum(OVERDUE <= age < quiet for _, age in blocks)
        wait = OVERDUE * 2 ** (overdue - 1) - min(age for _, age in blocks) if overdue else 0.0
        self._patience[peer] = time.monotonic() + wait
        if wait > 0:
            raise unavailable(f"{peer} does not acknowledge blocks")
        fresh = sum(age < OVERDUE for _, age in blocks)
        if fresh >= AT_ONCE or (blocks and self._relay.doubts(peer)):
            raise unavailable(f"blocks are under way to {peer}")

    async def _send(self, peer: str, units: int) -> None:
        key = (str(uuid.uuid4()), os.urandom(32 * units))
        expires = int((time.time() + self._config.relay.expires) * 1000)
        cargo = self._relay.cargo(peer, [key], expires)
        await self._store.run(lambda t: self._dispatch(t, cargo))
        self._relay.wake()

    def _dispatch(self, transaction: Transaction, cargo: Cargo) -> None:
        pool = transaction.pool(cargo.target, OUT)
        numbered = forward.numbered(cargo, pool.next)
        material = numbered.keys[0][1]
        units = len(material) // 32
        transaction.put(pool, pool.next, material, ready=False)
        pool.next += units
        forward.dispatch(transaction, self._config, numbered, forward.ORIGIN, pool=pool.id, units=units)

    def _under_way(self, transaction: Transaction) -> Mapping[int, Blocks]:
        found: dict[int, list[tuple[int, float]]] = {}
        rows = transaction.db.execute(
            "SELECT pool, units, expires FROM message WHERE role=? AND units>0", (forward.ORIGIN,)
        )
        for pool, units, expires in rows:
            age = (transaction.at - expires) / 1000 + self._config.relay.expires
            found.setdefault(pool, []).append((units, age))
        return found


def _whole(pool: Pool, units: int) -> int:
    """Return how many keys of ``units`` each the pool holds."""
    return sum((run.stop - run.start) // units for run in pool.runs)
