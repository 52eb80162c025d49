"""The relay's work in the background: send the outbox, give up what has expired or cannot go on.

Everything that is under way stands in the store, so that a KME that was killed goes on where it was:
messages are sent again until they are acknowledged or expire, and a receiver takes none in twice.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import aiohttp

from langqiao.kme.config import Config
from langqiao.kme.errors import KmeError, Refusal, unavailable
from langqiao.kme.metrics import Metrics
from langqiao.kme.relay import forward
from langqiao.kme.relay.container import RELAYED, VERSIONS_PATH, VOID_PATH, VOIDED, Cargo, Hop, Notice
from langqiao.kme.relay.fill import Filler
from langqiao.kme.relay.reach import Reach
from langqiao.kme.store import Pool, Store, Transaction
from langqiao.kme.tls import client_context

log = logging.getLogger("langqiao.kme")

PERIOD: Final = 0.1
PAUSE: Final = 1.0
REACH_SECONDS: Final = 3.0
"""Seconds without any answer after which what is for a KME is given back."""
SILENCE_ENDS: Final = 10.0
"""Seconds without an attempt after which an earlier failure says nothing any more."""
UNREACHABLE: Final = "unreachable "
SEND_SECONDS: Final = 5.0
AT_ONCE: Final = 32
CONNECTIONS: Final = 4
"""To one KME, for messages; one more asks whether it answers."""
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Shared:
    """Keys that several KMEs have acknowledged, and the cargoes that brought them."""

    keys: list[tuple[str, bytes]] = field(repr=False)
    cargoes: tuple[Cargo, ...]


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
        self._busy: set[str] = set()
        self._trying: set[str] = set()
        self._silent: dict[str, tuple[float, float]] = {}
        self._reach = Reach()
        self._near = frozenset(config.directory.neighbours(config.id))
        self._acks: dict[str, asyncio.Future[str]] = {}
        self._withdrawn: deque[Sequence[Cargo]] = deque()
        self._filler = Filler(config, store, metrics, self)

    async def run(self) -> None:
        """Work until cancelled."""
        connector = aiohttp.TCPConnector(ssl=self._context, limit_per_host=CONNECTIONS + 1)
        timeout = aiohttp.ClientTimeout(total=SEND_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                await asyncio.gather(self._send_all(session), self._ask_all(session), self._filler.run())
            finally:
                await connector.close(abort_ssl=True)
                await asyncio.sleep(0)

    def wake(self) -> None:
        """Look at the outbox at once."""
        self._wake.set()

    async def share(self, master: str, away: Mapping[str, Sequence[str]], number: int, length: int) -> Shared:
        """Bring ``number`` new keys of ``length`` bytes to the KMEs of several slaves.

        Returns when all have acknowledged. Where a KME on the way does not answer, new keys go another way.

        Raises:
            Refusal: 503, a KME cannot be reached in time; what has arrived elsewhere is voided.
        """
        until = time.time() + self._config.relay.multicast_timeout
        tried: list[tuple[str, ...]] = []
        while True:
            keys = [(str(uuid.uuid4()), os.urandom(length)) for _ in range(number)]
            cargoes = tuple(
                self.cargo(home, keys, int(until * 1000), master=master, slaves=slaves)
                for home, slaves in away.items()
            )
            routes = [cargo.route for cargo in cargoes]
            if routes == tried or time.time() >= until:
                raise unavailable("the keys could not be brought to the KME of a slave SAE", retry_after=5)
            if await self._bring(cargoes, until):
                return Shared(keys, cargoes)
            tried = routes

    async def _bring(self, cargoes: Sequence[Cargo], until: float) -> bool:
        """Send cargoes and say whether all were acknowledged; if not, or if not in time, they are voided.

        Raises:
            Refusal: 503, no answer in time, or too few link keys.
        """
        waits = {cargo.id: asyncio.get_running_loop().create_future() for cargo in cargoes}
        self._acks.update(waits)
        arrived = False
        try:
            await self._store.run(lambda t: self._dispatch_shared(t, cargoes))
            self.wake()
            async with asyncio.timeout(until - time.time()):
                for state in asyncio.as_completed(waits.values()):
                    if await state != RELAYED:
                        return False
            arrived = True
        except TimeoutError:
            raise unavailable("the KME of a slave SAE did not answer in time", retry_after=5) from None
        finally:
            for message in waits:
                self._acks.pop(message, None)
            if not arrived:
                self.withdraw(cargoes)
        return True

    def withdraw(self, cargoes: Sequence[Cargo]) -> None:
        """Void shared keys wherever they are, as soon as the store can write."""
        self._withdrawn.append(cargoes)
        self.wake()

    def _dispatch_shared(self, transaction: Transaction, cargoes: Sequence[Cargo]) -> None:
        for cargo in cargoes:
            forward.dispatch(transaction, self._config, cargo, forward.ORIGIN)

    async def _void_withdrawn(self) -> None:
        while self._withdrawn:
            await self._store.run(partial(_void_shared, cargoes=self._withdrawn[0]))
            self._withdrawn.popleft()

    def cargo(
        self,
        target: str,
        keys: Sequence[tuple[str, bytes]],
        expires: int,
        *,
        master: str = "",
        slaves: Sequence[str] = (),
    ) -> Cargo:
        """Return a new cargo for a KME, with its route.

        Raises:
            Refusal: 503, no route, or none that answers.
        """
        return Cargo(
            id=str(uuid.uuid4()),
            kind="shared" if slaves else "pool",
            source=self._config.id,
            target=target,
            route=self.route(target),
            expires=expires,
            serial=0,
            master=master,
            slaves=tuple(slaves),
            keys=tuple(keys),
        )

    def route(self, target: str) -> tuple[str, ...]:
        """Return a route over KMEs that answer.

        Raises:
            Refusal: 503; there is none, which Retry-After says when to try again.
        """
        directory, now = self._config.directory, time.monotonic()
        plain = directory.route(self._config.id, target)
        if plain is None:
            raise unavailable(f"no route to {target}", retry_after=30)
        avoided = self._reach.avoided(now)
        found = None
        if target not in avoided:
            found = directory.route(
                self._config.id, target, without=avoided | frozenset(self._pause)
            ) or directory.route(self._config.id, target, without=avoided)
        if found is None:
            seconds = self._reach.seconds(avoided.intersection(plain), now)
            raise unavailable(f"no way to {target} answers", retry_after=seconds)
        return found

    def doubts(self, target: str) -> bool:
        """Say whether no way to a KME is open, or the way passes one that was missed the last time."""
        try:
            return self._reach.doubted(self.route(target))
        except Refusal:
            return True

    def want(self, pool: Pool, number: int, units: int) -> int:
        """Note a request that a relay pool could not meet; see :meth:`Filler.want`."""
        return self._filler.want(pool, number, units)

    async def receive(self, sender: str, hop: Hop, callback: str) -> None:
        """Take in a hop that arrived.

        Raises:
            Refusal: 400 or 503 (:func:`forward.take_in`).
        """
        await self._store.run(lambda t: forward.take_in(t, self._config, sender, hop, callback))
        self.wake()

    async def acknowledge(self, sender: str, notice: Notice) -> None:
        """Take an acknowledgement.

        Raises:
            Refusal: 400 (:func:`forward.acknowledged`).
        """
        route = await self._store.run(lambda t: forward.acknowledged(t, sender, notice))
        if route is None:
            return
        if notice.status == RELAYED:
            self._filler.arrived(sender)
            self._reach.passed(route)
        elif notice.unreachable:
            self._missed(notice.unreachable, sender)
        self._settle(notice.id, notice.status)

    def _settle(self, message: str, status: str) -> None:
        waiter = self._acks.get(message)
        if waiter is not None and not waiter.done():
            waiter.set_result(status)

    def _missed(self, kme: str, teller: str) -> None:
        if self._reach.missed(kme, teller, time.monotonic()):
            log.warning("relay peer=%s unreachable for=%s", kme, teller)
            self._show_missed()

    async def void(self, source: str, notice: Notice) -> None:
        """Take a void."""
        await self._store.run(lambda t: forward.voided(t, source, notice))

    async def _send_all(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.TaskGroup() as sending:
            while True:
                self._wake.clear()
                for peer, rows in (await self._ready()).items():
                    self._busy.add(peer)
                    sending.create_task(self._send_to(session, peer, rows))
                try:
                    async with asyncio.timeout(PERIOD):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    async def _ready(self) -> dict[str, list[Row]]:
        """Return what is to be sent now, by KME; one that is slow to answer does not hold up the others."""
        now = time.time()
        self._pause = {peer: until for peer, until in self._pause.items() if until > now}
        try:
            await self._void_withdrawn()
            rows = await self._store.run(_unsent)
            await self._give_up_expired(int(now * 1000))
            for row in rows:
                if row[2] in self._pause or row[2] in self._busy:
                    await self._give_back(row)
        except (KmeError, Refusal) as error:
            self.fault("outbox", str(error))
            return {}
        self._metrics.faults.pop("outbox", None)
        ready: dict[str, list[Row]] = {}
        for row in rows:
            if row[2] not in self._pause and row[2] not in self._busy:
                ready.setdefault(row[2], []).append(row)
        return ready

    async def _give_back(self, row: Row) -> None:
        """Give back what waits for a KME that others have waited for in vain, without a try of its own."""
        if self._lost(row[2]) and row[1] != forward.NOTICE and row[0] not in self._trying:
            await self._drop(row)

    async def _send_to(self, session: aiohttp.ClientSession, peer: str, rows: Sequence[Row]) -> None:
        waiting = deque(rows[:AT_ONCE])
        trying = {row[0] for row in waiting}
        self._trying |= trying

        async def send_on() -> None:
            while waiting and peer not in self._pause:
                await self._send(session, waiting.popleft())

        try:
            await asyncio.gather(*(send_on() for _ in range(CONNECTIONS)))
        finally:
            self._trying -= trying
            self._busy.discard(peer)
            self._wake.set()

    async def _give_up_expired(self, now: int) -> None:
        expired = await self._store.run(
            lambda t: t.db.execute(
                "SELECT id, role, next, path, body FROM message WHERE expires<? LIMIT 64", (now,)
            ).fetchall()
        )
        for message, role, to, path, body in expired:
            await self._drop((message, role, to, path, body))

    async def _send(self, session: aiohttp.ClientSession, row: Row) -> None:
        message, role, to, path, body = row
        url = self._config.directory.kmes[to].url + path
        headers, began = {"Content-Type": "application/json"}, time.monotonic()
        try:
            async with session.post(url, data=body.encode(), headers=headers) as response:
                status = response.status
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.fault(f"peer {to}", type(error).__name__)
            self._pause[to] = time.time() + PAUSE
            await self._unreached(row, began)
            return
        self._answered(to)
        try:
            if status in (200, 202):
                await self._store.run(lambda t: _sent(t, message, role, body))
            elif status in (400, 401):
                log.warning("relay message=%s peer=%s refused=%d", message, to, status)
                await self._drop(row)
            else:
                await asyncio.sleep(PERIOD)
        except (KmeError, Refusal) as error:
            self.fault("outbox", str(error))

    async def _unreached(self, row: Row, began: float) -> None:
        """Give a message back whose next KME has not answered for some seconds: the source finds a way."""
        to, now = row[2], time.monotonic()
        first, last = self._silent.get(to, (began, began))
        if began - last > SILENCE_ENDS:
            first = began
        self._silent[to] = first, now
        if not self._lost(to):
            return
        if to in self._near:
            self._missed(to, self._config.id)
        if row[1] != forward.NOTICE:
            try:
                await self._drop(row)
            except (KmeError, Refusal) as error:
                self.fault("outbox", str(error))

    def _lost(self, peer: str) -> bool:
        """Say whether a KME has not answered for some seconds, and was asked lately."""
        first, last = self._silent.get(peer, (math.inf, -math.inf))
        return last - first >= REACH_SECONDS and time.monotonic() - last < SILENCE_ENDS

    def _answered(self, peer: str) -> None:
        self._metrics.faults.pop(f"peer {peer}", None)
        self._silent.pop(peer, None)
        if peer in self._near:
            self._reach.passed([peer])

    async def _drop(self, row: Row) -> None:
        """Take a message out of the outbox that cannot go on, and tell whom it concerns."""
        message, role, to, _path, body = row
        missed = to if self._lost(to) else ""
        await self._store.run(lambda t: forward.give_up(t, role, message, body, unreachable=missed))
        if role == forward.ORIGIN:
            self._settle(message, VOIDED)

    async def _ask_all(self, session: aiohttp.ClientSession) -> None:
        """Ask the KMEs that were not reached whether they answer again; tell of them on the health page."""
        while True:
            asked = self._reach.to_ask(time.monotonic())
            for peer, answers in zip(
                asked, await asyncio.gather(*(self._ask(session, peer) for peer in asked)), strict=True
            ):
                self._reach.asked(peer, time.monotonic(), answers=answers)
                if answers and peer in self._near:
                    self._answered(peer)
            self._show_missed()
            await asyncio.sleep(PERIOD)

    def _show_missed(self) -> None:
        for name in [name for name in self._metrics.faults if name.startswith(UNREACHABLE)]:
            del self._metrics.faults[name]
        for peer, text in self._reach.faults(time.monotonic()).items():
            self._metrics.faults[UNREACHABLE + peer] = text

    async def _ask(self, session: aiohttp.ClientSession, peer: str) -> bool:
        try:
            async with session.get(self._config.directory.kmes[peer].url + VERSIONS_PATH) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def fault(self, name: str, text: str) -> None:
        """Show a fault on the health page, and log it once."""
        if self._metrics.faults.get(name) != text:
            log.warning("%s fault=%s", name, text)
        self._metrics.faults[name] = text


def _void_shared(transaction: Transaction, *, cargoes: Sequence[Cargo]) -> None:
    for cargo in cargoes:
        transaction.db.execute("DELETE FROM message WHERE id=?", (cargo.id,))
        ids = tuple(key_id for key_id, _ in cargo.keys)
        forward.notify(transaction, cargo.target, VOID_PATH, Notice(cargo.id, VOIDED, key_ids=ids))


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
