"""``langqiao computing export kueue|slurm``: tenants' quotas in the words of a real scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.shared import err, stop


def export(
    scheduler: Annotated[str, typer.Argument(help="kueue 或 slurm / which scheduler")],
    tenants: Annotated[
        Path,
        typer.Option(help="租户配额表：tenant、gpu_milli，可有 city、cpu_milli 等 / quotas of tenants"),
    ],
    nodes: Annotated[Path | None, typer.Option(help="节点表，kueue 需要 / nodes, needed for kueue")] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="写入的文件，默认标准输出 / file to write")
    ] = None,
    corridor: Annotated[str, typer.Option(help="整体的名称 / name of the whole")] = "langqiao",
    grace: Annotated[int, typer.Option(min=0, help="抢占宽限秒数（slurm） / grace time, s")] = 300,
) -> None:
    """导出配额与优先级：Kueue 对象或 Slurm 账户与 QOS / quotas and priorities for Kueue or Slurm."""
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.export import kueue_yaml, read_plan, slurm_files
    from langqiao.engines.scheduling.traces import read_nodes

    if scheduler not in {"kueue", "slurm"}:
        stop(f"{scheduler}：只有 kueue 或 slurm / there are kueue and slurm", code=2)
    try:
        plan = read_plan(tenants, nodes=read_nodes(nodes) if nodes else (), corridor=corridor)
        text = kueue_yaml(plan) if scheduler == "kueue" else slurm_files(plan, grace=grace).text()
        if target is not None:
            target.write_text(text, encoding="utf-8")
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
    if target is None:
        print(text, end="")
    else:
        err.print(f"{len(plan.tenants)} 个租户写入 / tenants written: {target}", highlight=False)
