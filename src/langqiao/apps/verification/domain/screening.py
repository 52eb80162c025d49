"""The document check (资料审查): each application accepted, returned for correction or rejected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.acts import applicants, enter_application, move
from langqiao.apps.verification.domain.intake import APPLICATION, hold
from langqiao.apps.verification.models import (
    APPLICATION_TRANSITIONS,
    Application,
    ApplicationState,
    Call,
    CallState,
    Screening,
    StepKind,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

NOTE_AT_MOST = 2_000
POINT_NOTE_AT_MOST = 500
_TELL: Mapping[str, Any] = {
    Screening.Verdict.ACCEPT: _("征集《%(title)s》的申报 %(number)d 已受理。"),
    Screening.Verdict.RETURN: _("征集《%(title)s》的申报 %(number)d 被退回补正，请查看意见并按期补正。"),
    Screening.Verdict.REJECT: _("征集《%(title)s》的申报 %(number)d 不予受理，请查看意见。"),
}


def checks_late(call: Call) -> bool:
    """Whether the document check is not the first step: applications are accepted before it then."""
    return bool(call.chain[0]["kind"] != StepKind.DOCUMENTS)


def _must_be_time(application: Application, verdict: str) -> None:
    """Refuse a verdict outside its time.

    While the call takes applications only a return is possible: what was handed in may still change.
    """
    call = application.call
    step = call.current_step
    if all(one["kind"] != StepKind.DOCUMENTS for one in call.chain):
        raise Refused(_("该征集的评选流程没有资料审查。"))
    if step is not None and step["kind"] == StepKind.DOCUMENTS:
        return
    if call.state == CallState.OPEN and not checks_late(call):
        if verdict == Screening.Verdict.RETURN:
            return
        raise Refused(_("征集期间申报仍可修改，只能退回补正。"), mend=_("请在征集截止、开始评选后再作结论。"))
    raise Refused(_("现在不是资料审查阶段。"))


def _must_fit(application: Application, verdict: str) -> ApplicationState | None:
    """The state a verdict leads to; None where the application stays accepted (a late check).

    Raises:
        Refused: the application's state does not allow the verdict.
    """
    if checks_late(application.call):
        if application.state != ApplicationState.ACCEPTED:
            raise Refused(_("这份申报已不在评选中。"))
        if verdict == Screening.Verdict.RETURN:
            raise Refused(_("评选已经开始，不能退回补正。"), mend=_("请作出受理或不予受理的结论。"))
        return ApplicationState.ELIMINATED if verdict == Screening.Verdict.REJECT else None
    if application.state == ApplicationState.RETURNED:
        if verdict != Screening.Verdict.REJECT:
            raise Refused(_("申报已退回，等待申报单位补正。"), mend=_("补正后再审查；逾期可不予受理。"))
        if application.correct_by is not None and timezone.now() <= application.correct_by:
            raise Refused(_("补正期限未到，不能不予受理。"))
    return {
        Screening.Verdict.ACCEPT.value: ApplicationState.ACCEPTED,
        Screening.Verdict.RETURN.value: ApplicationState.RETURNED,
        Screening.Verdict.REJECT.value: ApplicationState.REJECTED,
    }[verdict]


def _points(call: Call, points: Mapping[str, Any], verdict: str) -> dict[str, dict[str, Any]]:
    """Each point with its finding, as kept.

    Raises:
        Invalid: a point that is not the call's, one without a finding, or findings against the verdict.
    """
    known = {row["key"]: row["text"] for row in call.screening}
    found: dict[str, dict[str, Any]] = {}
    for key, finding in points.items():
        if key not in known:
            raise Invalid(_("形式审查要点中没有“%(key)s”。") % {"key": str(key)[:40]}, field="points")
        passed = finding.get("passed") if isinstance(finding, Mapping) else None
        note = finding.get("note", "") if isinstance(finding, Mapping) else ""
        if not isinstance(passed, bool) or not isinstance(note, str):
            raise Invalid(_("要点“%(text)s”须写明符合与否。") % {"text": known[key]}, field=key)
        if len(note) > POINT_NOTE_AT_MOST or not layout.is_plain(note):
            raise Invalid(_("要点的说明最多 %(most)d 字。") % {"most": POINT_NOTE_AT_MOST}, field=key)
        found[key] = {"passed": passed, "note": note.strip()}
    for key, text in known.items():
        if key not in found and verdict != Screening.Verdict.RETURN:
            raise Invalid(_("要点“%(text)s”还没有审查。") % {"text": text}, field=key)
        if verdict == Screening.Verdict.ACCEPT and not found[key]["passed"]:
            raise Invalid(
                _("要点“%(text)s”不符合，不能受理。") % {"text": text},
                mend=_("请退回补正或不予受理。"),
                field=key,
            )
    return found


@transaction.atomic
def screen(
    actor: User | None,
    application: Application,
    *,
    verdict: str,
    points: Mapping[str, Any],
    note: str = "",
    correct_by: datetime | None = None,
) -> Screening:
    """Check an application's documents (资料审查) point by point and give the verdict.

    Args:
        verdict: a ``Screening.Verdict``.
        points: ``{point key: {"passed": bool, "note": str}}``.
        note: for the applicant; needed unless the application is accepted.
        correct_by: until when a returned application may be corrected (补正期限).

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: the call's step, the deadline or the application's state does not allow it.
        Invalid: a value is missing or against the verdict; ``field`` names it.
    """
    require(actor, "verification.screen", application)
    call = hold(application)
    if verdict not in Screening.Verdict.values:
        raise Invalid(_("没有这种审查结论。"), field="verdict")
    _must_be_time(application, verdict)
    to = _must_fit(application, verdict)
    found = _points(call, points, verdict)
    clean = note.replace("\r\n", "\n").strip()
    if len(clean) > NOTE_AT_MOST or not layout.is_plain(clean):
        raise Invalid(_("说明最多 %(most)d 字。") % {"most": NOTE_AT_MOST}, field="note")
    if verdict != Screening.Verdict.ACCEPT and not clean:
        raise Invalid(_("请写明退回或不予受理的原因。"), field="note")
    layout.check_moment(correct_by, "correct_by")
    if verdict == Screening.Verdict.RETURN and (correct_by is None or correct_by <= timezone.now()):
        raise Invalid(_("请填写将来的补正期限。"), field="correct_by")
    if to is not None:
        move(application, to, APPLICATION_TRANSITIONS, what=APPLICATION)
    application.correct_by = correct_by if verdict == Screening.Verdict.RETURN else None
    if verdict == Screening.Verdict.REJECT:
        application.why = clean
    application.save(update_fields=["state", "correct_by", "why", "updated_at"])
    screening = Screening.objects.create(
        application=application,
        version=application.version or 0,
        points=found,
        verdict=verdict,
        note=clean,
        by=actor,
    )
    entry = enter_application(
        actor,
        "screen_application",
        application,
        data={
            "version": application.version,
            "verdict": verdict,
            "failed": sum(not finding["passed"] for finding in found.values()),
            "correct_by": application.correct_by,
        },
    )
    tell(
        applicants([application]),
        _TELL[verdict],
        {"title": call.title, "number": application.number},
        url=application.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return screening
