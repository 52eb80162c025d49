"""The page of an application (申报), its files, receipts and acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable
from langqiao.apps.verification.domain import applications as verbs
from langqiao.apps.verification.domain.files import remove_file
from langqiao.apps.verification.domain.intake import EDITABLE, editing_closed
from langqiao.apps.verification.domain.receipts import check_receipt
from langqiao.apps.verification.forms.applications import WithdrawForm
from langqiao.apps.verification.listings.calls import application_badge, as_handed_in
from langqiao.apps.verification.models import (
    Application,
    ApplicationFile,
    ApplicationState,
    ApplicationVersion,
    CallState,
    Screening,
)
from langqiao.apps.verification.queries.calls import screenings_of
from langqiao.apps.verification.queries.content import content_of, readable_file, version_content
from langqiao.apps.verification.queries.reviews import feedback_of
from langqiao.apps.verification.views.application_edit import own_application, returned
from langqiao.apps.verification.views.hub import awaits_screening
from langqiao.apps.verification.views.parts import Primary, address, download
from langqiao.kit.acting import actor, back, read, tell_refusal
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Refused

WITHDRAWABLE = (
    ApplicationState.DRAFT, ApplicationState.SUBMITTED, ApplicationState.RETURNED, ApplicationState.ACCEPTED,
)  # fmt: skip
VERDICT_TONES = {
    Screening.Verdict.ACCEPT: "success",
    Screening.Verdict.RETURN: "warning",
    Screening.Verdict.REJECT: "danger",
}


def known_application(request: HttpRequest, pk: int) -> Application:
    """The application for whoever knows of it, or 404; others than its applicant meet it as handed in."""
    application = get_object_or_404(
        Application.objects.select_related("call__organiser", "organisation", "city", "field", "achievement"),
        pk=pk,
    )
    user = request.user
    outline = allowed(user, "verification.read_outline", application)
    if not outline and not allowed(user, "verification.read_assigned", application):
        raise Http404
    as_handed_in([application], user)
    return application


def _wanted_version(request: HttpRequest, application: Application) -> ApplicationVersion | None:
    """The earlier version that the address asks for.

    Raises:
        Http404: there is no such version.
    """
    number = request.GET.get("version", "")
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        raise Http404
    return get_object_or_404(application.versions, number=int(number))


@require_safe
def application_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An application as the reader may know it: its outline, what stands in it, its outcome."""
    application, user = known_application(request, pk), request.user
    call = application.call
    outline = allowed(user, "verification.read_outline", application)
    own = allowed(user, "verification.edit_application", application)
    earlier = _wanted_version(request, application)
    content = version_content(earlier, user) if earlier else content_of(application, user)
    if not outline and content is None:
        raise Http404
    whole = allowed(user, "verification.read_application", application)
    may = {
        "outline": outline,
        "edit": own and application.state in EDITABLE and not editing_closed(application),
        "withdraw": own and application.state in WITHDRAWABLE and call.state != CallState.FINISHED,
    }
    screenings = screenings_of(application, user)
    for one in screenings:
        one.tone = VERDICT_TONES[Screening.Verdict(one.verdict)]  # type: ignore[attr-defined]
    primary = _primary(request, application, may)
    context = {
        "application": application,
        "call": call,
        "title": content.title if content else application.title,
        "organisation": application.organisation if outline else content and content.organisation,
        "state": application_badge(application),
        "steps": _steps(application) if outline else [],
        "content": content,
        "earlier": earlier,
        "changed": (),
        "promises": list(application.promises.all()) if whole else [],
        "is_newer": own and not earlier and _differs(application),
        "may": may,
        "primary": primary,
        "primary_is_edit": primary is not None and primary.icon in ("pencil", "send"),
        "returned": returned(application) if own else None,
        "outcome": _outcome(application) if outline else None,
        "feedback": feedback_of(application, user),
        "versions": list(application.versions.all()) if whole else [],
        "screenings": screenings,
        "entries": list(readable(user, application.case).order_by("sequence")) if outline else [],
        "withdraw_form": WithdrawForm(),
    }
    return render(request, "verification/applications/detail.html", context)


def _differs(application: Application) -> bool:
    """Whether the working copy says something else than what was handed in last."""
    newest = application.versions.first()
    if newest is None or application.state not in EDITABLE:
        return False
    from langqiao.apps.verification.domain.receipts import frozen_content

    return bool(frozen_content(application) != newest.content)


def _primary(request: HttpRequest, application: Application, may: dict[str, Any]) -> Primary | None:
    user = request.user
    if may["edit"]:
        edit = address("application_edit", application.pk)
        if application.state == ApplicationState.DRAFT:
            return Primary(_("继续填写"), icon="pencil", url=edit)
        if application.state == ApplicationState.RETURNED:
            return Primary(_("补正"), icon="pencil", url=edit)
        if _differs(application):
            url = reverse("application_edit", args=[application.pk, "check"])
            return Primary(_("检查并重新提交"), icon="send", url=url)
        return None
    if allowed(user, "verification.screen", application) and awaits_screening(application.call, application):
        url = address("screening_detail", application.pk)
        return Primary(_("审查"), icon="clipboard-check", url=url)
    return None


