"""Addresses of the dossier, the wall and the live ticker."""

from __future__ import annotations

from django.urls import URLPattern, path

from langqiao.apps.eye.views import dossier, wall

urlpatterns: list[URLPattern] = [
    path("eye/cases/", dossier.dossier_list, name="eye_dossiers"),
    path("eye/cases/<str:case>/", dossier.dossier_detail, name="eye_dossier"),
    path("eye/cases/<str:case>/dossier.json", dossier.dossier_file, name="eye_dossier_file"),
    path("eye/wall/", wall.wall, name="eye_wall"),
    path("eye/live/", wall.live_acts, name="eye_live"),
]
