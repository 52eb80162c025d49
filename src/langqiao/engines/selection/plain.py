"""Results and receipts as plain JSON, one shape for the command line, the REST API and the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from langqiao.engines.selection.calibration.types import Calibration, ItemScore, ReviewerReport
from langqiao.engines.selection.choice.rules import rule_as_dict
from langqiao.engines.selection.choice.types import Choice, Conflict, Drawing, Price, Remark, Standing
from langqiao.engines.selection.errors import SelectionError
from langqiao.engines.selection.grading import Graded, Grading
from langqiao.engines.selection.receipt import Receipt


def calibration_as_dict(found: Calibration) -> dict[str, Any]:
    """Items by calibrated rank, reviewers by key, the components of variance, notes and receipt."""
    return {
        "items": [_item(item) for item in found.items],
        "reviewers": [_reviewer(reviewer) for reviewer in found.reviewers],
        "parts": [
            {"number": part.number, "items": list(part.items), "reviewers": list(part.reviewers)}
            for part in found.parts
        ],
        "sigma_error": found.sigma_error,
        "sigma_reviewer": found.sigma_reviewer,
        "sigma_item": found.sigma_item,
        "freedom": found.freedom,
        "evidence": found.evidence,
        "level": found.level,
        "notes": [{"kind": note.kind, "subjects": list(note.subjects)} for note in found.notes],
        "criteria": {name: calibration_as_dict(alone) for name, alone in found.criteria.items()},
        "receipt": receipt_as_dict(found.receipt),
    }


def _item(item: ItemScore) -> dict[str, Any]:
    return asdict(item) | {"difference": item.difference}


def _reviewer(reviewer: ReviewerReport) -> dict[str, Any]:
    return asdict(reviewer) | {"leaning": reviewer.leaning}


def choice_as_dict(found: Choice | Conflict) -> dict[str, Any]:
    """A choice, or with ``feasible`` false the conflict that leaves none."""
    if isinstance(found, Conflict):
        return {
            "feasible": False,
            "conflict": [{"constraint": rule.text, "rule": rule_as_dict(rule)} for rule in found.rules],
            "mends": [
                {"constraint": mend.rule.text, "rule": rule_as_dict(mend.rule), "to": mend.to}
                for mend in found.mends
            ],
            "remarks": [_remark(remark) for remark in found.remarks],
            "receipt": receipt_as_dict(found.receipt),
        }
    return {
        "feasible": True,
        "chosen": list(found.final),
        "total": found.drawing.total if found.drawing else found.total,
        "best": list(found.chosen),
        "best_total": found.total,
        "top_k": list(found.unconstrained),
        "top_k_total": found.unconstrained_total,
        "price_of_balance": found.price_of_balance,
        "wins": list(found.wins),
        "loses": list(found.loses),
        "constraints": [_price(price) for price in found.prices],
        "near_ties": [_standing(standing) for standing in found.near_ties],
        "standings": [_standing(standing) for standing in found.standings],
        "lottery": _drawing(found.drawing) if found.drawing else None,
        "remarks": [_remark(remark) for remark in found.remarks],
        "receipt": receipt_as_dict(found.receipt),
    }


def _price(price: Price) -> dict[str, Any]:
    return {
        "constraint": price.rule.text,
        "rule": rule_as_dict(price.rule),
        "price": price.price,
        "wins": list(price.wins),
        "loses": list(price.loses),
        "parts": dict(price.parts),
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "candidate": standing.candidate,
        "chosen": standing.chosen,
        "margin": standing.margin,
        "exact": standing.exact,
        "leaves": list(standing.leaves),
        "enters": list(standing.enters),
        "reasons": list(standing.reasons),
    }


def _drawing(drawing: Drawing) -> dict[str, Any]:
    return {
        "seed": drawing.seed,
        "commitment": drawing.commitment,
        "margin": drawing.margin,
        "weighted": drawing.is_weighted,
        "tickets": [asdict(ticket) for ticket in drawing.tickets],
        "chosen": list(drawing.chosen),
        "total": drawing.total,
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return asdict(remark) | {"subjects": list(remark.subjects)}


def grading_as_dict(found: Grading) -> dict[str, Any]:
    """Grades of all candidates, and those near a threshold."""
    return {
        "graded": [_graded(one) for one in found.graded],
        "near_ties": [_graded(one) for one in found.near],
        "receipt": receipt_as_dict(found.receipt),
    }


def _graded(one: Graded) -> dict[str, Any]:
    return asdict(one) | {"reasons": list(one.reasons)}


def receipt_as_dict(receipt: Receipt) -> dict[str, Any]:
    """A receipt as plain JSON."""
    return {
        "method": receipt.method,
        "inputs": receipt.inputs,
        "parameters": dict(receipt.parameters),
        "versions": dict(receipt.versions),
        "result": receipt.result,
    }


def receipt_from_dict(values: Mapping[str, Any]) -> Receipt:
    """The receipt of a JSON object.

    Raises:
        SelectionError: it is none.
    """
    texts = [values.get(name) for name in ("method", "inputs", "result")]
    tables = [values.get(name) for name in ("parameters", "versions")]
    if not (
        all(isinstance(text, str) for text in texts) and all(isinstance(table, dict) for table in tables)
    ):
        raise SelectionError("this is not a receipt", kind="receipt")
    return Receipt(
        **{name: values[name] for name in ("method", "inputs", "parameters", "versions", "result")}
    )
