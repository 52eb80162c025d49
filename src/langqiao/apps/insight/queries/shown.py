"""A method's result in words and figures of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from langqiao.apps.insight.domain.scopes import scope_names
from langqiao.apps.insight.queries.study import Study
from langqiao.engines.regional import Result
from langqiao.engines.regional.types import Cell
from langqiao.kit.words import is_english, named


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table ready for a page: a name and texts a row."""

    key: str
    title: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A result ready for a page or a document."""

    title: str
    summary: str
    values: tuple[tuple[str, str], ...]
    tables: tuple[ShownTable, ...]
    warnings: tuple[str, ...]
    reference: str
    package: str


def show(result: Result, study: Study) -> Shown:
    """The result in the reader's language: names for regions and indicators, words for keys."""
    language = "en" if is_english() else "zh"
    method = study.method
    names = _names(study)
    names |= {key: term.to(language) for key, term in method.labels.items()}
    values = tuple((names.get(key, key), figure(value)) for key, value in result.values.items())
    tables = tuple(
        ShownTable(
            table.key,
            table.title.to(language),
            table.unit,
            tuple(_name(column, names) for column in table.columns),
            tuple(
                (_name(row, names), tuple(_cell(cell, names) for cell in cells))
                for row, cells in zip(table.rows, table.cells, strict=True)
            ),
        )
        for table in result.tables
    )
    return Shown(
        method.title.to(language),
        method.summary.to(language),
        values,
        tables,
        tuple(warning.text.to(language) for warning in result.warnings),
        method.reference,
        method.package,
    )


def figure(value: float) -> str:
    """A figure with four significant digits or more, grouped by three from a thousand on."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1_000:
        return f"{value:,.0f}" if size >= 100_000 else f"{value:,.2f}"
    if size >= 1:
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return f"{value:.4g}" if size < 0.0001 else f"{value:.4f}"


def _cell(cell: Cell, names: Mapping[str, str]) -> str:
    if cell is None:
        return "—"
    return names.get(cell, cell) if isinstance(cell, str) else figure(float(cell))


def _name(key: str, names: Mapping[str, str]) -> str:
    region, sep, period = key.partition("@")
    return f"{names.get(region, region)} {period}" if sep else names.get(key, key)


def _names(study: Study) -> dict[str, str]:
    """Regions, groups and indicators in words."""
    from langqiao.apps.insight.domain.scopes import province_name

    regions = set(study.data.regions) | set(study.data.nation.rows if study.data.nation else ())
    scopes = {(kind, key) for kind, _sep, key in (region.partition(":") for region in regions)}
    names = {f"{kind}:{key}": name for (kind, key), name in scope_names(scopes).items()}
    names |= {str(indicator.pk): named(indicator) for indicator in study.indicators}
    return {**{group: province_name(group) for group in study.data.groups}, **names}
