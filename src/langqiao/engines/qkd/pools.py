"""Key pools (密钥池): key of every link over time, counted in whole bits.

A pool fills at the link's rate up to its storage limit; what is made beyond it is discarded. Fractions of a
bit are carried over exactly, so a pool that runs for a day has made what the rate says to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.lookup import link as find_link
from langqiao.engines.qkd.network.lookup import node as find_node
from langqiao.engines.qkd.routes import widest_shortest
from langqiao.engines.qkd.types import (
    Account,
    DemandPlan,
    LinkKey,
    Moment,
    Network,
    Outage,
    Plan,
    Timeline,
)

Use = Literal["delivered", "relayed"]
STEPS_AT_MOST = 50_000


class Pool:
    """The key that both ends of one link hold.

    Args:
        link: its two ends.
        rate: bits a second while the link works.
        capacity: bits that can be stored.
        stored: bits there at the start; they count as generated.
    """

    def __init__(self, link: LinkKey, *, rate: float, capacity: int, stored: int = 0) -> None:
        if not (math.isfinite(rate) and rate >= 0):
            raise QkdError("a pool's rate is not negative", kind="rate", subjects=link)
        if not 0 <= stored <= capacity:
            raise QkdError("a pool stores from 0 bits to what it can hold", kind="storage", subjects=link)
        self.link = link
        self.capacity = capacity
        self._rate = Fraction(rate)
        self._carry = Fraction(0)
        self._generated = stored
        self._stored = stored
        self._used: dict[Use, int] = {"delivered": 0, "relayed": 0}
        self._discarded = 0

    @property
    def stored(self) -> int:
        """Bits there now."""
        return self._stored

    @property
    def account(self) -> Account:
        """Where every bit went."""
        return Account(
            self._generated, self._stored, self._used["delivered"], self._used["relayed"], self._discarded
        )

    def advance(self, seconds: float | Fraction) -> int:
        """Let the link work for some seconds.

        Returns:
            Bits that were made; those beyond the storage limit are discarded.
        """
        if seconds < 0:
            raise QkdError("time does not run backwards", kind="time", subjects=self.link)
        self._carry += self._rate * Fraction(seconds)
        made = int(self._carry)
        self._carry -= made
        self.deposit(made)
        return made

    def deposit(self, bits: int) -> int:
        """Put bits in; returns how many were kept."""
        if bits < 0:
            raise QkdError("nothing less than 0 bits is put in", kind="storage", subjects=self.link)
        kept = min(bits, self.capacity - self._stored)
        self._generated += bits
        self._stored += kept
        self._discarded += bits - kept
        return kept

    def take(self, bits: int, use: Use) -> None:
        """Use bits up.

        Raises:
            QkdError: there are not so many (kind ``empty``); nothing is taken then.
        """
        if not 0 <= bits <= self._stored:
            raise QkdError(
                f"{'-'.join(self.link)} has {self._stored:,} bits, not {bits:,}",
                kind="empty", subjects=self.link,
            )  # fmt: skip
        self._stored -= bits
        self._used[use] += bits

    def discard(self, bits: int | None = None) -> int:
        """Throw bits away, all of them where no number is given; returns how many."""
        gone = self._stored if bits is None else min(bits, self._stored)
        self._stored -= gone
        self._discarded += gone
        return gone


def simulate(
    network: Network,
    plan: Plan,
    *,
    seconds: float,
    step: float = 60.0,
    storage: int | Mapping[LinkKey, int] = 10**9,
    stored: Mapping[LinkKey, int] | None = None,
    outages: Iterable[Outage] = (),
) -> Timeline:
    """Run a plan through time, with outages (密钥池仿真).

    In every step the links that work make key; then the demands, by priority and in their order, draw what
    the plan gives them over its routes. What a route cannot carry, because a node is dead or a pool is empty,
    is drawn over the widest of the shortest routes through what is stored; what that cannot carry is short.

    Args:
        network: nodes and links.
        plan: what every demand draws, and over which routes.
        seconds: how long.
        step: length of one step in seconds.
        storage: bits that can be stored, for all links or by link.
        stored: bits there at the start, nothing where a link is not named.
        outages: what does not work when.

    Raises:
        QkdError: an outage names what is not there, or there are more than 50,000 steps.
    """
    if not (
        step > 0 and math.isfinite(step) and math.isfinite(seconds) and 0 <= seconds / step <= STEPS_AT_MOST
    ):
        raise QkdError(f"a simulation has from 0 to {STEPS_AT_MOST:,} steps", kind="time")
    breaks = [_checked(network, one) for one in outages]
    pools = {
        one.key: Pool(
            one.key, rate=one.rate, stored=(stored or {}).get(one.key, 0),
            capacity=storage if isinstance(storage, int) else storage.get(one.key, 0),
        )
        for one in network.links
    }  # fmt: skip
    rows = plan.demands
    order = sorted(range(len(rows)), key=lambda place: rows[place].demand.priority)
    length, overhead = Fraction(step), Fraction(plan.overhead)
    paces = [[Fraction(flow.bps) * length for flow in row.flows] for row in rows]
    first: list[float | None] = [None] * len(rows)
    moments: list[Moment] = []
    for turn in range(math.ceil(seconds / step)):
        start = turn * step
        dead = {one.node for one in breaks if one.node is not None and _during(one, start, step)}
        cut = {one.link for one in breaks if one.link is not None and _during(one, start, step)}
        for key, pool in pools.items():
            if key not in cut and not dead & set(key):
                pool.advance(length)
        served, short = [0] * len(rows), [0] * len(rows)
        for place in order:
            wanted = [_bits(pace, turn) for pace in paces[place]]
            served[place], short[place] = _draw(network, rows[place], wanted, pools, dead, overhead)
            if short[place] and first[place] is None:
                first[place] = start
        moments.append(
            Moment(start + step, tuple(one.stored for one in pools.values()), tuple(served), tuple(short))
        )
    return Timeline(
        tuple(pools), tuple(row.demand.id for row in rows), tuple(moments),
        tuple(one.account for one in pools.values()), tuple(first),
    )  # fmt: skip


def _checked(network: Network, outage: Outage) -> Outage:
    if (outage.link is None) == (outage.node is None):
        raise QkdError("an outage is of a link or of a node", kind="outage")
    if not outage.start < outage.end:
        raise QkdError("an outage ends after it began", kind="outage")
    if outage.node is not None:
        return Outage(outage.start, outage.end, node=find_node(network, outage.node).id)
    assert outage.link is not None
    return Outage(outage.start, outage.end, link=find_link(network, *outage.link).key)


def _during(outage: Outage, start: float, step: float) -> bool:
    """Whether it covers any part of a step: a link that fails within one makes nothing in it."""
    return outage.start < start + step and start < outage.end


def _bits(pace: Fraction, turn: int) -> int:
    """Whole bits of one step, so that the steps up to any one add up to what the pace says, rounded down."""
    return pace.numerator * (turn + 1) // pace.denominator - pace.numerator * turn // pace.denominator


def _draw(  # noqa: PLR0917  the step's state
    network: Network,
    row: DemandPlan,
    wanted: Sequence[int],
    pools: Mapping[LinkKey, Pool],
    dead: set[str],
    overhead: Fraction,
) -> tuple[int, int]:
    """Bits that one demand gets in a step, and bits it lacks."""
    served = missing = 0
    for flow, bits in zip(row.flows, wanted, strict=True):
        given = _pass(flow.routes, bits, pools, dead, overhead)
        served += given
        missing += bits - given
    if missing and not row.demand.two_paths and not {row.demand.source, row.demand.target} & dead:
        room = {key: 0 if dead & set(key) else pool.stored for key, pool in pools.items()}
        route = widest_shortest(
            network, row.demand.source, row.demand.target, capacity=lambda link: room[link.key]
        )
        if route is not None:
            given = _pass((route,), missing, pools, dead, overhead)
            served += given
            missing -= given
    return served, missing


def _pass(
    routes: Sequence[Sequence[str]],
    wanted: int,
    pools: Mapping[LinkKey, Pool],
    dead: set[str],
    overhead: Fraction,
) -> int:
    """Take bits from every pool along routes, as many as all of them can give."""
    if not wanted or any(dead & set(route) for route in routes):
        return 0
    uses: list[tuple[Pool, Use]] = []
    for route in routes:
        use: Use = "delivered" if len(route) == 2 and len(routes) == 1 else "relayed"
        uses += [(pools[(x, y) if x <= y else (y, x)], use) for x, y in pairwise(route)]
    given = min(wanted, *(pool.stored for pool, _use in uses))
    authentication = 0
    if overhead:
        # with b the most that fits, b + ⌈b·overhead⌉ may be a bit too much; b - 1 never is
        given = min(given, *(int(pool.stored / (1 + overhead)) for pool, _use in uses))
        given -= any(given + math.ceil(given * overhead) > pool.stored for pool, _use in uses)
        authentication = math.ceil(given * overhead)
    for pool, use in uses:
        pool.take(given, use)
        pool.take(authentication, "relayed")
    return given
