"""The beginning and the early end of an examination (委托、受理、不受理、撤回)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.verification.domain.acts import digest, lock
from langqiao.apps.verification.domain.cases import known_case
from langqiao.apps.verification.domain.services.shared import (
    TEXT_AT_MOST,
    TITLE_AT_MOST,
    WHY_AT_MOST,
    enter_examination,
    members,
    say,
    step,
    text,
)
from langqiao.apps.verification.models import Examination, ExaminationState
from langqiao.apps.verification.rules import is_centre
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid


@transaction.atomic
def request_examination(
    actor: User | None,
    *,
    client: Organisation,
    centre: Organisation,
    service: str,
    title: str,
    question: str,
    kind: str = "",
    achievement: Achievement | None = None,
    case: str = "",
    illustrative: bool = False,
) -> Examination:
    """Ask a centre for one of its services (委托验证与评价).

    Args:
        kind: kind of verification (验证类别), which the centre may still change in its plan.
        case: number of the challenge or of an earlier examination that this continues; a new case
            is opened when it is empty.

    Raises:
        NotAllowed: the actor does not work for the client.
        Invalid: the centre is none, or is the client itself; a value is missing or wrong; the case is
            not in the ledger as far as the actor may read it.
    """
    require(actor, "verification.request_examination", client)
    if not is_centre(centre):
        raise Invalid(
            _("“%(name)s”不是概念验证中心。") % {"name": centre.name},
            mend=_("请从名单中选择概念验证中心。"),
            field="centre",
        )
    if centre.pk == client.pk:
        raise Invalid(
            _("不能委托本机构验证自己的项目。"), mend=_("请选择另一家概念验证中心。"), field="centre"
        )
    if service not in Examination.Service.values:
        raise Invalid(_("请选择服务。"), field="service")
    if kind and kind not in Examination.Kind.values:
        raise Invalid(_("没有这种验证类别。"), field="kind")
    examination = Examination(
        client=client,
        centre=centre,
        service=service,
        kind=kind,
        title=text(title, field="title", most=TITLE_AT_MOST, needed=_("请填写名称。")),
        question=text(question, field="question", most=TEXT_AT_MOST, needed=_("请写明要验证或评价什么。")),
        achievement=achievement,
        illustrative=illustrative,
        created_by=actor,
    )
    examination.case = known_case(actor, case) or next_case()
    examination.save()
    entry = enter_examination(
        actor,
        "request_examination",
        examination,
        of=client,
        data={
            "centre": centre.pk,
            "achievement": achievement.pk if achievement else None,
            "title_sm3": digest(examination.title),
            "question_sm3": digest(examination.question),
            "illustrative": illustrative,
        },
    )
    say(members(centre), _("项目 %(case)s 委托贵中心验证与评价，请受理。"), examination, entry, but=actor)
    return examination


@transaction.atomic
def accept_examination(actor: User | None, examination: Examination) -> Examination:
    """Accept a request (受理): the centre now draws up its plan.

    Raises:
        NotAllowed: the actor does not work for the centre.
        Refused: it was answered or withdrawn before.
    """
    require(actor, "verification.handle_examination", examination)
    lock(examination)
    step(examination, ExaminationState.PLANNED)
    examination.save(update_fields=["state", "updated_at"])
    entry = enter_examination(actor, "accept_examination", examination, of=examination.centre)
    say(
        members(examination.client),
        _("项目 %(case)s 的验证委托已受理。"),
        examination,
        entry,
        but=actor,
    )
    return examination


@transaction.atomic
def decline_examination(actor: User | None, examination: Examination, *, why: str) -> Examination:
    """Decline a request (不受理).

    Raises:
        NotAllowed: the actor does not work for the centre.
        Refused: it was answered or withdrawn before.
        Invalid: no reason is given.
    """
    require(actor, "verification.handle_examination", examination)
    lock(examination)
    step(examination, ExaminationState.DECLINED)
    examination.why = text(why, field="why", most=WHY_AT_MOST, needed=_("请写明原因。"))
    examination.save(update_fields=["state", "why", "updated_at"])
    entry = enter_examination(
        actor,
        "decline_examination",
        examination,
        of=examination.centre,
        data={"why_sm3": digest(examination.why)},
    )
    say(
        members(examination.client),
        _("项目 %(case)s 的验证委托未受理，请查看原因。"),
        examination,
        entry,
        but=actor,
    )
    return examination


@transaction.atomic
def withdraw_examination(actor: User | None, examination: Examination, *, why: str) -> Examination:
    """Withdraw a request before it is concluded (撤回委托); what was recorded stays readable.

    Raises:
        NotAllowed: the actor does not work for the client.
        Refused: it is concluded, declined or withdrawn.
        Invalid: no reason is given.
    """
    require(actor, "verification.withdraw_examination", examination)
    lock(examination)
    step(examination, ExaminationState.WITHDRAWN)
    examination.why = text(why, field="why", most=WHY_AT_MOST, needed=_("请写明原因。"))
    examination.save(update_fields=["state", "why", "updated_at"])
    entry = enter_examination(
        actor,
        "withdraw_examination",
        examination,
        of=examination.client,
        data={"why_sm3": digest(examination.why)},
    )
    say(
        members(examination.centre),
        _("项目 %(case)s 的验证委托已由委托单位撤回。"),
        examination,
        entry,
        but=actor,
    )
    return examination
