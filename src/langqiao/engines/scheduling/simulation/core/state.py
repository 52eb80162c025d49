"""The state of a simulation as arrays, for the compiled loop; ``bridge.py`` fills and reads them.

One row for each job, lane, tenant, kind of task (sort), node (place) and event: numba then passes few arrays
from function to function, which is what its compiler's time grows with. A list of numbers that is as long as
there are lanes, say, is one more field of the lanes: ``ready``, ``wanting``, ``fresh``,
``touched``, ``chosen`` and ``best`` are such.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types
from numba.experimental import structref
from numpy.typing import NDArray

from langqiao.engines.scheduling.simulation.types import State

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
Rows = NDArray[np.void]

# fields of ``count`` (whole numbers that change)
(
    HEAP, LIVE, NEXT, OVER, EVENTS, STARTS, CHANGES, AGAIN, ASKING, TURN, SAMPLED, WAITING, RUNNING,
    READY, FRESH, WANTING, RANKED, TOUCHED, SEARCHES,
) = range(19)  # fmt: skip
# fields of ``clock`` (float64)
NOW, METER_AT, CAPACITY, POWER, ENERGY = range(5)
# fields of ``rule`` (whole numbers that stay)
(
    POLICY, FAIR, SJF, STRICT, HOLDS, DISPLACES, PREEMPT, RECLAIM, RESTART, METERED, LIMITED, TENANTS, ROOT,
    STANDING,
) = range(14)  # fmt: skip
# fields of ``amount`` (float64 that stay)
HALF_LIFE, MIN_RUN, RESTART_COST, RECLAIM_EVERY, OVERRUN, SAMPLE_EVERY, GPU_STANDS, CPU_STANDS = range(8)

# fields of ``rank``
BORROWS, PRIORITY, CITY, OWN, PASSED, ORDER, JOB = range(7)

# fields of ``sums`` and ``decay``
USE, NOMINAL, LIMIT, LESS, QUEUED = range(5)
# columns of ``bare``; the last is of the first GPU
BARE_CPU, BARE_MEMORY, BARE_HELD, BARE_SEARCH, BARE_MODEL, BARE_GPU = range(6)
PAST_GPU, PAST_CPU, PAST_AT, WEIGHT, SHARE, SHARE_AT = range(6)

GPU, CPU = 0, 1
WAITS, RUNS, DONE, REJECTED = range(4)
STATES: tuple[State, ...] = ("waiting", "running", "done", "rejected")
NEVER, LOWER, ANY = range(3)  # of RECLAIM
IMPOSSIBLE, ABOVE = 1, 2  # of refused
END, ARRIVE, RETRY, SAMPLE = 0, 7, 9, 10  # happenings.What
NOBODY = -1
SAMPLES = 256  # that are kept until Python fetches them


def _row(floats: str, ints: str) -> np.dtype[np.void]:
    return np.dtype(
        [(name, np.float64) for name in floats.split()] + [(name, np.int64) for name in ints.split()]
    )


EVENT = _row("at", "what first second")
"""A heap in the order of these fields."""

# What the search for victims reads of each job that runs stands together, in a line of the cache.
# ``owner`` is its tenant, ``movable`` whether it may be displaced, ``by_node`` the next and the previous job
# that runs there.
_HOT = _row("begun", "priority movable owner kind node mask by_node_0")
_COLD = _row(
    # ``estimate`` is nan where the owner says the truth, ``started`` before the first start; ``ends`` is by
    # the estimate; ``order`` is ``submitted`` or the estimate when it was queued
    "submitted duration estimate left overhead patience started ends ended order",
    # ``level`` number of its priority; ``refused`` 0, IMPOSSIBLE or ABOVE, the latter with quota node,
    # resource, what was used, whether it would have borrowed; ``child`` the heap of its lane; ``spot`` where
    # it stands among ``runs``
    "level refused refused_at_0 refused_at_1 refused_at_2 refused_at_3 epoch preemptions state lane child_0 "
    "child_1 by_node_1 chosen best spot",
)
JOB_ROW = np.dtype([*_HOT.descr, *_COLD.descr])
LANE = _row(
    "",
    # ``head`` job; ``kin`` next lane of the same kind that waits for room; ``sister`` next lane of
    # the same tenant; ``is_listed`` whether it stands in ``ready``, where lanes that are not ready any more
    # are passed over; ``waits_at`` quota node, resource, amount; ``at_quota`` next and previous lane that
    # waits there; ``rank_age`` changes when a lane was ranked
    "lane_owner lane_kind head kin sister is_ready is_listed ready for_room waits_at_0 waits_at_1 waits_at_2 "
    "at_quota_0 at_quota_1 is_wanting wanting rank_age",
)
TENANT = _row(
    # ``held`` GPU, cores, borrowed, dominant share, times seconds; ``holder`` lane and job that hold back the
    # others, with its place
    "held_0 held_1 held_2 held_3 settled holder_key_0 holder_key_1",
    # and ``runs``, from where on, and how many
    "holder_0 holder_1 backlog eldest first_run some_runs preempted legal",
)
RUN = _row("begun", "job priority node kind mask")
"""Jobs that run and may be displaced, a tenant's side by side: the search for victims reads them all."""

SORT = _row("", "full fits woken waits number row")
"""``waits`` is the first of the lanes of this kind that wait for room."""

PLACE = _row(
    "slope",
    "usable model is_fresh fresh on_node gpus trial_cpu trial_memory trial_room is_touched touched",
)


class Arrays(NamedTuple):
    """Everything that the loop reads and writes. Q quota nodes, T tenants, K kinds, P priorities, G GPUs."""

    count: Ints  # type: ignore[assignment] # it hides the tuple's own method, which nobody calls
    clock: Floats
    rule: Ints
    amount: Floats
    events: Rows
    jobs: Rows
    lanes: Rows
    tenants: Rows
    sorts: Rows
    places: Rows
    runs: Rows
    asks: Ints  # (2, J) GPU and cores
    rank: Floats  # (L + 1, 7); the last row is for comparing
    ranked: Ints  # (L,) the heap of one pass
    levels: Ints  # (T, P) movable jobs that run
    path: Ints  # (T, 3) quota nodes
    sums: Ints  # (5, 2, Q): resource, quota node; LESS is what victims would give back
    decay: Floats  # (6, Q - 1), the root has none: mean use, of when, weight; share last asked for, and when
    need: Ints  # (K, 4)
    allowed: NDArray[np.uint8]  # (K, models)
    trial_gpu: Ints  # (N, G)
    bare: Ints  # (N, BARE_GPU + G) nodes without their candidates, in the search of that number
    bared: Ints  # (N,) which these are
    samples: Floats  # (SAMPLES, 6)
    # the cluster's own
    nodes: Ints
    kinds: Ints
    target: Ints
    shares: Floats
    table: Floats
    weights: Floats
    scores: Floats
    bests: Floats
    log: Ints
    last: Ints
    seen: Ints
    tick: Ints
    random: Words


class Whole:
    """``Arrays`` by reference inside the compiled loop; a tuple is copied at every call and every use."""


@structref.register
class WholeType(types.StructRef):
    """numba's type of ``Whole``."""


# numba's own function has no types
structref.define_constructor(Whole, WholeType, list(Arrays._fields))  # type: ignore[no-untyped-call]
