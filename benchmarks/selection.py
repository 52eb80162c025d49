"""Benchmark of calibration and choice: who finds the true top 12 of 37, and how fast the what-if answer is.

    python -m benchmarks.selection [--replications 10000] [--seed 1] [--json]

The simulation is that of facts/verification.md: 37 applicants, 20 reviewers, 5 reviews each, and the mean
number of the true top 12 among the estimated top 12, at four standard deviations of reviewer bias. Its
parameters are not in that table; quality N(0, 5.8²), error N(0, 3.7²) and loads as even as they can be
(random among the least loaded) reproduce all sixteen of its figures within 0.08. JSON keys:

* ``replications``, ``seed``, ``quality_sd``, ``error_sd``
* ``recovered``: estimator → bias sd → mean number recovered (same data for all estimators)
* ``standard_error``: estimator → bias sd → standard error of that mean
* ``behind_best``: bias sd → best other column less ours
* ``coverage``: bias sd → share of our 95 % intervals that hold the panel's true mean of the item
* ``seconds``: of the simulation
* ``choice``: for 12 of 37 and 300 of 1,000, by sets of rules: ``milliseconds`` of the whole what-if answer
  (choice, prices, winners and losers, margins of all or the nearest candidates): median, slowest, and the
  median of CPU time; and ``milp_milliseconds`` of one ``scipy.optimize.milp`` for the choice alone
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.special import stdtrit

from benchmarks.clock import timed
from langqiao.engines.selection.calibration.variance import angles, gains, log_likelihood, posterior
from langqiao.engines.selection.choice import AtLeast, AtMost, Budget, Candidate, Rule, choose
from langqiao.engines.selection.choice.model import build
from langqiao.engines.selection.choice.solver import warm

Array = NDArray[np.float64]

ITEMS, REVIEWERS, EACH, PLACES = 37, 20, 5, 12
QUALITY_SD, ERROR_SD = 5.8, 3.7
BIASES = (0, 3, 6, 9)
CHUNK = 250  # replications at a time, so that the arrays stay in the cache
ANGLE_COUNT = 64  # half of the engine's; the tests show that no score moves by 0.01 points


@dataclass(frozen=True)
class Design:
    """Who reviews what in each of a chunk of replications, and the contrasts that show bias.

    ``reviewer`` has shape (B, 37, 5); ``values`` (B, K) and ``vectors`` (B, 20, K) are the eigenvectors
    of Z'MZ; ``loading`` (B, 37, K) averages them over each item's reviewers.
    """

    reviewer: NDArray[np.intp]
    loads: Array
    values: Array
    vectors: Array
    loading: Array


def draw_design(generator: np.random.Generator, size: int) -> Design:
    """Every item takes the five least loaded reviewers, ties broken at random."""
    loads = np.zeros((size, REVIEWERS))
    reviewer = np.empty((size, ITEMS, EACH), dtype=np.intp)
    for item in range(ITEMS):
        chosen = np.argsort(loads + 0.9 * generator.random(loads.shape), axis=1)[:, :EACH]
        reviewer[:, item] = chosen
        np.put_along_axis(loads, chosen, np.take_along_axis(loads, chosen, 1) + 1, 1)
    incidence = np.zeros((size, ITEMS, REVIEWERS))
    np.put_along_axis(incidence, reviewer, 1.0, 2)
    matrix = -(incidence.transpose(0, 2, 1) @ incidence) / EACH
    at = np.arange(REVIEWERS)
    matrix[:, at, at] += loads
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[:, 1:], vectors[:, :, 1:]
    return Design(reviewer, loads, values, vectors, incidence @ vectors / EACH)


def per_reviewer(design: Design, values: Array) -> Array:
    """Sums of a value per review over each reviewer: (B, 37, 5) → (B, 20)."""
    rows = np.arange(len(values))[:, None, None] * REVIEWERS + design.reviewer
    return np.bincount(rows.ravel(), values.ravel(), len(values) * REVIEWERS).reshape(-1, REVIEWERS)


def of_reviewers(design: Design, values: Array) -> Array:
    """A value per reviewer laid beside every review: (B, 20) → (B, 37, 5)."""
    rows = np.arange(len(values))[:, None, None]
    return np.asarray(values[rows, design.reviewer])


def raw_mean(_design: Design, scores: Array) -> Array:
    """The plain mean."""
    return np.asarray(scores.mean(axis=2))


def drop_extremes(_design: Design, scores: Array) -> Array:
    """The mean without the highest and the lowest score."""
    return np.asarray(np.sort(scores, axis=2)[:, :, 1:-1].mean(axis=2))


def z_score(design: Design, scores: Array) -> Array:
    """The mean of scores that are standardised reviewer by reviewer."""
    centred = scores - of_reviewers(design, per_reviewer(design, scores) / design.loads)
    deviation = np.sqrt(per_reviewer(design, centred**2) / (design.loads - 1))
    return np.asarray((centred / of_reviewers(design, deviation)).mean(axis=2))


def contrasts(design: Design, scores: Array) -> tuple[Array, Array]:
    """The projections w of the scores, (B, K), and the sum of squares inside items, (B,)."""
    inside = scores - scores.mean(axis=2, keepdims=True)
    sums = per_reviewer(design, inside)
    return (sums[:, None, :] @ design.vectors)[:, 0], (inside**2).sum(axis=(1, 2))


def plain_ridge(design: Design, scores: Array, *, penalty: float = 1.0) -> Array:
    """Least squares with the same penalty on reviewer effects whatever the data say."""
    projected, _ = contrasts(design, scores)
    pull = projected / (design.values + penalty)
    return np.asarray(scores.mean(axis=2) - (design.loading @ pull[:, :, None])[:, :, 0])


def calibrated(design: Design, scores: Array) -> tuple[Array, Array]:
    """Our estimate (B, 37) and its standard error, by the engine's own functions."""
    projected, inside = contrasts(design, scores)
    energy = projected**2 / design.values
    rss = inside - energy.sum(axis=1)
    freedom = ITEMS * (EACH - 1)
    ratio = np.tan(angles(ANGLE_COUNT)) ** 2
    likelihood = log_likelihood(ratio, values=design.values, energy=energy, rss=rss, freedom=freedom)
    weights = posterior(likelihood)[:, None, :]
    gain = gains(ratio, values=design.values)
    total = rss[:, None] + (energy[:, :, None] / (1 + design.values[:, :, None] * ratio)).sum(axis=1)
    error = (total / freedom)[:, None, :]
    moves = design.loading @ (gain * projected[:, :, None])  # (B, 37, angles)
    shift = (moves * weights).sum(axis=2)
    within = ((design.loading**2 @ (gain * error)) * weights).sum(axis=2)
    between = ((moves - shift[:, :, None]) ** 2 * weights).sum(axis=2)
    variance = (error * weights).sum(axis=2) / EACH + within + between
    return scores.mean(axis=2) - shift, np.sqrt(variance)


