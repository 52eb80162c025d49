"""What every matching back end can do (后端接口): one contract, checked by one test suite.

Two implementations live here: :class:`~.index.MatchingIndex`, embedded, and
:class:`~.memory.MemoryIndex`, exact and in memory, for tests and very small sets. A server-based one,
such as Milvus, must pass the same suite (``tests/engines/matching/test_contract.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from .types import Document, Filters, Hit, Progress, Query, Result, Suggestion

NO_FILTERS = Filters()


class IndexWriter(Protocol):
    """Collects changes; they become visible, all or none, at :meth:`commit`."""

    def add(self, documents: Iterable[Document]) -> int:
        """Add or replace documents; returns how many."""
        ...

    def delete(self, keys: Iterable[str]) -> int:
        """Delete by key; returns how many were there."""
        ...

    def commit(self, payload: str = "") -> None:
        """Publish the changes together with the payload."""
        ...


class MatchingBackend(Protocol):
    """A searchable set of documents."""

    @property
    def payload(self) -> str:
        """What the last commit carried: for instance the last ledger entry that was indexed."""
        ...

    @property
    def count(self) -> int:
        """How many documents can be found."""
        ...

    def search(
        self, query: Query, filters: Filters = NO_FILTERS, limit: int = 10, offset: int = 0, related: int = 0
    ) -> Result:
        """The best documents among those the filters admit, and a list of related work."""
        ...

    def search_panels(
        self,
        query: Query,
        panels: Mapping[str, Filters],
        limit: int = 10,
        related: Mapping[str, int] | None = None,
    ) -> dict[str, Result]:
        """One query under several filters (四配); it is cut and encoded once.

        ``related`` says for which panels how many documents of related work are listed besides.
        """
        ...

    def suggest(self, text: str, filters: Filters = NO_FILTERS, limit: int = 8) -> tuple[Suggestion, ...]:
        """Titles for what has been typed so far."""
        ...

    def similar(self, key: str, filters: Filters = NO_FILTERS, limit: int = 10) -> tuple[Hit, ...]:
        """Documents like a document, without itself; empty for an unknown key."""
        ...

    def explain(self, query: Query, key: str) -> Hit | None:
        """The score of one document for a query and what made it; None for an unknown key."""
        ...

    def get(self, key: str) -> Document | None:
        """The document as it was given."""
        ...

    def writer(self, *, timeout: float = 30.0) -> AbstractContextManager[IndexWriter]:
        """The only writer, once any other has finished."""
        ...

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
        """Replace the whole content; searches use the old one until the new one is complete."""
        ...
