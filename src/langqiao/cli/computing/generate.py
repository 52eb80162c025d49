"""``langqiao computing generate``: a synthetic trace like a real one."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from rich.table import Table

from langqiao.cli.computing.tables import tasks_of
from langqiao.cli.shared import out, stop

LAWS = ("empirical", "lognormal")
OUTPUTS = ("own", "openb")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
WORDS = {
    "per_day": "每日作业 / tasks a day",
    "burst": "到达突发度 c² / burst",
    "gpu_hours_per_task": "每作业 GPU·时 / GPU hours a task",
    "run_mean": "时长均值（秒） / mean run, s",
    "run_p50": "时长中位（秒） / median run, s",
    "no_gpu": "不用 GPU / no GPU",
    "part": "不足一卡 / part of one",
    "one": "一卡 / one",
    "several": "2–7 卡 / 2 to 7",
    "eight": "8 卡以上 / 8 or more",
}


def generate(
    like: Annotated[Path, typer.Option(help="仿照的轨迹 / trace to be fitted to")],
    target: Annotated[Path, typer.Option("--out", help="写入的文件 / file to write")],
    seed: Annotated[int, typer.Option(min=0, help="随机种子 / seed")] = 1,
    days: Annotated[float, typer.Option(help="天数 / length in days")] = 7.0,
    count: Annotated[int, typer.Option(min=0, help="作业数，给出则不看天数 / tasks, instead of days")] = 0,
    load: Annotated[float, typer.Option(help="到达率的倍数 / factor on the arrival rate")] = 1.0,
    per_day: Annotated[float, typer.Option(min=0, help="每日作业数，代替轨迹的 / tasks a day")] = 0.0,
    durations: Annotated[
        str, typer.Option(help="时长分布：empirical 或 lognormal / run times")
    ] = "empirical",
    layout: Annotated[str, typer.Option("--format", help="输出格式：own 或 openb / layout")] = "own",
    source: Annotated[str, typer.Option(help="轨迹格式，auto 自动识别 / layout of --like")] = "auto",
    encoding: Annotated[str, typer.Option(help="utf-8、utf-8-sig 或 gb18030 / encoding")] = "utf-8",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """按真实轨迹生成合成作业：同一种子，同一文件 / a synthetic trace; same seed, same file."""
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.traces import write_tasks
    from langqiao.engines.scheduling.traces.generate import Options, compare
    from langqiao.engines.scheduling.traces.generate import generate as draw
    from langqiao.engines.scheduling.traces.model import fit

    for name, value, allowed in (
        ("--durations", durations, LAWS),
        ("--format", layout, OUTPUTS),
        ("--encoding", encoding, ENCODINGS),
    ):
        if value not in allowed:
            stop(f"{name}：{value} 不在 {', '.join(allowed)} 之中 / is none of these", code=2)
    try:
        trace = tasks_of(like, source)
        options = Options(
            count=count or None,
            days=days,
            load=load,
            per_day=per_day or None,
            durations=cast("Literal['empirical', 'lognormal']", durations),
        )
        drawn = draw(fit(trace), options, seed=seed)
        write_tasks(
            target,
            drawn,
            format=cast("Literal['own', 'openb']", layout),
            encoding=cast("Literal['utf-8', 'utf-8-sig', 'gb18030']", encoding),
        )
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
    _tell(target, len(drawn), compare(trace, drawn), as_json=as_json)


def _tell(target: Path, count: int, figures: dict[str, tuple[float, float]], *, as_json: bool) -> None:
    if as_json:
        facts: dict[str, Any] = {"file": str(target), "tasks": count}
        for name, pair in figures.items():
            facts[name] = dict(zip(("trace", "drawn"), map(_or_none, pair), strict=True))
        print(json.dumps(facts, ensure_ascii=False))
        return
    table = Table("", "轨迹 / trace", "生成 / drawn")
    for name, pair in figures.items():
        table.add_row(WORDS[name], *("—" if math.isnan(value) else f"{value:,.4g}" for value in pair))
    out.print(table)
    out.print(f"{count:,} 个作业写入 / tasks written: {target}", highlight=False)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
