"""The ledger in the admin: to be read, never to be written."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable
from langqiao.kit.admin import ReadOnly


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = ("sequence", "at", "app", "verb", "object", "case", "visibility")
    list_filter = ("app", "visibility")
    search_fields = ("object", "case")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        # What the member of staff may read on the ledger's pages, no more.
        return readable(request.user).order_by("-sequence")
