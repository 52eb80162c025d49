"""``langqiao computing schedule`` and ``bill``: rounds and months of the operator, at the console."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langqiao.cli.shared import out, refusals, setup, stop

if TYPE_CHECKING:
    from langqiao.apps.computing.models import Campus

CampusOption = Annotated[int, typer.Option("--campus", min=0, help="园区编号，0 为全部 / campus id, 0: all")]
COUNTED = ("started", "noticed", "kept", "preempted", "stopped", "interrupted")
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


def schedule(campus: CampusOption = 0, as_json: JsonOption = False) -> None:
    """对排队的作业调度一轮 / run a round over the queue."""
    setup()
    from langqiao.apps.computing.domain.quotas import end_due_grants
    from langqiao.apps.computing.domain.scheduling import schedule as run_round

    rounds: list[dict[str, Any]] = []
    with refusals():
        end_due_grants(None)
        for one in _campuses(campus):
            done = run_round(None, one)
            rounds.append({"campus": one.pk, "name": one.name, **asdict(done)})
    if as_json:
        print(json.dumps(rounds, ensure_ascii=False))
        return
    for row in rounds:
        counts = {key: len(row[key]) for key in COUNTED}
        out.print(
            f"{row['name']}  开始 / started {counts['started']}  通知 / noticed {counts['noticed']}  "
            f"撤回 / kept {counts['kept']}  抢占 / preempted {counts['preempted']}  "
            f"停止 / stopped {counts['stopped']}  中断 / interrupted {counts['interrupted']}  "
            f"排队 / waiting {row['waiting']}  GPU {row['gpu_milli'] / 1000:g}/{row['gpu_total'] / 1000:g}",
            highlight=False,
        )


def bill(
    month: Annotated[str, typer.Argument(help="月份，如 2026-10 / a month such as 2026-10")],
    campus: CampusOption = 0,
    as_json: JsonOption = False,
) -> None:
    """出一个月的账单；已出的不重出 / make the bills of a month; those that stand stay."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        stop(f"月份应如 2026-10 / a month such as 2026-10, not {month}", code=2)
    setup()
    from langqiao.apps.computing.domain.billing import make_bills

    made: list[dict[str, Any]] = []
    with refusals():
        for one in _campuses(campus):
            made += [
                {"bill": row.pk, "tenant": str(row.tenant), "month": month, "amount": str(row.amount)}
                for row in make_bills(None, one, month=first)
            ]
    if as_json:
        print(json.dumps(made, ensure_ascii=False))
        return
    for row in made:
        out.print(f"{row['month']}  {row['tenant']}  {row['amount']} 元 / CNY", highlight=False)
    out.print(f"{len(made)} 张账单 / bills", highlight=False)


def _campuses(key: int) -> list[Campus]:
    from langqiao.apps.computing.models import Campus

    rows = list(Campus.objects.filter(pk=key) if key else Campus.objects.order_by("pk"))
    if key and not rows:
        stop(f"没有编号为 {key} 的园区 / no campus {key}")
    return rows
