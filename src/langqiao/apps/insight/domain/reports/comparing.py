"""Comparing two versions (版本对比): figure by figure, of the data that went in and of what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langqiao.apps.insight.models.reports import Section

Where = tuple[Any, ...]
TEXTS = ("heading", "text", "choice")


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that differs.

    Attributes:
        what: ``data`` (indicator, scope, period), ``value`` (of the result) or ``cell`` (of a table).
        where: labels ``[zh, en]`` that say which figure.
        before, after: the figures; None where the version has none.
        vintages: the vintages of the two, for data.
        unit: the unit they are stored in, for data.
    """

    what: str
    where: tuple[list[str], ...]
    before: Any
    after: Any
    vintages: tuple[str, str] = ("", "")
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A section in both versions, or in one of them: what of its words and figures differs."""

    before: Section | None
    after: Section | None
    words: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def section(self) -> Section:
        """The later of the two."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        both = self.before is not None and self.after is not None
        return both and not self.words and not self.differences


def compare(before: Iterable[Section], after: Iterable[Section]) -> list[Compared]:
    """Sections of two versions side by side, those that were taken out at the end."""
    old = {section.key: section for section in before}
    new = {section.key: section for section in after}
    pairs = [(old.get(key), section) for key, section in new.items()]
    gone: list[tuple[Section | None, Section | None]] = [
        (section, None) for key, section in old.items() if key not in new
    ]
    return [_compared(a, b) for a, b in [*pairs, *gone]]


def _compared(before: Section | None, after: Section | None) -> Compared:
    if before is None or after is None:
        return Compared(before, after, (), ())
    words = tuple(name for name in TEXTS if getattr(before, name) != getattr(after, name))
    found = [*_data(before.pinned, after.pinned), *_results(before.result, after.result)]
    return Compared(before, after, words, tuple(found))


def _data(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    old, new = _figures(before), _figures(after)
    for place in dict.fromkeys([*new, *old]):
        a, b = old.get(place), new.get(place)
        told = tuple((one["value"], one["vintage"], one["source_name"]) if one else None for one in (a, b))
        if told[0] != told[1]:
            where = _words(place, after if b else before)
            vintages = (a["vintage"] if a else "", b["vintage"] if b else "")
            unit = (after if b else before)["indicators"][place[0]]["unit"]
            values = (a["value"] if a else None, b["value"] if b else None)
            yield Difference("data", where, *values, vintages, unit)


def _figures(pinned: Mapping[str, Any]) -> dict[Where, Any]:
    return {(one["indicator"], one["scope"], one["period"]): one for one in pinned.get("figures", [])}


def _words(place: Where, pinned: Mapping[str, Any]) -> tuple[list[str], ...]:
    indicator, scope, period = place
    known = (pinned["indicators"][indicator], pinned["scopes"][scope])
    return (*([one["name"], one["name_en"] or one["name"]] for one in known), [period, period])


def _results(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    old, new = dict(_cells(before)), dict(_cells(after))
    for place in dict.fromkeys([*new, *old]):
        (words, b), (words_before, a) = new.get(place, ((), None)), old.get(place, ((), None))
        if a != b:
            yield Difference(str(place[0]), words or words_before, a, b)


def _cells(result: Mapping[str, Any]) -> Iterator[tuple[Where, tuple[tuple[list[str], ...], Any]]]:
    """Every figure of a result under a key of its own, with the words that say which it is."""
    for one in result.get("values", []):
        yield ("value", one["key"]), ((one["label"],), one["value"])
    for table in result.get("tables", []):
        for row, cells in zip(table["rows"], table["cells"], strict=True):
            for column, cell in zip(table["columns"], cells, strict=True):
                words = (table["title"], row["label"], column["label"])
                yield ("cell", table["key"], row["key"], column["key"]), (words, cell)
