"""Build a whole generation: index the texts, train on them, encode them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from . import training as train_module
from .columns import ROW, open_map
from .dense import DenseModel, Floats, Training
from .snapshot import decode_document
from .training import Texts
from .types import Cancelled, Document, Progress, SentenceModel
from .writer import Writer, sentence_text

_SAMPLE = 20_000  # documents that the statistics and the scan basis are measured on
_EVERY = 256  # documents between two reports of progress


class Builder:
    """Fills an empty folder. The caller puts it into use, or leaves it for the next one to remove."""

    def __init__(
        self,
        folder: Path,
        sentence: SentenceModel | None,
        training: Training,
        progress: Callable[[Progress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._folder = folder
        self._sentence = sentence
        self._training = training
        self._progress = progress
        self._cancelled = cancelled

    def build(self, documents: Iterable[Document], *, train: bool, payload: str) -> None:
        """Index, train, encode.

        Raises:
            Cancelled: the caller asked to stop.
        """
        with threadpool_limits(1, user_api="blas"):  # two trainings share the cores; more threads only wait
            self._build(documents, train=train, payload=payload)

    def _build(self, documents: Iterable[Document], *, train: bool, payload: str) -> None:
        writer = Writer(self._folder, None, None)
        try:
            writer.add(self._watched(documents))
            writer.commit(payload)
        finally:
            writer.close()
        size = writer.manifest.sizes
        rows = open_map(self._folder / "rows.bin", ROW, size["rows"])
        texts = Texts(
            rows,
            open_map(self._folder / "words.bin", np.uint32, size["words"]),
            open_map(self._folder / "characters.bin", np.uint32, size["characters"]),
        )
        alive = np.ones(size["rows"], bool)
        alive[open_map(self._folder / "dead.bin", np.uint32, size["dead"])] = False
        self._build_model(texts, np.nonzero(alive)[0].astype(np.int64), train=train)

    def _watched(self, documents: Iterable[Document]) -> Iterable[Document]:
        total = len(documents) if isinstance(documents, Sized) else 0
        done = 0
        for done, document in enumerate(documents, 1):
            if done % _EVERY == 0:
                self._report("index", done, total)
            yield document
        self._report("index", done, total or done)

    def _report(self, stage: str, done: int, total: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("重建已按要求停止，原有索引不受影响。")
        if self._progress is not None:
            self._progress(Progress(stage, done, total))

    def _build_model(self, texts: Texts, living: NDArray[np.int64], *, train: bool) -> None:
        tables = (
            train_module.train(
                texts, living, self._training, progress=self._report_training, cancelled=self._cancelled
            )
            if train
            else ()
        )
        if not tables and self._sentence is None:
            return
        name = "" if self._sentence is None else self._sentence.name
        dimensions = 0 if self._sentence is None else self._sentence.dimensions
        bare = train_module.finish(
            tables,
            np.zeros((0, sum(t.dimensions for t in tables) + dimensions), np.float32),
            sentence_name=name,
            sentence_dimensions=dimensions,
        )
        model = self._encode(bare, texts, living)
        model.save(self._folder / "model")

    def _report_training(self, stage: str, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(Progress(stage, done, total))

    def _encode(self, bare: DenseModel, texts: Texts, living: NDArray[np.int64]) -> DenseModel:
        """Measure a sample of rows, then encode all of them: vectors, scan vectors and scales."""
        sentences = None if self._sentence is None else self._sentences(texts)
        chosen = living
        if chosen.size > _SAMPLE:
            generator = np.random.default_rng(self._training.seed)
            chosen = np.sort(generator.choice(chosen, _SAMPLE, replace=False))
        sample = np.empty((chosen.size, bare.dimensions), np.float32)
        at = 0
        for block, encoded in train_module.encode_rows(bare, texts, chosen, sentences):
            sample[at : at + block.size] = encoded
            at += block.size
        model = train_module.finish(
            bare.tables,
            sample,
            sentence_name=bare.sentence_name,
            sentence_dimensions=bare.sentence_dimensions,
        )
        del sample
        everything = np.arange(texts.rows.size, dtype=np.int64)
        with ExitStack() as stack:
            vectors, compact, scales = (
                stack.enter_context((self._folder / f"{name}.bin").open("wb"))
                for name in ("vectors", "compact", "scales")
            )
            for block, encoded in train_module.encode_rows(model, texts, everything, sentences):
                packed = train_module.pack(model, encoded)
                vectors.write(packed[0].data)
                compact.write(packed[1].data)
                scales.write(packed[2].data)
                self._report("encode", int(block[-1]) + 1, everything.size)
        return model

    def _sentences(self, texts: Texts) -> Callable[[NDArray[np.int64]], Floats]:
        stored = (
            np.memmap(self._folder / "documents.bin", np.uint8, mode="r")
            if texts.rows.size
            else np.empty(0, "u1")
        )
        sentence = self._sentence
        assert sentence is not None

        def encode(rows: NDArray[np.int64]) -> Floats:
            found = []
            for row in rows:
                start, size = int(texts.rows["document_start"][row]), int(texts.rows["document_size"][row])
                found.append(sentence_text(decode_document(stored[start : start + size].tobytes())))
            return sentence.encode(found)

        return encode
