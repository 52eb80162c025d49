"""``langqiao assign``: reviewers for items from a matrix of affinities; needs no database."""

from __future__ import annotations

import csv
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langqiao.cli.shared import err, out, progress_bar, stop

if TYPE_CHECKING:
    from langqiao.engines.assignment import Assignment, Problem


@contextmanager
def _complaints() -> Iterator[None]:
    """What is wrong with a file or a problem becomes one line."""
    from langqiao.cli.matrices import MatrixError
    from langqiao.engines.assignment import AssignmentError

    try:
        yield
    except (AssignmentError, MatrixError, OSError) as wrong:
        stop(wrong)


def assign(
    scores: Annotated[
        Path, typer.Argument(help="契合度矩阵，行为申报、列为专家 / rows are items: .npy .npz .csv")
    ],
    per_item: Annotated[int, typer.Option(min=0, help="每份几位专家 / reviewers an item")] = 3,
    max_load: Annotated[int, typer.Option(min=0, help="每位专家最多几份 / items a reviewer at most")] = 6,
    min_load: Annotated[int, typer.Option(min=0, help="每位专家最少几份 / at least")] = 0,
    fair: Annotated[bool, typer.Option("--fair", help="先保证最差的一份 / max-min, then sum")] = False,
    randomise: Annotated[
        str, typer.Option(help="每一对的最大概率，如 0.5 / no pair more likely than this")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="随机种子 / seed of --randomise")] = 2026,
    conflicts: Annotated[
        Path | None, typer.Option(help="须回避的矩阵，非零即回避 / mask, what is not 0 is a conflict")
    ] = None,
    loads: Annotated[Path | None, typer.Option(help="各专家最多份数 / max load of each reviewer")] = None,
    covers: Annotated[Path | None, typer.Option(help="各申报所需专家数 / reviewers of each item")] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="--fair 的时限（秒）/ seconds for --fair")
    ] = 60.0,
    pairs_file: Annotated[
        Path | None, typer.Option("--out", help="分配写入 CSV / write the pairs as CSV")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """分配评审专家：总和最优、公平或随机 / assign reviewers: best sum, fair or random."""
    if fair and randomise:
        stop("--fair 与 --randomise 只能选一个 / choose one of --fair and --randomise", code=2)
    with _complaints():
        from langqiao.cli import matrices
        from langqiao.engines import assignment as engine
        from langqiao.engines.matching.types import Progress

        table = matrices.read_scores(scores)
        mask = matrices.read_matrix(conflicts) if conflicts else table.mask
        problem = engine.Problem(
            scores=table.scores,
            per_item=matrices.read_vector(covers) if covers else per_item,
            max_load=matrices.read_vector(loads) if loads else max_load,
            min_load=min_load,
            conflicts=mask,
            items=table.items,
            reviewers=table.reviewers,
        )
        method: Any = "fair" if fair else "random" if randomise else "sum"
        plan = engine.Plan(
            method=method,
            cap=engine.as_cap(randomise) if randomise else None,
            seed=seed if randomise else None,
            time_limit=time_limit,
        )
        started = time.perf_counter()
        if err.is_terminal:
            with progress_bar() as show:
                found = engine.assign(problem, plan, report=lambda told: show(Progress(**asdict(told))))
        else:
            found = engine.assign(problem, plan)
        facts = _facts(problem, found, time.perf_counter() - started)
        facts["receipt"] = engine.receipt_of(problem, plan, found).as_dict()
        if pairs_file is not None:
            _write(pairs_file, problem, found)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        _print(facts)


def _facts(problem: Problem, found: Assignment, seconds: float) -> dict[str, Any]:
    n, m = problem.shape
    facts: dict[str, Any] = {
        "method": found.method,
        "items": n,
        "reviewers": m,
        "sum": found.sum,
        "min": found.minimum,
        "unfilled": int(found.unfilled.sum()),
        "unfilled_items": [_name(problem.items, int(at)) for at in found.unfilled.nonzero()[0]],
        "loads": {"min": int(found.loads.min()), "max": int(found.loads.max())},
        "short": int(found.short.sum()),
        "bound": found.bound,
        "sum_bound": found.sum_bound,
        "gap": found.gap,
        "complete": found.complete,
        "seconds": round(seconds, 4),
        "peak_mb": round(_peak_mb(), 1),
    }
    if found.method == "random":
        facts |= {
            "optimum": found.optimum,
            "expected_sum": found.expected_sum,
            "price": found.price,
            "seed": found.seed,
        }
    if found.diagnosis is not None:
        facts["diagnosis"] = found.diagnosis.as_dict(problem)
    return facts


def _name(names: Any, at: int) -> Any:
    return names[at] if names else at


def _peak_mb() -> float:
    """Largest memory of the whole process so far, in MB (Linux counts in KiB, macOS in bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _write(path: Path, problem: Problem, found: Assignment) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["item", "reviewer", "score"])
        for (i, j), score in zip(found.pairs, found.scores, strict=True):
            writer.writerow([_name(problem.items, i), _name(problem.reviewers, j), repr(float(score))])


def _print(facts: dict[str, Any]) -> None:
    words = {"sum": "总和最优 / best sum", "fair": "公平 / fair", "random": "随机 / random"}
    out.print(f"{words[facts['method']]}  {facts['items']} × {facts['reviewers']}")
    out.print(f"总和 / sum  {facts['sum']:.4f}   最低一份 / min  {facts['min']:.4f}", highlight=False)
    out.print(
        f"每位专家 / loads  {facts['loads']['min']}–{facts['loads']['max']}   "
        f"{facts['seconds']:.2f} s   {facts['peak_mb']:.0f} MB",
        highlight=False,
    )
    if facts["gap"] > 0 and facts["method"] != "random":
        out.print(f"与上界之差 / gap to the proven bound  {facts['gap']:.6f}", highlight=False)
    if facts.get("price") is not None:
        out.print(f"随机化后期望保住 / expected share of the optimum  {facts['price']:.1%}", highlight=False)
    if facts["unfilled"]:
        names = facts["unfilled_items"][:20]
        err.print(f"缺 {facts['unfilled']} 个位置 / places unfilled: {names}", style="yellow")
        for remedy in facts["diagnosis"]["remedies"]:
            words_of = {
                "load": f"每位专家上限加 {remedy['size']} / raise max load by {remedy['size']}",
                "reviewers": f"增加 {remedy['size']} 位专家 / add {remedy['size']} reviewers",
                "quota": f"取消对 {remedy['attribute']} 的限制 / drop the quota on {remedy['attribute']}",
            }
            err.print(f"  可补救 / would mend it: {words_of[remedy['what']]}", highlight=False)
