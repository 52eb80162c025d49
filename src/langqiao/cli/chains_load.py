"""``langqiao chains load``: take a folder of industry-chain tables over, with a report of every row."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from langqiao.cli.shared import migrate, out, progress_bar, refusals, setup


def load(
    folder: Annotated[
        Path, typer.Argument(help="产品图谱文件夹，如 shared/data/product_chain / folder of the seven tables")
    ],
    slug: Annotated[str, typer.Option(help="数据集代号 / slug of the data set")] = "product-chain",
    name: Annotated[str, typer.Option(help="数据集名称 / its name")] = "上市公司产业链",
    version: Annotated[str, typer.Option(help="版本，缺省为今天 / version, today when left out")] = "",
    source: Annotated[str, typer.Option(help="来源名称 / name of the source")] = "",
    source_url: Annotated[str, typer.Option(help="来源地址 / address of the source")] = "",
    source_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="来源日期 / date of the source")
    ] = None,
    licence: Annotated[str, typer.Option(help="许可 / licence")] = "",
    places: Annotated[
        Path | None, typer.Option(help="全国行政区划表 adcode,name / table of all divisions")
    ] = None,
    pass_on: Annotated[
        bool, typer.Option(help="许可允许再分发，进入开放数据 / the licence lets it be open data")
    ] = False,
    anew: Annotated[
        bool, typer.Option(help="内容未变也重新归类 / link again though nothing changed")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """导入产业链数据集（公司、产业、产品关系）/ load a data set of industry chains."""
    setup()
    from django.utils import timezone

    from langqiao.apps.alliances.domain.chains import Origin, load_folder
    from langqiao.apps.alliances.queries.chains_graph import graph_of
    from langqiao.engines.chains.place import Places
    from langqiao.engines.matching.types import Progress

    origin = Origin(
        slug=slug,
        name=name,
        version=version or timezone.localdate().isoformat(),
        source_name=source,
        source_url=source_url,
        source_date=source_date.date() if source_date else None,
        licence=licence,
        may_be_passed_on=pass_on,
    )
    with refusals(), progress_bar() as show:
        migrate()
        loaded = load_folder(
            None,
            folder,
            origin=origin,
            places=Places.read(places) if places else None,
            told=lambda stage, n, of: show(Progress(stage, n, of)),
            anew=anew,
        )
        # The graph is built and kept now, so that no reader of the site waits for it.
        graph_of(loaded.dataset, None)
    if as_json:
        print(
            json.dumps(
                {"slug": slug, "written": loaded.written, **loaded.report}, ensure_ascii=False, indent=2
            )
        )
        return
    _print(loaded.report, written=loaded.written)


def _print(report: Any, *, written: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("文件 / file", "读到 / read", "保留 / kept", "重复 / doubled", "拒绝 / refused")
    for one in report.get("files", []):
        table.add_row(one["file"], *(f"{one[key]:,}" for key in ("read", "kept", "doubled", "refused")))
    out.print(table)
    refused = [one for one in report.get("issues", []) if one["outcome"] == "refused"]
    for one in refused[:20]:
        out.print(f"✗ {one['file']} {one['row']}: {one['reason']}", highlight=False)
    if len(refused) > 20:
        out.print(f"… {len(refused) - 20} 行见数据集页面 / more on the page of the data set", highlight=False)
    done = "已导入 / loaded" if written else "内容未变，没有改动 / nothing has changed"
    out.print(Text.assemble(("✓", "green"), f" {done}"))
