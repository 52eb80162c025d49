"""Key figures (关键数字): what the hall's wall and the front page show, each with its source and date.

An app registers a provider in ``AppConfig.ready``; pages that may not import the app ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure with what a reader needs to judge it.

    Attributes:
        label: what it is, in the reader's language.
        value: the number, or a text such as ``1/15.3``.
        unit: in the reader's language; empty when there is none.
        period: when it holds, as in the data (``2022``, ``2023-05``).
        source: where it is from.
        address: page of this site that shows the evidence.
    """

    label: Any  # text or lazily translated text
    value: Decimal | str
    unit: Any
    period: str
    source: Any
    address: str


Provider = Callable[[], Iterable[KeyFigure]]

_providers: list[Provider] = []


def register_key_figures(provider: Provider) -> None:
    """Let a provider's figures be shown; the same provider counts once."""
    if provider not in _providers:
        _providers.append(provider)


def key_figures() -> list[KeyFigure]:
    """The figures of every provider, in the order of their registration."""
    return [figure for provider in _providers for figure in provider()]
