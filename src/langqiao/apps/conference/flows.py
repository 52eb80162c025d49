"""How acts of the conference count as flows between cities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langqiao.apps.ledger.flows import KINDS, Flow, parties, register_flow, slug, whole
from langqiao.apps.ledger.models import Entry


def investments(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """The investment in a major project (重大项目) comes from its builder's city to the project's."""
    moved = data.get("invested")
    for one in moved if isinstance(moved, list) else []:
        if isinstance(one, Mapping):
            wan = whole(one.get("wan"), per=KINDS["capital"].per)
            yield Flow(slug(one.get("from")), slug(one.get("to")), wan, parties(entry.organisation))


def register() -> None:
    """Say which verbs count; in ``AppConfig.ready``."""
    for verb in ("record_project", "revise_project"):
        register_flow("capital", "conference", verb, investments)
