"""Case numbers (项目编号): the thread that ties a challenge, its answers, its verification and its result."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from langqiao.apps.registry.models import CaseCounter


@transaction.atomic
def next_case(year: int | None = None) -> str:
    """Take the next case number (项目编号), such as ``LQ-2026-000001``; unique under concurrency."""
    wanted = year or timezone.localdate().year
    CaseCounter.objects.get_or_create(year=wanted)
    counter = CaseCounter.objects.select_for_update().get(year=wanted)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"LQ-{wanted}-{counter.last:06d}"
