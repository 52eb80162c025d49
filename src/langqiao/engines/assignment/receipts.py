"""Receipts (回执): what an assignment was computed from, so that anybody can compute it again.

A receipt holds SM3 digests of the problem and of the result, the plan with its seed, and the versions of
what computed it. It holds no names beyond the identifiers' digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import numpy as np

from langqiao.engines.sm.sm3 import Sm3

from .solving import assign
from .types import Assignment, Plan, Problem

PACKAGES = ("langqiao", "ortools", "highspy", "numpy", "scipy")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is needed to run an assignment again, and what came out."""

    method: str
    cap: str
    seed: int | None
    time_limit: float
    problem_sm3: str
    result_sm3: str
    sum: float
    minimum: float
    unfilled: int
    complete: bool
    versions: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self) | {"versions": dict(self.versions)}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Receipt:
        """The receipt that :meth:`as_dict` wrote."""
        return cls(**held)

    def plan(self) -> Plan:
        """The plan it was computed by."""
        return Plan(
            method=self.method,  # type: ignore[arg-type]  # checked by the plan itself
            cap=Fraction(self.cap) if self.cap else None,
            seed=self.seed,
            time_limit=self.time_limit,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a second run gave; ``differences`` is empty when it is the same."""

    assignment: Assignment
    differences: list[str]

    @property
    def identical(self) -> bool:
        """Whether problem and result are what the receipt says."""
        return not self.differences


def problem_digest(problem: Problem) -> str:
    """SM3 of a problem: shape, identifiers, scores, conflicts, limits, pins and quotas.

    The same scores stored dense and sparse are two writings and two digests.
    """
    running = Sm3()
    facts = {
        "shape": problem.shape,
        "items": list(problem.items),
        "reviewers": list(problem.reviewers),
        "pins": [list(pin) for pin in problem.pins],
        "quotas": [
            {
                "attribute": quota.attribute,
                "values": list(quota.values),
                "at_most": dict(quota.at_most) if isinstance(quota.at_most, Mapping) else quota.at_most,
                "at_least": dict(quota.at_least),
            }
            for quota in problem.quotas
        ],
    }
    running.update(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode())
    for limits in (problem.per_item, problem.max_load, problem.min_load):
        running.update(np.ascontiguousarray(limits, dtype="<i8").tobytes())
    _write(running, problem.scores, "<f8")
    if problem.conflicts is not None:
        _write(running, problem.conflicts, "?")
    return running.hexdigest()


def _write(running: Sm3, matrix: Any, kind: str) -> None:
    """A matrix as it is stored: a sparse one by its entries, a dense one whole."""
    if hasattr(matrix, "indptr"):
        for part in (matrix.indptr, matrix.indices):
            running.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
        matrix = matrix.data
    if kind == "<f8":
        # One writing for what is no candidate, whatever the input called it.
        matrix = np.where(np.isnan(matrix), -np.inf, matrix)
    running.update(np.ascontiguousarray(matrix, dtype=kind).tobytes())


def result_digest(problem: Problem, found: Assignment) -> str:
    """SM3 of the assigned pairs, by identifier where there are any."""
    names = [
        (problem.items[i] if problem.items else i, problem.reviewers[j] if problem.reviewers else j)
        for i, j in found.pairs
    ]
    running = Sm3()
    running.update(json.dumps(sorted(names), ensure_ascii=False).encode())
    return running.hexdigest()


def receipt_of(problem: Problem, plan: Plan, found: Assignment) -> Receipt:
    """The receipt of a result."""
    return Receipt(
        method=plan.method,
        cap="" if plan.cap is None else str(plan.cap),
        seed=plan.seed,
        time_limit=plan.time_limit,
        problem_sm3=problem_digest(problem),
        result_sm3=result_digest(problem, found),
        sum=found.sum,
        minimum=found.minimum,
        unfilled=int(found.unfilled.sum()),
        complete=found.complete,
        versions={name: version(name) for name in PACKAGES},
    )


def rerun(receipt: Receipt, problem: Problem) -> Comparison:
    """Compute again by a receipt and say what differs from it.

    Versions alone are no difference; they are named when something else differs.
    """
    differences = []
    if problem_digest(problem) != receipt.problem_sm3:
        differences.append("the problem is not the one of the receipt")
    plan = receipt.plan()
    found = assign(problem, plan)
    again = receipt_of(problem, plan, found)
    if again.result_sm3 != receipt.result_sm3:
        differences.append("other pairs are assigned")
    if (again.sum, again.minimum, again.unfilled) != (receipt.sum, receipt.minimum, receipt.unfilled):
        differences.append(f"sum {again.sum!r} instead of {receipt.sum!r}")
    if differences:
        differences += [
            f"{name} {now} instead of {receipt.versions.get(name)}"
            for name, now in again.versions.items()
            if receipt.versions.get(name) != now
        ]
    return Comparison(found, differences)
