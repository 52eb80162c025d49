"""The ledger in the admin: to be read, never to be written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("sequence", "at", "app", "verb", "object", "case", "visibility")
    list_filter = ("app", "visibility")
    search_fields = ("object", "case")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        # What the member of staff may read on the ledger's pages, no more.
        return readable(request.user).order_by("-sequence")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
