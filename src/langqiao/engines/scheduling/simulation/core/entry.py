"""The compiled loop as Python calls it: arrays by reference, kept compiled on disk (编译内核入口)."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN202
# mypy: disable-error-code="no-untyped-def, no-any-return, misc, call-arg"

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from langqiao.engines.scheduling import kernels as cluster
from langqiao.engines.scheduling import lending
from langqiao.engines.scheduling.lending import lend
from langqiao.engines.scheduling.simulation import kernels as questions

from . import loop, queueing, state, victims
from .loop import go_on
from .state import Whole


def _compiled() -> Callable[[Any, float, int], int]:
    """The loop, kept on disk under the digest of all that it calls.

    numba renews what it keeps when the function's own file changes; this one is made of several.
    """
    digest = hashlib.sha256()
    parts = (
        __file__,
        *(str(one.__file__) for one in (loop, queueing, victims, state, questions, cluster, lending)),
    )
    for part in parts:
        digest.update(Path(part).read_bytes())
    version = digest.hexdigest()

    @njit(cache=True, nogil=True)
    def run(t, until, beat):
        if not version:  # numba keeps functions apart by what they enclose
            return -1
        whole = Whole(
            lend(t.count),
            lend(t.clock),
            lend(t.rule),
            lend(t.amount),
            lend(t.events),
            lend(t.jobs),
            lend(t.lanes),
            lend(t.tenants),
            lend(t.sorts),
            lend(t.places),
            lend(t.runs),
            lend(t.asks),
            lend(t.rank),
            lend(t.ranked),
            lend(t.levels),
            lend(t.path),
            lend(t.sums),
            lend(t.decay),
            lend(t.need),
            lend(t.allowed),
            lend(t.trial_gpu),
            lend(t.bare),
            lend(t.bared),
            lend(t.samples),
            lend(t.nodes),
            lend(t.kinds),
            lend(t.target),
            lend(t.shares),
            lend(t.table),
            lend(t.weights),
            lend(t.scores),
            lend(t.bests),
            lend(t.log),
            lend(t.last),
            lend(t.seen),
            lend(t.tick),
            lend(t.random),
        )
        return go_on(whole, until, beat)

    found: Callable[[Any, float, int], int] = run
    return found


run = _compiled()
