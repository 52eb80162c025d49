"""docs/verification-services.md draws the table of transitions and the table of readiness as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from langqiao.apps.verification.domain import filling, layout
from langqiao.apps.verification.domain.services.forms import form_of
from langqiao.apps.verification.domain.services.readiness import NEEDED, evidenced, ladder, warning
from langqiao.apps.verification.models import EXAMINATION_TRANSITIONS, Evidence, Examination

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "verification-services.md").read_text(encoding="utf-8")


def test_the_picture_is_the_table() -> None:
    (picture,) = re.findall(r"```mermaid\n(.*?)```", DOCS, re.DOTALL)
    drawn = set(re.findall(r"(\w+) --> (\w+)", picture))
    assert drawn == {
        (str(now), str(to)) for now, targets in EXAMINATION_TRANSITIONS.items() for to in targets
    }


def test_the_table_of_evidence_is_the_one_used() -> None:
    rows = re.findall(r"^\| (\d) \| (.+) \|$", DOCS, re.MULTILINE)
    assert rows == [(str(n), ", ".join(str(k.label) for k in needed)) for n, needed in NEEDED.items()]


@pytest.mark.parametrize("service", Examination.Service.values)
def test_forms_are_whole_in_both_languages(service: str) -> None:
    with translation.override("zh-hans"):
        chinese = form_of(service)
    with translation.override("en"):
        english = form_of(service)
    assert layout.clean("form", chinese.rows) == chinese.rows
    assert [f.key for f in chinese.fields] == [f.key for f in english.fields]
    assert not re.search(r"[\u4e00-\u9fff]", str(english))
    for field in chinese.fields:
        assert bool(field.choices) == (field.kind in ("choice", "choices"))
    assert filling.unfilled(chinese.rows, {})
    assert chinese.basis


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        ([], 0),
        (["theory"], 1),
        (["concept"], 0),
        (["theory", "concept"], 2),
        (["laboratory"], 3),
        (["laboratory", "prototype"], 4),
        (["relevant"], 5),
        (["relevant", "prototype"], 6),
        (["field"], 0),
        (["field", "prototype"], 7),
        (["field", "certificate"], 8),
        (["operation"], 9),
        (["other", "rights", "market", "finance"], 0),
    ],
)
def test_evidence_shows_the_highest_level_of_whose_kinds_each_is_filed(kinds: list[str], shown: int) -> None:
    assert evidenced(kinds) == shown
    assert warning(None, kinds) == ""
    for claim in range(1, 10):
        said = warning(claim, kinds)
        assert bool(said) == (claim > shown)
        if said:
            lacking = [k for k in NEEDED[claim] if k not in kinds]
            assert all(str(Evidence.Kind(k).label) in said for k in lacking)


def test_a_ladder_has_nine_rungs_with_its_marks() -> None:
    rungs = ladder(before=3, target=5, after=5, kinds=["laboratory"])
    assert [r.level for r in rungs] == list(range(9, 0, -1))
    assert {r.level: r.marks for r in rungs if r.marks} == {5: ("target", "after"), 3: ("before",)}
    assert [r.level for r in rungs if r.is_evidenced] == [3]
