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
        self._lay_out(normalised, {term: number for number, term in enumerate(terms)})
        times = np.bincount(self._numbers, minlength=max(len(terms), 1)).astype(np.float64)
        self._times = times[self._numbers] if self._numbers.size else np.empty(0)
        words = [
            (token.start, token.end, token.end - 1 if tokenise.is_cjk(token.term) else token.start + 1)
            for token in tokenise.word_tokens(normalised)
            if token.end - token.start > 1
        ]
        self._words = np.array(words, np.int64).reshape(-1, 3)  # start, end, end of where its terms begin

    def _lay_out(self, normalised: str, numbers: dict[str, int]) -> None:
        """Where every known term begins, run by run: a long text has thousands of places."""
        found: list[int] = []
        starts: list[int] = []
        joins: list[bool] = []  # a bigram or a Latin word, not a single character
        for run, start in tokenise.placed_runs(normalised):
            if tokenise.is_cjk(run):
                pairs = [run[at : at + 2] for at in range(len(run) - 1)]
                found += [numbers.get(term, -1) for term in run]
                found += [numbers.get(term, -1) for term in pairs]
                starts += range(start, start + len(run))
                starts += range(start, start + len(pairs))
                joins += [False] * len(run) + [True] * len(pairs)
            else:
                found.append(numbers.get(tokenise.stem(run), -1))
                starts.append(start)
                joins.append(True)
        known = np.array(found, np.int64) >= 0
        self._numbers = np.array(found, np.int64)[known]
        self._starts = np.array(starts, np.int64)[known]
        self._joins = np.array(joins, bool)[known]

    def terms_of(self, gained: NDArray[np.float32]) -> tuple[Term, ...]:
        """The shared words of one document, neighbours merged into phrases, the weightiest first.

        A word counts as shared when all its bigrams do. Weights are shares of the whole sum of
        ``gained``, so they add up to at most 1.
        """
        total = float(gained.sum())
        if total <= 0.0 or not self._numbers.size:
            return ()
        value = gained[self._numbers].astype(np.float64)
        begins = np.zeros(self._size + 1, bool)  # where a shared bigram or Latin word begins
        begins[self._starts[self._joins & (value > 0.0)]] = True
        # a term's worth stands where it begins
        worth = np.bincount(self._starts, value / self._times, minlength=self._size + 1)
        running = np.concatenate([[0.0], np.cumsum(worth)])
        spans: dict[str, float] = {}
        for start, end in self._phrases(begins):
            text = self._shown[start:end]
            spans[text] = spans.get(text, 0.0) + float(running[end] - running[start])
        best = sorted(spans.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
        return tuple(Term(text, min(weight / total, 1.0)) for text, weight in best if weight > 0.0)

    def _phrases(self, begins: NDArray[np.bool_]) -> list[tuple[int, int]]:
        running = np.concatenate([[0], np.cumsum(begins)])
        starts, lasts = self._words[:, 0], self._words[:, 2]
        shared = running[lasts] - running[starts] == lasts - starts
        phrases: list[tuple[int, int]] = []
        for start, end, _ in self._words[shared].tolist():
            if phrases and phrases[-1][1] == start:
                phrases[-1] = (phrases[-1][0], end)
            else:
                phrases.append((start, end))
        return phrases
