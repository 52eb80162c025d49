"""Addresses of open data; they are stable: others cite them."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.eye.views import open_data as views

urlpatterns: list[URLPattern] = [
    path("open-data/", views.open_data_list, name="open_data_list"),
    path("open-data/catalog.jsonld", views.open_data_catalogue, name="open_data_catalogue"),
    path("open-data/<slug:slug>/", views.open_data_detail, name="open_data_detail"),
    path("open-data/<slug:slug>.csv-metadata.json", views.open_data_dictionary, name="open_data_dictionary"),
    path("open-data/<slug:slug>.<slug:ending>", views.open_data_file, name="open_data_file"),
]
