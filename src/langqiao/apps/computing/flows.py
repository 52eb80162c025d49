"""How acts of the computing centre count as flows between cities.

What runs where and for whom is for the parties. The public entries that count name
cities and a quantity alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langqiao.apps.ledger.flows import Flow, parties, register_flow, slug, whole
from langqiao.apps.ledger.models import Entry

FEN = 100


def usage(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """Billed computing (已出账用量) goes from the campus's city to the tenant's, in GPU seconds."""
    yield Flow(entry.city, slug(data.get("to")), whole(data.get("gpu_seconds")), parties(entry.organisation))


def redemptions(entry: Entry, data: Mapping[str, Any]) -> Iterable[Flow]:
    """A redeemed voucher (核销的算力券) pays from the scheme's city to the campus's, in fen (分)."""
    yield Flow(
        entry.city, slug(data.get("to")), whole(data.get("yuan"), per=FEN), parties(entry.organisation)
    )


def register() -> None:
    """Say which verbs count; in ``AppConfig.ready``."""
    register_flow("computing", "computing", "publish_usage", usage)
    register_flow("capital", "computing", "publish_redemption", redemptions)
