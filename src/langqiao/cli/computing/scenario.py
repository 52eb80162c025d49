"""Tenants and scenarios of a simulation as JSON files.

Tenants: ``{"cities": [{"name", "gpu", "cpu", "borrow_gpu", "borrow_cpu", "weight"}], "tenants": [{"name",
"city", "gpu", "cpu", "borrow_gpu", "borrow_cpu", "weight", "priority"}]}``; GPUs and cores in whole numbers
or fractions; what is left out is without limit (for a city's own quota: nothing).

Scenario: ``{"maintenance": [{"nodes", "start", "end", "stop"}], "reservations": [{"tenant", "nodes", "start",
"end"}], "deliveries": [{"at", "nodes": CSV beside the file}], "power": {model: {"idle", "full"}}}``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.simulation import (
    City,
    Delivery,
    Maintenance,
    Power,
    Quota,
    Reservation,
    Tenant,
)
from langqiao.engines.scheduling.traces import read_nodes


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as wrong:
        raise SchedulingError(f"{path}: {wrong}", kind="file", subjects=(str(path),)) from wrong
    if not isinstance(found, dict):
        raise SchedulingError(f"{path}: an object was expected", kind="file", subjects=(str(path),))
    return found


def _amount(row: dict[str, Any], key: str, missing: int | None) -> int | None:
    return missing if row.get(key) is None else round(float(row[key]) * 1000)


def _quota(row: dict[str, Any], prefix: str = "", missing: int | None = None) -> Quota:
    return Quota(_amount(row, f"{prefix}gpu", missing), _amount(row, f"{prefix}cpu", missing))


def read_tenants(path: Path) -> tuple[list[Tenant], list[City]]:
    """Tenants and cities of a file.

    Raises:
        SchedulingError: it is not as the module says.
    """
    data = _read(path)
    try:
        cities = [
            City(
                str(row["name"]),
                _quota(row, missing=0),
                _quota(row, "borrow_"),
                None if row.get("weight") is None else float(row["weight"]),
            )
            for row in data.get("cities", [])
        ]
        tenants = [
            Tenant(
                str(row["name"]),
                str(row.get("city", "")),
                _quota(row),
                _quota(row, "borrow_"),
                float(row.get("weight", 1.0)),
                int(row.get("priority", 0)),
            )
            for row in data["tenants"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise SchedulingError(f"{path}: {wrong!r}", kind="file", subjects=(str(path),)) from wrong
    return tenants, cities


def read_scenario(path: Path) -> dict[str, Any]:
    """What happens besides the jobs, as arguments of ``Options``.

    Raises:
        SchedulingError: it is not as the module says.
    """
    data = _read(path)
    try:
        return {
            "maintenance": tuple(
                Maintenance(
                    tuple(row["nodes"]), float(row["start"]), float(row["end"]), bool(row.get("stop", True))
                )
                for row in data.get("maintenance", [])
            ),
            "reservations": tuple(
                Reservation(str(row["tenant"]), tuple(row["nodes"]), float(row["start"]), float(row["end"]))
                for row in data.get("reservations", [])
            ),
            "deliveries": tuple(
                Delivery(float(row["at"]), tuple(read_nodes(path.parent / row["nodes"])))
                for row in data.get("deliveries", [])
            ),
            "power": {
                str(model): Power(float(row["idle"]), float(row["full"]))
                for model, row in data.get("power", {}).items()
            },
        }
    except (KeyError, TypeError, AttributeError) as wrong:
        raise SchedulingError(f"{path}: {wrong!r}", kind="file", subjects=(str(path),)) from wrong
