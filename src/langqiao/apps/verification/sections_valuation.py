"""What valuations put on the registry's pages, and who reads their entries in a case's thread."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.ledger.queries import register_case_reader
from langqiao.apps.registry.models import Achievement
from langqiao.apps.registry.sections import Section, page_section
from langqiao.apps.verification.listings.valuation import methods_of, range_of
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.valuation import read_case, visible_valuations
from langqiao.apps.verification.rules import insider_ids

SHOWN = 10
TEMPLATE = "verification/valuation/section.html"


def valued_achievement(achievement: Any, viewer: Any) -> Section | None:
    """Final valuations of an achievement that the viewer may read, and the way to make one for the owner."""
    final = visible_valuations(viewer).filter(achievement=achievement, state=Valuation.State.FINAL)
    rows = [(row, range_of(row), methods_of(row)) for row in final[:SHOWN]]
    mine = achievement.owner_id is not None and achievement.owner_id in insider_ids(viewer)
    makes = mine and achievement.retired_at is None
    if not rows and not makes:
        return None
    new_url = f"{reverse('valuation_new')}?achievement={achievement.pk}" if makes else ""
    return Section(_("估值"), TEMPLATE, {"rows": rows, "new_url": new_url})


def register() -> None:
    """Put the section on its page, and let the parties read their entries on a case's page."""
    page_section(Achievement, valued_achievement)
    register_case_reader(read_case)
