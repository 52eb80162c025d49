"""``langqiao computing simulate``: jobs over time; Ctrl-C leaves a checkpoint that it goes on from."""

from __future__ import annotations

import json
import math
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from langqiao.cli.computing.runs import policies_of, seeds_of, tell_compiling
from langqiao.cli.computing.tables import nodes_of, tasks_of
from langqiao.cli.shared import err, out, progress_bar, stop

if TYPE_CHECKING:
    from langqiao.cli.computing.comparison import Case
    from langqiao.engines.scheduling.simulation import Job, Outcome

MOST_PRIORITY = 1_000_000_000
INTERRUPTED = 130
_PRIORITY = re.compile(r"(.+)=([+-]?[0-9]{1,10})", re.ASCII)


def simulate(
    nodes: Annotated[Path, typer.Option(help="节点表 / nodes CSV")],
    jobs: Annotated[Path, typer.Option(help="作业轨迹 / trace of jobs")],
    tenants: Annotated[
        Path | None, typer.Option(help="租户、城市与配额 JSON / tenants, cities and quotas")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(help="维护、预留、交付、功率 JSON / maintenance, reservations, deliveries, power"),
    ] = None,
    policy: Annotated[
        str, typer.Option(help="放置策略，逗号分隔或 all / placement policies: bestfit,fgd,… or all")
    ] = "bestfit",
    order: Annotated[str, typer.Option(help="排队：fifo、sjf、fair / order of the queue")] = "fifo",
    half_life: Annotated[float, typer.Option(help="公平份额的半衰期（秒） / half-life of past use")] = 0.0,
    backfill: Annotated[
        str, typer.Option(help="回填：none、greedy、easy、conservative / backfill")
    ] = "greedy",
    depth: Annotated[
        int,
        typer.Option(help="conservative 为前多少个等待的作业作承诺 / jobs with a promise under conservative"),
    ] = 20,
    quota: Annotated[
        str, typer.Option(help="配额收回：never、lower、any / reclaim of borrowed quota")
    ] = "never",
    priority: Annotated[
        list[str] | None,
        typer.Option(
            help="服务等级的优先级：等级=数，可多次，如 LS=100；轨迹的优先级列先于它 / "
            "CLASS=NUMBER, priority of a class of service (qos, queue) where the trace gives none"
        ),
    ] = None,
    preempt: Annotated[
        bool, typer.Option("--preempt", help="同租户高优先级可抢占 / priorities displace")
    ] = False,
    grace: Annotated[float, typer.Option(help="宽限期（秒） / grace time")] = 0.0,
    min_run: Annotated[
        float, typer.Option(help="开始后多少秒内不可被抢占 / seconds before a job can be displaced")
    ] = 0.0,
    work: Annotated[
        str, typer.Option(help="被抢占后：checkpoint 续算、restart 重算 / displaced work")
    ] = "checkpoint",
    checkpoint_every: Annotated[
        float,
        typer.Option(help="作业每隔多少秒存档，故障至多损失这么多，0 不损失 / between a job's checkpoints"),
    ] = 0.0,
    restart_cost: Annotated[
        float, typer.Option(help="被抢占或故障后每次重新开始多用的秒数 / seconds that a restart costs")
    ] = 0.0,
    reclaim_every: Annotated[
        float, typer.Option(help="可抢占而未能者每隔多少秒再试 / seconds between tries to displace")
    ] = 60.0,
    mtbf_hours: Annotated[float, typer.Option(min=0, help="节点平均无故障小时，0 为不故障 / MTBF")] = 0.0,
    mttr_hours: Annotated[float, typer.Option(min=0, help="平均修复小时 / MTTR")] = 4.0,
    pue: Annotated[float, typer.Option(help="PUE")] = 1.0,
    duration: Annotated[
        float, typer.Option(min=0, help="轨迹没有时长时取此值（秒） / run time where the trace has none")
    ] = 0.0,
    until: Annotated[float, typer.Option(min=0, help="仿真到此时（秒），0 为到最后 / stop at")] = 0.0,
    sample_every: Annotated[
        float, typer.Option(help="取样间隔（秒），0 不取样 / seconds between samples, 0: none")
    ] = 3600.0,
    seed: Annotated[str, typer.Option(help="随机种子，如 1、1,5 或 1-10 / seeds")] = "1",
    workers: Annotated[
        int, typer.Option(min=0, help="多次运行的并行数，0 为全部核 / runs at a time, 0: all cores")
    ] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="曲线图写入的文件夹 / folder for allocation.svg, over time")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="断点文件；已有则续算 / checkpoint, resumed if it exists")
    ] = None,
    every: Annotated[float, typer.Option(min=0, help="断点间隔（秒） / seconds between checkpoints")] = 10.0,
    why: Annotated[
        list[int] | None, typer.Option(help="说明此作业为何等待，可多次；配合 --until / explain a job")
    ] = None,
    details: Annotated[bool, typer.Option("--details", help="JSON 含每个作业 / every job in JSON")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """按时间仿真智算中心：配额、公平、抢占、故障；可比较多个策略与种子 / simulate the centre over time."""
    from concurrent.futures import BrokenExecutor

    from langqiao.cli.computing import comparison
    from langqiao.cli.computing import scenario as files
    from langqiao.engines.scheduling import simulation as engine
    from langqiao.engines.scheduling.errors import SchedulingError

    levels = _levels(priority or [])
    seeds = seeds_of(seed)
    try:
        policies = policies_of(policy)
        if len(policies) * len(seeds) > 1 and (checkpoint or why):
            stop("--checkpoint、--why：只用于一个策略、一个种子 / for one policy and one seed", code=2)
        servers = nodes_of(nodes)
        asked = engine.jobs_of(tasks_of(jobs), tenant="default", duration=duration or None, priorities=levels)
        users, cities = files.read_tenants(tenants) if tenants else (engine.tenants_of(asked), ())
        options = engine.Options(
            policy=policies[0],
            order=order,  # type: ignore[arg-type] # Options checks the words
            half_life=half_life,
            backfill=backfill,  # type: ignore[arg-type]
            depth=depth,
            reclaim=quota,  # type: ignore[arg-type]
            preempt=preempt,
            grace=grace,
            min_run=min_run,
            work=work,  # type: ignore[arg-type]
            checkpoint_every=checkpoint_every,
            restart_cost=restart_cost,
            reclaim_every=reclaim_every,
            failures=engine.Failures(mtbf_hours * 3600, mttr_hours * 3600) if mtbf_hours else None,
            cities=tuple(cities),
            pue=pue,
            sample_every=sample_every,
            until=until or math.inf,
            **(files.read_scenario(scenario) if scenario else {}),
        )
        if preempt:
            _warn_of_equals(asked)
        case = comparison.Case(servers, asked, users, options, details)
        if why:
            _explain(case, seeds[0], why, as_json=as_json)
            return
        with _halting() as halted:
            if len(policies) * len(seeds) > 1:
                found = comparison.run_all(case, policies, seeds, workers=workers, halted=halted)
            else:
                one = _run_one(case, seeds[0], checkpoint=checkpoint, every=every, stop=halted)
                found = {(policies[0], seeds[0]): one}
        if plot is not None:
            comparison.draw(plot, found)
    except engine.Stopped as stopped:
        kept = f"，断点在 / checkpoint: {checkpoint}" if checkpoint else ""
        stop(f"已中断 / interrupted: {stopped.done}/{stopped.total}{kept}", code=INTERRUPTED)
    except BrokenExecutor:
        stop("一个进程被系统结束，多半内存不足；请减小 --workers / a process was ended, use fewer workers")
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
    _tell(found, details=details, as_json=as_json)


def _levels(texts: list[str]) -> dict[str, int]:
    """Priorities by class of service."""
    levels: dict[str, int] = {}
    for text in texts:
        found = _PRIORITY.fullmatch(text.strip())
        if found is None or abs(int(found[2])) > MOST_PRIORITY:
            stop(f"--priority：{text} 应为 等级=整数 / must be CLASS=NUMBER, such as LS=100", code=2)
            return {}
        levels[found[1].strip()] = int(found[2])
    return levels


def _warn_of_equals(jobs: list[Job]) -> None:
    """Say so where no job can displace another: within a tenant all are of one priority."""
    levels: dict[str, set[int]] = {}
    for job in jobs:
        levels.setdefault(job.tenant, set()).add(job.priority)
    if all(len(different) == 1 for different in levels.values()):
        err.print(
            "--preempt 不起作用：同一租户的作业优先级都相同；请用优先级列或 --priority / "
            "changes nothing: all jobs of a tenant have one priority; give a priority column or --priority",
            highlight=False,
        )


def _run_one(
    case: Case, seed: int, *, checkpoint: Path | None, every: float, stop: Callable[[], bool]
) -> Outcome:
    from langqiao.engines.matching.types import Progress
    from langqiao.engines.scheduling.simulation import simulate as run

    shown = progress_bar() if err.is_terminal else nullcontext()
    with shown as show:
        return run(
            case.nodes,
            case.jobs,
            case.tenants,
            options=case.options,
            seed=seed,
            progress=None if show is None else lambda told: show(Progress(**asdict(told))),
            checkpoint=checkpoint,
            every=every,
            stop=stop,
            compiling=tell_compiling,
        )


def _tell(found: dict[tuple[str, int], Outcome], *, details: bool, as_json: bool) -> None:
    from langqiao.cli.computing import comparison

    first = next(iter(found.values()))
    if as_json:
        facts = first.as_dict(full=details) if len(found) == 1 else comparison.facts_of(found, full=details)
        print(json.dumps(facts, ensure_ascii=False))
    elif len(found) == 1:
        _print(first)
    else:
        comparison.tell(found)


@contextmanager
def _halting() -> Iterator[Any]:
    """Ctrl-C and SIGTERM ask the simulation to stop between two moments."""
    asked = []
    before = {
        number: signal.signal(number, lambda *_: asked.append(1))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _explain(case: Case, seed: int, jobs: list[int], *, as_json: bool) -> None:
    from langqiao.cli.computing.reasons import in_words
    from langqiao.engines.scheduling import simulation as engine
    from langqiao.engines.scheduling.warmth import loops_at_once, places_at_once

    warm = places_at_once()
    if not warm:
        tell_compiling()
    sim = engine.Simulation(case.nodes, case.jobs, case.tenants, options=case.options, seed=seed)
    if warm and not loops_at_once(sim):
        tell_compiling()
    sim.run()
    told = {}
    for job in jobs:
        try:
            told[job] = engine.why(sim, job)
        except KeyError:
            stop(f"没有作业 {job} / no job {job}")
    if as_json:
        facts = {job: [asdict(reason) for reason in reasons] for job, reasons in told.items()}
        print(json.dumps({"at": sim.now, "jobs": facts}, ensure_ascii=False))
        return
    names = {job.id: job.task.name for job in case.jobs}
    out.print(f"第 {sim.now:,.10g} 秒 / at {sim.now:,.10g} s", highlight=False)
    for job, reasons in told.items():
        out.print(f"作业 / job {job}（{names[job]}）", highlight=False, markup=False)
        for reason in reasons:
            out.print(f"  · {in_words(reason.kind, reason.figures)}", highlight=False, markup=False)


def _print(found: Outcome) -> None:
    hour = 3600.0
    rows = [
        ("作业 / jobs", f"{found.jobs}"),
        (
            "完成、拒绝、未完 / done, rejected, unfinished",
            f"{found.done}  {found.rejected}  {found.unfinished}",
        ),
        ("等待 p50、p95、p99（小时） / wait, h", _three(found.wait, hour)),
        ("完成时间均值（小时） / mean JCT, h", f"{found.completion.mean / hour:.3f}"),
        ("完成时间 p50、p95、p99 / JCT, h", _three(found.completion, hour)),
        ("分配率 / allocation", f"{found.allocation_pct:.2f} %"),
        ("碎片率 / fragment", f"{found.fragment_pct:.2f} %"),
        ("有效率 / goodput", f"{found.goodput_pct:.2f} %"),
        ("公平（Jain） / fairness", f"{found.jain:.4f}"),
        ("抢占、故障 / displaced, failures", f"{found.preemptions}  {found.failures}"),
        ("电量（度） / energy, kWh", "—" if found.kwh is None else f"{found.kwh:,.0f}"),
        ("事件 / events", f"{found.events}"),
        ("摘要 / digest", found.digest[:16]),
    ]
    table = Table(show_header=False, box=None)
    for name, value in rows:
        table.add_row(name, value)
    out.print(table, highlight=False)
    by_tenant = Table(
        "租户 / tenant", "城市 / city", "作业 / jobs", "卡时 / GPU h", "借用 / borrowed", "份额 / share"
    )
    for one in found.tenants:
        by_tenant.add_row(
            one.name, one.city, f"{one.done}/{one.jobs}", f"{one.gpu_hours:,.1f}",
            f"{one.borrowed_gpu_hours:,.1f}", f"{one.mean_share:.4f}",
        )  # fmt: skip
    out.print(by_tenant, highlight=False)


def _three(spread: Any, unit: float) -> str:
    return f"{spread.p50 / unit:.3f}  {spread.p95 / unit:.3f}  {spread.p99 / unit:.3f}"
