"""Addresses of the import pages."""

from __future__ import annotations

from django.urls import path

from langqiao.apps.registry.exchange import views

urlpatterns = [
    path("import/", views.start, name="import_start"),
    path("import/<str:token>/columns/", views.mapping, name="import_map"),
    path("import/<str:token>/", views.job_page, name="import_job"),
    path("import/<str:token>/confirm/", views.confirm, name="import_confirm"),
    path("import/<str:token>/stop/", views.stop, name="import_stop"),
    path("import/<str:token>/drop/", views.drop, name="import_drop"),
    path("import/<str:token>/failed.csv", views.failed_rows, name="import_failed"),
]
