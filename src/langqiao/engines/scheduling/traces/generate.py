"""Draw a trace like the one that a model was fitted to; same model, same options, same seed: same tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.traces.clock import DAY
from langqiao.engines.scheduling.traces.model import (
    HOURS,
    SHORTEST,
    Arrivals,
    Model,
    busy,
    duration_of,
    operational,
    relative_hours,
    size_class,
)
from langqiao.engines.scheduling.types import Task

MOST = 10_000_000  # tasks of one draw
DurationLaw = Literal["lognormal", "empirical"]
POISSON = Arrivals(0.0, np.ones(HOURS), np.array([1]), np.array([1.0]), 1.0)


@dataclass(frozen=True, slots=True)
class Options:
    """How much to draw.

    Attributes:
        count: number of tasks; None for what comes within ``days``.
        days: length in days, used where ``count`` is None.
        load: factor on the arrival rate.
        per_day: tasks a day instead of the trace's own; needed where the trace has no times.
        durations: "empirical" draws from the trace's own run times, "lognormal" from the lognormal with their
            mean and geometric mean, so that the load is kept (σ² = 2 (log of mean − mean of log)).
    """

    count: int | None = None
    days: float = 7.0
    load: float = 1.0
    per_day: float | None = None
    durations: DurationLaw = "empirical"


def generate(model: Model, options: Options | None = None, *, seed: int) -> list[Task]:
    """Tasks in the order of their submission, named s000001 …; time 0 is a midnight.

    Each starts when it is submitted and ends after its run time: what it waits is for a scheduler to find.
    O(n log n).

    Raises:
        SchedulingError: an option is out of bounds, or the trace has no times and no ``per_day`` is given.
    """
    options = options or Options()
    arrivals, rate = _rate(model, options)
    random = np.random.Generator(np.random.PCG64(seed))
    times = _times(arrivals, rate, options, random)
    kinds = _kinds(model, len(times), random)
    runs = _runs(model, kinds, options.durations, random)
    spread = random.random(len(times))
    tasks = []
    for at, (moment, kind) in enumerate(zip(times.tolist(), kinds.tolist(), strict=True)):
        run = runs[at]
        known = bool(np.isfinite(run))
        estimate = None
        if known and len(model.estimates):
            ratio = model.estimates[int(spread[at] * len(model.estimates))]
            estimate = round(float(ratio * max(run, SHORTEST)), 3)
        tasks.append(
            replace(
                model.types[kind],
                name=f"s{at + 1:06d}",
                submitted=moment,
                started=moment if known else None,
                ended=round(moment + float(run), 3) if known else None,
                estimate=estimate,
            )
        )
    return tasks


def compare(fitted: Sequence[Task], drawn: Sequence[Task]) -> dict[str, tuple[float, float]]:
    """Figures of both traces side by side; nan where a trace does not tell.

    per_day: tasks a day, in the shortest span that holds 98 % of them. burst: c² of the gaps between tasks
    there, in operational time. gpu_hours_per_task. run_mean and run_p50: run times in seconds. no_gpu, part,
    one, several, eight: shares of the size classes.
    """
    first, second = _figures(fitted), _figures(drawn)
    return {name: (value, second[name]) for name, value in first.items()}


def _rate(model: Model, options: Options) -> tuple[Arrivals, float]:
    """The arrival process and its rate in tasks a day."""
    for name, value, least, most in (
        ("load", options.load, 1e-6, 1e6),
        ("days", options.days, 1e-6, 36_525.0),
        ("per_day", options.per_day or 1.0, 1e-6, 1e9),
        ("count", options.count or 1, 1, MOST),
    ):
        if not least <= value <= most:
            raise SchedulingError(f"{name} must be from {least:g} to {most:g}, not {value:g}", kind="option")
    if options.count is not None and options.count < 1:
        raise SchedulingError("count must be 1 or more", kind="option")
    arrivals = model.arrivals or POISSON
    per_day = options.per_day if options.per_day is not None else arrivals.per_day
    if per_day <= 0:
        raise SchedulingError("the trace has no times: say how many tasks come a day", kind="times")
    if options.count is None and per_day * options.load * options.days > MOST:
        raise SchedulingError(f"more than {MOST:,} tasks would be drawn", kind="option")
    return arrivals, per_day * options.load


def _times(
    arrivals: Arrivals, rate: float, options: Options, random: np.random.Generator
) -> NDArray[np.float64]:
    """Times in seconds, ascending, to a thousandth."""
    mean_batch = float(arrivals.batches @ arrivals.batch_shares)
    gap = DAY * mean_batch / rate  # mean between batches, in operational seconds
    end = np.inf if options.count is not None else options.days * DAY
    wanted = options.count if options.count is not None else MOST
    expected = wanted if options.count is not None else int(end / gap * 1.1) + 100
    shape = 1.0 / arrivals.burst
    drawn, made, passed = [], 0, 0.0
    while made < wanted and passed < end:
        size = min(max(int(expected / mean_batch), 100), 1_000_000)
        moments = passed + np.cumsum(random.gamma(shape, gap / shape, size))
        sizes = random.choice(arrivals.batches, size=size, p=arrivals.batch_shares)
        passed = float(moments[-1])
        made += int(sizes.sum())
        drawn.append(np.repeat(_clock(moments, arrivals.hours), sizes))
    times = np.concatenate(drawn)
    times = times[times < end] if options.count is None else times[:wanted]
    found: NDArray[np.float64] = np.round(times, 3)
    return found


def _clock(moments: NDArray[np.float64], hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of :func:`operational`: when that much operational time has passed."""
    passed = np.concatenate([[0.0], np.cumsum(hours)]) * 3600.0
    day, rest = np.divmod(moments, passed[-1])
    hour = np.clip(np.searchsorted(passed, rest, side="right") - 1, 0, HOURS - 1)
    found: NDArray[np.float64] = day * DAY + hour * 3600.0 + (rest - passed[hour]) / hours[hour]
    return found


