"""Running a method on pinned data (计算): only what is pinned goes in, so that the same comes out each time.

Figures are kept to twelve significant digits: the last bits of a double depend on the machine's arithmetic
libraries, and a report must re-run elsewhere to the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from django.utils.translation import override

from langqiao.apps.insight.domain.reports.pinning import data_of, digest
from langqiao.apps.insight.domain.scopes import province_name
from langqiao.apps.insight.queries.study import Selection, told

if TYPE_CHECKING:
    from langqiao.engines.regional import Result

DIGITS = 12
Pinned = Mapping[str, Any]
Pair = list[str]  # the Chinese and the English text


def run_method(selection: Selection, pinned: Pinned) -> dict[str, Any]:
    """Run the selection's method on pinned data.

    Returns:
        ``{method, title, summary, values, tables, words, warnings, reference, software}``, texts as
        ``[zh, en]``.

    Raises:
        Invalid: the data do not hold what the method needs, or a parameter is wrong.
    """
    from langqiao.engines.regional.methods import METHODS, run
    from langqiao.engines.regional.types import BadInput

    method = METHODS[selection.method]
    try:
        result = run(selection.method, data_of(pinned["data"]), selection.parameters)
    except BadInput as problem:
        raise told(problem, method) from problem
    words = {name: [term.zh, term.en] for name, term in method.labels.items()}
    words |= {group: _group(group) for group in pinned["data"]["groups"]}
    return {
        "title": [method.title.zh, method.title.en],
        "summary": [method.summary.zh, method.summary.en],
        **plain_result(result, pinned, words),
        "reference": method.reference,
        "software": software(method.package),
    }


def _group(name: str) -> Pair:
    with override("en"):
        return [name, province_name(name)]


def plain_result(result: Result, pinned: Pinned, words: Mapping[str, Pair]) -> dict[str, Any]:
    """Figures, tables and warnings with their words in both languages."""

    def worded(name: str) -> Pair:
        return words.get(name) or _name(name, pinned)

    return {
        "method": result.method,
        "values": [
            {"key": key, "label": worded(key), "value": _cell(value)} for key, value in result.values.items()
        ],
        "tables": [
            {
                "key": table.key,
                "title": [table.title.zh, table.title.en],
                "unit": table.unit,
                "rows": [{"key": row, "label": worded(row)} for row in table.rows],
                "columns": [{"key": column, "label": worded(column)} for column in table.columns],
                "cells": [[_cell(cell) for cell in row] for row in table.cells],
            }
            for table in result.tables
        ],
        "words": dict(words),
        "warnings": [{"code": one.code, "text": [one.text.zh, one.text.en]} for one in result.warnings],
    }


def _cell(value: Any) -> Any:
    """A figure to twelve significant digits, None where it is not finite."""
    if isinstance(value, str) or value is None:
        return value
    found = float(f"{float(value):.{DIGITS}g}")
    return found if math.isfinite(found) else None


def _name(name: str, pinned: Pinned) -> Pair:
    """A region (perhaps with its period) or an indicator in words; what is neither stands as it is."""
    if name in pinned["indicators"]:
        known = pinned["indicators"][name]
        return [known["name"], known["name_en"] or known["name"]]
    scope, at, period = name.partition("@")
    if scope in pinned["scopes"]:
        known = pinned["scopes"][scope]
        after = f" {period}" if at else ""
        return [f"{known['name']}{after}", f"{known['name_en'] or known['name']}{after}"]
    return [name, name]


def software(packages: str) -> dict[str, str]:
    """Versions of the packages a method rests on."""
    found = {}
    for name in packages.replace(" ", "").split(","):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # own code, named in words
            continue
    return found


def result_digest(result: Mapping[str, Any]) -> str:
    """SM3 over the figures alone: a better word for a label changes no figure."""
    return digest(
        {
            "values": [[one["key"], one["value"]] for one in result.get("values", [])],
            "tables": [
                [t["key"], [row["key"] for row in t["rows"]], [c["key"] for c in t["columns"]], t["cells"]]
                for t in result.get("tables", [])
            ],
            "warnings": [one["code"] for one in result.get("warnings", [])],
        }
    )
