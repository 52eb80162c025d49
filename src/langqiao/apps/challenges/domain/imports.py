"""Challenges from tables (导入题目): idempotent by code, through the same verbs as the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.posing import draft_challenge, publish_challenge, revise_challenge
from langqiao.apps.challenges.domain.values import DETAILS_AT_MOST, SUMMARY_AT_MOST, TITLE_AT_MOST
from langqiao.apps.challenges.models import Challenge, State
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.bulk import REFUSALS_AT_MOST, Outcome, Summary
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Stage
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

Row = Mapping[str, Any]
BATCH = 200


def _organisation(value: Any, lookups: Lookups) -> Any:
    return lookups.organisation(value)


def _city(value: Any, lookups: Lookups) -> Any:
    return lookups.city(value)


def _field(value: Any, lookups: Lookups) -> Any:
    return lookups.field(value)


def _level(value: Any, lookups: Lookups) -> str:
    """The level of confidentiality; an empty cell means open."""
    return str(v.choice(Challenge.Confidentiality, empty=True)(value, lookups)) or "open"


# The columns of an import (docs/formats.md) and how each is cleaned.
COLUMNS: dict[str, v.Cleaner] = {
    "code": v.code,
    "title": v.text(TITLE_AT_MOST),
    "summary": v.text(SUMMARY_AT_MOST, lines=True),
    "details": v.text(DETAILS_AT_MOST, lines=True),
    "organisation": _organisation,
    "city": _city,
    "field": _field,
    "keywords": v.tags(),
    "stage": v.choice(Stage, empty=True),
    "budget_min": v.amount,
    "budget_max": v.amount,
    "deadline": v.day,
    "confidentiality": _level,
    "illustrative": v.flag,
    "source_name": v.text(200),
    "source_url": v.link(500),
    "source_date": v.day,
}
ILLUSTRATIVE = "示例"


def clean_row(values: Row, lookups: Lookups) -> dict[str, Any]:
    """Clean the given columns of one row.

    Raises:
        Invalid: an unknown column or a wrong value; ``field`` names it.
    """
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if name not in COLUMNS:
            raise Invalid(
                _("没有“%(name)s”这一列。") % {"name": str(name)[:40]},
                mend=_("可用的列：%(known)s。") % {"known": listed(COLUMNS)},
                field=str(name),
            )
        try:
            cleaned[name] = COLUMNS[name](value, lookups)
        except Invalid as problem:
            problem.field = problem.field or name
            raise
    if cleaned.get("illustrative") and ILLUSTRATIVE not in cleaned.get("title", ILLUSTRATIVE):
        cleaned["title"] += f"（{ILLUSTRATIVE}）"
    return cleaned


@transaction.atomic
def upsert_challenge(
    actor: User | None, values: Row, *, publish: bool = False, lookups: Lookups | None = None
) -> tuple[Challenge, Outcome]:
    """Draft the challenge of ``values["code"]`` or revise it to ``values`` (登记或更新题目).

    Columns that are not given keep their value; a row that says what is there already writes
    nothing, not even a ledger entry, and needs no right to change it.

    Args:
        values: columns of :data:`COLUMNS`, raw as a table gives them; references by code or name.
        publish: publish a draft once it says what these values say.

    Raises:
        Invalid: no code, or a value is missing or wrong; ``field`` names it.
        NotAllowed: the actor may not draft, change or publish this challenge.
        Refused: it is past the states in which it may change.
    """
    cleaned = clean_row(values, lookups or Lookups())
    code = cleaned.get("code")
    if not code:
        raise Invalid(
            _("缺少编号。"), mend=_("请给每道题目一个不变的编号，再次导入时据此识别。"), field="code"
        )
    challenge = Challenge.objects.filter(code=code).select_related("organisation").first()
    outcome: Outcome
    if challenge is None:
        organisation = cleaned.pop("organisation", None)
        challenge = draft_challenge(actor, organisation=organisation, **cleaned)
        outcome = "created"
    else:
        outcome = _revise(actor, challenge, cleaned)
    if publish and challenge.state == State.DRAFT:
        publish_challenge(actor, challenge)
        outcome = "created" if outcome == "created" else "changed"
    return challenge, outcome


def _revise(actor: User | None, challenge: Challenge, cleaned: dict[str, Any]) -> Outcome:
    organisation = cleaned.pop("organisation", None)
    different = {name: value for name, value in cleaned.items() if getattr(challenge, name) != value}
    if different.get("city", challenge.city) is None and challenge.organisation is not None:
        del different["city"]  # an empty cell stands for the firm's own city, set when it was drafted
    if not different and (organisation is None or organisation.pk == challenge.organisation_id):
        # Said to nobody who may not know that the code is taken by a draft.
        if challenge.state == State.DRAFT:
            require(actor, "challenges.edit", challenge)
        return "unchanged"
    revise_challenge(actor, challenge, organisation=organisation, **different)
    return "changed"


def upsert_challenges(
    actor: User | None,
    rows: Iterable[Row],
    *,
    publish: bool = False,
    dry_run: bool = False,
    checked: bool = False,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Draft or revise many challenges (批量导入题目), all rows tried before the first is kept.

    Each batch is one transaction, as in ``registry.domain.bulk.upsert_many``: a crash keeps whole
    batches, and the same import run again finishes the rest. The trial is the real act, rolled back.

    Args:
        rows: read twice, once to try and once to write: a list, or an iterable that starts afresh.
        dry_run: try only.
        checked: the caller has just tried the same rows: skip the first reading.
        progress: told the number of rows done so far.

    Returns:
        Counts and refusals with their 1-based rows. If any row is refused, nothing is written.

    Raises:
        Refused: a row that passed the trial is refused in writing because the data changed between.
    """
    if dry_run or not checked:
        summary = _run(
            actor, rows, publish=publish, keep=False, batch=batch, progress=progress if dry_run else None
        )
        if dry_run or summary.refused:
            return summary
    return _run(actor, rows, publish=publish, keep=True, batch=batch, progress=progress)


def _run(
    actor: User | None,
    rows: Iterable[Row],
    *,
    publish: bool,
    keep: bool,
    batch: int,
    progress: Callable[[int], None] | None,
) -> Summary:
    summary, lookups, seen, done = Summary(written=keep), Lookups(), set[str](), 0
    for part in _parts(rows, batch):
        with transaction.atomic():
            for number, row in part:
                try:
                    with transaction.atomic():
                        _refuse_repeated(row, seen)
                        summary.count(upsert_challenge(actor, row, publish=publish, lookups=lookups)[1])
                except Refused as refusal:
                    refusal.row = number
                    if keep:
                        raise
                    summary.refused += 1
                    if len(summary.refusals) < REFUSALS_AT_MOST:
                        summary.refusals.append(refusal)
            if not keep:
                transaction.set_rollback(True)
        done += len(part)
        if progress is not None:
            progress(done)
    return summary


def _refuse_repeated(row: Row, seen: set[str]) -> None:
    code = str(row.get("code") or "").strip()
    if code and code in seen:
        raise Invalid(
            _("编号“%(code)s”在本次导入中重复。") % {"code": code}, mend=_("请只保留一行。"), field="code"
        )
    seen.add(code)


def _parts(rows: Iterable[Row], size: int) -> Iterator[list[tuple[int, Row]]]:
    numbered = iter(enumerate(rows, start=1))
    while part := list(islice(numbered, size)):
        yield part
