"""Pages of the tree and of one alliance."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.alliances.domain.alliances import keeping, members
from langqiao.apps.alliances.forms.alliances import (
    AllianceForm,
    ApplyForm,
    DescriptionForm,
    NewAllianceForm,
    SecretariatForm,
)
from langqiao.apps.alliances.listings.alliances import lead_name, state_badge
from langqiao.apps.alliances.models import Alliance, Exchange, Member
from langqiao.apps.alliances.queries.alliances import inside
from langqiao.apps.alliances.queries.alliances import tree as reads
from langqiao.apps.alliances.queries.alliances.cases import thread
from langqiao.apps.alliances.views.alliances.parts import through_form
from langqiao.kit.acting import Act, actor, back, do, read, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused
from langqiao.kit.words import is_english, named

SHOWN = 6
MEMBERS_SHOWN = 20
ENTRIES_SHOWN = 8


@require_safe
def alliance_tree(request: HttpRequest) -> HttpResponse:
    """The tree with what is published of it, and how much of that is known here by name."""
    root = reads.tree()
    known = (
        []
        if root is None
        else [one for one in _all(root) if not (one.node.is_group or one.node.illustrative)]
    )
    context = {
        "root": root,
        "industries": [] if root is None else [one for one in root.children if one.node.is_group],
        "others": [] if root is None else [one for one in root.children if not one.node.is_group],
        "known": len(known),
        "members": sum(one.members for one in known),
        "figures": reads.figures(),
        "may_load": allowed(request.user, "alliances.load_tree"),
        "may_keep": allowed(request.user, "alliances.keep"),
        "mine": inside.inside_of(request.user) | inside.run_by(request.user),
    }
    return render(request, "alliances/alliances/tree.html", context)


def _all(branch: reads.Branch) -> list[reads.Branch]:
    return [branch, *(one for child in branch.children for one in _all(child))]


@login_required
@require_POST
def tree_load(request: HttpRequest) -> HttpResponse:
    """Load the tree from the corridor's file."""
    try:
        loaded = keeping.load_tree(actor(request))
    except Refused as refused:
        return tell_refusal(request, refused, "alliance_tree")
    return back(
        request,
        "alliance_tree",
        _("已载入：新增 %(made)s，更新 %(changed)s，未变 %(unchanged)s。")
        % {"made": loaded.made, "changed": loaded.changed, "unchanged": loaded.unchanged},
    )


def _alliance(pk: int) -> Alliance:
    rows = Alliance.objects.select_related("parent", "field", "city", "lead", "secretariat")
    return get_object_or_404(rows, pk=pk)


@require_safe
def alliance_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One alliance: what is known of it, its members, and for them its activities, needs and contacts."""
    alliance, user = _alliance(pk), request.user
    english = is_english()
    sees_inside = allowed(user, "alliances.read_exchange", alliance)
    active = alliance.members.filter(state=Member.State.ACTIVE).select_related("organisation__city")
    waiting = inside.visible_members(user).filter(alliance=alliance, state=Member.State.APPLIED)
    gatherings = inside.visible_gatherings(user).filter(alliance=alliance)
    exchanges = inside.visible_exchanges(user).filter(alliance=alliance, state=Exchange.State.OPEN)
    held = set(
        Member.objects.filter(alliance=alliance, state__in=Member.OPEN).values_list("organisation", flat=True)
    )
    free = inside.own_organisations(user).exclude(pk__in=held)
    keeps = allowed(user, "alliances.keep")
    context = {
        "alliance": alliance,
        "lead_firm": lead_name(alliance),
        "description": (english and alliance.description_en) or alliance.description,
        "note": (english and alliance.note_en) or alliance.note,
        "children": reads.alliances().filter(parent=alliance) if alliance.is_group else [],
        "members": list(active.order_by("joined_on", "pk")[:MEMBERS_SHOWN]),
        "member_count": active.count(),
        "waiting": list(waiting),
        "gatherings": [(one, state_badge(one)) for one in gatherings.order_by("-starts_at")[:SHOWN]],
        "exchanges": list(exchanges.order_by("-pk")[:SHOWN]) if sees_inside else [],
        "sees_inside": sees_inside,
        "contact": inside.own_contact(user, alliance),
        "contact_count": inside.visible_contacts(user).filter(alliance=alliance).count()
        if sees_inside
        else 0,
        "may_join_contacts": not alliance.is_group and allowed(user, "alliances.give_consent", alliance),
        "ratings": [
            (one, state_badge(one)) for one in inside.visible_ratings(user).filter(alliance=alliance)
        ],
        "may_apply": not alliance.is_group and free.exists(),
        "apply_form": ApplyForm(own=free),
        "may_hold": not alliance.is_group and allowed(user, "alliances.hold", alliance),
        "may_post": not alliance.is_group and allowed(user, "alliances.post", alliance),
        "may_keep": keeps,
        "may_describe": allowed(user, "alliances.describe", alliance),
        "secretariat_form": SecretariatForm(),
        "entries": thread(alliance, alliance, user)[-ENTRIES_SHOWN:],
    }
    return render(request, "alliances/alliances/detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def alliance_new(request: HttpRequest) -> HttpResponse:
    """Register an alliance."""
    require(request.user, "alliances.keep")
    return through_form(
        request,
        NewAllianceForm(request.POST or None),
        lambda values: keeping.register_alliance(actor(request), **values),
        title=_("登记联盟"),
        lead=_("成立日期须写明来源；没有公布的留空，并在说明中写明。"),
        button=_("登记"),
        cancel=reverse("alliance_list"),
        done=_("联盟已登记。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def alliance_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise an alliance: everything for the office, the description for its secretariat."""
    alliance = _alliance(pk)
    form: AllianceForm | DescriptionForm
    if allowed(request.user, "alliances.keep", alliance):
        form = AllianceForm(request.POST or None, alliance=alliance)
    else:
        require(request.user, "alliances.describe", alliance)
        first = {"description": alliance.description, "description_en": alliance.description_en}
        form = DescriptionForm(request.POST or None, initial=first)
    return through_form(
        request,
        form,
        lambda values: keeping.revise_alliance(actor(request), alliance, **values),
        title=_("修改联盟"),
        lead=named(alliance),
        button=_("保存"),
        cancel=alliance.get_absolute_url(),
        done=_("已保存。"),
    )


def _appoint(request: HttpRequest, alliance: Alliance) -> Any:
    organisation = read(SecretariatForm(request.POST))["organisation"]
    keeping.appoint_secretariat(actor(request), alliance, organisation=organisation)
    return _("秘书处已指定。请在“机构成员”中为其人员授予联盟秘书处角色。")


def _apply(request: HttpRequest, alliance: Alliance) -> Any:
    form = ApplyForm(request.POST, own=inside.own_organisations(request.user))
    members.apply_membership(actor(request), alliance, **read(form))
    return _("申请已提交，秘书处会收到通知。")


ACTS: dict[str, Act] = {"appoint": _appoint, "apply": _apply}


@login_required
@require_POST
def alliance_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Appoint the secretariat, or apply for membership."""
    return do(request, ACTS, act, _alliance(pk))
