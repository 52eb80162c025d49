"""All addresses: pages of each app, the REST API, accounts and the admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from langqiao.web import views
from langqiao.web.api import api

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("langqiao.apps.accounts.urls")),
    path("", include("langqiao.apps.ledger.urls")),
    path("", include("langqiao.apps.challenges.urls")),
    path("", include("langqiao.apps.verification.urls")),
    path("", include("langqiao.apps.conference.urls")),
    path("computing/", include("langqiao.apps.computing.urls")),
    path("quantum/", include("langqiao.apps.quantum.urls")),
    path("", include("langqiao.apps.alliances.urls")),
    path("insight/", include("langqiao.apps.insight.urls")),
    path("", include("langqiao.apps.eye.urls")),
    path("", include("langqiao.apps.registry.urls")),
    path("", include("langqiao.apps.registry.exchange.urls")),
    path("api/v1/", api.urls),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
handler400 = "langqiao.web.views.not_readable"
handler404 = "langqiao.web.views.not_found"
