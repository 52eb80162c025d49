"""``langqiao quantum plan``: which demands a network's key meets, and what to add next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.table import Table

from langqiao.cli.shared import out, stop

if TYPE_CHECKING:
    from langqiao.engines.qkd.types import LinkKey, Network, Plan, Policy, Reason, Upgrade

REASON = {
    "no_route": "两地之间没有线路 / nothing joins the two",
    "untrusted": "所有路线都经过不可信节点 {nodes} / every route passes untrusted {nodes}",
    "no_key": "必经链路 {links} 不产生密钥 / link {links} makes no key",
    "no_disjoint": "没有两条不相交的路线，都要经过 {places} / no two disjoint routes: all pass {places}",
    "capacity": "单此一项需求已超过 {links} 的成码率 / alone it is more than {links} can carry",
    "outranked": "{links} 已分给优先级更高的 {demands} / {links} went to {demands} of higher priority",
    "shared": "{links} 由同级需求 {demands} 分享 / {links} is shared with {demands}",
}
UPGRADE = {
    "system": "增加一套设备 second pair of equipment",
    "station": "增设一个中继站 one more relay station",
    "link": "新增链路 new link",
}


def plan(
    network: Annotated[
        str, typer.Argument(help="网络文件，或 nine-cities 九城示例 / network file, or nine-cities")
    ],
    demands: Annotated[Path, typer.Option(help="需求文件，JSON 或 TOML / demands, JSON or TOML")],
    equipment: Annotated[str, typer.Option(help="设备参数组，缺省用文件所定 / set of equipment")] = "",
    policy: Annotated[
        str, typer.Option(help="分配策略 / max-min, most, widest-shortest, shortest")
    ] = "max-min",
    overhead: Annotated[
        float, typer.Option(help="每比特中继的认证开销 / authentication a relayed bit")
    ] = 0.0,
    cut: Annotated[
        list[str] | None,
        typer.Option(help="断链 A-B 或节点失效 A，可重复 / cut A-B or node A, may be repeated"),
    ] = None,
    span: Annotated[
        list[str] | None,
        typer.Option(help="新增链路 A-B=千米，或 A-B 按坐标估算，可重复 / new link A-B=KM or A-B"),
    ] = None,
    advise: Annotated[bool, typer.Option("--advise", help="逐一试算扩容建议 / try what to add next")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """密钥规划：谁能满足、链路负载、未满足的原因 / which demands are met, links' load, reasons."""
    from langqiao.engines.qkd import planning
    from langqiao.engines.qkd.errors import QkdError
    from langqiao.engines.qkd.network import load, nine_cities

    try:
        chosen = equipment or None
        stands = nine_cities(chosen) if network == "nine-cities" else load(network, equipment=chosen)
        changed = _changed(stands, cut or [], span or [])
        wanted = planning.load_demands(demands)
        rule = cast("Policy", policy)
        found = planning.plan(changed, wanted, policy=rule, overhead=overhead)
        advice = planning.upgrades(changed, wanted, policy=rule, overhead=overhead) if advise else ()
    except QkdError as error:
        stop(error, code=2)
        return
    if as_json:
        values = planning.plan_as_dict(found)
        if advise:
            values["upgrades"] = [planning.upgrade_as_dict(one) for one in advice]
        print(json.dumps(values, ensure_ascii=False, indent=2))
        return
    if changed.note:
        out.print(changed.note, soft_wrap=True)
    _print(found)
    if advise:
        _print_advice(advice)


def _changed(network: Network, cuts: list[str], spans: list[str]) -> Network:
    """The network after the what-ifs: first the cuts, then the additions."""
    from langqiao.engines.qkd.errors import QkdError
    from langqiao.engines.qkd.network import add_link
    from langqiao.engines.qkd.network import cut as cut_out

    links = [_pair(one) for one in cuts if "-" in one]
    nodes = [one for one in cuts if "-" not in one]
    network = cut_out(network, links=links, nodes=nodes)
    for one in spans:
        ends, _sign, km = one.partition("=")
        try:
            length = float(km) if km else None
        except ValueError as error:
            raise QkdError(f"{one!r} is not A-B=KM", kind="value", subjects=(one,)) from error
        network = add_link(network, *_pair(ends), km=length)
    return network


def _pair(text: str) -> tuple[str, str]:
    from langqiao.engines.qkd.errors import QkdError

    a, _sign, b = text.partition("-")
    if not a or not b or "-" in b:
        raise QkdError(f"{text!r} is not A-B", kind="value", subjects=(text,))
    return a, b


def _words(reason: Reason) -> str:
    links = _names(reason.links)
    nodes = "、".join(reason.nodes)
    return REASON[reason.code].format(
        links=links,
        nodes=nodes,
        places="、".join(one for one in (nodes, links) if one),
        demands="、".join(reason.demands),
    )


def _names(links: tuple[LinkKey, ...]) -> str:
    return "、".join("-".join(link) for link in links)


def _print(found: Plan) -> None:
    title = f"{found.network}：{found.granted:,.0f} / {found.asked:,.0f} bit/s（{found.policy}）"
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for head in ("需求 demand", "级 priority", "申请 asked", "分配 granted", "密钥/秒 keys/s", "路线 routes"):
        table.add_column(head, justify="left" if head[0] in "需路" else "right")
    for row in found.demands:
        routes = "；".join(" + ".join("→".join(one) for one in flow.routes) for flow in row.flows)
        table.add_row(
            row.demand.id, str(row.demand.priority), f"{row.demand.bps:,.0f}", f"{row.bps:,.0f}",
            f"{row.keys_per_second:,.2f}", routes or "–",
        )  # fmt: skip
    out.print(table)
    loads = Table(title="链路负载 load of links", title_justify="left", show_edge=False, pad_edge=False)
    for head in ("链路 link", "成码率 bit/s", "负载 bit/s", "%"):
        loads.add_column(head, justify="left" if head[0] == "链" else "right")
    for link in found.links:
        loads.add_row("-".join(link.link), f"{link.rate:,.0f}", f"{link.load:,.0f}", f"{link.percent:.1f}")
    out.print(loads)
    for row in found.unmet:
        if row.reason is not None:
            out.print(f"✗ {row.demand.id}：{_words(row.reason)}", soft_wrap=True)
    if found.bottlenecks:
        out.print(f"瓶颈链路 / bottlenecks: {_names(found.bottlenecks)}", soft_wrap=True)


def _print_advice(advice: tuple[Upgrade, ...]) -> None:
    if not advice:
        out.print("单项扩容没有收益，或需求均已满足 / no single addition helps, or all demands are met")
        return
    table = Table(title="扩容建议 what to add next", title_justify="left", show_edge=False, pad_edge=False)
    for head in ("做法 what", "链路 where", "光纤 km", "增加 bit/s", "新满足 newly met", "受损 worse"):
        table.add_column(head, justify="left" if head[0] in "做链" else "right")
    for one in advice:
        table.add_row(
            UPGRADE[one.kind], "-".join(one.link), f"{one.km:.0f}" if one.km else "–", f"{one.gain:,.0f}",
            str(len(one.newly_met)), str(len(one.worse)),
        )  # fmt: skip
    out.print(table)
