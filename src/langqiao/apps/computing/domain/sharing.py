"""Verbs of requests for computing (算力申请): draft, submit, decide; see ``quotas`` for what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.common import insiders_of, model_names, operators_of, span, whole
from langqiao.apps.computing.models import REQUEST_TRANSITIONS, Campus, Grant, Request, Server, Tenant
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import readable
from langqiao.apps.registry.domain.acts import (
    REASON_AT_MOST,
    TITLE_AT_MOST,
    assign,
    clean,
    clean_reason,
    digest,
    enter,
    lock,
    move,
    must_be_in,
    source_values,
)
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

PURPOSE_AT_MOST = 10_000
GPUS_AT_MOST = 100_000
HOURS_AT_MOST = 2_000_000_000  # what the column holds
DAYS_AT_MOST = 1_096  # three years
MILLI = 1000
State = Request.State


class RequestValues(TypedDict, total=False):
    """What a request says."""

    title: str
    purpose: str
    gpus: int
    gpu_hours: int
    gpu_models: list[str]
    chips: str
    starts_on: date
    ends_on: date
    code: str | None
    illustrative: bool


@transaction.atomic
def draft_request(
    actor: User | None,
    campus: Campus,
    *,
    organisation: Organisation,
    case: str = "",
    **values: Unpack[RequestValues],
) -> Request:
    """Draft a request (起草算力申请) of an organisation, in one of its cases or in a case of its own.

    Raises:
        NotAllowed: the actor is no enterprise or research member of the organisation.
        Invalid: a value is missing or wrong, or the case is none of the organisation's.
    """
    require(actor, "computing.ask", organisation)
    given = _cleaned(values)
    for name in ("title", "gpus", "gpu_hours", "starts_on", "ends_on"):
        if given.get(name) is None:
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    asked = clean(case, "case", most=40, lines=False, required=False)
    if asked:
        _check_case(actor, organisation, asked)
    made = Request(campus=campus, organisation=organisation, case=asked or next_case(), created_by=actor)
    assign(made, given)
    _check(made)
    made.save()
    _enter(actor, "draft_request", made)
    return made


@transaction.atomic
def revise_request(actor: User | None, request: Request, **values: Unpack[RequestValues]) -> Request:
    """Revise a request (修改算力申请) that is a draft or was returned.

    Raises:
        NotAllowed: the actor is not of the applicant.
        Refused: it is handed in or decided.
        Invalid: a value is missing or wrong.
    """
    require(actor, "computing.revise_request", request)
    lock(request)
    must_be_in(request, State.DRAFT, State.RETURNED)
    changed = assign(request, _cleaned(values))
    if changed:
        _check(request)
        request.save()
        _enter(actor, "revise_request", request, {"changed": changed})
    return request


@transaction.atomic
def submit_request(actor: User | None, request: Request) -> Request:
    """Hand the request in (提交算力申请); the campus's operator is told.

    Raises:
        NotAllowed: the actor is not of the applicant.
        Refused: it is neither a draft nor returned.
        Invalid: its last day is over.
    """
    require(actor, "computing.revise_request", request)
    lock(request)
    move(request, State.SUBMITTED, REQUEST_TRANSITIONS)
    _check(request)
    _check_end(request.ends_on)
    request.submitted_at = timezone.now()
    request.save()
    entry = _enter(
        actor,
        "submit_request",
        request,
        {"gpus": request.gpus, "gpu_hours": request.gpu_hours, "text_sm3": digest(request.purpose)},
    )
    _tell(operators_of(request.campus), request, _("有新的算力申请待审批：“%(title)s”。"), entry, but=actor)
    return request


@transaction.atomic
def withdraw_request(actor: User | None, request: Request) -> Request:
    """Withdraw a request (撤回算力申请) that is not decided.

    Raises:
        NotAllowed: the actor is not of the applicant.
        Refused: it is decided or withdrawn.
    """
    require(actor, "computing.revise_request", request)
    lock(request)
    was_draft = request.state == State.DRAFT
    move(request, State.WITHDRAWN, REQUEST_TRANSITIONS)
    request.save(update_fields=["state", "updated_at"])
    entry = _enter(actor, "withdraw_request", request)
    if not was_draft:
        _tell(operators_of(request.campus), request, _("算力申请“%(title)s”已撤回。"), entry, but=actor)
    return request


@transaction.atomic
def approve_request(
    actor: User | None,
    request: Request,
    *,
    gpus: int | None = None,
    gpu_hours: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    why: str = "",
) -> Grant:
    """Approve a request (批准算力申请) as asked or with less; the tenant's quota rises by the GPUs granted.

    A request is granted once: its row is held while the grant is made, and the grant is one to one with it.

    Args:
        gpus: GPUs at a time, at most those asked for; None for as many.
        gpu_hours: GPU hours in all, at most those asked for; None for as many.
        starts_on: the first day; None for the one asked for. So the last, ``ends_on``.
        why: a word to the applicant.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is not waiting for a decision.
        Invalid: more than was asked for, or a span that is over or too short for the hours.
    """
    require(actor, "computing.decide_request", request)
    lock(request.campus)
    lock(request)
    move(request, State.APPROVED, REQUEST_TRANSITIONS)
    granted = request.gpus if gpus is None else whole(gpus, "gpus", low=1, high=request.gpus)
    hours = (
        request.gpu_hours
        if gpu_hours is None
        else whole(gpu_hours, "gpu_hours", low=1, high=request.gpu_hours)
    )
    first, last = starts_on or request.starts_on, ends_on or request.ends_on
    _check_hours(granted, hours, span(first, last, most_days=DAYS_AT_MOST))
    _check_end(last)
    _decide(actor, request, why, required=False)
    tenant, _made = Tenant.objects.select_for_update().get_or_create(
        campus_id=request.campus_id,
        organisation_id=request.organisation_id,
        defaults={"illustrative": request.illustrative},
    )
    tenant.gpu_milli += granted * MILLI
    tenant.save(update_fields=["gpu_milli", "updated_at"])
    grant = Grant.objects.create(
        request=request, tenant=tenant, gpus=granted, gpu_hours=hours, starts_on=first, ends_on=last
    )
    entry = _enter(
        actor,
        "approve_request",
        request,
        {"grant": grant.pk, "gpus": granted, "gpu_hours": hours, "quota_milli": tenant.gpu_milli},
    )
    _tell(insiders_of(request.organisation_id), request, _("算力申请“%(title)s”已批准。"), entry, but=actor)
    return grant


@transaction.atomic
def return_request(actor: User | None, request: Request, *, why: str) -> Request:
    """Return a request to its applicant (退回修改), with a reason.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is not waiting for a decision.
        Invalid: no reason.
    """
    return _refuse(
        actor,
        request,
        State.RETURNED,
        verb="return_request",
        why=why,
        text=_("算力申请“%(title)s”被退回修改。"),
    )


@transaction.atomic
def reject_request(actor: User | None, request: Request, *, why: str) -> Request:
    """Reject a request (不予批准), with a reason.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it is not waiting for a decision.
        Invalid: no reason.
    """
    return _refuse(
        actor,
        request,
        State.REJECTED,
        verb="reject_request",
        why=why,
        text=_("算力申请“%(title)s”未获批准。"),
    )


def _refuse(actor: User | None, request: Request, to: State, *, verb: str, why: str, text: object) -> Request:
    require(actor, "computing.decide_request", request)
    lock(request)
    move(request, to, REQUEST_TRANSITIONS)
    _decide(actor, request, why, required=True)
    entry = _enter(actor, verb, request, {"why_sm3": digest(request.why)})
    _tell(insiders_of(request.organisation_id), request, text, entry, but=actor)
    return request


def _decide(actor: User | None, request: Request, why: str, *, required: bool) -> None:
    request.why = (
        clean_reason(why) if required else clean(why, "why", most=REASON_AT_MOST, lines=False, required=False)
    )
    request.decided_by, request.decided_at = actor, timezone.now()
    request.save(update_fields=["state", "why", "decided_by", "decided_at", "updated_at"])


# -- what is checked ----------------------------------------------------------------------------


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(source_values(values))
    if "title" in values:
        found["title"] = clean(values["title"], "title", most=TITLE_AT_MOST, lines=False)
    if "purpose" in values:
        found["purpose"] = clean(values["purpose"], "purpose", most=PURPOSE_AT_MOST, required=False)
    if "gpus" in values:
        found["gpus"] = whole(values["gpus"], "gpus", low=1, high=GPUS_AT_MOST)
    if "gpu_hours" in values:
        found["gpu_hours"] = whole(values["gpu_hours"], "gpu_hours", low=1, high=HOURS_AT_MOST)
    if "gpu_models" in values:
        found["gpu_models"] = model_names(values["gpu_models"])
    if "chips" in values:
        if values["chips"] not in Request.Chips.values:
            raise Invalid(_("没有这一选项。"), mend=_("请从列表中选择。"), field="chips")
        found["chips"] = values["chips"]
    for name in ("starts_on", "ends_on"):
        if name in values:
            found[name] = values[name]
    return found


def _check(request: Request) -> None:
    """Refuse what no campus could give: hours beyond the span, models that do not stand there."""
    _check_hours(
        request.gpus,
        request.gpu_hours,
        span(request.starts_on, request.ends_on, most_days=DAYS_AT_MOST),
    )
    servers = Server.objects.filter(rack__hall__building__campus_id=request.campus_id, gpus__gt=0)
    if request.chips == Request.Chips.DOMESTIC:
        servers = servers.filter(is_domestic=True)
    known = set(servers.exclude(state=Server.State.RETIRED).values_list("gpu_model", flat=True).distinct())
    unknown = [name for name in request.gpu_models if name not in known]
    if known and unknown:
        raise Invalid(
            _("园区没有符合芯片要求的型号“%(model)s”。") % {"model": unknown[0]},
            mend=_("可选：%(known)s。") % {"known": listed(sorted(known))},
            field="gpu_models",
        )


def _check_hours(gpus: int, hours: int, days: int) -> None:
    most = gpus * 24 * days
    if hours > most:
        raise Invalid(
            _("%(gpus)d 张 GPU 在 %(days)d 天内最多用 %(most)d GPU 时。")
            % {"gpus": gpus, "days": days, "most": most},
            mend=_("请减少 GPU 时，或增加 GPU 数、延长期限。"),
            field="gpu_hours",
        )


def _check_end(ends_on: date) -> None:
    if ends_on < timezone.localdate():
        raise Invalid(_("结束日期已过。"), mend=_("请改为今天或以后的日期。"), field="ends_on")


def _check_case(actor: User | None, organisation: Organisation, case: str) -> None:
    """Refuse a case in which the organisation has no part: none of its acts, nothing kept for parties."""
    own = Entry.objects.filter(case=case, organisation=identifier(organisation)).exists()
    if not own and not readable(actor, case).exclude(visibility=Visibility.PUBLIC).exists():
        raise Invalid(
            _("本单位没有参与项目“%(case)s”。") % {"case": case},
            mend=_("请填写本单位参与的项目编号；与项目无关的申请请留空。"),
            field="case",
        )


def _enter(actor: User | None, verb: str, request: Request, data: Mapping[str, Any] | None = None) -> Entry:
    return enter(
        actor,
        verb,
        request,
        case=request.case,
        city=request.campus.city_id,
        organisation=request.organisation,
        data={"campus": request.campus_id, **(data or {})},
    )


def _tell(users: set[User], request: Request, text: object, entry: Entry, *, but: User | None) -> None:
    tell(
        users,
        text,
        {"title": request.title},
        url=request.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=but,
    )
