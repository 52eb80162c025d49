"""The compiled loops against plain Python and numpy."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.matching import kernels, tokenise
from langqiao.engines.matching.analyse import FIELD_WEIGHTS, analyse, query_characters, query_words
from langqiao.engines.matching.dense import Vocabulary, quantise, unit
from tests.factories.matching import make_document

CHINESE = st.text(alphabet="刀具涂层氧化铝 ab1，", max_size=30)
KEYS = st.lists(st.integers(1, 2**64 - 1), unique=True, max_size=60)


@given(KEYS, KEYS)
@settings(deadline=None)
def test_a_vocabulary_numbers_its_keys_and_no_other(known: list[int], strange: list[int]) -> None:
    vocabulary = Vocabulary.of(np.array(known, np.uint64))
    assert vocabulary.ids(np.array(known, np.uint64)).tolist() == list(range(len(known)))
    others = [key for key in strange if key not in known]
    assert vocabulary.ids(np.array(others, np.uint64)).tolist() == [-1] * len(others)


@given(CHINESE, CHINESE, CHINESE, st.booleans())
@settings(deadline=None)
def test_bm25_is_the_formula(title: str, body: str, query: str, pairs: bool) -> None:
    document = analyse(make_document(title=title, body=body))
    asked = query_characters(query) if pairs else query_words(query)
    vocabulary = Vocabulary.of(asked.keys)
    ends = np.array([document.character_ends if pairs else document.word_ends], np.uint32)
    length = float(document.character_length if pairs else document.word_length)
    out, whole = np.empty((1, asked.keys.size), np.float32), np.empty((1, 1), np.float32)
    given_all = (
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        ends,
        np.array([length], np.float32),
        document.characters if pairs else document.words,
        pairs,
        vocabulary.slots,
        vocabulary.numbers,
        np.ones(asked.keys.size, np.float32),
        np.array(FIELD_WEIGHTS, np.float32),
        np.float32(20.0),
    )
    kernels.bm25(*given_all, out)
    kernels.bm25(*given_all, whole)
    cut = tokenise.characters if pairs else tokenise.words
    counts: Counter[str] = Counter()
    for part, weight in ((title, FIELD_WEIGHTS[0]), (body, FIELD_WEIGHTS[2])):
        for term in cut(part):
            counts[term] += int(weight)
    assert sum(counts.values()) == length
    norm = kernels.K1 * (1.0 - kernels.B + kernels.B * length / 20.0)
    expected = [counts[t] * (kernels.K1 + 1.0) / (counts[t] + norm) for t in asked.terms]
    assert np.allclose(out[0], expected, atol=1e-5)
    assert np.allclose(whole[0, 0], sum(expected), atol=1e-4)


@given(st.lists(st.tuples(st.integers(-50, 50), st.booleans()), max_size=80), st.integers(1, 20))
@settings(deadline=None)
def test_best_is_the_top_of_a_sort(rows: list[tuple[int, bool]], count: int) -> None:
    scores = np.array([score for score, _ in rows], np.float32)
    admitted = np.array([admit for _, admit in rows], bool)
    out = np.empty(count, np.int64)
    found = out[: kernels.best(scores, admitted, count, out)]
    allowed = np.nonzero(admitted)[0]
    expected = sorted(scores[allowed].tolist(), reverse=True)[:count]
    assert sorted(scores[found].tolist(), reverse=True) == expected
    assert len(set(found.tolist())) == found.size
    assert set(found.tolist()) <= set(allowed.tolist())


def test_products_of_int8_vectors_are_close_to_the_exact_ones() -> None:
    generator = np.random.default_rng(1)
    vectors = generator.standard_normal((200, 256)).astype(np.float32)
    query = unit(generator.standard_normal(256).astype(np.float32))
    narrow, scales = quantise(vectors)
    exact = vectors @ query
    out = np.empty(200, np.float32)
    kernels.dots(narrow, scales, query, out)
    assert np.abs(out - exact).max() < 0.05
    narrow_query, scale = quantise(query)
    kernels.scan(narrow, scales, narrow_query, out)
    assert np.abs(out * scale - exact).max() < 0.1


def test_quantising_nothing_gives_nothing() -> None:
    narrow, scales = quantise(np.zeros((2, 4), np.float32))
    assert not narrow.any()
    assert not scales.any()
    assert math.isclose(float(unit(np.zeros(4, np.float32)).sum()), 0.0)
