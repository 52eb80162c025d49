"""How acts of concept verification count as flows between cities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langqiao.apps.ledger.flows import Flow, parties, register_flow, slug, whole
from langqiao.apps.ledger.models import Entry


def reviewing(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """Experts (专家) who reviewed a call served its organiser's city; only their number by city is known."""
    experts = data.get("experts")
    for city, number in sorted(experts.items()) if isinstance(experts, Mapping) else []:
        yield Flow(slug(city), entry.city, whole(number), parties(entry.organisation))


def register() -> None:
    """Say which verbs count; in ``AppConfig.ready``."""
    register_flow("talent", "verification", "issue_result", reviewing)
