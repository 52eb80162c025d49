"""``langqiao computing replay``: placement policies on a trace that only arrives."""

from __future__ import annotations

import json
import os
import statistics
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from langqiao.cli.computing.runs import (
    MOST_RUNS,
    policies_of,
    seeds_of,
    spread_of,
    tell_compiling,
    with_spread,
)
from langqiao.cli.computing.tables import nodes_of, tasks_of
from langqiao.cli.shared import err, out, progress_bar, stop

if TYPE_CHECKING:
    from langqiao.engines.scheduling.replay import Replay

ORDER_STEP = 1_000  # order k of a seed is shuffled by 1000·k + seed, so that order 0 is that of a single one
FIGURES = ("allocation_pct", "fragment_pct", "placed", "failed", "seconds", "us_per_placement")


def replay(
    nodes: Annotated[Path, typer.Option(help="节点表 / node list, CSV")],
    pods: Annotated[Path, typer.Option(help="作业轨迹 / trace of tasks")],
    policy: Annotated[
        str, typer.Option(help="策略，逗号分隔或 all / policies: random,dotprod,…,fgd,own")
    ] = "own",
    arrival: Annotated[float, typer.Option(help="到达需求与算力之比 / demand as part of capacity")] = 1.3,
    seed: Annotated[str, typer.Option(help="种子，如 42、1,5 或 42-51 / seeds")] = "42",
    orders: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_RUNS,
            help="每个种子的节点次序数；同分取先者，次序有影响 / orders of the nodes for each seed",
        ),
    ] = 1,
    look_ahead: Annotated[
        int,
        typer.Option(
            min=0, help="前瞻窗口（作业数），0 为在线策略 / tasks that may wait, 0: an online policy"
        ),
    ] = 0,
    source: Annotated[str, typer.Option("--format", help="轨迹格式 / layout of --pods")] = "auto",
    plot: Annotated[
        Path | None, typer.Option(help="曲线图写入的文件夹 / folder for allocation.svg, fragment.svg")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="并行数，0 为全部核 / threads, 0: all cores")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """回放轨迹，比较调度策略的分配率与碎片率 / allocation and fragment of policies on a trace."""
    from langqiao.engines.matching.types import Progress
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.replay import replay as run
    from langqiao.engines.scheduling.replay import warm_up
    from langqiao.engines.scheduling.warmth import replays_at_once

    try:
        names = policies_of(policy)
        seeds = seeds_of(seed)
        if len(seeds) * orders > MOST_RUNS:
            stop(f"--orders：种子数乘次序数至多 {MOST_RUNS:,} / seeds times orders, at most", code=2)
        wanted = list(product(names, seeds, range(orders)))
        servers, tasks = nodes_of(nodes), tasks_of(pods, source)
        done: dict[tuple[str, int, int], Replay] = {}
        if not replays_at_once():
            tell_compiling()
        for name in names:
            warm_up(name)
        shown = progress_bar() if err.is_terminal else nullcontext()
        with shown as show, ThreadPoolExecutor(jobs or os.cpu_count()) as pool:  # kernels release the lock
            runs = {
                pool.submit(
                    run,
                    servers,
                    tasks,
                    policy=name,
                    arrival=arrival,
                    seed=number,
                    look_ahead=look_ahead,
                    node_order=ORDER_STEP * order + number,
                ): (name, number, order)
                for name, number, order in wanted
            }
            for future in as_completed(runs):
                done[runs[future]] = future.result()
                if show is not None:
                    show(Progress("回放 / replay", len(done), len(wanted)))
        results = [done[key] for key in wanted]
        if plot is not None:
            _draw(plot, names, results, arrival)
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
    if as_json:
        numbers = [order for _, _, order in wanted] if orders > 1 else []
        print(json.dumps(_facts(results, names, numbers), ensure_ascii=False))
    else:
        _print(results, names)


def _figures(result: Replay) -> dict[str, Any]:
    rounded = {"allocation_pct": 4, "fragment_pct": 4, "seconds": 6, "us_per_placement": 3}
    facts: dict[str, Any] = {"policy": result.policy, "seed": result.seed}
    if result.look_ahead:
        facts["look_ahead"] = result.look_ahead
    for name in FIGURES:
        value = getattr(result, name)
        facts[name] = round(value, rounded[name]) if name in rounded else value
    return facts


def _facts(results: list[Replay], names: list[str], orders: list[int]) -> dict[str, Any]:
    """One run as it is; of several all runs, and the mean and standard deviation of each policy.

    ``orders`` tells the order of nodes of each run; empty where each seed had one.
    """
    runs = [_figures(result) for result in results]
    for run, order in zip(runs, orders, strict=False):
        run["order"] = order
    if len(runs) == 1:
        return runs[0]
    return {"runs": runs, "policies": [_mean(runs, name) for name in names]}


def _mean(runs: list[dict[str, Any]], name: str) -> dict[str, Any]:
    mine = [run for run in runs if run["policy"] == name]
    facts: dict[str, Any] = {"policy": name, "runs": len(mine)}
    spreads: dict[str, float | None] = {}
    for figure in FIGURES:
        facts[figure], deviation = spread_of((run[figure] for run in mine), 4)
        if figure in FIGURES[:2]:
            spreads[f"{figure}_sd"] = deviation
    return facts | spreads


def _print(results: list[Replay], names: list[str]) -> None:
    runs = [_figures(result) for result in results]
    table = Table("策略 / policy", "次数 / runs", "分配率 / allocation, %", "碎片率 / fragment, %",
                  "失败 / failed", "微秒每次 / µs a task")  # fmt: skip
    for name in names:
        mean = _mean(runs, name)
        spreads = [with_spread(mean[figure], mean[f"{figure}_sd"]) for figure in FIGURES[:2]]
        table.add_row(
            name, str(mean["runs"]), *spreads, f"{mean['failed']:,.0f}", f"{mean['us_per_placement']:.1f}",
        )  # fmt: skip
    out.print(table)


def _draw(folder: Path, names: list[str], results: list[Replay], arrival: float) -> None:
    """Mean curves of each policy against the arrived demand in per cent, as SVG files."""
    from langqiao.engines.scheduling.plots import curves

    folder.mkdir(parents=True, exist_ok=True)
    last = max(1, round(100 * arrival))
    x = [last * at / 130 for at in range(131)]
    sums: dict[str, dict[str, list[float]]] = {"allocation": {}, "fragment": {}}
    for name in names:
        mine = [result.at(x) for result in results if result.policy == name]
        for which, kind in enumerate(sums):
            sums[kind][name] = [
                statistics.fmean(values) for values in zip(*(one[which] for one in mine), strict=True)
            ]
    words = {
        "allocation": ("GPU 分配率 / GPU allocation", "%"),
        "fragment": ("GPU 碎片率 / GPU fragment", "% of all GPUs"),
    }
    for kind, lines in sums.items():
        title, unit = words[kind]
        picture = curves(
            x, lines, title=title, x_label="到达需求，占算力 % / arrived demand, % of capacity", y_label=unit
        )
        (folder / f"{kind}.svg").write_text(picture, encoding="utf-8")
