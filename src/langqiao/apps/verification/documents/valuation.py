"""The report of a valuation as a document (DOCX): range, methods, every assumption, receipt, proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from langqiao.apps.ledger.words import ActInWords
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.valued import MethodShown, ValuedShown, disclaimer
from langqiao.apps.verification.queries.valued_parts import amount
from langqiao.kit.figures import day, moment
from langqiao.kit.paper import DrawnBar, Paper
from langqiao.kit.words import named, says_example

_LOW, _HIGH, _WHOLE, _MIDDLE = "E3B04F", "0E6E78", "C8452C", "16242E"
_SMALL = 8.0  # points, for wide tables


@dataclass(frozen=True, slots=True)
class Proof:
    """The ledger's entries in words, the digest now and as the ledger holds it, when this was printed."""

    acts: Sequence[ActInWords]
    digest: str
    proved: str
    at: datetime


def written(valuation: Valuation, valued: ValuedShown, *, proof: Proof) -> bytes:
    """The report as a DOCX file."""
    paper = Paper()
    paper.document.core_properties.title = valuation.title[:255]
    paper.document.core_properties.author = named(valuation.centre or valuation.organisation)[:255]
    paper.document.add_heading(_("科技成果估值报告"), 0)
    paper.text(valuation.title, bold=True)
    if valuation.illustrative and not says_example(valuation.title):
        paper.text(_("示例"))
    if valuation.state != Valuation.State.FINAL:
        paper.text(_("%(state)s，仅供工作使用") % {"state": valuation.get_state_display()}, bold=True)
    paper.pairs(facts(valuation))
    _whole(paper, valued)
    for method in valued.methods:
        _method(paper, method)
    _receipt(paper, valuation, valued)
    _prove(paper, proof)
    return paper.bytes()


def facts(valuation: Valuation) -> list[tuple[str, str]]:
    """What is valued, for whom, as of when."""
    return [
        (_("项目编号"), valuation.case),
        (_("权属单位"), named(valuation.organisation)),
        (_("估值机构"), named(valuation.centre) if valuation.centre else _("自行估值")),
        (_("所涉成果"), valuation.achievement.title if valuation.achievement else "—"),
        (_("估值目的"), valuation.purpose or "—"),
        (_("评估基准日"), day(valuation.valuation_date)),
        (_("定稿日期"), day(valuation.finalised_at) or "—"),
    ]


def _whole(paper: Paper, valued: ValuedShown) -> None:
    paper.heading(_("估值区间"))
    paper.text(
        _("%(range)s（P10–P90），中位数 %(middle)s") % {"range": valued.between, "middle": valued.middle},
        bold=True,
    )
    paper.text(disclaimer())
    spans = [(one.label, one.range.low, one.range.middle, one.range.high) for one in valued.methods]
    spans.append((_("综合"), valued.range.low, valued.range.middle, valued.range.high))
    paper.bars(_spans(spans))
    paper.table(
        [_("方法"), _("权重"), "P10", "P50", "P90", _("基准情形"), _("权重的理由")],
        [[m.label, m.weight, m.low, m.middle, m.high, m.base, m.reason] for m in valued.methods],
        size=_SMALL + 1,
    )
    paper.pairs(
        [
            (_("加权中位数"), valued.weighted),
            (_("各方法区间的外包"), valued.envelope),
        ]
    )
    if valued.pairs:
        paper.table(
            [_("方法"), _("方法"), _("区间重合")],
            [[pair.first, pair.second, pair.share] for pair in valued.pairs],
        )
    for text in valued.cautions:
        paper.text(f"• {text}")


