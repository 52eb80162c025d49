"""``langqiao calibrate``: scores with reviewers' bias taken off, beside the raw means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from langqiao.cli.shared import out, stop

if TYPE_CHECKING:
    from langqiao.engines.selection.calibration import Calibration, Note, Review

ITEM = ("item", "application", "申报", "申报项目", "项目", "申报编号", "项目编号", "编号")
REVIEWER = ("reviewer", "expert", "专家", "评审专家", "评委", "评审人")
SCORE = ("score", "得分", "评分", "分数", "总分")

NOTES = {
    "unconnected": "评审关系不连通，以下申报与其余申报之间无法按专家宽严比较"
    " / not connected: bias does not compare these items with the others",
    "single_items": "只有一份评审的申报 / items with one review",
    "single_reviewers": "只评了一份的专家，宽严多为推测 / reviewers with one review: bias is mostly a guess",
    "no_error": "每份申报只有一份评审，无法估计误差和宽严 / one review an item: no error, no bias",
    "identical": "每份申报的各项得分完全相同，无需校准 / all scores of each item are equal",
    "no_bias": "专家宽严之差不超出偶然 / reviewers differ no more than by chance",
    "same_reviewers": "全部专家评了全部申报，校准不改变名次 / all reviewed everything: ranks cannot move",
}
NAMED = 8  # subjects of a note that are named


def calibrate(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="REVIEWS.csv", help="评审表：申报、专家、得分 / columns item, reviewer, score"
        ),
    ],
    weight: Annotated[
        list[str] | None,
        typer.Option(help="指标列=权重，可多次；代替得分列 / COLUMN=WEIGHT of a criterion, instead of score"),
    ] = None,
    level: Annotated[float, typer.Option(help="区间的置信水平 / level of the intervals")] = 0.95,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """评分校准：原始均分与校准分并列，附区间和专家宽严 / calibrated scores beside the raw means."""
    from langqiao.cli.tables import plain_refusals
    from langqiao.engines.selection.calibration import calibrate as run
    from langqiao.engines.selection.plain import calibration_as_dict

    weights = _weights(weight or [])
    with plain_refusals():
        found = run(_read(path, list(weights)), weights=weights or None, level=level)
    if as_json:
        print(json.dumps(calibration_as_dict(found), ensure_ascii=False, indent=2))
    else:
        _print(found)


def _weights(given: list[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text in given:
        name, _sep, number = text.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            stop(f"权重应写作 列名=数：{text} / write a weight as COLUMN=NUMBER", code=2)
    return weights


def _read(path: Path, criteria: list[str]) -> list[Review]:
    """The reviews of a table; a second review of the same item by the same reviewer is refused."""
    from langqiao.cli.tables import column_of, number_at, rows_of, text_at
    from langqiao.engines.selection.calibration import Review
    from langqiao.kit.refusals import Invalid

    rows = rows_of(path)
    item, reviewer = column_of(rows, ITEM), column_of(rows, REVIEWER)
    score = "" if criteria else column_of(rows, SCORE)
    columns = {name: column_of(rows, [name]) for name in criteria}
    reviews: list[Review] = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        pair = (text_at(row, item), text_at(row, reviewer))
        if pair in seen:
            raise Invalid(
                f"{pair[1]} 对 {pair[0]} 的评审已见于第 {seen[pair]} 行。 / Reviewed already.",
                row=row.number,
                field=reviewer,
            )
        seen[pair] = row.number
        values = {name: number_at(row, column) for name, column in columns.items()}
        reviews.append(Review(*pair, number_at(row, score) if score else None, values))
    return reviews


def _print(found: Calibration) -> None:
    percent = f"{100 * found.level:g} %"
    items = Table(title="评分校准 / calibrated scores", title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("申报", "评审数", "原始均分", "名次", "校准分", "名次", f"区间 {percent}", "差", "分歧"):
        items.add_column(heading, justify="left" if heading == "申报" else "right")
    for item in found.items:
        items.add_row(
            item.item, str(item.n), f"{item.raw_mean:.2f}", str(item.rank_raw), f"{item.calibrated:.2f}",
            str(item.rank_calibrated), _span(item.low, item.high), f"{item.difference:+.2f}",
            _figure(item.spread),
        )  # fmt: skip
    out.print(items)
    reviewers = Table(title="\n专家宽严 / reviewers", title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("专家", "评审数", "偏严", f"区间 {percent}", "", "用分幅度", "一致性"):
        reviewers.add_column(heading, justify="left" if heading == "专家" else "right")
    for reviewer in sorted(found.reviewers, key=lambda one: -one.severity):
        leaning = {"strict": "偏严 strict", "lenient": "偏宽 lenient"}.get(reviewer.leaning, "")
        reviewers.add_row(
            reviewer.reviewer, str(reviewer.n), f"{reviewer.severity:+.2f}",
            _span(reviewer.low, reviewer.high), leaning, _figure(reviewer.spread),
            _figure(reviewer.agreement),
        )  # fmt: skip
    out.print(reviewers)
    out.print(
        f"\n标准差：误差 {_figure(found.sigma_error)}，专家宽严 {_figure(found.sigma_reviewer)}，"
        f"申报质量 {_figure(found.sigma_item)} / standard deviations of error, reviewers, items"
    )
    for note in found.notes:
        out.print(f"· {_note(note)}")
    out.print(f"SM3 {found.receipt.inputs} → {found.receipt.result}", style="dim", soft_wrap=True)


def _note(note: Note) -> str:
    named = "、".join(note.subjects[:NAMED]) + (" …" if len(note.subjects) > NAMED else "")
    return f"{NOTES[note.kind]}{'：' + named if named else ''}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _span(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{low:.2f} … {high:.2f}"
