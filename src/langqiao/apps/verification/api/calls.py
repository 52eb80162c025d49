"""REST API of calls and applications (征集与申报): the verbs and rules of the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, BinaryIO, cast

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, PatchDict, Query, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Achievement, Field, Organisation
from langqiao.apps.verification.api import call_schemas as s
from langqiao.apps.verification.domain import applications, calls, files, steps
from langqiao.apps.verification.domain.receipts import check_receipt, find_receipt
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.models import (
    Application,
    ApplicationFile,
    Call,
    CallState,
)
from langqiao.apps.verification.queries import calls as queries
from langqiao.apps.verification.queries.content import Content, content_of, outline_title, receipt_of
from langqiao.kit.api import Paged
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid

router = Router(tags=["verification"])


class Narrow(Schema):
    """Filters of the list of calls."""

    q: Annotated[str, Bound(max_length=200)] = ""
    kind: Call.Kind | None = None
    state: CallState | None = None
    illustrative: bool | None = None


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _call(request: HttpRequest, pk: int) -> Call:
    """A call the caller may read; who may not need not know that it exists."""
    return get_object_or_404(queries.visible_calls(request.user), pk=pk)


def _application(request: HttpRequest, pk: int) -> Application:
    """An application of which the caller may know the outline."""
    return get_object_or_404(queries.visible_applications(request.user), pk=pk)


# -- calls ----------------------------------------------------------------------------------------


@router.get("/calls", response=list[s.CallOut], operation_id="list_calls")
@paginate(Paged)
def list_calls(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Call]:
    """Calls the caller may read, newest first."""
    rows = queries.visible_calls(request.user)
    for word in narrow.q.replace("\0", "").split()[:8]:
        rows = rows.filter(title__icontains=word) | rows.filter(summary__icontains=word)
    if narrow.kind is not None:
        rows = rows.filter(kind=narrow.kind)
    if narrow.state is not None:
        rows = rows.filter(state=narrow.state)
    if narrow.illustrative is not None:
        rows = rows.filter(illustrative=narrow.illustrative)
    return rows.order_by("-published_at", "-pk")


@router.post("/calls", response={201: s.CallDetailOut}, operation_id="draft_call")
def draft_call(request: HttpRequest, values: s.CallIn) -> Any:
    """Draft a call from a preset or bare (the office)."""
    return Status(201, calls.draft_call(_actor(request), **values.dict()))


@router.get("/calls/{int:pk}", response=s.CallDetailOut, operation_id="get_call")
def get_call(request: HttpRequest, pk: int) -> Call:
    """One call with all that configures it."""
    return _call(request, pk)


@router.patch("/calls/{int:pk}", response=s.CallDetailOut, operation_id="revise_call")
def revise_call(request: HttpRequest, pk: int, values: PatchDict[s.CallPatch]) -> Call:
    """Change the parts given (the office)."""
    given: dict[str, Any] = dict(values)
    if "fields" in given:
        lookups = Lookups()
        given["fields"] = [field for slug in given["fields"] if (field := lookups.field(slug)) is not None]
    return calls.revise_call(_actor(request), _call(request, pk), **given)


@router.post("/calls/{int:pk}/publish", response=s.CallDetailOut, operation_id="publish_call")
def publish_call(request: HttpRequest, pk: int) -> Call:
    """Publish a draft (the office)."""
    return calls.publish_call(_actor(request), _call(request, pk))


@router.post("/calls/{int:pk}/extend", response=s.CallDetailOut, operation_id="extend_call")
def extend_call(request: HttpRequest, pk: int, values: s.ExtendIn) -> Call:
    """Extend the deadline (the office)."""
    return calls.extend_call(_actor(request), _call(request, pk), closes_at=values.closes_at, why=values.why)


@router.post("/calls/{int:pk}/cancel", response=s.CallDetailOut, operation_id="cancel_call")
def cancel_call(request: HttpRequest, pk: int, values: s.ApplicationWhyIn) -> Call:
    """Cancel a call (the office)."""
    return calls.cancel_call(_actor(request), _call(request, pk), why=values.why)


@router.post("/calls/{int:pk}/start", response=s.CallDetailOut, operation_id="start_chain")
def start_chain(request: HttpRequest, pk: int) -> Call:
    """Close the intake and start the chain (the office)."""
    return steps.start_chain(_actor(request), _call(request, pk))


@router.post("/calls/{int:pk}/advance", response=s.CallDetailOut, operation_id="advance_call")
def advance_call(request: HttpRequest, pk: int, values: s.OutcomeIn) -> Call:
    """Leave the present step and enter the next (the office)."""
    return steps.advance(_actor(request), _call(request, pk), outcome=values.outcome)


@router.post("/calls/{int:pk}/again", response=s.CallDetailOut, operation_id="put_call_again")
def put_call_again(request: HttpRequest, pk: int) -> Call:
    """Ask the conference, or publish the notice, once more (the office)."""
    return steps.put_again(_actor(request), _call(request, pk))


@router.post("/calls/{int:pk}/issue", response=s.CallDetailOut, operation_id="issue_result")
def issue_result(request: HttpRequest, pk: int, values: s.NumberIn) -> Call:
    """Issue the result (the office)."""
    return steps.issue_result(_actor(request), _call(request, pk), number=values.number)


# -- applications ---------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A value of a form as JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _content(content: Content) -> dict[str, Any]:
    return {
        "version": content.version,
        "sm3": content.digest,
        "amount": content.amount,
        "values": {
            line.key: _plain(line.value)
            for part in content.parts
            for line in part.lines
            if line.value is not None
        },
        "files": [
            {
                "id": file.pk,
                "key": file.key,
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "sm3": file.digest,
            }
            for file in content.files
        ],
        "promises": [{"key": one.key, "title": one.title, "sm3": one.digest} for one in content.promises],
    }


def _shown(request: HttpRequest, application: Application) -> dict[str, Any]:
    """An application as the caller may see it."""
    own = allowed(request.user, "verification.edit_application", application)
    content = content_of(application, request.user)
    gaps = applications.missing(application) if own else []
    return {
        "id": application.pk,
        "call": application.call_id,
        "number": application.number,
        "case": application.case,
        "title": outline_title(application, request.user),
        "organisation_id": application.organisation_id,
        "organisation": application.organisation.name,
        "city": application.city_id,
        "field": application.field_id,
        "state": application.state,
        "submitted_at": application.submitted_at,
        "version": application.version,
        "correct_by": application.correct_by,
        "grade": application.grade,
        "illustrative": application.illustrative,
        "content": _content(content) if content is not None else None,
        "missing": [{"part": gap.part, "key": gap.key, "why": gap.why} for gap in gaps] if own else None,
    }


def _organisation(name: str) -> Organisation:
    found = Lookups().organisation(name)
    if found is None:
        raise Invalid(_("请写明申报单位。"), field="organisation")
    return found


def _field(slug: str) -> Field | None:
    return Lookups().field(slug)


def _achievement(pk: int | None) -> Achievement | None:
    if pk is None:
        return None
    found = Achievement.objects.filter(pk=pk).first()
    if found is None:
        raise Invalid(_("名录中没有这项成果。"), field="achievement")
    return found


@router.get(
    "/calls/{int:pk}/applications", response=list[s.ApplicationOutlineOut], operation_id="list_applications"
)
@paginate(Paged)
def list_applications(request: HttpRequest, pk: int) -> QuerySet[Application]:
    """Outlines of a call's applications of which the caller may know."""
    rows = queries.visible_applications(request.user).filter(call=_call(request, pk))
    return queries.with_shown_title(rows).order_by("number", "pk")


