"""What goes into the quantum engine and comes out of it."""

from __future__ import annotations

from langqiao.engines.qkd.types.network import Input, Link, Network, Node, Rules, Span
from langqiao.engines.qkd.types.physics import (
    Block,
    Channel,
    DecoyBounds,
    DecoyRate,
    FiniteKey,
    Mark,
    Parameters,
    Protocol,
    Status,
    TwinRate,
)

__all__ = [
    "Block",
    "Channel",
    "DecoyBounds",
    "DecoyRate",
    "FiniteKey",
    "Input",
    "Link",
    "Mark",
    "Network",
    "Node",
    "Parameters",
    "Protocol",
    "Rules",
    "Span",
    "Status",
    "TwinRate",
]
