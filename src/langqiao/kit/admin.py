"""The admin shows and never writes: every change is a verb with its ledger entry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """A model in the admin, to be looked up; adding, changing and deleting are refused to everybody."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  nobody
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  nobody
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  nobody
        return False
