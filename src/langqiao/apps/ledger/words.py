"""Entries in words: the ledger keeps plain identifiers, the website says what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from langqiao.apps.ledger.models import Entry


@dataclass(frozen=True, slots=True)
class Named:
    """What an identifier stands for, as the reader may see it: a label and a page (or none)."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ActInWords:
    """One entry for a reader (台账条目): the verb in words, who, for whom, on what, where."""

    entry: Entry
    verb: str
    kind: str
    object: Named
    organisation: Named
    actor: str
    city: str


Describer = Callable[[list[Entry], Any], list[ActInWords]]


def _bare(entries: list[Entry], viewer: Any) -> list[ActInWords]:  # noqa: ARG001  a describer's signature
    return [
        ActInWords(e, e.verb, e.app, Named(e.object), Named(e.organisation), e.actor, e.city) for e in entries
    ]


_describers: list[Describer] = [_bare]


def register_describer(describer: Describer) -> None:
    """Let a floor above say what identifiers stand for; the last one registered is asked."""
    _describers.append(describer)


def in_words(entries: Iterable[Entry], viewer: Any) -> list[ActInWords]:
    """Entries in words for a viewer, in the order given."""
    return _describers[-1](list(entries), viewer)
