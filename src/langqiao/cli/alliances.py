"""``langqiao alliances …``: load the tree of alliances, print it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from langqiao.cli.shared import migrate, out, refusals, setup

alliances_app = typer.Typer(help="联盟 / alliances", no_args_is_help=True)


@alliances_app.command("load")
def alliances_load(
    file: Annotated[
        Path | None,
        typer.Option(
            help="联盟体系配置（TOML），缺省为走廊自带的 / the tree's file, the corridor's own when left out"
        ),
    ] = None,
) -> None:
    """载入或更新联盟体系；重复运行不改变任何内容 / load or update the tree; running again changes nothing."""
    setup()
    from langqiao.apps.alliances.domain.alliances.keeping import load_tree

    with refusals():
        migrate()
        loaded = load_tree(None, path=file)
    out.print(
        f"✓ 新增 {loaded.made}，更新 {loaded.changed}，未变 {loaded.unchanged} / "
        f"{loaded.made} added, {loaded.changed} changed, {loaded.unchanged} as they were"
    )


@alliances_app.command("tree")
def alliances_tree(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """打印联盟体系 / print the tree of alliances."""
    setup()
    from langqiao.apps.alliances.queries.alliances.tree import figures, tree

    root = tree()
    if as_json:
        stated = [
            {"label": f.label, "value": f.value, "period": f.period, "source": f.source_url}
            for f in figures()
        ]
        found = {"tree": _plain(root) if root else None, "figures": stated}
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if root is None:
        out.print(
            "还没有载入联盟体系，请先运行 langqiao alliances load / not loaded yet: langqiao alliances load"
        )
        return
    _print(root, 0)
    for figure in figures():
        out.print(
            f"{figure.period}  {figure.label} {figure.value} {figure.unit}  {figure.source_name}",
            highlight=False,
        )


def _plain(branch: Any) -> dict[str, Any]:
    node = branch.node
    return {
        "slug": node.slug,
        "name": node.name,
        "tier": node.tier,
        "group": node.is_group,
        "city": node.city_id,
        "lead": node.lead.name if node.lead else node.lead_name,
        "founded_on": node.founded_on,
        "members": branch.members,
        "children": [_plain(child) for child in branch.children],
    }


def _print(branch: Any, depth: int) -> None:
    node = branch.node
    if node.is_group:
        facts = ""
    else:
        lead = node.lead.name if node.lead else node.lead_name
        parts = (
            node.founded_on or "成立日期未公布",
            str(node.city or "城市未公布"),
            lead or "牵头企业未公布",
        )
        facts = "  " + " · ".join(parts)
    out.print(f"{'  ' * depth}{node.name}{facts}", highlight=False, soft_wrap=True)
    for child in branch.children:
        _print(child, depth + 1)
