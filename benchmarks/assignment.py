"""Measure reviewer assignment: published table, speed and memory against an LP and greedy, price of chance.

    python -m benchmarks.assignment [--midl FILE.npy] [--price FILE PER_ITEM MAX_LOAD ROWS]…
        [--items N] [--reviewers N] [--top N] [--per-item K] [--max-load L] [--json]

* ``table``: the MIDL matrix (rows are papers), 3 per paper, load ≤ 4: sum, minimum, seconds of our optimum,
  of the same with load 2–4 and of max-min; beside them what Kobren, Saha and McCallum (KDD 2019) published.
* ``speed``: a made-up case (uniform scores, each item the same number of random candidates, seeded). Ours,
  the LP by HiGHS's simplex, and greedy by falling score each run in a process of their own.
  ``seconds`` is the solve from the sparse matrix to the pairs (``cpu_seconds``: of one core); ``peak_mb``
  is the largest resident memory of the whole process, the interpreter, libraries and the matrix included;
  ``before_mb`` is the same just before the solve.
* ``price``: the share of the deterministic optimum that a random assignment keeps in expectation with
  probabilities of at most 1/2; ROWS says whether the file's rows are ``items`` or ``reviewers``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

PUBLISHED = (
    ("TPMS optimum", 201.88, 0.90, 0.10),
    ("TPMS, load 2–4", 150.04, 0.00, 0.17),
    ("FairIR", 201.83, 0.93, 1.60),
    ("FairFlow", 197.67, 0.94, 1.15),
    ("PeerReview4All", 197.32, 0.92, 293.83),
)
REPEATS = 3  # of which the quickest counts: the machine's other work is not ours
SEED = 20_201


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def made_up(items: int, reviewers: int, top: int) -> sparse.csr_array:
    """Uniform scores between each item and ``top`` random reviewers."""
    random = np.random.default_rng(SEED)
    columns = np.empty((items, top), np.int32)
    for row in columns:
        row[:] = np.sort(random.choice(reviewers, top, replace=False))
    starts = np.arange(items + 1, dtype=np.int32) * top
    return sparse.csr_array((random.random(items * top), columns.ravel(), starts), shape=(items, reviewers))


def ours(scores: sparse.csr_array, per_item: int, load: int) -> tuple[float, int]:
    """The product's optimum: sum and unfilled places."""
    from langqiao.engines.assignment import Problem, assign

    found = assign(Problem(scores, per_item=per_item, max_load=load))
    return found.sum, int(found.unfilled.sum())


def linear_programme(scores: sparse.csr_array, per_item: int, load: int) -> tuple[float, int]:
    """The transport problem as a linear programme for HiGHS; unfilled places cost more than any score."""
    from langqiao.engines.assignment.programme import Model, solve

    n, m = scores.shape
    size, at = scores.nnz, np.arange(scores.nnz)
    rows = np.repeat(np.arange(n), np.diff(scores.indptr))
    places = sparse.csr_array((np.ones(size), (rows, at)), shape=(n, size))
    loads = sparse.csr_array((np.ones(size), (scores.indices, at)), shape=(m, size))
    matrix = sparse.vstack(
        [sparse.hstack([places, sparse.eye_array(n)]), sparse.hstack([loads, sparse.csr_array((m, n))])]
    )
    penalty = float(np.abs(scores.data).max()) * 2 * (n + m)
    answer = solve(
        Model(
            cost=np.concatenate([scores.data, np.full(n, -penalty)]),
            lower=np.zeros(size + n),
            upper=np.concatenate([np.ones(size), np.full(n, per_item)]),
            matrix=matrix,
            row_lower=np.concatenate([np.full(n, per_item), np.zeros(m)]).astype(np.float64),
            row_upper=np.concatenate([np.full(n, per_item), np.full(m, load)]).astype(np.float64),
            whole=np.zeros(size + n, np.bool_),
        ),
        integer=False,
        seconds=3600,
    )
    return float(answer.values[:size] @ scores.data), round(float(answer.values[size:].sum()))


def greedy(scores: sparse.csr_array, per_item: int, load: int) -> tuple[float, int]:
    """Pairs by falling score as long as both have room."""
    n, m = scores.shape
    rows = np.repeat(np.arange(n), np.diff(scores.indptr))
    order = np.argsort(-scores.data, kind="stable")
    need, room, total = [per_item] * n, [load] * m, 0.0
    for i, j, score in zip(
        rows[order].tolist(), scores.indices[order].tolist(), scores.data[order].tolist(), strict=True
    ):
        if need[i] and room[j]:
            need[i] -= 1
            room[j] -= 1
            total += score
    return total, sum(need)


METHODS: dict[str, Callable[[sparse.csr_array, int, int], tuple[float, int]]] = {
    "ours": ours,
    "lp": linear_programme,
    "greedy": greedy,
}


