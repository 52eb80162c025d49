"""Figures of a simulation: completion and waiting times, allocation, fairness, energy, goodput."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from langqiao.engines.scheduling.types import WHOLE

from .types import JobResult, Sample, TenantResult

if TYPE_CHECKING:
    from .simulator import Simulation

HOUR = 3600.0
STEEPS = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and percentiles in seconds; nan where there is nothing to measure."""

    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out.

    Attributes:
        ended_at: time at which the simulation stood still, in seconds.
        jobs, done, rejected, unfinished: numbers of jobs.
        wait: seconds from arrival to the first start, of jobs that started.
        completion: seconds from arrival to the end (JCT), of jobs that are done.
        slowdown: completion over duration, bounded below by 10 s of duration, mean over done jobs.
        makespan: time of the last end.
        allocation_pct: GPU time held, in per cent of the GPU time that stood until ``ended_at``.
        fragment_pct: mean of the samples; nan without samples.
        goodput_pct: GPU time of work that was kept, in per cent of GPU time held.
        lost_gpu_hours: GPU time held for work that was thrown away or for restarts.
        jain: Jain's index of the tenants' mean dominant shares over their weights (1: equal), of tenants
            that had jobs.
        gap_mean, gap_max: difference of the largest and the smallest dominant share over weight of tenants
            with waiting jobs, over the samples; nan without samples.
        kwh: energy including PUE; None if the power of some nodes is not given.
        preemptions, failures: jobs displaced; nodes that went down.
        events, starts: of the simulation.
        digest: SHA-256 of times and nodes of all jobs: equal digests, equal runs.
    """

    ended_at: float
    jobs: int
    done: int
    rejected: int
    unfinished: int
    wait: Spread
    completion: Spread
    slowdown: float
    makespan: float
    allocation_pct: float
    fragment_pct: float
    goodput_pct: float
    gpu_hours: float
    core_hours: float
    lost_gpu_hours: float
    jain: float
    gap_mean: float
    gap_max: float
    kwh: float | None
    preemptions: int
    failures: int
    events: int
    starts: int
    digest: str
    tenants: tuple[TenantResult, ...]
    results: tuple[JobResult, ...]
    samples: tuple[Sample, ...]

    def as_dict(self, *, full: bool = False) -> dict[str, Any]:
        """For JSON: nan becomes None; jobs and samples only if ``full``."""
        facts = asdict(self)
        if not full:
            del facts["results"], facts["samples"]
        cleaned: dict[str, Any] = _without_nan(facts)
        return cleaned


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return value


def spread(values: Iterable[float]) -> Spread:
    """Mean and percentiles (linear between neighbours)."""
    found = np.array(list(values), dtype=np.float64)
    if not found.size:
        return Spread(math.nan, math.nan, math.nan, math.nan)
    return Spread(float(found.mean()), *(float(one) for one in np.percentile(found, STEEPS)))


def jain(values: Sequence[float]) -> float:
    """(Σx)²/(n·Σx²), Jain, Chiu and Hawe 1984; nan for none, 1 where all are 0."""
    squares = sum(one * one for one in values)
    if not values:
        return math.nan
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def summarise(sim: Simulation) -> Outcome:
    """The outcome so far; the simulation may go on afterwards."""
    sim.bring_up_to_date()
    book, meter, now = sim.book, sim.meter, sim.now
    results = tuple(_results(sim))
    done = [one for one in results if one.state == "done"]
    waits = [one.wait for one in results if one.wait is not None]
    completions = [one.completion for one in done if one.completion is not None]
    held = sum(meter.gpu)
    useful = sum(
        book.gpu[job] * (book.jobs[job].duration - _still_left(sim, job)) for job in range(book.size)
    )
    tenants = tuple(_tenants(sim, results))
    gaps = [sample.gap for sample in sim.samples]
    fragments = [one.fragment_pct for one in sim.samples if not math.isnan(one.fragment_pct)]
    slow = [
        max(1.0, (one.completion or 0.0) / max(10.0, book.jobs[job].duration))
        for job, one in enumerate(results)
        if one.state == "done"
    ]
    return Outcome(
        ended_at=now,
        jobs=book.size,
        done=len(done),
        rejected=sum(one.state == "rejected" for one in results),
        unfinished=book.size - book.over,
        wait=spread(waits),
        completion=spread(completions),
        slowdown=float(np.mean(slow)) if slow else math.nan,
        makespan=max((one.ended for one in done if one.ended is not None), default=math.nan),
        allocation_pct=100.0 * held / meter.capacity if meter.capacity else math.nan,
        fragment_pct=float(np.mean(fragments)) if fragments else math.nan,
        goodput_pct=100.0 * useful / held if held else math.nan,
        gpu_hours=held / WHOLE / HOUR,
        core_hours=sum(meter.cpu) / WHOLE / HOUR,
        lost_gpu_hours=max(0.0, held - useful) / WHOLE / HOUR,
        jain=jain([one.mean_share / sim.tenants[t].weight for t, one in enumerate(tenants) if one.jobs]),
        gap_mean=float(np.mean(gaps)) if gaps else math.nan,
        gap_max=max(gaps, default=math.nan),
        kwh=meter.kwh(),
        preemptions=sum(book.preemptions),
        failures=sim.down_times,
        events=sim.events,
        starts=sim.starts,
        digest=_digest(sim),
        tenants=tenants,
        results=results,
        samples=tuple(sim.samples),
    )


def _still_left(sim: Simulation, job: int) -> float:
    """Work that a job still has before it, the part done since its last start counted as done."""
    book = sim.book
    if book.state[job] != "running":
        return book.left[job]
    ran = max(0.0, sim.now - book.begun[job] - book.overhead[job])
    return max(0.0, book.left[job] - ran)


def _time(value: float) -> float | None:
    return None if math.isnan(value) else value


def _results(sim: Simulation) -> Iterable[JobResult]:
    book = sim.book
    for number, job in enumerate(book.jobs):
        yield JobResult(
            id=job.id,
            tenant=job.tenant,
            state=book.state[number],
            submitted=job.submitted,
            started=_time(book.first[number]),
            ended=_time(book.ended[number]),
            preemptions=book.preemptions[number],
            failures=book.failures[number],
            node=book.node[number],
            reason=book.why.get(number),
        )


def _tenants(sim: Simulation, results: Sequence[JobResult]) -> Iterable[TenantResult]:
    meter = sim.meter
    own: list[list[JobResult]] = [[] for _ in sim.tenants]
    for result, at in zip(results, sim.book.tenant, strict=True):
        own[at].append(result)
    for number, tenant in enumerate(sim.tenants):
        waits = [one.wait for one in own[number] if one.wait is not None]
        yield TenantResult(
            name=tenant.name,
            city=tenant.city,
            jobs=len(own[number]),
            done=sum(one.state == "done" for one in own[number]),
            gpu_hours=meter.gpu[number] / WHOLE / HOUR,
            core_hours=meter.cpu[number] / WHOLE / HOUR,
            mean_wait=float(np.mean(waits)) if waits else math.nan,
            mean_share=meter.dominant[number] / sim.now if sim.now else 0.0,
            borrowed_gpu_hours=meter.borrowed[number] / WHOLE / HOUR,
            preempted=meter.preempted[number],
        )


def _digest(sim: Simulation) -> str:
    book = sim.book
    digest = hashlib.sha256()
    for values in (book.first, book.ended, book.node, book.preemptions, book.failures):
        digest.update(np.array(values, dtype=np.float64).tobytes())
    return digest.hexdigest()
