"""Reading a TOML table with every value checked and no value left over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from langqiao.kme.errors import KmeError

MISSING: Final = object()
_MAX_TEXT: Final = 4096
_MAX_ID: Final = 128
_MAX_HOST: Final = 253


class Table:
    """A TOML table at ``place``; reading a value takes it off the list of what :meth:`done` complains about.

    Every method raises :class:`KmeError` naming the place and the key.
    """

    def __init__(self, data: object, place: str) -> None:
        if not isinstance(data, Mapping):
            raise KmeError(f"{place} shall be a table", kind="config")
        self.data: Mapping[str, Any] = data
        self.place = place
        self._read: set[str] = set()

    def _value(self, name: str, default: object) -> Any:
        self._read.add(name)
        value = self.data.get(name, default)
        if value is MISSING:
            raise KmeError(f"{self.place}: {name} is missing", kind="config")
        return value

    def text(self, name: str, default: object = MISSING) -> str:
        """Return a string of at most 4,096 characters."""
        value = self._value(name, default)
        if not isinstance(value, str) or len(value) > _MAX_TEXT or "\0" in value:
            raise KmeError(f"{self.place}: {name} shall be a text", kind="config")
        return value

    def identifier(self, name: str) -> str:
        """Return an identifier of 1 to 128 printable characters."""
        value = self.text(name)
        if not 1 <= len(value) <= _MAX_ID or not value.isprintable() or value != value.strip():
            raise KmeError(
                f"{self.place}: {name} shall be 1 to {_MAX_ID} printable characters", kind="config"
            )
        return value

    def host(self, name: str, default: object = MISSING) -> str:
        """Return what may be the name or address of a host."""
        value = self.text(name, default)
        if not is_host(value):
            raise KmeError(
                f"{self.place}: {name} shall be a host's name or address, at most {_MAX_HOST} characters and"
                " 63 between two dots",
                kind="config",
            )
        return value

    def texts(self, name: str, default: object = MISSING) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self._value(name, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise KmeError(f"{self.place}: {name} shall be a list of texts", kind="config")
        return tuple(value)

    def whole(self, name: str, default: object = MISSING, *, least: int, most: int) -> int:
        """Return an integer between two bounds."""
        value = self._value(name, default)
        if type(value) is not int or not least <= value <= most:
            raise KmeError(f"{self.place}: {name} shall be a whole number, {least} to {most}", kind="config")
        return value

    def number(self, name: str, default: object = MISSING, *, least: float, most: float) -> float:
        """Return a finite number between two bounds."""
        value = self._value(name, default)
        if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= most:
            raise KmeError(f"{self.place}: {name} shall be a number, {least:g} to {most:g}", kind="config")
        return float(value)

    def choice(self, name: str, default: object, among: tuple[str, ...]) -> str:
        """Return one of the given texts."""
        value = self.text(name, default)
        if value not in among:
            raise KmeError(f"{self.place}: {name} shall be one of {', '.join(among)}", kind="config")
        return value

    def table(self, name: str) -> Table:
        """Return a table inside this one; an empty one if it is not there."""
        return Table(self._value(name, {}), f"{self.place}, [{name}]")

    def done(self) -> None:
        """Refuse keys that nobody read: a misspelt limit would otherwise be no limit."""
        if left := sorted(set(self.data) - self._read):
            raise KmeError(f"{self.place}: {left[0]!r} is not known here", kind="config")


def is_host(text: str) -> bool:
    """Say whether a text may be a host's name or address: 253 characters, 63 between two dots at most."""
    try:
        return len(text.encode("idna")) <= _MAX_HOST
    except UnicodeError:
        return False


def tables(top: Table, name: str) -> Iterator[Table]:
    """Yield the tables of an array of tables."""
    rows = top._value(name, [])  # noqa: SLF001 - the other half of Table
    if not isinstance(rows, list):
        raise KmeError(f"{top.place}: [[{name}]] shall be an array of tables", kind="config")
    for number, row in enumerate(rows, 1):
        yield Table(row, f"{top.place}, [[{name}]] {number}")
