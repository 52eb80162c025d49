"""The only writer of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction

from langqiao.apps.ledger.chain import GENESIS, canonical, entry_hash
from langqiao.apps.ledger.models import Entry, Head, Visibility


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be recorded: the verb, its object and public facts about it.

    Attributes:
        verb: the domain verb's name, such as ``publish``.
        object: a saved model instance, or its plain identifier ``app.model:id``.
        data: JSON-serialisable facts; never secrets, never sealed details (give their SM3 digest).
        organisation: for whom the actor acted, a saved instance or identifier.
        city: slug of the city the act counts for.
        case: number of the case (项目) the act belongs to.
    """

    verb: str
    object: models.Model | str
    data: Mapping[str, Any] = field(default_factory=dict)
    organisation: models.Model | str = ""
    city: str = ""
    case: str = ""
    visibility: str = Visibility.PUBLIC


def identifier(thing: models.Model | str | None) -> str:
    """Plain identifier ``app.model:pk`` of a saved object; a string passes through.

    Raises:
        ValueError: the object has no primary key yet.
    """
    if thing is None or isinstance(thing, str):
        return thing or ""
    if thing.pk is None:
        raise ValueError("only a saved object can stand in the ledger")
    return f"{thing._meta.label_lower}:{thing.pk}"


def actor_identifier(actor: Any) -> str:
    """Identifier of the acting user, or ``system`` for acts of the machine (imports at the console)."""
    if actor is None or not getattr(actor, "is_authenticated", False):
        return "system"
    return identifier(actor)


def record(
    actor: Any,
    verb: str,
    object: models.Model | str,
    *,
    data: Mapping[str, Any] | None = None,
    organisation: models.Model | str = "",
    city: str = "",
    case: str = "",
    visibility: str = Visibility.PUBLIC,
) -> Entry:
    """Append one entry (入账) inside the transaction of the act itself.

    Raises:
        transaction.TransactionManagementError: called outside a transaction; the act and its entry
            must stand or fall together.
    """
    act = Act(verb, object, data or {}, organisation, city, case, visibility)
    return record_all(actor, [act])[0]


def record_all(actor: Any, acts: Iterable[Act]) -> list[Entry]:
    """Append several entries with one lock of the head, in the order given.

    Raises:
        transaction.TransactionManagementError: called outside a transaction.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a ledger entry needs the transaction of its act")
    who = actor_identifier(actor)
    # The row lock (PostgreSQL) or the immediate transaction (SQLite) makes writers queue here.
    Head.objects.get_or_create(id=1, defaults={"sequence": 0, "hash": GENESIS})
    head = Head.objects.select_for_update().get(id=1)
    entries: list[Entry] = []
    for act in acts:
        target = identifier(act.object)
        entry = Entry(
            sequence=head.sequence + 1,
            at=datetime.now(UTC),
            actor=who,
            organisation=identifier(act.organisation),
            city=act.city,
            case=act.case,
            app=target.split(".", 1)[0],
            verb=act.verb,
            object=target,
            visibility=str(act.visibility),
            data=canonical(act.data),
            previous=head.hash,
        )
        entry.hash = entry_hash(entry)
        head.sequence, head.hash = entry.sequence, entry.hash
        entries.append(entry)
    Entry.objects.bulk_create(entries, batch_size=1000)
    head.save(update_fields=["sequence", "hash"])
    return entries
