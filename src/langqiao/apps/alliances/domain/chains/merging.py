"""Bringing a table to a wanted state with few statements (成批写入); what stays keeps its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models

Key = tuple[Any, ...]
BATCH = 2000
CHUNK = 400  # keys of one statement: all databases take that many parameters


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """``items`` in runs of ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def merge(
    rows: models.QuerySet[Any],
    keys: Sequence[str],
    wanted: Mapping[Key, Mapping[str, Any]],
    **fixed: Any,
) -> dict[Key, int]:
    """Make ``rows`` hold exactly ``wanted``: add, change, and delete what is no longer wanted.

    Rows that stay keep their primary key, so that addresses and decisions outlive a new version.

    Args:
        rows: the rows of one data set.
        keys: the columns (attribute names, ``…_id`` for references) that tell rows apart.
        wanted: key → the other columns.
        fixed: columns of every new row, such as its data set.

    Returns:
        key → primary key of every wanted row.
    """
    model = rows.model
    fields = sorted({name for values in wanted.values() for name in values})
    found: dict[Key, int] = {}
    changed: list[models.Model] = []
    gone: list[int] = []
    width = 1 + len(keys)
    for row in rows.values_list("pk", *keys, *fields):
        key = row[1:width]
        values = wanted.get(key)
        if values is None:
            gone.append(row[0])
            continue
        found[key] = row[0]
        if any(values.get(name) != old for name, old in zip(fields, row[width:], strict=True)):
            changed.append(model(pk=row[0], **dict(zip(keys, key, strict=True)), **values, **fixed))
    for part in chunks(gone):
        model._default_manager.filter(pk__in=part).delete()  # noqa: SLF001  documented for generic code
    if changed:
        model._default_manager.bulk_update(changed, fields, batch_size=CHUNK)  # noqa: SLF001
    new = [
        model(**dict(zip(keys, key, strict=True)), **values, **fixed)
        for key, values in wanted.items()
        if key not in found
    ]
    for made in model._default_manager.bulk_create(new, batch_size=BATCH):  # noqa: SLF001
        found[tuple(getattr(made, name) for name in keys)] = made.pk
    return found
