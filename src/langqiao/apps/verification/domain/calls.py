"""Verbs of the office on a call (征集): draft, revise, publish, extend, cancel."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import current_memberships
from langqiao.apps.ledger.chain import canonical
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Field, Organisation
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.acts import applicants, digest, enter_call, lock, move, must_be_in
from langqiao.apps.verification.domain.presets import preset as read_preset
from langqiao.apps.verification.models import CALL_TRANSITIONS, ApplicationState, Call, CallState
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

CALL = _("征集")
TITLE_AT_MOST = 200
SUMMARY_AT_MOST = 2_000
GUIDE_AT_MOST = 20_000
REASON_AT_MOST = 500
WAN_AT_MOST = Decimal(10) ** 9  # 万元; far above any call, far below the column's size

# How the office organises the reviewing; may change until the call is over. All else is frozen (冻结)
# when the call is published: applicants rely on it.
ORGANISING = frozenset({
    "reviews_per", "max_load", "min_load", "conflict_years", "coauthor_years", "panel", "choice",
})  # fmt: skip
# Small numbers: (least, most).
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "places": (1, 1_000),
    "reviews_per": (1, 50),
    "max_load": (1, 500),
    "min_load": (0, 500),
    "conflict_years": (0, 50),
    "coauthor_years": (0, 50),
}


class CallValues(TypedDict, total=False):
    """What a call may be given beside kind and title; ``budget`` in 万元."""

    summary: str
    guide: str
    organiser: Organisation | None
    fields: Iterable[Field]
    opens_at: datetime | None
    closes_at: datetime | None
    places: int | None
    budget: Decimal | None
    form: list[dict[str, Any]]
    wanted_files: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    screening: list[dict[str, Any]]
    criteria: list[dict[str, Any]]
    chain: list[dict[str, Any]]
    grades: list[dict[str, Any]]
    panel: dict[str, Any]
    choice: dict[str, Any]
    blindness: str
    reviews_per: int
    max_load: int
    min_load: int
    conflict_years: int
    coauthor_years: int
    illustrative: bool
    code: str | None
    source_name: str
    source_url: str


class CallChanges(CallValues, total=False):
    """What may change in a call."""

    title: str


def _set(call: Call, values: Mapping[str, Any]) -> list[str]:
    """Set what differs, JSON columns checked; returns the names, sorted."""
    changed = []
    for name, value in values.items():
        if name == "fields":
            continue
        new = value
        if name in layout.COLUMNS:
            new = layout.clean(name, copy.deepcopy(value))
        elif isinstance(value, str):
            new = value.replace("\r\n", "\n").strip()
        if getattr(call, name) != new:
            setattr(call, name, new)
            changed.append(name)
    return sorted(changed)


def _set_fields(call: Call, values: Mapping[str, Any]) -> bool:
    if "fields" not in values:
        return False
    wanted = {field.pk for field in values["fields"]}
    if wanted == set(call.fields.values_list("pk", flat=True)):
        return False
    call.fields.set(wanted)
    return True


def _check_text(name: str, value: str, most: int) -> None:
    if len(value) > most:
        raise Invalid(
            _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(value), "most": most},
            mend=_("请精简。"),
            field=name,
        )
    if not layout.is_plain(value):
        raise Invalid(_("含有控制字符。"), mend=_("请重新输入。"), field=name)


def _check_draft(call: Call) -> None:
    """Check what even a draft must satisfy, column by column (the JSON ones were checked when set)."""
    if not call.title:
        raise Invalid(_("请填写征集名称。"), field="title")
    for name, most in (
        ("title", TITLE_AT_MOST), ("summary", SUMMARY_AT_MOST), ("guide", GUIDE_AT_MOST),
        ("source_name", 200), ("source_url", 500), ("code", 80),
    ):  # fmt: skip
        _check_text(name, getattr(call, name) or "", most)
    if call.kind not in Call.Kind.values:
        raise Invalid(
            _("没有“%(value)s”这一类别。") % {"value": str(call.kind)[:40]},
            mend=_("可选：%(values)s。") % {"values": listed(str(label) for label in Call.Kind.labels)},
            field="kind",
        )
    if call.blindness not in Call.Blindness.values:
        raise Invalid(_("没有这种盲审方式。"), field="blindness")
    _check_numbers(call)
    for name in ("opens_at", "closes_at"):
        layout.check_moment(getattr(call, name), name)
    if call.opens_at is not None and call.closes_at is not None and call.closes_at <= call.opens_at:
        raise Invalid(_("截止时间不晚于开始时间。"), mend=_("请改正。"), field="closes_at")


def _check_numbers(call: Call) -> None:
    for name, (least, most) in _NUMBERS.items():
        value = getattr(call, name)
        if value is None and name == "places":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Invalid(
                _("%(name)s应是 %(least)d 至 %(most)d 的整数。")
                % {
                    "name": getattr(Call._meta.get_field(name), "verbose_name", name),
                    "least": least,
                    "most": most,
                },
                field=name,
            )
    if call.min_load > call.max_load:
        raise Invalid(_("每位专家的最少评审数多于最多评审数。"), mend=_("请改正。"), field="min_load")
    if call.budget is not None and not 0 <= call.budget <= WAN_AT_MOST:
        raise Invalid(_("经费须为 0 以上的金额（万元）。"), field="budget")


def _check_publishable(call: Call) -> None:
    """Check what a published call must say."""
    _check_draft(call)
    if not call.guide:
        raise Invalid(_("发布前请填写申请指南。"), field="guide")
    if not call.form:
        raise Invalid(_("发布前请设计申报表。"), mend=_("至少要有一个部分、一栏。"), field="form")
    layout.check_together(chain=call.chain, criteria=call.criteria, grades=call.grades)
    if call.kind == Call.Kind.RECOGNISE and call.places is None:
        raise Invalid(_("认定类征集须写明名额。"), field="places")
    if call.kind == Call.Kind.GRADE and not call.grades:
        raise Invalid(_("年度考核须设等次。"), field="grades")
    if call.closes_at is not None and call.closes_at <= timezone.now():
        raise Invalid(_("截止时间已过。"), mend=_("请改为将来的时间，或留空。"), field="closes_at")


def publish_fault(call: Call) -> Invalid | None:
    """What keeps a draft from being published, naming the column; None when nothing does."""
    try:
        _check_publishable(call)
    except Invalid as fault:
        return fault
    return None


def _own_office(actor: User | None) -> Organisation | None:
    """The organisation whose office the actor is of."""
    offices = [m.organisation for m in current_memberships(actor) if m.role == Role.OFFICE]
    return offices[0] if offices else None


@transaction.atomic
def draft_call(
    actor: User | None, *, kind: str, title: str, preset: str = "", **values: Unpack[CallValues]
) -> Call:
    """Draft a call (起草征集), from a preset (模板) or from nothing, and give it its case number.

    Args:
        kind: a ``Call.Kind``.
        preset: slug of a preset of the same kind; ``values`` win over what it says.

    Raises:
        NotAllowed: only the office may.
        Invalid: a value is missing or wrong; the message names part and key.
    """
    require(actor, "verification.keep_call")
    begin: dict[str, Any] = {}
    if preset:
        found = read_preset(preset)
        if found.kind != kind:
            raise Invalid(
                _("模板“%(name)s”属于另一类征集。") % {"name": found.name},
                mend=_("请改选类别或模板。"),
                field="preset",
            )
        begin = dict(found.values)
    call = Call(kind=kind, created_by=actor)
    given: dict[str, Any] = {**begin, **values}
    _set(call, {"title": title, **given})
    call.code = call.code or None
    if call.organiser is None:
        call.organiser = _own_office(actor)
    _check_draft(call)
    call.case = next_case()
    call.save()
    _set_fields(call, given)
    data = {"kind": kind, "preset": preset, "title_sm3": digest(call.title)}
    enter_call(actor, "draft_call", call, data=data, visibility=Visibility.OFFICE)
    return call


@transaction.atomic
def revise_call(actor: User | None, call: Call, **values: Unpack[CallChanges]) -> Call:
    """Revise a call (修改征集): a draft in all, a published one in how its reviewing is organised.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: the call is over.
        Invalid: a value is wrong, or is frozen since publication; ``field`` names it.
    """
    require(actor, "verification.keep_call", call)
    lock(call)
    must_be_in(call, CallState.DRAFT, CallState.OPEN, CallState.RUNNING, what=CALL)
    changed = _set(call, values)
    frozen = [name for name in changed if name not in ORGANISING]
    if call.state != CallState.DRAFT and (frozen or "fields" in values):
        raise Invalid(
            _("征集发布后，申报者据以申报的内容不再改动。"),
            mend=_("可以延长期限，或取消后重新发布。"),
            field=next(iter(frozen), "fields"),
        )
    _check_draft(call)
    if _set_fields(call, values):
        changed.append("fields")
    if not changed:
        return call
    call.save()
    enter_call(actor, "revise_call", call, data={"changed": changed}, visibility=Visibility.OFFICE)
    return call


@transaction.atomic
def publish_call(actor: User | None, call: Call) -> Call:
    """Publish a draft (发布征集): everybody reads it, and it takes applications from ``opens_at``.

    Raises:
        NotAllowed: only the office may.
        Refused: it is no draft.
        Invalid: a part is missing or does not fit the others.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    move(call, CallState.OPEN, CALL_TRANSITIONS, what=CALL)
    call.published_at = timezone.now()
    if call.opens_at is None or call.opens_at < call.published_at:
        call.opens_at = call.published_at
    _check_publishable(call)
    call.save()
    parts = {name: getattr(call, name) for name in layout.COLUMNS if name not in ORGANISING}
    data = {
        "title": call.title,
        "kind": call.kind,
        "opens_at": call.opens_at,
        "closes_at": call.closes_at,
        "places": call.places,
        "chain": [step["kind"] for step in call.chain],
        "parts_sm3": digest(canonical({"guide": call.guide, **parts})),
        "illustrative": call.illustrative,
    }
    enter_call(actor, "publish_call", call, data=data)
    return call


