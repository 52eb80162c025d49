"""What every verb of verification shares: the lock, the step between states, the entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.signals import acted
from langqiao.apps.verification.models import Application, Call
from langqiao.apps.verification.rules import INSIDERS
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Refused
from langqiao.kit.words import listed

_Row = TypeVar("_Row", bound=models.Model)


def lock(row: _Row) -> _Row:
    """Read the row anew and hold it until the transaction ends, so that verbs queue on it."""
    row.refresh_from_db(from_queryset=type(row)._base_manager.select_for_update())  # noqa: SLF001  Django's documented name
    return row


def digest(text: str) -> str:
    """SM3 of a text that must not stand in the ledger itself."""
    return sm3_hex(text.encode())


def move(row: Any, to: Any, table: Mapping[str, tuple[str, ...]], *, what: object) -> None:
    """Take a step of a table of transitions.

    Args:
        to: a member of the state's choices.
        what: the row's kind in words, such as 征集.

    Raises:
        Refused: the table has no such step; the message says which states allow it.
    """
    if to not in table[row.state]:
        origins = [type(to)(state) for state, targets in table.items() if to in targets]
        raise Refused(
            _("%(what)s处于“%(now)s”状态，不能变为“%(to)s”。")
            % {"what": what, "now": row.get_state_display(), "to": to.label},
            mend=_("须处于以下状态：%(states)s。") % {"states": listed(state.label for state in origins)},
        )
    row.state = to


def must_be_in(row: Any, *states: Any, what: object) -> None:
    """Refuse an act outside the states that allow it.

    Raises:
        Refused: the message says which states allow the act.
    """
    if row.state not in states:
        raise Refused(
            _("%(what)s处于“%(now)s”状态，不能这样做。") % {"what": what, "now": row.get_state_display()},
            mend=_("须处于以下状态：%(states)s。") % {"states": listed(state.label for state in states)},
        )


def enter(
    actor: User | None,
    verb: str,
    object: models.Model,
    *,
    case: str,
    city: str = "",
    organisation: models.Model | str = "",
    data: Mapping[str, Any] | None = None,
    visibility: str = Visibility.PARTIES,
) -> Entry:
    """Write the ledger entry of an act and send ``registry.signals.acted``.

    Entries are for the parties unless said otherwise: who applies, who reviews and what is scored is
    nobody else's. Public ones speak of published calls and issued results alone.
    """
    entry = record(
        actor, verb, object, data=data, organisation=organisation, city=city, case=case, visibility=visibility
    )
    acted.send(sender=type(object), actor=actor, verb=verb, object=object)
    return entry


def enter_call(
    actor: User | None,
    verb: str,
    call: Call,
    *,
    data: Mapping[str, Any] | None = None,
    visibility: str = Visibility.PUBLIC,
) -> Entry:
    """Write the entry of an act on a published call (public) or, said so, of one that is not."""
    return enter(
        actor,
        verb,
        call,
        case=call.case,
        organisation=call.organiser or "",
        city=(call.organiser.city_id or "") if call.organiser else "",
        data=data,
        visibility=visibility,
    )


def enter_application(
    actor: User | None,
    verb: str,
    application: Application,
    *,
    data: Mapping[str, Any] | None = None,
    visibility: str = Visibility.PARTIES,
) -> Entry:
    """Write the entry of an act on an application, in the application's own case."""
    return enter(
        actor,
        verb,
        application,
        case=application.case,
        organisation=application.organisation,
        city=application.city_id or "",
        data={"call": application.call_id, **(data or {})},
        visibility=visibility,
    )


def applicants(applications: Iterable[Application]) -> set[User]:
    """Users who work for the applicants."""
    return members_of({a.organisation_id for a in applications}, *INSIDERS)


def office() -> set[User]:
    """Users of the office (联席办), who are told what awaits them."""
    from langqiao.apps.registry.models import Organisation

    return members_of(Organisation.objects.values_list("pk", flat=True), Role.OFFICE)
