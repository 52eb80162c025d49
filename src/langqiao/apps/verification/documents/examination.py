"""The report of an examination as a document (DOCX), with the ledger's proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from langqiao.apps.ledger.words import ActInWords
from langqiao.apps.registry.models import Person
from langqiao.apps.verification.models import Milestone
from langqiao.apps.verification.queries.services import Dossier, Shown
from langqiao.kit.figures import day, moment, money
from langqiao.kit.paper import Paper
from langqiao.kit.words import listed, named


@dataclass(frozen=True, slots=True)
class Proof:
    """The ledger's entries in words, the digest it holds since the conclusion, when this was printed."""

    acts: Sequence[ActInWords]
    proved: str
    at: datetime


def written(dossier: Dossier, *, experts: Iterable[Person], proof: Proof) -> bytes:
    """The report as a DOCX file: facts, conclusion, plan, readiness, assessment, evidence, proof."""
    paper = Paper()
    examination = dossier.examination
    paper.document.core_properties.title = examination.title
    paper.document.core_properties.author = named(examination.centre)
    paper.document.add_heading(_("%(service)s报告") % {"service": dossier.form.title}, 0)
    paper.text(examination.title)
    if examination.illustrative:
        paper.text(_("示例"))
    paper.pairs(_facts(dossier, experts))
    if examination.conclusion:
        paper.heading(_("结论"))
        paper.text(examination.get_conclusion_display(), bold=True)
        paper.text(examination.reasons)
        if examination.conditions:
            paper.pairs([(_("附带条件"), examination.conditions)])
    paper.heading(_("委托事项"))
    paper.text(examination.question)
    paper.heading(_("方案与里程碑"))
    for milestone in dossier.milestones:
        paper.heading(f"{milestone.order}. {milestone.name}", 2)
        paper.pairs(_milestone(milestone))
    if dossier.has_readiness:
        paper.heading(_("技术就绪水平（TRL）"))
        paper.table(
            [_("等级"), _("名称"), _("须有的证据"), _("标记")],
            [[str(r.level), r.name, _needs(r.needs), _marks(r.marks)] for r in dossier.ladder],
        )
        if dossier.warning:
            paper.text(dossier.warning, bold=True)
    paper.heading(_("评价内容"))
    for title, fields in dossier.sections:
        paper.heading(title, 2)
        paper.pairs([(shown.field.label, _value(shown)) for shown in fields])
    paper.text(_("依据：%(basis)s") % {"basis": listed(dossier.form.basis)})
    paper.heading(_("证据"))
    paper.table(
        [_("说明"), _("类别"), _("文件"), "SM3"],
        [[e.what, e.get_kind_display(), e.name, e.digest] for e in dossier.evidence],
    )
    _prove(paper, dossier, proof)
    return paper.bytes()


def _facts(dossier: Dossier, experts: Iterable[Person]) -> list[tuple[str, str]]:
    one = dossier.examination
    return [
        (_("项目编号"), one.case),
        (_("概念验证中心"), named(one.centre)),
        (_("委托单位"), named(one.client)),
        (_("所涉成果"), one.achievement.title if one.achievement else "—"),
        (_("验证类别"), one.get_kind_display() or "—"),
        (_("评价专家"), listed(named(p) for p in experts) or "—"),
        (_("委托日期"), day(one.created_at)),
        (_("结论日期"), day(one.concluded_at) or "—"),
    ]


def _milestone(one: Milestone) -> list[tuple[str, str]]:
    rows = [
        (_("判定标准"), one.criterion),
        (_("计划日期"), day(one.due)),
        (_("完成日期"), day(one.reached_on) or "—"),
        (_("经费"), money(one.budget) or "—"),
        (_("已用"), money(one.spent) or "—"),
        (_("验证结果"), one.finding or "—"),
    ]
    rows += [
        (_("先前决策"), f"{held.label} · {moment(held.at)} · {held.why}")
        for held in one.past  # type: ignore[attr-defined]  # put there by queries.services.dossier
    ]
    decided = f"{one.get_decision_display()} {moment(one.decided_at)}" if one.decision else "—"
    return [*rows, (_("节点决策"), decided), (_("决策理由"), one.decided_why or "—")]


def _value(shown: Shown) -> str:
    if shown.is_empty:
        return _("未填写")
    if shown.words:
        return "\n".join(shown.words)
    if shown.field.kind == "money":
        return money(shown.value)
    return f"{shown.value} {shown.field.unit}".strip()


def _needs(needs: Iterable[tuple[str, bool]]) -> str:
    return listed(f"{'☑' if filed else '☐'} {kind}" for kind, filed in needs)


def _marks(marks: Iterable[str]) -> str:
    words = {"before": _("验证前"), "target": _("目标"), "after": _("验证后")}
    return listed(words[mark] for mark in marks)


def _prove(paper: Paper, dossier: Dossier, proof: Proof) -> None:
    paper.heading(_("台账证明"))
    paper.table(
        [_("序号"), _("时间"), _("动作"), "SM3"],
        [[str(a.entry.sequence), moment(a.entry.at), a.verb, a.entry.hash] for a in proof.acts],
    )
    paper.text(_("本报告内容的摘要（SM3）：%(digest)s") % {"digest": dossier.digest})
    if proof.proved:
        paper.text(
            _("与下结论时写入台账的摘要一致。")
            if proof.proved == dossier.digest
            else _("与下结论时写入台账的摘要不一致，请勿采信，并通知联席办。"),
            bold=True,
        )
    paper.text(_("打印于 %(at)s") % {"at": moment(proof.at)})
