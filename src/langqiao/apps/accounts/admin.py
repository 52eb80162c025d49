"""Accounts in the admin: users and tokens; roles are granted through the verbs, not here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import ApiToken, Membership, Notification, User


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shown for support; changes belong to the verbs, which leave ledger entries."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "display_name", "email", "is_active", "is_staff", "last_login")
    search_fields = ("username", "display_name", "email")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        (_("廊桥"), {"fields": ("display_name", "language", "illustrative")}),
    )


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "organisation", "role", "is_manager", "valid_from", "valid_to")
    list_filter = ("role", "is_manager")
    search_fields = ("user__username", "organisation__name")
    list_select_related = ("user", "organisation")


@admin.register(ApiToken)
class TokenAdmin(ReadOnly):
    list_display = ("name", "user", "may_write", "expires_at", "last_used_at", "revoked_at")
    exclude = ("digest",)
    list_select_related = ("user",)


@admin.register(Notification)
class NotificationAdmin(ReadOnly):
    list_display = ("at", "user", "event", "read_at")
    list_select_related = ("user",)
