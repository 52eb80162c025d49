"""Parks and their activities, saved straight to the database: no ledger entries, no checks."""

from __future__ import annotations

from itertools import count
from typing import Any

from langqiao.apps.alliances.models import Activity, Place
from tests.factories.registry import make_city

_numbers = count(1)


def make_place(**values: Any) -> Place:
    """An illustrative park in Songjiang."""
    if "city" not in values:
        values["city"] = make_city()
    return Place.objects.create(
        **{"kind": "park", "name": f"示例园区{next(_numbers)}", "illustrative": True, **values}
    )


def make_activity(place: Place | None = None, name: str = "智能终端", **values: Any) -> Activity:
    """An activity that is only said to be there, or one with a quantity of people in 2024."""
    if values.get("quantity") is not None:
        values = {"measure": "employees", "unit": "人", "period": "2024", **values}
    return Activity.objects.create(place=place or make_place(), name=name, **{"illustrative": True, **values})


def make_table(rows: list[list[float]], *, names: str = "甲乙丙", kind: str = "park") -> list[Place]:
    """Places with the quantities of a matrix; activities 甲, 乙, 丙 …."""
    places = []
    for values in rows:
        place = make_place(kind=kind)
        places.append(place)
        for name, value in zip(names, values, strict=True):
            make_activity(place, name, quantity=value)
    return places
