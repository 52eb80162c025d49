"""Independent BM25 baselines: scipy matrices over whole collections, no index of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from langqiao.engines.matching.tokenise import characters, is_cjk, words

K1, B = 1.2, 0.75


def bigrams(text: str) -> list[str]:
    """Character bigrams; Latin words and numbers whole."""
    return [term for term in characters(text) if len(term) > 1 or not is_cjk(term)]


VIEWS: dict[str, Callable[[str], list[str]]] = {
    "bm25_words": words,
    "bm25_bigrams": bigrams,
    "bm25_chars": characters,
}


class Bm25:
    """Okapi BM25 (Robertson & Zaragoza 2009, equation 3.15, with the non-negative idf of Lucene)."""

    def __init__(self, cut: Callable[[str], list[str]], texts: Sequence[str]) -> None:
        self._cut = cut
        self._numbers: dict[str, int] = {}
        rows, columns, counts, lengths = [], [], [], np.zeros(len(texts))
        for row, text in enumerate(texts):
            terms = Counter(cut(text))
            lengths[row] = sum(terms.values())
            for term, count in terms.items():
                rows.append(row)
                columns.append(self._numbers.setdefault(term, len(self._numbers)))
                counts.append(count)
        row, column, tf = np.array(rows, np.int64), np.array(columns, np.int64), np.array(counts, np.float64)
        frequency = np.bincount(column, minlength=len(self._numbers))
        idf = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))
        norm = K1 * (1.0 - B + B * lengths[row] / max(lengths.mean(), 1e-9))
        values = (idf[column] * tf * (K1 + 1.0) / (tf + norm)).astype(np.float32)
        self._matrix = sparse.csc_matrix((values, (row, column)), shape=(len(texts), len(self._numbers)))

    def scores(self, text: str) -> NDArray[np.float32]:
        """The score of every document; a term counts as often as the query has it."""
        terms = Counter(self._numbers[term] for term in self._cut(text) if term in self._numbers)
        if not terms:
            return np.zeros(self._matrix.shape[0], np.float32)
        weights = np.fromiter(terms.values(), np.float32, len(terms))
        return np.asarray(self._matrix[:, list(terms)] @ weights, np.float32)
