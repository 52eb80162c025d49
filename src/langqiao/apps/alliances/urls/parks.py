"""Addresses of parks."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.alliances.listings.parks import ActivityListing, ParkListing
from langqiao.apps.alliances.views.parks import pages
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("parks/", list_view(ParkListing), name="park_list"),
    path("parks/compare/", pages.park_compare, name="park_compare"),
    path("parks/activities/", list_view(ActivityListing), name="park_activity_list"),
    path("parks/import/", pages.park_import, name="park_import"),
    path("parks/new/", pages.park_new, name="park_new"),
    path("parks/cities/<slug:slug>/", pages.city_page, name="park_city_report"),
    path("parks/<int:pk>/", pages.park_detail, name="park_detail"),
    path("parks/<int:pk>/report/", pages.park_page, name="park_report"),
    path("parks/<int:pk>/edit/", pages.park_edit, name="park_edit"),
    path("parks/<int:pk>/activities/new/", pages.activity_new, name="park_activity_new"),
    path("parks/<int:pk>/activities/drop/", pages.activity_drop, name="park_activity_drop"),
]
