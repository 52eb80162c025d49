"""``langqiao chains …``: industry chains from files, without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from langqiao.cli.shared import out, stop

if TYPE_CHECKING:
    from langqiao.engines.chains.gaps import Gaps, Missing
    from langqiao.engines.chains.graph import ChainGraph
    from langqiao.engines.chains.report import Report
    from langqiao.engines.chains.scope import Chain
    from langqiao.engines.chains.types import ChainData

chains_app = typer.Typer(help="产业链 / industry chains", no_args_is_help=True)

Texts = list[str] | None
Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="产品图谱文件夹、企业自有 CSV（文件或文件夹），或 import --save 存下的文件"
        " / folder of a product graph, own CSV file or folder, or a file of import --save",
    ),
]
Own = Annotated[Path | None, typer.Option("--own", help="另加的企业自有 CSV / own CSV to add to the graph")]
Industries = Annotated[
    Texts, typer.Option("--industry", help="行业代码或名称，或七大产业之一 / industry by code or name")
]
Products = Annotated[Texts, typer.Option("--product", help="产品名称 / product by name")]
Cities = Annotated[
    Texts, typer.Option("--city", help="九城之一，名称或代码；缺省为九城 / one of the nine cities")
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Up = Annotated[int, typer.Option(min=0, max=6, help="上游层数 / tiers of materials")]
Down = Annotated[int, typer.Option(min=0, max=6, help="下游层数 / tiers of products made")]


@chains_app.callback()
def _group() -> None:
    """产业链：导入、名称对应、断短低链、链图、停摆影响 / import, link, gaps, map, failure."""


@chains_app.command(name="import")
def import_(
    data: Data,
    own: Own = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="存下对应好的数据 / keep the linked data in a file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """导入并逐行说明去向 / import, with what became of every row."""
    with _refusals():
        read, reports, own_firms = _read(data, own)
        read = _linked(read, own_firms)
        if save:
            from langqiao.engines.chains.store import save as keep

            keep(read, save)
    counts = {
        "firms": len(read.firms),
        "firms_in_the_nine_cities": sum(bool(firm.city) for firm in read.firms),
        "industries": len(read.industries),
        "relations": len(read.relations),
        "rows": len(read.makes),
        "linked": sum(bool(made.node) for made in read.makes),
    }
    if as_json:
        _print_json({"counts": counts, "reports": [report.as_dict(most=1000) for report in reports]})
        return
    for report in reports:
        _print_report(report)
    for name, number in counts.items():
        out.print(f"{name:28}{number:>10,}", highlight=False)


@chains_app.command()
def link(
    data: Data,
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="产品名称 / names of products")],
    limit: Annotated[int, typer.Option(min=1, max=20, help="每个名称的候选数 / candidates a name")] = 3,
    as_json: AsJson = False,
) -> None:
    """名称对应到产品图谱的节点，附把握 / nodes that names mean, and how sure that is."""
    from langqiao.engines.chains.link import THRESHOLD, Linker

    with _refusals():
        read, _, _ = _read(data, None)
        found = Linker.build(read.nodes()).link(names, limit=limit)
    if as_json:
        _print_json(
            [
                {
                    "name": name,
                    "linked": bool(candidates) and candidates[0].certainty >= THRESHOLD,
                    "candidates": [asdict(candidate) for candidate in candidates],
                }
                for name, candidates in zip(names, found, strict=True)
            ]
        )
        return
    table = _table("名称对应 / links", ("名称", "节点", "把握", "依据", "共有", ""))
    for name, candidates in zip(names, found, strict=True):
        for candidate in candidates:
            mark = "" if candidate.certainty >= THRESHOLD else "不采用 below the threshold"
            table.add_row(
                name, candidate.node, f"{candidate.certainty:.2f}", candidate.evidence,
                "、".join(candidate.shared), mark,
            )  # fmt: skip
        if not candidates:
            table.add_row(name, "–", "", "", "", "没有相近的节点 nothing near")
    out.print(table)


@chains_app.command()
def gaps(
    data: Data,
    industry: Industries = None,
    product: Products = None,
    city: Cities = None,
    own: Own = None,
    up: Up = 2,
    down: Down = 1,
    thin: Annotated[int, typer.Option(min=1, help="少于几家为短链 / fewer makers are thin")] = 3,
    limit: Annotated[int, typer.Option(min=1, max=2000, help="每类条数 / rows a list")] = 15,
    as_json: AsJson = False,
) -> None:
    """断链、短链、低链与割点 / what is missing, thin or low, and what the chain hangs on."""
    from langqiao.engines.chains.gaps import find_gaps

    with _refusals():
        graph = _graph(data, own)
        chain = _chain(graph, industry, product, (up, down))
        found = find_gaps(graph, chain, cities=_cities(city), thin=thin, limit=limit)
    if as_json:
        _print_json(found.as_dict())
    else:
        _print_gaps(found)


@chains_app.command(name="map")
def map_(
    data: Data,
    industry: Industries = None,
    product: Products = None,
    city: Cities = None,
    own: Own = None,
    up: Up = 2,
    down: Down = 1,
    most: Annotated[int, typer.Option(min=20, max=400, help="节点数上限 / nodes at most")] = 60,
    as_json: AsJson = False,
) -> None:
    """分层产业链图的数据 / the layered chain map."""
    from langqiao.engines.chains.layout import chain_map

    with _refusals():
        graph = _graph(data, own)
        chain = _chain(graph, industry, product, (up, down))
        drawn = chain_map(graph, chain, cities=_cities(city), most=most)
    if as_json:
        _print_json(drawn.as_dict())
        return
    for layer in drawn.layers:
        table = _table(
            f"\n第 {layer.level:+d} 层 / level：{layer.products} 个产品，本地生产 {layer.made} 个",
            ("产品", "本地企业", "其他企业", "状态"),
        )
        for node in sorted((n for n in drawn.nodes if n.level == layer.level), key=lambda n: n.y):
            table.add_row(
                node.label or f"另 {node.products} 个 more", str(node.firms), str(node.elsewhere), node.state
            )
        out.print(table)
    out.print(f"\n{len(drawn.edges)} 条关系，{drawn.crossings} 处交叉 / relations, crossings")


@chains_app.command()
def failure(
    data: Data,
    firm: Annotated[Texts, typer.Option("--firm", help="企业代码或名称 / firm by code or name")] = None,
    city: Cities = None,
    country: Annotated[
        bool, typer.Option("--country", help="按全国计 / seen from the whole country")
    ] = False,
    own: Own = None,
    reach: Annotated[int, typer.Option(min=0, max=10, help="下游步数 / steps downstream")] = 3,
    as_json: AsJson = False,
) -> None:
    """龙头企业停摆会断掉什么；不给企业时列出最关键的企业 / what a firm's failure cuts off."""
    from langqiao.engines.chains.failure import failure as fail
    from langqiao.engines.chains.failure import lead_firms

    with _refusals():
        graph = _graph(data, own)
        scope = None if country else _cities(city)
        if not firm:
            keys = lead_firms(graph, cities=scope)
            names = {key: graph.firms[graph.firm(key)].name for key in keys}
            if as_json:
                _print_json([{"firm": key, "name": name} for key, name in names.items()])
            else:
                for key, name in names.items():
                    out.print(f"{key}  {name}", highlight=False)
            return
        found = fail(graph, [_firm(graph, text) for text in firm], cities=scope, reach=reach)
    if as_json:
        _print_json(found.as_dict())
        return
    table = _table("失去的产品 / lost", ("产品", "层级", "失去份额", "其余企业"))
    for loss in (*found.lost, *found.thinned)[:40]:
        table.add_row(loss.product, str(loss.tier), f"{loss.share_lost:.0%}", str(loss.other_makers))
    out.print(table)
    out.print(
        f"\n断了来路 / cut off：{'、'.join(found.cut_off) or '–'}"
        f"\n可能波及 / touched：{len(found.touched)} 个产品，{len(found.firms_hit)} 家企业",
        soft_wrap=True,
    )


