"""Explanations (匹配理由): the stretches of the query that the document shares, readable as they stand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import tokenise
from .types import Term

MOST_TERMS = 8


class Explainer:
    """A query laid out once, so that explaining a hit costs some microseconds.

    ``terms`` are the distinct character terms of the query (:func:`.tokenise.characters`), in the order
    in which :meth:`terms_of` gets what each gave to the score.
    """

    def __init__(self, text: str, terms: tuple[str, ...]) -> None:
        normalised = tokenise.normalise(text)
        self._shown = text if len(text) == len(normalised) else normalised
        self._size = len(normalised)
        numbers = {term: number for number, term in enumerate(terms)}
        tokens = [
            (numbers[token.term], token.start, token.end)
            for token in tokenise.character_tokens(normalised)
            if token.term in numbers
        ]
        self._numbers = np.array([number for number, _, _ in tokens], np.int64)
        self._starts = np.array([start for _, start, _ in tokens], np.int64)
        times = np.bincount(self._numbers, minlength=max(len(terms), 1)).astype(np.float64)
        self._times = times[self._numbers] if tokens else np.empty(0)
        self._joins = np.array(
            [not tokenise.is_cjk(normalised[start]) or end - start > 1 for _, start, end in tokens], bool
        )
        self._words = [
            (token.start, token.end, tokenise.is_cjk(normalised[token.start]))
            for token in tokenise.word_tokens(normalised)
            if token.end - token.start > 1
        ]

    def terms_of(self, gained: NDArray[np.float32]) -> tuple[Term, ...]:
        """The shared words of one document, neighbours merged into phrases, the weightiest first.

        A word counts as shared when all its bigrams do. Weights are shares of the whole sum of
        ``gained``, so they add up to at most 1.
        """
        total = float(gained.sum())
        if total <= 0.0 or not self._numbers.size:
            return ()
        value = gained[self._numbers].astype(np.float64)
        worth = np.zeros(self._size + 1)
        begins = np.zeros(self._size + 1, bool)  # where a shared bigram or Latin word begins
        begins[self._starts[self._joins & (value > 0.0)]] = True
        np.add.at(worth, self._starts, value / self._times)  # a term's worth stands where it begins
        running = np.concatenate([[0.0], np.cumsum(worth)])
        spans: dict[str, float] = {}
        for start, end in self._phrases(begins):
            text = self._shown[start:end]
            spans[text] = spans.get(text, 0.0) + float(running[end] - running[start])
        best = sorted(spans.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
        return tuple(Term(text, min(weight / total, 1.0)) for text, weight in best if weight > 0.0)

    def _phrases(self, begins: NDArray[np.bool_]) -> list[tuple[int, int]]:
        phrases: list[tuple[int, int]] = []
        marks = begins.tobytes()  # searching bytes is much faster than short slices of an array
        for start, end, cjk in self._words:
            shared = marks.find(b"\0", start, end - 1 if cjk else start + 1) < 0
            if not shared:
                continue
            if phrases and phrases[-1][1] == start:
                phrases[-1] = (phrases[-1][0], end)
            else:
                phrases.append((start, end))
        return phrases
