"""``langqiao select``: a balanced choice, the price of each constraint, near-ties and a lottery."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from langqiao.cli.shared import out, stop

if TYPE_CHECKING:
    from langqiao.engines.selection.choice import Candidate, Choice, Conflict, Rule

ID = ("id", "candidate", "item", "申报", "申报项目", "项目", "申报编号", "项目编号", "编号")
SCORE = ("score", "得分", "校准分", "calibrated", "评分", "分数", "总分")
LOW, HIGH = ("low", "下限"), ("high", "上限")
COST = ("cost", "经费", "预算", "费用", "金额")
WEIGHT = ("weight", "抽签权重", "权重")
ATTRIBUTES = {
    "city": ("city", "城市"),
    "industry": ("industry", "产业", "行业", "领域"),
    "kind": ("kind", "类型", "类别"),
}

Texts = list[str] | None


def select(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="CANDIDATES.csv",
            help="候选表：编号、得分，可有上下限、经费、城市、产业、类型 / columns id, score, any attributes",
        ),
    ],
    places: Annotated[int, typer.Option(help="名额 / how many are chosen")] = 0,
    at_least: Annotated[
        Texts, typer.Option(help="至少：列:数（每个取值）或 列=值:数 / COLUMN[=VALUE]:N")
    ] = None,
    at_most: Annotated[
        Texts, typer.Option(help="至多：列:数（每个取值）或 列=值:数 / COLUMN[=VALUE]:N")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="预算上限 / most that the costs may sum to")] = None,
    min_score: Annotated[float | None, typer.Option(help="最低分 / lowest score that may be chosen")] = None,
    pin: Annotated[Texts, typer.Option(help="指定入选的编号 / id that is chosen")] = None,
    bar: Annotated[Texts, typer.Option(help="不予入选的编号 / id that is not chosen")] = None,
    margin: Annotated[
        float, typer.Option(min=0, help="近似并列的分差 / points within which it is a near-tie")
    ] = 0,
    lottery: Annotated[
        bool, typer.Option("--lottery", help="在近似并列者中抽签 / draw among the near-tied")
    ] = False,
    seed: Annotated[str, typer.Option(help="抽签种子，事先公布其 SM3 / seed of the lottery")] = "",
    weighted: Annotated[
        bool, typer.Option("--weighted", help="按权重列抽签 / tickets by the weight column")
    ] = False,
    rerun: Annotated[
        Path | None, typer.Option(help="按以前 --json 输出的回执复算 / repeat an earlier --json output")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """均衡遴选：名单、各约束的代价、近似并列与抽签 / a balanced choice and what each constraint costs."""
    from langqiao.cli.tables import plain_refusals
    from langqiao.engines.selection.choice import Conflict, Lottery, choose
    from langqiao.engines.selection.choice import rerun as repeat
    from langqiao.engines.selection.choice.solver import warm
    from langqiao.engines.selection.plain import choice_as_dict, receipt_from_dict

    if lottery and not seed.strip():
        stop("抽签需要种子：--seed 文字 / a lottery needs --seed TEXT", code=2)
    if not places and rerun is None:
        stop("请给出名额：--places 数 / --places is needed", code=2)
    with plain_refusals():
        rules, columns = _rules(at_least, at_most, budget, min_score, pin, bar)
        earlier = receipt_from_dict(_receipt(rerun)) if rerun else None
        if earlier:
            columns |= {str(rule.get("attribute", "")) for rule in earlier.parameters.get("rules", [])} - {""}
        candidates = _read(path, columns)
        warm()
        started = time.perf_counter()
        if earlier:
            found = repeat(earlier, candidates)
        else:
            ticket = Lottery(seed, is_weighted=weighted) if lottery else None
            found = choose(candidates, places=places, rules=rules, margin=margin, lottery=ticket)
        seconds = time.perf_counter() - started
    same = None if earlier is None else found.receipt.result == earlier.result
    if as_json:
        values = choice_as_dict(found) | {"seconds": round(seconds, 4)}
        print(json.dumps(values if same is None else values | {"same": same}, ensure_ascii=False, indent=2))
    elif isinstance(found, Conflict):
        _print_conflict(found)
    else:
        _print(found, {candidate.id: candidate for candidate in candidates}, seconds)
    if same is False:
        stop("复算结果与回执不同 / the result differs from the receipt's")
    if isinstance(found, Conflict):
        stop("没有满足全部约束的名单 / no list keeps every constraint")


def _rules(
    at_least: Texts, at_most: Texts, budget: float | None, min_score: float | None, pin: Texts, bar: Texts
) -> tuple[list[Rule], set[str]]:
    """The rules in the order of the options, and the columns that they speak of."""
    from langqiao.engines.selection.choice import AtLeast, AtMost, Bar, Budget, Gate, Pin

    rules: list[Rule] = []
    columns: set[str] = set()
    for made, texts in ((AtLeast, at_least or []), (AtMost, at_most or [])):
        for text in texts:
            attribute, value, number = _quota(text)
            columns.add(attribute)
            rules.append(made(attribute, number, value))
    if budget is not None:
        rules.append(Budget(budget))
    if min_score is not None:
        rules.append(Gate(min_score))
    rules += [Pin(key) for key in pin or []]
    rules += [Bar(key) for key in bar or []]
    return rules, columns


def _quota(text: str) -> tuple[str, str | None, int]:
    """``city:1`` or ``city=hefei:2``."""
    subject, _sep, number = text.rpartition(":")
    attribute, equals, value = subject.partition("=")
    if not attribute or not number.isdecimal() or len(number) > 6 or (equals and not value):
        stop(f"约束应写作 列:数 或 列=值:数：{text} / write COLUMN:N or COLUMN=VALUE:N", code=2)
    return attribute, value or None, int(number)


def _receipt(path: Path) -> dict[str, Any]:
    from langqiao.kit.refusals import Invalid

    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"读不出回执 {path.name}。 / The receipt cannot be read.") from error
    receipt = values.get("receipt", values) if isinstance(values, dict) else None
    if not isinstance(receipt, dict):
        raise Invalid(f"{path.name} 里没有回执。 / There is no receipt in it.")
    return receipt


def _read(path: Path, attributes: set[str]) -> list[Candidate]:
    """The candidates of a table, with the attributes that rules speak of and those that have a usual name."""
    from langqiao.cli.tables import column_of, number_at, plain, rows_of, text_at
    from langqiao.engines.selection.choice import Candidate
    from langqiao.kit.refusals import Invalid

    rows = rows_of(path)
    key, score = column_of(rows, ID), column_of(rows, SCORE)
    low, high, cost, weight = (column_of(rows, names, needed=False) for names in (LOW, HIGH, COST, WEIGHT))
    columns = {name: column_of(rows, ATTRIBUTES.get(name, (name,))) for name in sorted(attributes)}
    for name, names in ATTRIBUTES.items():
        column = column_of(rows, names, needed=False)
        if column and name not in columns:
            columns[name] = column
    candidates: list[Candidate] = []
    seen: dict[str, int] = {}
    for row in rows:
        id = text_at(row, key)
        if id in seen:
            raise Invalid(
                f"{id} 已见于第 {seen[id]} 行。 / The id is there already.", row=row.number, field=key
            )
        seen[id] = row.number
        has_interval = bool(low and high and plain(row.values, low) and plain(row.values, high))
        candidates.append(
            Candidate(
                id,
                number_at(row, score),
                number_at(row, low) if has_interval else None,
                number_at(row, high) if has_interval else None,
                number_at(row, cost, least=0) if cost else 0.0,
                {name: value for name, column in columns.items() if (value := plain(row.values, column))},
                number_at(row, weight, least=1e-9) if weight else 1.0,
            )
        )
    return candidates


def _print(found: Choice, candidates: dict[str, Candidate], seconds: float) -> None:
    title = f"遴选 {len(found.final)} / chosen"
    chosen = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    names = sorted({name for key in found.final for name in candidates[key].attributes})
    for heading in ("", "编号", "得分", *names, ""):
        chosen.add_column(heading, justify="right" if heading in ("", "得分") else "left")
    for place, key in enumerate(found.final, 1):
        candidate = candidates[key]
        mark = "因均衡入选 by balance" if key in found.wins else ""
        chosen.add_row(
            str(place),
            key,
            f"{candidate.score:.2f}",
            *(candidate.attributes.get(name, "") for name in names),
            mark,
        )
    out.print(chosen)
    out.print(
        f"\n总分 {found.total:.2f}，只按得分 {found.unconstrained_total:.2f}，均衡的代价 "
        f"{found.price_of_balance:.2f} / total, best by score alone, price of balance"
    )
    if found.prices:
        prices = Table(title="\n约束的代价 / prices", title_justify="left", show_edge=False, pad_edge=False)
        for heading in ("约束", "代价", "因此入选 wins", "因此落选 loses"):
            prices.add_column(heading, justify="right" if heading == "代价" else "left", overflow="fold")
        for price in found.prices:
            prices.add_row(
                price.rule.text,
                f"{price.price:.2f}",
                "、".join(price.wins) or "–",
                "、".join(price.loses) or "–",
            )
        out.print(prices)
    if found.near_ties:
        ties = Table(title="\n近似并列 / near-ties", title_justify="left", show_edge=False, pad_edge=False)
        for heading in ("编号", "入选", "差距", "换下 leaves", "换上 enters", "依据"):
            ties.add_column(heading, justify="right" if heading == "差距" else "left", overflow="fold")
        reasons = {"margin": "分差", "interval": "区间"}
        for near in found.near_ties:
            ties.add_row(
                near.candidate, "是" if near.chosen else "否", f"{near.margin:.2f}", "、".join(near.leaves),
                "、".join(near.enters), "、".join(reasons[reason] for reason in near.reasons),
            )  # fmt: skip
        out.print(ties)
    _print_lottery(found)
    _print_remarks(found)
    out.print(
        f"{seconds * 1000:.0f} ms · SM3 {found.receipt.inputs} → {found.receipt.result}",
        style="dim",
        soft_wrap=True,
    )


def _print_lottery(found: Choice) -> None:
    drawing = found.drawing
    if drawing is None:
        return
    table = Table(title="\n抽签 / lottery", title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("次序", "编号", "签 SM3(种子:编号)", "入选"):
        table.add_column(heading, overflow="fold")
    for turn, ticket in enumerate(drawing.tickets, 1):
        table.add_row(str(turn), ticket.candidate, ticket.ticket[:16] + "…", "是" if ticket.drawn else "否")
    out.print(table)
    out.print(f"种子的 SM3 / commitment {drawing.commitment}，总分 {drawing.total:.2f}", soft_wrap=True)


def _print_remarks(found: Choice | Conflict) -> None:
    for remark in found.remarks:
        subjects = "、".join(remark.subjects)
        text = {
            "short": f"{remark.attribute}={remark.value} 只有 {remark.number} 个可选，只要求这么多"
            " / fewer eligible than asked for",
            "unnamed": f"没有 {remark.attribute} 的不计入该约束 / without the attribute: {subjects}",
            "tied": f"得分相同的最优名单不止一份，按编号取第一份 / equally good lists differ in: {subjects}",
        }[remark.kind]
        out.print(f"· {text}", markup=False)


def _print_conflict(found: Conflict) -> None:
    out.print(
        "以下约束不能同时满足，去掉任何一条即可并存 / these cannot hold together; any one less, and they can"
    )
    for rule in found.rules:
        out.print(f"· {rule.text}", markup=False)
    for mend in found.mends:
        change = "去掉 / leave out" if mend.to is None else f"改为 / change to {mend.to:.12g}"
        out.print(f"→ {mend.rule.text}：{change}", markup=False)
    _print_remarks(found)