@transaction.atomic
def extend_call(actor: User | None, call: Call, *, closes_at: datetime, why: str) -> Call:
    """Extend the deadline of an open call (延长申报期限), with a public reason; it never moves closer.

    Raises:
        NotAllowed: only the office may.
        Refused: it is not open.
        Invalid: no reason, or the new moment is over or not later than the present one.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    must_be_in(call, CallState.OPEN, what=CALL)
    reason = _reason(why)
    layout.check_moment(closes_at, "closes_at")
    before = call.closes_at
    if before is None:
        raise Invalid(_("该征集没有截止时间，无须延长。"), field="closes_at")
    if closes_at <= max(before, timezone.now()):
        raise Invalid(_("新的截止时间须晚于现在和原截止时间。"), field="closes_at")
    call.closes_at = closes_at
    call.save(update_fields=["closes_at", "updated_at"])
    entry = enter_call(actor, "extend_call", call, data={"from": before, "to": closes_at, "why": reason})
    _tell_applicants(actor, call, _("征集《%(title)s》的申报期限已延长。"), event=f"ledger:{entry.sequence}")
    return call


@transaction.atomic
def cancel_call(actor: User | None, call: Call, *, why: str) -> Call:
    """Cancel a call (取消征集) with a reason, which is public when the call was.

    Raises:
        NotAllowed: only the office may.
        Refused: it is over.
        Invalid: no reason.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    was_public = call.state != CallState.DRAFT
    move(call, CallState.CANCELLED, CALL_TRANSITIONS, what=CALL)
    reason = _reason(why)
    call.save(update_fields=["state", "updated_at"])
    entry = enter_call(
        actor,
        "cancel_call",
        call,
        data={"why": reason},
        visibility=Visibility.PUBLIC if was_public else Visibility.OFFICE,
    )
    _tell_applicants(actor, call, _("征集《%(title)s》已取消。"), event=f"ledger:{entry.sequence}")
    return call


def _reason(why: str) -> str:
    reason = why.strip()
    if not reason:
        raise Invalid(_("请写明原因。"), field="why")
    _check_text("why", reason, REASON_AT_MOST)
    return reason


def _tell_applicants(actor: User | None, call: Call, text: object, *, event: str) -> None:
    rows = call.applications.exclude(state=ApplicationState.WITHDRAWN)
    tell(applicants(rows), text, {"title": call.title}, url=call.get_absolute_url(), event=event, but=actor)
