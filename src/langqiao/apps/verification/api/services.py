"""REST API of the three services of a centre (概念验证服务): the verbs and rules of the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Body, File, Form, Query, Router, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.verification.api import service_schemas as s
from langqiao.apps.verification.domain import services
from langqiao.apps.verification.domain.services.forms import form_of
from langqiao.apps.verification.models import Evidence, Examination, Milestone
from langqiao.apps.verification.queries import services as queries
from langqiao.kit.api import Paged
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid

router = Router(tags=["verification"])


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _found(request: HttpRequest, pk: int) -> Examination:
    """An examination of which the caller may know; who may not need not know that it exists."""
    return get_object_or_404(queries.visible_examinations(request.user), pk=pk)


def _milestone(request: HttpRequest, pk: int) -> Milestone:
    rows = Milestone.objects.filter(examination__in=queries.readable_examinations(request.user))
    return get_object_or_404(rows.select_related("examination__centre", "examination__client"), pk=pk)


def _organisation(name: str, field: str) -> Organisation:
    found = Lookups().organisation(name)
    if found is None:
        raise Invalid(_("请写明机构。"), field=field)
    return found


def _shown(request: HttpRequest, pk: int) -> Any:
    """An examination with as much as the caller may read (see ``ExaminationOut``)."""
    examination: Any = _found(request, pk)
    if allowed(request.user, "verification.read_examination", examination):
        shown = queries.dossier(examination)
        examination.content = {
            **{
                name: getattr(examination, name)
                for name in (
                    "question", "why", "values", "trl_before", "trl_target", "trl_after", "budget",
                    "reasons", "conditions",
                )
            },
            "trl_warning": shown.warning,
            "spent": shown.money.spent,
            "experts": [person.name for person in examination.experts.all()],
            "milestones": shown.milestones,
            "evidence": shown.evidence,
            "report_sm3": shown.digest,
        }  # fmt: skip
    return examination


@router.get("/examination-forms/{service}", response=s.FormOut, operation_id="get_examination_form")
def get_examination_form(request: HttpRequest, service: Examination.Service) -> Any:  # noqa: ARG001  ninja's call
    """The form of a service, in the caller's language."""
    form = form_of(service)
    return {
        "key": form.key,
        "title": form.title,
        "basis": list(form.basis),
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "fields": [
                    {
                        "key": field.key,
                        "label": field.label,
                        "kind": field.kind,
                        "required": field.row["required"],
                        "help": field.row["help"],
                        "unit": field.unit,
                        "options": list(field.choices),
                    }
                    for field in section.fields
                ],
            }
            for section in form.sections
        ],
    }


@router.get("/examinations", response=list[s.ExaminationOutlineOut], operation_id="list_examinations")
@paginate(Paged)
def list_examinations(request: HttpRequest, narrow: Query[s.ExaminationNarrowIn]) -> QuerySet[Examination]:
    """Examinations of which the caller may know, in outline, newest first."""
    wanted = {
        "service": narrow.service,
        "state": narrow.state,
        "kind": narrow.kind,
        "centre": narrow.centre,
        "case": narrow.case.replace("\0", ""),
    }
    rows = queries.visible_examinations(request.user)
    return rows.filter(**{name: value for name, value in wanted.items() if value}).order_by("-pk")


@router.post("/examinations", response={201: s.ExaminationOut}, operation_id="request_examination")
def request_examination(request: HttpRequest, values: s.RequestIn) -> Any:
    """Ask a centre for a service."""
    given = values.dict()
    achievement = None
    if values.achievement is not None:
        achievement = Achievement.objects.filter(pk=values.achievement).first()
        if achievement is None:
            raise Invalid(_("名录中没有这项成果；请填写编号或完整名称。"), field="achievement")
    examination = services.request_examination(
        _actor(request),
        client=_organisation(given.pop("client"), "client"),
        centre=_organisation(given.pop("centre"), "centre"),
        **{**given, "kind": values.kind or "", "achievement": achievement},
    )
    return Status(201, _shown(request, examination.pk))


@router.get("/examinations/{int:pk}", response=s.ExaminationOut, operation_id="get_examination")
def get_examination(request: HttpRequest, pk: int) -> Any:
    """One examination; ``content`` is null to those who see the outline only."""
    return _shown(request, pk)


@router.post("/examinations/{int:pk}/accept", response=s.ExaminationOut, operation_id="accept_examination")
def accept_examination(request: HttpRequest, pk: int) -> Any:
    """Accept a request."""
    services.accept_examination(_actor(request), _found(request, pk))
    return _shown(request, pk)


