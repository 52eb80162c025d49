"""The sums of flows (要素流动合计): kept up in increments, rebuilt by one command, equal to the plain sum.

The row of :class:`FlowState` says how far the sums reach in the ledger; it is locked by whoever goes on, and
lines, sums and row change in one transaction. So two processes never count an entry twice, and one that is
cut off has counted nothing of its step. Writers of the ledger do nothing for it: whoever reads the sums
catches up first.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import models, transaction

from langqiao.apps.ledger.flows.readers import Counted, counted, rules, verbs
from langqiao.apps.ledger.models import Entry, FlowLine, FlowParty, FlowState, FlowSum, Visibility
from langqiao.apps.ledger.queries import head
from langqiao.kit.rows import streamed

STEP = 5_000
"""Entries folded in by one transaction; a writer waits no longer than for these."""
STEP_AT_A_READ = 1_000
"""The same while a reader waits."""
BATCH = 1_000  # rows of one statement
IDLE = 1_000
"""Entries that count nothing are looked through again and again until there are so many; then it is noted."""
AT_A_READ = 0.3
"""Seconds after which a page takes no further step but answers; the next one goes on."""


class Key(NamedTuple):
    """What a sum is of."""

    month: date
    kind: str
    origin: str
    destination: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many entries' flows, and how much in the kind's smallest unit."""

    count: int
    quantity: int


def reached() -> int:
    """The sequence that the sums reach; 0 where they were made by other rules."""
    state = FlowState.objects.filter(id=1).first()
    return state.sequence if state is not None and state.rules == rules() else 0


def catch_up(*, most: int | None = None, within: float | None = None) -> int:
    """Fold the entries that came after into the sums, in steps of one transaction each.

    Args:
        most: how many entries to go on at most; None goes to the end.
        within: seconds after which no further step is taken; None takes its time.

    Returns:
        The sequence that the sums now hold for. It may be ahead of the one that is noted: entries that count
        nothing are noted only now and then, so that reading writes seldom.
    """
    begun, size = time.monotonic(), STEP if within is None else STEP_AT_A_READ
    first = at = reached()
    end = head()[0]
    last = end if most is None else min(end, at + most)
    while at < last and (within is None or at == first or time.monotonic() - begun < within):
        upto = min(last, at + size)
        if upto == last and upto - at < IDLE and not _countable(at, upto).exists() and _is_noted():
            return upto
        at = _step(upto)
    return at


def rebuild() -> int:
    """Make all sums again from the ledger (重算); the sequence reached.

    Readers meanwhile see the sums grow; what they see says how far it reaches.
    """
    with transaction.atomic():
        _forget(_held())
    return catch_up()


def plain_sums() -> dict[Key, Total]:
    """The plain sum over the ledger, entry by entry: what the kept sums must equal."""
    with streamed(Entry.objects.order_by("sequence")) as entries:
        return _added(found for entry in entries for found in counted(entry))


def kept_sums() -> dict[Key, Total]:
    """The sums as they are kept, without catching up."""
    return {
        Key(row.month, row.kind, row.origin, row.destination): Total(row.count, row.quantity)
        for row in FlowSum.objects.all()
    }


def _is_noted() -> bool:
    return FlowState.objects.filter(id=1, rules=rules()).exists()


def _countable(after: int, upto: int) -> models.QuerySet[Entry]:
    """Entries of a stretch of the ledger that may count."""
    pairs = verbs()
    return Entry.objects.filter(
        sequence__gt=after,
        sequence__lte=upto,
        visibility=Visibility.PUBLIC,
        app__in={app for app, _verb in pairs},
        verb__in={verb for _app, verb in pairs},
    )


def _held() -> FlowState:
    """The row that says how far the sums reach, held until the transaction ends."""
    FlowState.objects.get_or_create(id=1)
    return FlowState.objects.select_for_update().get(id=1)


def _forget(state: FlowState) -> None:
    FlowParty.objects.all().delete()
    FlowLine.objects.all().delete()
    FlowSum.objects.all().delete()
    state.sequence, state.rules = 0, rules()
    state.save()


@transaction.atomic
def _step(upto: int) -> int:
    """Go on to ``upto``, unless somebody else is there already; the sequence reached."""
    state = _held()
    if state.rules != rules():
        _forget(state)
    upto = min(upto, state.sequence + STEP)
    if upto <= state.sequence:
        return state.sequence
    with streamed(_countable(state.sequence, upto).order_by("sequence")) as entries:
        found = [one for entry in entries for one in counted(entry)]
    _write_lines(found)
    _write_sums(_added(found))
    state.sequence = upto
    state.save()
    return upto


def _added(found: Iterable[Counted]) -> dict[Key, Total]:
    counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for one in found:
        pair = counts[Key(one.month, one.kind, one.flow.origin, one.flow.destination)]
        pair[0] += 1
        pair[1] += one.flow.quantity
    return {key: Total(*pair) for key, pair in counts.items()}


def _write_lines(found: list[Counted]) -> None:
    FlowLine.objects.bulk_create(
        [
            FlowLine(
                number=one.number, sequence=one.sequence, month=one.month, kind=one.kind,
                origin=one.flow.origin, destination=one.flow.destination, quantity=one.flow.quantity,
                case=one.case,
            )
            for one in found
        ],
        batch_size=BATCH,
    )  # fmt: skip
    FlowParty.objects.bulk_create(
        [FlowParty(line=one.number, organisation=party) for one in found for party in one.flow.parties],
        batch_size=BATCH,
    )


def _write_sums(added: dict[Key, Total]) -> None:
    """Write sums with what is added; rows are replaced: one statement, where changes would be many."""
    known = {
        Key(row.month, row.kind, row.origin, row.destination): row
        for row in FlowSum.objects.filter(month__in={key.month for key in added})
    }
    rows = []
    for key, more in added.items():
        row = known.get(key)
        count, quantity = (row.count, row.quantity) if row is not None else (0, 0)
        rows.append(FlowSum(**key._asdict(), count=count + more.count, quantity=quantity + more.quantity))
    replaced = [known[key].pk for key in added if key in known]
    for first in range(0, len(replaced), BATCH):
        FlowSum.objects.filter(pk__in=replaced[first : first + BATCH]).delete()
    FlowSum.objects.bulk_create(rows, batch_size=BATCH)
