"""docs/verification.md draws the tables of transitions as they are, and names presets that exist."""

from __future__ import annotations

import re
from pathlib import Path

from langqiao.apps.verification.domain.layout import COLUMNS
from langqiao.apps.verification.domain.presets import presets
from langqiao.apps.verification.models import (
    APPLICATION_TRANSITIONS,
    CALL_TRANSITIONS,
    REVIEW_TRANSITIONS,
    ROUND_TRANSITIONS,
    StepKind,
)

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "verification.md").read_text(encoding="utf-8")


def test_the_pictures_are_the_tables() -> None:
    pictures = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", TEXT, re.DOTALL)
    drawn = [set(re.findall(r"(\w+) --> (\w+)", picture)) for picture in pictures]
    for table in (CALL_TRANSITIONS, APPLICATION_TRANSITIONS, ROUND_TRANSITIONS, REVIEW_TRANSITIONS):
        assert {(str(now), str(to)) for now, targets in table.items() for to in targets} in drawn


def test_parts_presets_and_steps_are_all_named() -> None:
    for name in (*COLUMNS, *presets(), *StepKind.values):
        assert f"`{name}`" in TEXT, name
    for slug, preset in presets().items():
        line = next(row for row in TEXT.splitlines() if row.startswith(f"| `{slug}` |"))
        steps = [str(StepKind(step["kind"]).label) for step in preset.values["chain"]]
        assert line.endswith(f"{' → '.join(steps)} |")