ESTIMATORS: dict[str, Callable[[Design, Array], Array]] = {
    "raw mean": raw_mean,
    "drop high/low": drop_extremes,
    "z-score": z_score,
    "plain ridge": plain_ridge,
}
OURS = "calibrated"


def top(values: Array) -> NDArray[np.bool_]:
    """Which are among the best 12 of each row."""
    chosen = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(chosen, np.argsort(-values, axis=1, kind="stable")[:, :PLACES], True, 1)
    return chosen


def simulate(replications: int, seed: int) -> dict[str, Any]:
    """The table: the same designs, qualities, errors and standard biases at every bias level."""
    generator = np.random.default_rng(seed)
    names = (*ESTIMATORS, OURS)
    found: dict[str, dict[int, list[Array]]] = {name: {sd: [] for sd in BIASES} for name in names}
    covered: dict[int, list[float]] = {sd: [] for sd in BIASES}
    quantile = float(stdtrit(ITEMS * (EACH - 1), 0.975))
    started = time.perf_counter()
    for first in range(0, replications, CHUNK):
        size = min(CHUNK, replications - first)
        design = draw_design(generator, size)
        quality = QUALITY_SD * generator.standard_normal((size, ITEMS))
        error = ERROR_SD * generator.standard_normal((size, ITEMS, EACH))
        bias = generator.standard_normal((size, REVIEWERS))
        truth = top(quality)
        for sd in BIASES:
            scores = quality[:, :, None] + error + sd * of_reviewers(design, bias)
            estimates = {name: estimator(design, scores) for name, estimator in ESTIMATORS.items()}
            estimates[OURS], deviation = calibrated(design, scores)
            for name, values in estimates.items():
                found[name][sd].append((top(values) & truth).sum(axis=1).astype(float))
            meant = quality + sd * bias.mean(axis=1, keepdims=True)  # what the whole panel would say
            covered[sd].append(float((np.abs(estimates[OURS] - meant) <= quantile * deviation).mean()))
    counts = {
        name: {sd: np.concatenate(rows) for sd, rows in levels.items()} for name, levels in found.items()
    }
    means = {name: {sd: float(row.mean()) for sd, row in levels.items()} for name, levels in counts.items()}
    others = {sd: max(means[name][sd] for name in ESTIMATORS) for sd in BIASES}
    return {
        "replications": replications,
        "seed": seed,
        "quality_sd": QUALITY_SD,
        "error_sd": ERROR_SD,
        "recovered": {n: {str(sd): round(m, 3) for sd, m in row.items()} for n, row in means.items()},
        "standard_error": {
            name: {
                str(sd): round(float(row.std(ddof=1) / np.sqrt(row.size)), 4) for sd, row in levels.items()
            }
            for name, levels in counts.items()
        },
        "behind_best": {str(sd): round(others[sd] - means[OURS][sd], 3) for sd in BIASES},
        "coverage": {str(sd): round(float(np.mean(shares)), 4) for sd, shares in covered.items()},
        "seconds": round(time.perf_counter() - started, 1),
    }


