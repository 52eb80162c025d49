"""Pages of scenarios and demands for key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.quantum.domain import demands as verbs
from langqiao.apps.quantum.domain import scenarios
from langqiao.apps.quantum.forms.demands import DemandForm, ScenarioForm
from langqiao.apps.quantum.forms.parts import ReasonForm, RemarkForm
from langqiao.apps.quantum.listings.parts import state_badge
from langqiao.apps.quantum.models import Demand, Scenario, Site
from langqiao.apps.quantum.queries.cases import thread
from langqiao.apps.quantum.queries.demands import visible_demands
from langqiao.apps.quantum.queries.network import sites_with_links
from langqiao.apps.quantum.queries.plans import route_in_words, verdict_on
from langqiao.apps.quantum.views.parts import reason, through_form
from langqiao.kit.acting import Act, actor, back, do, key, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.words import is_english, named

State = Demand.State
TERM_DAYS = 365


def _scenario(pk: int) -> Scenario:
    return get_object_or_404(
        Scenario.objects.select_related("organisation").prefetch_related("cities"), pk=pk
    )


@require_safe
def scenario_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A scenario with its source and the demands that the reader may see."""
    scenario = _scenario(pk)
    demands = list(visible_demands(request.user).filter(scenario=scenario)[:50])
    english = is_english() and scenario.summary_en
    context = {
        "scenario": scenario,
        "summary": scenario.summary_en if english else scenario.summary,
        "demands": [{"demand": one, "badge": state_badge(one)} for one in demands],
        "sites": list(Site.objects.filter(city__in=scenario.cities.all()).select_related("city")),
        "may_keep": allowed(request.user, "quantum.keep_scenario", scenario),
        "may_ask": allowed(request.user, "quantum.ask"),
        "entries": thread(scenario, request.user),
    }
    return render(request, "quantum/demands/scenario_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def scenario_new(request: HttpRequest) -> HttpResponse:
    """Register a scenario."""
    require(request.user, "quantum.keep_scenario")
    return through_form(
        request,
        ScenarioForm(request.POST or None),
        lambda values: scenarios.register_scenario(actor(request), **values),
        title=_("登记场景"),
        lead=_("真实场景写明来源；没有公布的请标为示例。"),
        button=_("登记"),
        cancel=reverse("scenario_list"),
        done=_("场景已登记。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def scenario_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a scenario."""
    scenario = _scenario(pk)
    require(request.user, "quantum.keep_scenario", scenario)
    return through_form(
        request,
        ScenarioForm(request.POST or None, scenario=scenario),
        lambda values: scenarios.revise_scenario(actor(request), scenario, **values),
        title=_("修改场景"),
        lead=named(scenario),
        button=_("保存"),
        cancel=scenario.get_absolute_url(),
        done=_("已保存。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def demand_new(request: HttpRequest) -> HttpResponse:
    """Propose a demand; ``?scenario=`` names what it is for."""
    require(request.user, "quantum.ask")
    if not Site.objects.exists():
        return back(request, "demand_list", _("还没有可以选择的站点。"))
    today = timezone.localdate()
    first = {
        "scenario": key(request.GET.get("scenario")) or None,
        "starts_on": today,
        "ends_on": today + timedelta(days=TERM_DAYS),
    }
    return through_form(
        request,
        DemandForm(request.POST or None, viewer=request.user, initial=first),
        lambda values: verbs.propose_demand(actor(request), **values),
        title=_("提出密钥需求"),
        lead=_("两端站点的运营方按网络能力审核，结果会通知您。"),
        button=_("提出需求"),
        cancel=reverse("demand_list"),
        done=_("已提出，运营方会收到通知。"),
    )


def demand_steps(demand: Demand) -> list[tuple[Any, str]]:
    """The step line of a demand."""
    state = State(demand.state)
    if state == State.PROPOSED:
        return [(state.label, "now"), (State.ADMITTED.label, "next"), (State.ENDED.label, "next")]
    if state in {State.REFUSED, State.WITHDRAWN}:
        return [(State.PROPOSED.label, "done"), (state.label, "off")]
    admitted = "now" if state == State.ADMITTED else "done"
    ended = "done" if state == State.ENDED else "next"
    return [(State.PROPOSED.label, "done"), (State.ADMITTED.label, admitted), (State.ENDED.label, ended)]


@login_required
@require_safe
def demand_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A demand with its key budget, what the network could give it, and what may be done now."""
    demand = get_object_or_404(visible_demands(request.user), pk=pk)
    user = request.user
    decides = allowed(user, "quantum.decide_demand", demand)
    open_ = demand.state in {State.PROPOSED, State.ADMITTED}
    days = (demand.ends_on - demand.starts_on).days + 1
    context = {
        "demand": demand,
        "badge_state": state_badge(demand),
        "steps": demand_steps(demand),
        "keys_a_day": demand.bps / demand.key_bits * 86_400,
        "bits_total": demand.bps * 86_400 * days,
        "verdict": _verdict(demand) if open_ and allowed(user, "quantum.plan") else None,
        "may_decide": decides and demand.state == State.PROPOSED,
        "may_end": decides and demand.state == State.ADMITTED,
        "may_withdraw": demand.state == State.PROPOSED and allowed(user, "quantum.ask", demand),
        "remark_form": RemarkForm(),
        "reason_form": ReasonForm(),
        "entries": thread(demand, user),
    }
    return render(request, "quantum/demands/demand_detail.html", context)


def _verdict(demand: Demand) -> dict[str, Any]:
    found = verdict_on(demand)
    names = {site.slug: named(site) for site in sites_with_links()}
    routes = [
        {"words": [route_in_words(route, names) for route in flow.routes], "bps": flow.bps}
        for flow in found.row.flows
    ]
    return {"found": found, "row": found.row, "percent": 100 * found.row.share, "routes": routes}


def _admit(request: HttpRequest, demand: Demand) -> Any:
    verbs.admit_demand(actor(request), demand, **read(RemarkForm(request.POST)))
    return _("已接纳，需求单位会收到通知。")


def _refuse(request: HttpRequest, demand: Demand) -> Any:
    verbs.refuse_demand(actor(request), demand, why=reason(request))
    return _("未接纳，已通知需求单位。")


def _withdraw(request: HttpRequest, demand: Demand) -> Any:
    verbs.withdraw_demand(actor(request), demand)
    return _("需求已撤回。")


def _end(request: HttpRequest, demand: Demand) -> Any:
    verbs.end_demand(actor(request), demand, why=reason(request))
    return _("需求已结束，占用的密钥已放出。")


DEMAND_ACTS: dict[str, Act] = {"admit": _admit, "refuse": _refuse, "withdraw": _withdraw, "end": _end}


@login_required
@require_POST
def demand_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Admit, refuse, withdraw or end a demand."""
    return do(request, DEMAND_ACTS, act, get_object_or_404(visible_demands(request.user), pk=pk))
