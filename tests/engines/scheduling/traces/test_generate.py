"""A synthetic trace resembles the one that it was fitted to, and comes again from the same seed."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.traces import read_tasks
from langqiao.engines.scheduling.traces.clock import DAY
from langqiao.engines.scheduling.traces.generate import Options, _clock, compare, generate
from langqiao.engines.scheduling.traces.model import duration_of, fit, operational, relative_hours
from langqiao.engines.scheduling.types import Task

SMALL = Task("", 1000, 64, 1, 500)
LARGE = Task("", 8000, 512, 8, 1000, tenant="t")


def trace(days=20, seed=3):
    """Poisson arrivals three times as dense in the second half of each day; sizes 3 to 1; runs 60 or 600 s."""
    random = np.random.default_rng(seed)
    times = np.sort(np.concatenate([DAY * day + random.uniform(0, DAY / 2, 50) for day in range(days)]))
    times = np.concatenate([times, *(DAY * day + random.uniform(DAY / 2, DAY, 150) for day in range(days))])
    return [
        replace(
            SMALL if at % 4 else LARGE,
            name=str(at),
            submitted=float(moment),
            started=float(moment),
            ended=float(moment) + (60 if at % 4 else 600),
            estimate=1200.0,
        )
        for at, moment in enumerate(np.sort(times))
    ]


def test_the_fit_finds_what_was_put_in():
    model = fit(trace())
    assert model.arrivals is not None
    assert model.arrivals.per_day == pytest.approx(200, rel=0.05)
    assert model.arrivals.burst == pytest.approx(1, abs=0.15)
    first, second = model.arrivals.hours[:12].mean(), model.arrivals.hours[12:].mean()
    assert second / first == pytest.approx(3, rel=0.15)
    assert dict(zip(model.types, model.shares, strict=True)) == {SMALL: 0.75, LARGE: 0.25}
    assert model.repeat == 0  # every fourth is large: fewer repetitions than by chance
    assert set(model.durations[model.types.index(SMALL)]) == {60.0}


def test_a_drawn_trace_has_the_figures_of_its_model():
    held = trace()
    drawn = generate(fit(held), Options(count=20_000), seed=7)
    for name, (one, other) in compare(held, drawn).items():
        assert other == pytest.approx(one, rel=0.1, abs=0.02), name
    assert [task.submitted for task in drawn] == sorted(task.submitted for task in drawn)
    assert {task.estimate for task in drawn} <= {1200.0, 120.0, 12_000.0}


def test_repetition_is_kept():
    held = [replace(SMALL if at // 10 % 2 else LARGE, submitted=float(at * 60)) for at in range(2000)]
    model = fit(held)
    assert model.repeat == pytest.approx(0.8, abs=0.01)
    drawn = generate(model, Options(count=20_000), seed=1)
    same = np.mean([a.gpus == b.gpus for a, b in pairwise(drawn)])
    assert same == pytest.approx(0.9, abs=0.01)
    assert np.mean([task.gpus == 8 for task in drawn]) == pytest.approx(0.5, abs=0.03)


def test_a_lognormal_keeps_mean_and_geometric_mean():
    random = np.random.default_rng(5)
    runs = np.exp(5 + 0.8 * random.standard_normal(3000))
    held = [
        replace(SMALL, submitted=60.0 * at, ended=60.0 * at + run) for at, run in enumerate(runs.tolist())
    ]
    drawn = generate(fit(held), Options(count=30_000, durations="lognormal"), seed=2)
    found = np.array([duration_of(task) for task in drawn])
    assert found.mean() == pytest.approx(runs.mean(), rel=0.05)
    assert np.log(found).mean() == pytest.approx(5, abs=0.05)


def test_same_seed_same_tasks_and_another_seed_others():
    model = fit(trace())
    options = Options(days=3, load=2)
    assert generate(model, options, seed=4) == generate(model, options, seed=4)
    assert generate(model, options, seed=4) != generate(model, options, seed=5)
    assert len(generate(model, options, seed=4)) == pytest.approx(1200, rel=0.15)


def test_batches_come_together():
    held = [replace(SMALL, submitted=float(at // 5 * 600)) for at in range(1000)]
    drawn = generate(fit(held), Options(count=1000), seed=1)
    assert len({task.submitted for task in drawn}) == 200


def test_a_trace_without_times_needs_a_rate():
    model = fit([SMALL, LARGE])
    assert model.arrivals is None
    with pytest.raises(SchedulingError, match="no times"):
        generate(model, Options(count=5), seed=1)
    drawn = generate(model, Options(per_day=1000, days=2), seed=1)
    assert len(drawn) == pytest.approx(2000, rel=0.1)
    assert {(task.started, task.ended, task.estimate) for task in drawn} == {(None, None, None)}


@pytest.mark.parametrize(
    "options",
    [
        Options(load=0),
        Options(days=float("nan")),
        Options(count=0),
        Options(count=10**9),
        Options(per_day=1e9, days=365),
    ],
)
def test_options_out_of_bounds_are_refused(options):
    with pytest.raises(SchedulingError):
        generate(fit(trace(3)), options, seed=1)
    with pytest.raises(SchedulingError, match="no task"):
        fit([])


@given(st.lists(st.floats(0.1, 5), min_size=24, max_size=24), st.floats(0, 1e7))
@settings(max_examples=60, deadline=None)
def test_operational_time_runs_back(hours, moment):
    rates = np.array(hours) / np.mean(hours)
    there = operational(np.array([moment]), rates)
    assert _clock(there, rates)[0] == pytest.approx(moment, abs=1e-3)


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(0, 1e5), st.sampled_from([SMALL, LARGE])),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_trace_can_be_fitted(rows):
    held = [replace(kind, submitted=begin, ended=begin + run) for begin, run, kind in rows]
    drawn = generate(fit(held), Options(count=20, per_day=100), seed=1)
    assert len(drawn) == 20
    assert all(task.ended >= task.submitted for task in drawn)


def test_hours_are_flat_when_the_trace_is_short():
    assert set(relative_hours(np.array([0.0, DAY]))) == {1.0}


def test_the_published_trace(shared_data):
    held = read_tasks(shared_data / "openb" / "openb_pod_list_default.csv")
    drawn = generate(fit(held), Options(count=len(held)), seed=1)
    figures = compare(held, drawn)
    for name in ("per_day", "burst", "run_p50", "no_gpu", "part", "one"):
        assert figures[name][1] == pytest.approx(figures[name][0], rel=0.15), name
