"""Entries of a JSON file, read field by field; what is wrong is named by file, entry and field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langqiao.engines.scheduling.errors import SchedulingError

MOST = 1_000_000_000.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A JSON object: its file, where it stands in it (``tenants[2]``; "" for the whole), and its fields."""

    path: Path
    where: str
    fields: dict[str, Any]

    @classmethod
    def of_file(cls, path: Path) -> Entry:
        """The object that a file holds.

        Raises:
            SchedulingError: it is no JSON, or no object.
            OSError: the file cannot be read.
        """
        try:
            found = json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError as wrong:
            raise SchedulingError(
                f"{path}：不是 JSON / is not JSON: {wrong}", kind="file", subjects=(str(path),)
            ) from wrong
        return cls.of(path, "", found)

    @classmethod
    def of(cls, path: Path, where: str, value: Any) -> Entry:
        """A value that must be an object.

        Raises:
            SchedulingError: it is none.
        """
        if not isinstance(value, dict):
            raise _wrong(path, where, "应为对象 {…} / must be an object")
        return cls(path, where, value)

    def at(self, field: str) -> str:
        """Where a field stands."""
        return f"{self.where}.{field}" if self.where else field

    def wrong(self, field: str, why: str) -> SchedulingError:
        """The complaint about a field."""
        return _wrong(self.path, self.at(field), why)

    def only(self, *known: str) -> Entry:
        """Itself, after a look at the names of its fields.

        Raises:
            SchedulingError: one is not among the ``known`` ones.
        """
        strange = next((name for name in self.fields if name not in known), None)
        if strange is not None:
            raise self.wrong(strange, f"没有这个字段，可用的是 / unknown, there are: {', '.join(known)}")
        return self

    def rows(self, field: str, *, needed: bool = False) -> Iterable[Entry]:
        """The objects of a list; none where it is missing.

        Raises:
            SchedulingError: it is no list of objects, or is needed and missing.
        """
        if self.fields.get(field) is None and not needed:
            return []
        values = self._value(field)
        if not isinstance(values, list):
            raise self.wrong(field, "应为列表 […] / must be a list")
        return [
            Entry.of(self.path, f"{self.at(field)}[{number}]", value) for number, value in enumerate(values)
        ]

    def by_name(self, field: str) -> dict[str, Entry]:
        """The objects of an object, by their names; none where it is missing.

        Raises:
            SchedulingError: it is no object of objects.
        """
        if self.fields.get(field) is None:
            return {}
        held = Entry.of(self.path, self.at(field), self.fields[field])
        return {name: Entry.of(self.path, held.at(name), value) for name, value in held.fields.items()}

    def text(self, field: str, missing: str | None = None) -> str:
        """A text; ``missing`` where there is none.

        Raises:
            SchedulingError: it is no text, or is needed and missing or empty.
        """
        if self.fields.get(field) is None and missing is not None:
            return missing
        value = self._value(field)
        if not isinstance(value, str) or (missing is None and not value.strip()):
            raise self.wrong(field, "应为非空文本 / must be a text that is not empty")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts, at least one.

        Raises:
            SchedulingError: it is missing or none.
        """
        values = self._value(field)
        if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
            raise self.wrong(field, '应为名称的列表，如 ["a"] / must be a list of names, such as ["a"]')
        return tuple(values)

    def number(
        self, field: str, missing: float | None = None, *, least: float = 0.0, most: float = MOST
    ) -> float:
        """A number from ``least`` to ``most``; ``missing`` where there is none.

        Raises:
            SchedulingError: it is no number, out of these bounds, or is needed and missing.
        """
        if self.fields.get(field) is None and missing is not None:
            return missing
        value = self._value(field)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(field, f"应为数字，而不是 {_shown(value)} / must be a number")
        if not (math.isfinite(value) if isinstance(value, float) else True) or not least <= value <= most:
            raise self.wrong(field, f"应在 {least:,.10g} 至 {most:,.10g} 之间 / must lie between these")
        return float(value)

    def number_or_none(self, field: str, *, least: float = 0.0) -> float | None:
        """As :meth:`number`; None where it is missing.

        Raises:
            SchedulingError: as :meth:`number`.
        """
        return None if self.fields.get(field) is None else self.number(field, least=least)

    def whole(self, field: str, missing: int | None = None, *, least: float = -MOST) -> int:
        """A whole number, as :meth:`number`.

        Raises:
            SchedulingError: as :meth:`number`, or it is not whole.
        """
        value = self.number(field, missing, least=least)
        if value != int(value):
            raise self.wrong(field, "应为整数 / must be a whole number")
        return int(value)

    def flag(self, field: str, *, missing: bool) -> bool:
        """Yes (true) or no (false); ``missing`` where there is none.

        Raises:
            SchedulingError: it is something else.
        """
        value = self.fields.get(field)
        if value is None:
            return missing
        if not isinstance(value, bool):
            raise self.wrong(field, "应为 true 或 false / must be true or false")
        return value

    def _value(self, field: str) -> Any:
        value = self.fields.get(field)
        if value is None:
            raise self.wrong(field, "缺少 / is missing")
        return value


def _wrong(path: Path, where: str, why: str) -> SchedulingError:
    return SchedulingError(
        f"{path}：{where + '：' if where else ''}{why}", kind="file", subjects=(str(path),)
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
