"""What concept verification puts on the registry's pages: the calls that chose an organisation."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Organisation
from langqiao.apps.registry.sections import Section, page_section
from langqiao.apps.verification.models import Application, ApplicationState, CallState

LISTED = 20


def results_of(organisation: Any, viewer: Any) -> Section | None:  # noqa: ARG001  issued results are public
    """Finished calls (已发文的征集) that chose or graded the organisation."""
    rows = list(
        Application.objects.filter(
            organisation=organisation, state=ApplicationState.CHOSEN, call__state=CallState.FINISHED
        )
        .select_related("call")
        .order_by("-call__issued_at", "-pk")[:LISTED]
    )
    if not rows:
        return None
    return Section(_("征集结果"), "verification/calls/section_results.html", {"rows": rows})


def register() -> None:
    """Put the section on its page."""
    page_section(Organisation, results_of)
