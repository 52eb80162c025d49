"""The embedded matching index (内嵌匹配索引): tantivy beside memory-mapped columns and vectors.

One writer, any number of readers in any number of processes. A reader looks at two file stamps before
each search and moves to the newest commit; searches under way finish on the snapshot they began with.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from . import generations
from .analyse import typed_tokens
from .backend import NO_FILTERS
from .build import Builder
from .dense import DenseModel, Training
from .fuse import MAIN, RELATED, Weights
from .search import Prepared, Scored, candidates, hits
from .snapshot import Snapshot
from .text import open_index
from .types import Document, Filters, Hit, IndexDamaged, Progress, Query, Result, SentenceModel, Suggestion
from .writer import Writer

MODEL = "model"
_RETRIES = 5  # a generation may be removed between reading CURRENT and opening its files


class MatchingIndex:
    """An index in a folder. Safe to share between threads.

    >>> import tempfile
    >>> index = MatchingIndex.open(tempfile.mkdtemp())
    >>> with index.writer() as writer:
    ...     _ = writer.add([Document("a:1", "achievement", "纳米氧化铝涂层", "用于刀具的耐磨涂层")])
    ...     writer.commit("7")
    >>> [hit.key for hit in index.search(Query("刀具涂层")).hits], index.payload
    (['a:1'], '7')
    """

    def __init__(
        self, path: Path, model: SentenceModel | None, training: Training, main: Weights, related: Weights
    ) -> None:
        self._path = path
        self._sentence = model
        self._training = training
        self._main = main
        self._related = related
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] = (-1,)
        self._snapshot: Snapshot | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        model: SentenceModel | None = None,
        training: Training | None = None,
        main: Weights = MAIN,
        related: Weights = RELATED,
    ) -> MatchingIndex:
        """Open the index in a folder, which need not exist yet.

        Args:
            path: the folder; only this class writes there.
            model: an optional sentence encoder. It takes part from the next rebuild on.
            training: what a rebuild trains; the measured default if not given.
            main, related: the weights of the two lists.
        """
        return cls(Path(path), model, training or Training(), main, related)

    @property
    def payload(self) -> str:
        """The payload of the last commit, "" before the first."""
        snapshot = self._refresh()
        return "" if snapshot is None else snapshot.manifest.payload

    @property
    def count(self) -> int:
        """How many documents can be found."""
        snapshot = self._refresh()
        return 0 if snapshot is None else snapshot.manifest.living

    @property
    def trained_on(self) -> int:
        """How many documents the vectors were trained and measured on; 0 means words only."""
        snapshot = self._refresh()
        return 0 if snapshot is None or snapshot.model is None else snapshot.model.trained_on

    def search(
        self, query: Query, filters: Filters = NO_FILTERS, limit: int = 10, offset: int = 0, related: int = 0
    ) -> Result:
        """The best documents among those the filters admit, best first.

        Args:
            limit, offset: the page of the main list; it reaches some 400 documents deep.
            related: how many documents of related work to list besides.
        """
        started = time.perf_counter()
        snapshot = self._refresh()
        if snapshot is None:
            return Result()
        prepared = Prepared(query, snapshot, self._sentence)
        return self._one(prepared, filters, (offset, limit), related, started)

    def search_panels(
        self,
        query: Query,
        panels: Mapping[str, Filters],
        limit: int = 10,
        related: Mapping[str, int] | None = None,
    ) -> dict[str, Result]:
        """The same query under several filters; it is cut, encoded and scanned once.

        ``related`` says for which panels how many documents of related work are listed besides.
        """
        snapshot = self._refresh()
        if snapshot is None:
            return {name: Result() for name in panels}
        prepared = Prepared(query, snapshot, self._sentence)
        return {
            name: self._one(prepared, filters, (0, limit), (related or {}).get(name, 0), time.perf_counter())
            for name, filters in panels.items()
        }

    def _one(
        self, prepared: Prepared, filters: Filters, page: tuple[int, int], related: int, started: float
    ) -> Result:
        snapshot = prepared.snapshot
        total = int(np.count_nonzero(snapshot.admitted(filters)))
        if total == 0 or not prepared.text.strip():
            return Result(total=total, milliseconds=_since(started))
        lists = [self._main] + ([self._related] if related else [])
        scored = Scored(prepared, candidates(prepared, filters, lists))
        found = hits(scored, scored.ranking(self._main), *page)
        beside = hits(scored, scored.ranking(self._related), 0, related) if related else ()
        return Result(found, beside, total, _since(started))

    def suggest(self, text: str, filters: Filters = NO_FILTERS, limit: int = 8) -> tuple[Suggestion, ...]:
        """Titles that hold everything typed so far; a Latin word may be unfinished."""
        snapshot = self._refresh()
        if snapshot is None:
            return ()
        rows = snapshot.text.titles(typed_tokens(text), filters, limit)
        found = [snapshot.document(int(row)) for row in rows]
        return tuple(Suggestion(document.key, document.kind, document.title) for document in found)

    def similar(self, key: str, filters: Filters = NO_FILTERS, limit: int = 10) -> tuple[Hit, ...]:
        """Documents like a document, without itself (同类需求); empty for an unknown key."""
        document = self.get(key)
        if document is None:
            return ()
        query = Query(text=f"{'；'.join(document.keywords)}\n{document.body}", title=document.title)
        found = self.search(query, filters, limit + 1).hits
        return tuple(hit for hit in found if hit.key != key)[:limit]

    def explain(self, query: Query, key: str) -> Hit | None:
        """The score of one document for a query and what made it; None for an unknown key."""
        snapshot = self._refresh()
        row = None if snapshot is None else snapshot.text.row_of(key)
        if snapshot is None or row is None:
            return None
        prepared = Prepared(query, snapshot, self._sentence)
        rows = np.union1d(candidates(prepared, NO_FILTERS, [self._main]), [row])
        scored = Scored(prepared, rows)
        ranking = scored.ranking(self._main)
        place = int(np.nonzero(rows[ranking.order] == row)[0][0])
        return hits(scored, ranking, place, 1)[0]

    def get(self, key: str) -> Document | None:
        """The document as it was given, None for an unknown key."""
        snapshot = self._refresh()
        row = None if snapshot is None else snapshot.text.row_of(key)
        return None if snapshot is None or row is None else snapshot.document(row)

    def documents(self) -> Iterator[Document]:
        """All documents, in the order in which they were added."""
        snapshot = self._refresh()
        if snapshot is not None:
            for row in np.nonzero(snapshot.living)[0]:
                yield snapshot.document(int(row))

    @contextmanager
    def writer(self, *, timeout: float = 30.0) -> Iterator[Writer]:
        """The only writer, once any other has finished.

        Raises:
            IndexBusy: another process kept writing for ``timeout`` seconds.
        """
        with generations.locked(self._path, timeout):
            folder = generations.current(self._path)
            if folder is None:
                folder = generations.fresh(self._path)
                generations.switch(self._path, folder)
            writer = Writer(folder, _load_model(folder), self._sentence)
            try:
                yield writer
            finally:
                writer.close()

    def rebuild(
        self,
        documents: Iterable[Document],
        *,
        train: bool = True,
        payload: str = "",
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Build a new generation beside the old one and switch to it when it is complete.

        Args:
            documents: everything the index shall hold; of equal keys the last one counts.
            train: train the dense part on these documents (needs some 64 of them).
            payload: stored with the content, see :attr:`payload`.
            progress: called with the stage (``index``, ``train``, ``encode``) and how far it is.
            cancelled: asked now and then; a true answer stops the rebuild.

        Raises:
            Cancelled: ``cancelled`` answered true; the old index is untouched.
            IndexBusy: another process kept writing for ``timeout`` seconds.
        """
        with generations.locked(self._path, timeout):
            folder = generations.fresh(self._path)
            builder = Builder(folder, self._sentence, self._training, progress, cancelled)
            builder.build(documents, train=train, payload=payload)
            generations.sync_tree(folder)
            generations.switch(self._path, folder)

    def train(
        self,
        *,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Train anew on what the index holds and encode everything with it: a rebuild from itself."""
        self.rebuild(
            list(self.documents()),
            payload=self.payload,
            progress=progress,
            cancelled=cancelled,
            timeout=timeout,
        )

    def _refresh(self) -> Snapshot | None:
        """The newest commit; None before the first."""
        for attempt in range(_RETRIES):
            stamp = generations.stamp(self._path)
            with self._lock:
                if stamp == self._stamp:
                    return self._snapshot
                try:
                    self._snapshot, self._stamp = self._open() if stamp else None, stamp
                except (OSError, ValueError, IndexDamaged):
                    if attempt + 1 == _RETRIES or generations.stamp(self._path) == stamp:
                        raise
                else:
                    return self._snapshot
        return self._snapshot

    def _open(self) -> Snapshot | None:
        folder = generations.current(self._path)
        if folder is None:
            return None
        old = self._snapshot
        model = old.model if old is not None and old.folder == folder else _load_model(folder)
        return Snapshot(folder, open_index(folder / "text"), model)


def _load_model(folder: Path) -> DenseModel | None:
    return DenseModel.load(folder / MODEL) if (folder / MODEL / "model.json").exists() else None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
