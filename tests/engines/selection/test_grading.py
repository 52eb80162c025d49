"""Grades by thresholds: the edge belongs to the better grade, and who is near it is named."""

from __future__ import annotations

import math

import pytest

from langqiao.engines.selection import SelectionError
from langqiao.engines.selection.choice import Candidate
from langqiao.engines.selection.grading import Threshold, grade, regrade
from langqiao.engines.selection.plain import grading_as_dict, receipt_as_dict, receipt_from_dict

MARKS = [Threshold("excellent", 85), Threshold("pass", 60), Threshold("fail", 0)]


def test_grades_edges_and_neighbours():
    people = [
        Candidate("a", 92.0, 88.0, 96.0),
        Candidate("b", 85.0, 82.0, 88.0),
        Candidate("c", 84.9),
        Candidate("d", 70.0, 58.0, 82.0),
        Candidate("e", 59.9999999),  # read to six decimals: 60
        Candidate("f", 12.0),
    ]
    found = {one.candidate: one for one in grade(people, MARKS, margin=0.2).graded}
    assert {key: one.grade for key, one in found.items()} == {
        "a": "excellent", "b": "excellent", "c": "pass", "d": "pass", "e": "pass", "f": "fail",
    }  # fmt: skip
    assert (found["b"].threshold, found["b"].other, found["b"].margin) == (85, "pass", 0)
    assert found["b"].reasons == ("margin", "interval")
    assert (found["c"].other, found["c"].margin, found["c"].reasons) == ("excellent", 0.1, ("margin",))
    assert (found["d"].threshold, found["d"].other, found["d"].reasons) == (60, "fail", ("interval",))
    assert (found["a"].reasons, found["f"].reasons) == ((), ())
    assert [one.candidate for one in grade(people, MARKS, margin=0.2).near] == ["b", "e", "c", "d"]


def test_one_grade_has_no_threshold():
    [only] = grade([Candidate("a", 3.0)], [Threshold("all", 0)]).graded
    assert (only.grade, only.threshold, only.other, only.margin, only.reasons) == ("all", None, "", None, ())


def test_a_receipt_grades_again_to_the_same():
    people = [Candidate("b", 61, 50.0, 70.0), Candidate("a", 90)]
    found = grade(people, MARKS, margin=1.0)
    receipt = receipt_from_dict(receipt_as_dict(found.receipt))
    assert regrade(receipt, people[::-1]) == found
    assert grading_as_dict(found)["graded"][0] == {
        "candidate": "a", "grade": "excellent", "score": 90.0, "threshold": 85, "other": "pass", "margin": 5.0,
        "reasons": [],
    }  # fmt: skip
    with pytest.raises(SelectionError, match="not those of the receipt"):
        regrade(receipt, [Candidate("b", 62), Candidate("a", 90)])
    with pytest.raises(SelectionError):
        regrade(receipt_from_dict(receipt_as_dict(found.receipt) | {"parameters": {}}), people)
    with pytest.raises(SelectionError):
        regrade(receipt_from_dict(receipt_as_dict(found.receipt) | {"method": "choice-1"}), people)


@pytest.mark.parametrize(
    ("people", "marks", "margin"),
    [
        ([Candidate("a", 1)], [], 0),
        ([Candidate("a", 1)], [Threshold("x", 1), Threshold("y", 1)], 0),
        ([Candidate("a", 1)], [Threshold("x", math.nan)], 0),
        ([Candidate("a", math.nan)], MARKS, 0),
        ([Candidate("a", 1), Candidate("a", 2)], MARKS, 0),
        ([Candidate("a", 1)], MARKS, -1),
        ([Candidate("a", 1)], MARKS, math.inf),
    ],
)
def test_what_cannot_be_graded_is_refused(people, marks, margin):
    with pytest.raises(SelectionError):
        grade(people, marks, margin=margin)
