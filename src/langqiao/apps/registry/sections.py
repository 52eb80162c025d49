"""Sections that other apps put on the registry's pages, such as the challenges of an organisation.

An app registers a callable in its ``AppConfig.ready``::

    page_section(Organisation, challenges_of)

``challenges_of(record, viewer)`` returns a :class:`Section`, or None where it has nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import models


@dataclass(frozen=True, slots=True)
class Section:
    """A headed block of an object page, drawn from ``template`` with ``context``."""

    title: Any
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    aside: bool = False


Maker = Callable[[Any, Any], "Section | None"]
_makers: dict[type[models.Model], list[Maker]] = {}


def page_section(model: type[models.Model], maker: Maker) -> Maker:
    """Register a section of the pages of ``model``; sections appear in the order of registration."""
    makers = _makers.setdefault(model, [])
    if maker not in makers:
        makers.append(maker)
    return maker


def sections_for(record: models.Model, viewer: Any) -> list[Section]:
    """The sections of one record's page for one viewer."""
    made = (maker(record, viewer) for maker in _makers.get(type(record), ()))
    return [section for section in made if section is not None]