def _kinds(model: Model, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    fresh = random.choice(len(model.types), size=count, p=model.shares)
    kept = random.random(count) < model.repeat
    if count:
        kept[0] = False
    found: NDArray[np.int64] = fresh[np.maximum.accumulate(np.where(kept, 0, np.arange(count)))]
    return found


def _runs(
    model: Model, kinds: NDArray[np.int64], law: DurationLaw, random: np.random.Generator
) -> NDArray[np.float64]:
    """Run times in seconds; nan where the trace has none."""
    spread = random.random(len(kinds))
    normal = random.standard_normal(len(kinds))
    runs = np.full(len(kinds), np.nan)
    for kind, seen in enumerate(model.durations):
        mine = kinds == kind
        if not len(seen) or not mine.any():
            continue
        if law == "empirical":
            runs[mine] = seen[(spread[mine] * len(seen)).astype(np.int64)]
        else:
            logs = np.log(np.maximum(seen, SHORTEST))
            excess = max(float(np.log(np.maximum(seen, SHORTEST).mean()) - logs.mean()), 0.0)
            runs[mine] = np.exp(logs.mean() + np.sqrt(2 * excess) * normal[mine])
    found: NDArray[np.float64] = np.round(runs, 3)
    return found


def _figures(tasks: Sequence[Task]) -> dict[str, float]:
    times = np.sort(np.array([task.submitted for task in tasks if task.submitted is not None]))
    runs = [(task, run) for task in tasks if (run := duration_of(task)) is not None]
    seconds = np.array([run for _, run in runs])
    hours = [task.gpus * task.gpu_milli / 1000 * task.count * run / 3600 for task, run in runs]
    times = busy(times) if len(times) > 2 else times
    timed = len(times) > 2 and times[-1] > times[0]
    gaps = np.diff(operational(times, relative_hours(times))) if timed else np.array([])
    classes = np.bincount([size_class(task) for task in tasks], minlength=5) / max(len(tasks), 1)
    return {
        "per_day": (len(times) - 1) * DAY / float(times[-1] - times[0]) if timed else np.nan,
        "burst": float(gaps.var() / gaps.mean() ** 2) if timed else np.nan,
        "gpu_hours_per_task": float(np.mean(hours)) if hours else np.nan,
        "run_mean": float(seconds.mean()) if len(seconds) else np.nan,
        "run_p50": float(np.median(seconds)) if len(seconds) else np.nan,
        **dict(zip(("no_gpu", "part", "one", "several", "eight"), classes.tolist(), strict=True)),
    }
