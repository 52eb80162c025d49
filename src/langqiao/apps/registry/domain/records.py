"""How any record of the registry is prepared, compared and written, with its ledger entry.

One path for one record and for two hundred thousand: :func:`prepare` cleans and compares without
touching the database's records, :func:`write` saves what changed and appends the entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.registry import signals
from langqiao.apps.registry.domain.kinds import Column, Kind, kind_of
from langqiao.apps.registry.domain.lookups import Lookups, chunks
from langqiao.apps.registry.models import City, Field, Organisation, OrganisationName
from langqiao.apps.registry.rules import city_of, owner_id
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

ILLUSTRATIVE = "示例"
# Texts longer than this stand in the ledger by their beginning and SM3 digest: the page shows the
# whole text, the digest proves which.
LEDGER_TEXT = 200
BATCH = 1000


@dataclass(slots=True)
class Draft:
    """A record as it is about to be written.

    Attributes:
        record: the model instance with its new values, unsaved.
        links: many-to-many columns to set.
        changes: column → (old, new) as the ledger will say it; empty when nothing changed.
        is_new: whether the record does not exist yet.
    """

    kind: Kind
    record: Any
    is_new: bool
    links: dict[str, list[Any]] = field(default_factory=dict)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    renamed_on: date | None = None

    @property
    def verb(self) -> str:
        return self.kind.verbs[0 if self.is_new else 1]


def clean(kind: Kind, values: Mapping[str, Any], lookups: Lookups, *, is_new: bool) -> dict[str, Any]:
    """Clean the given columns.

    Raises:
        Invalid: a column is unknown, missing or wrong; ``field`` names it.
    """
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        column = kind.columns.get(name)
        if column is None:
            raise Invalid(_("没有“%(name)s”这一栏。") % {"name": name}, mend=_("请去掉它。"), field=name)
        try:
            cleaned[name] = column.clean(value, lookups)
        except Invalid as problem:
            problem.field = problem.field or name
            raise
    for name, column in kind.columns.items():
        if column.required and (is_new or name in cleaned) and cleaned.get(name) in (None, "", []):
            label = kind.model._meta.get_field(name).verbose_name
            raise Invalid(_("“%(label)s”必填。") % {"label": label}, mend=_("请填写后重试。"), field=name)
    return cleaned


def _mark_illustrative(kind: Kind, record: Any, cleaned: dict[str, Any]) -> None:
    """Let an illustrative record say so in its title."""
    is_illustrative = cleaned.get("illustrative", record.illustrative)
    title = cleaned.get(kind.title, getattr(record, kind.title))
    if not is_illustrative or ILLUSTRATIVE in title:
        return
    marked = f"{title}（{ILLUSTRATIVE}）"
    limit = kind.model._meta.get_field(kind.title).max_length
    if limit is not None and len(marked) > limit:
        raise Invalid(
            _("名称加上“（示例）”后过长，最多 %(limit)d 字。") % {"limit": limit},
            mend=_("请缩短名称。"),
            field=kind.title,
        )
    cleaned[kind.title] = marked


def prepare(
    actor: Any,
    kind: Kind,
    values: Mapping[str, Any],
    lookups: Lookups,
    *,
    existing: Any = None,
) -> Draft:
    """Clean ``values``, compare them with ``existing`` (or a new record) and check the rules.

    Raises:
        Invalid: a value is wrong; ``field`` names it.
        NotAllowed: the actor may not add or change this record, as it was or as it would be.
        Refused: the record has been retired.
    """
    is_new = existing is None
    record: Any = kind.model() if is_new else existing
    if record.retired_at is not None:
        raise Refused(_("这条记录已注销。"), mend=_("请联系联席办。"), field="code")
    cleaned = clean(kind, values, lookups, is_new=is_new)
    _mark_illustrative(kind, record, cleaned)
    draft = Draft(kind, record, is_new)
    for name, new in cleaned.items():
        column = kind.columns[name]
        old, stated = _present(record, name, column), _stated(new, column)
        if old != stated:
            draft.changes[name] = (_public(old, column), _public(stated, column))
            if column.many:
                draft.links[name] = new
    if draft.changes:
        _apply(actor, draft, cleaned)
    return draft


def _apply(actor: Any, draft: Draft, cleaned: dict[str, Any]) -> None:
    """Set the changed values on the record, asking the rules before and after."""
    kind, record = draft.kind, draft.record
    if not draft.is_new:
        require(actor, kind.keep_permission, record)
    for name in draft.changes:
        if name not in draft.links:
            setattr(record, name, cleaned[name])
    if kind.check is not None:
        kind.check(record)
    require(actor, kind.add_permission if draft.is_new else kind.keep_permission, record)
    if not draft.is_new and kind.owner in draft.changes:
        # Who may change a record because it is their own may still not put it under any organisation.
        probe = kind.model(**{kind.owner: cleaned[kind.owner]})
        require(actor, kind.add_permission, probe)


def _present(record: Any, name: str, column: Column) -> Any:
    """What a record holds in a column; references by key, so that nothing is fetched to compare."""
    if column.many:
        return sorted(row.pk for row in getattr(record, name).all()) if record.pk is not None else []
    return getattr(record, f"{name}_id" if column.refers else name)


def _stated(value: Any, column: Column) -> Any:
    """A clean value in the form in which :func:`_present` gives it."""
    if column.many:
        return sorted(row.pk for row in value)
    if column.refers:
        return None if value is None else value.pk
    return value


def _public(value: Any, column: Column) -> Any:
    """A column's value as the ledger says it; a long text by its beginning and digest."""
    if column.many:
        return [_reference(key, column.refers) for key in value]
    if column.refers:
        return None if value is None else _reference(value, column.refers)
    if isinstance(value, str) and len(value) > LEDGER_TEXT:
        return {"begins": value[:LEDGER_TEXT], "length": len(value), "sm3": sm3_hex(value.encode())}
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal("0.01")))
    return value


