"""How a record of the database becomes a document of the index.

The document's key is the record's ledger identifier (``registry.achievement:12``), so that the index
can follow the ledger. Sealed details of a challenge are never part of a document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from langqiao.apps.challenges.models import PUBLIC_STATES, Challenge
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.registry.models import (
    Achievement,
    City,
    Facility,
    Field,
    Finance,
    Organisation,
    Person,
    Product,
    Programme,
    Stage,
    TalentDemand,
    Training,
)
from langqiao.engines.matching.types import Document

# Organisations that stand for technology in the panels; the others are found by search alone.
TECHNOLOGY_KINDS = (
    Organisation.Kind.LABORATORY,
    Organisation.Kind.INSTITUTE,
    Organisation.Kind.VERIFICATION_CENTRE,
    Organisation.Kind.UNIVERSITY,
    Organisation.Kind.HOSPITAL,
)
BATCH = 500
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def stage_of_trl(trl: int | None) -> tuple[str, ...]:
    """The stage (所处阶段) in which a technology of this readiness stands (TRL 1–9, ISO 16290)."""
    if trl is None:
        return ()
    for limit, stage in ((3, Stage.CONCEPT), (5, Stage.PROTOTYPE), (7, Stage.PILOT)):
        if trl <= limit:
            return (stage.value,)
    return (Stage.PRODUCTION.value,)


@dataclass(frozen=True, slots=True)
class _Everywhere:
    """All cities, fields and stages: what a record without a limit serves."""

    cities: tuple[str, ...]
    fields: tuple[str, ...]
    stages: tuple[str, ...]

    @classmethod
    def now(cls) -> _Everywhere:
        return cls(
            tuple(City.objects.values_list("slug", flat=True)),
            tuple(Field.objects.values_list("slug", flat=True)),
            tuple(Stage.values),
        )


def _slugs(related: Any) -> tuple[str, ...]:
    return tuple(item.slug for item in related.all())


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _bare(title: str) -> str:
    """A title without the mark of illustrative records: the mark is no subject of any record."""
    return title.replace("（示例）", "")


def _text(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def script_of(text: str) -> str:
    """``cjk`` for a text with Chinese in it, else ``latin``: tells which records are in another language."""
    return "cjk" if _CHINESE.search(text) else "latin"


def _achievement(record: Achievement, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="achievement",
        title=_bare(record.title),
        body=record.abstract,
        keywords=tuple(record.keywords),
        cities=_one(record.city_id),
        fields=_one(record.field_id),
        stages=stage_of_trl(record.trl),
        trl=record.trl,
        year=record.date.year if record.date else None,
        licence=record.licence,
        tags=(f"type:{record.kind}", f"script:{script_of(_bare(record.title) + record.abstract)}"),
    )


def _organisation(record: Organisation, _all: _Everywhere) -> Document:
    if record.kind == Organisation.Kind.ENTERPRISE:
        kind = "enterprise"
    elif record.kind in TECHNOLOGY_KINDS:
        kind = "laboratory"
    else:
        kind = "organisation"
    return Document(
        key=identifier(record),
        kind=kind,
        title=_bare(record.name),
        body=_text(record.description, record.description_en, record.name_en, record.short_name),
        cities=_one(record.city_id),
        fields=_slugs(record.fields),
        tags=(f"type:{record.kind}",),
    )


def _person(record: Person, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="expert",
        title=_bare(record.name),
        body=_text(record.bio, record.title),
        keywords=tuple(record.expertise),
        cities=_one(record.city_id),
        fields=_slugs(record.fields),
    )


def _facility(record: Facility, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="facility",
        title=_bare(record.name),
        body=record.description,
        cities=_one(record.city_id),
        fields=_slugs(record.fields),
        tags=(f"type:{record.kind}",),
    )


def _finance(record: Finance, everywhere: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="finance",
        title=_bare(record.name),
        body=record.description,
        cities=_slugs(record.cities) or everywhere.cities,
        fields=_slugs(record.fields) or everywhere.fields,
        stages=tuple(record.stages) or everywhere.stages,
        tags=(f"type:{record.kind}",),
    )


def _product(record: Product, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind=record.direction,  # product or need
        title=_bare(record.name),
        body=_text(record.description, record.chain),
        cities=_one(record.organisation.city_id),
        fields=_one(record.field_id),
        tags=(f"organisation:{record.organisation_id}",),
    )


def _talent_demand(record: TalentDemand, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="talent_demand",
        title=_bare(record.position),
        body=record.description,
        keywords=tuple(record.skills),
        cities=_one(record.city_id),
        fields=_one(record.field_id),
    )


def _training(record: Training, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="training",
        title=_bare(record.name),
        body=record.description,
        cities=_one(record.city_id),
        fields=_slugs(record.fields),
    )


def _programme(record: Programme, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="alliance" if record.kind == Programme.Kind.ALLIANCE else "programme",
        title=_bare(record.name),
        body=_text(record.description, record.name_en, record.description_en),
        cities=_one(record.city_id),
        fields=_slugs(record.fields),
    )


def public_text(challenge: Challenge) -> str:
    """The text of a challenge that anybody may read: sealed details only count when they are open."""
    details = challenge.details if challenge.confidentiality == Challenge.Confidentiality.OPEN else ""
    return _text(challenge.summary, details)


def _challenge(record: Challenge, _all: _Everywhere) -> Document:
    return Document(
        key=identifier(record),
        kind="challenge",
        title=_bare(record.title),
        body=public_text(record),
        keywords=tuple(record.keywords),
        cities=_one(record.city_id),
        fields=_one(record.field_id),
        stages=_one(record.stage),
        tags=(f"state:{record.state}",),
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A model that is indexed, what a document of it needs besides its row, and how a row is turned."""

    model: Any
    make: Callable[[Any, _Everywhere], Document]
    prefetch: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def rows(self) -> QuerySet[Any]:
        """The rows that may be found; retired records and drafts are not."""
        rows: QuerySet[Any] = self.model.objects.all()
        rows = rows.select_related(*self.join) if self.join else rows
        return rows.filter(state__in=self.states) if self.states else rows

    def with_parts(self) -> QuerySet[Any]:
        """The rows with all that their documents need."""
        return self.rows().prefetch_related(*self.prefetch)


