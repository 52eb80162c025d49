"""Verbs of programmes of the corridor (走廊专项)."""

from __future__ import annotations

from typing import Any, Unpack

from langqiao.apps.registry.domain import records
from langqiao.apps.registry.domain.kinds import PROGRAMMES
from langqiao.apps.registry.domain.organisations import SourceDetails
from langqiao.apps.registry.models import City, Field, Organisation, Programme


class ProgrammeDetails(SourceDetails, total=False):
    """Columns of a programme; each figure has label, label_en, value, unit, date, source_url."""

    name_en: str
    date: str
    city: City | str | None
    lead: Organisation | str | None
    fields: list[Field | str] | str
    description: str
    description_en: str
    figures: list[dict[str, str]] | str


class ProgrammeChanges(ProgrammeDetails, total=False):
    """What a revision may change."""

    name: str
    kind: str


def add_programme(actor: Any, *, name: str, kind: str, **details: Unpack[ProgrammeDetails]) -> Programme:
    """Register a programme of the corridor (登记走廊专项).

    Raises:
        NotAllowed: the actor may not for this organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    added = records.add(actor, PROGRAMMES, {"name": name, "kind": kind, **details})
    assert isinstance(added, Programme)
    return added


def revise_programme(actor: Any, programme: Programme, **changes: Unpack[ProgrammeChanges]) -> Programme:
    """Change a programme of the corridor (修改走廊专项).

    Raises:
        NotAllowed: the actor may not for its organisation, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, programme, changes)
    assert isinstance(revised, Programme)
    return revised


def retire_programme(actor: Any, programme: Programme, *, why: str) -> Programme:
    """Retire a programme of the corridor (注销走廊专项).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, programme, why=why)
    assert isinstance(retired, Programme)
    return retired