@router.post("/examinations/{int:pk}/decline", response=s.ExaminationOut, operation_id="decline_examination")
def decline_examination(request: HttpRequest, pk: int, values: s.ExaminationWhyIn) -> Any:
    """Decline a request."""
    services.decline_examination(_actor(request), _found(request, pk), why=values.why)
    return _shown(request, pk)


@router.post(
    "/examinations/{int:pk}/withdraw", response=s.ExaminationOut, operation_id="withdraw_examination"
)
def withdraw_examination(request: HttpRequest, pk: int, values: s.ExaminationWhyIn) -> Any:
    """Withdraw a request before its conclusion."""
    services.withdraw_examination(_actor(request), _found(request, pk), why=values.why)
    return _shown(request, pk)


@router.put("/examinations/{int:pk}/plan", response=s.ExaminationOut, operation_id="plan_examination")
def plan_examination(request: HttpRequest, pk: int, values: s.PlanIn) -> Any:
    """Write the plan, or adjust it after a milestone said so."""
    lookups = Lookups()
    people = [lookups.person(name) for name in values.experts]
    services.plan_examination(
        _actor(request),
        _found(request, pk),
        kind=values.kind or "",
        trl_before=values.trl_before,
        trl_target=values.trl_target,
        budget=values.budget,
        experts=[person for person in people if person is not None],
        milestones=[services.Step(**step.dict()) for step in values.milestones],
    )
    return _shown(request, pk)


@router.post("/examinations/{int:pk}/begin", response=s.ExaminationOut, operation_id="begin_examination")
def begin_examination(request: HttpRequest, pk: int) -> Any:
    """Begin the work."""
    services.begin(_actor(request), _found(request, pk))
    return _shown(request, pk)


@router.patch("/examinations/{int:pk}/values", response=s.ExaminationOut, operation_id="assess_examination")
def assess_examination(request: HttpRequest, pk: int, values: Body[dict[str, Any]]) -> Any:
    """Write values of the service's form; those not given stay, empty ones are taken away."""
    services.assess(_actor(request), _found(request, pk), values=values)
    return _shown(request, pk)


@router.post(
    "/examinations/{int:pk}/conclude", response=s.ExaminationOut, operation_id="conclude_examination"
)
def conclude_examination(request: HttpRequest, pk: int, values: s.ConclusionIn) -> Any:
    """Conclude: go, conditional or no go."""
    services.conclude(_actor(request), _found(request, pk), **values.dict())
    return _shown(request, pk)


@router.post(
    "/examinations/{int:pk}/evidence", response={201: s.ExaminationEvidenceOut}, operation_id="add_evidence"
)
def add_evidence(request: HttpRequest, pk: int, values: Form[s.EvidenceIn], file: File[UploadedFile]) -> Any:
    """Add a file that shows a finding."""
    examination = _found(request, pk)
    milestone = None
    if values.milestone is not None:
        milestone = examination.milestones.filter(pk=values.milestone).first()
        if milestone is None:
            raise Invalid(_("该里程碑不属于这项验证。"), field="milestone")
    evidence = services.add_evidence(
        _actor(request),
        examination,
        file=file,  # type: ignore[arg-type]  # an uploaded file reads and seeks like one
        name=file.name or "",
        what=values.what,
        kind=values.kind,
        milestone=milestone,
    )
    return Status(201, evidence)


@router.delete("/examinations/evidence/{int:pk}", response={204: None}, operation_id="remove_evidence")
def remove_evidence(request: HttpRequest, pk: int) -> Any:
    """Remove a file on which no decision stands."""
    evidence = get_object_or_404(
        Evidence.objects.select_related("examination__centre", "examination__client", "milestone"), pk=pk
    )
    if not allowed(request.user, "verification.read_examination", evidence.examination):
        raise Http404
    services.remove_evidence(_actor(request), evidence)
    return Status(204, None)


@router.post(
    "/examinations/milestones/{int:pk}/finding", response=s.MilestoneOut, operation_id="record_finding"
)
def record_finding(request: HttpRequest, pk: int, values: s.ExaminationFindingIn) -> Any:
    """Record what was found at a milestone."""
    return services.record_finding(_actor(request), _milestone(request, pk), **values.dict())


@router.post(
    "/examinations/milestones/{int:pk}/decision", response=s.MilestoneOut, operation_id="decide_milestone"
)
def decide_milestone(request: HttpRequest, pk: int, values: s.DecisionIn) -> Any:
    """Decide at a milestone: go, adjust, or no go."""
    return services.decide_milestone(_actor(request), _milestone(request, pk), **values.dict())
