"""Addresses of alliances (联盟)."""

from __future__ import annotations

from langqiao.apps.alliances.urls import alliances, chains, parks

urlpatterns = [*alliances.urlpatterns, *chains.urlpatterns, *parks.urlpatterns]
