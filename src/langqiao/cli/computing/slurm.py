"""``langqiao computing slurm submit|watch|cancel|sync``: real jobs on a Slurm, each run at most once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langqiao.cli.computing.slurm_sync import sync
from langqiao.cli.shared import err, out, stop

if TYPE_CHECKING:
    from langqiao.engines.scheduling.slurm import Backend, Seen

slurm_app = typer.Typer(help="真实的 Slurm 作业 / jobs on a real Slurm", no_args_is_help=True)
slurm_app.command()(sync)
STATES = {
    "held": "待放行 / held",
    "waiting": "等待 / waiting",
    "running": "运行 / running",
    "done": "完成 / done",
    "failed": "失败 / failed",
    "cancelled": "已取消 / cancelled",
    "timeout": "超时 / out of time",
    "impossible": "没有节点放得下 / no node can hold it",
    "gone": "Slurm 已不再记得 / Slurm knows it no more",
}
Record = Annotated[Path, typer.Option(help="作业日志，只追加 / append-only journal of the jobs")]
Conf = Annotated[Path | None, typer.Option(help="slurm.conf，默认用本机的 / instead of the machine's own")]
Patience = Annotated[float, typer.Option(min=0.1, help="每次调用的秒数上限 / seconds a call may take")]


@slurm_app.command()
def submit(
    script: Annotated[Path, typer.Argument(help="批处理脚本，首行 #! / batch script")],
    token: Annotated[str, typer.Option(help="作业的唯一令牌：同一令牌只运行一次 / names the job for ever")],
    record: Record,
    minutes: Annotated[int, typer.Option(min=1, help="时限（分钟） / time limit")],
    gpus: Annotated[int, typer.Option(min=0, help="每份的 GPU 数 / GPUs of each part")] = 0,
    gpu_milli: Annotated[int, typer.Option(min=0, help="每卡千分数 / thousandths of the GPU")] = 1000,
    cpu_milli: Annotated[int, typer.Option(min=0, help="每份的 CPU 毫核 / milli-cores")] = 1000,
    memory_mib: Annotated[int, typer.Option(min=0, help="每份的内存 MiB / memory")] = 0,
    count: Annotated[int, typer.Option(min=1, help="成组的份数 / parts of a gang")] = 1,
    model: Annotated[list[str] | None, typer.Option(help="可用的 GPU 型号 / GPU model that will do")] = None,
    partition: Annotated[str, typer.Option(help="分区 / partition")] = "",
    account: Annotated[str, typer.Option(help="账户 / account")] = "",
    qos: Annotated[str, typer.Option(help="服务质量 / QOS")] = "",
    shards: Annotated[int, typer.Option(min=0, help="每卡的 shard 数 / shards of a GPU")] = 0,
    folder: Annotated[str, typer.Option(help="运行目录 / folder where it runs")] = "/",
    output: Annotated[str, typer.Option(help="输出文件，%j 为作业号 / file for its output")] = "/dev/null",
    conf: Conf = None,
    patience: Patience = 20.0,
) -> None:
    """提交作业；中断后以同样的参数再次调用，不会提交两次 / submit; call again after a crash."""
    from langqiao.engines.scheduling.slurm import Request
    from langqiao.engines.scheduling.types import Task

    with _complaints():
        task = Task(
            name=token,
            cpu_milli=cpu_milli,
            memory_mib=memory_mib,
            gpus=gpus,
            gpu_milli=gpu_milli if gpus else 0,
            models=tuple(model or ()),
            count=count,
        )
        request = Request(
            token=token,
            task=task,
            script=script.read_text(encoding="utf-8"),
            minutes=minutes,
            folder=folder,
            output=output,
            partition=partition,
            account=account,
            qos=qos,
            shards=shards,
        )
        print(_backend(record, conf, patience).submit(request))


@slurm_app.command()
def watch(
    record: Record,
    token: Annotated[list[str] | None, typer.Argument(help="令牌，默认全部 / all by default")] = None,
    pause: Annotated[float, typer.Option(min=0.1, help="两次查看的间隔秒数 / between two looks")] = 5.0,
    until: Annotated[float, typer.Option(min=0, help="至多看多少秒，0 不限 / at most, 0 for ever")] = 0.0,
    conf: Conf = None,
    patience: Patience = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="每次变化一行 JSON / a line of JSON each")] = False,
) -> None:
    """看着作业直到结束；随时可以中断再来 / watch until they end; may be begun anew at any time."""

    def tell(seen: Seen) -> None:
        if as_json:
            print(json.dumps(asdict(seen), ensure_ascii=False), flush=True)
            return
        parts = [seen.token, str(seen.job), STATES[seen.state], seen.nodes, seen.reason]
        if seen.exit is not None:
            parts.append(f"exit {seen.exit}")
        if seen.ended is not None:
            parts.append(datetime.fromtimestamp(seen.ended, UTC).isoformat(timespec="seconds"))
        out.print("  ".join(part for part in parts if part), highlight=False)

    with _complaints():
        _backend(record, conf, patience).watch(
            token or None,
            tell=tell,
            pause=pause,
            until=until or None,
            complain=lambda error: err.print(f"… {error}", highlight=False),
        )


@slurm_app.command()
def cancel(
    token: Annotated[str, typer.Argument(help="令牌 / token")],
    record: Record,
    conf: Conf = None,
    patience: Patience = 20.0,
) -> None:
    """取消作业；尚未确认的提交也不会再运行 / cancel; an unconfirmed submission never runs later."""
    with _complaints():
        _backend(record, conf, patience).cancel(token)


def _backend(record: Path, conf: Path | None, patience: float) -> Backend:
    from langqiao.engines.scheduling.journal import Journal
    from langqiao.engines.scheduling.slurm import Backend, Programs

    return Backend(Programs(conf=conf, timeout=patience), Journal(record))


@contextmanager
def _complaints() -> Iterator[None]:
    """What Slurm or the journal refuses becomes one line."""
    from langqiao.engines.scheduling.errors import SchedulingError

    try:
        yield
    except (SchedulingError, OSError, UnicodeDecodeError) as wrong:
        stop(wrong)
