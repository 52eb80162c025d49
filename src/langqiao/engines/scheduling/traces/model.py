"""What a trace is like: when jobs come, what they ask for, how long they run; fitted to draw others like it.

Arrivals are a renewal process in operational time. The rate follows the hour of the day, λ(t) = r·h(t); jobs
of one second are a batch; the gaps between batches, measured in Λ(t) = ∫ λ, are gamma with the trace's
squared coefficient of variation c² (1 is Poisson, more is bursts). They are fitted to the shortest span that
holds 98 % of the jobs: a trace taken as a snapshot begins with a few that have run for months (openb: 149
days, of which 33 hold 98 %), and their gaps would make c² 433 instead of 2.0.

Jobs are of joint empirical types (all columns together), and a job repeats the type of the one before with
probability ρ, which leaves the shares of the types as they are. Run times are lognormal, or drawn from the
trace's own, within each type; rare types of one size class share theirs, so that the mean load is kept.

Sources: for operational time, Çinlar, Introduction to Stochastic Processes, 1975, 4.7; for bursts and
repetition in workloads, Feitelson, Workload Modeling for Computer Systems Performance Evaluation, 2015, 6.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.traces.clock import DAY
from langqiao.engines.scheduling.types import WHOLE, Task

HOURS = 24
ENOUGH = 20  # run times of a type, below which the rare types of its size class speak together
BUSY = 0.98  # part of the arrivals to which the process is fitted
PRIOR = 10.0  # arrivals that each hour of the day borrows from the mean of all hours
SHORTEST = 1.0  # second: what ran for less counts as this in a lognormal


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When jobs come.

    Attributes:
        per_day: jobs a day in the shortest span that holds 98 % of them.
        hours: relative rate of each hour of the day, shape (24,), mean 1.
        batches: sizes of batches, shape (sizes,), and ``batch_shares``: how often each comes.
        burst: c² of the gaps between batches in operational time.
    """

    per_day: float
    hours: NDArray[np.float64]
    batches: NDArray[np.int64]
    batch_shares: NDArray[np.float64]
    burst: float


@dataclass(frozen=True, slots=True)
class Model:
    """What :func:`fit` found.

    Attributes:
        arrivals: None where the trace tells no times.
        types: what jobs ask for, names and times left out.
        shares: how often each type comes, shape (types,).
        repeat: probability ρ that a job repeats the type of the one before.
        durations: run times in seconds of each type, ascending; where the type has few, those of all such
            types of its size class; empty where the trace has none.
        estimates: estimate over run time, of all jobs that have both, ascending.
    """

    arrivals: Arrivals | None
    types: tuple[Task, ...]
    shares: NDArray[np.float64]
    repeat: float
    durations: tuple[NDArray[np.float64], ...]
    estimates: NDArray[np.float64]


def fit(tasks: Sequence[Task]) -> Model:
    """Fit the model to a trace; O(n log n).

    Raises:
        SchedulingError: the trace has no task.
    """
    if not tasks:
        raise SchedulingError("the trace has no task", kind="empty")
    kinds = [_kind(task) for task in tasks]
    counts = Counter(kinds)
    types = tuple(counts)  # in the order of their first task: the same trace gives the same model
    number = {kind: at for at, kind in enumerate(types)}
    order = sorted(range(len(tasks)), key=lambda at: (tasks[at].submitted or 0.0, at))
    shares = np.array([counts[kind] for kind in types], dtype=np.float64) / len(tasks)
    return Model(
        arrivals=_arrivals([task.submitted for task in tasks if task.submitted is not None]),
        types=types,
        shares=shares,
        repeat=_repeat(np.array([number[kinds[at]] for at in order]), shares),
        durations=_durations(tasks, kinds, types),
        estimates=_estimates(tasks),
    )


def duration_of(task: Task) -> float | None:
    """Run time in seconds: from its start (or else its submission) to its end; None where unknown."""
    begin = task.started if task.started is not None else task.submitted
    return None if begin is None or task.ended is None else task.ended - begin


def size_class(task: Task) -> int:
    """0 no GPU, 1 part of one, 2 one, 3 several, 4 eight or more, all parts of a gang together."""
    gpus = task.gpus * task.count
    if gpus <= 1:
        return 0 if gpus == 0 else 1 if task.gpu_milli < WHOLE else 2
    return 3 if gpus < 8 else 4


