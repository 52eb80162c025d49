"""What the verbs of examinations share: texts, sums of money, entries, who is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain.acts import enter, move, must_be_in
from langqiao.apps.verification.models import EXAMINATION_TRANSITIONS, Examination, ExaminationState
from langqiao.apps.verification.rules import INSIDERS
from langqiao.kit.refusals import Invalid

WHAT = _("验证与评价")
TITLE_AT_MOST = 200
WHY_AT_MOST = 300
TEXT_AT_MOST = 20_000
AMOUNT_AT_MOST = Decimal(10) ** 9  # 万元
HIGHEST_TRL = 9


def text(value: str, *, field: str, most: int, needed: object = "") -> str:
    """A text without surrounding blanks.

    Args:
        needed: what is said when it is empty; nothing when it may be.

    Raises:
        Invalid: empty where it is needed, or too long.
    """
    found = value.replace("\0", "").strip()
    if not found and needed:
        raise Invalid(needed, field=field)
    if len(found) > most:
        raise Invalid(
            _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(found), "most": most},
            mend=_("请精简，或改用附件。"),
            field=field,
        )
    return found


def amount(value: Decimal | None, *, field: str) -> Decimal | None:
    """A sum in 万元, to two places.

    Raises:
        Invalid: it is negative, too large, or no number.
    """
    if value is None:
        return None
    if not value.is_finite() or not 0 <= value <= AMOUNT_AT_MOST:
        raise Invalid(_("经费须为 0 以上的金额（万元）。"), field=field)
    return value.quantize(Decimal("0.01"))


def level(value: int | None, *, field: str) -> int | None:
    """A technology readiness level.

    Raises:
        Invalid: it is not between 1 and 9.
    """
    if value is not None and not 1 <= value <= HIGHEST_TRL:
        raise Invalid(_("TRL 须为 1 至 9 级。"), field=field)
    return value


def step(examination: Examination, to: ExaminationState) -> None:
    """Take a step of the table.

    Raises:
        Refused: the table has no such step.
    """
    move(examination, to, EXAMINATION_TRANSITIONS, what=WHAT)


def stand(examination: Examination, *states: ExaminationState) -> None:
    """Refuse an act outside the states that allow it.

    Raises:
        Refused: the message says which states allow it.
    """
    must_be_in(examination, *states, what=WHAT)


def enter_examination(
    actor: User | None,
    verb: str,
    examination: Examination,
    *,
    of: Organisation,
    data: Mapping[str, Any] | None = None,
) -> Entry:
    """Write the entry of an act, for the parties alone; ``of`` is for whom the actor acted."""
    return enter(
        actor,
        verb,
        examination,
        case=examination.case,
        organisation=of,
        city=of.city_id or "",
        data={"service": examination.service, **(data or {})},
    )


def members(*organisations: Organisation) -> set[User]:
    """Users who work for the organisations."""
    return members_of({o.pk for o in organisations}, *INSIDERS)


def say(
    users: Iterable[User], words: object, examination: Examination, entry: Entry, *, but: User | None
) -> None:
    """Tell users of an act; the case is named, never the content."""
    tell(
        users,
        words,
        {"case": examination.case},
        url=examination.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=but,
    )
