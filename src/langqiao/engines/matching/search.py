"""One query against one snapshot: analyse once, collect candidates, score them exactly, explain the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .analyse import (
    FIELD_WEIGHTS,
    QueryTerms,
    character_codes,
    query_characters,
    query_words,
    word_codes,
)
from .dense import SENTENCE, DenseModel, Floats, Vocabulary, quantise
from .explain import Explainer
from .fuse import MAIN, PLACE_BONUS, RELATED, STAGE_BONUS, Weights, smooth, z_scores
from .snapshot import Snapshot
from .types import Filters, Hit, Parts, Query, SentenceModel

CANDIDATES = 200  # proposed by each view
EVERYTHING = 1_500  # with no more admitted documents than this, all are scored
MOST_CHARACTER_TERMS = 60  # of a long text, for candidates; scored with all
MOST_WORD_TERMS = 80
RELATED_POOL = 120


@dataclass(frozen=True, slots=True)
class View:
    """The terms of a query in one lexical view, against the statistics of one snapshot."""

    name: str
    query: QueryTerms
    weights: Floats  # idf × (1 + ln tf)
    boosts: Floats  # 1 + ln tf, for tantivy, which knows the idf
    vocabulary: Vocabulary
    most: int

    @property
    def longest(self) -> NDArray[np.int64]:
        """The terms that matter most, for the candidate query."""
        order = np.argsort(-self.weights, kind="stable")
        return order[: self.most]


def make_view(name: str, query: QueryTerms, snapshot: Snapshot, most: int) -> View:
    """Weigh the terms of a query; terms that no document has are dropped."""
    frequencies = snapshot.text.document_frequencies(name, query.terms)
    count = max(snapshot.manifest.living, float(frequencies.max(initial=0.0)))
    idf = np.log1p((count - frequencies + 0.5) / (frequencies + 0.5)).astype(np.float32)
    kept = np.nonzero(frequencies > 0)[0]
    cut = QueryTerms(tuple(query.terms[i] for i in kept), query.weights[kept], query.keys[kept])
    return View(name, cut, idf[kept] * cut.weights, cut.weights, Vocabulary.of(cut.keys), most)


class Prepared:
    """A query made ready for one snapshot: cut, weighed and encoded once, used for any filters."""

    def __init__(self, query: Query, snapshot: Snapshot, sentence: SentenceModel | None) -> None:
        self.query = query
        self.snapshot = snapshot
        self.text = f"{query.title}\n{query.text}" if query.title else query.text
        self.characters = make_view("characters", query_characters(self.text), snapshot, MOST_CHARACTER_TERMS)
        self.words = make_view("words", query_words(self.text), snapshot, MOST_WORD_TERMS)
        self._sentence = sentence

    @cached_property
    def vector(self) -> Floats:
        """The joint vector of the query; empty without a model."""
        model = self.snapshot.model
        if model is None:
            return np.zeros(0, np.float32)
        sentence = None
        if (
            model.sentence_dimensions
            and self._sentence is not None
            and self._sentence.name == model.sentence_name
        ):
            sentence = self._sentence.encode([self.text])[0]
        return model.encode(
            np.array(word_codes(self.text), np.uint32),
            np.array(character_codes(self.text), np.uint32),
            sentence,
        )

    @cached_property
    def explainer(self) -> Explainer:
        """The query laid out for explanations."""
        return Explainer(self.text, self.characters.query.terms)

    @cached_property
    def deviations(self) -> list[tuple[float, float]]:
        """Mean and spread of each dense part over all documents."""
        model = self.snapshot.model
        return [] if model is None else model.deviations(self.vector)

    @cached_property
    def lexical_moments(self) -> dict[str, tuple[float, float]]:
        """Mean and spread of BM25 in each view, over the sample."""
        result = {}
        for view in (self.characters, self.words):
            values = self.lexical(view, self.snapshot.sample)
            result[view.name] = (float(values.mean()), float(values.std())) if values.size else (0.0, 0.0)
        return result

    def contributions(self, view: View, rows: NDArray[np.int64]) -> Floats:
        """BM25 of rows term by term, (rows, terms)."""
        out = np.empty((rows.size, view.weights.size), np.float32)
        if out.size:
            singular = view.name[:-1]
            columns = self.snapshot.columns
            codes = self.snapshot.texts.characters if view.name == "characters" else self.snapshot.texts.words
            kernels.bm25(
                rows,
                columns[f"{singular}_start"],
                columns[f"{singular}_ends"],
                columns[f"{singular}_length"],
                codes,
                view.name == "characters",
                view.vocabulary.slots,
                view.vocabulary.numbers,
                view.weights,
                np.array(FIELD_WEIGHTS, np.float32),
                np.float32(self.snapshot.average_length(view.name)),
                out,
            )
        return out

    def lexical(self, view: View, rows: NDArray[np.int64]) -> Floats:
        """BM25 of rows with the whole query."""
        return np.asarray(self.contributions(view, rows).sum(axis=1, dtype=np.float32), np.float32)

    def scan(self, weights: Weights) -> Floats:
        """The approximate dense score of every row under the weights of a list."""
        snapshot, model = self.snapshot, self.snapshot.model
        assert model is not None
        weighted = np.zeros(model.dimensions, np.float32)
        for (name, part), (_, deviation) in zip(model.parts, self.deviations, strict=True):
            if deviation > 1e-9:
                weighted[part] = self.vector[part] * np.float32(weights.parts.get(name, 0.0) / deviation)
        narrow, _ = quantise(weighted @ model.inverse)
        out = np.empty(snapshot.manifest.rows, np.float32)
        kernels.scan(snapshot.compact, snapshot.scan_scales, narrow, out)
        return out


class Scored:
    """Candidates of one list with everything their score is made of."""

    def __init__(self, prepared: Prepared, rows: NDArray[np.int64]) -> None:
        self.rows = rows
        moments = prepared.lexical_moments
        self.characters = z_scores(prepared.lexical(prepared.characters, rows), *moments["characters"])
        self.words = z_scores(prepared.lexical(prepared.words, rows), *moments["words"])
        self.dense: dict[str, Floats] = {}
        model = prepared.snapshot.model
        if model is not None:
            self._score_dense(prepared, model)
        self.place = self._bonus(prepared, "city", PLACE_BONUS)
        self.stage = self._bonus(prepared, "stage", STAGE_BONUS)

    def _score_dense(self, prepared: Prepared, model: DenseModel) -> None:
        snapshot = prepared.snapshot
        for number, (name, part) in enumerate(model.parts):
            out = np.empty(self.rows.size, np.float32)
            scales = np.ascontiguousarray(snapshot.scales[self.rows, number])
            vectors = np.ascontiguousarray(snapshot.vectors[self.rows, part])
            kernels.dots(np.arange(self.rows.size), vectors, scales, prepared.vector[part], out)
            self.dense[name] = z_scores(out, *prepared.deviations[number])

    def _bonus(self, prepared: Prepared, facet: str, most: float) -> Floats:
        wanted = prepared.query.place if facet == "city" else prepared.query.stage
        out = np.zeros(self.rows.size, np.float32)
        if wanted:
            for i, row in enumerate(self.rows):
                fits = [wanted.get(value, 0.0) for value in prepared.snapshot.values(int(row), facet)]
                out[i] = most * min(1.0, max(0.0, max(fits, default=0.0)))
        return out

    def lexical(self, weights: Weights) -> Floats:
        """The words part."""
        return np.asarray(weights.characters * self.characters + weights.words * self.words, np.float32)

    def meaning(self, weights: Weights) -> Floats:
        """The meaning part, before any smoothing."""
        total = np.zeros(self.rows.size, np.float32)
        for name, values in self.dense.items():
            total += np.float32(weights.parts.get(name, 0.0)) * values
        return total


def candidates(prepared: Prepared, filters: Filters, lists: Sequence[Weights]) -> NDArray[np.int64]:
    """The rows worth an exact score: the best of each view and of each list's dense scan."""
    snapshot = prepared.snapshot
    admitted = snapshot.admitted(filters)
    count = int(np.count_nonzero(admitted))
    if count <= EVERYTHING:
        return np.nonzero(admitted)[0].astype(np.int64)
    found = []
    for view in (prepared.characters, prepared.words):
        chosen = view.longest
        terms = [view.query.terms[i] for i in chosen]
        found.append(snapshot.text.candidates(view.name, terms, view.boosts[chosen], filters, CANDIDATES))
    if snapshot.model is not None:
        for weights in lists:
            rows = np.empty(CANDIDATES, np.int64)
            number = kernels.best(prepared.scan(weights), admitted, CANDIDATES, rows)
            found.append(rows[:number])
    return np.unique(np.concatenate(found))


