"""How acts on the registry count as flows between cities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langqiao.apps.ledger.flows import Flow, parties, register_flow, slug
from langqiao.apps.ledger.models import Entry

BEFORE_AND_AFTER = 2


def moves(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """An expert (专家) whose city changes goes from the one to the other."""
    changes = data.get("changes")
    pair = changes.get("city") if isinstance(changes, Mapping) else None
    if isinstance(pair, list) and len(pair) == BEFORE_AND_AFTER:
        yield Flow(slug(pair[0]), slug(pair[1]), 1, parties(entry.organisation))


def register() -> None:
    """Say which verbs count; in ``AppConfig.ready``."""
    register_flow("talent", "registry", "revise_person", moves)
