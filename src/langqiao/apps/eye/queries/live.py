"""What is going on now (动态): the latest public acts, always as a guest reads them.

The wall hangs in a hall and the portal is for guests: who happens to be signed in must not change what
they show.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import get_language, gettext

from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import head, latest
from langqiao.apps.ledger.words import ActInWords, in_words

SHOWN = 6  # acts; the page and the part that follows it show equally many


@dataclass(frozen=True, slots=True)
class Live:
    """The end of the ledger and its latest public acts, newest first."""

    head: int
    hash: str
    acts: list[ActInWords]

    @property
    def etag(self) -> str:
        """What a browser names to be told only of something newer; each language has its own."""
        return etag(self.head)

    @property
    def words(self) -> str:
        """The end of the ledger in one line."""
        told = gettext("台账 #{sequence} · SM3 {hash}")
        return told.replace("{sequence}", str(self.head)).replace("{hash}", self.hash)


def etag(sequence: int) -> str:
    """The entity tag (RFC 9110, 8.8.3) of the acts up to a sequence, in the reader's language."""
    return f'"{sequence}-{get_language()}"'


def reached() -> tuple[int, str]:
    """Sequence and hash of the ledger's end: one row by its key."""
    return head()


def live(limit: int = SHOWN) -> Live:
    """The latest acts; the head is read first, so that nothing new is taken for shown."""
    sequence, digest = reached()
    return Live(sequence, digest, in_words(latest(limit), AnonymousUser()))


def acts_after(after: int, limit: int) -> tuple[int, list[ActInWords]]:
    """The ledger's head, and public acts with a higher sequence than ``after``, newest first."""
    sequence, _digest = reached()
    rows = Entry.objects.filter(visibility=Visibility.PUBLIC, sequence__gt=after).order_by("-sequence")
    return sequence, in_words(rows[:limit], AnonymousUser())
