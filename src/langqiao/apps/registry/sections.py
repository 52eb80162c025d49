"""Sections that apps put on pages of others: the registry's, and everybody's own work (我的工作).

An app registers a callable in its ``AppConfig.ready``::

    page_section(Organisation, challenges_of)

``challenges_of(record, viewer)`` returns a :class:`Section`, or None where it has nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
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


WorkMaker = Callable[[Any], "list[Awaiting]"]
_work_makers: list[WorkMaker] = []


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Something that waits for a person (待办): what it is, its page, its state and when it is due."""

    what: Any
    title: str
    url: str
    due: date | None = None
    note: Any = ""


def awaiting_of(maker: WorkMaker) -> WorkMaker:
    """Register what an app has waiting for a person; the rows appear on the page of their own work."""
    if maker not in _work_makers:
        _work_makers.append(maker)
    return maker


def awaiting(viewer: Any) -> list[Awaiting]:
    """What waits for the viewer in all apps, what is due first on top."""
    rows = [row for maker in _work_makers for row in maker(viewer)]
    return sorted(rows, key=lambda row: (row.due is None, row.due or date.max))
