"""Which flows are illustrative (示例): known from what their entries speak of, never from the installation.

A flow is illustrative where its entry says so itself, or where the entry's object or an organisation behind
it is a record that is marked so. The ledger keeps no such mark of its own, as marks are set and taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from langqiao.apps.challenges.models import Challenge
from langqiao.apps.computing.models import Campus, Scheme
from langqiao.apps.conference.models import Project
from langqiao.apps.ledger.flows import EXAMPLE, FLOWS_AT_MOST, flow_sums, lines
from langqiao.apps.ledger.models import Entry, FlowLine, FlowParty
from langqiao.apps.quantum.models import Site
from langqiao.apps.registry.models import Organisation, Person
from langqiao.apps.verification.models import Call

OBJECTS: tuple[type[Model], ...] = (Person, Challenge, Project, Call, Campus, Scheme, Site)
"""What the entries that count speak of (the apps' ``flows.py``)."""
KEPT_SECONDS = 300
"""After so long a mark that was set or taken back on a record is seen."""
NEWEST, WIDER = 4_000, 8
"""Entries looked at first, and how many times as many then: where all sums are marked, few will do."""

LAST = 2**56  # above every entry

Row = TypeVar("Row")
Pair = tuple[str, str, str]
"""A kind with the slugs of the city of origin and of the destination."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Pairs with an illustrative flow up to an entry; its hash tells it from that of another ledger."""

    sequence: int
    hash: str
    pairs: frozenset[Pair]


def _identifiers(model: type[Model]) -> QuerySet[Any, Any]:
    """Identifiers of a model's illustrative records, as the ledger writes them."""
    name = Concat(Value(f"{model._meta.label_lower}:"), Cast("pk", CharField()), output_field=CharField())
    rows = model._base_manager.filter(illustrative=True)  # noqa: SLF001  documented for generic code
    found: QuerySet[Any, Any] = rows.order_by().annotate(identifier=name).values("identifier")
    return found


def _parties() -> QuerySet[FlowParty]:
    """Lines behind which an illustrative organisation stands, or whose entry says so itself."""
    return FlowParty.objects.filter(Q(organisation__in=_identifiers(Organisation)) | Q(organisation=EXAMPLE))


def _entries() -> QuerySet[Entry]:
    """Entries that speak of an illustrative record."""
    first, *more = map(_identifiers, OBJECTS)
    return Entry.objects.order_by().filter(object__in=first.union(*more, all=True))


def illustrative(
    rows: QuerySet[FlowLine, Row], *, since: int = 0, below: int = LAST
) -> QuerySet[FlowLine, Row]:
    """Those of some lines that are illustrative, of entries from ``since`` on and below ``below``."""
    rows = rows.filter(number__gte=since * FLOWS_AT_MOST, number__lt=below * FLOWS_AT_MOST)
    return rows.filter(is_illustrative(since=since, below=below))


def is_illustrative(*, since: int = 0, below: int = LAST) -> Q:
    """What holds for an illustrative line of an entry from ``since`` on and below ``below``."""
    behind = _parties().filter(line__gte=since * FLOWS_AT_MOST, line__lt=below * FLOWS_AT_MOST)
    about = _entries().filter(sequence__gte=since, sequence__lt=below)
    return Q(number__in=behind.values("line")) | Q(sequence__in=about.values("sequence"))


def illustrative_pairs(reached: int, since: date | None, until: date | None) -> frozenset[Pair]:
    """Kinds and pairs of cities whose sum over a period holds an illustrative flow; kept, and gone on with.

    Where no record is illustrative nothing is looked through.

    Args:
        reached: the entry that the sums reach.
        since, until: months, both included, each by any of its days; None is open.
    """
    first, last = (day and day.replace(day=1) for day in (since, until))
    name = f"eye-illustrative-{first}-{last}"
    kept = _kept(name, reached)
    if kept is not None and kept.sequence == reached:
        return kept.pairs
    after, known = (kept.sequence, kept.pairs) if kept is not None else (0, frozenset[Pair]())
    found = known | _read(after, reached, first, last, known)
    digest = _hash(reached)
    if digest:
        cache.set(name, _Kept(reached, digest, found), KEPT_SECONDS)
    return found


def _kept(name: str, reached: int) -> _Kept | None:
    kept: _Kept | None = cache.get(name)
    if kept is None or kept.sequence > reached or _hash(kept.sequence) != kept.hash:
        return None
    return kept


def _hash(sequence: int) -> str:
    return Entry.objects.filter(sequence=sequence).values_list("hash", flat=True).first() or ""


def _read(
    after: int, reached: int, first: date | None, last: date | None, known: frozenset[Pair]
) -> set[Pair]:
    """Pairs not yet known, from the newest entries back to ``after``, until all are found."""
    if not _parties().exists() and not _entries().exists():
        return set()
    missing = {(s.kind, s.origin, s.destination) for s in flow_sums(since=first, until=last)} - known
    rows = lines(since=first, until=last).order_by().values_list("kind", "origin", "destination").distinct()
    found: set[Pair] = set()
    below, step = reached + 1, NEWEST
    while missing and below > after + 1:
        since = max(after + 1, below - step)
        more = set(illustrative(rows, since=since, below=below))
        found |= more
        missing -= more
        below, step = since, step * WIDER
    return found