def ranked(prepared: Prepared, scored: Scored, weights: Weights) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Order of the candidates under one list's weights, with the words and meaning parts."""
    lexical, meaning = scored.lexical(weights), scored.meaning(weights)
    if weights.smoothing > 0.0 and prepared.snapshot.model is not None:
        total = lexical + meaning
        pool = np.argsort(-total, kind="stable")[:RELATED_POOL]
        smoothed = smooth(total[pool], _unit_vectors(prepared, scored.rows[pool]), weights.smoothing)
        meaning = meaning - np.float32(0.0)
        meaning[pool] += smoothed - total[pool]
        kept = np.zeros(total.size, bool)
        kept[pool] = True
        meaning[~kept] -= np.float32(1e6)
    total = lexical + meaning + scored.place + scored.stage
    return np.lexsort((scored.rows, -total)), lexical, meaning


def _unit_vectors(prepared: Prepared, rows: NDArray[np.int64]) -> Floats:
    model = prepared.snapshot.model
    assert model is not None
    (_, part), *_ = model.parts
    vectors = prepared.snapshot.vectors[rows, part].astype(np.float32)
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)


def hits(
    prepared: Prepared,
    scored: Scored,
    weights: Weights,
    order: NDArray[np.int64],
    lexical: Floats,
    meaning: Floats,
) -> tuple[Hit, ...]:
    """The chosen candidates as hits with their explanation."""
    snapshot = prepared.snapshot
    rows = scored.rows[order]
    gained = prepared.contributions(prepared.characters, rows)
    result = []
    for i, at in enumerate(order):
        parts = Parts(
            float(lexical[at]), float(meaning[at]), float(scored.place[at]), float(scored.stage[at])
        )
        row = int(scored.rows[at])
        terms = prepared.explainer.terms_of(gained[i])
        result.append(Hit(snapshot.document(row).key, snapshot.kind(row), parts.total, parts, terms))
    return tuple(result)


__all__ = ["MAIN", "RELATED", "SENTENCE", "Prepared", "Scored", "candidates", "hits", "ranked"]