# Indexed models by ledger label.
SOURCES: dict[str, Source] = {
    source.model._meta.label_lower: source
    for source in (
        Source(Achievement, _achievement),
        Source(Organisation, _organisation, prefetch=("fields",)),
        Source(Person, _person, prefetch=("fields",)),
        Source(Facility, _facility, prefetch=("fields",)),
        Source(Finance, _finance, prefetch=("cities", "fields")),
        Source(Product, _product, join=("organisation",)),
        Source(TalentDemand, _talent_demand),
        Source(Training, _training, prefetch=("fields",)),
        Source(Programme, _programme, prefetch=("fields",)),
        Source(Challenge, _challenge, states=PUBLIC_STATES),
    )
}


def count() -> int:
    """How many documents the database holds."""
    return sum(source.rows().count() for source in SOURCES.values())


def all_documents() -> Iterator[Document]:
    """Every document of the database, for a rebuild."""
    everywhere = _Everywhere.now()
    for source in SOURCES.values():
        for record in source.with_parts().order_by("pk").iterator(chunk_size=BATCH):
            yield source.make(record, everywhere)


def documents_of(keys: Iterable[str]) -> tuple[list[Document], list[str]]:
    """Documents of the named records, and the keys of those that are no longer to be found."""
    everywhere = _Everywhere.now()
    wanted: dict[str, list[int]] = {}
    for key in keys:
        label, _, pk = key.partition(":")
        if label in SOURCES and pk.isdigit():
            wanted.setdefault(label, []).append(int(pk))
    found: list[Document] = []
    for label, ids in wanted.items():
        for start in range(0, len(ids), BATCH):
            rows = SOURCES[label].with_parts().filter(pk__in=ids[start : start + BATCH])
            found.extend(SOURCES[label].make(record, everywhere) for record in rows)
    present = {document.key for document in found}
    gone = [f"{label}:{pk}" for label, ids in wanted.items() for pk in ids if f"{label}:{pk}" not in present]
    return found, gone
