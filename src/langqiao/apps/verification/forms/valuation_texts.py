"""What a person would have typed for a study, by the names of the form; and what a new one begins with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from langqiao.apps.verification.forms import valuation as f
from langqiao.engines.valuation import FIELDS, AnyCase, Basis, Method, Study, success_at, to_data

Typed = Mapping[str, list[str]]
"""Name of a field → the texts typed into it."""

INCOME = (Method.DCF, Method.ROYALTY, Method.SPLIT)
_RANGE = ("low", "base", "high", "basis", "source", "shape")
_ATTRIBUTES = {
    Method.DCF: ("depreciation_years", "loss_years"),
    Method.ROYALTY: ("amortisation_years",),
    Method.COST: ("kind", "age", "index_source"),
    Method.OPTION: ("kind", "steps"),
}


def row_texts(kind: str, rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Rows by the names of the form."""
    found = {f"{kind}-count": [str(len(rows))]}
    for at, row in enumerate(rows):
        found |= {f"{kind}-{at}-{name}": [str(value)] for name, value in row.items()}
    return found


def quantity_texts(key: str, data: dict[str, Any]) -> dict[str, list[str]]:
    """A stored input by the names of the form."""
    prefix = key.replace(".", "_")
    values = f.quantity_values(FIELDS[key], data)
    return {f"{prefix}-{name}": [value] for name, value in values.items()}


def fresh(*, at: date, trl: int | None = None) -> dict[str, list[str]]:
    """What a new valuation begins with: facts of tax law, technical defaults, no figures of the matter."""
    typed = {
        "methods": [Method.DCF.value],
        "income-mid_year": ["on"],
        "dcf-depreciation_years": ["10"],
        "dcf-loss_years": ["5"],
        "option-american": ["on"],
        "option-steps": ["200"],
        "run-seed": [f"{at:%Y%m%d}"],
        "run-draws": ["10000"],
        "tax-low": ["15"],
        "tax-base": ["25"],
        "tax-high": ["25"],
        "tax-basis": [Basis.PUBLISHED.value],
        "tax-source": ["企业所得税法第四条：25%；第二十八条：高新技术企业 15%"],
    }
    if trl is not None:
        typed |= {"income-trl": [str(trl)], **quantity_texts("success", to_data(success_at(trl)))}
    return typed


def from_study(study: Study) -> dict[str, list[str]]:
    """What a person would have typed for a study."""
    typed: dict[str, list[str]] = {
        "methods": [weighted.case.method.value for weighted in study.cases],
        "run-seed": [str(study.seed)],
        "run-draws": [str(study.draws)],
    }
    for weighted in study.cases:
        method = weighted.case.method.value
        typed[f"weight_{method}-weight"] = [f.number_text(weighted.weight)]
        typed[f"weight_{method}-reason"] = [weighted.reason]
        typed |= _case_texts(weighted.case)
    pairs = [
        {"first": p.first, "second": p.second, "rho": f.number_text(p.rho), "reason": p.reason}
        for p in study.correlations
    ]
    return typed | row_texts("correlations", pairs)


def _case_texts(case: AnyCase) -> dict[str, list[str]]:
    data = to_data(case)
    typed: dict[str, list[str]] = {}
    for key, quantity in case.inputs().items():
        if key in FIELDS:
            typed |= quantity_texts(key, to_data(quantity))
    method = case.method
    if method in INCOME:
        typed["income-ramp"] = ["、".join(f.number_text(round(s * 100, 10)) for s in data["revenue"]["ramp"])]
        if data["mid_year"]:
            typed["income-mid_year"] = ["on"]
        held = data["protection"] or {}
        typed["income-right"] = [held.get("right", "")]
        typed["income-filed"] = [held.get("filed", "")]
    for name in _ATTRIBUTES.get(method, ()):
        value = data[name]
        text = f.number_text(value) if isinstance(value, int | float) else value or ""
        typed[f"{method.value}-{name}"] = [text]
    if method is Method.OPTION and data["american"]:
        typed["option-american"] = ["on"]
    if method is Method.COST:
        typed |= row_texts("items", [_item_texts(item) for item in data["items"]])
    if method is Method.MARKET:
        typed |= _market_texts(data["comparables"])
    return typed


def _range_texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    values = f.quantity_values(FIELDS[key], dict(data))
    return {name: values[name] for name in _RANGE}


def _item_texts(item: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": item["name"],
        **_range_texts(item["amount"], "cost.*"),
        "index_then": f.number_text(item["index_then"]),
        "index_now": f.number_text(item["index_now"]),
    }


def _market_texts(deals: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    rows = [
        {
            "name": deal["name"],
            "price": f.number_text(deal["price"]),
            "on": deal["on"],
            "weight": f.number_text(deal["weight"]),
            "basis": deal["basis"],
            "source": deal["source"],
        }
        for deal in deals
    ]
    adjustments = [
        {"deal": str(number), "name": one["name"], **_range_texts(one["factor"], "adjust.*.*")}
        for number, deal in enumerate(deals, 1)
        for one in deal["adjustments"]
    ]
    return row_texts("deals", rows) | row_texts("adjustments", adjustments)
