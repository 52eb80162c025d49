"""The relay's work in the background: fill relay pools, send the outbox, give up what has expired.

Everything that is under way stands in the store, so that a KME that was killed goes on where it was:
messages are sent again until they are acknowledged or expire, and a receiver takes none in twice.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import aiohttp

from langqiao.kme.config import Config
from langqiao.kme.errors import KmeError, Refusal, unavailable
from langqiao.kme.metrics import Metrics
from langqiao.kme.relay import forward
from langqiao.kme.relay.container import RELAYED, VOID_PATH, VOIDED, Cargo, Hop, Notice
from langqiao.kme.store import OUT, RELAY, Pool, Store, Transaction
from langqiao.kme.tls import client_context

log = logging.getLogger("langqiao.kme")

PERIOD: Final = 0.1
FILL_PERIOD: Final = 0.5
PAUSE: Final = 1.0
SEND_SECONDS: Final = 5.0
AT_ONCE: Final = 32
Row = tuple[str, str, str, str, str]


class Relay:
    """The relay of one KME.

    Raises:
        KmeError: a certificate cannot be used.
    """

    def __init__(self, config: Config, store: Store, metrics: Metrics) -> None:
        self._config = config
        self._store = store
        self._metrics = metrics
        self._context = client_context(
            config.certificate, config.private_key, config.authority, minimum=config.tls_minimum
        )
        self._wake = asyncio.Event()
        self._pause: dict[str, float] = {}
        self._acks: dict[str, asyncio.Future[str]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        connector = aiohttp.TCPConnector(ssl=self._context, limit_per_host=4)
        timeout = aiohttp.ClientTimeout(total=SEND_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                await asyncio.gather(self._send_all(session), self._fill_all())
            finally:
                await connector.close(abort_ssl=True)
                await asyncio.sleep(0)

    def wake(self) -> None:
        """Look at the outbox at once."""
        self._wake.set()

    async def share(
        self, master: str, away: Mapping[str, Sequence[str]], keys: Sequence[tuple[str, bytes]]
    ) -> None:
        """Bring the same keys to the KMEs of several slaves; return when all have acknowledged.

        Raises:
            Refusal: 503, a KME cannot be reached in time; what has arrived elsewhere is voided.
        """
        expires = int((time.time() + self._config.relay.multicast_timeout) * 1000)
        cargoes = [
            self._cargo(home, keys, expires, master=master, slaves=slaves) for home, slaves in away.items()
        ]
        waits = {cargo.id: asyncio.get_running_loop().create_future() for cargo in cargoes}
        self._acks.update(waits)
        try:
            await self._store.run(lambda t: self._dispatch_shared(t, cargoes))
            self.wake()
            async with asyncio.timeout(self._config.relay.multicast_timeout):
                states = await asyncio.gather(*waits.values())
        except TimeoutError:
            states = [VOIDED]
        finally:
            for message in waits:
                self._acks.pop(message, None)
        if set(states) != {RELAYED}:
            await self._store.run(lambda t: self._void_shared(t, cargoes))
            self.wake()
            raise unavailable("the KME of a slave SAE did not answer in time", retry_after=5)

    def _dispatch_shared(self, transaction: Transaction, cargoes: Sequence[Cargo]) -> None:
        for cargo in cargoes:
            forward.dispatch(transaction, self._config, cargo, forward.ORIGIN)

    def _void_shared(self, transaction: Transaction, cargoes: Sequence[Cargo]) -> None:
        for cargo in cargoes:
            transaction.db.execute("DELETE FROM message WHERE id=?", (cargo.id,))
            ids = tuple(key_id for key_id, _ in cargo.keys)
            notice = Notice(cargo.id, VOIDED, key_ids=ids)
            forward.notify(transaction, cargo.target, VOID_PATH, notice)

    def _cargo(
        self,
        target: str,
        keys: Sequence[tuple[str, bytes]],
        expires: int,
        *,
        master: str = "",
        slaves: Sequence[str] = (),
    ) -> Cargo:
        route = self._route(target)
        if route is None:
            raise unavailable("no route to the KME of a slave SAE", retry_after=30)
        return Cargo(
            id=str(uuid.uuid4()),
            kind="shared" if slaves else "pool",
            source=self._config.id,
            target=target,
            route=route,
            expires=expires,
            serial=0,
            master=master,
            slaves=tuple(slaves),
            keys=tuple(keys),
        )

    def _route(self, target: str) -> tuple[str, ...] | None:
        """Return a route that avoids neighbours which do not answer, where there is one."""
        directory = self._config.directory
        down = frozenset(self._pause)
        return directory.route(self._config.id, target, without=down) or directory.route(
            self._config.id, target
        )

    async def receive(self, sender: str, hop: Hop, callback: str) -> None:
        """Take in a hop that arrived.

        Raises:
            Refusal: 400 or 503 (:func:`forward.take_in`).
        """
        await self._store.run(lambda t: forward.take_in(t, self._config, sender, hop, callback))
        self.wake()

    async def acknowledge(self, target: str, notice: Notice) -> None:
        """Take an acknowledgement."""
        status = await self._store.run(lambda t: forward.acknowledged(t, target, notice))
        waiter = self._acks.get(notice.id)
        if status and waiter is not None and not waiter.done():
            waiter.set_result(status)

    async def void(self, source: str, notice: Notice) -> None:
        """Take a void."""
        await self._store.run(lambda t: forward.voided(t, source, notice))

    async def _fill_all(self) -> None:
        while True:
            for pool in list(self._store.pools.values()):
                if pool.direction == OUT and pool.kind == RELAY:
                    try:
                        await self._fill(pool)
                    except Refusal as short:
                        self._metrics.short[pool.peer] = str(short)
                    except KmeError as error:
                        self._fault(f"relay {pool.peer}", str(error))
                    else:
                        self._metrics.short.pop(pool.peer, None)
            await asyncio.sleep(FILL_PERIOD)

    async def _fill(self, pool: Pool) -> None:
        """Send one block towards a relay pool that has fallen below its low-water mark."""
        settings = self._config.relay
        if pool.stored >= settings.low_water:
            return
        route = self._route(pool.peer)
        if route is None or route[1] in self._pause:
            raise unavailable(f"no way to {pool.peer} answers")
        material = os.urandom(32 * settings.block)
        key = (str(uuid.uuid4()), material)
        expires = int((time.time() + settings.expires) * 1000)
        cargo = self._cargo(pool.peer, [key], expires)
        await self._store.run(lambda t: self._dispatch_block(t, cargo))
        self.wake()

    def _dispatch_block(self, transaction: Transaction, cargo: Cargo) -> None:
        pool = transaction.pool(cargo.target, OUT)
        numbered = forward.numbered(cargo, pool.next)
        material = numbered.keys[0][1]
        units = len(material) // 32
        transaction.put(pool, pool.next, material, ready=False)
        pool.next += units
        forward.dispatch(transaction, self._config, numbered, forward.ORIGIN, pool=pool.id, units=units)

    async def _send_all(self, session: aiohttp.ClientSession) -> None:
        while True:
            self._wake.clear()
            now = time.time()
            self._pause = {peer: until for peer, until in self._pause.items() if until > now}
            try:
                rows = await self._store.run(_unsent)
                await self._give_up_expired(int(now * 1000))
            except (KmeError, Refusal) as error:
                self._fault("outbox", str(error))
                rows = []
            else:
                self._metrics.faults.pop("outbox", None)
            ready = [row for row in rows if row[2] not in self._pause]
            if ready:
                await asyncio.gather(*(self._send(session, row) for row in ready[:AT_ONCE]))
                if len(ready) > AT_ONCE:
                    continue
            try:
                async with asyncio.timeout(PERIOD):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _give_up_expired(self, now: int) -> None:
        expired = await self._store.run(
            lambda t: t.db.execute(
                "SELECT id, role, body FROM message WHERE expires<? LIMIT 64", (now,)
            ).fetchall()
        )
        for message, role, body in expired:
            await self._store.run(partial(_give_up, message=message, role=role, body=body))

    async def _send(self, session: aiohttp.ClientSession, row: Row) -> None:
        message, role, to, path, body = row
        url = self._config.directory.kmes[to].url + path
        headers = {"Content-Type": "application/json"}
        try:
            async with session.post(url, data=body.encode(), headers=headers) as response:
                status = response.status
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._fault(f"peer {to}", type(error).__name__)
            self._pause[to] = time.time() + PAUSE
            return
        self._metrics.faults.pop(f"peer {to}", None)
        try:
            if status in (200, 202):
                await self._store.run(lambda t: _sent(t, message, role, body))
            elif status in (400, 401):
                log.warning("relay message=%s peer=%s refused=%d", message, to, status)
                await self._store.run(lambda t: forward.give_up(t, role, message, body))
            else:
                await asyncio.sleep(PERIOD)
        except (KmeError, Refusal) as error:
            self._fault("outbox", str(error))

    def _fault(self, name: str, text: str) -> None:
        if self._metrics.faults.get(name) != text:
            log.warning("%s fault=%s", name, text)
        self._metrics.faults[name] = text


def _give_up(transaction: Transaction, *, message: str, role: str, body: str) -> None:
    forward.give_up(transaction, role, message, body)


def _unsent(transaction: Transaction) -> list[Row]:
    return transaction.db.execute(
        "SELECT id, role, next, path, body FROM message WHERE sent=0 ORDER BY expires LIMIT 256"
    ).fetchall()


def _sent(transaction: Transaction, message: str, role: str, body: str) -> None:
    """Take a message that arrived out of the outbox; a notice that has grown meanwhile stays."""
    if role == forward.ORIGIN:
        transaction.db.execute("UPDATE message SET sent=1 WHERE id=?", (message,))
    else:
        transaction.db.execute("DELETE FROM message WHERE id=? AND body=?", (message, body))
