"""``langqiao computing export kueue|slurm``: tenants' and cities' quotas in the words of a real scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langqiao.cli.shared import err, refusals, setup, stop

if TYPE_CHECKING:
    from langqiao.apps.computing.models import Campus

GRACE = 300


def export(
    scheduler: Annotated[str, typer.Argument(help="kueue 或 slurm / which scheduler")],
    tenants: Annotated[
        Path | None,
        typer.Option(
            help="配额表：tenant、gpu_milli，可有 city、cpu_milli 等；tenant 为空的行是城市配额"
            " / table of quotas; a row without a tenant is a city's"
        ),
    ] = None,
    campus: Annotated[
        int, typer.Option(help="数据库中园区的编号，代替配额表 / key of a campus in the database")
    ] = 0,
    nodes: Annotated[
        Path | None, typer.Option(help="节点表，kueue 与 --tenants 同用时需要 / nodes, for kueue")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="写入的文件，默认标准输出 / file to write")
    ] = None,
    corridor: Annotated[
        str, typer.Option(help="整体的名称，默认 langqiao 或 campus-编号 / name of the whole")
    ] = "",
    grace: Annotated[
        int | None,
        typer.Option(min=0, help="抢占宽限秒数（slurm），默认 300 或园区的设定 / grace time, s"),
    ] = None,
) -> None:
    """导出配额与优先级：Kueue 对象或 Slurm 账户与 QOS / quotas and priorities for Kueue or Slurm."""
    if scheduler not in {"kueue", "slurm"}:
        stop(f"{scheduler}：只有 kueue 或 slurm / there are kueue and slurm", code=2)
    if (tenants is None) == (not campus):
        stop("请给出配额表 --tenants 或 --campus 编号之一 / give --tenants TABLE or --campus KEY", code=2)
    if campus and nodes is not None:
        stop("--nodes 只与 --tenants 同用；园区的服务器在数据库中 / --nodes goes with --tenants only", code=2)
    with refusals():
        if tenants is None:
            text, count = _stored(scheduler, campus, corridor, grace)
        else:
            text, count = _read(scheduler, tenants, nodes, corridor, grace)
    if target is None:
        print(text, end="")
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as wrong:
        stop(wrong)
    err.print(f"{count} 个租户写入 / tenants written: {target}", highlight=False)


def _read(
    scheduler: str, tenants: Path, nodes: Path | None, corridor: str, grace: int | None
) -> tuple[str, int]:
    """The file from tables, and how many tenants it has."""
    from langqiao.engines.scheduling.errors import SchedulingError
    from langqiao.engines.scheduling.export import kueue_yaml, read_plan, slurm_files
    from langqiao.engines.scheduling.traces import read_nodes

    try:
        plan = read_plan(tenants, nodes=read_nodes(nodes) if nodes else (), corridor=corridor or "langqiao")
        if scheduler == "kueue":
            return kueue_yaml(plan), len(plan.tenants)
        return slurm_files(plan, grace=GRACE if grace is None else grace).text(), len(plan.tenants)
    except (SchedulingError, OSError) as wrong:
        stop(wrong)
        raise


def _stored(scheduler: str, key: int, corridor: str, grace: int | None) -> tuple[str, int]:
    """The file from what the site has of a campus, and how many tenants it has."""
    setup()
    from langqiao.apps.computing.domain.exports import export_quotas

    campus = _campus(key)
    text = export_quotas(None, campus, scheduler, corridor=corridor, grace=grace)
    return text, campus.tenants.count()


def _campus(key: int) -> Campus:
    from langqiao.apps.computing.models import Campus

    found = Campus.objects.filter(pk=key).first() if 0 < key < 2**63 else None
    if found is None:
        stop(f"没有编号为 {key} 的园区 / there is no campus {key}")
        raise AssertionError
    return found
