"""``langqiao parks …``: import activities, print the report on complementarity (错位互补)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from langqiao.cli.shared import migrate, out, refusals, setup, stop

parks_app = typer.Typer(help="园区与错位互补 / parks and complementarity", no_args_is_help=True)
VERDICTS = {"duplicates": "重复", "partly": "部分重叠", "complements": "互补"}


@parks_app.command("import")
def parks_import(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX，列见 docs/parks.md / the table")],
    dry_run: Annotated[bool, typer.Option(help="只检查不写入 / check, write nothing")] = False,
) -> None:
    """导入产业活动：有一行不对就一行也不写 / import activities, all rows or none."""
    setup()
    from langqiao.apps.alliances.domain.parks.keeping import import_activities
    from langqiao.apps.alliances.domain.parks.table import read_activities

    with refusals():
        migrate()
        with file.open("rb") as handle:
            rows, numbers = read_activities(handle)
        summary = import_activities(None, rows, numbers=numbers, dry_run=dry_run)
    for refusal in summary.refusals[:50]:
        out.print(f"第 {refusal.row} 行 {refusal.field}：{refusal}", highlight=False, soft_wrap=True)
    if summary.refused:
        stop(
            f"{summary.refused} 行需要改正，什么也没有写入 / {summary.refused} rows refused, nothing written"
        )
    word = "检查通过，将" if dry_run else "✓ "
    out.print(f"{word}新增 {summary.created}，更新 {summary.changed}，未变 {summary.unchanged}")


@parks_app.command("report")
def parks_report(
    place: Annotated[
        str, typer.Argument(help="园区编号或名称，或城市代号 / a park's code or name, a city's slug")
    ],
    basis: Annotated[
        str, typer.Option(help="比较依据：presence 或 指标|单位|时期 / presence or measure|unit|period")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """打印错位互补报告 / print the report on complementarity."""
    setup()
    from langqiao.apps.alliances.models import Place
    from langqiao.apps.alliances.queries.parks.matrix import basis_from, comparison
    from langqiao.apps.alliances.queries.parks.report import as_json as plain
    from langqiao.apps.alliances.queries.parks.report import park_report, report_on
    from langqiao.apps.registry.models import City

    parks = Place.objects.filter(kind=Place.Kind.PARK)
    park = parks.filter(code=place).first() or parks.filter(name=place).first()
    if park is not None:
        report = park_report(park, basis_from(basis, Place.Kind.PARK, of=park))
    elif City.objects.filter(pk=place).exists():
        found = comparison(Place.Kind.CITY, basis_from(basis, Place.Kind.CITY))
        report = report_on(f"city-{place}", found)
    else:
        stop(f"没有园区或城市“{place}” / no such park or city", code=2)
        return
    if report is None:
        stop("在这一依据下没有可比较的产业活动 / nothing to compare on this basis")
        return
    if as_json:
        print(json.dumps(plain(report), ensure_ascii=False, indent=2))
    else:
        _print(report)


def _print(report: Any) -> None:
    found = report.comparison
    out.print(
        Text.assemble((report.row.name, "bold"), f"  比较依据：{found.basis.words}，{len(found.rows)} 方"),
        highlight=False,
    )
    for warning in report.warnings:
        out.print(f"注意：{warning}", highlight=False, soft_wrap=True)
    for peer in sorted(report.peers, key=lambda one: -one.similarity):
        words = (
            f"{VERDICTS[peer.verdict]}  {peer.row.name}  相似 {peer.similarity:.2f}  差异 {peer.krugman:.2f}"
        )
        shared = f"  共有 {'、'.join(peer.shared)}" if peer.shared else ""
        out.print(words + shared, highlight=False, soft_wrap=True)
    for one in report.near:
        owners = "、".join(one.places)
        out.print(f"邻近  {one.name}  {one.density:.0%}  {owners}", highlight=False, soft_wrap=True)
