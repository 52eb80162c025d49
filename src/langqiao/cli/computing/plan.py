"""``langqiao computing plan``: what a campus can promise when, and what a change would do."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from langqiao.cli.shared import out, setup, stop

if TYPE_CHECKING:
    from langqiao.engines.scheduling.campus import Band, Plan, Site

WIDEST = 1000  # columns; no table of a plan comes near
BINDING = {
    "servers": "服务器 servers", "racks": "机架位 racks", "power": "供电 power",
    "cooling": "制冷 cooling", "": "–",
}  # fmt: skip
VERDICT = {
    "firm": "可以承诺 firm", "likely": "多半可以 likely",
    "possible": "最好情形下可以 possible", "no": "不能 no",
}  # fmt: skip
REMARK = {
    "undated": "没有交付日期，未计入 / without a date, not counted",
    "overdue": "计划日期已过，按起始月计 / planned day has passed, counted from the start",
    "no_limits": "供电或制冷未知，只按机架位计 / power or cooling not known, racks alone count",
    "crowded": "已装 GPU 多于假设密度下所能承载，超出的不计入"
    " / more GPUs installed than the assumed density carries, those beyond are not counted",
    "delivered": "已交付，延期不起作用 / delivered, a slip changes nothing",
    "over": "承诺多于可用 / more promised than there is",
}


def plan(
    path: Annotated[
        Path | None, typer.Argument(metavar="[CAMPUS.json]", help="园区文件 / campus file")
    ] = None,
    campus: Annotated[int, typer.Option(help="数据库中园区的编号 / key of a campus in the database")] = 0,
    start: Annotated[str, typer.Option(help="起始月，默认本月 / first month, YYYY-MM")] = "",
    months: Annotated[int, typer.Option(help="月数，至多 120 / months, at most 120")] = 36,
    slip: Annotated[
        list[str] | None, typer.Option(help="延期：楼=月数 / BUILDING=MONTHS, may be repeated")
    ] = None,
    derate: Annotated[
        list[str] | None, typer.Option(help="降额：楼/机房=百分数 / BUILDING/HALL=PERCENT, may be repeated")
    ] = None,
    tenant: Annotated[
        list[str] | None, typer.Option(help="新租户：名=GPU 数@年-月 / NAME=GPUS@YYYY-MM, may be repeated")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """容量推演：何时能承诺多少 GPU，变动会怎样 / what can be promised when, and what a change would do."""
    from langqiao.engines.scheduling.campus import (
        month_of,
        plan_as_dict,
        read_changes,
        read_month,
        site_from_dict,
    )
    from langqiao.engines.scheduling.campus import plan as work_out
    from langqiao.engines.scheduling.errors import SchedulingError

    if (path is None) == (not campus):
        stop("请给出园区文件或 --campus 编号之一 / give a campus file or --campus KEY", code=2)
    try:
        site = site_from_dict(_read(path)) if path else _stored(campus)
        first = read_month(start) if start else month_of(date.today())  # noqa: DTZ011  the reader's own month
        changes = read_changes(slips=slip or (), deratings=derate or (), arrivals=tenant or ())
        base = work_out(site, start=first, months=months)
        found = work_out(site, start=first, months=months, changes=changes)
    except SchedulingError as error:
        stop(error)
        return
    if as_json:
        values = plan_as_dict(found, site) | {"base": plan_as_dict(base, site)["months"]}
        print(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        _print(found, base, site, changed=bool(slip or derate or tenant))


def _read(path: Path) -> object:
    from langqiao.engines.scheduling.errors import SchedulingError

    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SchedulingError(
            f"读不出 {path.name} / cannot be read: {error.strerror}", kind="campus"
        ) from error
    except ValueError as error:
        raise SchedulingError(f"{path.name} 不是 JSON / is not JSON: {error}", kind="campus") from error


def _stored(key: int) -> Site:
    setup()
    from langqiao.apps.computing.models import Campus
    from langqiao.apps.computing.queries.plans import site_of
    from langqiao.engines.scheduling.errors import SchedulingError

    found = Campus.objects.filter(pk=key).first() if 0 < key < 2**63 else None
    if found is None:
        raise SchedulingError(f"没有编号为 {key} 的园区 / there is no campus {key}", kind="campus")
    return site_of(found)


def _print(found: Plan, base: Plan, site: Site, *, changed: bool) -> None:
    from langqiao.engines.scheduling.campus import KEYS, month_text

    _print_table(found, base, site, changed=changed)
    for fit in found.fits:
        when = "、".join("–" if month is None else month_text(month) for month in fit.earliest)
        _line(
            f"· {fit.demand.name} {fit.demand.gpus} GPU @ {month_text(fit.demand.first)}："
            f"{VERDICT[fit.verdict]}；最早 earliest {when}" + (f"；缺 short {fit.short}" if fit.short else "")
        )
    for remark in found.remarks:
        _line(f"· {REMARK[remark.kind]}：{'、'.join(remark.subjects)}")
    out.print("假设 / assumptions", style="dim")
    for key, one in site.assumptions.items():
        if key in KEYS:
            values = f"{one.low:g}–{one.middle:g}–{one.high:g} {one.unit}".strip()
            _line(f"  {key} {values}  {one.why}", style="dim")


def _line(text: str, *, style: str = "") -> None:
    """A line as it is: what is piped is not broken at eighty columns."""
    out.print(text, style=style or None, markup=False, soft_wrap=not out.is_terminal)


def _print_table(found: Plan, base: Plan, site: Site, *, changed: bool) -> None:
    """The months; no figure is ever cut, whatever the width: a cut one reads as another number."""
    table = _table(found, base, site, changed=changed, dash="–")
    wide = out.options.update_width(WIDEST)
    needed = Measurement.get(out, wide, table).maximum
    if needed <= out.width:
        out.print(table)
    elif out.is_terminal:
        out.print(_table(found, base, site, changed=changed, dash="– "))  # bands wrap at their dashes
    else:
        Console(width=needed).print(table)


def _table(found: Plan, base: Plan, site: Site, *, changed: bool, dash: str) -> Table:
    from langqiao.engines.scheduling.campus import month_text

    heads = ["月 month", "可用 capacity", "已承诺 demand", "余量 headroom", "可承诺 promise", "约束 binding"]
    if changed:
        heads.insert(5, "变动前可承诺 before")
    table = Table(
        title=f"{site.name}：GPU，低–中–高 / low–middle–high",
        title_justify="left", show_edge=False, pad_edge=False,
    )  # fmt: skip
    for head in heads:
        justify: Literal["left", "right"] = "left" if head.startswith(("月", "约束")) else "right"
        table.add_column(head, justify=justify, overflow="fold")
    last = ""
    for row, before in zip(found.months, base.months, strict=True):
        bands = [row.headroom, row.promise, *([before.promise] if changed else [])]
        cells = [_band(row.capacity, dash), f"{row.demand}", *(_band(band, dash) for band in bands)]
        cells.append(BINDING[row.binding])
        # Months that say the same as the one before are left out.
        if (said := "|".join(cells)) != last:
            table.add_row(month_text(row.month), *cells)
        last = said
    return table


def _band(band: Band, dash: str) -> str:
    return dash.join(f"{value:.0f}" for value in band) if len(set(band)) > 1 else f"{band.low:.0f}"
