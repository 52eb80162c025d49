"""Several policies and seeds of one simulation, over all cores: runs, means, a table and a picture."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from langqiao.cli.computing.runs import spread_of, tell_compiling, with_spread
from langqiao.cli.shared import err, out, progress_bar
from langqiao.engines.matching.types import Progress
from langqiao.engines.scheduling import simulation as engine
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import Node, Task
from langqiao.engines.scheduling.warmth import loops_at_once, places_at_once

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

FIGURES = (
    "wait_mean", "wait_p50", "wait_p95", "wait_p99", "completion_mean", "completion_p50", "completion_p95",
    "completion_p99", "slowdown", "makespan", "allocation_pct", "fragment_pct", "goodput_pct", "gpu_hours",
    "lost_gpu_hours", "jain", "gap_mean", "gap_max", "kwh", "preemptions", "failures", "done", "rejected",
    "unfinished",
)  # fmt: skip
HOUR = 3600.0
ANY_POLICY = "bestfit"  # the kernels are the same for all, and this one needs no search for weights
POINTS = 131  # of a curve
LINES = (
    ("等待均值（小时） / mean wait, h", "wait_mean", HOUR, ".3f"),
    ("等待 p95（小时） / wait p95, h", "wait_p95", HOUR, ".3f"),
    ("完成时间均值（小时） / mean JCT, h", "completion_mean", HOUR, ".3f"),
    ("分配率 / allocation, %", "allocation_pct", 1.0, ".2f"),
    ("碎片率 / fragment, %", "fragment_pct", 1.0, ".2f"),
    ("有效率 / goodput, %", "goodput_pct", 1.0, ".2f"),
    ("公平（Jain） / fairness", "jain", 1.0, ".4f"),
    ("抢占 / displaced", "preemptions", 1.0, ".1f"),
    ("故障 / failures", "failures", 1.0, ".1f"),
    ("完成 / done", "done", 1.0, ".1f"),
    ("拒绝 / rejected", "rejected", 1.0, ".1f"),
    ("未完 / unfinished", "unfinished", 1.0, ".1f"),
    ("电量（度） / energy, kWh", "kwh", 1.0, ",.0f"),
)
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """What all runs share; ``details`` keeps what became of every job."""

    nodes: Sequence[Node]
    jobs: Sequence[engine.Job]
    tenants: Sequence[engine.Tenant]
    options: engine.Options
    details: bool = False


@dataclass(slots=True)
class _Worker:
    """What a process of the pool holds."""

    case: Case
    stop: Event


_workers: list[_Worker] = []  # one in each process of the pool, none elsewhere


def _prepare(case: Case, stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and tells all
    _workers.append(_Worker(case, stop))


def _run(policy: str, seed: int) -> engine.Outcome | str | None:
    """One run; None where it was asked to stop, a text where it was refused."""
    (mine,) = _workers
    case = mine.case
    try:
        found = engine.simulate(
            case.nodes,
            case.jobs,
            case.tenants,
            options=replace(case.options, policy=policy),
            seed=seed,
            stop=mine.stop.is_set,
        )
    except engine.Stopped:
        return None
    except SchedulingError as wrong:  # it would not come whole through the pipe
        return str(wrong)
    return found if case.details else replace(found, results=())


def run_all(
    case: Case, policies: list[str], seeds: list[int], *, workers: int, halted: Callable[[], bool]
) -> dict[Key, engine.Outcome]:
    """Every policy with every seed, in this order, ``workers`` at a time (0: as many as there are cores).

    Processes and not threads: where the rules need the plain loop, Python runs one thread at a time.

    Raises:
        Stopped: ``halted`` said so.
        SchedulingError: an input cannot be used.
    """
    keys = list(product(policies, seeds))
    _warm_up(case)
    spawning = multiprocessing.get_context("spawn")
    stop = spawning.Event()
    done: dict[Key, engine.Outcome] = {}
    shown = progress_bar() if err.is_terminal else nullcontext()
    with (
        shown as show,
        ProcessPoolExecutor(
            min(workers or os.cpu_count() or 1, len(keys)), spawning, _prepare, (case, stop)
        ) as pool,
    ):
        runs: dict[Future[engine.Outcome | str | None], Key] = {pool.submit(_run, *key): key for key in keys}
        open_runs = set(runs)
        while open_runs and not stop.is_set():
            ended, open_runs = wait(open_runs, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in ended:
                try:
                    found = future.result()
                except BrokenExecutor:
                    if halted():  # the signal reached the whole group
                        raise engine.Stopped(len(done), len(keys)) from None
                    raise
                if isinstance(found, str):
                    stop.set()
                    raise SchedulingError(found, kind="simulation")
                if found is not None:
                    done[runs[future]] = found
            if show is not None:
                show(Progress("仿真 / simulate", len(done), len(keys)))
            if halted():
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
    if len(done) < len(keys):
        raise engine.Stopped(len(done), len(keys))
    return {key: done[key] for key in keys}


def _warm_up(case: Case) -> None:
    """Check the inputs, and compile once here what every process would otherwise compile for itself."""
    warm = places_at_once()
    if not warm:
        tell_compiling()
    sim = engine.Simulation(
        case.nodes, case.jobs, case.tenants, options=replace(case.options, policy=ANY_POLICY), seed=0
    )
    compiled = sim.takes_compiled_loop()
    if warm and loops_at_once(sim):
        return
    if warm:
        tell_compiling()
    node, task = Node("n", 1000, 1000, 1, "m"), Task("t", 1000, 0, 1, 1000)
    job = engine.Job(1, "t", task, submitted=0.0, duration=1.0)
    options = engine.Options(policy=ANY_POLICY)
    engine.Simulation([node], [job], [engine.Tenant("t")], options=options, compiled=compiled).run()


# Figures ---------------------------------------------------------------------------------------------------


def facts_of(found: dict[Key, engine.Outcome], *, full: bool) -> dict[str, Any]:
    """For JSON: all runs, and mean and standard deviation of the figures of each policy."""
    return {
        "runs": [
            {"policy": policy, "seed": seed, **outcome.as_dict(full=full)}
            for (policy, seed), outcome in found.items()
        ],
        "policies": [_mean(found, policy) for policy in dict.fromkeys(policy for policy, _ in found)],
    }


def _mean(found: dict[Key, engine.Outcome], policy: str) -> dict[str, Any]:
    mine = [outcome for (name, _), outcome in found.items() if name == policy]
    facts: dict[str, Any] = {"policy": policy, "runs": len(mine)}
    for figure in FIGURES:
        facts[figure], facts[f"{figure}_sd"] = spread_of((_figure(one, figure) for one in mine), 6)
    return facts


def _figure(outcome: engine.Outcome, name: str) -> float | None:
    first, _, rest = name.partition("_")
    if first in {"wait", "completion"}:
        return float(getattr(getattr(outcome, first), rest))
    value: float | None = getattr(outcome, name)
    return value


def tell(found: dict[Key, engine.Outcome]) -> None:
    """A column a policy, mean ± standard deviation over its seeds."""
    means = facts_of(found, full=False)["policies"]
    table = Table("", *(f"{mean['policy']} × {mean['runs']}" for mean in means))
    for label, figure, unit, layout in LINES:
        cells = []
        for mean in means:
            middle, deviation = (
                None if value is None else value / unit for value in (mean[figure], mean[f"{figure}_sd"])
            )
            cells.append(with_spread(middle, deviation, layout))
        table.add_row(label, *cells)
    out.print(table, highlight=False)


# Picture ---------------------------------------------------------------------------------------------------


def draw(folder: Path, found: dict[Key, engine.Outcome]) -> None:
    """The allocation over time of each policy, mean of its seeds, as ``allocation.svg``.

    Raises:
        SchedulingError: too few samples for a curve.
        OSError: the file cannot be written.
    """
    from langqiao.engines.scheduling.plots import curves

    if any(len(outcome.samples) < 2 for outcome in found.values()):
        raise SchedulingError(
            "--plot：取样不足两次，请减小 --sample-every / fewer than two samples, sample more often",
            kind="option",
        )
    end = max(outcome.ended_at for outcome in found.values())
    times = [end * at / (POINTS - 1) for at in range(POINTS)]
    lines: dict[str, list[float]] = {}
    for policy in dict.fromkeys(policy for policy, _ in found):
        mine = [_levels(outcome, times) for (name, _), outcome in found.items() if name == policy]
        lines[policy] = [statistics.fmean(values) for values in zip(*mine, strict=True)]
    picture = curves(
        [time / HOUR for time in times],
        lines,
        title="GPU 分配率 / GPU allocation",
        x_label="时间（小时） / time, h",
        y_label="% of the GPUs that stand",
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "allocation.svg").write_text(picture, encoding="utf-8")


def _levels(outcome: engine.Outcome, times: Sequence[float]) -> list[float]:
    """The allocation of the last sample up to each time; 0 before the first and after the end."""
    levels, at, level = [], 0, 0.0
    for time in times:
        while at < len(outcome.samples) and outcome.samples[at].at <= time:
            level = outcome.samples[at].allocation_pct
            at += 1
        levels.append(0.0 if time > outcome.ended_at or math.isnan(level) else level)
    return levels
