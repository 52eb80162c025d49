"""Explanations (匹配理由): the stretches of the query that the document shares, readable as they stand."""

from __future__ import annotations

from collections.abc import Mapping

from . import tokenise
from .types import Term

MOST_TERMS = 8


def readable_terms(text: str, gained: Mapping[str, float]) -> tuple[Term, ...]:
    """Merge matched characters, bigrams and tokens into whole words and phrases of the query.

    ``gained`` maps each query term (of :func:`.tokenise.characters`) to what it gave to the score. A
    word counts as shared when all its bigrams do; shared words side by side become one phrase. Weights
    are shares of the whole sum, so they add up to at most 1.
    """
    total = sum(gained.values())
    if total <= 0.0:
        return ()
    normalised = tokenise.normalise(text)
    shown = text if len(text) == len(normalised) else normalised
    covered, worth = _coverage(normalised, gained)
    spans: dict[str, float] = {}
    at: int | None = None
    until = 0
    value = 0.0
    for start, end in [*_shared_words(normalised, covered), (len(normalised) + 2, 0)]:
        if at is not None and start != until:
            spans[shown[at:until]] = spans.get(shown[at:until], 0.0) + value
            at = None
        if at is None:
            at, value = start, 0.0
        until = end
        value += sum(worth[start:end])
    best = sorted(spans.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
    return tuple(Term(span, weight / total) for span, weight in best if weight > 0.0)


def _coverage(normalised: str, gained: Mapping[str, float]) -> tuple[list[bool], list[float]]:
    """Which positions begin a shared bigram or stand in a shared token, and what each position is worth."""
    tokens = list(tokenise.character_tokens(normalised))
    times: dict[str, int] = {}
    for token in tokens:
        times[token.term] = times.get(token.term, 0) + 1
    joined = [False] * (len(normalised) + 1)
    worth = [0.0] * (len(normalised) + 1)
    for token in tokens:
        value = gained.get(token.term, 0.0)
        if value <= 0.0:
            continue
        length = token.end - token.start
        for at in range(token.start, token.end):
            worth[at] += value / length / times[token.term]
        if not tokenise.is_cjk(token.term):
            for at in range(token.start, token.end):
                joined[at] = True
        elif length > 1:
            joined[token.start] = True
    return joined, worth


def _shared_words(normalised: str, joined: list[bool]) -> list[tuple[int, int]]:
    """The words of the query, two characters or longer, that stand in the document as a whole."""
    shared = []
    for token in tokenise.word_tokens(normalised):
        last = token.end if not tokenise.is_cjk(normalised[token.start]) else token.end - 1
        if token.end - token.start > 1 and all(joined[at] for at in range(token.start, last)):
            shared.append((token.start, token.end))
    return shared
