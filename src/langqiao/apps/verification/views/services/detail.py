"""The page of an examination, its request and its small acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.verification.domain import services
from langqiao.apps.verification.forms.services import EvidenceForm, RequestForm, WhyForm
from langqiao.apps.verification.listings.services import conclusion_badge, state_badge
from langqiao.apps.verification.models import Examination
from langqiao.apps.verification.queries.services import dossier, steps, thread
from langqiao.apps.verification.rules import insider_ids
from langqiao.apps.verification.views.services.shared import may_of, outlined, primary_of
from langqiao.kit.acting import actor, add_refusal, back, read, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@login_required
@require_http_methods(["GET", "POST"])
def examination_new(request: HttpRequest) -> HttpResponse:
    """Ask a centre for a service; ``?achievement=``, ``?centre=`` and ``?case=`` fill in what is known."""
    require(request.user, "verification.request_examination")
    clients = Organisation.objects.filter(pk__in=insider_ids(request.user)).select_related("city")
    given = request.GET
    number = _number(given.get("achievement", ""))
    achievement = None if number is None else Achievement.objects.filter(pk=number).first()
    initial: dict[str, Any] = {
        "achievement": achievement,
        "centre": _number(given.get("centre", "")),
        "case": given.get("case", "")[:40],
        "service": given.get("service", Examination.Service.TECHNICAL),
    }
    form = RequestForm(request.POST or None, clients=clients, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            examination = services.request_examination(actor(request), **form.cleaned_data)
            done = _("委托已送达，项目编号 %(case)s。") % {"case": examination.case}
            return back(request, examination, done)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "achievement": achievement}
    return render(request, "verification/services/new.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def examination_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of an examination: its content for the parties, its outline for the office."""
    examination = outlined(request, pk)
    user = request.user
    entries = thread(examination, user)
    context: dict[str, Any] = {
        "examination": examination,
        "badge_state": state_badge(examination),
        "badge_conclusion": conclusion_badge(examination),
        "entries": entries,
        "steps": steps(examination, entries),
        "readable": allowed(user, "verification.read_examination", examination),
    }
    if context["readable"]:
        shown = dossier(examination)
        may = may_of(examination, user, held=shown.milestones)
        context |= {
            "dossier": shown,
            "may": may,
            "primary": primary_of(shown, may),
            "experts": list(examination.experts.select_related("organisation")),
            "why_form": WhyForm(),
            "evidence_form": EvidenceForm() if may["file"] else None,
        }
    return render(request, "verification/services/detail.html", context)


def _accept(request: HttpRequest, examination: Examination) -> Any:
    services.accept_examination(actor(request), examination)
    return _("已受理，请编制方案。")


def _decline(request: HttpRequest, examination: Examination) -> Any:
    services.decline_examination(actor(request), examination, **read(WhyForm(request.POST)))
    return _("已答复不受理。")


def _begin(request: HttpRequest, examination: Examination) -> Any:
    services.begin(actor(request), examination)
    return _("验证已启动。")


def _withdraw(request: HttpRequest, examination: Examination) -> Any:
    services.withdraw_examination(actor(request), examination, **read(WhyForm(request.POST)))
    return _("委托已撤回。")


ACTS: dict[str, Callable[[HttpRequest, Examination], Any]] = {
    "accept": _accept,
    "decline": _decline,
    "begin": _begin,
    "withdraw": _withdraw,
}


@login_required
@require_POST
def examination_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on an examination and return to its page."""
    examination = outlined(request, pk)
    if act not in ACTS:
        raise Http404
    try:
        done = ACTS[act](request, examination)
    except Refused as refused:
        return tell_refusal(request, refused, examination)
    return back(request, examination, done)
