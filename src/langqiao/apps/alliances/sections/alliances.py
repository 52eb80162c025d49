"""Alliances on the pages of organisations and cities, and what waits for a person."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.rules import is_office
from langqiao.apps.alliances.models import (
    Alliance,
    Attendance,
    Gathering,
    Mark,
    Member,
    Rating,
    RatingScheme,
    Reply,
)
from langqiao.apps.alliances.queries.alliances.inside import inside_of, run_by, visible_members
from langqiao.apps.alliances.queries.alliances.tree import alliances
from langqiao.apps.alliances.rules.alliances import own_ids, secretariat_ids
from langqiao.apps.registry.models import City, Organisation
from langqiao.apps.registry.sections import Awaiting, Section, awaiting_of, page_section

LISTED = 20
WAITING_AT_MOST = 50


def alliances_of(organisation: Any, viewer: Any) -> Section | None:
    """The alliances that an organisation leads, runs or belongs to, as the viewer may see them."""
    members = list(visible_members(viewer).filter(organisation=organisation, state__in=Member.OPEN)[:LISTED])
    led = list(Alliance.objects.filter(lead=organisation))
    run = list(Alliance.objects.filter(secretariat=organisation))
    if not (members or led or run):
        return None
    context = {"members": members, "led": led, "run": run}
    return Section(_("产业联盟"), "alliances/alliances/section_organisation.html", context)


def alliances_in(city: Any, viewer: Any) -> Section | None:  # noqa: ARG001  they are public
    """The alliances that have their seat in a city."""
    rows = list(alliances().filter(city=city)[:LISTED])
    return Section(_("产业联盟"), "alliances/alliances/section_city.html", {"rows": rows}) if rows else None


def awaiting(viewer: Any) -> list[Awaiting]:
    """Applications and self-assessments for the secretariat, replies and activities for members."""
    return [*_applications(viewer), *_marks(viewer), *_replies(viewer), *_gatherings(viewer)]


def _applications(viewer: Any) -> list[Awaiting]:
    if not secretariat_ids(viewer) and not is_office.test(viewer):
        return []
    rows = Member.objects.filter(state=Member.State.APPLIED, alliance__in=run_by(viewer))
    return [
        Awaiting(
            _("联盟成员申请待审核"), str(one.organisation), one.get_absolute_url(), note=str(one.alliance)
        )
        for one in rows.select_related("organisation", "alliance").order_by("pk")[:WAITING_AT_MOST]
    ]


def _marks(viewer: Any) -> list[Awaiting]:
    """The newest year's self-assessments that the secretariat has not made."""
    scheme = RatingScheme.objects.order_by("-year").first() if secretariat_ids(viewer) else None
    own = list(scheme.criteria.filter(marker="secretariat").values_list("pk", flat=True)) if scheme else []
    if scheme is None or not own:
        return []
    rows = []
    for alliance in Alliance.objects.filter(secretariat__in=secretariat_ids(viewer)):
        rating = Rating.objects.filter(scheme=scheme, alliance=alliance).first()
        done = Mark.objects.filter(rating=rating, criterion__in=own).count() if rating else 0
        if done < len(own) and (rating is None or rating.state == Rating.State.MARKING):
            page = Rating(scheme=scheme, alliance=alliance).get_absolute_url()
            rows.append(Awaiting(_("联盟年度考核待自评"), str(alliance), page))
    return rows


def _replies(viewer: Any) -> list[Awaiting]:
    mine = own_ids(viewer)
    if not mine:
        return []
    rows = Reply.objects.filter(state=Reply.State.SENT, exchange__organisation__in=mine)
    return [
        Awaiting(
            _("联盟供需回应待答复"),
            one.exchange.title,
            one.exchange.get_absolute_url(),
            due=one.exchange.valid_to,
        )
        for one in rows.select_related("exchange")[:WAITING_AT_MOST]
    ]


def _gatherings(viewer: Any) -> list[Awaiting]:
    """Announced activities of the own alliances for which nobody of the own organisations registered."""
    mine = own_ids(viewer)
    if not mine:
        return []
    answered = Attendance.objects.filter(gathering=OuterRef("pk"), organisation__in=mine)
    rows = Gathering.objects.filter(
        ~Exists(answered),
        state=Gathering.State.ANNOUNCED,
        starts_at__gt=timezone.now(),
        alliance__in=inside_of(viewer),
    )
    return [
        Awaiting(
            _("联盟活动可报名"),
            one.title,
            one.get_absolute_url(),
            due=timezone.localtime(one.starts_at).date(),
        )
        for one in rows.order_by("starts_at")[:WAITING_AT_MOST]
    ]


def register() -> None:
    """Put the sections and rows on their pages."""
    page_section(Organisation, alliances_of)
    page_section(City, alliances_in)
    awaiting_of(awaiting)
