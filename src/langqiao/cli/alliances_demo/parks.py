"""The Eye park as published (no quantities), and illustrative parks around it (示例) to compare it with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from langqiao.apps.alliances.domain.parks import keeping
from langqiao.apps.alliances.domain.parks.table import read_activities
from langqiao.apps.alliances.models import Place
from langqiao.apps.registry.models import City
from langqiao.cli.corridor_demo import folder


def _place() -> Path:
    return folder() / "parks"


def load_parks() -> None:
    """Register the parks and import their activities; again changes nothing.

    Raises:
        Refused: a record is wrong; the message names it.
    """
    cities = City.objects.in_bulk()
    for text in (_place() / "places.jsonl").read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(text)
        if not Place.objects.filter(code=row["code"]).exists():
            keeping.register_park(None, **{**row, "city": cities[row["city"]]})
    with (_place() / "activities.csv").open("rb") as file:
        rows, numbers = read_activities(file)
    summary = keeping.import_activities(None, rows, numbers=numbers)
    if summary.refused:
        raise summary.refusals[0]
