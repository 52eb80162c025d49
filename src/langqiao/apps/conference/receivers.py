"""What other apps ask of the conference, through the signals named in ``registry.signals``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.domain import draft_notice, propose_matter, publish_notice
from langqiao.apps.conference.models import Notice
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Organisation
from langqiao.apps.registry.signals import conference_wanted, notice_wanted
from langqiao.kit.refusals import Invalid

_ORGANISATION = "registry.organisation:"


def _organisation(value: Any) -> Organisation | None:
    """An organisation as a record, its identifier, key, code or name."""
    if isinstance(value, int):
        return Organisation.objects.filter(pk=value).first()
    if isinstance(value, str) and value.startswith(_ORGANISATION):
        key = value.removeprefix(_ORGANISATION)
        return Organisation.objects.filter(pk=key).first() if key.isdigit() else None
    return Lookups().organisation(value)


@transaction.atomic
def put_forward(
    sender: Any,  # noqa: ARG001  the signature of a receiver
    *,
    actor: Any,
    subject: str,
    title: str,
    case: str = "",
    summary: str = "",
    url: str = "",
    city: Any = None,
    organisation: Any = None,
    **_more: Any,
) -> str:
    """Put a matter before the conference (``conference_wanted``); returns its identifier.

    Raises:
        Invalid: no subject is named.
        NotAllowed: the actor may not propose a matter.
    """
    if not subject:
        raise Invalid(_("请写明议题的来由对象。"), field="subject")
    matter = propose_matter(
        actor,
        title=str(title),
        summary=str(summary),
        city=Lookups().city(city),
        organisation=_organisation(organisation),
        url=url,
        subject=subject,
        case=case,
    )
    return identifier(matter)


@transaction.atomic
def announce(
    sender: Any,  # noqa: ARG001  the signature of a receiver
    *,
    actor: Any,
    subject: str,
    title: str,
    body: str,
    case: str = "",
    rows: Iterable[dict[str, Any]] = (),
    days: int | None = None,
    city: Any = None,
    **source: Any,
) -> tuple[str, date]:
    """Publish a notice (``notice_wanted``) at once; returns its address and last day.

    Asked again while the subject's notice stands, it is the same notice. ``illustrative`` may be given too.

    Raises:
        Invalid: title or body is missing, or the table is none.
        NotAllowed: the actor may not publish notices.
    """
    notice = draft_notice(
        actor,
        title=str(title),
        body=str(body),
        rows=[{str(name): str(value) for name, value in row.items()} for row in rows],
        days=days,
        city=Lookups().city(city),
        subject=subject,
        case=case,
        **{name: value for name, value in source.items() if name == "illustrative"},
    )
    if notice.state == Notice.State.DRAFT:
        publish_notice(actor, notice)
    assert notice.last_day is not None  # published
    return notice.get_absolute_url(), notice.last_day


def connect() -> None:
    """Listen, once."""
    conference_wanted.connect(put_forward, dispatch_uid="conference.put_forward")
    notice_wanted.connect(announce, dispatch_uid="conference.announce")
