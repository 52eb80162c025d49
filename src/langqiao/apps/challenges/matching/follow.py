"""The index follows the ledger: every recorded act on an indexed record is searched within seconds.

Nothing is queued and nothing can be lost: the index knows the sequence it has reached, the ledger
knows what came after. A crash at any moment leaves the last committed index and its sequence.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock

import structlog
from django.conf import settings
from django.db import close_old_connections

from langqiao.apps.challenges.matching import documents, store, tell
from langqiao.apps.ledger import queries as ledger
from langqiao.apps.ledger.models import Entry
from langqiao.engines.matching.types import IndexBusy, MatchingError, Progress, Query

log = structlog.get_logger()
ENTRIES_AT_ONCE = 2000
POLL_SECONDS = 1.0
Notify = Callable[[Progress], None]


def _nothing(_progress: Progress) -> None:
    """Progress that nobody watches."""


def rebuild(
    *, train: bool = True, progress: Notify = _nothing, cancelled: Callable[[], bool] = lambda: False
) -> int:
    """Build a new index from the database beside the old one and switch to it (重建索引).

    Returns:
        The number of documents.

    Raises:
        Cancelled: ``cancelled`` said so; the old index is untouched.
        IndexBusy: another process is writing the index.
    """
    sequence, _hash = ledger.head()
    number = documents.count()
    store.opened(store.training_for(number)).rebuild(
        documents.all_documents(),
        train=train,
        payload=store.payload(sequence),
        progress=progress,
        cancelled=cancelled,
    )
    catch_up()
    return number


def catch_up(*, progress: Notify = _nothing) -> int:
    """Bring the index up to the ledger's head; returns how many records were read again.

    Raises:
        IndexBusy: another process is writing the index; it will do the work, or the next call will.
    """
    refreshed = 0
    start = store.reached()
    end, _hash = ledger.head()
    while start < end:
        entries = list(
            Entry.objects.filter(sequence__gt=start)
            .order_by("sequence")
            .values("sequence", "object", "verb")[:ENTRIES_AT_ONCE]
        )
        if not entries:
            break
        keys = _affected(dict.fromkeys(entry["object"] for entry in entries))
        found, gone = documents.documents_of(keys)
        reached = entries[-1]["sequence"]
        index = store.index()
        fresh = {document.key for document in found if index.get(document.key) is None}
        with index.writer() as writer:
            # Another process may have gone further while we waited for the lock.
            if store.reached() < reached:
                writer.delete(gone)
                writer.add(found)
                writer.commit(store.payload(reached))
                refreshed += len(found)
            else:
                fresh = set()
        tell.about(found, fresh)
        start = max(reached, store.reached())
        progress(Progress("follow", start, end))
    return refreshed


def _affected(objects: dict[str, None]) -> list[str]:
    """The named records, and the products of named organisations: they stand in the firm's city."""
    from langqiao.apps.registry.models import Product

    label = "registry.organisation:"
    firms = [int(key.removeprefix(label)) for key in objects if key.startswith(label)]
    products = Product.objects.filter(organisation_id__in=firms).values_list("pk", flat=True) if firms else []
    return [*objects, *(f"registry.product:{pk}" for pk in products)]


class Follower(threading.Thread):
    """Keeps the index at the ledger's head while the site runs; of all processes one does the work."""

    def __init__(self) -> None:
        super().__init__(name="index-follower", daemon=True)
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end at the next poll."""
        self._stop_asked.set()

    def run(self) -> None:
        self._warm()
        settings.INDEX_DIR.mkdir(parents=True, exist_ok=True)
        with (settings.INDEX_DIR / "follower.lock").open("w") as lock:
            while not self._lead(lock):
                if self._stop_asked.wait(5 * POLL_SECONDS):
                    return
            while not self._stop_asked.wait(POLL_SECONDS):
                self._step()

    @staticmethod
    def _warm() -> None:
        """Open the index and compile its kernels, so that the first visitor need not wait for it."""
        try:
            store.index().search(Query("一题四配"), related=1)
        except MatchingError:
            # A damaged index is said to whoever searches; the follower may still mend it.
            log.exception("index.not_opened")

    @staticmethod
    def _lead(lock: object) -> bool:
        try:
            flock(lock, LOCK_EX | LOCK_NB)  # type: ignore[arg-type]
        except BlockingIOError:
            return False
        return True

    @staticmethod
    def _step() -> None:
        close_old_connections()
        try:
            done = catch_up()
            if done:
                log.info("index.followed", documents=done, at=datetime.now(UTC).isoformat(timespec="seconds"))
        except IndexBusy:
            log.info("index.busy")
        except Exception:
            # The site must stay up when the index cannot be written; the next poll tries again.
            log.exception("index.follow_failed")
        finally:
            close_old_connections()
