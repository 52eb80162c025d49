"""Admin of the conference: to look up what is public, never to change or to read what is not."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from langqiao.apps.conference.models import Notice, Priority, Project, Resolution
from langqiao.apps.conference.queries import visible_notices, visible_priorities, visible_resolutions
from langqiao.kit.admin import ReadOnly

SOURCE = ("illustrative", "source_name", "source_url", "source_date")


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    """Notices that the member of staff may read anyway; objections are not registered."""

    list_display = ("case", "title", "state", "starts_on", "last_day")
    list_filter = ("state", "illustrative")
    search_fields = ("case", "title")
    fields = ("case", "title", "body", "city", "starts_on", "last_day", "state", "why", *SOURCE)
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return visible_notices(request.user)


@admin.register(Resolution)
class ResolutionAdmin(ReadOnly):
    """Resolutions that the member of staff may read anyway."""

    list_display = ("number", "title", "outcome", "adopted_on", "is_public")
    list_filter = ("outcome", "is_public")
    search_fields = ("number", "title")
    fields = ("number", "title", "text", "outcome", "adopted_on", "is_public", "published_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resolution]:
        return visible_resolutions(request.user)


@admin.register(Priority)
class PriorityAdmin(ReadOnly):
    """The yearly list."""

    list_display = ("year", "number", "title", "lead", "due_on", "state")
    list_filter = ("year", "state", "illustrative")
    search_fields = ("title", "code")
    fields = ("code", "year", "number", "title", "measure", "lead", "starts_on", "due_on", "state", *SOURCE)
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Priority]:
        return visible_priorities(request.user)


@admin.register(Project)
class ProjectAdmin(ReadOnly):
    """Major projects, which are public."""

    list_display = ("case", "title", "kind", "city", "organisation")
    list_filter = ("kind", "city", "illustrative")
    search_fields = ("case", "title", "code")
    fields = (
        "case",
        "code",
        "kind",
        "title",
        "summary",
        "city",
        "organisation",
        "investment",
        "area",
        *SOURCE,
    )
    readonly_fields = fields
