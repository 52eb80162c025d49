"""Addresses of indicators."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.insight.listings.indicators import IndicatorListing, ValueListing
from langqiao.apps.insight.views import indicators as views
from langqiao.kit.listing import list_view

urlpatterns: list[URLPattern] = [
    path("", list_view(IndicatorListing), name="indicator_list"),
    path("indicators/new/", views.indicator_new, name="indicator_new"),
    path("indicators/<slug:slug>/", views.indicator_detail, name="indicator_detail"),
    path("indicators/<slug:slug>/edit/", views.indicator_edit, name="indicator_edit"),
    path("values/", list_view(ValueListing), name="value_list"),
    path("values/import/", views.value_import, name="value_import"),
    path("values/template.csv", views.value_template, name="value_template"),
    path("values/<int:pk>/withdraw/", views.value_withdraw, name="value_withdraw"),
    path("claims/", views.claim_list, name="claim_list"),
    path("methods/", views.method_list, name="method_list"),
    path("methods/<slug:key>/", views.method_detail, name="method_detail"),
]