@router.post(
    "/calls/{int:pk}/applications", response={201: s.ApplicationOut}, operation_id="draft_application"
)
def draft_application(request: HttpRequest, pk: int, values: s.ApplicationIn) -> Any:
    """Draft an application for one of the caller's organisations."""
    application = applications.draft_application(
        _actor(request),
        _call(request, pk),
        organisation=_organisation(values.organisation),
        title=values.title,
        field=_field(values.field),
        achievement=_achievement(values.achievement),
        amount=values.amount,
        case=values.case,
        values=values.values,
    )
    return Status(201, _shown(request, application))


@router.get("/applications/{int:pk}", response=s.ApplicationOut, operation_id="get_application")
def get_application(request: HttpRequest, pk: int) -> Any:
    """One application; its content for the applicant and, once handed in, the office."""
    return _shown(request, _application(request, pk))


@router.patch("/applications/{int:pk}", response=s.ApplicationOut, operation_id="revise_application")
def revise_application(request: HttpRequest, pk: int, values: PatchDict[s.ApplicationPatch]) -> Any:
    """Change the working copy."""
    given: dict[str, Any] = dict(values)
    if "field" in given:
        given["field"] = _field(given["field"])
    if "achievement" in given:
        given["achievement"] = _achievement(given["achievement"])
    application = applications.revise_application(_actor(request), _application(request, pk), **given)
    return _shown(request, application)


class FileKey(Schema):
    """Which wanted file it answers; empty for a further one."""

    key: s.Slug = ""


