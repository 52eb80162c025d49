"""Who gets how much key (密钥分配)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langqiao.engines.qkd.allocation.fair import max_min, most
from langqiao.engines.qkd.allocation.greedy import one_by_one
from langqiao.engines.qkd.types import Demand, LinkKey, Network, Policy, Share

__all__ = ["allocate", "max_min", "most", "one_by_one"]


def allocate(
    network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float], policy: Policy
) -> tuple[Share, ...]:
    """Share out link key by a policy; see :data:`langqiao.engines.qkd.types.Policy`."""
    if policy == "max-min":
        return max_min(network, demands, capacity)
    if policy == "most":
        return most(network, demands, capacity)
    return one_by_one(network, demands, capacity, adaptive=policy == "widest-shortest")
