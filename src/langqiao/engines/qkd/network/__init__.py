"""Networks: reading them, looking things up in them, changing them.

>>> network = nine_cities()
>>> round(rate(network, "songjiang", "jiaxing") / 1000, 1)
8.0
"""

from __future__ import annotations

from langqiao.engines.qkd.network.changes import add_link, add_system, cut, split_spans
from langqiao.engines.qkd.network.files import load, network_from_dict, nine_cities
from langqiao.engines.qkd.network.lookup import (
    find_link,
    find_node,
    great_circle_km,
    link,
    neighbours,
    node,
    rate,
)
from langqiao.engines.qkd.network.topologies import read_edges

__all__ = [
    "add_link",
    "add_system",
    "cut",
    "find_link",
    "find_node",
    "great_circle_km",
    "link",
    "load",
    "neighbours",
    "network_from_dict",
    "nine_cities",
    "node",
    "rate",
    "read_edges",
    "split_spans",
]
