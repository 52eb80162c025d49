"""What the verbs of the quantum network share: checked numbers, days and codes, entries, whom to tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.models import Site
from langqiao.apps.quantum.rules import INSIDERS
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import enter
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.refusals import Invalid


def number(value: Any, field: str, *, low: float, high: float) -> float:
    """A finite number within bounds.

    Raises:
        Invalid: it is missing, no number, or out of bounds.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not low <= found <= high:
        raise Invalid(
            _("这里应是 %(low)s 至 %(high)s 的数。") % {"low": f"{low:g}", "high": f"{high:g}"},
            mend=_("请改正数字。"),
            field=field,
        )
    return found


def whole(value: Any, field: str, *, low: int, high: int) -> int:
    """A whole number within bounds.

    Raises:
        Invalid: it is missing, no whole number, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(
            _("这里应是 %(low)d 至 %(high)d 的整数。") % {"low": low, "high": high},
            mend=_("请改正数字。"),
            field=field,
        )
    return value


def day(value: Any, field: str) -> date:
    """A calendar day of this age.

    Raises:
        Invalid: it is no such day, or missing.
    """
    try:
        found = v.day(value, Lookups())
    except Invalid as problem:
        problem.field = field
        raise
    if found is None or not 2000 <= found.year <= 2100:
        raise Invalid(_("日期有误。"), mend=_("请写成 2026-11-23 这样的日期。"), field=field)
    return found


def chosen(value: Any, kind: type[models.TextChoices], field: str) -> str:
    """One of the choices.

    Raises:
        Invalid: it is none of them.
    """
    if value not in kind.values:
        raise Invalid(_("没有这一选项。"), mend=_("请从列表中选择。"), field=field)
    return str(value)


def referred(value: Any, kind: type[models.Model], field: str) -> Any:
    """A record of the kind.

    Raises:
        Invalid: it is none.
    """
    if not isinstance(value, kind):
        raise Invalid(
            _("请选择%(what)s。") % {"what": kind._meta.verbose_name},
            mend=_("请从列表中选择。"),
            field=field,
        )
    return value


def hexadecimal(value: Any, field: str, digits: int, *, required: bool = True) -> str:
    """Lower-case hexadecimal digits of a fixed number.

    Raises:
        Invalid: it is none, or of another length.
    """
    text = str(value or "").strip().lower()
    if not text and not required:
        return ""
    if len(text) != digits or any(c not in "0123456789abcdef" for c in text):
        raise Invalid(
            _("这里应是 %(digits)d 位十六进制数。") % {"digits": digits}, mend=_("请改正。"), field=field
        )
    return text


def save(thing: models.Model) -> None:
    """Save a record whose outside code nobody else bears.

    Raises:
        Invalid: the code is taken.
    """
    code = getattr(thing, "code", None)
    same = type(thing)._default_manager.filter(code=code).exclude(pk=thing.pk) if code else None  # noqa: SLF001
    if same is not None and same.exists():
        raise Invalid(
            _("编号“%(code)s”已被使用。") % {"code": code}, mend=_("请改用其他编号。"), field="code"
        )
    thing.save()


def enter_site(
    actor: User | None, verb: str, thing: models.Model, site: Site, data: Mapping[str, Any] | None = None
) -> Entry:
    """Write the public ledger entry of an act at a site; it belongs to no case."""
    return enter(
        actor, verb, thing, case="", city=site.city_id, organisation=site.operator, data=data, public=True
    )


def operators_of(*sites: Site) -> set[User]:
    """Users who operate one of the sites (量子运营方)."""
    return members_of(sorted({site.operator_id for site in sites}), Role.QUANTUM_OPERATOR)


def insiders_of(organisation_id: int) -> set[User]:
    """Users who ask, send and receive on behalf of an organisation."""
    return members_of([organisation_id], *INSIDERS)


def notify(users: set[User], thing: Any, text: object, entry: Entry, *, but: User | None) -> None:
    """Tell users of an act on a record with a title."""
    tell(
        users,
        text,
        {"title": thing.title},
        url=thing.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=but,
    )
