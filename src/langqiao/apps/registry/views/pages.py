"""Object pages of the registry."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from langqiao.apps.registry import queries
from langqiao.apps.registry.domain.kinds import KINDS
from langqiao.apps.registry.forms import LinkForm, RoleForm
from langqiao.apps.registry.models import Achievement, City, Facility, Organisation, Person, Programme
from langqiao.apps.registry.sections import sections_for
from langqiao.apps.registry.views.facts import facts_of, kind_for, who_and_where
from langqiao.kit.permissions import allowed


def page(request: HttpRequest, record: Any, template: str, **more: Any) -> HttpResponse:
    """Draw an object page with what all of them show."""
    kind = kind_for(record)
    sections = sections_for(record, request.user)
    context = {
        "record": record,
        "kind": kind,
        "who": who_and_where(record),
        "facts": facts_of(record),
        "acts": queries.acts_on(record),
        "sections": [section for section in sections if not section.aside],
        "aside_sections": [section for section in sections if section.aside],
        "list_url": reverse(f"{record.page}_list"),
        "edit_url": _url(record, "edit") if allowed(request.user, kind.keep_permission, record) else "",
        "retire_url": _url(record, "retire") if allowed(request.user, "registry.retire", record) else "",
        **more,
    }
    # A retired record keeps its address; the page says that it is retired and why.
    status = 410 if record.retired_at is not None else 200
    return render(request, template, context, status=status)


def _url(record: Any, act: str) -> str:
    return reverse(f"{record.page}_{act}", args=[record.pk]) if record.retired_at is None else ""


@require_safe
def organisation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An organisation: names, roles, people, achievements, products, offers."""
    organisation = get_object_or_404(Organisation.everything.select_related("city"), pk=pk)
    achievements, achievement_count = queries.counted(
        queries.achievements().filter(owner=organisation), limit=8
    )
    people, people_count = queries.counted(queries.people().filter(organisation=organisation), limit=8)
    products = list(queries.products().filter(organisation=organisation)[:100])
    return page(
        request,
        organisation,
        "registry/organisation.html",
        names=list(organisation.names.order_by("-valid_to")),
        roles=list(organisation.roles.order_by("-valid_from")),
        achievements=achievements,
        achievement_count=achievement_count,
        people=people,
        people_count=people_count,
        tiers=queries.chain_tiers(products),
        facilities=list(queries.facilities().filter(organisation=organisation)[:20]),
        finance=list(queries.finance().filter(organisation=organisation)[:20]),
        talent=list(queries.talent_demand().filter(organisation=organisation)[:20]),
        training=list(queries.training().filter(organisation=organisation)[:20]),
        programmes=list(queries.programmes().filter(lead=organisation)[:20]),
        role_form=RoleForm() if allowed(request.user, "registry.give_role", organisation) else None,
    )


@require_safe
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A person; the evidence of what they know is their achievements."""
    person = get_object_or_404(Person.everything.select_related("city", "organisation__city"), pk=pk)
    achievements, count = queries.counted(queries.achievements().filter(people=person), limit=50)
    may_link = person.retired_at is None and allowed(request.user, "registry.link_person", person)
    return page(
        request,
        person,
        "registry/person.html",
        achievements=achievements,
        achievement_count=count,
        link_form=LinkForm(initial={"username": getattr(person.user, "username", "")}) if may_link else None,
    )


@require_safe
def achievement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An achievement with its people and owner."""
    rows = Achievement.everything.select_related("city", "owner__city", "field")
    achievement = get_object_or_404(rows, pk=pk)
    people = list(queries.people().filter(achievements=achievement)[:50])
    return page(request, achievement, "registry/achievement.html", people=people)


@require_safe
def facility_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A facility or instrument."""
    rows = Facility.everything.select_related("city", "organisation__city")
    return page(request, get_object_or_404(rows, pk=pk), "registry/record.html")


@require_safe
def programme_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A programme with its stated figures, each with unit, date and source."""
    rows = Programme.everything.select_related("city", "lead__city")
    return page(request, get_object_or_404(rows, pk=pk), "registry/programme.html")


@require_safe
def record_detail(request: HttpRequest, pk: int, *, kind_name: str) -> HttpResponse:
    """A record that needs no more than its facts and text."""
    kind = KINDS[kind_name]
    references = [
        name for name in ("organisation__city", "city", "field") if hasattr(kind.model, name.split("__")[0])
    ]
    rows = kind.model.everything.select_related(*references)
    return page(request, get_object_or_404(rows, pk=pk), "registry/record.html")


@require_safe
def city_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A city: what the registry holds of it, its organisations, the way to the other cities."""
    city = get_object_or_404(City, pk=slug)
    organisations, organisation_count = queries.counted(queries.organisations().filter(city=city), limit=12)
    return render(
        request,
        "registry/city.html",
        {
            "city": city,
            "figures": queries.city_figures(city),
            "organisations": organisations,
            "organisation_count": organisation_count,
            "distances": queries.distances_from(city),
            "programmes": list(queries.programmes().filter(city=city)[:10]),
            "sections": sections_for(city, request.user),
        },
    )
