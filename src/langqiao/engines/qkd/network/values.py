"""Taking values out of a file with a sentence for whatever is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langqiao.engines.qkd.errors import QkdError

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a file and where it stands there."""

    values: Mapping[str, Any]
    where: str

    def get(self, key: str, default: object = None) -> object:
        """The value as it is."""
        return self.values.get(key, default)

    def only(self, *known: str) -> None:
        """Refuse keys that mean nothing."""
        for key in self.values:
            if key not in known:
                raise QkdError(f"{self.where}: {key!r} is not known", kind="unknown", subjects=(str(key),))


def table(values: object, where: str) -> Table:
    """A table with text keys."""
    if not isinstance(values, dict) or any(not isinstance(key, str) for key in values):
        raise QkdError(f"{where}: must be a table", kind="value", subjects=(where,))
    return Table(values, where)


def tables(values: object, where: str, most: int) -> list[Table]:
    """A list of tables, at most so many."""
    if not isinstance(values, list):
        raise QkdError(f"{where}: must be a list", kind="value", subjects=(where,))
    if len(values) > most:
        raise QkdError(f"{where}: there may be {most:,} at most", kind="value", subjects=(where,))
    return [table(one, f"{where}[{place}]") for place, one in enumerate(values, 1)]


def number(given: Table, key: str, default: float | None = None) -> float:
    """A finite number; refused where it is missing and has no default."""
    value = given.values.get(key, _MISSING)
    if value is _MISSING:
        if default is None:
            raise QkdError(f"{given.where}: {key} is missing", kind="missing", subjects=(key,))
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QkdError(f"{given.where}: {key} must be a number", kind="value", subjects=(key,))
    try:
        kept = float(value)
    except OverflowError:
        kept = math.inf
    if not math.isfinite(kept):
        raise QkdError(f"{given.where}: {key} must be a finite number", kind="value", subjects=(key,))
    return kept


def whole(given: Table, key: str, default: int | None = None) -> int:
    """A whole number."""
    value = number(given, key, default)
    if value != int(value):
        raise QkdError(f"{given.where}: {key} must be a whole number", kind="value", subjects=(key,))
    return int(value)


def unfit(one: str) -> bool:
    """Whether a character has no place in a text: a control character, or half of a surrogate pair."""
    return ord(one) < 32 or "\ud800" <= one <= "\udfff"


def text(given: Table, key: str, default: str | None = None) -> str:
    """Text of at most 500 characters, without control characters and halves of surrogate pairs."""
    value = given.values.get(key, default)
    if value is None:
        raise QkdError(f"{given.where}: {key} is missing", kind="missing", subjects=(key,))
    if not isinstance(value, str) or len(value) > 500 or any(unfit(c) for c in value):
        raise QkdError(
            f"{given.where}: {key} must be text of at most 500 characters", kind="value", subjects=(key,)
        )
    return value


def flag(given: Table, key: str, *, default: bool) -> bool:
    """True or false."""
    value = given.values.get(key, default)
    if not isinstance(value, bool):
        raise QkdError(f"{given.where}: {key} must be true or false", kind="value", subjects=(key,))
    return value
