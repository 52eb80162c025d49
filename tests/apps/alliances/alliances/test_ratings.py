"""The yearly rating: scheme, marks by secretariat and office, total, grade, publication, reopening."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.apps.alliances.domain.alliances import ratings as verbs
from langqiao.apps.alliances.models import Criterion, Mark, Rating, RatingScheme
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import alliances as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db
CRITERIA = [
    {"label": "成员服务", "weight": 40, "marker": "secretariat"},
    {"label": "活动成效", "weight": 60, "marker": "office"},
]


def test_marks_give_total_and_grade() -> None:
    office, alliance = make_office(), make.make_alliance()
    secretary = make.make_secretary(alliance)
    scheme = verbs.set_rating_scheme(office, year=2025, criteria=CRITERIA)
    own, other = scheme.criteria.all()
    with pytest.raises(NotAllowed):
        verbs.mark_alliance(secretary, scheme, alliance, other, value=90)
    with pytest.raises(NotAllowed):
        verbs.mark_alliance(office, scheme, alliance, own, value=90)
    rating = verbs.mark_alliance(secretary, scheme, alliance, own, value="95.5", note="服务 40 家").rating
    with pytest.raises(Refused, match="活动成效"):
        verbs.publish_rating(office, rating)
    verbs.mark_alliance(office, scheme, alliance, other, value=78)
    rating = verbs.publish_rating(office, rating)
    # (40 × 95.5 + 60 × 78) / 100
    assert (rating.total, rating.grade, rating.state) == (Decimal("85.00"), "优秀", "published")
    entry = Entry.objects.latest("sequence")
    assert (entry.verb, entry.visibility, entry.case) == ("publish_rating", "public", alliance.case)
    assert '"grade":"优秀"' in entry.data
    assert '"total":"85.00"' in entry.data
    # Single marks are the parties' until then, and stay out of the ledger.
    assert not [one for one in Entry.objects.filter(verb="mark_alliance") if "95.5" in one.data]
    with pytest.raises(Refused):
        verbs.mark_alliance(office, scheme, alliance, other, value=10)


def test_a_published_rating_is_taken_back_with_a_public_reason() -> None:
    office = make_office()
    rating = make.make_rating()
    for criterion in rating.scheme.criteria.all():
        Mark.objects.create(rating=rating, criterion=criterion, value=59)
    verbs.publish_rating(office, rating)
    assert rating.grade == "不合格"
    with pytest.raises(Invalid):
        verbs.reopen_rating(office, rating, why="")
    rating.refresh_from_db()
    verbs.reopen_rating(office, rating, why="漏计一项活动")
    rating.refresh_from_db()
    assert (rating.state, rating.total, rating.grade, rating.why) == ("marking", None, "", "漏计一项活动")
    assert "漏计" in Entry.objects.latest("sequence").data
    for actor in (
        make.make_secretary(rating.alliance),
        make.make_insider(make.make_membership(rating.alliance).organisation),
    ):
        with pytest.raises(NotAllowed):
            verbs.publish_rating(actor, rating)


def test_a_scheme_stands_still_once_it_is_marked() -> None:
    office = make_office()
    scheme = verbs.set_rating_scheme(office, year=2025, criteria=CRITERIA)
    count = Entry.objects.count()
    verbs.set_rating_scheme(office, year=2025, criteria=CRITERIA)
    assert Entry.objects.count() == count
    verbs.set_rating_scheme(office, year=2025, criteria=[{**CRITERIA[0], "weight": 1}])
    assert [one.weight for one in RatingScheme.objects.get().criteria.all()] == [1]
    criterion = scheme.criteria.get()
    verbs.mark_alliance(None, scheme, make.make_alliance(), criterion, value=50)
    with pytest.raises(Refused, match="已开始评分"):
        verbs.set_rating_scheme(office, year=2025, criteria=CRITERIA)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("year", {"year": 1999}),
        ("year", {"year": True}),
        ("criteria", {"criteria": []}),
        ("criteria", {"criteria": [CRITERIA[0], CRITERIA[0]]}),
        ("criteria", {"criteria": [{**CRITERIA[0], "weight": 0}]}),
        ("criteria", {"criteria": [{**CRITERIA[0], "marker": "member"}]}),
        ("criteria", {"criteria": [{**CRITERIA[0], "label": ""}]}),
        ("grades", {"grades": [("优秀", 60), ("合格", 80), ("差", 0)]}),
        ("grades", {"grades": [("优秀", 60)]}),
        ("grades", {"grades": []}),
    ],
)
def test_a_wrong_scheme_is_refused(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as wrong:
        verbs.set_rating_scheme(None, **{"year": 2025, "criteria": CRITERIA, **values})
    assert wrong.value.field == field


@pytest.mark.parametrize("value", [-1, 100.1, "x", "1.25", True, "NaN", None])
def test_a_wrong_mark_is_refused(value: Any) -> None:
    scheme = make.make_scheme()
    with pytest.raises(Invalid) as wrong:
        verbs.mark_alliance(None, scheme, make.make_alliance(), scheme.criteria.first(), value=value)
    assert wrong.value.field == "value"
    other = make.make_scheme(2024).criteria.first()
    with pytest.raises(Invalid):
        verbs.mark_alliance(None, scheme, make.make_alliance(), other, value=1)


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 1000)), min_size=1, max_size=6))
def test_a_total_lies_between_the_marks_and_scales_with_nothing(rows: list[tuple[int, int]]) -> None:
    criteria = [Criterion(pk=n, weight=weight) for n, (weight, _mark) in enumerate(rows)]
    marks = {n: Mark(value=Decimal(mark) / 10) for n, (_weight, mark) in enumerate(rows)}
    total = verbs.total_of(criteria, marks)
    values = [mark.value for mark in marks.values()]
    assert total is not None
    assert min(values) - Decimal("0.005") <= total <= max(values) + Decimal("0.005")
    twice = [Criterion(pk=one.pk, weight=2 * one.weight) for one in criteria]
    assert verbs.total_of(twice, marks) == total
    assert verbs.total_of(criteria, {}) is None


def test_only_those_concerned_read_a_rating_before_it_is_published() -> None:
    from langqiao.apps.alliances.queries.alliances.inside import visible_ratings

    rating = make.make_rating()
    member = make.make_insider(make.make_membership(rating.alliance).organisation)
    for viewer, sees in ((make_office(), 1), (make.make_secretary(rating.alliance), 1), (member, 0)):
        assert visible_ratings(viewer).count() == sees
    Rating.objects.update(state="published")
    assert visible_ratings(member).count() == 1
