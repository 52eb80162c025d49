"""The work itself (验证): findings and decisions at milestones, the assessment, the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.chain import canonical
from langqiao.apps.verification.domain.acts import digest, lock
from langqiao.apps.verification.domain.filling import merged
from langqiao.apps.verification.domain.services.forms import cleaned, form_of
from langqiao.apps.verification.domain.services.shared import (
    TEXT_AT_MOST,
    TITLE_AT_MOST,
    amount,
    enter_examination,
    members,
    say,
    stand,
    text,
)
from langqiao.apps.verification.models import Evidence, Examination, ExaminationState, Milestone
from langqiao.kit.filetypes import check
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

FILES_AT_MOST = 60


def _locked(milestone: Milestone) -> Examination:
    """Lock examination and milestone, always in this order."""
    examination = lock(milestone.examination)
    lock(milestone)
    milestone.examination = examination
    return examination


def _must_be_next(milestone: Milestone) -> None:
    """Milestones are passed in their order, and none after a no-go."""
    before = milestone.examination.milestones.filter(order__lt=milestone.order).order_by("order")
    for earlier in before:
        if not earlier.decision:
            raise Refused(
                _("前一个里程碑“%(name)s”还没有决策。") % {"name": earlier.name},
                mend=_("请按次序进行。"),
            )
        if earlier.decision == Milestone.Decision.NO_GO:
            raise Refused(
                _("里程碑“%(name)s”已决定终止。") % {"name": earlier.name},
                mend=_("请下“不通过”的结论，或把该决策改为“调整后继续”并写明理由。"),
            )


@transaction.atomic
def record_finding(
    actor: User | None,
    milestone: Milestone,
    *,
    finding: str,
    reached_on: date,
    spent: Decimal | None = None,
) -> Milestone:
    """Record what was found at a milestone (记录验证结果); it may be mended until the decision.

    Args:
        spent: money used for this milestone, in 万元; it may exceed what was planned, which shows.

    Raises:
        NotAllowed: the actor is neither of the centre nor a named expert.
        Refused: the work is not under way, the milestone is decided, or an earlier one is not.
        Invalid: no finding, a day in the future, a sum that is none.
    """
    require(actor, "verification.assess", milestone.examination)
    examination = _locked(milestone)
    stand(examination, ExaminationState.UNDER_WAY)
    if milestone.decision:
        raise Refused(
            _("该里程碑已有决策，结果不能再改。"), mend=_("如有出入，请在下一个里程碑或评价内容中说明。")
        )
    _must_be_next(milestone)
    if reached_on > timezone.localdate():
        raise Invalid(_("完成日期不能晚于今天。"), field="reached_on")
    milestone.finding = text(finding, field="finding", most=TEXT_AT_MOST, needed=_("请写明验证结果。"))
    milestone.reached_on, milestone.spent = reached_on, amount(spent, field="spent")
    milestone.save(update_fields=["finding", "reached_on", "spent"])
    enter_examination(
        actor,
        "record_finding",
        examination,
        of=examination.centre,
        data={"milestone": milestone.order, "on": reached_on, "finding_sm3": digest(milestone.finding)},
    )
    return milestone


@transaction.atomic
def decide_milestone(actor: User | None, milestone: Milestone, *, decision: str, why: str) -> Milestone:
    """Decide at a milestone (节点决策): go, adjust, or no go, with reasons.

    A no-go ends the work, unless it is changed to an adjustment; the earlier decision stays on record.

    Raises:
        NotAllowed: the actor does not work for the centre.
        Refused: the work is not under way, nothing was found yet, an earlier milestone is undecided, or
            the decision stands.
        Invalid: no such decision, or no reasons.
    """
    require(actor, "verification.handle_examination", milestone.examination)
    examination = _locked(milestone)
    stand(examination, ExaminationState.UNDER_WAY)
    if decision not in Milestone.Decision.values:
        raise Invalid(_("请选择决策。"), field="decision")
    _must_be_next(milestone)
    if not milestone.finding:
        raise Refused(_("该里程碑还没有验证结果。"), mend=_("请先记录验证结果，再作决策。"))
    if milestone.decision:
        if milestone.decision != Milestone.Decision.NO_GO or decision != Milestone.Decision.ADJUST:
            raise Refused(
                _("该里程碑已决策：%(decision)s。") % {"decision": milestone.get_decision_display()},
                mend=_("只有“终止”可以改为“调整后继续”。"),
            )
        at = milestone.decided_at.isoformat() if milestone.decided_at else ""
        held = {"decision": milestone.decision, "why": milestone.decided_why, "at": at}
        milestone.earlier = [*milestone.earlier, held]
    milestone.decision = decision
    milestone.decided_why = text(why, field="why", most=TEXT_AT_MOST, needed=_("请写明决策理由。"))
    milestone.decided_at = timezone.now()
    milestone.save(update_fields=["decision", "decided_why", "decided_at", "earlier"])
    entry = enter_examination(
        actor,
        "decide_milestone",
        examination,
        of=examination.centre,
        data={
            "milestone": milestone.order,
            "decision": decision,
            "why_sm3": digest(milestone.decided_why),
            "evidence": list(milestone.evidence.order_by("pk").values_list("digest", flat=True)),
        },
    )
    say(
        members(examination.client),
        _("项目 %(case)s 的一个里程碑已有决策。"),
        examination,
        entry,
        but=actor,
    )
    return milestone


@transaction.atomic
def assess(actor: User | None, examination: Examination, *, values: Mapping[str, Any]) -> Examination:
    """Write values of the service's form (填写评价内容); those not given stay as they are.

    Raises:
        NotAllowed: the actor is neither of the centre nor a named expert.
        Refused: the work is not under way.
        Invalid: a field is unknown or its value does not fit; ``field`` names it.
    """
    require(actor, "verification.assess", examination)
    lock(examination)
    stand(examination, ExaminationState.UNDER_WAY)
    form = form_of(examination.service)
    found = merged(examination.values, cleaned(form, values))
    if found == examination.values:
        return examination
    examination.values = found
    examination.save(update_fields=["values", "updated_at"])
    enter_examination(
        actor,
        "assess_examination",
        examination,
        of=examination.centre,
        data={"filled": len(found), "values_sm3": digest(canonical(found))},
    )
    return examination


@transaction.atomic
def add_evidence(
    actor: User | None,
    examination: Examination,
    *,
    file: BinaryIO,
    name: str,
    what: str,
    kind: str = Evidence.Kind.OTHER,
    milestone: Milestone | None = None,
) -> Evidence:
    """Add a file that shows a finding (上传证据); the ledger keeps its SM3 digest.

    Raises:
        NotAllowed: the actor is neither of the centre nor a named expert.
        Refused: the work is over or not accepted, or the milestone is decided.
        Invalid: too many files, too large, of a kind that is not taken, or nothing said of it.
    """
    require(actor, "verification.assess", examination)
    lock(examination)
    stand(examination, ExaminationState.PLANNED, ExaminationState.UNDER_WAY)
    if kind not in Evidence.Kind.values:
        raise Invalid(_("没有这种证据类别。"), field="kind")
    if milestone is not None:
        if milestone.examination_id != examination.pk:
            raise Invalid(_("该里程碑不属于这项验证。"), field="milestone")
        _must_be_undecided(milestone)
    if examination.evidence.count() >= FILES_AT_MOST:
        raise Invalid(_("证据最多 %(most)s 份。") % {"most": FILES_AT_MOST}, field="file")
    said = text(what, field="what", most=TITLE_AT_MOST, needed=_("请写明这份证据说明什么。"))
    checked = check(file, name, most=settings.UPLOAD_MAX_BYTES)
    evidence = Evidence(
        examination=examination,
        milestone=milestone,
        kind=kind,
        what=said,
        name=checked.name,
        media_type=checked.media_type,
        size=checked.size,
        digest=checked.digest,
        created_by=actor,
    )
    evidence.file.save(checked.name, File(file), save=False)
    try:
        with transaction.atomic():
            evidence.save()
            _enter_evidence(actor, "add_evidence", evidence)
    except BaseException:
        # The row is rolled back; the file is not the database's to roll back.
        evidence.file.delete(save=False)
        raise
    return evidence


@transaction.atomic
def remove_evidence(actor: User | None, evidence: Evidence) -> None:
    """Remove a file (删除证据) on which no decision stands; it leaves the disk on commit.

    Raises:
        NotAllowed: the actor is neither of the centre nor a named expert.
        Refused: the work is over, or its milestone is decided.
    """
    examination = evidence.examination
    require(actor, "verification.assess", examination)
    lock(examination)
    stand(examination, ExaminationState.PLANNED, ExaminationState.UNDER_WAY)
    if evidence.milestone is not None:
        _must_be_undecided(evidence.milestone)
    storage, path = evidence.file.storage, evidence.file.name
    _enter_evidence(actor, "remove_evidence", evidence)
    evidence.delete()
    transaction.on_commit(lambda: storage.delete(str(path)))


def _must_be_undecided(milestone: Milestone) -> None:
    lock(milestone)
    if milestone.decision:
        raise Refused(
            _("里程碑“%(name)s”已有决策，其证据不能增减。") % {"name": milestone.name},
            mend=_("补充材料可以不关联里程碑。"),
        )


def _enter_evidence(actor: User | None, verb: str, evidence: Evidence) -> None:
    examination = evidence.examination
    enter_examination(
        actor,
        verb,
        examination,
        of=examination.centre,
        data={
            "evidence": evidence.pk,
            "kind": evidence.kind,
            "milestone": evidence.milestone.order if evidence.milestone else None,
            "size": evidence.size,
            "sm3": evidence.digest,
        },
    )
