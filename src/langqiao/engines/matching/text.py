"""The inverted index (倒排索引): tantivy proposes candidates by BM25 and carries each commit's manifest.

Tantivy holds postings only. Everything about a document that search reads back lies in the columns;
the two meet in the row number. The manifest is a document of its own, so that one tantivy commit, which
is atomic, publishes postings, columns, vectors and the caller's payload together.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur

from .analyse import Analysed
from .columns import NONE, Manifest
from .types import Document, Filters

MANIFEST_KEY = "\x00manifest"
_REMEMBERED = 200_000  # terms whose document frequency a snapshot keeps
FACETS = ("kind", "city", "field", "stage", "licence", "tag")


def facets_of(document: Document) -> list[tuple[str, str]]:
    """Every (facet, value) of a document, the kind first."""
    named = (
        ("city", document.cities),
        ("field", document.fields),
        ("stage", document.stages),
        ("licence", (document.licence,) if document.licence else ()),
        ("tag", document.tags),
    )
    found = [("kind", document.kind)]
    found += [(facet, value) for facet, values in named for value in dict.fromkeys(values)]
    return found


def conditions(filters: Filters) -> list[tuple[str, tuple[str, ...]]]:
    """The facet conditions of a filter that are set."""
    values = (filters.kinds, filters.cities, filters.fields, filters.stages, filters.licences, filters.tags)
    return [(facet, wanted) for facet, wanted in zip(FACETS, values, strict=True) if wanted]


def _facet_term(facet: str, value: str) -> str:
    return f"{facet}\x1f{value}"


def build_schema() -> tantivy.Schema:
    """The fields of the inverted index; texts come in already cut, separated by spaces."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("row", fast=True)
    for name in ("characters", "words", "title"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("facet", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("trl", indexed=True, fast=True)
    builder.add_integer_field("year", indexed=True, fast=True)
    builder.add_bytes_field("manifest", stored=True)
    return builder.build()


def open_index(folder: Path) -> tantivy.Index:
    """Open the inverted index, or make an empty one."""
    folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(build_schema(), path=str(folder), reuse=True)
    index.config_reader(reload_policy="manual")
    return index


def to_entry(document: Document, analysed: Analysed, row: int) -> tantivy.Document:
    """What tantivy indexes of a document."""
    entry = tantivy.Document()
    entry.add_text("key", document.key)
    entry.add_unsigned("row", row)
    entry.add_text("characters", analysed.character_text)
    entry.add_text("words", analysed.word_text)
    entry.add_text("title", analysed.title_text)
    for facet, value in facets_of(document):
        entry.add_text("facet", _facet_term(facet, value))
    entry.add_integer("trl", NONE if document.trl is None else document.trl)
    entry.add_integer("year", NONE if document.year is None else document.year)
    return entry


def manifest_entry(manifest: Manifest) -> tantivy.Document:
    """The document that carries a manifest, stored and not searchable."""
    entry = tantivy.Document()
    entry.add_text("key", MANIFEST_KEY)
    entry.add_bytes("manifest", manifest.to_json().encode())
    return entry


class TextSnapshot:
    """One unchanging view of the inverted index."""

    def __init__(self, index: tantivy.Index) -> None:
        self._schema = index.schema
        self._searcher = index.searcher()
        self._frequencies: dict[tuple[str, str], int] = {}

    def manifest(self) -> Manifest:
        """The manifest of the commit in view; an empty one before the first commit."""
        query = tantivy.Query.term_query(self._schema, "key", MANIFEST_KEY, "basic")
        hits = self._searcher.search(query, 1, count=False).hits
        if not hits:
            return Manifest()
        stored: Any = self._searcher.doc(hits[0][1]).get_first("manifest")
        return Manifest.from_json(bytes(stored).decode())

    def document_frequencies(self, view: str, terms: Sequence[str]) -> NDArray[np.float32]:
        """In how many documents each term stands."""
        known = self._frequencies
        if len(known) > _REMEMBERED:
            known.clear()
        counts = np.empty(len(terms), np.float32)
        for i, term in enumerate(terms):
            count = known.get((view, term))
            if count is None:
                count = known[view, term] = self._searcher.doc_freq(view, term)
            counts[i] = count
        return counts

    def row_of(self, key: str) -> int | None:
        """The row of a key, None for a stranger."""
        query = tantivy.Query.term_query(self._schema, "key", key, "basic")
        rows = self._rows(query, 1)
        return int(rows[0]) if rows.size else None

    def candidates(
        self, view: str, terms: Sequence[str], weights: NDArray[np.float32], filters: Filters, limit: int
    ) -> NDArray[np.int64]:
        """The rows with the best BM25 among those the filters admit."""
        if not terms or limit < 1:
            return np.empty(0, np.int64)
        should = [
            (Occur.Should, self._weighted(view, t, float(w))) for t, w in zip(terms, weights, strict=True)
        ]
        return self._rows(self._filtered(tantivy.Query.boolean_query(should), filters), limit)

    def titles(self, tokens: Sequence[str], filters: Filters, limit: int) -> NDArray[np.int64]:
        """The rows whose titles hold all the tokens, shorter titles first."""
        if not tokens:
            return np.empty(0, np.int64)
        must = [(Occur.Must, self._weighted("title", token, 1.0)) for token in tokens]
        return self._rows(self._filtered(tantivy.Query.boolean_query(must), filters), limit)

    def _weighted(self, view: str, term: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, view, term, "freq")
        return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)

    def _filtered(self, query: tantivy.Query, filters: Filters) -> tantivy.Query:
        clauses: list[tuple[Occur, tantivy.Query]] = [(Occur.Must, query)]
        for facet, values in conditions(filters):
            terms = [_facet_term(facet, value) for value in values]
            chosen = tantivy.Query.term_set_query(self._schema, "facet", terms)
            clauses.append((Occur.Must, tantivy.Query.const_score_query(chosen, 0.0)))
        for name, low, high in (
            ("trl", filters.trl_min, filters.trl_max),
            ("year", filters.year_min, filters.year_max),
        ):
            if low is not None or high is not None:
                bound: Any = tantivy.Query.range_query(
                    self._schema, name, tantivy.FieldType.Integer, 0 if low is None else low, high
                )
                clauses.append((Occur.Must, tantivy.Query.const_score_query(bound, 0.0)))
        if filters.excluded_keys:
            excluded = tantivy.Query.term_set_query(self._schema, "key", list(filters.excluded_keys))
            clauses.append((Occur.MustNot, excluded))
        return query if len(clauses) == 1 else tantivy.Query.boolean_query(clauses)

    def _rows(self, query: tantivy.Query, limit: int) -> NDArray[np.int64]:
        addresses = [address for _, address in self._searcher.search(query, limit, count=False).hits]
        rows = self._searcher.fast_field_values("row", addresses)
        return np.array([row for row in rows if row is not None], np.int64)
