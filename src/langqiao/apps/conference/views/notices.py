"""Pages of public notices and objections."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.accounts.queries import current_memberships
from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.domain.notices import last_working_day, working_days
from langqiao.apps.conference.forms import AnswerForm, LastDayForm, NoticeForm, ObjectionForm, ReasonForm
from langqiao.apps.conference.listings import state_badge
from langqiao.apps.conference.models import NOTICE_TRANSITIONS, Notice, Objection
from langqiao.apps.conference.views.parts import download, reason, upload
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused


def readable_notice(request: HttpRequest, pk: int) -> Any:
    """The notice, or 404 for a draft that the viewer may not know of."""
    return get_object_or_404(queries.visible_notices(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def notice_new(request: HttpRequest) -> HttpResponse:
    """Draft a notice."""
    require(request.user, "conference.run_notice")
    form = NoticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            notice = domain.draft_notice(actor(request), **form.cleaned_data)
            return back(request, notice, _("草稿已保存，发布前只有联席办可见。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("起草公示"),
        lead=_("发布后不能修改，只能撤回。"),
        button=_("存为草稿"),
        cancel=reverse("notice_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def notice_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a draft."""
    notice = readable_notice(request, pk)
    require(request.user, "conference.run_notice", notice)
    form = NoticeForm(request.POST or None, notice=notice)
    if request.method == "POST" and form.is_valid():
        try:
            domain.revise_notice(actor(request), notice, **form.cleaned_data)
            return back(request, notice, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改公示稿"),
        lead=notice.title,
        button=_("保存"),
        cancel=notice.get_absolute_url(),
    )


@require_safe
def notice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A notice, open to everybody, made for the screen and for A4."""
    notice = readable_notice(request, pk)
    user = request.user
    today = timezone.localdate()
    entries = queries.thread(notice, user)
    may_run = allowed(user, "conference.run_notice", notice)
    # The office may object like anybody; its page is for handling objections.
    takes = not may_run and allowed(user, "conference.object", notice)
    context: dict[str, Any] = {
        "notice": notice,
        "badge_state": state_badge(notice),
        "heads": list(notice.rows[0]) if notice.rows else [],
        "lines": [list(row.values()) for row in notice.rows],
        "working_days": working_days(notice.starts_on, notice.last_day) if notice.last_day else None,
        "days_left": (notice.last_day - today).days
        if notice.state == Notice.State.PUBLISHED and notice.last_day
        else None,
        "may_object": takes,
        "objections": list(queries.visible_objections(notice, user)),
        "may_run": may_run,
        "can": {str(to) for to in NOTICE_TRANSITIONS[notice.state]} if may_run else set(),
        "entries": entries,
        "proof": next((entry for entry in entries if entry.verb == "publish_notice"), None),
    }
    if takes:
        own = current_memberships(user)
        first = own[0].organisation.name if own else ""
        context["form"] = ObjectionForm(initial={"name": str(user), "organisation_name": first})
    if may_run:
        context |= {"answer_form": AnswerForm(), "reason_form": ReasonForm(), "last_day_form": LastDayForm()}
        context["earliest"] = last_working_day(today, notice.days)
    return render(request, "conference/notice_detail.html", context)


def _publish(request: HttpRequest, notice: Notice) -> Any:
    values = read(LastDayForm(request.POST))
    domain.publish_notice(actor(request), notice, last_day=values["last_day"])
    return _("公示已发布。")


def _end(request: HttpRequest, notice: Notice) -> Any:
    domain.end_notice(actor(request), notice)
    return _("公示已结束。")


def _withdraw(request: HttpRequest, notice: Notice) -> Any:
    domain.withdraw_notice(actor(request), notice, why=reason(request))
    return _("公示已撤回。")


def _object(request: HttpRequest, notice: Notice) -> Any:
    values = read(ObjectionForm(request.POST))
    file = upload(request)
    domain.object_to_notice(
        actor(request), notice, **values, file=file, file_name=(file.name or "") if file is not None else ""
    )
    return _("异议已送达联席办，处理结果将通知您。")


ACTS: dict[str, Act] = {"publish": _publish, "end": _end, "withdraw": _withdraw, "object": _object}


@login_required
@require_POST
def notice_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on a notice."""
    return do(request, ACTS, act, readable_notice(request, pk))


def _readable_objection(request: HttpRequest, pk: int) -> Objection:
    objection = get_object_or_404(Objection.objects.select_related("notice", "author"), pk=pk)
    if not allowed(request.user, "conference.read_objection", objection):
        raise Http404
    return objection


def _handle(request: HttpRequest, objection: Objection) -> Any:
    values = read(AnswerForm(request.POST))
    domain.handle_objection(actor(request), objection, **values)
    return _("已答复，提出者已收到通知。")


@login_required
@require_POST
def objection_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Handle an objection."""
    objection = _readable_objection(request, pk)
    return do(request, {"handle": _handle}, act, objection, where=objection.notice)


@login_required
@require_safe
def objection_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The evidence of an objection, for the office and the objector."""
    return download(_readable_objection(request, pk))
