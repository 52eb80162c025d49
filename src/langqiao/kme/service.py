"""What the KME does with a request once it knows who asks: status, Get key, Get key with key IDs."""

from __future__ import annotations

import logging
import math
import os
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from langqiao.engines.sm import sm3_hex
from langqiao.kme.config import UNIT_BITS, Config
from langqiao.kme.errors import MANDATORY_UNMET, KmeError, Refusal, bad_request, unauthorised, unavailable
from langqiao.kme.extensions import MAX_AGE, ROUTE, SUPPORTED, Wishes, wishes
from langqiao.kme.ids import Namer, pool_key
from langqiao.kme.limits import Throttle
from langqiao.kme.messages import KeyRequest, not_found
from langqiao.kme.sealing import derive
from langqiao.kme.store import IN, LINK, OUT, RELAY, Delivery, Pool, Store, Transaction

if TYPE_CHECKING:
    from langqiao.kme.relay.relay import Relay

log = logging.getLogger("langqiao.kme")

DAY_MS: Final = 86_400_000
WRONG_SAE: Final = "the key was issued to another SAE"
DEPLETED: Final = "not enough keys are stored"


def pools_of(config: Config) -> dict[str, str]:
    """Return every peer KME with the kind of its pool: ``link`` for neighbours, ``relay`` for the others."""
    near = set(config.directory.neighbours(config.id))
    return {
        peer: LINK if peer in near else RELAY
        for peer in config.directory.kmes
        if peer != config.id and config.directory.route(config.id, peer)
    }


