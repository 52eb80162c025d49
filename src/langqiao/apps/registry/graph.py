"""The graph of organisations (机构图谱): with cities, fields, achievements, programmes and facilities.

JSON-LD speaks the words of schema.org and of the W3C organisation ontology (ORG, 2014); for what neither
has a word, terms are our own (``urn:langqiao:``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Achievement, City, Facility, Field, Organisation, Programme
from langqiao.kit.opendata import Column, Distribution, Edge, Node, graphml, jsonld

CHUNK = 2000
NODE_COLUMNS = (
    Column("name", "text", _("名称")),
    Column("name_en", "text", _("英文名")),
    Column("category", "text", _("类型代码")),
    Column("latitude", "number", _("纬度（WGS 84）"), unit="deg"),
    Column("longitude", "number", _("经度（WGS 84）"), unit="deg"),
    Column("is_demo", "boolean", _("是否示例")),
)
# Kinds of nodes and edges, and what they are called in public vocabularies.
CONTEXT: dict[str, Any] = {
    "schema": "https://schema.org/",
    "org": "http://www.w3.org/ns/org#",
    "Organisation": "org:Organization",
    "City": "schema:City",
    "Field": "schema:DefinedTerm",
    "Achievement": "schema:CreativeWork",
    "Facility": "schema:Thing",
    "Programme": "schema:Project",
    "name": "schema:name",
    "name_en": "schema:alternateName",
    "category": "schema:additionalType",
    "latitude": "schema:latitude",
    "longitude": "schema:longitude",
    "is_demo": "urn:langqiao:illustrative",
    "in_city": "schema:location",
    "in_field": "schema:knowsAbout",
    "owns": "schema:owns",
    "offers": "schema:makesOffer",
    "leads": "urn:langqiao:leads",
}


def _places() -> Iterator[Node]:
    for slug, name, name_en, latitude, longitude in City.objects.values_list(
        "slug", "name", "name_en", "latitude", "longitude"
    ):
        values = {"name": name, "name_en": name_en, "latitude": latitude, "longitude": longitude}
        yield Node(f"city-{slug}", "City", values)
    for slug, name, name_en in Field.objects.values_list("slug", "name", "name_en"):
        yield Node(f"field-{slug}", "Field", {"name": name, "name_en": name_en})


# The records that stand in the graph, what of them is told, and how the organisation is tied to them.
_RECORDS: dict[str, Any] = {
    "Organisation": Organisation.objects.all,
    "Achievement": lambda: Achievement.objects.filter(owner__retired_at=None, owner__isnull=False),
    "Facility": lambda: Facility.objects.filter(organisation__retired_at=None, organisation__isnull=False),
    "Programme": lambda: Programme.objects.filter(lead__retired_at=None, lead__isnull=False),
}
_NAME_AND_KIND = {"name": "name", "category": "kind", "is_demo": "illustrative"}
_TOLD = {
    "Organisation": {**_NAME_AND_KIND, "name_en": "name_en"},
    "Achievement": {**_NAME_AND_KIND, "name": "title"},
    "Facility": _NAME_AND_KIND,
    "Programme": {**_NAME_AND_KIND, "name_en": "name_en"},
}
_OWNED = {
    "Achievement": ("owner_id", "owns"),
    "Facility": ("organisation_id", "offers"),
    "Programme": ("lead_id", "leads"),
}


def nodes() -> Iterator[Node]:
    """All nodes, streamed."""
    yield from _places()
    for kind, rows in _RECORDS.items():
        told = _TOLD[kind]
        for pk, *found in rows().order_by("pk").values_list("pk", *told.values()).iterator(chunk_size=CHUNK):
            yield Node(f"{kind.lower()}-{pk}", kind, dict(zip(told, found, strict=True)))


def edges() -> Iterator[Edge]:
    """All edges, streamed."""
    rows = Organisation.objects.order_by("pk")
    for pk, city in rows.exclude(city=None).values_list("pk", "city_id").iterator(chunk_size=CHUNK):
        yield Edge(f"organisation-{pk}", f"city-{city}", "in_city")
    fields = rows.exclude(fields=None).order_by("pk", "fields__order").values_list("pk", "fields")
    for pk, field in fields.iterator(chunk_size=CHUNK):
        yield Edge(f"organisation-{pk}", f"field-{field}", "in_field")
    for kind, (owner, word) in _OWNED.items():
        for pk, by in _RECORDS[kind]().order_by("pk").values_list("pk", owner).iterator(chunk_size=CHUNK):
            yield Edge(f"organisation-{by}", f"{kind.lower()}-{pk}", word)


def graph_distributions() -> tuple[Distribution, ...]:
    """The graph as GraphML and JSON-LD."""
    return (
        Distribution(
            "graphml",
            "application/graphml+xml",
            "GraphML",
            chunks=lambda: graphml(nodes, edges, node_columns=NODE_COLUMNS),
        ),
        Distribution(
            "jsonld",
            "application/ld+json",
            "JSON-LD",
            chunks=lambda: jsonld(nodes, edges, context=CONTEXT, base="urn:langqiao:"),
        ),
    )
