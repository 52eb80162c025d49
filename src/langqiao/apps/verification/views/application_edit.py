"""Filling in an application (填报), one step a page: from basics and sections to the last check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from langqiao.apps.registry.models import Organisation, Person
from langqiao.apps.verification.domain import applications as verbs
from langqiao.apps.verification.domain.files import add_file
from langqiao.apps.verification.domain.filling import fields_of
from langqiao.apps.verification.domain.intake import EDITABLE, editing_closed
from langqiao.apps.verification.forms.applications import (
    BasicsForm,
    KeptOutForm,
    PromiseForm,
    SectionForm,
)
from langqiao.apps.verification.forms.rows import changed, sent, shown, typed
from langqiao.apps.verification.models import Application, ApplicationState, Call
from langqiao.apps.verification.rules import insider_ids
from langqiao.apps.verification.views.calls import readable_call
from langqiao.kit.acting import actor, add_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused

ACCEPT = ".pdf,.docx,.xlsx,.pptx,.png,.jpg,.jpeg,.txt,.csv"
KINDS = "PDF、DOCX、XLSX、PPTX、PNG、JPG、TXT、CSV"
SECTION = "s-"  # a section's page is "s-" and its key


@dataclass
class Step:
    """A page of the application, with what it still lacks.

    Attributes:
        keys: keys of ``domain.applications.Missing`` that this page mends.
    """

    slug: str
    label: Any
    url: str
    template: str
    help: Any = ""
    keys: set[str] = field(default_factory=set)
    lacking: int = 0
    is_done: bool = False
    next: str = ""


def own_application(request: HttpRequest, pk: int) -> Application:
    """The application, or 404 for whoever does not work for the applicant."""
    application = (
        Application.objects.select_related("call", "organisation", "city", "field", "achievement")
        .filter(pk=pk, organisation__in=insider_ids(request.user))
        .first()
    )
    if application is None:
        raise Http404
    return application


def steps_of(application: Application) -> list[Step]:
    """The pages of an application in order, with what each lacks."""
    call = application.call
    pages = "verification/applications/"

    def step(slug: str, label: Any, template: str, part: str, **more: Any) -> Step:
        url = reverse("application_edit", args=[application.pk, slug])
        made = Step(slug, label, url, f"{pages}{template}", **more)
        made.lacking = sum(gap.part == part and (not made.keys or gap.key in made.keys) for gap in gaps)
        return made

    gaps = verbs.missing(application)
    found = [step("basics", _("基本信息"), "_part_form.html", "basics")]
    for section in call.form:
        keys = {row["key"] for row in section["fields"]}
        slug, template = f"{SECTION}{section['key']}", "_part_form.html"
        found.append(step(slug, section["title"], template, "form", help=section["help"], keys=keys))
    found.append(step("files", _("附件"), "_part_files.html", "files"))
    if call.promises:
        found.append(step("promises", _("承诺书"), "_part_promises.html", "promises"))
    found.append(step("keep-out", _("回避申请"), "_part_kept_out.html", ""))
    check = step("check", _("检查并提交"), "_part_check.html", "")
    for one, after in zip(found, [*found[1:], check], strict=True):
        one.next = after.url
        one.is_done = not one.lacking and _is_begun(application, one)
    check.lacking = len(gaps)
    return [*found, check]


def _is_begun(application: Application, step: Step) -> bool:
    """Whether a page holds anything, so that an untouched optional one does not read as done."""
    if step.keys:
        return bool(step.keys & set(application.values))
    if step.slug == "files":
        return application.files.filter(replaced=False).exists()
    if step.slug == "keep-out":
        return bool(application.kept_out)
    return True


def returned(application: Application) -> dict[str, Any] | None:
    """What the office asked to correct: the note and the points that failed, while it is returned."""
    if application.state != ApplicationState.RETURNED:
        return None
    last = application.screenings.last()
    if last is None:
        return None
    texts = {point["key"]: point["text"] for point in application.call.screening}
    failed = [
        {"key": key, "text": texts.get(key, ""), "note": found["note"]}
        for key, found in last.points.items()
        if not found["passed"]
    ]
    return {"note": last.note, "failed": failed}


def _points(application: Application) -> dict[str, Any]:
    """Failed points by the key of the field, file or promise they speak of, where keys agree."""
    asked = returned(application)
    return {point["key"]: point for point in asked["failed"]} if asked else {}


def days_left(call: Call) -> int | None:
    """Days until the deadline, None without one."""
    if call.closes_at is None:
        return None
    return (timezone.localtime(call.closes_at).date() - timezone.localdate()).days


@login_required
@require_http_methods(["GET", "POST"])
def application_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an application to a call."""
    call = readable_call(request, pk)
    require(request.user, "verification.apply")
    own = Organisation.objects.filter(pk__in=insider_ids(request.user))
    form = BasicsForm(request.POST or None, call=call, organisations=own)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            application = verbs.draft_application(actor(request), call, **values)
            messages.success(request, str(_("草稿已保存，项目编号 %(case)s。") % {"case": application.case}))
            return redirect(steps_of(application)[1].url)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "call": call, "days_left": days_left(call)}
    status = 422 if form.errors else 200
    return render(request, "verification/applications/new.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def application_edit(request: HttpRequest, pk: int, part: str = "") -> HttpResponse:
    """One step of an application; without one, the first that lacks something."""
    application = own_application(request, pk)
    if application.state not in EDITABLE:
        return _closed(request, application, _("申报处于“%(now)s”状态，不能修改。") % {
            "now": application.get_state_display()
        })  # fmt: skip
    steps = steps_of(application)
    if not part:
        return redirect(next((one.url for one in steps if one.lacking), steps[0].url))
    step = next((one for one in steps if one.slug == part), None)
    if step is None:
        raise Http404
    gaps = verbs.missing(application)
    call = application.call
    needed = (
        1
        + sum(row["required"] for row in fields_of(call.form))
        + sum(row["required"] for row in call.wanted_files)
        + len(call.promises)
    )
    context: dict[str, Any] = {
        "application": application, "call": call, "part": step, "parts": steps, "gaps": gaps,
        "needed": needed, "filled": needed - len(gaps), "returned": returned(application),
    }  # fmt: skip
    page = PAGES.get(part, _section)
    return page(request, application, step, context)


def _closed(request: HttpRequest, application: Application, why: Any) -> HttpResponse:
    messages.error(request, str(why))
    return redirect(application)


def _draw(request: HttpRequest, context: dict[str, Any], *, ok: bool = True) -> HttpResponse:
    return render(request, "verification/applications/edit.html", context, status=200 if ok else 422)


def _saved(request: HttpRequest, step: Step) -> HttpResponse:
    messages.success(request, str(_("草稿已保存。")))
    return redirect(step.next if request.POST.get("then") == "next" else step.url)


def _basics(
    request: HttpRequest, application: Application, step: Step, context: dict[str, Any]
) -> HttpResponse:
    form = BasicsForm(request.POST or None, call=application.call, application=application)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.revise_application(actor(request), application, **form.cleaned_data)
            return _saved(request, step)
        except Refused as refused:
            add_refusal(form, refused)
    return _draw(request, {**context, "form": form}, ok=not form.errors)


def _section(
    request: HttpRequest, application: Application, step: Step, context: dict[str, Any]
) -> HttpResponse:
    section = next(one for one in application.call.form if f"{SECTION}{one['key']}" == step.slug)
    form = SectionForm(
        request.POST or None, section=section, values=application.values, points=_points(application)
    )
    if request.method == "POST" and form.is_valid():
        try:
            verbs.revise_application(actor(request), application, values=form.values())
            return _saved(request, step)
        except Refused as refused:
            add_refusal(form, refused)
    ok = not form.errors
    form.mark_needed()
    return _draw(request, {**context, "form": form}, ok=ok)


def _files(
    request: HttpRequest, application: Application, step: Step, context: dict[str, Any]
) -> HttpResponse:
    key, error = request.POST.get("key", ""), ""
    if request.method == "POST":
        file: Any = request.FILES.get("file")
        try:
            if file is None:
                raise Invalid(_("请选择文件。"), field="file")
            add_file(actor(request), application, key=key, file=file, name=file.name or "")
            messages.success(request, str(_("附件已上传。")))
            return redirect(f"{step.url}#file-{key or 'more'}")
        except Refused as refused:
            error = str(refused)
    points, present = _points(application), list(application.files.filter(replaced=False))
    wanted = [*application.call.wanted_files, {"key": "", "name": _("其他附件"), "required": False}]
    slots = [
        {
            **row,
            "files": [one for one in present if one.key == row["key"]],
            "error": error if row["key"] == key else "",
            "point": points.get(row["key"]),
        }
        for row in wanted
    ]
    most = filesizeformat(settings.UPLOAD_MAX_BYTES)
    context |= {"slots": slots, "accept": ACCEPT, "kinds": KINDS, "most": most}
    return _draw(request, context, ok=not error)


def _promises(
    request: HttpRequest, application: Application, step: Step, context: dict[str, Any]
) -> HttpResponse:
    key, error = request.POST.get("key", ""), ""
    if request.method == "POST":
        form = PromiseForm(request.POST)
        try:
            if not form.is_valid():
                raise Invalid(next(iter(form.errors.values()))[0])
            verbs.sign_promise(actor(request), application, key=form.cleaned_data["key"])
            messages.success(request, str(_("承诺书已签署。")))
            left = any(row["key"] != key for row in application.call.promises)
            return redirect(f"{step.url}#promise-{key}" if left else step.url)
        except Refused as refused:
            error = str(refused)
    points = _points(application)
    signed = {one.key: one for one in application.promises.select_related("user")}
    context["promises"] = [
        {
            **row,
            "signed": signed.get(row["key"]),
            "error": error if row["key"] == key else "",
            "point": points.get(row["key"]),
        }
        for row in application.call.promises
    ]
    return _draw(request, context, ok=not error)


def _kept_out(
    request: HttpRequest, application: Application, step: Step, context: dict[str, Any]
) -> HttpResponse:
    most, ok = verbs.KEPT_OUT_AT_MOST, True
    context |= {"noun": _("专家"), "add_label": _("添加专家"), "none": _("没有需要回避的专家。")}
    wish = request.POST.get("do", "save")
    if request.method == "POST" and wish == "save":
        rows = sent(KeptOutForm, request.POST, most=most)
        ok = rows.is_valid()
        if ok:
            try:
                verbs.revise_application(actor(request), application, kept_out=[form.row() for form in rows])
                return _saved(request, step)
            except Refused as refused:
                ok = False
                messages.error(request, str(refused))
    elif request.method == "POST":
        rows = shown(KeptOutForm, changed(typed(KeptOutForm, request.POST, most=most), wish), most=most)
    else:
        people = Person.everything.in_bulk([row["person"] for row in application.kept_out])
        present = [
            {"person": people[row["person"]].code or people[row["person"]].name, "why": row["why"]}
            for row in application.kept_out
            if row["person"] in people
        ]
        rows = shown(KeptOutForm, present, most=most)
    return _draw(request, {**context, "rows": rows}, ok=ok)


def _check(
    request: HttpRequest,
    application: Application,
    step: Step,  # noqa: ARG001  as all pages
    context: dict[str, Any],
) -> HttpResponse:
    """What is still missing, with links; or the button that submits."""
    by_key = {key: one for one in context["parts"] for key in one.keys}
    by_part = {one.slug: one for one in context["parts"]}
    lacking = []
    for gap in context["gaps"]:
        page = by_key.get(gap.key) if gap.part == "form" else by_part.get(gap.part)
        assert page is not None
        anchor = {
            "form": f"#id_{SectionForm.prefix}-{gap.key}", "files": f"#file-{gap.key}",
            "promises": f"#promise-{gap.key}", "basics": f"#id_{gap.key}",
        }[gap.part]  # fmt: skip
        lacking.append({"why": gap.why, "label": page.label, "url": f"{page.url}{anchor}"})
    why_not = editing_closed(application)
    may = allowed(request.user, "verification.submit_application", application)
    context |= {"lacking": lacking, "submittable": may and not why_not, "why_not": why_not}
    return _draw(request, context)


PAGES = {
    "basics": _basics, "files": _files, "promises": _promises, "keep-out": _kept_out, "check": _check,
}  # fmt: skip