def _reference(key: Any, model: Any) -> str:
    return str(key) if model in {City, Field} else f"{model._meta.label_lower}:{key}"


def refuse_taken(drafts: Sequence[Draft]) -> dict[int, Invalid]:
    """Refusals, by position, of drafts whose code or credit code another record bears."""
    found: dict[int, Invalid] = {}
    if not drafts:
        return found
    kind = drafts[0].kind
    for name in ("code", "credit_code"):
        if name not in kind.columns:
            continue
        wanted = [getattr(d.record, name) for d in drafts if name in d.changes]
        taken: dict[str, int | None] = {}
        for part in chunks([value for value in wanted if value]):
            rows = kind.model.everything.filter(**{f"{name}__in": part})
            taken.update(rows.values_list(name, "pk"))
        for position, draft in enumerate(drafts):
            value = getattr(draft.record, name)
            if not value or name not in draft.changes or position in found:
                continue
            if value in taken:
                found[position] = Invalid(
                    _("“%(value)s”已被另一条记录使用。") % {"value": value},
                    mend=_("请修改那条记录，或改正此项。"),
                    field=name,
                )
            taken[value] = None
    return found


@transaction.atomic
def write(actor: Any, drafts: Iterable[Draft]) -> list[Any]:
    """Save what changed and append one ledger entry for each, in one transaction.

    Raises:
        Refused: another writer saved a record with the same code in this moment.
    """
    changed = [draft for draft in drafts if draft.changes]
    if not changed:
        return []
    try:
        _save(changed)
    except IntegrityError as problem:
        raise Refused(
            _("刚刚有另一处写入了相同的记录。"), mend=_("请刷新后重试。"), field="code"
        ) from problem
    record_all(actor, [_act(draft) for draft in changed])
    for draft in changed:
        signals.acted.send(draft.kind.model, actor=actor, verb=draft.verb, object=draft.record)
    return [draft.record for draft in changed]


def _save(drafts: list[Draft]) -> None:
    kind = drafts[0].kind
    fresh = [draft for draft in drafts if draft.is_new]
    kind.model.everything.bulk_create([draft.record for draft in fresh], batch_size=BATCH)
    for name, column in kind.columns.items():
        if column.many:
            _link_fresh(kind, name, fresh)
    former: list[OrganisationName] = []
    for draft in drafts:
        if draft.is_new:
            continue
        plain = [name for name in draft.changes if name not in draft.links]
        draft.record.save(update_fields=[*plain, "updated_at"])
        for name, linked in draft.links.items():
            getattr(draft.record, name).set(linked)
        if isinstance(draft.record, Organisation) and "name" in draft.changes:
            former.extend(_former_name(draft))
    OrganisationName.objects.bulk_create(former)


