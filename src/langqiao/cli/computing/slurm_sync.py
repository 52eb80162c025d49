"""``langqiao computing slurm sync CAMPUS``: the site's own jobs on a Slurm cluster."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langqiao.cli.shared import err, out, refusals, setup, stop

if TYPE_CHECKING:
    from langqiao.apps.computing.domain.slurm import Look, Settings
    from langqiao.apps.computing.models import Campus
    from langqiao.engines.scheduling.slurm import Backend

WORDS = {
    "submitted": "提交 / submitted",
    "cancelled": "取消 / cancelled",
    "begun": "开始 / begun",
    "finished": "完成 / finished",
    "failed": "失败 / failed",
    "refused": "未接受 / refused",
}


def sync(
    campus: Annotated[int, typer.Argument(min=1, help="园区编号 / campus id")],
    record: Annotated[
        Path, typer.Option(help="作业日志，只追加；每个集群一个 / append-only journal of the jobs")
    ],
    every: Annotated[
        float, typer.Option(min=0, help="每隔多少秒再看，0 只看一次 / seconds between looks, 0: once")
    ] = 0.0,
    rounds: Annotated[
        bool, typer.Option("--rounds", help="每次先调度一轮 / run a round before each look")
    ] = False,
    partition: Annotated[str, typer.Option(help="分区 / partition")] = "",
    account: Annotated[str, typer.Option(help="账户 / account")] = "",
    qos: Annotated[str, typer.Option(help="服务质量 / QOS")] = "",
    shards: Annotated[int, typer.Option(min=0, help="每卡的 shard 数 / shards of a GPU")] = 0,
    folder: Annotated[str, typer.Option(help="运行目录 / folder where jobs run")] = "/",
    output: Annotated[str, typer.Option(help="输出文件，%j 为作业号 / file for their output")] = "/dev/null",
    conf: Annotated[Path | None, typer.Option(help="slurm.conf，默认用本机的 / instead of the usual")] = None,
    patience: Annotated[
        float, typer.Option(min=0.1, help="每次调用的秒数上限 / seconds a call may take")
    ] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="每次一行 JSON / a line of JSON each")] = False,
) -> None:
    """把站内已开始的作业交给 Slurm，取回结束；随时可以中断再来 / may be killed and begun anew at any time."""
    setup()
    from langqiao.apps.computing.domain.slurm import Settings
    from langqiao.apps.computing.models import Campus
    from langqiao.engines.scheduling.journal import Journal
    from langqiao.engines.scheduling.slurm import Backend, Programs

    here = Campus.objects.filter(pk=campus).first()
    if here is None:
        stop(f"没有编号为 {campus} 的园区 / no campus {campus}")
        return
    backend = Backend(Programs(conf=conf, timeout=patience), Journal(record))
    asked = Settings(partition, account, qos, shards, folder, output)
    while True:
        look = _look(here, backend, asked, rounds=rounds, goes_on=every > 0)
        if look is not None:
            _tell(look, as_json=as_json)
        if not every:
            return
        time.sleep(every)


def _look(campus: Campus, backend: Backend, asked: Settings, *, rounds: bool, goes_on: bool) -> Look | None:
    """One look; None where Slurm did not answer and another will follow."""
    from langqiao.apps.computing.domain.scheduling import schedule
    from langqiao.apps.computing.domain.slurm import sync as look_once
    from langqiao.engines.scheduling.errors import SchedulingError

    with refusals():
        campus.refresh_from_db()
        try:
            if rounds:
                schedule(None, campus)
            return look_once(None, campus, backend, asked)
        except (SchedulingError, OSError) as wrong:
            if not goes_on or getattr(wrong, "kind", "") not in {"timeout", "unreachable", "busy"}:
                stop(wrong)
            err.print(f"… {wrong}", highlight=False)
    return None


def _tell(look: Look, *, as_json: bool) -> None:
    facts: dict[str, Any] = asdict(look)
    if as_json:
        print(json.dumps(facts), flush=True)
        return
    parts = [f"{word} {len(facts[name])}" for name, word in WORDS.items() if facts[name]]
    out.print("  ".join([*parts, f"在途 / open {look.open}"]), highlight=False)
