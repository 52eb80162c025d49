"""``langqiao computing simulate``: jobs over time; Ctrl-C leaves a checkpoint that it goes on from."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from langqiao.cli.shared import err, out, progress_bar, stop

if TYPE_CHECKING:
    from langqiao.engines.scheduling.simulation import Outcome

INTERRUPTED = 130


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
    policy: Annotated[str, typer.Option(help="放置策略 / placement policy")] = "bestfit",
    order: Annotated[str, typer.Option(help="排队：fifo、sjf、fair / order of the queue")] = "fifo",
    half_life: Annotated[float, typer.Option(help="公平份额的半衰期（秒） / half-life of past use")] = 0.0,
    backfill: Annotated[
        str, typer.Option(help="回填：none、greedy、easy、conservative / backfill")
    ] = "greedy",
    quota: Annotated[
        str, typer.Option(help="配额收回：never、lower、any / reclaim of borrowed quota")
    ] = "never",
    preempt: Annotated[
        bool, typer.Option("--preempt", help="同租户高优先级可抢占 / priorities displace")
    ] = False,
    grace: Annotated[float, typer.Option(help="宽限期（秒） / grace time")] = 0.0,
    work: Annotated[
        str, typer.Option(help="被抢占后：checkpoint 续算、restart 重算 / displaced work")
    ] = "checkpoint",
    mtbf_hours: Annotated[float, typer.Option(min=0, help="节点平均无故障小时，0 为不故障 / MTBF")] = 0.0,
    mttr_hours: Annotated[float, typer.Option(min=0, help="平均修复小时 / MTTR")] = 4.0,
    pue: Annotated[float, typer.Option(help="PUE")] = 1.0,
    duration: Annotated[
        float, typer.Option(min=0, help="轨迹没有时长时取此值（秒） / run time where the trace has none")
    ] = 0.0,
    until: Annotated[float, typer.Option(min=0, help="仿真到此时（秒），0 为到最后 / stop at")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="随机种子 / seed")] = 1,
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
    """按时间仿真智算中心：配额、公平、抢占、故障 / simulate the centre over time."""
    import math

    from langqiao.cli.computing import scenario as files
    from langqiao.engines.matching.types import Progress
    from langqiao.engines.scheduling import simulation as engine
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.traces import read_nodes, read_tasks

    try:
        servers = read_nodes(nodes)
        asked = engine.jobs_of(read_tasks(jobs), tenant="default", duration=duration or None)
        users, cities = files.read_tenants(tenants) if tenants else (engine.tenants_of(asked), ())
        options = engine.Options(
            policy=policy,
            order=order,  # type: ignore[arg-type] # Options checks the words
            half_life=half_life,
            backfill=backfill,  # type: ignore[arg-type]
            reclaim=quota,  # type: ignore[arg-type]
            preempt=preempt,
            grace=grace,
            work=work,  # type: ignore[arg-type]
            failures=engine.Failures(mtbf_hours * 3600, mttr_hours * 3600) if mtbf_hours else None,
            cities=tuple(cities),
            pue=pue,
            until=until or math.inf,
            **(files.read_scenario(scenario) if scenario else {}),
        )
        if why:
            _explain(engine, engine.Simulation(servers, asked, users, options=options, seed=seed), why)
            return
        with _halting() as halted:
            given: dict[str, Any] = {
                "options": options, "seed": seed, "checkpoint": checkpoint, "every": every, "stop": halted,
            }  # fmt: skip
            if err.is_terminal:
                with progress_bar() as show:
                    found = engine.simulate(
                        servers, asked, users, progress=lambda told: show(Progress(**asdict(told))), **given
                    )
            else:
                found = engine.simulate(servers, asked, users, **given)
    except engine.Stopped as stopped:
        kept = f"，断点在 / checkpoint: {checkpoint}" if checkpoint else ""
        stop(f"已中断 / interrupted: {stopped.done}/{stopped.total}{kept}", code=INTERRUPTED)
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
    if as_json:
        print(json.dumps(found.as_dict(full=details), ensure_ascii=False))
    else:
        _print(found)


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


def _explain(engine: Any, sim: Any, jobs: list[int]) -> None:
    sim.run()
    told = {}
    for job in jobs:
        try:
            told[job] = [asdict(reason) for reason in engine.why(sim, job)]
        except KeyError:
            stop(f"没有作业 {job} / no job {job}")
    print(json.dumps({"at": sim.now, "jobs": told}, ensure_ascii=False))


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
