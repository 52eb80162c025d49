"""How an entry counts as a flow: apps register a reader for each of their verbs that does.

A reader sees one public entry and nothing else, so that a sum of flows is a sum over the ledger, and anybody
who has the ledger can make it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone

from langqiao.apps.ledger.flows.kinds import KINDS
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.engines.sm.sm3 import sm3_hex

SLUG_AT_MOST = 40
QUANTITY_AT_MOST = 10**15
"""Of one entry, in smallest units (ten trillion yuan); a larger one is a mistake and counts nothing."""
FLOWS_AT_MOST = 64  # of one entry
"""Flows beyond these are none: an entry speaks of a handful of cities."""
EXAMPLE = "example"
"""Stands among the parties of a flow whose entry says itself that it is illustrative (示例)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What an entry moves from one city to another.

    Attributes:
        origin, destination: slugs of cities; equal ones are a flow within a city.
        quantity: a whole number of the kind's smallest unit; below zero where an entry corrects
            an earlier one.
        parties: public identifiers (``registry.organisation:12``) of the organisations behind it.
    """

    origin: str
    destination: str
    quantity: int
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """A flow with the entry, the kind and the month that it counts for."""

    number: int
    sequence: int
    month: date
    kind: str
    case: str
    flow: Flow


Reader = Callable[[Entry, Mapping[str, Any]], Iterable[Flow]]
_readers: dict[tuple[str, str], list[tuple[str, Reader]]] = {}


def register_flow(kind: str, app: str, verb: str, reader: Reader) -> None:
    """Let the public entries of a verb count as flows of a kind; in ``AppConfig.ready``.

    Args:
        kind: one of :data:`KINDS`.
        reader: gives the flows of an entry from the entry and its data alone; total: an entry that lacks
            what is needed has none. Giving the same reader again changes nothing.

    Raises:
        KeyError: there is no such kind.
    """
    pair = (KINDS[kind].slug, reader)
    known = _readers.setdefault((app, verb), [])
    if pair not in known:
        known.append(pair)


@contextmanager
def only(*registrations: tuple[str, str, str, Reader]) -> Iterator[None]:
    """Count by these registrations (kind, app, verb, reader) alone for a while, as a benchmark does."""
    before = dict(_readers)
    _readers.clear()
    try:
        for kind, app, verb, reader in registrations:
            register_flow(kind, app, verb, reader)
        yield
    finally:
        _readers.clear()
        _readers.update(before)


def rules() -> str:
    """SM3 of what is registered: sums made by other rules are made again."""
    named = sorted(
        f"{kind} {app}.{verb} {reader.__module__}.{reader.__qualname__}"
        for (app, verb), pairs in _readers.items()
        for kind, reader in pairs
    )
    return sm3_hex("\n".join(named).encode())


def verbs() -> set[tuple[str, str]]:
    """Pairs of app and verb that may count."""
    return set(_readers)


def counted(entry: Entry) -> list[Counted]:
    """The flows of an entry; none where it is not public, is not registered or lacks what is needed."""
    pairs = _readers.get((entry.app, entry.verb))
    if not pairs or entry.visibility != Visibility.PUBLIC:
        return []
    data = json.loads(entry.data)
    day = timezone.localdate(entry.at, timezone.get_default_timezone())
    more = (EXAMPLE,) if data.get("illustrative") is True else ()
    found = [
        (kind, replace(flow, parties=(*flow.parties, *more)))
        for kind, reader in pairs
        for flow in reader(entry, data)
        if flow.origin and flow.destination and flow.quantity
    ]
    return [
        Counted(
            entry.sequence * FLOWS_AT_MOST + position,
            entry.sequence, day.replace(day=1), kind, entry.case, flow,
        )
        for position, (kind, flow) in enumerate(found[:FLOWS_AT_MOST])
    ]  # fmt: skip


# -- what readers need, total ---------------------------------------------------------------------


def slug(value: object) -> str:
    """A city's slug from an entry's data, or nothing."""
    return value if isinstance(value, str) and len(value) <= SLUG_AT_MOST else ""


def whole(value: object, *, per: int = 1) -> int:
    """A whole number of smallest units from an entry's data (a number, or a decimal as text), else 0.

    >>> whole("12.34", per=100), whole(3), whole("none"), whole(True)
    (1234, 3, 0, 0)
    """
    from decimal import Decimal, InvalidOperation

    if isinstance(value, bool) or not isinstance(value, int | str):
        return 0
    try:
        found = Decimal(value) * per
    except (InvalidOperation, ValueError):
        return 0
    return int(found) if found.is_finite() and abs(found) < QUANTITY_AT_MOST else 0


def parties(*keys: object) -> tuple[str, ...]:
    """Identifiers of organisations from their numbers or identifiers; what is neither is left out."""
    found = (
        f"registry.organisation:{key}" if isinstance(key, int) and not isinstance(key, bool) else key
        for key in keys
    )
    return tuple(dict.fromkeys(key for key in found if isinstance(key, str) and 0 < len(key) <= 80))
