"""A campus small enough to plan by hand."""

from __future__ import annotations

from datetime import date

from langqiao.engines.scheduling.campus import Assumed, Block, Demand, Hall, Site, read_month

START = read_month("2027-01")


def assumptions(**changed: tuple[float, float, float]) -> dict[str, Assumed]:
    """Sure densities of 10 kW and 8 GPUs a rack, nothing kept back, nothing late."""
    values = {
        "rack_kw": (10.0, 10.0, 10.0),
        "gpus_per_rack": (8.0, 8.0, 8.0),
        "spare_pct": (0.0, 0.0, 0.0),
        "fit_out_months": (0.0, 0.0, 0.0),
        "slip_months": (0.0, 0.0, 0.0),
        "pue": (1.2, 1.25, 1.3),
        **changed,
    }
    return {key: Assumed(key, *three) for key, three in values.items()}


def standing(*halls: Hall, name: str = "1") -> Block:
    """A building that has been delivered long ago."""
    return Block(name, date(2023, 5, 1), is_delivered=True, halls=halls)


def planned(day: str | None, *halls: Hall, name: str = "2") -> Block:
    """A building that is to come."""
    return Block(name, date.fromisoformat(day) if day else None, is_delivered=False, halls=halls)


def site(*blocks: Block, demand: tuple[Demand, ...] = (), **changed: tuple[float, float, float]) -> Site:
    """A campus of these buildings."""
    return Site("demo", blocks, assumptions(**changed), demand)
