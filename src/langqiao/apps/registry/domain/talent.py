"""Verbs of talent demand (人才需求) and training (人才培养)."""

from __future__ import annotations

from typing import Any, Unpack

from langqiao.apps.registry.domain import records
from langqiao.apps.registry.domain.kinds import TALENT_DEMAND, TRAINING
from langqiao.apps.registry.domain.organisations import SourceDetails
from langqiao.apps.registry.models import City, Field, Organisation, TalentDemand, Training


class TalentDemandDetails(SourceDetails, total=False):
    """Columns of a talent demand; ``number`` of positions."""

    organisation: Organisation | str | None
    city: City | str | None
    field: Field | str | None
    number: int | str
    skills: list[str] | str
    description: str


class TalentDemandChanges(TalentDemandDetails, total=False):
    """What a revision may change."""

    position: str
    level: str


def add_talent_demand(
    actor: Any, *, position: str, level: str, **details: Unpack[TalentDemandDetails]
) -> TalentDemand:
    """Register positions in short supply (登记人才需求).

    Raises:
        NotAllowed: the actor may not for this organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    added = records.add(actor, TALENT_DEMAND, {"position": position, "level": level, **details})
    assert isinstance(added, TalentDemand)
    return added


def revise_talent_demand(
    actor: Any, talent_demand: TalentDemand, **changes: Unpack[TalentDemandChanges]
) -> TalentDemand:
    """Change positions in short supply (修改人才需求).

    Raises:
        NotAllowed: the actor may not for its organisation, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, talent_demand, changes)
    assert isinstance(revised, TalentDemand)
    return revised


def retire_talent_demand(actor: Any, talent_demand: TalentDemand, *, why: str) -> TalentDemand:
    """Retire positions in short supply (注销人才需求).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, talent_demand, why=why)
    assert isinstance(retired, TalentDemand)
    return retired


class TrainingDetails(SourceDetails, total=False):
    """Columns of a training programme; ``places`` a year."""

    organisation: Organisation | str | None
    city: City | str | None
    fields: list[Field | str] | str
    places: int | str | None
    description: str


class TrainingChanges(TrainingDetails, total=False):
    """What a revision may change."""

    name: str
    kind: str


def add_training(actor: Any, *, name: str, kind: str, **details: Unpack[TrainingDetails]) -> Training:
    """Register a training programme (登记人才培养).

    Raises:
        NotAllowed: the actor may not for this organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    added = records.add(actor, TRAINING, {"name": name, "kind": kind, **details})
    assert isinstance(added, Training)
    return added


def revise_training(actor: Any, training: Training, **changes: Unpack[TrainingChanges]) -> Training:
    """Change a training programme (修改人才培养).

    Raises:
        NotAllowed: the actor may not for its organisation, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, training, changes)
    assert isinstance(revised, Training)
    return revised


def retire_training(actor: Any, training: Training, *, why: str) -> Training:
    """Retire a training programme (注销人才培养).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, training, why=why)
    assert isinstance(retired, Training)
    return retired
