"""Cutting text: the same for documents and queries, whatever comes in."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.matching import analyse, tokenise
from langqiao.engines.matching.dense import keys_of

MIXED = st.text(
    alphabet=st.sampled_from("氧化铝涂层研究的 aAbBcC12.-３ＡＢ，。()\n刀具ß𠀀々カ한"), max_size=60
)


def test_english_is_stemmed_and_function_words_are_dropped() -> None:
    assert tokenise.stems("The matching of papers to their reviewers") == ["match", "paper", "review"]
    assert tokenise.words("Coatings") == tokenise.words("coating") == ["coat"]
    assert tokenise.characters("Coatings") == ["coat"]


def test_width_and_case_do_not_matter() -> None:
    assert tokenise.words("ＧａＮ器件") == tokenise.words("gan器件")
    assert tokenise.characters("５．３Ｖ") == tokenise.characters("5.3v")


def test_characters_are_unigrams_and_bigrams_within_a_run() -> None:
    assert Counter(tokenise.characters("氧化铝，涂层")) == Counter(
        ["氧", "化", "铝", "氧化", "化铝", "涂", "层", "涂层"]
    )


def test_stems_leave_chinese_out() -> None:
    assert tokenise.stems("审稿 reviewers 分配") == ["review"]


@pytest.mark.parametrize("text", ["", " \n\t", "，。！？", "的了和"])
def test_nothing_to_find_gives_no_words(text: str) -> None:
    assert tokenise.words(text) == []


@given(MIXED)
@settings(deadline=None)
def test_tokens_with_places_are_the_same_terms(text: str) -> None:
    normalised = tokenise.normalise(text)
    assert [token.term for token in tokenise.word_tokens(normalised)] == tokenise.words(text)
    assert [run for run, _ in tokenise.placed_runs(normalised)] == tokenise.runs(normalised)
    for run, start in tokenise.placed_runs(normalised):
        assert normalised[start : start + len(run)] == run


@given(st.text(max_size=80))
@settings(deadline=None)
def test_no_term_is_empty_or_holds_a_space(text: str) -> None:
    for term in [*tokenise.words(text), *tokenise.characters(text), *tokenise.stems(text)]:
        assert term
        assert term.split() == [term]


@given(MIXED)
@settings(deadline=None)
def test_codes_expand_to_the_keys_of_the_same_terms(text: str) -> None:

    expanded = keys_of(np.array(analyse.character_codes(text), np.uint32), pairs=True)
    expected = Counter(analyse.character_key(term) for term in tokenise.characters(text))
    assert Counter(int(key) for key in expanded) == expected


def test_typed_tokens_match_every_prefix_of_the_title() -> None:
    title = set(analyse.title_tokens("氮化硼 Coating 新工艺"))
    for typed in ("氮", "氮化", "氮化硼", "coa", "氮化硼 coating", "新工艺 co"):
        assert title.issuperset(analyse.typed_tokens(typed)), typed
    assert not title.issuperset(analyse.typed_tokens("coatx"))
