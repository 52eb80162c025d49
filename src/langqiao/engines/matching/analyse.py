"""Turn documents and queries into term keys: 64-bit numbers that need no dictionary.

A Chinese character is its code point, a character bigram its two code points side by side, and a word
or Latin token a 31-bit checksum with the top bit of 32 set. Keys of characters are exact; two words
share a key about once in 10⁵ pairs of documents, which moves a score by less than rounding.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import tokenise
from .types import Document

Codes = NDArray[np.uint32]
_TOKEN_BIT = 0x80000000

# How often a term counts for standing in the title, the keywords, the body (关键词与题名加权).
FIELD_WEIGHTS = (2.0, 2.0, 1.0)


@lru_cache(maxsize=1 << 17)
def token_code(term: str) -> int:
    """The 32-bit code of a word or Latin token."""
    return _TOKEN_BIT | (zlib.crc32(term.encode()) & 0x7FFFFFFF)


def character_key(term: str) -> int:
    """The key of one term of :func:`.tokenise.characters`."""
    if not tokenise.is_cjk(term):
        return token_code(term)
    return ord(term) if len(term) == 1 else (ord(term[0]) << 32) | ord(term[1])


def character_codes(text: str) -> list[int]:
    """Code points of every CJK run and codes of Latin tokens; a 0 ends each CJK run."""
    return _cut_characters(tokenise.normalise(text))[0]


def word_codes(text: str) -> list[int]:
    """Codes of the words in reading order."""
    return [token_code(word) for word in tokenise.words(text)]


@dataclass(frozen=True, slots=True)
class Analysed:
    """One document cut up: codes of title, keywords and body in this order, and where each part ends.

    The lengths count every term as often as its field weighs; the texts are for the inverted index.
    """

    characters: Codes
    words: Codes
    character_ends: tuple[int, int, int]
    word_ends: tuple[int, int, int]
    character_length: int
    word_length: int
    character_text: str
    word_text: str
    title_text: str


def analyse(document: Document) -> Analysed:
    """Cut a document into codes for the columns and into tokens for the inverted index."""
    parts = (document.title, "；".join(document.keywords), document.body)
    characters: list[int] = []
    words: list[int] = []
    character_ends, word_ends = [], []
    character_tokens: list[str] = []
    word_tokens: list[str] = []
    for part, weight in zip(parts, FIELD_WEIGHTS, strict=True):
        if part:
            normalised = tokenise.normalise(part)
            cut = tokenise.words_of(normalised)
            words.extend(map(token_code, cut))
            word_tokens.extend(cut * int(weight))
            codes, tokens = _cut_characters(normalised)
            characters.extend(codes)
            character_tokens.extend(tokens * int(weight))
        character_ends.append(len(characters))
        word_ends.append(len(words))
    return Analysed(
        characters=np.array(characters, np.uint32),
        words=np.array(words, np.uint32),
        character_ends=(character_ends[0], character_ends[1], character_ends[2]),
        word_ends=(word_ends[0], word_ends[1], word_ends[2]),
        character_length=len(character_tokens),
        word_length=len(word_tokens),
        character_text=" ".join(character_tokens),
        word_text=" ".join(word_tokens),
        title_text=" ".join(title_tokens(document.title)),
    )


def _cut_characters(normalised: str) -> tuple[list[int], list[str]]:
    """:func:`character_codes` and :func:`.tokenise.characters` in one pass."""
    codes: list[int] = []
    tokens: list[str] = []
    for run in tokenise.runs(normalised):
        if tokenise.is_cjk(run):
            codes.extend(map(ord, run))
            codes.append(0)
            tokens.extend(run)
            tokens.extend(map("".join, itertools.pairwise(run)))
        elif stemmed := tokenise.stem(run):
            codes.append(token_code(stemmed))
            tokens.append(stemmed)
    return codes, tokens


def title_tokens(title: str) -> list[str]:
    """Terms of a title for search-as-you-type: characters, bigrams, and every prefix of a Latin word."""
    tokens: list[str] = []
    for run in tokenise.runs(tokenise.normalise(title)):
        if tokenise.is_cjk(run):
            tokens.extend(run)
            tokens.extend(run[at : at + 2] for at in range(len(run) - 1))
        else:
            tokens.extend(run[:length] for length in range(1, min(len(run), 16) + 1))
    return tokens


def typed_tokens(text: str) -> list[str]:
    """The terms that must all stand in a title for what has been typed so far."""
    tokens: list[str] = []
    for run in tokenise.runs(tokenise.normalise(text)):
        if tokenise.is_cjk(run):
            tokens.extend([run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)])
        else:
            tokens.append(run[:16])
    return list(dict.fromkeys(tokens))


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """The distinct terms of a query in one view, with the weight (1 + ln tf) of each and their keys."""

    terms: tuple[str, ...]
    weights: NDArray[np.float32]
    keys: NDArray[np.uint64]


def query_terms(counts: Counter[str], key: Iterable[int]) -> QueryTerms:
    """Bundle counted terms with their keys."""
    weights = 1.0 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))
    return QueryTerms(tuple(counts), weights.astype(np.float32), np.fromiter(key, np.uint64, len(counts)))


def query_words(text: str) -> QueryTerms:
    """The words of a query."""
    counts = Counter(tokenise.words(text))
    return query_terms(counts, map(token_code, counts))


def query_characters(text: str) -> QueryTerms:
    """The character unigrams and bigrams of a query."""
    return cut_query(text)[0]


def cut_query(text: str) -> tuple[QueryTerms, Codes]:
    """:func:`query_characters` and :func:`character_codes` in one pass."""
    codes, tokens = _cut_characters(tokenise.normalise(text))
    counts = Counter(tokens)
    return query_terms(counts, map(character_key, counts)), np.array(codes, np.uint32)