def _read(path: Path, own: Path | None) -> tuple[ChainData, list[Report], set[str]]:
    """The data, what became of the rows, and the firms that firms' own tables speak of."""
    from langqiao.engines.chains.own import merged, read_own
    from langqiao.engines.chains.place import Places, with_cities
    from langqiao.engines.chains.read import read_product_chain
    from langqiao.engines.chains.store import load

    reports: list[Report] = []
    own_firms: set[str] = set()
    if (path / "product_product.tsv").is_file():
        data, report = read_product_chain(path)
        reports.append(report)
    elif path.is_file() and path.suffix == ".gz":
        data = load(path)
    else:
        data, report = read_own(path)
        own_firms |= {made.firm for made in data.makes}
        reports.append(report)
    if own:
        more, report = read_own(own)
        own_firms |= {made.firm for made in more.makes}
        data = merged(data, more)
        reports.append(report)
    return with_cities(data, Places.built_in()), reports, own_firms


def _linked(data: ChainData, own_firms: set[str]) -> ChainData:
    """Link what is not linked yet; what firms' own tables name and the graph lacks stands for itself."""
    from langqiao.engines.chains.link import Linker, link_products
    from langqiao.engines.chains.own import stand_alone

    if data.relations and data.makes:
        data = link_products(data, Linker.build(data.nodes()))
    return stand_alone(data, own_firms)


