"""A report as page and document show it: in the reader's language, figures as text, sources numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.insight import shown_words
from langqiao.apps.insight.domain.reports.comparing import Compared
from langqiao.apps.insight.models.indicators import Value
from langqiao.apps.insight.models.reports import Report, Section
from langqiao.kit.words import is_english, listed


@dataclass(frozen=True, slots=True)
class Source:
    """A source, under the number by which figures name it."""

    number: int
    name: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table with its heads; a row is its label and its cells, all as text."""

    title: str
    unit: str
    heads: list[str]
    rows: list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Used:
    """A figure that went in."""

    indicator: str
    scope: str
    period: str
    value: str
    unit: str
    vintage: str
    source: int
    illustrative: bool


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section in the reader's language."""

    section: Section
    paragraphs: list[str]
    values: list[tuple[str, str]] = field(default_factory=list)
    tables: list[ShownTable] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    method: str = ""
    summary: str = ""
    parameters: list[tuple[str, str]] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    reference: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True)
class ShownReport:
    """The whole report."""

    report: Report
    sections: list[ShownSection]
    sources: list[Source]

    @property
    def counted(self) -> list[ShownSection]:
        """Sections with figures, for the appendix."""
        return [one for one in self.sections if one.used]

    @property
    def is_illustrative(self) -> bool:
        """Whether the report or a figure in it is illustrative (示例)."""
        return self.report.illustrative or any(
            used.illustrative for one in self.sections for used in one.used
        )


def _said(pair: Sequence[str]) -> str:
    return str((pair[1] if is_english() else "") or pair[0])


def _named(known: Mapping[str, Any]) -> str:
    return _said([known["name"], known["name_en"]])


def figure(value: Any) -> str:
    """A figure as text: whole numbers grouped, others to four significant digits, large ones to one place.

    >>> figure(1210207.0), figure(0.54545454), figure(23958.34), figure(None), figure(0.0)
    ('1,210,207', '0.5455', '23,958.3', '—', '0')
    """
    if value is None:
        return "—"
    number = float(value)
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:,.1f}" if abs(number) >= 1000 else f"{number:.4g}"


def exact(value: str, unit: str = "") -> str:
    """A figure of the store with all its digits, grouped, in the reader's unit.

    >>> exact("1210207"), exact("6739.45"), exact("-0.5")
    ('1,210,207', '6,739.45', '-0.5')
    """
    return f"{shown_words.scaled(Decimal(value), unit):,f}"