def field(size: int, seed: int) -> list[Candidate]:
    """Candidates in nine cities of unequal size, six industries, with costs of 20 to 59."""
    generator = np.random.default_rng(seed)
    shares = np.arange(9, 0, -1) / 45
    return [
        Candidate(
            f"c{at:04}",
            round(float(generator.normal(75, QUALITY_SD)), 2),
            low=70.0,
            high=80.0,
            cost=float(generator.integers(20, 60)),
            attributes={
                "city": f"city{generator.choice(9, p=shares)}",
                "industry": f"industry{generator.integers(6)}",
            },
        )
        for at in range(size)
    ]


def rule_sets(places: int) -> dict[str, list[Rule]]:
    """The rules of the conference, and harder ones."""
    city = [AtLeast("city", 1), AtMost("city", max(3, places // 4))]
    industry = [AtMost("industry", max(3, places // 5))]
    return {
        "city": [*city],
        "city and industry": [*city, *industry],
        "city, industry and budget": [*city, *industry, Budget(39.0 * places)],
    }


def one_milp(candidates: Sequence[Candidate], places: int, rules: Sequence[Rule]) -> None:
    """The choice alone, without prices and margins, by branch and bound from nothing."""
    model = build(candidates, places, rules)
    rows = LinearConstraint(
        np.vstack([np.ones((1, model.units.size)), model.rows.matrix]),
        np.concatenate([[places], model.rows.lower]),
        np.concatenate([[places], model.rows.upper]),
    )
    milp(
        -model.units / 1e6,
        integrality=np.ones(model.units.size),
        bounds=Bounds(0, 1),
        constraints=rows,
        options={"mip_rel_gap": 0.0},
    )


def time_choices(seed: int) -> list[dict[str, Any]]:
    """How long the what-if answer takes: each set of rules on several fields, the first run not counted."""
    warm()
    rows = []
    for size, places, runs in ((ITEMS, PLACES, 15), (1_000, 300, 3)):
        for name, rules in rule_sets(places).items():
            fields = [field(size, seed + run) for run in range(runs)]
            choose(fields[0], places=places, rules=rules)

            whole, processor = [], []
            for one in fields:
                before = time.process_time()
                whole.append(timed(partial(choose, one, places=places, rules=rules, margin=0.5)))
                processor.append((time.process_time() - before) * 1000.0)
            single = [timed(partial(one_milp, one, places, rules)) for one in fields]
            rows.append(
                {
                    "candidates": size,
                    "places": places,
                    "rules": name,
                    "milliseconds": {
                        "median": round(float(np.median(whole)), 1),
                        "slowest": round(max(whole), 1),
                        "processor": round(float(np.median(processor)), 1),
                    },
                    "milp_milliseconds": round(float(np.median(single)), 1),
                }
            )
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 on success."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.selection", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--replications", type=int, default=10_000, metavar="N", help="simulated rounds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if options.replications < 2:
        parser.error("at least two replications are needed for a standard error")
    report = simulate(options.replications, options.seed) | {"choice": time_choices(options.seed)}
    if options.json:
        json.dump(report, sys.stdout, ensure_ascii=False, indent=2)
        print()
        return 0
    print_report(report)
    return 0


def print_report(report: dict[str, Any]) -> None:
    """The tables."""
    print(f"true top {PLACES} of {ITEMS} recovered, {report['replications']} replications, by bias sd")
    print(f"{'':16s}" + "".join(f"{sd:>8d}" for sd in BIASES))
    for name, row in report["recovered"].items():
        print(f"{name:16s}" + "".join(f"{value:8.3f}" for value in row.values()))
    print(f"{'behind the best':16s}" + "".join(f"{value:8.3f}" for value in report["behind_best"].values()))
    print(f"{'95 % coverage':16s}" + "".join(f"{value:8.3f}" for value in report["coverage"].values()))
    widest = max(max(row.values()) for row in report["standard_error"].values())
    print(f"standard errors up to {widest:.3f}; {report['seconds']} s")
    print(
        "\nwhat-if answer (choice, prices, winners and losers, margins), ms; one MILP of the choice alone, ms"
    )
    for row in report["choice"]:
        times = row["milliseconds"]
        print(
            f"{row['candidates']:5d} → {row['places']:3d}  {row['rules']:26s}"
            f"median {times['median']:7.1f}  slowest {times['slowest']:7.1f}  CPU {times['processor']:7.1f}"
            f"  MILP {row['milp_milliseconds']:7.1f}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
