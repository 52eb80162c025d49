"""Reads of the indicator store: values, series, revisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet

from langqiao.apps.insight.domain.scopes import Scope
from langqiao.apps.insight.models import Indicator, Value

# Which vintage counts where several stand side by side.
BEST = (Value.Vintage.FINAL, Value.Vintage.PRELIMINARY, Value.Vintage.UNSTATED)


def indicators() -> QuerySet[Indicator]:
    """All indicators with the number of their values and their last period."""
    live = Q(values__withdrawn_at=None)
    return Indicator.objects.annotate(
        value_count=Count("values", filter=live), last_period=Max("values__period", filter=live)
    )


def values() -> QuerySet[Value]:
    """All values, withdrawn ones too, with their indicators."""
    return Value.objects.select_related("indicator")


def live_values() -> QuerySet[Value]:
    """Values that have not been withdrawn."""
    return values().filter(withdrawn_at=None)


def rank(value: Value, order: Sequence[str] = BEST) -> tuple[int, int]:
    """The place of a value among those of one scope and period; the lowest counts."""
    place = order.index(value.vintage) if value.vintage in order else len(order)
    return place, -value.pk


@dataclass(frozen=True, slots=True)
class Cell:
    """The values of one scope and period: the one that counts first, then what it revises."""

    scope: Scope
    period: str
    values: tuple[Value, ...]

    @property
    def best(self) -> Value:
        """The value that counts."""
        return self.values[0]

    @property
    def revised(self) -> Decimal | None:
        """How far the value that counts lies from the next one; None when there is one only."""
        return self.values[0].value - self.values[1].value if len(self.values) > 1 else None


def cells(found: Iterable[Value]) -> list[Cell]:
    """Values of one indicator by scope and period, newest period first."""
    together: dict[tuple[Scope, str], list[Value]] = defaultdict(list)
    for value in found:
        together[(value.scope_kind, value.scope), value.period].append(value)
    made = [
        Cell(scope, period, tuple(sorted(those, key=rank))) for (scope, period), those in together.items()
    ]
    return sorted(made, key=lambda cell: (*cell.scope, _descending(cell.period)))


def _descending(text: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in text)


def vintages_of(value: Value) -> list[Value]:
    """All values of the same indicator, scope and period, the one that counts first."""
    return sorted(
        live_values().filter(
            indicator=value.indicator_id,
            scope_kind=value.scope_kind,
            scope=value.scope,
            period=value.period,
        ),
        key=rank,
    )
