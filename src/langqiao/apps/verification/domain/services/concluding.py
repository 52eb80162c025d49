"""The conclusion of an examination (结论), and the content its report is proved by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.chain import canonical
from langqiao.apps.verification.domain.acts import digest, lock
from langqiao.apps.verification.domain.services.forms import form_of, missing
from langqiao.apps.verification.domain.services.readiness import evidenced
from langqiao.apps.verification.domain.services.shared import (
    TEXT_AT_MOST,
    enter_examination,
    level,
    members,
    say,
    step,
    text,
)
from langqiao.apps.verification.models import Evidence, Examination, ExaminationState, Milestone
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

NAMED_AT_MOST = 5


@transaction.atomic
def conclude(
    actor: User | None,
    examination: Examination,
    *,
    conclusion: str,
    reasons: str,
    conditions: str = "",
    trl_after: int | None = None,
) -> Examination:
    """Conclude (下结论): go, conditional or no go; nothing of the examination changes afterwards.

    A claim above the level that the evidence shows is not refused: pages and report say so in words.

    Raises:
        NotAllowed: the actor does not work for the centre.
        Refused: the work is not under way, a milestone is undecided, a required field is empty (a
            no-go may leave them), or a milestone's no-go asks for another conclusion.
        Invalid: no such conclusion, reasons or conditions are missing, a level out of range.
    """
    require(actor, "verification.handle_examination", examination)
    lock(examination)
    if conclusion not in Examination.Conclusion.values:
        raise Invalid(_("请选择结论。"), field="conclusion")
    step(examination, ExaminationState.CONCLUDED)
    milestones = list(examination.milestones.order_by("order"))
    stops = conclusion == Examination.Conclusion.NO_GO
    _check_decisions(milestones, stops=stops)
    examination.conclusion = conclusion
    examination.reasons = text(reasons, field="reasons", most=TEXT_AT_MOST, needed=_("请写明结论理由。"))
    examination.conditions = text(
        conditions,
        field="conditions",
        most=TEXT_AT_MOST,
        needed=_("有条件通过须写明条件。") if conclusion == Examination.Conclusion.CONDITIONAL else "",
    )
    examination.trl_after = level(trl_after, field="trl_after")
    if not stops:
        _check_complete(examination)
    examination.concluded_at = timezone.now()
    examination.save()
    evidence = list(examination.evidence.order_by("pk"))
    entry = enter_examination(
        actor,
        "conclude_examination",
        examination,
        of=examination.centre,
        data={
            "conclusion": conclusion,
            "trl": [examination.trl_before, examination.trl_target, examination.trl_after],
            "trl_evidenced": evidenced(one.kind for one in evidence),
            "milestones": len(milestones),
            "evidence": len(evidence),
            "report_sm3": digest_of(examination, milestones, evidence),
        },
    )
    say(members(examination.client), _("项目 %(case)s 的验证已有结论。"), examination, entry, but=actor)
    return examination


def _check_decisions(milestones: list[Milestone], *, stops: bool) -> None:
    if stops:
        return
    refused = [m.name for m in milestones if m.decision == Milestone.Decision.NO_GO]
    if refused:
        raise Refused(
            _("里程碑“%(name)s”已决定终止，结论只能是“不通过”。") % {"name": refused[0]},
            mend=_("如要继续，请先把该决策改为“调整后继续”并写明理由。"),
        )
    open_ones = [m.name for m in milestones if not m.decision]
    if open_ones:
        raise Refused(
            _("还有里程碑没有决策：%(names)s。") % {"names": listed(open_ones[:NAMED_AT_MOST])},
            mend=_("请先记录结果并决策；要提前终止，请下“不通过”的结论。"),
        )


def _check_complete(examination: Examination) -> None:
    if examination.service == Examination.Service.TECHNICAL and examination.trl_after is None:
        raise Invalid(_("技术可行性分析须写明验证后 TRL。"), field="trl_after")
    empty = missing(form_of(examination.service), examination.values)
    if empty:
        names = listed(field.label for field in empty[:NAMED_AT_MOST])
        raise Refused(
            _("评价内容还有 %(n)s 项未填：%(names)s。") % {"n": len(empty), "names": names},
            mend=_("请先填写评价内容。"),
        )


def content_of(
    examination: Examination, milestones: list[Milestone], evidence: list[Evidence]
) -> dict[str, Any]:
    """All that the report states, in the form whose digest the ledger holds."""
    order = {milestone.pk: milestone.order for milestone in milestones}
    return {
        "case": examination.case,
        "service": examination.service,
        "kind": examination.kind,
        "title": examination.title,
        "question": examination.question,
        "client": examination.client_id,
        "centre": examination.centre_id,
        "achievement": examination.achievement_id,
        "budget": _sum(examination.budget),
        "trl": [examination.trl_before, examination.trl_target, examination.trl_after],
        "values": examination.values,
        "milestones": [
            {
                "order": m.order,
                "name": m.name,
                "criterion": m.criterion,
                "due": m.due.isoformat(),
                "budget": _sum(m.budget),
                "spent": _sum(m.spent),
                "reached_on": m.reached_on.isoformat() if m.reached_on else None,
                "finding": m.finding,
                "decision": m.decision,
                "why": m.decided_why,
                "earlier": m.earlier,
            }
            for m in milestones
        ],
        "evidence": [
            {
                "what": e.what,
                "kind": e.kind,
                "name": e.name,
                "sm3": e.digest,
                "milestone": order.get(e.milestone_id or 0),
            }
            for e in evidence
        ],
        "conclusion": examination.conclusion,
        "reasons": examination.reasons,
        "conditions": examination.conditions,
    }


def digest_of(examination: Examination, milestones: list[Milestone], evidence: list[Evidence]) -> str:
    """SM3 of the report's content."""
    return digest(canonical(content_of(examination, milestones, evidence)))


def _sum(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"
