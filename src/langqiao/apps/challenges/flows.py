"""How acts on challenges count as flows between cities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langqiao.apps.ledger.flows import Flow, parties, register_flow, slug
from langqiao.apps.ledger.models import Entry


def contracts(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """A contract (签约) brings technology from each city of the answering team to the posing firm's city."""
    origins = data.get("from")
    if not isinstance(origins, Mapping):
        return
    for city, organisations in sorted(origins.items()):
        team = organisations if isinstance(organisations, list) else []
        yield Flow(slug(city), entry.city, 1, parties(entry.organisation, *team))


def register() -> None:
    """Say which verbs count; in ``AppConfig.ready``."""
    register_flow("technology", "challenges", "sign_contract", contracts)
