"""Cut Chinese and English text into the terms that the index and every query share (分词).

Two views of a text are indexed side by side:

* *words*: rjieba's segmentation. It differs from jieba's on 17 % of abstracts, so documents
  and queries must go through this module and no other segmenter.
* *characters*: unigrams and bigrams over each run of CJK characters. They find what the
  segmenter cut differently, and measure best of all lexical views on Chinese abstracts.

Latin words, numbers and formulas are whole terms in both views; English is stemmed
(Snowball "english", also known as Porter 2) and its function words are dropped.
"""

from __future__ import annotations

import itertools
import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import rjieba
import Stemmer

CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:\.[0-9]+)*")
_IS_CJK = re.compile(rf"[{CJK}]")
_LONGEST_TERM = 64  # characters; longer unbroken Latin runs are encoded data, not words

_ENGLISH = """
a an and are as at be been but by can did do does for from had has have he her his how i if in into is it
its may more most no not of on or our she such than that the their them then there these they this those
to was we were what when where which while who will with would you your
"""
_CHINESE = """
的 了 和 是 在 与 及 或 等 对 为 以 于 由 从 到 将 被 把 并 而 且 但 也 都 又 就 还 其 该
此 这 那 之 所 者 有 无 不 中 上 下 内 外 后 前 时 个 种 一 我 我们 你 他 它 他们 它们 它的
这些 那些 这个 那个 这种 一个 一种 一些 以及 并且 而且 但是 因此 所以 因为 由于 如果 虽然 可以 能够
进行 通过 对于 关于 根据 按照 其中 同时 此外 另外 以上 以下 之间 之一 其他 其它 各 各种 每 很 更 最
较 已 已经 正在 均 则 即 若 如 如何 什么 哪些 怎样 怎么 请 需要 希望
"""
ENGLISH_STOP_WORDS = frozenset(_ENGLISH.split())
CHINESE_STOP_WORDS = frozenset(_CHINESE.split())

_stemmer_lock = threading.Lock()
_stemmer = Stemmer.Stemmer("english")


class Token(NamedTuple):
    """One term and where it stands: ``text[start:end]`` of the normalised text."""

    term: str
    start: int
    end: int


def normalise(text: str) -> str:
    """Fold width, compatibility forms and case (NFKC, then casefold): ＧａＮ becomes gan."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_cjk(text: str) -> bool:
    """Whether the first character is Chinese, Japanese or Korean script."""
    if text < "\u3005":  # Latin, the common case, and nothing at all
        return False
    return "\u4e00" <= text[0] <= "\u9fff" or _IS_CJK.match(text) is not None


@lru_cache(maxsize=1 << 16)
def stem(token: str) -> str:
    """The English stem of one Latin token, "" for a stop word; numbers and formulas stay as they are."""
    if token in ENGLISH_STOP_WORDS or len(token) > _LONGEST_TERM:
        return ""
    if not token.isalpha():
        return token
    with _stemmer_lock:  # PyStemmer keeps a buffer and is not safe between threads
        return str(_stemmer.stemWord(token))


@lru_cache(maxsize=1 << 17)
def _terms_of_word(token: str) -> tuple[str, ...]:
    if is_cjk(token):
        return () if token in CHINESE_STOP_WORDS else (token,)
    return tuple(term for run in _RUN.findall(token) for term in (_terms_of_run(run)) if term)


def _terms_of_run(run: str) -> tuple[str, ...]:
    if is_cjk(run):
        return () if run in CHINESE_STOP_WORDS else (run,)
    stemmed = stem(run)
    return (stemmed,) if stemmed else ()


def words(text: str) -> list[str]:
    """Words in reading order: rjieba's cut, English stemmed, stop words and punctuation dropped.

    >>> words("纳米氧化铝的Coatings与涂层")
    ['纳米', '氧化铝', 'coat', '涂层']
    """
    return words_of(normalise(text))


def words_of(normalised: str) -> list[str]:
    """:func:`words` of a text that is already normalised."""
    return list(itertools.chain.from_iterable(map(_terms_of_word, rjieba.cut(normalised))))


def characters(text: str) -> list[str]:
    """Character unigrams and bigrams of every CJK run; Latin words and numbers whole and stemmed.

    >>> characters("氧化铝 coatings")
    ['氧', '化', '铝', '氧化', '化铝', 'coat']
    """
    result: list[str] = []
    for run in _RUN.findall(normalise(text)):
        if is_cjk(run):
            result.extend(run)
            result.extend(map("".join, itertools.pairwise(run)))
        elif stemmed := stem(run):
            result.append(stemmed)
    return result


def stems(text: str) -> list[str]:
    """English stems in reading order, stop words dropped; CJK runs are left out.

    >>> stems("Matching papers to the reviewers 审稿")
    ['match', 'paper', 'review']
    """
    runs = _RUN.findall(normalise(text))
    return [stemmed for run in runs if not is_cjk(run) and (stemmed := stem(run))]


def runs(text: str) -> list[str]:
    """CJK runs and Latin tokens of a text that is already normalised, unstemmed, in reading order."""
    return _RUN.findall(text)


def placed_runs(normalised: str) -> Iterator[tuple[str, int]]:
    """:func:`runs` with the place where each begins (for explanations)."""
    for match in _RUN.finditer(normalised):
        yield match.group(), match.start()


def word_tokens(normalised: str) -> Iterator[Token]:
    """The terms of :func:`words` with their places in a normalised text (for explanations)."""
    at = 0
    for token in rjieba.cut(normalised):
        terms = _terms_of_word(token)
        if len(terms) == 1:
            yield Token(terms[0], at, at + len(token))
        else:
            for match in _RUN.finditer(token):
                for term in _terms_of_run(match.group()):
                    yield Token(term, at + match.start(), at + match.end())
        at += len(token)
