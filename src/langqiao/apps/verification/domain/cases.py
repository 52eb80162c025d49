"""Cases that continue (接续的项目): an examination or a valuation may go on under an earlier number."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable
from langqiao.kit.refusals import Invalid

LONGEST = 40  # characters of a case number, as the models keep it


def known_case(actor: User | None, case: str) -> str:
    """The case, when the actor can know that it exists; "" when none is named.

    Raises:
        Invalid: there is no such case, or the actor may not read it, which is told in the same words.
    """
    wanted = case.replace("\0", "").strip()
    if not wanted:
        return ""
    entries = Entry.objects.filter(case=wanted) if actor is None else readable(actor, wanted)
    if len(wanted) > LONGEST or not entries.exists():
        raise Invalid(
            _("台账中没有项目“%(case)s”。") % {"case": wanted[:LONGEST]},
            mend=_("请核对项目编号，或留空另立新项目。"),
            field="case",
        )
    return wanted
