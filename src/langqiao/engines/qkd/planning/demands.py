"""Reading demands and checking them at the door."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.files import decoded, raw_of
from langqiao.engines.qkd.network.lookup import node
from langqiao.engines.qkd.network.values import Table, flag, number, tables, text, whole
from langqiao.engines.qkd.types import Demand, Network

DEMANDS_AT_MOST = 1_000
BPS_AT_MOST = 1e15
PRIORITY_AT_MOST = 99
KEY_BITS_AT_MOST = 1_048_576


def load_demands(path: str | Path) -> tuple[Demand, ...]:
    """Read demands from a JSON file (a list, or ``{"demands": [...]}``) or a TOML file (``[[demands]]``).

    Every demand has ``id``, ``source``, ``target`` and either ``bps`` or ``keys_per_second``; it may have
    ``key_bits``, ``priority``, ``two_paths`` and ``purpose``.

    Raises:
        QkdError: the file cannot be read, or a demand is malformed; the message says which.
    """
    place = Path(path)
    return demands_from(decoded(raw_of(place), place.name))


def demands_from(values: object) -> tuple[Demand, ...]:
    """Demands from plain values as they stand in a file.

    Raises:
        QkdError: see :func:`load_demands`.
    """
    if isinstance(values, dict):
        Table(values, "demands").only("demands")
        values = values.get("demands", [])
    return tuple(_demand(row) for row in tables(values, "demands", DEMANDS_AT_MOST))


def checked(network: Network, demands: Iterable[Demand]) -> tuple[Demand, ...]:
    """The demands with the network's own identifiers.

    Raises:
        QkdError: a name occurs twice, a node does not exist, both ends are one, or a number is out of range.
    """
    found: list[Demand] = []
    seen: set[str] = set()
    for demand in demands:
        if len(found) == DEMANDS_AT_MOST:
            raise QkdError(f"there may be {DEMANDS_AT_MOST:,} demands at most", kind="demand")
        if not demand.id or demand.id in seen:
            raise QkdError(
                f"every demand has a name of its own, not {demand.id!r}", kind="demand", subjects=(demand.id,)
            )
        seen.add(demand.id)
        source, target = node(network, demand.source).id, node(network, demand.target).id
        if source == target:
            raise QkdError(
                f"demand {demand.id}: key is shared by two nodes, not by {source} with itself",
                kind="demand", subjects=(demand.id,),
            )  # fmt: skip
        _ranges(demand)
        found.append(replace(demand, source=source, target=target))
    return tuple(found)


def _ranges(demand: Demand) -> None:
    for name, value, least, most in (
        ("bps", demand.bps, 0.0, BPS_AT_MOST),
        ("priority", demand.priority, 1, PRIORITY_AT_MOST),
        ("key_bits", demand.key_bits, 8, KEY_BITS_AT_MOST),
    ):
        if not (math.isfinite(value) and least <= value <= most) or (name == "bps" and value < 1e-6):
            raise QkdError(
                f"demand {demand.id}: {name} must be above {least:g} and at most {most:g}, not {value!r}",
                kind="demand", subjects=(demand.id, name),
            )  # fmt: skip


def _demand(row: Table) -> Demand:
    row.only(
        "id", "source", "target", "bps", "keys_per_second", "key_bits", "priority", "two_paths", "purpose"
    )
    key_bits = whole(row, "key_bits", 256)
    if ("bps" in row.values) == ("keys_per_second" in row.values):
        raise QkdError(
            f"{row.where}: give either bps or keys_per_second", kind="demand", subjects=(row.where,)
        )
    bps = number(row, "bps") if "bps" in row.values else number(row, "keys_per_second") * key_bits
    return Demand(
        id=text(row, "id"),
        source=text(row, "source"),
        target=text(row, "target"),
        bps=bps,
        priority=whole(row, "priority", 1),
        key_bits=key_bits,
        two_paths=flag(row, "two_paths", default=False),
        purpose=text(row, "purpose", ""),
    )
