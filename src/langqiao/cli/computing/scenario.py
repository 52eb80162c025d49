"""Tenants and scenarios of a simulation as JSON files.

Tenants: ``{"cities": [{"name", "gpu", "cpu", "borrow_gpu", "borrow_cpu", "weight"}], "tenants": [{"name",
"city", "gpu", "cpu", "borrow_gpu", "borrow_cpu", "weight", "priority"}]}``; GPUs and cores in whole numbers
or fractions; what is left out is without limit (for a city's own quota: nothing).

Scenario: ``{"maintenance": [{"nodes", "start", "end", "stop"}], "reservations": [{"tenant", "nodes", "start",
"end"}], "deliveries": [{"at", "nodes": CSV beside the file}], "power": {model: {"idle", "full"}}}``; times in
seconds from the start, power in kW. A field of another name is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langqiao.cli.computing.entries import Entry
from langqiao.cli.computing.tables import nodes_of
from langqiao.engines.scheduling.simulation import (
    City,
    Delivery,
    Maintenance,
    Power,
    Quota,
    Reservation,
    Tenant,
)

AMOUNTS = ("gpu", "cpu", "borrow_gpu", "borrow_cpu")
LIGHTEST = 1e-9  # a weight is positive


def _amount(entry: Entry, field: str, missing: int | None) -> int | None:
    found = entry.number_or_none(field)
    return missing if found is None else round(found * 1000)


def _quota(entry: Entry, prefix: str = "", missing: int | None = None) -> Quota:
    return Quota(_amount(entry, f"{prefix}gpu", missing), _amount(entry, f"{prefix}cpu", missing))


def read_tenants(path: Path) -> tuple[list[Tenant], list[City]]:
    """Tenants and cities of a file.

    Raises:
        SchedulingError: it is not as the module says; the message names file, entry and field.
        OSError: the file cannot be read.
    """
    held = Entry.of_file(path).only("cities", "tenants")
    cities = [_city(row.only("name", *AMOUNTS, "weight")) for row in held.rows("cities")]
    tenants = [
        _tenant(row.only("name", "city", *AMOUNTS, "weight", "priority"))
        for row in held.rows("tenants", needed=True)
    ]
    return tenants, cities


def _city(row: Entry) -> City:
    return City(
        row.text("name"),
        _quota(row, missing=0),
        _quota(row, "borrow_"),
        row.number_or_none("weight", least=LIGHTEST),
    )


def _tenant(row: Entry) -> Tenant:
    return Tenant(
        row.text("name"),
        row.text("city", ""),
        _quota(row),
        _quota(row, "borrow_"),
        row.number("weight", 1.0, least=LIGHTEST),
        row.whole("priority", 0),
    )


def read_scenario(path: Path) -> dict[str, Any]:
    """What happens besides the jobs, as arguments of ``Options``.

    Raises:
        SchedulingError: it is not as the module says; the message names file, entry and field.
        OSError: the file, or one of nodes beside it, cannot be read.
    """
    held = Entry.of_file(path).only("maintenance", "reservations", "deliveries", "power")
    return {
        "maintenance": tuple(_maintenance(row) for row in held.rows("maintenance")),
        "reservations": tuple(_reservation(row) for row in held.rows("reservations")),
        "deliveries": tuple(_delivery(row) for row in held.rows("deliveries")),
        "power": {model: _power(row) for model, row in held.by_name("power").items()},
    }


def _maintenance(row: Entry) -> Maintenance:
    row.only("nodes", "start", "end", "stop")
    return Maintenance(row.texts("nodes"), *_window(row), row.flag("stop", missing=True))


def _reservation(row: Entry) -> Reservation:
    row.only("tenant", "nodes", "start", "end")
    return Reservation(row.text("tenant"), row.texts("nodes"), *_window(row))


def _delivery(row: Entry) -> Delivery:
    row.only("at", "nodes")
    return Delivery(row.number("at"), tuple(nodes_of(row.path.parent / row.text("nodes"))))


def _window(row: Entry) -> tuple[float, float]:
    start, end = row.number("start"), row.number("end")
    if end <= start:
        raise row.wrong("end", f"应晚于 start {start:g} / must lie after start")
    return start, end


def _power(row: Entry) -> Power:
    row.only("idle", "full")
    idle, full = row.number("idle"), row.number("full")
    if full < idle:
        raise row.wrong("full", f"不应小于 idle {idle:g} / must not be less than idle")
    return Power(idle, full)
