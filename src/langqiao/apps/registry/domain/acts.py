"""What verbs of any app share: the lock, the step between states, the entry, cleaned texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.signals import acted
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

TITLE_AT_MOST = 200
TEXT_AT_MOST = 20_000
REASON_AT_MOST = 500

_Record = TypeVar("_Record", bound=models.Model)


def lock(thing: _Record) -> _Record:
    """Read the row anew and hold it until the transaction ends, so that verbs queue on it."""
    manager = type(thing)._default_manager  # noqa: SLF001  documented for generic code
    thing.refresh_from_db(from_queryset=manager.select_for_update())
    return thing


def digest(text: str) -> str:
    """SM3 of a text that must not stand in the ledger itself."""
    return sm3_hex(text.encode())


def move(thing: Any, to: Any, table: Mapping[str, tuple[str, ...]]) -> None:
    """Take a step of a table of transitions; the caller saves.

    Raises:
        Refused: the table has no such step; the message says which states allow it.
    """
    if to not in table[thing.state]:
        labels = dict(type(thing).State.choices)
        origins = listed(str(labels[state]) for state, targets in table.items() if to in targets)
        raise Refused(
            _("“%(what)s”处于“%(now)s”状态，不能变为“%(to)s”。")
            % {"what": thing._meta.verbose_name, "now": thing.get_state_display(), "to": labels[to]},
            mend=_("只有处于以下状态时可以：%(states)s。") % {"states": origins},
        )
    thing.state = to


def must_be_in(thing: Any, *states: Any) -> None:
    """Refuse an act outside the states that allow it.

    Raises:
        Refused: the message says which states allow the act.
    """
    if thing.state not in states:
        labels = dict(type(thing).State.choices)
        raise Refused(
            _("“%(what)s”处于“%(now)s”状态，不能这样做。")
            % {"what": thing._meta.verbose_name, "now": thing.get_state_display()},
            mend=_("只有处于以下状态时可以：%(states)s。")
            % {"states": listed(str(labels[s]) for s in states)},
        )


def clean(
    value: object, field: str, *, most: int = TEXT_AT_MOST, lines: bool = True, required: bool = True
) -> str:
    """A text without control characters, of at most ``most`` characters.

    Raises:
        Invalid: it is empty though required, too long, or holds what cannot be printed.
    """
    try:
        text = str(v.text(most, lines=lines)(value, Lookups()))
    except Invalid as problem:
        problem.field = problem.field or field
        raise
    if required and not text:
        raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=field)
    return text


def clean_link(value: object, field: str) -> str:
    """A web address, or nothing.

    Raises:
        Invalid: it is no web address.
    """
    try:
        return str(v.link(500)(value, Lookups()))
    except Invalid as problem:
        problem.field = field
        raise


def clean_reason(why: object) -> str:
    """A reason in words, which the ledger's readers may see.

    Raises:
        Invalid: none is given, or it is too long.
    """
    return clean(why, "why", most=REASON_AT_MOST, lines=False)


def assign(thing: models.Model, values: Mapping[str, object]) -> list[str]:
    """Set the fields that differ; returns their names, sorted."""
    changed = []
    for name, value in values.items():
        # A reference of a new record that is not set yet raises an AttributeError of its own.
        if getattr(thing, name, None) != value:
            setattr(thing, name, value)
            changed.append(name)
    return sorted(changed)


def source_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of :class:`~langqiao.kit.models.Sourced` that are given, cleaned.

    Raises:
        Invalid: one is too long or no address.
    """
    found: dict[str, Any] = {}
    if "code" in values:
        found["code"] = clean(values["code"], "code", most=80, lines=False, required=False) or None
    if "illustrative" in values:
        found["illustrative"] = bool(values["illustrative"])
    if "source_name" in values:
        found["source_name"] = clean(
            values["source_name"], "source_name", most=200, lines=False, required=False
        )
    if "source_url" in values:
        found["source_url"] = clean_link(values["source_url"], "source_url")
    if "source_date" in values:
        found["source_date"] = values["source_date"]
    return found


def enter(
    actor: User | None,
    verb: str,
    thing: models.Model,
    *,
    case: str,
    city: str | None = "",
    organisation: models.Model | str | None = "",
    data: Mapping[str, Any] | None = None,
    public: bool = False,
) -> Entry:
    """Write the ledger entry of an act and send ``registry.signals.acted``.

    Args:
        public: whether everybody may read it; else the parties and the office.
    """
    entry = record(
        actor,
        verb,
        thing,
        data=data,
        organisation=organisation or "",
        city=city or "",
        case=case,
        visibility=Visibility.PUBLIC if public else Visibility.PARTIES,
    )
    acted.send(sender=type(thing), actor=actor, verb=verb, object=thing)
    return entry
