"""Admin of challenges: to look up what is public, never to change or to read what is sealed.

Details, promises, answers' texts, questions and files are not registered or not among the fields:
technical staff have no way around the rules here.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from langqiao.apps.challenges.models import Challenge
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.kit.admin import ReadOnly


@admin.register(Challenge)
class ChallengeAdmin(ReadOnly):
    """Public facts of the challenges that the member of staff may read anyway."""

    list_display = ("case", "title", "organisation", "city", "state", "deadline")
    list_filter = ("state", "city", "field", "confidentiality", "illustrative")
    search_fields = ("case", "title", "code")
    fields = (
        "case", "code", "title", "summary", "organisation", "city", "field", "keywords", "stage",
        "budget_min", "budget_max", "deadline", "confidentiality", "state", "published_at",
        "illustrative", "source_name", "source_url", "source_date",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Challenge]:
        return visible_challenges(request.user)