def _method(paper: Paper, method: MethodShown) -> None:
    paper.heading(method.label)
    paper.pairs(
        [
            (_("区间（P10–P90）"), method.between),
            (_("中位数"), method.middle),
            (_("平均数"), method.mean),
            (_("基准情形"), method.base),
            *method.figures,
            *method.options,
        ]
    )
    if method.assumptions:
        paper.heading(_("参数与依据"), 2)
        paper.table(
            [_("参数"), _("低"), _("基准"), _("高"), _("性质"), _("来源或假设理由"), _("分布")],
            [[a.label, a.low, a.base, a.high, a.basis, a.source, a.shape] for a in method.assumptions],
            size=_SMALL,
        )
    if method.bars:
        paper.heading(_("敏感性（其余参数取基准）"), 2)
        paper.bars(_swings(method))
    paper.heading(_("计算表（基准情形）"), 2)
    paper.table(method.working.heads, [[label, *cells] for label, cells in method.working.rows], size=_SMALL)
    for text in method.cautions:
        paper.text(f"• {text}")


def _spans(rows: Sequence[tuple[str, float, float, float]]) -> list[DrawnBar]:
    """Each range with its middle, all on one scale."""
    least, most = min(row[1] for row in rows), max(row[3] for row in rows)
    width = (most - least) or 1.0
    drawn = []
    for at, (label, low, middle, high) in enumerate(rows):
        colour = _WHOLE if at == len(rows) - 1 else _HIGH
        start, centre, end = ((value - least) / width for value in (low, middle, high))
        dot = min(centre + 0.012, 1.0)
        pieces = [(start, centre, colour), (centre, dot, _MIDDLE), (dot, max(end, dot), colour)]
        kept = [piece for piece in pieces if piece[1] > piece[0]]
        drawn.append(DrawnBar(label, f"{amount(low)} · {amount(middle)} · {amount(high)}", kept))
    return drawn


def _swings(method: MethodShown) -> list[DrawnBar]:
    """The tornado: hollow is not to be had in cells, so low and high differ in shade and stand in words."""
    base = method.base_value
    values = [base, *(v for bar in method.bars for v in (bar.at_low, bar.at_high))]
    least, width = min(values), (max(values) - min(values)) or 1.0
    drawn = []
    for bar in method.bars:
        sides = [(bar.at_low, _LOW), (bar.at_high, _HIGH)]
        pieces = sorted(
            ((min(v, base) - least) / width, (max(v, base) - least) / width, colour) for v, colour in sides
        )
        note = _("%(inputs)s；结果 %(low)s → %(high)s") % {
            "inputs": bar.note, "low": amount(bar.at_low), "high": amount(bar.at_high),
        }  # fmt: skip
        drawn.append(DrawnBar(bar.label, note, [piece for piece in pieces if piece[1] > piece[0]]))
    return drawn


def _receipt(paper: Paper, valuation: Valuation, valued: ValuedShown) -> None:
    receipt = valuation.receipt
    paper.heading(_("回执"))
    paper.text(_("用同样的参数、随机种子与版本重新运行，得到同样的结果。"))
    paper.pairs(
        [
            (_("参数摘要（SM3）"), receipt["inputs"]),
            (_("结果摘要（SM3）"), receipt["result"]),
            (_("随机种子"), str(valued.seed)),
            (_("模拟次数"), f"{valued.draws:,}"),
            *((pair, rho) for pair, rho in valued.correlations),
            (
                _("版本"),
                "，".join(f"{name} {version}" for name, version in sorted(receipt["versions"].items())),
            ),
        ]
    )


def _prove(paper: Paper, proof: Proof) -> None:
    paper.heading(_("台账证明"))
    paper.table(
        [_("序号"), _("时间"), _("动作"), "SM3"],
        [[str(a.entry.sequence), moment(a.entry.at), a.verb, a.entry.hash] for a in proof.acts],
        size=_SMALL,
    )
    paper.text(_("本报告内容的摘要（SM3）：%(digest)s") % {"digest": proof.digest})
    if proof.proved:
        paper.text(
            _("与定稿时写入台账的摘要一致。")
            if proof.proved == proof.digest
            else _("与定稿时写入台账的摘要不一致，请勿采信，并通知联席办。"),
            bold=True,
        )
    paper.text(_("打印于 %(at)s") % {"at": moment(proof.at)})
