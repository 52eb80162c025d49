"""``langqiao computing extender`` and ``agreement``: advice to Kubernetes, and how often it was taken."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.table import Table

from langqiao.cli.computing.tables import nodes_of, tasks_of
from langqiao.cli.shared import err, out, stop

if TYPE_CHECKING:
    from langqiao.engines.scheduling.extender import Agreement, Mode
    from langqiao.engines.scheduling.extender.server import Extender

TOKEN = "LANGQIAO_EXTENDER_TOKEN"  # noqa: S105  # the name of the variable, not a token
MODES = ("advise", "silent", "enforce")
WORDS = {
    "advised": "给出建议的 Pod / advised",
    "none": "引擎认为放不下 / no room found",
    "unread": "读不懂的 Pod / unread",
    "same": "与建议相同 / same node",
    "equal": "同分的节点 / equal score",
    "other": "其他节点 / other node",
    "open": "尚未绑定 / not yet bound",
    "unadvised": "未经建议的绑定 / bound without advice",
    "misfits": "账面放不下的绑定 / bindings beyond the record",
}


def extender(
    nodes: Annotated[Path, typer.Option(help="节点表 / nodes")],
    record: Annotated[Path, typer.Option(help="建议与绑定的记录，只追加 / append-only record")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口，0 为任意 / port, 0 for any")] = 8765,
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on")] = "127.0.0.1",
    policy: Annotated[str, typer.Option(help="放置策略 / placement policy")] = "own",
    workload: Annotated[
        Path | None, typer.Option(help="预期的作业轨迹，供 fgd 与 own / trace of what is expected")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="advise 只建议；silent 不影响；enforce 去掉放不下的 / what it does")
    ] = "advise",
    gpu: Annotated[str, typer.Option(help="整卡的资源名 / resource of whole GPUs")] = "nvidia.com/gpu",
    limit_mib: Annotated[int, typer.Option(min=1, max=1024, help="请求体上限 MiB / largest body")] = 64,
    token_file: Annotated[
        Path | None,
        typer.Option(help=f"令牌文件；或用环境变量 {TOKEN} / file with the token that callers must bear"),
    ] = None,
) -> None:
    """Kubernetes 调度扩展：filter 与 prioritize，记录集群是否采纳 / a scheduler extender that advises."""
    from langqiao.engines.scheduling.cluster import Cluster
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.extender import Advisor, Names, serve
    from langqiao.engines.scheduling.journal import Journal

    if mode not in MODES:
        stop(f"--mode：{mode} 不在 {', '.join(MODES)} 之中 / is none of these", code=2)
    try:
        token = _token(token_file)
        if not token and not _is_loopback(host):
            err.print(
                "没有令牌：能到达端口者都可写入 / no token: whoever reaches the port may tell it things",
                highlight=False,
            )
        expected = tasks_of(workload) if workload else ()
        cluster = Cluster(nodes_of(nodes), policy=policy, workload=expected)
        with Journal(record, patience=1.0).writing() as writer:
            advisor = Advisor(cluster, writer, names=Names(gpu=gpu), mode=cast("Mode", mode))
            with serve(advisor, host=host, port=port, largest=limit_mib << 20, token=token) as server:
                err.print(f"http://{host}:{server.port}  {policy} {mode}", highlight=False)
                _serve(server)
    except (SchedulingError, OSError, UnicodeDecodeError) as wrong:
        stop(wrong)


def _token(file: Path | None) -> str:
    """The token from its file, else from the environment; never from the command line, which others see.

    Raises:
        SchedulingError: the file is empty.
        OSError: it cannot be read.
    """
    from langqiao.engines.scheduling.errors import SchedulingError

    if file is None:
        return os.environ.get(TOKEN, "").strip()
    token = file.read_text(encoding="utf-8").strip()
    if not token:
        raise SchedulingError(f"{file} holds no token", kind="token")
    return token


def _is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def agreement(
    record: Annotated[Path, typer.Argument(help="extender 的记录 / record of the extender")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """集群采纳建议的比例 / how often the cluster did what was advised."""
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.extender import agreement_of
    from langqiao.engines.scheduling.journal import Journal

    try:
        if not record.exists():
            stop(f"没有这个文件 / no such file: {record}")
        found = agreement_of(Journal(record).facts())
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
    _tell(found, as_json=as_json)


def _tell(found: Agreement, *, as_json: bool) -> None:
    facts = asdict(found)
    if as_json:
        print(json.dumps({**facts, "rate": found.rate}))
        return
    table = Table("", "")
    for name, word in WORDS.items():
        table.add_row(word, f"{facts[name]:,}")
    out.print(table)
    rate = "—" if found.rate is None else f"{found.rate:.1%}"
    out.print(f"采纳率 / agreement: {rate}", highlight=False)


def _serve(server: Extender) -> None:
    """Serve until SIGTERM or SIGINT; shutdown must not be called from the thread that serves."""

    def end(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    server.serve_forever(poll_interval=0.2)