def work(options: argparse.Namespace) -> dict[str, Any]:
    """One method in this process; its libraries are loaded on a toy case before the clock starts."""
    method = METHODS[options.method]
    method(made_up(4, 4, 2), 1, 2)
    scores = made_up(options.items, options.reviewers, options.top)
    before = peak_mb()
    started, used = time.perf_counter(), time.process_time()
    total, unfilled = method(scores, options.per_item, options.max_load)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    return {
        "method": options.method, "seconds": round(seconds, 3), "cpu_seconds": round(used, 3),
        "before_mb": before, "peak_mb": peak_mb(),
        "sum": total, "unfilled": unfilled,
    }  # fmt: skip


def speed(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every method in a process of its own; the quickest of some runs, the LP once."""
    rows = []
    for name in METHODS:
        runs = [
            json.loads(
                subprocess.run(  # noqa: S603 - this very file
                    [
                        sys.executable, "-m", "benchmarks.assignment", "--method", name,
                        *(f"--{key.replace('_', '-')}={getattr(options, key)}" for key in SIZES),
                    ],
                    check=True, capture_output=True, text=True,
                ).stdout
            )
            for _ in range(1 if name == "lp" else REPEATS)
        ]  # fmt: skip
        best = min(runs, key=lambda run: run["seconds"])
        rows.append(best | {"peak_mb": max(run["peak_mb"] for run in runs)})
    return rows


SIZES = ("items", "reviewers", "top", "per_item", "max_load")


def table(path: Path) -> list[dict[str, Any]]:
    """Our rows beside the published ones."""
    from langqiao.engines.assignment import Plan, Problem, assign

    scores = np.load(path, allow_pickle=False)
    rows: list[dict[str, Any]] = [
        {"method": name, "sum": total, "min": least, "seconds": seconds, "published": True}
        for name, total, least, seconds in PUBLISHED
    ]
    for name, least, plan in (
        ("ours", 0, Plan()),
        ("ours, load 2–4", 2, Plan()),
        ("ours, max-min", 0, Plan("fair")),
    ):
        problem = Problem(scores, per_item=3, max_load=4, min_load=least)
        runs = [assign(problem, plan) for _ in range(REPEATS)]
        best = min(runs, key=lambda run: run.seconds)
        rows.append({
            "method": name, "sum": round(best.sum, 4), "min": round(best.minimum, 4),
            "seconds": round(best.seconds, 3), "published": False,
            "proven": best.gap < 1e-9 and best.complete,
        })  # fmt: skip
    return rows


def price(path: Path, per_item: int, load: int, rows: str) -> dict[str, Any]:
    """What probabilities of at most one half cost on one matrix."""
    from langqiao.engines.assignment import Plan, Problem, as_cap, assign

    held = np.load(path, allow_pickle=False)
    scores, mask = held, None
    if not isinstance(held, np.ndarray):
        scores, mask = held["similarity_matrix"], held["mask_matrix"]
    if rows == "reviewers":
        scores, mask = scores.T, None if mask is None else mask.T
    problem = Problem(scores, per_item=per_item, max_load=load, conflicts=mask)
    found = assign(problem, Plan("random", as_cap("1/2"), SEED))
    return {
        "matrix": path.stem, "items": problem.shape[0], "reviewers": problem.shape[1], "per_item": per_item,
        "max_load": load, "optimum": found.optimum, "expected_sum": found.expected_sum,
        "price": None if found.price is None else round(found.price, 4),
        "unfilled": int(found.unfilled.sum()), "seconds": round(found.seconds, 3),
    }  # fmt: skip


def show(report: dict[str, Any]) -> None:
    """Tables for people."""
    for row in report.get("table", ()):
        source = "published" if row["published"] else "proven" if row["proven"] else "here"
        print(f"{row['method']:16} {row['sum']:9.2f} {row['min']:7.4f} {row['seconds']:8.2f} s  {source}")
    for row in report["speed"]:
        print(
            f"{row['method']:8} {row['seconds']:8.2f} s (CPU {row['cpu_seconds']:.2f}) "
            f"{row['peak_mb']:5.0f} MB (before {row['before_mb']:.0f})  "
            f"sum {row['sum']:.4f}  unfilled {row['unfilled']}"
        )
    for row in report["price"]:
        case = f"{row['items']} × {row['reviewers']}, {row['per_item']} each, load ≤ {row['max_load']}"
        print(
            f"{row['matrix']:16} {case}: "
            f"{row['expected_sum']:.2f} of {row['optimum']:.2f} = {row['price']:.1%}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 on success."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.assignment", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--midl", type=Path, metavar="FILE.npy")
    parser.add_argument(
        "--price", nargs=4, action="append", default=[], metavar=("FILE", "K", "LOAD", "ROWS")
    )
    for name, size in zip(SIZES, (10_000, 5_000, 50, 3, 6), strict=True):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=size)
    parser.add_argument("--method", choices=METHODS, help="run one method here and print its JSON")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if options.method:
        print(json.dumps(work(options)))
        return 0
    report: dict[str, Any] = {"table": table(options.midl)} if options.midl else {}
    report["speed"] = speed(options)
    report["price"] = [price(Path(file), int(k), int(load), rows) for file, k, load, rows in options.price]
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        show(report)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
