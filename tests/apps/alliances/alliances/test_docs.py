"""docs/alliances.md draws the tables of transitions as they are, and names every key of the tree's file."""

from __future__ import annotations

import re
from pathlib import Path

from langqiao.apps.alliances.domain.alliances import tree_file
from langqiao.apps.alliances.models import (
    ATTENDANCE_TRANSITIONS,
    CONTACT_TRANSITIONS,
    EXCHANGE_TRANSITIONS,
    GATHERING_TRANSITIONS,
    MEMBER_TRANSITIONS,
    RATING_TRANSITIONS,
    REPLY_TRANSITIONS,
)

TEXT = (Path(__file__).resolve().parents[4] / "docs" / "alliances.md").read_text(encoding="utf-8")


def test_the_pictures_are_the_tables() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", TEXT, re.DOTALL)
    drawn = [set(re.findall(r"(\w+) --> (\w+)", picture)) for picture in pictures]
    tables = (
        MEMBER_TRANSITIONS, GATHERING_TRANSITIONS, ATTENDANCE_TRANSITIONS, EXCHANGE_TRANSITIONS,
        REPLY_TRANSITIONS, CONTACT_TRANSITIONS, RATING_TRANSITIONS,
    )  # fmt: skip
    assert drawn == [
        {(str(now), str(to)) for now, targets in table.items() for to in targets} for table in tables
    ]


def test_every_key_of_the_file_is_named() -> None:
    for table, readers in (
        ("tree", tree_file._TREE),
        ("figures", tree_file._FIGURE),
        ("nodes", tree_file._NODE),
    ):
        line = next(
            row for row in TEXT.splitlines() if row.startswith((f"| `[{table}]`", f"| `[[{table}]]`"))
        )
        named = set(re.findall(r"[a-z_]+", line.split("|")[2].replace("(one, industry, sub)", "")))
        assert named == set(readers)
