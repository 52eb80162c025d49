"""What a reader holds: one commit of one generation, unchanging, shared by all threads."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from . import kernels
from .columns import NONE, ROW, open_map
from .dense import SCAN, DenseModel
from .text import FACETS, TextSnapshot, conditions
from .training import Texts
from .types import Document, Filters

SAMPLE = 512  # documents that tell the mean and spread of a BM25 score
_MASKS = 64  # remembered filters


class Snapshot:
    """One commit: postings, columns, vectors and payload that belong together."""

    def __init__(self, folder: Path, index: tantivy.Index, model: DenseModel | None) -> None:
        self.folder = folder
        self.text = TextSnapshot(index)
        self.manifest = manifest = self.text.manifest()
        self.model = model
        sizes = manifest.sizes
        self.rows = open_map(folder / "rows.bin", ROW, sizes["rows"])
        self.texts = Texts(
            self.rows,
            open_map(folder / "words.bin", np.uint32, sizes["words"]),
            open_map(folder / "characters.bin", np.uint32, sizes["characters"]),
        )
        self.facets = open_map(folder / "facets.bin", np.int32, sizes["facets"])
        self._documents = open_map(folder / "documents.bin", np.uint8, sizes["documents"])
        self.living = np.ones(manifest.rows, bool)
        self.living[open_map(folder / "dead.bin", np.uint32, sizes["dead"])] = False
        names = open_map(folder / "facet_names.bin", np.uint8, sizes["facet_names"]).tobytes().decode()
        self.facet_values: list[tuple[str, str]] = [
            tuple(json.loads(line)) for line in names.split("\n") if line
        ]
        self.facet_numbers = {name: number for number, name in enumerate(self.facet_values)}
        if model is not None:
            parts = len(model.parts)
            self.vectors = open_map(folder / "vectors.bin", np.int8, manifest.rows, model.dimensions)
            self.compact = open_map(folder / "compact.bin", np.int8, manifest.rows, SCAN)
            self.scales = open_map(folder / "scales.bin", np.float32, manifest.rows, parts + 1)
        self._masks: OrderedDict[Filters, NDArray[np.bool_]] = OrderedDict()
        self._masks_lock = threading.Lock()

    @cached_property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The row fields that the kernels read, each contiguous (built once per commit)."""
        wanted = (
            "character_start",
            "character_ends",
            "character_length",
            "word_start",
            "word_ends",
            "word_length",
        )
        return {name: np.ascontiguousarray(self.rows[name]) for name in wanted}

    @cached_property
    def scan_scales(self) -> NDArray[np.float32]:
        """The scale of every scan vector, contiguous."""
        return np.ascontiguousarray(self.scales[:, -1])

    @cached_property
    def sample(self) -> NDArray[np.int64]:
        """Living rows spread evenly over the index."""
        rows = np.nonzero(self.living)[0]
        if rows.size <= SAMPLE:
            return rows
        return rows[np.linspace(0, rows.size - 1, SAMPLE).astype(np.int64)]

    def average_length(self, view: str) -> float:
        """Mean weighted number of terms of a living document in the view."""
        total = self.manifest.character_length if view == "characters" else self.manifest.word_length
        return max(total / max(self.manifest.living, 1), 1.0)

    def admitted(self, filters: Filters) -> NDArray[np.bool_]:
        """Which rows a filter admits; remembered, so treat it as read-only."""
        bare = replace(filters, excluded_keys=())
        with self._masks_lock:
            mask = self._masks.get(bare)
        if mask is None:
            mask = self._build_mask(bare)
            with self._masks_lock:
                self._masks[bare] = mask
                while len(self._masks) > _MASKS:
                    self._masks.popitem(last=False)
        if not filters.excluded_keys:
            return mask
        mask = mask.copy()
        for key in filters.excluded_keys:
            row = self.text.row_of(key)
            if row is not None:
                mask[row] = False
        return mask

    def _build_mask(self, filters: Filters) -> NDArray[np.bool_]:
        mask = self.living.copy()
        starts = np.ascontiguousarray(self.rows["facet_start"])
        counts = np.ascontiguousarray(self.rows["facet_count"])
        for facet, values in conditions(filters):
            wanted = np.zeros(max(len(self.facet_values), 1), bool)
            for value in values:
                number = self.facet_numbers.get((facet, value))
                if number is not None:
                    wanted[number] = True
            kernels.admit(self.facets, starts, counts, wanted, mask)
        for name, low, high in (
            ("trl", filters.trl_min, filters.trl_max),
            ("year", filters.year_min, filters.year_max),
        ):
            if low is None and high is None:
                continue
            values_of = self.rows[name]
            mask &= values_of > NONE
            if low is not None:
                mask &= values_of >= low
            if high is not None:
                mask &= values_of <= high
        return mask

    def values(self, row: int, facet: str) -> list[str]:
        """The values of one facet of a row."""
        start, count = int(self.rows["facet_start"][row]), int(self.rows["facet_count"][row])
        named = [self.facet_values[number] for number in self.facets[start : start + count]]
        return [value for name, value in named if name == facet]

    def kind(self, row: int) -> str:
        """The kind of a row."""
        return self.facet_values[int(self.rows["kind"][row])][1]

    def document(self, row: int) -> Document:
        """The document as it was given."""
        start, size = int(self.rows["document_start"][row]), int(self.rows["document_size"][row])
        return decode_document(self._documents[start : start + size].tobytes())


_TUPLES = ("keywords", "cities", "fields", "stages", "tags")


def encode_document(document: Document) -> bytes:
    """A document as one JSON object without its empty fields."""
    given = {name: getattr(document, name) for name in Document.__dataclass_fields__}
    return json.dumps(
        {k: v for k, v in given.items() if v not in ("", (), None)}, ensure_ascii=False
    ).encode()


def decode_document(data: bytes) -> Document:
    """The document that :func:`encode_document` wrote."""
    given = json.loads(data)
    for name in _TUPLES:
        if name in given:
            given[name] = tuple(given[name])
    return Document(**{"key": "", "kind": "", "title": "", "body": "", **given})


__all__ = ["FACETS", "SAMPLE", "Snapshot", "decode_document", "encode_document"]
