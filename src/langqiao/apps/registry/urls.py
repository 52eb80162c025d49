"""Addresses of the registry's pages; every kind of record has the same set."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.urls import URLPattern, path

from langqiao.apps.registry import listings
from langqiao.apps.registry.domain.kinds import KINDS
from langqiao.apps.registry.views import edit, pages
from langqiao.kit.listing import list_view

# Kind → first part of its addresses, its list, its page.
_PAGES: dict[str, tuple[str, type[listings.RegistryListing], Callable[..., Any]]] = {
    "organisations": ("organisations", listings.OrganisationListing, pages.organisation_detail),
    "people": ("people", listings.PersonListing, pages.person_detail),
    "achievements": ("achievements", listings.AchievementListing, pages.achievement_detail),
    "facilities": ("facilities", listings.FacilityListing, pages.facility_detail),
    "finance": ("finance", listings.FinanceListing, partial(pages.record_detail, kind_name="finance")),
    "products": ("products", listings.ProductListing, partial(pages.record_detail, kind_name="products")),
    "talent_demand": (
        "talent",
        listings.TalentListing,
        partial(pages.record_detail, kind_name="talent_demand"),
    ),
    "training": ("training", listings.TrainingListing, partial(pages.record_detail, kind_name="training")),
    "programmes": ("programmes", listings.ProgrammeListing, pages.programme_detail),
}


def _addresses(kind_name: str) -> list[URLPattern]:
    prefix, listing, detail = _PAGES[kind_name]
    word, kind = KINDS[kind_name].model.page, {"kind_name": kind_name}
    return [
        path(f"{prefix}/", list_view(listing), name=f"{word}_list"),
        path(f"{prefix}/new/", edit.add, kind, name=f"{word}_new"),
        path(f"{prefix}/<int:pk>/", detail, name=f"{word}_detail"),
        path(f"{prefix}/<int:pk>/edit/", edit.edit, kind, name=f"{word}_edit"),
        path(f"{prefix}/<int:pk>/retire/", edit.retire, kind, name=f"{word}_retire"),
    ]


urlpatterns = [
    *(address for kind_name in _PAGES for address in _addresses(kind_name)),
    path("organisations/<int:pk>/roles/", edit.role_add, name="organisation_role_add"),
    path("organisations/<int:pk>/roles/<int:role_pk>/end/", edit.role_end, name="organisation_role_end"),
    path("people/<int:pk>/account/", edit.person_link, name="person_link"),
    path("cities/<slug:slug>/", pages.city_detail, name="city_detail"),
]