class Service:
    """The KME's decisions. It holds no key longer than an answer takes.

    Args:
        config: the KME.
        store: its open store.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self.config = config
        self.store = store
        self.directory = config.directory
        self.throttle = Throttle(config.limits)
        self.relay: Relay | None = None
        self.fresh: Callable[[str, int], Awaitable[None]] | None = None
        self._namers: dict[tuple[str, str], Namer] = {}
        for peer in pools_of(config):
            secret = config.pair_secret(peer)
            self._namers[peer, OUT] = Namer(derive(secret, f"assignment {config.id} to {peer}"))
            self._namers[peer, IN] = Namer(derive(secret, f"assignment {peer} to {config.id}"))

    def known(self, sae: str, role: str) -> str:
        """Return the KME of an SAE named in a request.

        Raises:
            Refusal: 400, the directory does not name it.
        """
        home = self.directory.saes.get(sae)
        if home is None:
            raise bad_request(f"{role} is not known")
        return home

    def status(self, master: str, slave: str) -> dict[str, Any]:
        """Return the Status object (6.1).

        Raises:
            Refusal: 400, the slave is unknown or the master itself.
        """
        home = self._slaves(master, (slave,))[slave]
        keys = self.config.keys
        pool = self.store.pools.get((home, OUT))
        units = -(-keys.key_size // UNIT_BITS)
        stored = keys.max_key_count if home == self.config.id else pool.available // units if pool else 0
        return {
            "source_KME_ID": self.config.id,
            "target_KME_ID": home,
            "master_SAE_ID": master,
            "slave_SAE_ID": slave,
            "key_size": keys.key_size,
            "stored_key_count": stored,
            "max_key_count": keys.max_key_count,
            "max_key_per_request": keys.max_key_per_request,
            "max_key_size": keys.max_key_size,
            "min_key_size": keys.min_key_size,
            "max_SAE_ID_count": keys.max_sae_id_count,
            "status_extension": {
                "langqiao_extensions": list(SUPPORTED),
                "langqiao_route": list(self.directory.route(self.config.id, home) or ()),
            },
        }

    def _slaves(self, master: str, slaves: Sequence[str]) -> dict[str, str]:
        if len({master, *slaves}) != len(slaves) + 1:
            raise bad_request("the SAEs of a request shall differ from each other and from the master")
        return {slave: self.known(slave, "a slave SAE") for slave in slaves}

    async def get_key(self, master: str, slave: str, request: KeyRequest) -> Delivery:
        """Issue keys to the master (Get key); they are out of the store and audited when this returns.

        Raises:
            Refusal: 400 for what cannot be met, 503 for depletion, quotas and a store that cannot write.
        """
        homes = self._slaves(master, (slave, *request.additional))
        wish = wishes(request)
        self.throttle.keys(master, request.number)
        away = {home for home in homes.values() if home != self.config.id}
        if wish.direct and any(self.directory.link(self.config.id, home) is None for home in away):
            raise bad_request(MANDATORY_UNMET, parameter=ROUTE)
        if len(homes) > 1 or not away:
            return await self._shared(master, homes, request)
        return await self._from_pool(master, slave, homes[slave], request, wish)

    async def _from_pool(
        self, master: str, slave: str, peer: str, request: KeyRequest, wish: Wishes
    ) -> Delivery:
        if (peer, OUT) not in self.store.pools:
            raise unavailable("no route to the KME of the slave SAE", retry_after=60)
        units = -(-request.size // UNIT_BITS)
        length = request.size // 8
        name = self._namers[peer, OUT].name

        def issue(transaction: Transaction) -> Delivery:
            pool = transaction.pool(peer, OUT)
            self._count(transaction, master, request.number)
            oldest = self._oldest(transaction, pool, request, wish)
            taken = transaction.take(pool, request.number, units, oldest)
            pool.delivered += units * len(taken)
            keys = [(name(serial, length, master, slave), material[:length]) for serial, material in taken]
            facts = {"slave": slave, "keys": len(keys), "size": request.size, "ids": _digest(keys)}
            seq = transaction.audit(master, "enc_keys", facts)
            transaction.release(seq, len(keys))
            return Delivery(seq, keys)

        return await self.store.run(issue, checked=not self.config.limits.keys_per_day)

    def _oldest(self, transaction: Transaction, pool: Pool, request: KeyRequest, wish: Wishes) -> int:
        """Return the birth before which no key may be taken, or refuse."""
        units = -(-request.size // UNIT_BITS)
        age_limit = transaction.at - int(self.config.max_key_age * 1000)
        wanted = max(age_limit, transaction.at - wish.max_age) if wish.max_age is not None else age_limit
        if not pool.fits(request.number, units, wanted):
            if wanted > age_limit and pool.fits(request.number, units, age_limit):
                raise bad_request(MANDATORY_UNMET, parameter=MAX_AGE)
            raise unavailable(DEPLETED, retry_after=self._refill_seconds(pool, request.number, units))
        if wish.max_age_optional is not None:
            wish_oldest = transaction.at - wish.max_age_optional
            if wish_oldest > wanted and pool.fits(request.number, units, wish_oldest):
                return wish_oldest
        return wanted

    def _refill_seconds(self, pool: Pool, number: int, units: int) -> int:
        """Return the seconds in which a link or the relay makes the units that are missing, 1 to 3,600."""
        if pool.kind == RELAY and self.relay is not None:
            return self.relay.want(pool, number, units)
        rate = self.directory.slowest(self.directory.route(self.config.id, pool.peer) or ()) / 2
        missing = max(0, number * units - pool.available) * UNIT_BITS
        return min(3600, math.ceil(missing / rate)) if rate else 3600

    def _count(self, transaction: Transaction, sae: str, keys: int) -> int:
        """Count keys against the day's quota (UTC), durably, and return the day."""
        quota, day = self.config.limits.keys_per_day, transaction.at // DAY_MS
        if not quota:
            return day
        used = transaction.db.execute(
            "INSERT INTO usage VALUES (?,?,?)"
            " ON CONFLICT (sae, day) DO UPDATE SET keys = keys + excluded.keys RETURNING keys",
            (sae, day, keys),
        ).fetchone()[0]
        if used > quota:
            seconds = ((day + 1) * DAY_MS - transaction.at) // 1000 + 1
            raise unavailable("the day's quota of keys is used up", retry_after=seconds, keys_per_day=quota)
        return day

    async def _shared(self, master: str, homes: dict[str, str], request: KeyRequest) -> Delivery:
        """Issue fresh random keys to several slaves, or to one at this KME."""
        away: dict[str, list[str]] = {}
        for slave, home in homes.items():
            if home != self.config.id:
                away.setdefault(home, []).append(slave)
        if away:
            return await self._shared_away(master, homes, away, request)
        keys = [(str(uuid.uuid4()), os.urandom(request.size // 8)) for _ in range(request.number)]

        def issue(transaction: Transaction) -> Delivery:
            self._count(transaction, master, request.number)
            return self._issue_shared(transaction, master, homes, keys)

        return await self.store.run(issue)

    async def _shared_away(
        self, master: str, homes: dict[str, str], away: dict[str, list[str]], request: KeyRequest
    ) -> Delivery:
        """Bring keys to other KMEs, then issue them; the quota is reserved before anything is sent."""
        if self.relay is None:
            raise unavailable("this KME does not relay", retry_after=60)
        day = await self.store.run(lambda t: self._count(t, master, request.number))
        try:
            shared = await self.relay.share(master, away, request.number, request.size // 8)
            try:
                return await self.store.run(lambda t: self._issue_shared(t, master, homes, shared.keys))
            except BaseException:
                self.relay.withdraw(shared.cargoes)
                raise
        except (Refusal, KmeError):
            await self._give_back(master, day, request.number)
            raise

    def _issue_shared(
        self, transaction: Transaction, master: str, homes: dict[str, str], keys: list[tuple[str, bytes]]
    ) -> Delivery:
        for slave in (slave for slave, home in homes.items() if home == self.config.id):
            for key_id, material in keys:
                transaction.assign(key_id, master, slave, material)
        facts = {
            "slaves": sorted(homes),
            "keys": len(keys),
            "size": 8 * len(keys[0][1]),
            "ids": _digest(keys),
        }
        seq = transaction.audit(master, "enc_keys", facts)
        transaction.release(seq, len(keys))
        return Delivery(seq, keys)

    async def _give_back(self, sae: str, day: int, keys: int) -> None:
        """Take keys that were not issued off the day's quota; where the store cannot write, they count."""
        if not self.config.limits.keys_per_day:
            return
        try:
            await self.store.run(
                lambda t: t.db.execute(
                    "UPDATE usage SET keys = keys - ? WHERE sae=? AND day=?", (keys, sae, day)
                )
            )
        except Refusal as refusal:
            log.warning("quota sae=%s keys=%d not given back: %s", sae, keys, refusal)

    async def get_by_ids(self, slave: str, master: str, ids: Sequence[uuid.UUID]) -> Delivery:
        """Deliver keys that the master was issued (Get key with key IDs): all of them or none.

        Raises:
            Refusal: 400 where a key is not here, 401 where it was issued to another SAE.
        """
        home = self.known(master, "master_SAE_ID")
        self.throttle.keys(slave, len(ids))
        await self._await_units(home, slave, master, ids)

        def deliver(transaction: Transaction) -> Delivery:
            keys = [(str(key_id), self._one(transaction, home, master, slave, key_id)) for key_id in ids]
            facts = {"master": master, "keys": len(keys), "ids": _digest(keys)}
            seq = transaction.audit(slave, "dec_keys", facts)
            transaction.release(seq, len(keys))
            return Delivery(seq, keys)

        return await self.store.run(deliver)

    async def _await_units(self, home: str, slave: str, master: str, ids: Sequence[uuid.UUID]) -> None:
        """Let a source catch up where a tag proves that the peer issued units not fetched here yet."""
        pool = self.store.pools.get((home, IN))
        if pool is None or self.fresh is None:
            return
        for key_id in ids:
            key = pool_key(key_id)
            if key and key.serial >= pool.next and self._namers[home, IN].fits(key, master, slave):
                await self.fresh(home, key.serial)

    def _one(self, transaction: Transaction, home: str, master: str, slave: str, key_id: uuid.UUID) -> bytes:
        key = pool_key(key_id)
        if key is None:
            found = transaction.claim(str(key_id), master, slave)
            if found is not None:
                return found
            if transaction.assigned(str(key_id)):
                raise unauthorised(WRONG_SAE)
            raise not_found()
        if (home, IN) not in self.store.pools:
            raise not_found()
        pool = transaction.pool(home, IN)
        stop = key.serial + key.units
        if not self._namers[home, IN].fits(key, master, slave):
            if transaction.holds(pool, key.serial, stop):
                raise unauthorised(WRONG_SAE)
            raise not_found()
        pieces = transaction.pull(pool, key.serial, stop)
        if pieces is None:
            raise not_found()
        pool.delivered += len(pieces)
        return b"".join(pieces)[: key.length]


def _digest(keys: Sequence[tuple[str, bytes]]) -> str:
    """Return the SM3 digest of the key identifiers, one a line."""
    return sm3_hex("\n".join(key_id for key_id, _ in keys).encode())
