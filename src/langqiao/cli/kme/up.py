"""``langqiao quantum up DIR``: all KMEs of a network on this machine, with a status display."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from langqiao.cli.shared import err, out, stop

if TYPE_CHECKING:
    from langqiao.kme.supervisor import View

COLOURS = {"ok": "green", "up": "green", "degraded": "yellow", "silent": "red", "down": "red"}
WORDS = {
    "ok": "正常 / ok",
    "up": "运行 / up",
    "degraded": "有告警 / degraded",
    "silent": "无应答 / silent",
    "down": "已停 / down",
}


def up(
    folder: Annotated[Path, typer.Argument(help="kme init 建立的文件夹 / folder made by kme init")],
    once: Annotated[
        bool, typer.Option("--once", help="显示一次状态后停止 / show the status once, stop")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每次输出一行 JSON / print JSON lines")] = False,
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="刷新间隔，秒 / seconds between")] = 2.0,
) -> None:
    """在本机启动全部 KME，异常退出的自动重启；Ctrl+C 停止 / run all KMEs here, revive what ends."""
    from langqiao.kme import supervisor
    from langqiao.kme.errors import KmeError

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with supervisor.up(folder) as members:
            views = [supervisor.view(member) for member in members]
            if once or as_json:
                _tell(views, as_json=as_json)
                while not once and not ended.wait(every):
                    supervisor.revive(members)
                    _tell([supervisor.view(member) for member in members], as_json=True)
                return
            with Live(_table(views), console=out, auto_refresh=False) as live:
                while not ended.wait(every):
                    supervisor.revive(members)
                    live.update(_table([supervisor.view(member) for member in members]), refresh=True)
            err.print("正在停止 / stopping", highlight=False)
    except (KmeError, OSError) as wrong:
        stop(wrong)


def _tell(views: list[View], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(view) for view in views], ensure_ascii=False), flush=True)
    else:
        out.print(_table(views))


def _table(views: list[View]) -> Table:
    table = Table(title="密钥管理实体 / key management entities")
    for heading in ("KME", "城市 / city", "地址 / address", "状态 / state"):
        table.add_column(heading)
    for heading in ("链路密钥 / link units", "中继密钥 / relay units", "已交付 / delivered", "审计 / audit"):
        table.add_column(heading, justify="right")
    table.add_column("最少 / lowest")
    for view in views:
        state = Text(WORDS[view.state], style=COLOURS[view.state])
        table.add_row(
            view.kme, view.city, view.url, state, f"{view.link_units:,}", f"{view.relay_units:,}",
            f"{view.delivered:,}", f"{view.entries:,}", view.lowest,
        )  # fmt: skip
        for fault in view.faults:
            table.add_row("", "", "", Text(fault, style="yellow"))
    return table
