"""Names and marks in the reader's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from langqiao.apps.registry.models import Organisation
from langqiao.kit.words import listed, named, says_example


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "甲大学（示例）"), ("en", "University A (example)")]
)
def test_a_name_is_the_readers(language, words):
    university = Organisation(name="甲大学（示例）", name_en="University A (example)")
    with translation.override(language):
        assert named(university) == words


def test_the_chinese_name_stands_where_no_english_one_is_known():
    with translation.override("en"):
        assert named(Organisation(name="乙公司")) == "乙公司"
        assert named(None) == ""


@pytest.mark.parametrize(
    ("title", "says"),
    [("甲大学（示例）", True), ("University A (example)", True), ("甲大学", False), ("An example", False)],
)
def test_a_title_says_that_it_is_an_example(title, says):
    assert says_example(title) is says


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "甲、乙"), ("en", "甲, 乙")])
def test_things_are_listed_as_the_language_does(language, words):
    with translation.override(language):
        assert listed(["甲", "乙"]) == words
