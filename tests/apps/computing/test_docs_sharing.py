"""docs/computing-sharing.md draws the tables of transitions as they are."""

from __future__ import annotations

import re
from pathlib import Path

from langqiao.apps.computing.models import GRANT_TRANSITIONS, REQUEST_TRANSITIONS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "computing-sharing.md"


def test_the_pictures_are_the_tables() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    drawn = [set(re.findall(r"(\w+) --> (\w+)", picture)) for picture in pictures]
    tables = [
        {(str(now), str(to)) for now, targets in table.items() for to in targets}
        for table in (REQUEST_TRANSITIONS, GRANT_TRANSITIONS)
    ]
    assert drawn == tables