def _steps(application: Application) -> list[tuple[Any, str]]:
    """The line of an application: draft, handed in, accepted, reviewed, settled."""
    state = ApplicationState(application.state)
    words: list[Any] = [
        ApplicationState.DRAFT.label, ApplicationState.SUBMITTED.label, ApplicationState.ACCEPTED.label,
        pgettext_lazy("step of an application", "结果"),
    ]  # fmt: skip
    ended = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN, ApplicationState.ELIMINATED)
    if state in ended:
        reached = 1 if state == ApplicationState.WITHDRAWN and application.submitted_at is None else 2
        reached = 3 if state == ApplicationState.ELIMINATED else reached
        return [*((word, "done") for word in words[:reached]), (state.label, "off")]
    at = {
        ApplicationState.DRAFT: 0, ApplicationState.SUBMITTED: 1, ApplicationState.RETURNED: 1,
        ApplicationState.ACCEPTED: 2, ApplicationState.CHOSEN: 3, ApplicationState.NOT_CHOSEN: 3,
    }[state]  # fmt: skip
    if state == ApplicationState.RETURNED:
        words[1] = state.label
    if at == len(words) - 1:
        words[at] = application.grade or state.label
    marks = ["done" if i < at else "now" if i == at else "next" for i in range(len(words))]
    return list(zip(words, marks, strict=True))


def _outcome(application: Application) -> dict[str, Any] | None:
    """The result in words, once issued."""
    call = application.call
    if call.state != CallState.FINISHED:
        return None
    text = " · ".join(part for part in (call.title, call.number_issued) if part)
    if application.grade:
        return {"tone": "success", "icon": "award", "title": application.grade, "text": text}
    if application.state == ApplicationState.CHOSEN:
        return {"tone": "success", "icon": "award", "title": _("入选"), "text": text}
    if application.state == ApplicationState.NOT_CHOSEN:
        return {"tone": "muted", "icon": "info-circle", "title": _("未入选"), "text": text}
    return None


@require_safe
def application_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file of an application, under the rule of what it belongs to."""
    kept = get_object_or_404(
        ApplicationFile.objects.select_related("application__call", "application__organisation"), pk=pk
    )
    attached = readable_file(kept, request.user)
    if attached is None:
        raise Http404
    return download(kept, name=attached.name)


@login_required
@require_safe
def receipt_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The receipt (回执) of a version, to be printed; checked against the ledger as it is drawn."""
    version = get_object_or_404(
        ApplicationVersion.objects.select_related(
            "application__call", "application__organisation", "application__city", "by"
        ),
        pk=pk,
    )
    application = version.application
    if not allowed(request.user, "verification.read_application", application):
        raise Http404
    context = {
        "version": version,
        "application": application,
        "call": application.call,
        "title": version.content["title"],
        "files": len(version.content["files"]),
        "promises": len(version.content["promises"]),
        "entry": Entry.objects.filter(sequence=version.entry).first(),
        "checked": check_receipt(version),
    }
    return render(request, "verification/applications/receipt.html", context)


def _submit(request: HttpRequest, application: Application) -> tuple[Any, Any]:
    version = verbs.submit_application(actor(request), application)
    return reverse("receipt_detail", args=[version.pk]), _("申报已提交，这是回执。")


def _withdraw(request: HttpRequest, application: Application) -> tuple[Any, Any]:
    verbs.withdraw_application(actor(request), application, **read(WithdrawForm(request.POST)))
    return application, _("申报已撤回。")


def _remove_file(request: HttpRequest, application: Application) -> tuple[Any, Any]:
    key = request.POST.get("file", "")
    wanted = int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
    kept = get_object_or_404(application.files, pk=wanted)
    remove_file(actor(request), kept)
    return reverse("application_edit", args=[application.pk, "files"]), _("附件已删除。")


# One address an act; each is a verb of the domain.
ACTS: dict[str, Callable[[HttpRequest, Application], tuple[Any, Any]]] = {
    "submit": _submit,
    "withdraw": _withdraw,
    "remove-file": _remove_file,
}


@login_required
@require_POST
def application_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on an own application; a refusal leads back to where it can be mended."""
    verb = ACTS.get(act)
    if verb is None:
        raise Http404
    application = own_application(request, pk)
    try:
        where, done = verb(request, application)
    except Refused as refused:
        part = {"submit": "check", "remove-file": "files"}.get(act)
        mended = part is not None and application.state in EDITABLE
        page = reverse("application_edit", args=[application.pk, part]) if mended else application
        return tell_refusal(request, refused, page)
    return back(request, where, done)
