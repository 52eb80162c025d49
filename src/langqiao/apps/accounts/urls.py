"""Addresses of a person's own pages."""

from __future__ import annotations

from django.urls import path

from langqiao.apps.accounts import views

urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/read/", views.read_notifications, name="notifications_read"),
    path("notifications/<int:pk>/", views.open_notification, name="notification_open"),
    path("me/", views.profile, name="profile"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<int:pk>/revoke/", views.revoke, name="token_revoke"),
    path("members/", views.members, name="members"),
    path("members/<int:pk>/end/", views.end, name="member_end"),
]
