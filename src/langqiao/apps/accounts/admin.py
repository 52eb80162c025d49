"""Accounts in the admin: users and tokens; roles are granted through the verbs, not here.

What people were told (通知) is theirs and not shown.
"""

from __future__ import annotations

from typing import Any

# These register their pages when they are imported, before some are taken away below.
import allauth.account.admin
import allauth.socialaccount.admin  # noqa: F401
import django_otp.plugins.otp_static.admin
import django_otp.plugins.otp_totp.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from langqiao.apps.accounts.models import ApiToken, Membership, User
from langqiao.kit.admin import ReadOnly


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "display_name", "email", "is_active", "is_staff", "last_login")
    search_fields = ("username", "display_name", "email")
    fieldsets = (
        (None, {"fields": ("username", "email", "last_login", "date_joined")}),
        (_("廊桥"), {"fields": ("display_name", "language", "illustrative")}),
        (_("权限"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    # Name, address and password are the way into an account and to what it may read.
    readonly_fields = ("username", "email", "last_login", "date_joined", "illustrative")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        ranks = (
            () if request.user.is_superuser else ("is_staff", "is_superuser", "groups", "user_permissions")
        )
        return (*self.readonly_fields, *ranks)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: ARG002
        """Nobody sets another's password: whoever knows it reads what they read."""
        raise PermissionDenied

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        # The ledger and memberships speak of them; an account that should end is made inactive.
        return False


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


class AddressAdmin(ReadOnly):
    """Addresses of e-mail as people proved them: changing one would be a way into an account."""

    list_display = ("email", "user", "primary", "verified")
    search_fields = ("email", "user__username")
    list_select_related = ("user",)


# Pages of other packages by which staff could enter accounts; their modules are imported above.
for _model in (EmailAddress, SocialToken, SocialAccount, TOTPDevice, StaticDevice):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
admin.site.register(EmailAddress, AddressAdmin)
