"""What the lists of the quantum network share: badges, choices, addresses."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from langqiao.apps.quantum.models import Site
from langqiao.apps.registry.models import City
from langqiao.kit.listing import Badge
from langqiao.kit.words import named

TONES: dict[str, str] = {
    "active": "success", "suspended": "warning", "up": "success", "down": "danger", "proposed": "warning",
    "admitted": "success", "refused": "danger", "withdrawn": "muted", "ended": "muted", "announced": "muted",
    "sealed": "water", "sent": "warning", "received": "success",
}  # fmt: skip


def state_badge(thing: Any) -> Badge:
    """A state in words on its tone."""
    return Badge(thing.get_state_display(), TONES[thing.state])


def address(row: Any) -> str:
    """The page of a row."""
    return str(row.get_absolute_url())


def city_choices() -> Iterable[tuple[str, Any]]:
    """Slug and name of every city, in the reader's language."""
    return [(city.slug, named(city)) for city in City.objects.all()]


def site_keys() -> Iterable[tuple[Any, Any]]:
    """Key and name of every site."""
    return [(site.pk, named(site)) for site in Site.objects.all()]


def kilobits(bps: float) -> float:
    """Bits a second in kbit/s with the digits that matter."""
    return float(f"{bps / 1000:.3g}")


def per_cent(fraction: float | None) -> float | None:
    """A fraction in per cent with the same decimal digits, so that an import reads the same fraction."""
    return None if fraction is None else float(100 * Decimal(repr(fraction)))
