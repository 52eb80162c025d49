"""What the pages of examinations share: who may open them, and what one may do there now."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.verification.domain.services.forms import missing
from langqiao.apps.verification.domain.services.planning import is_open
from langqiao.apps.verification.models import Evidence, Examination, ExaminationState, Milestone
from langqiao.apps.verification.queries.services import (
    Dossier,
    readable_examinations,
    visible_examinations,
)
from langqiao.apps.verification.views.parts import Primary
from langqiao.kit.permissions import allowed

WORKED_ON = (ExaminationState.PLANNED, ExaminationState.UNDER_WAY)


def outlined(request: HttpRequest, pk: int) -> Examination:
    """The examination, or 404: who is no party need not know that it exists."""
    return get_object_or_404(visible_examinations(request.user), pk=pk)


def readable_one(request: HttpRequest, pk: int) -> Examination:
    """The examination whose content the reader may read, else 404."""
    return get_object_or_404(readable_examinations(request.user), pk=pk)


def readable_milestone(request: HttpRequest, pk: int) -> Milestone:
    """A milestone of an examination that the reader may read, else 404."""
    milestone = get_object_or_404(
        Milestone.objects.select_related("examination__client", "examination__centre__city"), pk=pk
    )
    if not allowed(request.user, "verification.read_examination", milestone.examination):
        raise Http404
    return milestone


def readable_evidence(request: HttpRequest, pk: int) -> Evidence:
    """A file of an examination that the reader may read, else 404."""
    evidence = get_object_or_404(
        Evidence.objects.select_related("examination__client", "examination__centre", "milestone"), pk=pk
    )
    if not allowed(request.user, "verification.read_examination", evidence.examination):
        raise Http404
    return evidence


def may_of(examination: Examination, user: Any, *, held: list[Milestone]) -> dict[str, bool]:
    """What buttons to show: the rule and the state together."""
    state = examination.state
    handles = allowed(user, "verification.handle_examination", examination)
    assesses = allowed(user, "verification.assess", examination)
    withdrawable = state in (ExaminationState.REQUESTED, *WORKED_ON)
    return {
        "answer": handles and state == ExaminationState.REQUESTED,
        "plan": handles and is_open(examination, held),
        "begin": handles and state == ExaminationState.PLANNED and bool(held),
        "decide": handles and state == ExaminationState.UNDER_WAY,
        "assess": assesses and state == ExaminationState.UNDER_WAY,
        "file": assesses and state in WORKED_ON,
        "conclude": handles and state == ExaminationState.UNDER_WAY,
        "withdraw": withdrawable and allowed(user, "verification.withdraw_examination", examination),
    }


def primary_of(dossier: Dossier, may: dict[str, bool]) -> Primary | None:
    """What the reader will most likely want to do now."""
    examination, following = dossier.examination, dossier.next_milestone
    key = [examination.pk]
    if may["answer"]:
        return Primary(_("受理"), icon="check", act="accept")
    if may["begin"]:
        return Primary(
            _("启动验证"),
            icon="player-play",
            act="begin",
            confirm=_("启动后方案不能随意修改。现在启动？"),
        )
    if may["plan"] and examination.state == ExaminationState.PLANNED:
        return Primary(_("编制方案"), icon="list-details", url=reverse("examination_plan", args=key))
    if may["assess"] and following is not None and not following.finding:
        return Primary(
            _("记录验证结果"), icon="flag-check", url=reverse("milestone_detail", args=[following.pk])
        )
    if may["decide"] and following is not None:
        return Primary(
            _("作出节点决策"), icon="git-branch", url=reverse("milestone_detail", args=[following.pk])
        )
    stopped = any(m.decision == Milestone.Decision.NO_GO for m in dossier.milestones)
    if may["assess"] and not stopped and missing(dossier.form, examination.values):
        return Primary(_("填写评价"), icon="pencil", url=reverse("examination_edit", args=key))
    if may["conclude"]:
        return Primary(_("下结论"), icon="gavel", url=reverse("examination_conclude", args=key))
    if examination.state == ExaminationState.CONCLUDED:
        return Primary(_("查看报告"), icon="file-text", url=reverse("examination_report", args=key))
    return None
