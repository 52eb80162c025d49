"""What examinations put on the registry's pages, and who reads their entries in a case's thread."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.ledger.queries import register_case_reader
from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.registry.sections import Section, page_section
from langqiao.apps.verification.queries.services import read_case, visible_examinations
from langqiao.apps.verification.rules import is_centre
from langqiao.kit.permissions import allowed

SHOWN = 10
TEMPLATE = "verification/services/section.html"


def examined_achievement(achievement: Any, viewer: Any) -> Section | None:
    """Examinations of an achievement of which the viewer may know, and the way to ask for one."""
    rows = list(visible_examinations(viewer).filter(achievement=achievement)[:SHOWN])
    asks = allowed(viewer, "verification.request_examination") and achievement.retired_at is None
    if not rows and not asks:
        return None
    ask_url = f"{reverse('examination_new')}?achievement={achievement.pk}" if asks else ""
    return Section(_("验证与评价"), TEMPLATE, {"rows": rows, "ask_url": ask_url})


def examined_by(organisation: Any, viewer: Any) -> Section | None:
    """Examinations at a centre of which the viewer may know, and the way to ask for one."""
    if not is_centre(organisation):
        return None
    rows = list(visible_examinations(viewer).filter(centre=organisation)[:SHOWN])
    asks = allowed(viewer, "verification.request_examination") and organisation.retired_at is None
    if not rows and not asks:
        return None
    ask_url = f"{reverse('examination_new')}?centre={organisation.pk}" if asks else ""
    all_url = f"{reverse('examination_list')}?centre={organisation.pk}" if len(rows) == SHOWN else ""
    return Section(_("验证与评价"), TEMPLATE, {"rows": rows, "ask_url": ask_url, "all_url": all_url})


def register() -> None:
    """Put the sections on their pages, and let the parties read their entries on a case's page."""
    page_section(Achievement, examined_achievement)
    page_section(Organisation, examined_by)
    register_case_reader(read_case)