@router.post(
    "/applications/{int:pk}/files", response={201: s.ApplicationOut}, operation_id="add_application_file"
)
def add_application_file(
    request: HttpRequest, pk: int, file: File[UploadedFile], given: Form[FileKey]
) -> Any:
    """Add a file to the working copy; ``key`` of the wanted file it answers, empty for a further one."""
    application = _application(request, pk)
    content = cast("BinaryIO", file)
    files.add_file(_actor(request), application, key=given.key, file=content, name=file.name or "")
    return Status(201, _shown(request, application))


@router.delete(
    "/applications/{int:pk}/files/{int:file}",
    response=s.ApplicationOut,
    operation_id="remove_application_file",
)
def remove_application_file(request: HttpRequest, pk: int, file: int) -> Any:
    """Take a file out of the working copy."""
    application = _application(request, pk)
    content = content_of(application, request.user)
    if content is None or all(one.pk != file for one in content.files):
        raise Http404
    files.remove_file(_actor(request), get_object_or_404(ApplicationFile, pk=file, application=application))
    return _shown(request, application)


@router.put(
    "/applications/{int:pk}/promises/{key}",
    response=s.ApplicationOut,
    operation_id="sign_application_promise",
)
def sign_promise(request: HttpRequest, pk: int, key: str) -> Any:
    """Sign a promise form of the call, whose text ``get_call`` gives."""
    application = _application(request, pk)
    applications.sign_promise(_actor(request), application, key=key)
    return _shown(request, application)


@router.post("/applications/{int:pk}/submit", response=s.ApplicationOut, operation_id="submit_application")
def submit_application(request: HttpRequest, pk: int) -> Any:
    """Submit the working copy."""
    application = _application(request, pk)
    applications.submit_application(_actor(request), application)
    return _shown(request, application)


@router.post(
    "/applications/{int:pk}/withdraw", response=s.ApplicationOut, operation_id="withdraw_application"
)
def withdraw_application(request: HttpRequest, pk: int, values: s.ApplicationWhyIn) -> Any:
    """Withdraw an application before the result."""
    application = _application(request, pk)
    applications.withdraw_application(_actor(request), application, why=values.why)
    return _shown(request, application)


@router.post("/applications/{int:pk}/screen", response=s.ApplicationOut, operation_id="screen_application")
def screen_application(request: HttpRequest, pk: int, values: s.ScreeningIn) -> Any:
    """Check the documents and give the verdict (the office)."""
    application = _application(request, pk)
    screen(_actor(request), application, **values.dict())
    return _shown(request, application)


# -- receipts -------------------------------------------------------------------------------------


class Which(Schema):
    """Which version; the newest unless said."""

    version: Annotated[int, Bound(ge=1, lt=2**31)] | None = None


@router.get("/applications/{int:pk}/receipt", response=s.ReceiptOut, operation_id="get_application_receipt")
def get_receipt(request: HttpRequest, pk: int, which: Query[Which]) -> Any:
    """The receipt of a version that was handed in, for its applicant and the office."""
    application = _application(request, pk)
    if not allowed(request.user, "verification.read_application", application):
        raise Http404
    rows = application.versions.all()
    version = rows.filter(number=which.version).first() if which.version is not None else rows.first()
    if version is None:
        raise Http404
    version.application = application
    receipt, checked = receipt_of(version), check_receipt(version)
    return {
        "call": receipt.call_id,
        "case": receipt.case,
        "number": receipt.number,
        "version": receipt.version,
        "sm3": receipt.digest,
        "at": receipt.at,
        "sequence": receipt.sequence,
        "hash": receipt.hash,
        "content_holds": checked.content,
        "ledger_holds": checked.entry and checked.held,
    }


class Shown(Schema):
    """What a receipt says."""

    call: s.Pk
    number: Annotated[int, Bound(ge=1, lt=2**31)]
    version: Annotated[int, Bound(ge=1, lt=2**31)]
    sm3: Annotated[str, Bound(min_length=64, max_length=64)]


@router.get("/receipts/verify", response=s.HeldOut, operation_id="verify_receipt")
def verify_receipt(request: HttpRequest, shown: Query[Shown]) -> Any:  # noqa: ARG001  open to everybody
    """Whether the ledger holds the digest of a receipt, for anybody who holds the receipt."""
    held = find_receipt(call_id=shown.call, number=shown.number, version=shown.version, digest=shown.sm3)
    if held is None:
        return {"held": False}
    return {"held": True, "sequence": held.sequence, "hash": held.hash, "at": held.at}
