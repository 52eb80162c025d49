"""What is loaded by command: the shipped figures (内置数据) and panels of provinces (省级面板)."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources import files
from typing import Any

from django.db import transaction

from langqiao.apps.insight.domain.bounds import KEYS, shipped_table
from langqiao.apps.insight.domain.cleaning import DECIMALS_AT_MOST, DIGITS_AT_MOST
from langqiao.apps.insight.domain.indicators import ImportReport, define_indicator, enter_values
from langqiao.engines.regional.panel import NATION, Panel, PanelRow

_DATA = files("langqiao.apps.insight") / "data"
_PANEL_SOURCE = "github.com/huhuaping/techme"
_PANEL_URL = "https://github.com/huhuaping/techme"


def shipped_indicators() -> dict[str, dict[str, Any]]:
    """Slug → words of the indicators that are shipped."""
    return {
        slug: {key: word for key, word in words.items() if key not in KEYS}
        for slug, words in shipped_table().items()
    }


def shipped_rows() -> list[tuple[int, dict[str, str]]]:
    """The shipped figures with their line in the file, by column."""
    lines = (_DATA / "figures.csv").read_text("utf-8").splitlines()
    return [(number, dict(row)) for number, row in enumerate(csv.DictReader(lines), start=2)]


@transaction.atomic
def load_shipped(actor: Any = None) -> ImportReport:
    """Load the shipped indicators and figures (载入内置数据); again and again the same.

    Raises:
        NotAllowed: the actor may not enter figures.
    """
    for slug, words in shipped_indicators().items():
        define_indicator(actor, slug=slug, **words)
    return enter_values(actor, shipped_rows(), accept_differences=True)


@dataclass(frozen=True, slots=True)
class PanelLoad:
    """What came of a panel: gaps have no value, ``other_unit`` rows are of a damaged unit."""

    report: ImportReport
    indicators: int
    gaps: int
    other_unit: int
    repeated: int
    rounded: int


@transaction.atomic
def load_panel(actor: Any, panel: Panel, *, dry_run: bool = False) -> PanelLoad:
    """Take a panel over into the store (载入省级面板), one indicator a variable.

    A variable's unit is the one most of its rows have; rows in another one are left out and
    counted, since the yearbook's unit is damaged there. A figure that the same table gives twice
    counts once. Yearbooks that differ from each other are taken over as they are; the report names
    the rows.

    Raises:
        NotAllowed: the actor may not enter figures.
    """
    units: dict[str, Counter[str]] = {}
    names: dict[str, str] = {}
    for row in panel.rows:
        units.setdefault(row.variable, Counter())[row.unit] += 1
        names[row.variable] = row.block
    unit = {variable: _unit_of(found) for variable, found in units.items()}
    for variable in sorted(unit):
        define_indicator(
            actor,
            slug=_slug(variable),
            name=f"{names[variable]}（{variable}）",
            name_en=variable,
            unit=unit[variable],
            subject="technology",
            description=f"省级面板变量 {variable}，代码含义见数据集。",
            description_en=f"Variable {variable} of the province panel; the data set explains its codes.",
        )
    rows, seen = [], set()
    gaps = other = repeated = rounded = 0
    for row in panel.rows:
        key = (row.variable, row.province, row.year, row.source)
        if row.value is None:
            gaps += 1
        elif row.unit != unit[row.variable]:
            other += 1
        elif key in seen:
            repeated += 1
        else:
            seen.add(key)
            value, cut = _shortened(row.value)
            rounded += cut
            rows.append((row.line, _values(row, value)))
    report = enter_values(actor, rows, dry_run=dry_run, accept_differences=True)
    if dry_run:
        transaction.set_rollback(True)
    return PanelLoad(report, len(unit), gaps, other, repeated, rounded)


def _slug(variable: str) -> str:
    return variable.lower()


def _unit_of(counts: Counter[str]) -> str:
    """The unit of most rows, a single one before a list such as 个,人,万元."""
    single = {unit: n for unit, n in counts.items() if unit and "," not in unit and "." not in unit}
    return max(single or counts, key=lambda unit: ((single or counts)[unit], unit))


def _values(row: PanelRow, value: Decimal) -> dict[str, Any]:
    return {
        "indicator": _slug(row.variable),
        "scope": "nation" if row.province == NATION else f"province:{row.province}",
        "period": str(row.year),
        "value": value,
        "unit": row.unit,
        "source_name": f"{_PANEL_SOURCE}：{row.source}",
        "source_url": _PANEL_URL,
    }


def _shortened(value: float) -> tuple[Decimal, bool]:
    """The value with as many digits as the store keeps, and whether any were cut (0.1 + 0.2)."""
    exact = Decimal(repr(value))
    keep = max(exact.adjusted() - DIGITS_AT_MOST + 1, -DECIMALS_AT_MOST)
    short = exact.quantize(Decimal(1).scaleb(keep), ROUND_HALF_EVEN)
    return short, short != exact
