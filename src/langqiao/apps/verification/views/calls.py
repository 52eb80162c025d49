"""The page of a call (征集), drafting a new one, and the office's acts on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.ledger.queries import readable
from langqiao.apps.verification.domain import calls as verbs
from langqiao.apps.verification.domain import steps
from langqiao.apps.verification.domain.intake import intake_closed
from langqiao.apps.verification.domain.layout import step_name
from langqiao.apps.verification.domain.presets import presets
from langqiao.apps.verification.forms.calls import (
    ExtendForm,
    NewCallForm,
    NumberForm,
    OutcomeForm,
    PresetLabel,
    WhyForm,
)
from langqiao.apps.verification.listings.calls import application_badge, as_handed_in, call_badge
from langqiao.apps.verification.models import Application, ApplicationState, Call, CallState, Reviewer
from langqiao.apps.verification.queries.calls import visible_applications, visible_calls
from langqiao.apps.verification.rules import insider_ids, is_recused
from langqiao.apps.verification.views.hub import awaits_screening, cards, line, next_label, office_now
from langqiao.apps.verification.views.parts import Primary, address
from langqiao.kit.acting import actor, add_refusal, back, read, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused
from langqiao.kit.words import is_english

SHOWN = 60  # applications on the page of a call; the list has all
ENTRIES = 30


def readable_call(request: HttpRequest, pk: int) -> Call:
    """The call, or 404: who may not read it need not know that it exists."""
    rows = visible_calls(request.user).select_related("organiser__city")
    return get_object_or_404(rows, pk=pk)


def criteria_shown(call: Call) -> list[dict[str, Any]]:
    """Criteria with the weight as a share of all, and gates with their rule in words."""
    total = sum(row["weight"] for row in call.criteria if row["kind"] == "score") or 1
    rules = {"any": _("一位专家判不合格即不通过"), "majority": _("多数专家判不合格即不通过")}
    return [
        {
            "name": row["name"],
            "help": row["help"],
            "is_gate": row["kind"] == "gate",
            "rule": rules.get(row.get("rule", "")),
            "most": f"{row['most']:g}" if "most" in row else "",
            "share": f"{100 * row['weight'] / total:.0f}" if "weight" in row else "",
        }
        for row in call.criteria
    ]


@require_safe
def call_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A call: what is asked, where it stands, and what the reader can do now."""
    call, user = readable_call(request, pk), request.user
    office = allowed(user, "verification.run_call", call)
    mine = insider_ids(user)
    own = _badged(_applications(call).filter(organisation__in=mine)) if mine else []
    context: dict[str, Any] = {
        "call": call,
        "state": call_badge(call),
        "line": line(call),
        "fields": list(call.fields.all()),
        "criteria": criteria_shown(call),
        "days_left": (timezone.localtime(call.closes_at).date() - timezone.localdate()).days
        if call.closes_at
        else None,
        "is_open": not intake_closed(call),
        "office": office,
        "recused": not office and allowed(user, "verification.run_call") and is_recused(user, call),
        "own": own,
        "results": _results(call),
        "entries": list(readable(user, call.case).order_by("-sequence")[:ENTRIES])[::-1],
        "may": {
            "edit": allowed(user, "verification.keep_call", call)
            and call.state in (CallState.DRAFT, CallState.OPEN, CallState.RUNNING),
            "extend": office and call.state == CallState.OPEN and call.closes_at is not None,
            "cancel": office and call.state in (CallState.DRAFT, CallState.OPEN, CallState.RUNNING),
        },
    }
    if office:
        rows = visible_applications(user).filter(call=call).select_related("organisation", "city")
        rows = rows.prefetch_related("screenings")
        context["total"] = rows.count()
        context["applications"] = _badged(rows.order_by("number", "pk")[:SHOWN])
        as_handed_in(context["applications"], user)
        for application in context["applications"]:
            application.to_screen = awaits_screening(call, application)
        context["now"], buttons = office_now(call, context["applications"])
        context["primary"], context["secondary"] = next(iter(buttons), None), buttons[1:]
        context["cards"] = cards(call)
        context["dialogs"] = _dialogs(call)
    else:
        context["primary"] = _applicant_primary(call, user, own)
        context["reviews_url"] = _reviews_url(call, user)
    return render(request, "verification/calls/detail.html", context)


def _applications(call: Call) -> Any:
    return Application.objects.filter(call=call).select_related("organisation", "city")


def _badged(rows: Any) -> list[Application]:
    found = list(rows)
    for row in found:
        row.badge = application_badge(row)
    return found


def _results(call: Call) -> list[Application]:
    """Who was chosen or how each was graded, once issued (发文); nobody before."""
    if call.state != CallState.FINISHED:
        return []
    rows = _applications(call).order_by("city__order", "number")
    rows = rows.exclude(grade="") if call.grades else rows.filter(state=ApplicationState.CHOSEN)
    return list(rows)