def busy(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The arrivals of the shortest span that holds 98 % of them; ``times`` ascend."""
    kept = max(int(np.ceil(BUSY * len(times))), min(2, len(times)))
    first = int(np.argmin(times[kept - 1 :] - times[: len(times) - kept + 1]))
    return times[first : first + kept]


def relative_hours(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative arrival rate of each hour of the day, shape (24,), mean 1, drawn a little to the mean.

    Each hour counts only as often as the span of the trace holds it; below two days all hours are alike.
    """
    first, last = float(times[0]), float(times[-1])
    if last - first < 2 * DAY:
        return np.ones(HOURS)
    begin, end = np.floor(first / 3600), np.floor(last / 3600)
    whole = np.arange(begin, end + 1).astype(np.int64) % HOURS
    seen = np.bincount(whole, minlength=HOURS).astype(np.float64)  # times each hour of the day was there
    came = np.bincount((times // 3600).astype(np.int64) % HOURS, minlength=HOURS)
    mean = len(times) / seen.sum()
    rate = (came + PRIOR) / (seen + PRIOR / mean)
    hours: NDArray[np.float64] = rate / rate.mean()
    return hours


def operational(times: NDArray[np.float64], hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Λ(t) in seconds: the time that has passed, each second weighed by the relative rate of its hour."""
    passed = np.concatenate([[0.0], np.cumsum(hours)]) * 3600.0
    day, rest = np.divmod(times, DAY)
    hour = np.minimum((rest // 3600).astype(np.int64), HOURS - 1)
    found: NDArray[np.float64] = day * passed[-1] + passed[hour] + (rest - hour * 3600.0) * hours[hour]
    return found


def _kind(task: Task) -> Task:
    return replace(task, name="", submitted=None, started=None, ended=None, estimate=None)


def _arrivals(submitted: list[float]) -> Arrivals | None:
    if len(submitted) < 2:
        return None
    times = busy(np.sort(np.array(submitted)))
    span = float(times[-1] - times[0])
    if span <= 0:
        return None
    hours = relative_hours(times)
    seconds, sizes = np.unique(np.floor(times), return_counts=True)
    batches, often = np.unique(sizes, return_counts=True)
    gaps = np.diff(operational(seconds, hours))
    burst = float(gaps.var() / gaps.mean() ** 2) if len(gaps) > 1 else 1.0
    return Arrivals(
        per_day=(len(times) - 1) * DAY / span,
        hours=hours,
        batches=batches.astype(np.int64),
        batch_shares=often / often.sum(),
        burst=max(burst, 1e-3),
    )


def _repeat(numbers: NDArray[np.int64], shares: NDArray[np.float64]) -> float:
    """ρ from P(the same type twice) = ρ + (1 − ρ) Σ share²."""
    by_chance = float(shares @ shares)
    if len(numbers) < 2 or by_chance >= 1:
        return 0.0
    same = float(np.mean(numbers[1:] == numbers[:-1]))
    return min(max((same - by_chance) / (1 - by_chance), 0.0), 0.999)


def _durations(
    tasks: Sequence[Task], kinds: Sequence[Task], types: Sequence[Task]
) -> tuple[NDArray[np.float64], ...]:
    by_type: dict[Task, list[float]] = {kind: [] for kind in types}
    for task, kind in zip(tasks, kinds, strict=True):
        run = duration_of(task)
        if run is not None:
            by_type[kind].append(run)
    rare: dict[int, list[float]] = {}
    for kind, runs in by_type.items():
        if len(runs) < ENOUGH:
            rare.setdefault(size_class(kind), []).extend(runs)
    return tuple(
        np.sort(np.array(runs if len(runs) >= ENOUGH else rare[size_class(kind)], dtype=np.float64))
        for kind, runs in by_type.items()
    )


def _estimates(tasks: Sequence[Task]) -> NDArray[np.float64]:
    ratios = [
        task.estimate / max(run, SHORTEST)
        for task in tasks
        if task.estimate is not None and (run := duration_of(task)) is not None
    ]
    return np.sort(np.array(ratios, dtype=np.float64))
