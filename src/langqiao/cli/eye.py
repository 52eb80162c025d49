"""``langqiao eye …``: flows between cities from the ledger, and the open data."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer
from rich.table import Table

from langqiao.cli.eye_data import export_folder
from langqiao.cli.shared import out, setup, stop

eye_app = typer.Typer(help="科创之眼：要素流动、开放数据 / the Eye: flows, open data", no_args_is_help=True)
flows_app = typer.Typer(help="要素流动 / flows between cities", no_args_is_help=True)
eye_app.add_typer(flows_app, name="flows")
eye_app.command("export")(export_folder)


@flows_app.command("rebuild")
def flows_rebuild() -> None:
    """由台账重算全部合计 / make all sums again from the ledger."""
    setup()
    from langqiao.apps.ledger.flows import kept_sums, rebuild

    begun = time.perf_counter()
    reached = rebuild()
    kept = kept_sums()
    lines = sum(total.count for total in kept.values())
    out.print(
        f"✓ 台账 #{reached}：{lines} 条流动，{len(kept)} 项合计，{time.perf_counter() - begun:.1f} 秒 / "
        f"{lines} flows in {len(kept)} sums",
        highlight=False,
    )


@flows_app.command("check")
def flows_check() -> None:
    """与台账逐条相加的结果比对 / compare with the plain sum over the ledger, entry by entry."""
    setup()
    from langqiao.apps.ledger.flows import catch_up, kept_sums, plain_sums

    reached = catch_up()
    kept, plain = kept_sums(), plain_sums()
    if kept != plain:
        wrong = sorted(key for key in kept.keys() | plain.keys() if kept.get(key) != plain.get(key))
        stop(
            f"{len(wrong)} 项合计与台账不符，如 {' '.join(map(str, wrong[0]))}；"
            f"请运行 langqiao eye flows rebuild / {len(wrong)} sums differ from the ledger"
        )
    out.print(f"✓ 台账 #{reached}：{len(kept)} 项合计全部相符 / all sums equal the ledger", highlight=False)


@flows_app.command("show")
def flows_show(
    kind: Annotated[str, typer.Option(help="technology|talent|capital|computing|keys")] = "",
    period: Annotated[str, typer.Option(help="month|quarter|year|all|2026-11")] = "year",
    city: Annotated[str, typer.Option(help="任一端的城市 / a city at either end")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """列出城市间的要素流动 / list flows between cities, the largest of each kind first."""
    setup()
    from langqiao.apps.eye.queries.periods import known_period
    from langqiao.apps.eye.queries.portal import flow_view
    from langqiao.apps.ledger.flows import KINDS
    from langqiao.kit.words import named

    if kind and kind not in KINDS:
        stop(f"没有“{kind}”这一要素，可选 {'、'.join(KINDS)} / no such kind", code=2)
    if known_period(period) is None:
        stop(f"看不懂时间“{period}”，可选 month、quarter、year、all 或 2026-11 / no such period", code=2)
    view = flow_view(kind=kind, period=period, city=city)
    if city and view.city is None:
        stop(f"没有“{city}”这座城市 / no such city", code=2)
    if as_json:
        rows = [
            {
                "kind": row.kind.slug, "origin": row.origin.slug, "destination": row.destination.slug,
                "entries": row.count, "quantity": row.quantity, "value": str(row.value),
                "unit": str(row.kind.unit), "illustrative": row.is_illustrative,
            }
            for row in view.rows
        ]  # fmt: skip
        found = {"period": view.period.slug, "sequence": view.sequence, "head": view.head, "flows": rows}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    mark = " · 含示例数据 / with illustrative data" if view.is_illustrative else ""
    table = Table(title=f"{view.period.label} · 台账 #{view.sequence}{mark}")
    for name in ("要素", "流出", "流入", "数量", "单位", "记录数"):
        table.add_column(name, justify="right" if name in {"数量", "记录数"} else "left")
    for row in view.rows:
        table.add_row(
            str(row.kind.label), named(row.origin), named(row.destination), row.shown.number,
            str(row.shown.unit), str(row.count),
        )  # fmt: skip
    out.print(table)
