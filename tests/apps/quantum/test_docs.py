"""docs/quantum.md draws the tables of transitions as they are."""

from __future__ import annotations

import re
from pathlib import Path

from langqiao.apps.quantum.models import DELIVERY_TRANSITIONS, DEMAND_TRANSITIONS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "quantum.md"


def test_the_pictures_are_the_tables() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    drawn = [set(re.findall(r"(\w+) --> (\w+)", picture)) for picture in pictures]
    assert drawn == [
        {(str(now), str(to)) for now, targets in table.items() for to in targets}
        for table in (DEMAND_TRANSITIONS, DELIVERY_TRANSITIONS)
    ]