def _link_fresh(kind: Kind, name: str, fresh: list[Draft]) -> None:
    """Write the many-to-many rows of new records in batches."""
    relation = kind.model._meta.get_field(name)
    through = relation.remote_field.through
    here, there = relation.m2m_field_name(), relation.m2m_reverse_field_name()
    through.objects.bulk_create(
        [
            through(**{f"{here}_id": draft.record.pk, f"{there}_id": linked.pk})
            for draft in fresh
            for linked in draft.links.get(name, ())
        ],
        batch_size=BATCH,
    )


def _former_name(draft: Draft) -> list[OrganisationName]:
    """The name an organisation just laid down (曾用名); marking a name 示例 is no new name."""
    old = draft.changes["name"][0]
    if draft.record.name == f"{old}（{ILLUSTRATIVE}）":
        return []
    until = draft.renamed_on or timezone.localdate()
    since = (
        OrganisationName.objects.filter(organisation=draft.record, valid_to__lte=until)
        .order_by("-valid_to")
        .values_list("valid_to", flat=True)
        .first()
    )
    return [OrganisationName(organisation=draft.record, name=old, valid_from=since, valid_to=until)]


def _act(draft: Draft) -> Act:
    record = draft.record
    if draft.is_new:
        data = {name: new for name, (_old, new) in draft.changes.items()}
    else:
        data = {name: [old, new] for name, (old, new) in draft.changes.items()}
    return act_on(record, draft.verb, {"changes": data})


def act_on(record: Any, verb: str, data: Mapping[str, Any]) -> Act:
    """A ledger act about a record, for its organisation and city."""
    owner = owner_id(record)
    organisation = f"{Organisation._meta.label_lower}:{owner}" if owner else ""
    return Act(verb, record, data, organisation, city_of(record) or "")


@transaction.atomic
def add(actor: Any, kind: Kind, values: Mapping[str, Any]) -> Any:
    """Add one record.

    Raises:
        Invalid: a value is missing, wrong or taken; ``field`` names it.
        NotAllowed: the actor may not.
    """
    draft = prepare(actor, kind, values, Lookups())
    if taken := refuse_taken([draft]):
        raise taken[0]
    return write(actor, [draft])[0]


@transaction.atomic
def revise(actor: Any, record: Any, values: Mapping[str, Any], *, renamed_on: date | None = None) -> Any:
    """Change the given columns of one record; nothing is written when nothing changes.

    Returns:
        The record as it now stands (read afresh, so that a change made meanwhile is not undone).

    Raises:
        Invalid: a value is wrong or taken; ``field`` names it.
        NotAllowed: the actor may not.
    """
    kind = kind_of(record)
    locked = kind.model.everything.select_for_update().get(pk=record.pk)
    draft = prepare(actor, kind, values, Lookups(), existing=locked)
    if taken := refuse_taken([draft]):
        raise taken[0]
    draft.renamed_on = renamed_on
    write(actor, [draft])
    return locked


@transaction.atomic
def retire(actor: Any, record: Any, *, why: str) -> Any:
    """Retire a record (注销): it leaves lists and searches; what refers to it stays whole.

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
        Refused: it has been retired already.
    """
    kind = kind_of(record)
    require(actor, "registry.retire", record)
    reason = " ".join(why.split())
    if not reason or len(reason) > 300:
        raise Invalid(_("请写明注销原因，最多 300 字。"), field="why")
    locked: Any = kind.model.everything.select_for_update().get(pk=record.pk)
    if locked.retired_at is not None:
        raise Refused(_("这条记录已注销。"))
    locked.retired_at, locked.retired_why = timezone.now(), reason
    locked.save(update_fields=["retired_at", "retired_why", "updated_at"])
    verb = kind.verbs[2]
    record_all(actor, [act_on(locked, verb, {"why": reason})])
    signals.acted.send(kind.model, actor=actor, verb=verb, object=locked)
    return locked
