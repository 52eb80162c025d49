"""Train the dense model from the columns of an index generation, and encode its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import ict
from .dense import (
    LEAST_DOCUMENTS,
    SCAN,
    SENTENCE_SHARE,
    DenseModel,
    Floats,
    Progressing,
    Table,
    TableSettings,
    Training,
    Vocabulary,
    keys_of,
    quantise,
)

LENGTH_OF_RARE = np.float32(0.1)  # initial length of a rare term's vector, against a step of the same size


@dataclass(frozen=True, slots=True)
class Texts:
    """The coded texts of an index generation: ``rows`` as :data:`.columns.ROW`, and the code columns."""

    rows: NDArray[Any]
    words: NDArray[np.uint32]
    characters: NDArray[np.uint32]

    def words_of(self, row: int) -> NDArray[np.uint32]:
        """The word codes of one row."""
        start = int(self.rows["word_start"][row])
        return self.words[start : start + int(self.rows["word_ends"][row, 2])]

    def characters_of(self, row: int) -> NDArray[np.uint32]:
        """The character codes of one row."""
        start = int(self.rows["character_start"][row])
        return self.characters[start : start + int(self.rows["character_ends"][row, 2])]


def _keys(texts: Texts, chosen: NDArray[np.int64], *, pairs: bool) -> tuple[NDArray[np.uint64], ict.Longs]:
    pieces = [
        keys_of(texts.characters_of(row), pairs=True) if pairs else keys_of(texts.words_of(row), pairs=False)
        for row in chosen
    ]
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([piece.size for piece in pieces], out=offsets[1:])
    return (np.concatenate(pieces) if pieces else np.empty(0, np.uint64)), offsets


def _vocabulary(
    keys: NDArray[np.uint64], *, least: int, most: int
) -> tuple[Vocabulary, NDArray[np.int64], ict.Ints]:
    """The commonest keys seen ``least`` times or more, their counts, and all keys as numbers (-1: none)."""
    distinct, counts = np.unique(keys, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    order = order[counts[order] >= least]
    vocabulary = Vocabulary.of(distinct[order])
    return vocabulary, counts[order], vocabulary.ids(keys)


def _fitting(settings: ict.Settings, most: int) -> ict.Settings:
    """The settings with no more passages than so many."""
    return replace(settings, passages=max(1, min(settings.passages, most)))


def train(
    texts: Texts,
    living: NDArray[np.int64],
    training: Training,
    *,
    progress: Progressing | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Table, ...]:
    """Train every table on the living rows (or a seeded sample of them).

    Returns no table when there are fewer than :data:`~.dense.LEAST_DOCUMENTS` documents to learn from.
    """
    chosen = living
    if chosen.size > training.most_documents:
        generator = np.random.default_rng(training.seed)
        chosen = np.sort(generator.choice(chosen, training.most_documents, replace=False))
    word_keys, word_offsets = _keys(texts, chosen, pairs=False)
    if word_offsets.size <= LEAST_DOCUMENTS:
        return ()
    words, word_counts, word_ids = _vocabulary(word_keys, least=2, most=training.most_words)
    word_weights = LENGTH_OF_RARE * ict.rare_weights(word_counts, word_ids.size)
    word_stream = ict.Stream(word_ids, word_offsets)
    pairs, both_weights, streams = None, word_weights, [word_stream]
    if any(table.characters for table in training.tables):
        pair_keys, pair_offsets = _keys(texts, chosen, pairs=True)
        pairs, pair_counts, pair_ids = _vocabulary(pair_keys, least=3, most=training.most_pairs)
        del pair_keys
        pair_weights = LENGTH_OF_RARE * ict.rare_weights(pair_counts, pair_ids.size)
        both_weights = np.concatenate([word_weights, pair_weights])
        shifted = np.where(pair_ids >= 0, pair_ids + words.size, -1).astype(np.int32)
        streams = [word_stream, ict.Stream(shifted, pair_offsets)]
    if ict.trainable([word_stream]).size < LEAST_DOCUMENTS:
        return ()

    done = dict.fromkeys((t.name for t in training.tables), 0)
    total = len(training.tables) * 100

    def train_table(table: TableSettings) -> Table:
        def report(step: int, steps: int) -> None:
            done[table.name] = 100 * step // steps
            if progress is not None:
                progress("train", sum(done.values()), total)

        vectors = ict.train(
            streams if table.characters else [word_stream],
            both_weights if table.characters else word_weights,
            _fitting(table.training, chosen.size * training.rounds),
            progress=report,
            cancelled=cancelled,
        )
        narrow, scales = quantise(vectors)
        return Table(table.name, table.share, words, pairs if table.characters else None, narrow, scales)

    with ThreadPoolExecutor(max_workers=2) as pool:  # numba and BLAS release the GIL
        return tuple(pool.map(train_table, training.tables))


def finish(
    tables: tuple[Table, ...],
    sample: Floats,
    *,
    sentence_name: str = "",
    sentence_dimensions: int = 0,
) -> DenseModel:
    """Measure a sample of joint document vectors and find the scan basis.

    ``sample`` is (documents, dimensions). The basis is the principal directions of the joint vector
    with each part at its share of the score: the best rank-128 approximation of the fused product.
    """
    bare = DenseModel(
        tables=tables,
        sentence_name=sentence_name,
        sentence_dimensions=sentence_dimensions,
        mean=np.zeros(0, np.float32),
        covariance=(),
        basis=np.zeros((0, SCAN), np.float32),
        inverse=np.zeros((0, SCAN), np.float32),
        trained_on=int(sample.shape[0]),
    )
    mean = sample.mean(axis=0) if sample.size else np.zeros(bare.dimensions, np.float32)
    centred = sample - mean
    count = max(sample.shape[0], 1)
    covariance = tuple(np.asarray(centred[:, p].T @ centred[:, p] / count, np.float32) for _, p in bare.parts)
    shares = np.empty(bare.dimensions, np.float32)
    by_name = {t.name: t.share for t in tables}
    for (name, part), own in zip(bare.parts, covariance, strict=True):
        spread = float(np.sqrt(max(np.trace(own) / max(own.shape[0], 1), 1e-12)))
        shares[part] = np.sqrt(by_name.get(name, SENTENCE_SHARE) / spread)
    weighted = sample * shares
    joint = weighted.T @ weighted / count + 1e-9 * np.eye(bare.dimensions, dtype=np.float32)
    _, directions = np.linalg.eigh(joint)
    directions = directions[:, ::-1][:, :SCAN]
    if directions.shape[1] < SCAN:
        directions = np.pad(directions, ((0, 0), (0, SCAN - directions.shape[1])))
    return DenseModel(
        tables=tables,
        sentence_name=sentence_name,
        sentence_dimensions=sentence_dimensions,
        mean=np.asarray(mean, np.float32),
        covariance=covariance,
        basis=np.asarray(shares[:, None] * directions, np.float32),
        inverse=np.asarray(directions / shares[:, None], np.float32),
        trained_on=int(sample.shape[0]),
    )


def encode_rows(
    model: DenseModel,
    texts: Texts,
    rows: NDArray[np.int64],
    sentences: Callable[[NDArray[np.int64]], Floats] | None,
) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """The joint vectors of rows, in blocks of 1,024."""
    for at in range(0, rows.size, 1024):
        block = rows[at : at + 1024]
        sentence = sentences(block) if sentences is not None else None
        out = np.empty((block.size, model.dimensions), np.float32)
        for i, row in enumerate(block):
            own = sentence[i] if sentence is not None else None
            out[i] = model.encode(texts.words_of(int(row)), texts.characters_of(int(row)), own)
        yield block, out


def pack(model: DenseModel, vectors: Floats) -> tuple[NDArray[np.int8], NDArray[np.int8], Floats]:
    """int8 joint vectors, int8 scan vectors, and the scales of each part and of the scan (last column)."""
    narrow = np.empty(vectors.shape, np.int8)
    scales = np.empty((vectors.shape[0], len(model.parts) + 1), np.float32)
    for number, (_, part) in enumerate(model.parts):
        narrow[:, part], scales[:, number] = quantise(vectors[:, part])
    compact, scales[:, -1] = quantise(model.compact(vectors))
    return narrow, compact, scales
