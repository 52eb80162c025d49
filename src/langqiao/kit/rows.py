"""Rows of a table, streamed, and closed where the reading ends."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")
CHUNK = 2_000
"""Rows fetched at a time."""


@contextmanager
def streamed(rows: QuerySet[M, Row]) -> Iterator[Iterator[Row]]:
    """The rows one by one, their cursor closed at the end of the block, however it ends.

    PostgreSQL keeps a cursor for them. Left to the collector after a failure, it would be closed after its
    transaction and within another one, which that breaks off.
    """
    with closing(_each(rows)) as each:
        yield each


def _each(rows: QuerySet[Any, Any]) -> Generator[Any, None, None]:
    yield from rows.iterator(chunk_size=CHUNK)
