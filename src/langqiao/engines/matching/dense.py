"""The dense part (语义向量): tables of word vectors, a document's vectors, and the compact scan vector.

Three tables are trained (see :mod:`.ict`). ``topics`` sees words and characters under a low temperature
and finds the same subject; ``words`` and ``senses`` see words under a high one and find the document
meant, ``senses`` with every shared word hidden in training. A :class:`~.types.SentenceModel` may add a
fourth. A document keeps one unit vector per table as int8.

For the scan over all documents the tables are folded into one 128-dimensional vector: the principal
directions of the weighted vectors. The scan only proposes candidates; they are scored exactly.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import ict, kernels

Floats = NDArray[np.float32]
Progressing = Callable[[str, int, int], None]

SCAN = 128
SENTENCE = "sentence"
SENTENCE_SHARE = 0.35  # of a sentence model, beside the shares of the trained tables
LEAST_DOCUMENTS = 64  # with fewer there is nothing to contrast


@dataclass(frozen=True, slots=True)
class TableSettings:
    """One table: its name, whether characters join the words, its share in the scan, how it is trained."""

    name: str
    characters: bool
    share: float
    training: ict.Settings


@dataclass(frozen=True, slots=True)
class Training:
    """The tables to train and how much of the corpus to read."""

    tables: tuple[TableSettings, ...] = (
        TableSettings("topics", True, 0.5, ict.Settings(temperature=5.0, passages=400_000, seed=8)),
        TableSettings(
            "words", False, 0.5, ict.Settings(temperature=12.0, hidden=0.5, passages=600_000, seed=11)
        ),
        TableSettings(
            "senses", False, 0.5, ict.Settings(temperature=14.0, hidden=1.0, passages=600_000, seed=12)
        ),
    )
    rounds: int = 25  # how often a document is read at most
    most_documents: int = 80_000
    most_words: int = 120_000
    most_pairs: int = 150_000
    seed: int = 1

    def with_passages(self, passages: int) -> Training:
        """The same tables with another amount of work."""
        tables = tuple(replace(t, training=replace(t.training, passages=passages)) for t in self.tables)
        return replace(self, tables=tables)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Term key → number, as an open-addressing table that can be memory-mapped."""

    slots: NDArray[np.uint64]
    numbers: NDArray[np.int32]
    size: int

    @classmethod
    def of(cls, keys: NDArray[np.uint64]) -> Vocabulary:
        """Number the keys 0, 1, 2, … in the order given."""
        width = 1 << max(4, int(keys.size * 2.5).bit_length())
        slots, numbers = np.zeros(width, np.uint64), np.full(width, -1, np.int32)
        kernels.fill_table(keys.astype(np.uint64), slots, numbers)
        return cls(slots, numbers, keys.size)

    def ids(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The number of each key, -1 where it is unknown."""
        out = np.empty(keys.size, np.int32)
        kernels.ids_of(keys, self.slots, self.numbers, out)
        return out


@dataclass(frozen=True, slots=True)
class Table:
    """Trained vectors: words first, then (where ``pairs`` is set) the character terms."""

    name: str
    share: float
    words: Vocabulary
    pairs: Vocabulary | None
    vectors: NDArray[np.int8]
    scales: Floats

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def encode(self, word_ids: NDArray[np.int32], pair_ids: NDArray[np.int32]) -> Floats:
        """The unit vector of a bag of terms given by their numbers; zeros when no term is known."""
        out = np.zeros(self.dimensions, np.float32)
        kernels.add_vectors(word_ids, 0, self.vectors, self.scales, out)
        if self.pairs is not None:
            kernels.add_vectors(pair_ids, self.words.size, self.vectors, self.scales, out)
        return unit(out)


def unit(vector: Floats) -> Floats:
    """The vector at length 1; a zero vector stays zero."""
    length = float(np.sqrt(vector @ vector))
    return vector / np.float32(length) if length > 0.0 else vector


def quantise(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """int8 rows and the scale that restores them: the largest entry of a row becomes ±127."""
    scales = np.abs(vectors).max(axis=-1, initial=0.0).astype(np.float32) / np.float32(127.0)
    safe = np.where(scales > 0.0, scales, np.float32(1.0))
    return np.rint(vectors / safe[..., None]).astype(np.int8), scales


def keys_of(codes: NDArray[np.uint32], *, pairs: bool) -> NDArray[np.uint64]:
    """The term keys of a stretch of codes."""
    out = np.empty(codes.size * 2 if pairs else codes.size, np.uint64)
    return out[: kernels.term_keys(codes, pairs, out)]


@dataclass(frozen=True, slots=True)
class DenseModel:
    """All tables of a generation, the statistics of documents under them, and the scan basis."""

    tables: tuple[Table, ...]
    sentence_name: str
    sentence_dimensions: int
    mean: Floats  # (dimensions,)
    covariance: tuple[Floats, ...]  # per part: (d, d)
    basis: Floats  # (dimensions, SCAN): document scan vector = vector @ basis
    inverse: Floats  # (dimensions, SCAN): query scan vector = weighted query @ inverse
    trained_on: int

    @property
    def parts(self) -> list[tuple[str, slice]]:
        """The name of every part and its stretch of the joint vector."""
        result, at = [], 0
        for table in self.tables:
            result.append((table.name, slice(at, at + table.dimensions)))
            at += table.dimensions
        if self.sentence_dimensions:
            result.append((SENTENCE, slice(at, at + self.sentence_dimensions)))
        return result

    @property
    def dimensions(self) -> int:
        """Length of the joint vector."""
        return sum(t.dimensions for t in self.tables) + self.sentence_dimensions

    def encode(
        self, words: NDArray[np.uint32], characters: NDArray[np.uint32], sentence: Floats | None = None
    ) -> Floats:
        """The joint vector of one text from its codes (and its sentence vector, zeros without one)."""
        vocabularies = self._vocabularies()
        word_ids = pair_ids = np.empty(0, np.int32)
        if (known := vocabularies.get("vocabulary.words")) is not None:
            word_ids = known.ids(keys_of(words, pairs=False))
        if (known := vocabularies.get("vocabulary.pairs")) is not None:
            pair_ids = known.ids(keys_of(characters, pairs=True))
        parts = [table.encode(word_ids, pair_ids) for table in self.tables]
        if self.sentence_dimensions:
            none = np.zeros(self.sentence_dimensions, np.float32)
            parts.append(none if sentence is None else sentence.astype(np.float32))
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def deviations(self, query: Floats) -> list[tuple[float, float]]:
        """Mean and standard deviation, over all documents, of a query's product with each part."""
        result = []
        for (_, part), covariance in zip(self.parts, self.covariance, strict=True):
            q = query[part]
            result.append(
                (float(q @ self.mean[part]), max(float(kernels.quadratic(covariance, q)), 0.0) ** 0.5)
            )
        return result

    def compact(self, vectors: Floats) -> Floats:
        """The scan vectors of documents."""
        return np.asarray(vectors @ self.basis, np.float32)

    def save(self, folder: Path) -> None:
        """Write the model into an empty folder."""
        folder.mkdir(parents=True, exist_ok=True)
        described = []
        for table in self.tables:
            np.save(folder / f"{table.name}.vectors.npy", table.vectors)
            np.save(folder / f"{table.name}.scales.npy", table.scales)
            described.append({"name": table.name, "share": table.share, "pairs": table.pairs is not None})
        for name, vocabulary in self._vocabularies().items():
            np.save(folder / f"{name}.slots.npy", vocabulary.slots)
            np.save(folder / f"{name}.numbers.npy", vocabulary.numbers)
        for index, covariance in enumerate(self.covariance):
            np.save(folder / f"covariance.{index}.npy", covariance)
        np.save(folder / "mean.npy", self.mean)
        np.save(folder / "basis.npy", self.basis)
        np.save(folder / "inverse.npy", self.inverse)
        sizes = {name: v.size for name, v in self._vocabularies().items()}
        about: dict[str, Any] = {
            "tables": described,
            "vocabularies": sizes,
            "sentence_name": self.sentence_name,
            "sentence_dimensions": self.sentence_dimensions,
            "trained_on": self.trained_on,
        }
        (folder / "model.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")

    def _vocabularies(self) -> dict[str, Vocabulary]:
        found: dict[str, Vocabulary] = {}
        for table in self.tables:
            found["vocabulary.words"] = table.words
            if table.pairs is not None:
                found["vocabulary.pairs"] = table.pairs
        return found

    @classmethod
    def load(cls, folder: Path) -> DenseModel:
        """Memory-map a model that :meth:`save` wrote."""
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))

        def array(name: str) -> NDArray[Any]:
            return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))

        vocabularies = {
            name: Vocabulary(array(f"{name}.slots"), array(f"{name}.numbers"), size)
            for name, size in about["vocabularies"].items()
        }
        tables = tuple(
            Table(
                name=t["name"],
                share=t["share"],
                words=vocabularies["vocabulary.words"],
                pairs=vocabularies["vocabulary.pairs"] if t["pairs"] else None,
                vectors=array(f"{t['name']}.vectors"),
                scales=array(f"{t['name']}.scales"),
            )
            for t in about["tables"]
        )
        count = len(tables) + bool(about["sentence_dimensions"])
        return cls(
            tables=tables,
            sentence_name=about["sentence_name"],
            sentence_dimensions=about["sentence_dimensions"],
            mean=array("mean"),
            covariance=tuple(array(f"covariance.{i}") for i in range(count)),
            basis=array("basis"),
            inverse=array("inverse"),
            trained_on=about["trained_on"],
        )