class _Sources:
    """Numbers sources in the order in which figures name them."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str, str], Source] = {}

    def number(self, one: Mapping[str, Any]) -> int:
        key = (one["source_name"], one["source_url"], one["source_date"])
        return self.known.setdefault(key, Source(len(self.known) + 1, *key)).number


def shown(report: Report, sections: Iterable[Section]) -> ShownReport:
    """The report in the language that is active."""
    sources = _Sources()
    found = [_section(section, sources) for section in sections]
    return ShownReport(report, found, list(sources.known.values()))


def _section(section: Section, sources: _Sources) -> ShownSection:
    paragraphs = [line for line in section.text.split("\n") if line.strip()]
    if section.kind == Section.Kind.TEXT:
        return ShownSection(section, paragraphs)
    used = [_used(one, section.pinned, sources) for one in section.pinned["figures"]]
    if section.kind == Section.Kind.FIGURES:
        tables, warnings = _figures(section, used), _missing(section)
        return ShownSection(section, paragraphs, tables=tables, warnings=warnings, used=used)
    result = section.result
    return ShownSection(
        section,
        paragraphs,
        values=[(_said(one["label"]), figure(one["value"])) for one in result["values"]],
        tables=[_table(one, result["words"]) for one in result["tables"]],
        warnings=[*(_said(one["text"]) for one in result["warnings"]), *_left_out(section)],
        method=_said(result["title"]),
        summary=_said(result["summary"]),
        parameters=_parameters(section),
        used=used,
        reference=result["reference"],
        software=listed(f"{name} {version}" for name, version in result["software"].items()),
    )


def _used(one: Mapping[str, Any], pinned: Mapping[str, Any], sources: _Sources) -> Used:
    known = pinned["indicators"][one["indicator"]]
    unit = one["unit"] or known["unit"]
    return Used(
        indicator=_named(known),
        scope=_named(pinned["scopes"][one["scope"]]),
        period=one["period"],
        value=exact(one["value"], unit),
        unit=shown_words.unit(unit),
        vintage=str(Value.Vintage(one["vintage"]).label),
        source=sources.number(one),
        illustrative=one["illustrative"] or known["illustrative"],
    )


def _figures(section: Section, used: list[Used]) -> list[ShownTable]:
    """One table a unit and period run: scopes down, indicators and periods across."""
    pinned, choice = section.pinned, section.choice
    several = len(choice["periods"]) > 1
    shown_at = {
        (one["indicator"], one["scope"], one["period"]): told
        for one, told in zip(pinned["figures"], used, strict=True)
    }
    columns = [(slug, period) for slug in choice["indicators"] for period in choice["periods"]]
    heads = []
    for slug, period in columns:
        known = pinned["indicators"][slug]
        unit = shown_words.unit(known["unit"])
        bracketed = _("（%(unit)s）") % {"unit": unit} if unit else ""
        heads.append(f"{_named(known)}{bracketed}" + (f" {period}" if several else ""))
    rows = []
    for scope in choice["scopes"]:
        cells = []
        for slug, period in columns:
            told = shown_at.get((slug, scope, period))
            cells.append("—" if told is None else f"{told.value} [{told.source}]")
        rows.append((_named(pinned["scopes"][scope]), cells))
    title = "" if several else choice["periods"][0]
    return [ShownTable(title, "", heads, rows)]


def _table(table: Mapping[str, Any], words: Mapping[str, Sequence[str]]) -> ShownTable:
    def cell(value: Any) -> str:
        if isinstance(value, str):
            return _said(words[value]) if value in words else value
        return figure(value)

    return ShownTable(
        _said(table["title"]),
        shown_words.unit(table["unit"]),
        [_said(column["label"]) for column in table["columns"]],
        [
            (_said(row["label"]), [cell(value) for value in cells])
            for row, cells in zip(table["rows"], table["cells"], strict=True)
        ],
    )


def _places(section: Section, places: Iterable[Sequence[str]]) -> str:
    scopes = section.pinned["scopes"]
    several = len(section.choice["periods"]) > 1
    return listed(
        dict.fromkeys(
            f"{_named(scopes[scope])} {period}" if several else _named(scopes[scope])
            for scope, period in places
        )
    )


def _left_out(section: Section) -> list[str]:
    dropped = [(name.partition("@")[0], name.partition("@")[2]) for name in section.pinned["dropped"]]
    return [_("缺数据而未计入：%(places)s。") % {"places": _places(section, dropped)}] if dropped else []


def _missing(section: Section) -> list[str]:
    if not section.pinned["missing"]:
        return []
    places = [(scope, period) for _indicator, scope, period in section.pinned["missing"]]
    return [_("缺数据：%(places)s。") % {"places": _places(section, places)}]


def _parameters(section: Section) -> list[tuple[str, str]]:
    """Parameters in words, defaults too; a method that is no longer offered tells its own by their keys."""
    from langqiao.engines.regional.methods import METHODS

    method = METHODS.get(section.choice["method"])
    known = {one.key: one for one in method.parameters} if method else {}
    language = "en" if is_english() else "zh"
    found = []
    given = section.choice["parameters"]
    settled = method.check(given) if method else given
    for key, value in settled.items():
        one = known.get(key)
        title = one.title.to(language) if one else key
        if isinstance(value, list | tuple):
            indicators = section.pinned["indicators"]
            names = [_named(indicators[name]) if name in indicators else name for name in value]
            text = listed(names) or "—"
        elif one is not None and one.kind == "choice":
            text = dict(one.choices)[value].to(language)
        else:
            text = figure(value) if isinstance(value, int | float) else str(value)
        found.append((title, text))
    return found


# -- differences --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """A figure before and after, as text."""

    what: str
    where: str
    before: str
    after: str


def differences_shown(row: Compared) -> list[ShownDifference]:
    """The differing figures of a section in the reader's language."""
    kinds = {"data": _("数据"), "value": _("结果"), "cell": _("结果")}
    words: dict[str, Any] = {}
    for section in (row.before, row.after):
        words |= section.result.get("words", {}) if section else {}

    def text(value: Any, vintage: str, unit: str) -> str:
        if isinstance(value, str) and value in words:
            return _said(words[value])
        shown_value = exact(value, unit) if isinstance(value, str) else figure(value)
        if isinstance(value, str):
            shown_value = f"{shown_value} {shown_words.unit(unit)}".strip()
        note = Value.Vintage(vintage).label if vintage else ""
        return _("%(figure)s（%(note)s）") % {"figure": shown_value, "note": note} if note else shown_value

    return [
        ShownDifference(
            str(kinds[one.what]),
            " · ".join(_said(pair) for pair in one.where),
            text(one.before, one.vintages[0], one.unit),
            text(one.after, one.vintages[1], one.unit),
        )
        for one in row.differences
    ]
