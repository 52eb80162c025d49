"""Texts as points, learned from the corpus itself: weighted terms, and their main directions.

Two views of the same TF-IDF matrix. The terms themselves (Salton & Buckley 1988, "Term-weighting
approaches in automatic text retrieval"), and their principal components, in which words that are used
together stand for one another (latent semantic analysis, Deerwester et al. 1990) and what all texts
of the corpus have in common is taken out first. No download, no random numbers that matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from langqiao.engines.matching import tokenise

Matrix = NDArray[np.float64]
_SPARE = 20  # directions beyond those wanted, for accuracy
_ITERATIONS = 5
_NOTHING = 1e-10  # squared singular values below, relative to the largest, are rounding
_LONGER_WORD = 3  # characters: shorter words are already among the unigrams and bigrams


def terms(text: str) -> list[str]:
    """The terms of a text: English stems, Chinese characters, bigrams and longer words.

    >>> terms("锂离子电池 coatings")
    ['锂', '离', '子', '电', '池', '锂离', '离子', '子电', '电池', 'coat', '锂离子']
    """
    longer = [word for word in tokenise.words(text) if len(word) >= _LONGER_WORD and tokenise.is_cjk(word)]
    return tokenise.characters(text) + longer


class TopicSpace:
    """TF-IDF terms and principal components fitted on a corpus.

    The weight of a term is (1 + ln tf) · (ln((1 + N) / (1 + df)) + 1), rows have length 1. The
    components are the ``dimensions`` right singular vectors of the centred matrix with the largest
    singular values, fewer where the corpus is smaller.

    Meant for the people of one programme or panel, up to some ten thousand works: fitting 1,400
    abstracts takes seconds, and time grows with works × dimensions. Beyond that the big index finds
    the works and :func:`..aggregate.rank_by_hits` ranks the people.

    Raises:
        ValueError: ``texts`` is empty or ``dimensions`` is below 1.
    """

    def __init__(self, texts: Sequence[str], *, dimensions: int = 300) -> None:
        if not texts:
            raise ValueError("a topic space needs at least one text")
        if dimensions < 1:
            raise ValueError("dimensions must be at least 1")
        counted = [Counter(terms(text)) for text in texts]
        self._vocabulary: dict[str, int] = {}
        for counts in counted:
            for term in counts:
                self._vocabulary.setdefault(term, len(self._vocabulary))
        counts_matrix = self._matrix(counted)
        present = np.bincount(counts_matrix.indices, minlength=len(self._vocabulary))
        self._idf = np.log((1 + len(texts)) / (1 + present)) + 1.0
        weighted = self._weigh(counts_matrix)
        self._mean = np.asarray(weighted.mean(axis=0)).ravel()
        self._components = _components(weighted, self._mean, dimensions)

    @property
    def dimensions(self) -> int:
        """Number of principal components kept."""
        return int(self._components.shape[1])

    def lexical(self, texts: Sequence[str]) -> sparse.csr_array:
        """TF-IDF rows (texts, terms) of length 1, or 0 where no term is known; products are cosines."""
        return self._weigh(self._matrix([Counter(terms(text)) for text in texts]))

    def latent(self, rows: sparse.csr_array) -> Matrix:
        """Rows of :meth:`lexical` on the principal components (texts, dimensions), of length 1 or 0."""
        points = np.asarray(rows @ self._components) - self._mean @ self._components
        points[np.diff(rows.indptr) == 0] = 0.0  # an empty text is nowhere, not opposite to the mean
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return np.asarray(points / np.where(lengths > 0, lengths, 1.0), dtype=np.float64)

    def _matrix(self, counted: Sequence[Counter[str]]) -> sparse.csr_array:
        columns: list[int] = []
        values: list[float] = []
        ends = [0]
        for counts in counted:
            known = sorted(
                (self._vocabulary[term], n) for term, n in counts.items() if term in self._vocabulary
            )
            columns.extend(column for column, _ in known)
            values.extend(float(n) for _, n in known)
            ends.append(len(columns))
        shape = (len(counted), len(self._vocabulary))
        parts = (np.array(values, np.float64), np.array(columns, np.int64), np.array(ends, np.int64))
        return sparse.csr_array(parts, shape=shape)

    def _weigh(self, counts: sparse.csr_array) -> sparse.csr_array:
        weighted = counts.copy()
        weighted.data = (1.0 + np.log(weighted.data)) * self._idf[weighted.indices]
        squares = np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel()
        lengths = np.sqrt(np.where(squares > 0, squares, 1.0))
        weighted.data /= np.repeat(lengths, np.diff(weighted.indptr))
        return weighted


def _components(rows: sparse.csr_array, mean: Matrix, wanted: int) -> Matrix:
    """Right singular vectors (terms, k) of ``rows`` less their mean, k the wanted number or the rank.

    Randomised subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4), seeded; exact where
    the block is as large as the smaller side of the matrix. The centred matrix is never written out.
    """
    block = min(wanted + _SPARE, *rows.shape)
    basis = np.random.default_rng(0).standard_normal((rows.shape[0], block))
    for _ in range(_ITERATIONS):
        basis = np.linalg.qr(_across(rows, mean, _back(rows, mean, basis)))[0]
    images = _back(rows, mean, basis)
    squares, turns = np.linalg.eigh(images.T @ images)
    order = np.argsort(-squares)[:wanted]
    kept = order[squares[order] > _NOTHING * max(1.0, float(squares.max(initial=0.0)))]
    return np.ascontiguousarray(images @ (turns[:, kept] / np.sqrt(squares[kept])))


def _across(rows: sparse.csr_array, mean: Matrix, directions: Matrix) -> Matrix:
    """(rows - mean) @ directions."""
    return np.asarray(rows @ directions - mean @ directions)


def _back(rows: sparse.csr_array, mean: Matrix, basis: Matrix) -> Matrix:
    """(rows - mean).T @ basis."""
    return np.asarray(rows.T @ basis - np.outer(mean, basis.sum(axis=0)))