def _applicant_primary(call: Call, user: Any, own: list[Application]) -> Primary | None:
    """What an applicant, or who might become one, will most likely want to do now."""
    live = [row for row in own if row.state != ApplicationState.WITHDRAWN]
    if len(live) == 1:
        row = live[0]
        if row.state == ApplicationState.RETURNED:
            return Primary(_("补正申报"), icon="pencil", url=address("application_edit", row.pk))
        return Primary(_("我的申报"), icon="file-text", url=row.get_absolute_url())
    if live or call.state != CallState.OPEN or (intake_closed(call) and not _is_coming(call)):
        return None
    if allowed(user, "verification.apply"):
        return Primary(_("我要申报"), icon="send", url=address("application_new", call.pk))
    if not user.is_authenticated:
        page = call.get_absolute_url()
        return Primary(_("登录后申报"), icon="login", url=f"{address('account_login')}?next={page}")
    return None


def _is_coming(call: Call) -> bool:
    return call.opens_at is not None and call.opens_at > timezone.now()


def _reviews_url(call: Call, user: Any) -> str:
    """Where a reviewer of the call goes on."""
    if not user.is_authenticated:
        return ""
    place = call.reviewers.filter(
        person__user=user, state__in=(Reviewer.State.INVITED, Reviewer.State.ACCEPTED)
    ).first()
    if place is None:
        return ""
    if place.state == Reviewer.State.INVITED:
        return address("invitation_detail", place.pk)
    return address("review_list")


def _dialogs(call: Call) -> list[dict[str, Any]]:
    """The dialogs of the acts that ask for something."""
    found = [
        {
            "id": "cancel-dialog", "act": "cancel", "title": _("取消征集"), "danger": True, "form": WhyForm(),
            "text": _("取消后不能恢复，申报单位会收到通知；已发布的征集，原因将公开。"),
        }
    ]  # fmt: skip
    if call.state == CallState.OPEN:
        found.append({
            "id": "extend-dialog", "act": "extend", "title": _("延期"), "form": ExtendForm(),
            "text": _("只能推后截止时间；申报单位会收到通知。"),
        })  # fmt: skip
    if call.state == CallState.RUNNING:
        found.append({
            "id": "advance-dialog", "act": "advance", "title": next_label(call), "form": OutcomeForm(),
            "text": _("进入下一环节后不能退回本环节。"),
        })  # fmt: skip
        found.append({
            "id": "issue-dialog", "act": "issue", "title": _("发文"), "form": NumberForm(),
            "text": _("发文后名单公开，申报单位会收到结果，征集结束。"),
        })  # fmt: skip
    return found


@login_required
@require_http_methods(["GET", "POST"])
def call_new(request: HttpRequest) -> HttpResponse:
    """Draft a call from a preset or from nothing."""
    require(request.user, "verification.keep_call")
    english = is_english()
    offered = [
        (one.slug, PresetLabel(one.name_en if english else one.name, str(one.values.get("summary", ""))))
        for one in presets().values()
    ]
    form = NewCallForm(request.POST or None, presets=offered)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        chosen = presets().get(given["preset"])
        more = {"organiser": given["organiser"]} if given["organiser"] else {}
        try:
            call = verbs.draft_call(
                actor(request), kind=chosen.kind if chosen else given["kind"], title=given["title"],
                preset=given["preset"], **more,
            )  # fmt: skip
            done = _("草稿已保存，项目编号 %(case)s。") % {"case": call.case}
            return back(request, address("call_edit", call.pk), done)
        except Refused as refused:
            add_refusal(form, refused)
    return render(request, "verification/calls/new.html", {"form": form}, status=422 if form.errors else 200)


def _publish(request: HttpRequest, call: Call) -> Any:
    verbs.publish_call(actor(request), call)
    return _("征集已发布。")


def _extend(request: HttpRequest, call: Call) -> Any:
    verbs.extend_call(actor(request), call, **read(ExtendForm(request.POST)))
    return _("截止时间已延长。")


def _cancel(request: HttpRequest, call: Call) -> Any:
    verbs.cancel_call(actor(request), call, **read(WhyForm(request.POST)))
    return _("征集已取消。")


def _start(request: HttpRequest, call: Call) -> Any:
    steps.start_chain(actor(request), call)
    return _("征集已截止，进入“%(step)s”。") % {"step": step_name(call.current_step or call.chain[0])}


def _advance(request: HttpRequest, call: Call) -> Any:
    steps.advance(actor(request), call, **read(OutcomeForm(request.POST)))
    step = call.current_step
    return _("已进入“%(step)s”。") % {"step": step_name(step)} if step else _("已进入下一环节。")


def _again(request: HttpRequest, call: Call) -> Any:
    steps.put_again(actor(request), call)
    return _("已重新提交。")


def _issue(request: HttpRequest, call: Call) -> Any:
    steps.issue_result(actor(request), call, **read(NumberForm(request.POST)))
    return _("结果已发文。")


# One address an act; each is a verb of the domain.
ACTS: dict[str, Callable[[HttpRequest, Call], Any]] = {
    "publish": _publish,
    "extend": _extend,
    "cancel": _cancel,
    "start": _start,
    "advance": _advance,
    "again": _again,
    "issue": _issue,
}


@login_required
@require_POST
def call_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on a call and return to its page, with its success or its refusal."""
    verb = ACTS.get(act)
    if verb is None:
        raise Http404
    call = readable_call(request, pk)
    try:
        done = verb(request, call)
    except Refused as refused:
        return tell_refusal(request, refused, call)
    if not allowed(request.user, "verification.read_call", call):
        return redirect("call_list")
    return back(request, call, done)
