"""The data dictionary (数据字典) as CSV on the Web (W3C 2015), and the catalogue as DCAT 3 in JSON-LD.

Both are made from what the apps registered; addresses are absolute where ``base`` is, as on the site, and
relative in an exported folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from langqiao.apps.eye.open_data.formats import Form, forms, iso, said
from langqiao.apps.registry.corridor import read_corridor
from langqiao.apps.registry.models import City
from langqiao.kit.opendata import Column, Dataset
from langqiao.kit.opendata.datasets import CC_BY, default_licence

LANGUAGES = (("zh", "zh-hans"), ("en", "en"))
# Datatypes of CSV on the Web; a list is text with a separator.
_CSVW = {
    "text": "string",
    "integer": "integer",
    "number": "double",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "list": "string",
}
_LICENCES = {
    CC_BY: "CC BY 4.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC BY-SA 4.0",
    "https://opendatacommons.org/licenses/by/1-0/": "ODC-By 1.0",
}
_FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
_KNOWN_TYPES = {"csv": "CSV", "json": "JSON", "parquet": "PARQUET", "jsonld": "JSON_LD"}
_CHINESE = "http://publications.europa.eu/resource/authority/language/ZHO"

# Where a distribution lies: a data set's page ("" as ending), a form, or its dictionary.
Address = Callable[[Dataset, str], str]
DICTIONARY = "csv-metadata.json"


def licence_of(dataset: Dataset) -> str:
    """Address of the licence."""
    return dataset.licence or default_licence()


def licence_name(address: str) -> str:
    """A licence's short name, or its address when it has none known here."""
    return _LICENCES.get(address, address)


def publisher_of(dataset: Dataset | None = None) -> dict[str, str]:
    """Who publishes, by language: named by the data set, by the settings, or the corridor itself."""
    if dataset is not None and dataset.publisher:
        return {short: said(dataset.publisher, language) for short, language in LANGUAGES}
    if given := getattr(settings, "OPEN_DATA_PUBLISHER", ""):
        return {short: str(given) for short, _language in LANGUAGES}
    corridor = read_corridor()
    return {"zh": corridor.name, "en": corridor.name_en}


def _both(text: Any) -> list[dict[str, str]]:
    return [{"@language": short, "@value": said(text, language)} for short, language in LANGUAGES]


def _by_language(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"@language": short, "@value": name} for short, name in names.items()]


# -- dictionary ---------------------------------------------------------------------------------


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": column.name,
        "titles": column.name,
        "datatype": _CSVW[column.type],
        "dc:description": _both(column.description),
    }
    if column.type == "list":
        described["separator"] = ";"
    if column.unit:
        described["schema:unitText"] = column.unit
    if column.values:
        described["schema:valueReference"] = [
            {"schema:value": str(value), "schema:name": _both(label)} for value, label in column.values
        ]
    return described


def dictionary(dataset: Dataset, address: Address) -> dict[str, Any]:
    """The data dictionary: every column with type, unit, meaning and the values it may take."""
    changed = dataset.changed()
    known: dict[str, Any] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "zh"}],
        "url": address(dataset, "csv"),
        "dc:title": _both(dataset.title),
        "dc:description": _both(dataset.description),
        "dc:license": {"@id": licence_of(dataset)},
        "dc:publisher": _by_language(publisher_of(dataset)),
        "dialect": {"encoding": "utf-8", "header": True},
        "tableSchema": {"columns": [_column(column) for column in dataset.columns]},
    }
    if changed:
        known["dc:modified"] = {"@value": iso(changed), "@type": "xsd:dateTime"}
    return known


# -- catalogue ----------------------------------------------------------------------------------

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
}


def _moment(moment: datetime) -> dict[str, str]:
    return {"@value": iso(moment), "@type": "xsd:dateTime"}


def _day(day: Any) -> dict[str, str]:
    return {"@value": str(day), "@type": "xsd:date"}


def _places(codes: Iterable[str]) -> list[dict[str, Any]]:
    wanted = tuple(codes)
    cities = City.objects.filter(Q(division_code__in=wanted) if wanted else Q())
    return [
        {
            "@type": "dct:Location",
            "dct:identifier": city.division_code,
            "skos:prefLabel": _by_language({"zh": city.name, "en": city.name_en}),
            "dcat:centroid": {
                "@type": "geosparql:wktLiteral",
                "@value": f"POINT({city.longitude} {city.latitude})",
            },
        }
        for city in cities
    ]


def _distribution(dataset: Dataset, form: Form, address: Address, changed: datetime | None) -> dict[str, Any]:
    media_type = form.media_type.partition(";")[0]
    place = address(dataset, form.ending)
    described: dict[str, Any] = {
        "@id": place,
        "@type": "dcat:Distribution",
        "dct:title": _both(form.label),
        "dcat:accessURL": {"@id": address(dataset, "")},
        "dcat:downloadURL": {"@id": place},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media_type}"},
        "dct:license": {"@id": licence_of(dataset)},
    }
    if known := _KNOWN_TYPES.get(form.ending):
        described["dct:format"] = {"@id": _FILE_TYPES + known}
    if form.ending == "csv":
        described["foaf:page"] = {"@id": address(dataset, DICTIONARY)}
    if changed:
        described["dct:modified"] = _moment(changed)
    return described


def _described(dataset: Dataset, address: Address, places: list[dict[str, Any]]) -> dict[str, Any]:
    changed = dataset.changed()
    described: dict[str, Any] = {
        "@id": address(dataset, ""),
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.slug,
        "dct:title": _both(dataset.title),
        "dct:description": _both(dataset.description),
        "dcat:keyword": [word for keyword in dataset.keywords for word in _both(keyword)],
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": _by_language(publisher_of(dataset))},
        "dct:license": {"@id": licence_of(dataset)},
        "dct:language": {"@id": _CHINESE},
        "dct:spatial": _places(dataset.spatial) if dataset.spatial else places,
        "dcat:landingPage": {"@id": address(dataset, "")},
        "dcat:distribution": [_distribution(dataset, one, address, changed) for one in forms(dataset)],
    }
    if dataset.source:
        described["dct:source"] = _both(dataset.source)
    if changed:
        described["dct:modified"] = _moment(changed)
    span = dataset.temporal() if dataset.temporal is not None else None
    if span is not None:
        first, last = span
        ends = {"dcat:startDate": first, "dcat:endDate": last}
        described["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            **{key: _day(day) for key, day in ends.items() if day is not None},
        }
    return described


def catalogue(datasets: list[Dataset], address: Address, *, own: str, title: Any) -> dict[str, Any]:
    """The catalogue of all data sets (DCAT 3, with the properties DCAT-AP 3 asks for).

    Args:
        datasets: what it lists.
        address: where pages and distributions lie.
        own: the catalogue's own address.
        title: lazy text.
    """
    places = _places(())
    listed = [_described(dataset, address, places) for dataset in datasets]
    known = [moment for dataset in datasets if (moment := dataset.changed()) is not None]
    described: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": own,
        "@type": "dcat:Catalog",
        "dct:title": _both(title),
        "dct:description": _both(title),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": _by_language(publisher_of())},
        "dct:license": {"@id": default_licence()},
        "dct:language": {"@id": _CHINESE},
        "dct:spatial": places,
        "dcat:dataset": listed,
    }
    if known:
        described["dct:modified"] = _moment(max(known))
    return described
