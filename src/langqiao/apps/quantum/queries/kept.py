"""Plans and advice kept by what went into them (规划缓存): the same question is not planned twice.

The key is a digest of every input, so that nothing has to be thrown away when a record changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.cache import cache

from langqiao import __version__
from langqiao.engines.qkd.planning import advise, plan
from langqiao.engines.qkd.types import Advice, Demand, Network, Plan
from langqiao.engines.sm.sm3 import sm3_hex

KEPT_SECONDS = 3_600
ADVICE_AT_MOST = 5
TRIES_AT_MOST, TRIES_AT_LEAST = 40, 3
WORK = 16_000  # links × demands × tries; 40 tries for the nine cities with 36 demands take about a second


def planned(network: Network, wanted: Sequence[Demand]) -> Plan:
    """The plan of the demands, kept for an hour."""
    found: Plan = _kept("plan", (network, tuple(wanted)), lambda: plan(network, wanted))
    return found


def advised(network: Network, wanted: Sequence[Demand]) -> Advice:
    """What to add next, kept for an hour; large networks try fewer additions, the likeliest first."""
    tries = tries_for(network, wanted)
    found: Advice = _kept(
        "advice",
        (network, tuple(wanted), tries),
        lambda: advise(network, wanted, most=ADVICE_AT_MOST, tries=tries),
    )
    return found


def tries_for(network: Network, wanted: Sequence[Demand]) -> int:
    """How many additions are planned for one page."""
    size = max(len(network.links) * len(wanted), 1)
    return max(TRIES_AT_LEAST, min(TRIES_AT_MOST, WORK // size))


def _kept(kind: str, inputs: Any, work: Callable[[], Any]) -> Any:
    # Inputs are frozen dataclasses of texts and numbers: what they print is what they are.
    key = f"quantum-{kind}-{sm3_hex(repr((__version__, inputs)).encode())}"
    found = cache.get(key)
    if found is None:
        found = work()
        cache.set(key, found, KEPT_SECONDS)
    return found
