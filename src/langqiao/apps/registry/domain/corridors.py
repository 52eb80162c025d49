"""Verb: bring the database's cities and fields in line with the corridor file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.registry import signals
from langqiao.apps.registry.corridor import Corridor, read_corridor
from langqiao.apps.registry.models import City, Field
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused


@transaction.atomic
def load_corridor(actor: Any, *, path: Path | None = None) -> Corridor:
    """Add or change the corridor's cities and fields (载入走廊); loading again changes nothing.

    A city or field that left the file stays in the database: records refer to it.

    Raises:
        NotAllowed: only the office or the console may.
        Invalid: the file is wrong; ``field`` names table and key.
        Refused: a name or division code stands under another slug already.
    """
    require(actor, "registry.load_corridor")
    corridor = read_corridor(path)
    acts: list[Act] = []
    try:
        for order, city in enumerate(corridor.cities, start=1):
            acts += _bring(City, {**asdict(city), "order": order})
        for order, field in enumerate(corridor.fields, start=1):
            acts += _bring(Field, {**asdict(field), "order": order})
    except IntegrityError as problem:
        raise Refused(
            _("走廊配置中的名称或行政区划代码已属于数据库中另一代号的城市或产业领域。"),
            mend=_("请沿用原来的代号（slug），或先给原来的改名。"),
        ) from problem
    record_all(actor, acts)
    for act in acts:
        signals.acted.send(type(act.object), actor=actor, verb=act.verb, object=act.object)
    return corridor


def _bring(model: type[City | Field], values: dict[str, Any]) -> list[Act]:
    """Save one row if it differs, and say what changed."""
    word = model._meta.model_name
    city = values["slug"] if model is City else ""
    row: City | Field | None = model.objects.filter(slug=values["slug"]).first()
    if row is None:
        row = model.objects.create(**values)
        return [Act(f"add_{word}", row, {"changes": values}, city=city)]
    changes = {
        name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value
    }
    if not changes:
        return []
    for name, (_old, new) in changes.items():
        setattr(row, name, new)
    row.save(update_fields=list(changes))
    return [Act(f"revise_{word}", row, {"changes": changes}, city=city)]
