"""How acts of the quantum network count as flows between cities.

Deliveries are for sender and recipient. The public entries that count name cities and a number of keys alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langqiao.apps.ledger.flows import Flow, parties, register_flow, slug, whole
from langqiao.apps.ledger.models import Entry


def keys(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """Keys used by a delivery that was received (已签收) went from the sending site's city to the other."""
    yield Flow(entry.city, slug(data.get("to")), whole(data.get("keys")), parties(entry.organisation))


def register() -> None:
    """Say which verbs count; in ``AppConfig.ready``."""
    register_flow("keys", "quantum", "publish_keys", keys)