def _graph(path: Path, own: Path | None) -> ChainGraph:
    from langqiao.engines.chains.graph import ChainGraph

    data, _, own_firms = _read(path, own)
    is_saved = path.suffix == ".gz" and own is None
    return ChainGraph.build(data if is_saved else _linked(data, own_firms))


def _chain(graph: ChainGraph, industries: Texts, products: Texts, steps: tuple[int, int]) -> Chain:
    from langqiao.engines.chains.scope import SEVEN, chain_of, whole

    if not industries and not products:
        return whole(graph)
    known = {industry.name for industry in graph.industries}
    named: list[str] = []
    for industry in industries or []:
        members = SEVEN.get(industry, ())
        named += members if members and set(members) <= known else [industry]
    title = "、".join((*(industries or []), *(products or [])))
    return chain_of(graph, name=title, industries=named, products=products or [], up=steps[0], down=steps[1])


def _firm(graph: ChainGraph, text: str) -> str:
    """The key of a firm by key, short or full name."""
    for firm in graph.firms:
        if text in {firm.key, firm.name, firm.fullname}:
            return firm.key
    return text


def _cities(texts: Texts) -> tuple[str, ...]:
    from langqiao.engines.chains.types import NINE, ChainError

    codes = {name: code for code, name in NINE.items()} | {code: code for code in NINE}
    for text in texts or []:
        if text.removesuffix("市") not in codes:
            raise ChainError(f"不是九城之一：{text} / not one of the nine cities", field="city")
    return tuple(codes[text.removesuffix("市")] for text in texts or []) or tuple(NINE)


@contextmanager
def _refusals() -> Iterator[None]:
    from langqiao.engines.chains.types import ChainError

    try:
        yield
    except (ChainError, ValueError) as error:
        stop(error)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _print_report(report: Report) -> None:
    table = _table("导入 / import", ("文件", "读入", "保留", "重复", "拒收"))
    for count in report.files:
        table.add_row(count.file, str(count.read), str(count.kept), str(count.doubled), str(count.refused))
    out.print(table)
    for issue in report.issues:
        if issue.outcome == "refused":
            out.print(
                f"{issue.file} 第 {issue.row} 行“{issue.field}”列：{issue.reason}（{issue.value[:40]}）",
                markup=False,
            )


def _users(gap: Missing) -> str:
    """Products made of it, and of how many of its kinds each product that only inherits the need."""
    parts = [f"{one.product}（{one.needing}/{one.kinds} 小类）" for one in gap.inherited]
    return "、".join([*gap.needed_by, *parts][:4])


def _print_gaps(found: Gaps) -> None:
    totals = found.totals
    out.print(
        f"{found.chain}：{found.products} 个产品，本地生产 {found.made} 个，{found.firms} 家企业；"
        f"断链 {totals['missing']}，短链 {totals['thin']}，低链 {totals['low']}，"
        f"独家 {totals['one_supplier']}，独城 {totals['one_city']}，"
        f"割点 {totals['articulation_points']}，必经 {totals['dominators']}",
        soft_wrap=True,
    )
    missing = _table("\n断链 / missing", ("产品", "层", "用它的产品", "直接需要", "折合", "外地企业"))
    for gap in found.missing:
        missing.add_row(
            gap.product, f"{gap.level:+d}", _users(gap), str(gap.firms_waiting), f"{gap.demand:.2f}",
            str(gap.elsewhere),
        )  # fmt: skip
    thin = _table("\n短链 / thin", ("产品", "企业", "HHI", "独城", "用于"))
    for few in found.thin:
        thin.add_row(few.product, str(few.makers), f"{few.hhi:.0f}", few.city, str(few.needed_by))
    low = _table("\n低链 / low", ("产品", "深加工占比", "全国", "可加工为"))
    for short in found.low:
        low.add_row(
            short.product, f"{short.depth:.0%}", f"{short.depth_country:.0%}",
            "、".join(short.processed_into[:4]),
        )  # fmt: skip
    cuts = _table("\n割点与必经 / cut nodes", ("产品", "类别", "切断", "本地企业", "例"))
    for cut in found.cuts:
        cuts.add_row(cut.product, cut.kind, str(cut.cut_off), str(cut.makers), "、".join(cut.examples[:4]))
    for table in (missing, thin, low, cuts):
        out.print(table)
    for sentence in found.assumptions:
        out.print(f"· {sentence}", style="dim", soft_wrap=True)
