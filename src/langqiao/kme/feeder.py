"""Takes the blocks of every source into the store, and throws away what has grown too old."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from langqiao.kme.config import Config
from langqiao.kme.errors import KmeError, Refusal
from langqiao.kme.metrics import Metrics
from langqiao.kme.relay.forward import void_units
from langqiao.kme.sources import BLOCK_BYTES, BLOCK_UNITS, Block, KeySource, make_source
from langqiao.kme.store import IN, OUT, Store, Transaction

log = logging.getLogger("langqiao.kme")

PERIOD: Final = 0.2
BLOCKS_AT_ONCE: Final = 4
"""Blocks that one operation stores: a group commit that takes longer would make requests wait."""
FRESH_WAIT: Final = 5.0
AGE_PERIOD: Final = 30.0
HOLDER_FACTOR: Final = 2
HOLDER_SLACK: Final = 65_536
"""Units the holder keeps beyond that: what the issuer had no room for, until its notice arrives."""


class Feeder:
    """The sources of one KME.

    Raises:
        KmeError: a source refuses its options.
    """

    def __init__(self, config: Config, store: Store, metrics: Metrics) -> None:
        self._config = config
        self._store = store
        self._metrics = metrics
        self._sources: dict[str, KeySource] = {
            settings.peer: make_source(config, settings) for settings in config.sources
        }
        self._locks = {peer: asyncio.Lock() for peer in self._sources}

    async def run(self) -> None:
        """Poll every source until cancelled."""
        await asyncio.gather(self._age(), *(self._follow(peer) for peer in self._sources))

    async def _follow(self, peer: str) -> None:
        while True:
            more = await self.poll(peer)
            await asyncio.sleep(0 if more else PERIOD)

    async def poll(self, peer: str) -> bool:
        """Take over what one source has now; say whether there is more. A fault is noted, not raised."""
        async with self._locks[peer]:
            try:
                row = await self._store.run(
                    lambda t: t.db.execute("SELECT cursor, skip FROM source WHERE peer=?", (peer,)).fetchone()
                )
                before, skip = row or ("", 0)
                blocks, cursor = await asyncio.to_thread(self._sources[peer].poll, before, BLOCKS_AT_ONCE)
                if cursor == before:
                    if skip:
                        await self._store.run(lambda t: _end_skip(t, peer))
                    return False
                await self._store.run(lambda t: self._take_over(t, peer, blocks, cursor, skip=skip))
            except (KmeError, Refusal, OSError) as error:
                if self._metrics.faults.get(f"source {peer}") != str(error):
                    log.warning("source peer=%s fault=%s", peer, error)
                self._metrics.faults[f"source {peer}"] = str(error)
                return False
            self._metrics.faults.pop(f"source {peer}", None)
            return len(blocks) >= BLOCKS_AT_ONCE

    async def fresh(self, peer: str, serial: int) -> None:
        """Poll until the source has given the unit ``serial``, for a few seconds at most."""
        if peer not in self._sources:
            return
        pool, loop = self._store.pools[peer, IN], asyncio.get_running_loop()
        until = loop.time() + FRESH_WAIT
        while pool.next <= serial and loop.time() < until:
            if not await self.poll(peer):
                await asyncio.sleep(0.02)

    def _take_over(
        self, transaction: Transaction, peer: str, blocks: list[Block], cursor: str, *, skip: int
    ) -> None:
        """Store blocks with their cursor; those that find no room, or may have been issued, are discarded."""
        stored = discarded = 0
        for block in blocks:
            if len(block.material) != BLOCK_BYTES or block.number < 0:
                raise KmeError("the source gave a block of the wrong length", kind="source")
            first = min(self._config.id, peer) == self._config.id
            issues = (block.number % 2 == 0) == first
            pool = transaction.pool(peer, OUT if issues else IN)
            start = block.number * BLOCK_UNITS
            if start < pool.next:
                raise KmeError("the source gave a block twice", kind="source")
            most = self._config.keys.max_key_count
            room = most if issues else HOLDER_FACTOR * most + HOLDER_SLACK
            transaction.change(pool)
            pool.next = start + BLOCK_UNITS
            if skip or pool.stored + BLOCK_UNITS > room:
                pool.received += BLOCK_UNITS
                pool.discarded += BLOCK_UNITS
                discarded += BLOCK_UNITS
                if issues:
                    void_units(transaction, peer, start, start + BLOCK_UNITS)
            else:
                transaction.put(pool, start, block.material)
                stored += BLOCK_UNITS
        transaction.db.execute("INSERT OR REPLACE INTO source VALUES (?,?,?)", (peer, cursor, skip))
        if blocks:
            facts = {"peer": peer, "blocks": len(blocks), "units": stored, "discarded": discarded}
            transaction.audit("kme", "receive", facts)

    async def _age(self) -> None:
        while True:
            try:
                await self._store.run(self._expire)
            except (KmeError, Refusal) as error:
                log.warning("expiry fault=%s", error)
            await asyncio.sleep(AGE_PERIOD)

    def _expire(self, transaction: Transaction) -> None:
        """Throw away what is older than ``max_key_age``; the holder keeps it a little longer than the
        issuer.
        """
        limit = int(self._config.max_key_age * 1000)
        gone = 0
        for pool in self._store.pools.values():
            oldest = transaction.at - limit * (1 if pool.direction == OUT else HOLDER_FACTOR)
            gone += transaction.expire(pool, oldest)
        shared = transaction.db.execute(
            "DELETE FROM assigned WHERE born<?", (transaction.at - HOLDER_FACTOR * limit,)
        ).rowcount
        transaction.db.execute("DELETE FROM seen WHERE until<?", (transaction.at,))
        transaction.db.execute("DELETE FROM usage WHERE day<?", (transaction.at // 86_400_000 - 7,))
        if gone or shared:
            transaction.audit("kme", "expire", {"units": gone, "shared": shared})


def _end_skip(transaction: Transaction, peer: str) -> None:
    transaction.db.execute("UPDATE source SET skip=0 WHERE peer=?", (peer,))
