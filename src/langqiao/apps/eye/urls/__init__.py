"""Addresses of the Eye (科创之眼)."""

from __future__ import annotations

from langqiao.apps.eye.urls import open_data, portal, wall

urlpatterns = [*portal.urlpatterns, *wall.urlpatterns, *open_data.urlpatterns]
