"""One door to all methods: the largest sum, the fairest, or a random assignment."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from . import flow, programme
from .core import Core, conclude, prepare
from .fair import fair
from .infeasible import diagnose
from .randomised import draw
from .types import Assignment, Plan, Problem, Report


def assign(problem: Problem, plan: Plan | None = None, *, report: Report | None = None) -> Assignment:
    """Assign reviewers (评审专家分配) by a plan; by default the largest sum.

    As many places as can be are filled; what stays unfilled is diagnosed. The same problem and plan give
    the same result, whatever the order of items and reviewers, when they bear identifiers.

    Raises:
        AssignmentError: the problem contradicts itself, or no assignment was found in time.
    """
    plan = plan or Plan()
    core = prepare(problem)
    if plan.method == "fair":
        found = fair(core, seconds=plan.time_limit, report=report)
    elif plan.method == "random":
        found = draw(core, plan)
    else:
        found = largest_sum(core, plan)
    if found.unfilled.any() or found.short.any():
        return replace(found, diagnosis=diagnose(problem, found))
    return found


def largest_sum(core: Core, plan: Plan) -> Assignment:
    """The largest sum with as many places filled as can be: a flow, or a programme for two quotas."""
    started = time.perf_counter()
    if len(core.panels) > 1:
        settled = programme.optimum(core, seconds=plan.time_limit)
        pinned = float(np.sum(core.pinned.scores))
        return conclude(
            core,
            settled.pairs,
            unfilled=settled.unfilled,
            short=settled.short,
            method="sum",
            seconds=time.perf_counter() - started,
            bound=None if settled.complete else settled.bound + pinned,
            complete=settled.complete,
        )
    best = flow.optimum(core)
    return conclude(
        core,
        best.pairs,
        unfilled=best.unfilled,
        short=best.short,
        method="sum",
        seconds=time.perf_counter() - started,
        precision=best.precision,
    )
