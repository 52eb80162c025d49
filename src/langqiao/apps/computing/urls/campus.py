"""Addresses of the campus."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.computing.listings import campus as listings
from langqiao.apps.computing.views import campus, planning, servers
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("campuses/", list_view(listings.CampusListing), name="campus_list"),
    path("campuses/new/", campus.campus_new, name="campus_new"),
    path("campuses/<int:pk>/", campus.campus_detail, name="campus_detail"),
    path("campuses/<int:pk>/edit/", campus.campus_edit, name="campus_edit"),
    path("campuses/<int:pk>/act/<slug:act>/", campus.campus_act, name="campus_act"),
    path("campuses/<int:pk>/map/", campus.campus_map, name="campus_map"),
    path("campuses/<int:pk>/plan/", planning.campus_plan, name="campus_plan"),
    path("campuses/<int:pk>/buildings/new/", campus.building_new, name="building_new"),
    path("campuses/<int:pk>/servers/import/", servers.server_import, name="server_import"),
    path("buildings/<int:pk>/", campus.building_detail, name="building_detail"),
    path("buildings/<int:pk>/edit/", campus.building_edit, name="building_edit"),
    path("buildings/<int:pk>/halls/new/", campus.hall_new, name="hall_new"),
    path("halls/<int:pk>/edit/", campus.hall_edit, name="hall_edit"),
    path("halls/<int:pk>/act/<slug:act>/", campus.hall_act, name="hall_act"),
    path("servers/", list_view(listings.ServerListing), name="server_list"),
    path("servers/<int:pk>/", servers.server_detail, name="server_detail"),
    path("servers/<int:pk>/act/<slug:act>/", servers.server_act, name="server_act"),
    path("readings/", list_view(listings.ReadingListing), name="reading_list"),
]
