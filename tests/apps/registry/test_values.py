"""Cleaners: what is taken, what is refused, and that the refusal says how to mend it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Achievement, Stage
from langqiao.kit.refusals import Invalid
from tests.factories.registry import make_city, make_field, make_organisation, make_person

LOOKUPS = Lookups()


@pytest.mark.parametrize(
    ("clean", "raw", "wanted"),
    [
        (v.text(10), "  多 余\t空白 ", "多 余 空白"),
        (v.text(10), None, ""),
        (v.text(10), 3.0, "3"),
        (v.text(10, lines=True), "一\n二", "一\n二"),
        (v.code, " ", None),
        (v.code, 17, "17"),
        (v.credit_code, "", None),
        (v.choice(Achievement.Kind), "论文", "paper"),
        (v.choice(Achievement.Kind), "paper", "paper"),
        (v.choice(Achievement.Licence, empty=True), "", ""),
        (v.flag, "是", True),
        (v.flag, "TRUE", True),
        (v.flag, 0, False),
        (v.flag, None, False),
        (v.day, "2024-03-18", date(2024, 3, 18)),
        (v.day, "2024/3/8", date(2024, 3, 8)),
        (v.day, "2024年3月8日", date(2024, 3, 8)),
        (v.day, "20240308", date(2024, 3, 8)),
        (v.day, datetime(2024, 3, 8, 9, 0), date(2024, 3, 8)),  # noqa: DTZ001  what spreadsheets hold
        (v.day, "", None),
        (v.partial_day, "2018-07", "2018-07"),
        (v.partial_day, date(2018, 7, 9), "2018-07-09"),
        (v.whole(1, 9), "6", 6),
        (v.whole(1, 9), 6.0, 6),
        (v.whole(1, 9), "", None),
        (v.whole(1, 10_000, empty=1), "1,000", 1000),
        (v.whole(1, 10_000, empty=1), "", 1),
        (v.amount, "1,200.5", Decimal("1200.50")),
        (v.amount, "", None),
        (v.link(100), "example.org/a", "https://example.org/a"),
        (v.link(100), "http://example.org", "http://example.org"),
        (v.tags(), "扩散；烧结、 扩散", ["扩散", "烧结"]),
        (v.tags(), ["a, b", " "], ["a, b"]),
        (v.chosen(Stage), "中试;pilot;量产", ["pilot", "production"]),
    ],
)
def test_what_is_taken(clean, raw, wanted):
    assert clean(raw, LOOKUPS) == wanted


@pytest.mark.parametrize(
    ("clean", "raw"),
    [
        (v.text(3), "四个字了"),
        (v.text(30), "a\x00b"),
        (v.text(30), "a\ud800"),
        (v.choice(Achievement.Kind), "\ud800"),
        (v.day, "\ud800"),
        (v.link(30), "example.org/\ud800"),
        (v.tags(), ["\ud800"]),
        (v.text(30), ["a"]),
        (v.choice(Achievement.Kind), "小说"),
        (v.choice(Achievement.Kind), ""),
        (v.flag, "也许"),
        (v.day, "2023-02-29"),
        (v.day, "去年"),
        (v.day, "2024-13-01"),
        (v.partial_day, "2018-7-9"),
        (v.partial_day, "二〇一八"),
        (v.whole(1, 9), "10"),
        (v.whole(1, 9), "0"),
        (v.whole(1, 9), "6.5"),
        (v.amount, "-1"),
        (v.amount, "1.234"),
        (v.amount, "Infinity"),
        (v.amount, "百万"),
        (v.amount, "9" * 20),
        (v.link(100), "javascript:alert(1)"),
        (v.link(100), "ftp://example.org/"),
        (v.link(100), 'https://example.org/"onclick=x'),
        (v.link(100), "http://[::1"),
        (v.link(100), "nothing"),
        (v.link(20), "https://example.org/too/long"),
        (v.tags(), {"a": 1}),
        (v.tags(), 5),
        (v.tags(), ["x"] * 201),
    ],
)
def test_what_is_refused_with_the_way_to_mend_it(clean, raw):
    with pytest.raises(Invalid) as refusal:
        clean(raw, LOOKUPS)
    assert refusal.value.mend
    assert str(refusal.value).encode()


# 91110000600037341L is the worked example of python-stdnum; the others differ by one character.
@pytest.mark.parametrize("code", ["91110000600037341L", " 91110000600037341l "])
def test_a_credit_code_with_a_right_check_digit_is_taken(code):
    assert v.credit_code(code, LOOKUPS) == "91110000600037341L"


@pytest.mark.parametrize(
    "code", ["91110000600037341N", "9111000060003734L", "91110000600037341I", "A1110000600037341L", "九" * 18]
)
def test_a_wrong_credit_code_is_refused(code):
    with pytest.raises(Invalid, match="统一社会信用代码"):
        v.credit_code(code, LOOKUPS)


@given(st.text(), st.integers(1, 50))
def test_text_is_trimmed_within_its_limit_or_refused(raw, limit):
    try:
        clean = v.text(limit)(raw, LOOKUPS)
    except Invalid:
        return
    assert len(clean) <= limit
    assert clean == " ".join(clean.split())


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text())))
def test_no_cleaner_breaks_on_odd_input(raw):
    for clean in (
        v.text(20), v.code, v.credit_code, v.choice(Stage), v.flag, v.day, v.partial_day, v.whole(1, 9),
        v.amount, v.link(90), v.tags(), v.chosen(Stage),
    ):  # fmt: skip
        with suppress(Invalid):
            clean(raw, LOOKUPS)


@pytest.mark.django_db
class TestReferences:
    def test_a_city_by_slug_name_english_name_code_or_with_its_rank(self):
        city = make_city("songjiang")
        lookups = Lookups()
        for word in ("songjiang", "松江", "Songjiang", "310117", "松江区", city):
            assert lookups.city(word) == city
        assert lookups.city("") is None
        with pytest.raises(Invalid, match="没有名为“北京”的城市") as refusal:
            lookups.city("北京")
        assert "松江" in refusal.value.mend

    def test_a_field_by_slug_or_name(self):
        field = make_field("materials")
        assert Lookups().field("新材料") == Lookups().field("materials") == field

    def test_an_organisation_by_code_or_unique_name(self):
        first = make_organisation(name="甲", code="A-1")
        second = make_organisation(name="乙", code="A-2")
        make_organisation(name="乙", code="A-3")
        lookups = Lookups()
        assert (lookups.organisation("A-1"), lookups.organisation("甲")) == (first, first)
        assert lookups.organisation("A-2") == second
        with pytest.raises(Invalid, match="2 个机构都叫“乙”"):
            lookups.organisation("乙")
        with pytest.raises(Invalid, match="名录中没有机构“丙”"):
            lookups.organisation("丙")

    @pytest.mark.parametrize("word", ["\ud800", "a\x00b"])
    def test_a_name_that_no_database_takes_is_not_found(self, word):
        for find in (Lookups().organisation, Lookups().person, Lookups().city):
            with pytest.raises(Invalid) as refusal:
                find(word)
            str(refusal.value).encode()

    def test_a_code_wins_over_a_name(self):
        by_code = make_person(name="甲", code="乙")
        make_person(name="乙", code="B-2")
        assert Lookups().person("乙") == by_code

    def test_many_references_take_few_queries(self, django_assert_num_queries):
        for number in range(30):
            make_person(name=f"人{number}", code=f"P-{number}")
        lookups = Lookups()
        from langqiao.apps.registry.models import Person

        with django_assert_num_queries(2):
            lookups.prefetch(Person, [f"P-{number}" for number in range(30)])
            found = [lookups.person(f"P-{number}") for number in range(30)]
        assert [person.name for person in found] == [f"人{number}" for number in range(30)]
