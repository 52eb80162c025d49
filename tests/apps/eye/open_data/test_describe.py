"""The catalogue in DCAT's words, the dictionary in CSV on the Web's, the graph read by other software."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import networkx as nx
import pytest
from django.test import Client

from langqiao.apps.eye.open_data.describe import catalogue, dictionary
from langqiao.apps.eye.open_data.folder import TITLE, beside, export
from langqiao.apps.eye.open_data.formats import form, forms
from langqiao.apps.registry.models import Organisation
from langqiao.kit.opendata import Column, Dataset, datasets
from tests.apps.eye.open_data.scene import make_everything
from tests.factories.registry import make_achievement, make_city, make_organisation

pytestmark = pytest.mark.django_db


def by_slug(document: dict[str, Any]) -> dict[str, Any]:
    return {one["dct:identifier"]: one for one in document["dcat:dataset"]}


def test_the_catalogue_has_what_dcat_ap_asks_for(client: Client) -> None:
    make_everything()
    document = json.loads(b"".join(client.get("/open-data/catalog.jsonld").streaming_content))
    assert document["@context"]["dcat"] == "http://www.w3.org/ns/dcat#"
    assert document["@type"] == "dcat:Catalog"
    assert document["@id"] == "http://testserver/open-data/catalog.jsonld"
    assert set(by_slug(document)) == {one.slug for one in datasets()}
    for one in [document, *document["dcat:dataset"]]:
        assert {said["@language"] for said in one["dct:title"]} == {"zh", "en"}
        assert one["dct:description"]
        assert one["dct:publisher"]["foaf:name"]
        assert one["dct:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    organisations = by_slug(document)["organisations"]
    assert organisations["@type"] == "dcat:Dataset"
    assert organisations["dct:modified"]["@type"] == "xsd:dateTime"
    assert organisations["dct:spatial"][0]["dcat:centroid"]["@value"].startswith("POINT(121.")
    csv_form = organisations["dcat:distribution"][0]
    assert csv_form["dcat:downloadURL"] == {"@id": "http://testserver/open-data/organisations.csv"}
    assert csv_form["dcat:mediaType"] == {"@id": "https://www.iana.org/assignments/media-types/text/csv"}
    # Every file the catalogue names answers; the pages have a test of their own.
    for one in document["dcat:dataset"]:
        for known in one["dcat:distribution"]:
            assert client.head(known["dcat:downloadURL"]["@id"]).status_code == 200


def test_own_licence_publisher_time_and_place_of_a_data_set_stand_in_the_catalogue() -> None:
    make_city("songjiang"), make_city("hefei")
    one = Dataset(
        "mine", "题", "说明", "eye", (Column("n", "integer", "数", unit="km"),), rows=lambda: [(1,)],
        licence="https://creativecommons.org/publicdomain/zero/1.0/", publisher="某局", source="某公报",
        temporal=lambda: (date(2020, 1, 1), None), spatial=("340100",), keywords=("词",),
    )  # fmt: skip
    described = by_slug(catalogue([one], beside, own="catalog.jsonld", title=TITLE))["mine"]
    assert described["dct:license"]["@id"].endswith("zero/1.0/")
    assert described["dct:publisher"]["foaf:name"][0]["@value"] == "某局"
    assert described["dct:temporal"] == {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": {"@value": "2020-01-01", "@type": "xsd:date"},
    }
    assert [place["dct:identifier"] for place in described["dct:spatial"]] == ["340100"]
    assert described["dct:source"][0]["@value"] == "某公报"
    assert described["dcat:distribution"][0]["@id"] == "mine.csv"
    assert "dct:modified" not in described


def test_the_dictionary_tells_type_unit_meaning_and_values_of_every_column() -> None:
    finance = next(one for one in datasets() if one.slug == "finance")
    described = dictionary(finance, beside)
    columns = {column["name"]: column for column in described["tableSchema"]["columns"]}
    assert described["url"] == "finance.csv"
    assert list(columns) == [column.name for column in finance.columns]
    assert columns["amount_min"]["datatype"] == "decimal"
    assert columns["amount_min"]["schema:unitText"] == "CNY 10,000"
    assert columns["fields"]["separator"] == ";"
    assert columns["kind"]["schema:valueReference"][0]["schema:value"] == "fund"
    assert columns["kind"]["schema:valueReference"][0]["schema:name"][0] == {
        "@language": "zh",
        "@value": "基金",
    }


def test_the_graph_of_organisations_is_read_by_networkx_and_equals_the_registry() -> None:
    make_everything()
    make_achievement(title="<&> 无主")  # no owner, so no node
    retired = make_organisation(name="注销")
    make_achievement(owner=retired)
    Organisation.objects.filter(pk=retired.pk).update(retired_at="2026-01-01T00:00:00Z")
    one = next(one for one in datasets() if one.slug == "organisation-graph")
    assert [known.ending for known in forms(one)] == ["graphml", "jsonld"]
    graph = nx.read_graphml(io.BytesIO(b"".join(form(one, "graphml").chunks())))  # type: ignore[union-attr]
    kinds = [data["kind"] for _node, data in graph.nodes(data=True)]
    assert kinds.count("Organisation") == Organisation.objects.count()
    assert kinds.count("Achievement") == 1
    assert all(data.get("kind") for _node, data in graph.nodes(data=True)), "an edge leads nowhere"
    named = Organisation.objects.get(name__startswith="=SUM")
    node = f"organisation-{named.pk}"
    assert graph.nodes[node]["name"] == named.name
    assert graph.edges[node, "city-songjiang"]["kind"] == "in_city"
    assert {data["kind"] for *_ends, data in graph.edges(node, data=True)} >= {
        "in_city", "in_field", "owns", "offers", "leads",
    }  # fmt: skip
    linked = json.loads(b"".join(form(one, "jsonld").chunks()))  # type: ignore[union-attr]
    nodes = [known for known in linked["@graph"] if "@type" in known]
    assert len(nodes) == graph.number_of_nodes()
    assert len(linked["@graph"]) - len(nodes) == graph.number_of_edges()
    terms = set(linked["@context"])
    assert all(set(known) - {"@id", "@type"} <= terms for known in linked["@graph"])
    assert {known["@type"] for known in nodes} <= terms


def test_the_folder_holds_every_form_with_dictionaries_and_catalogue(tmp_path: Any) -> None:
    make_everything()
    written = {file.name: file for file in export(tmp_path / "out")}
    wanted = {f"{one.slug}.{known.ending}" for one in datasets() for known in forms(one)}
    wanted |= {f"{one.slug}.csv-metadata.json" for one in datasets() if one.columns} | {"catalog.jsonld"}
    assert set(written) == {path.name for path in (tmp_path / "out").iterdir()} == wanted
    assert written["programme-figures.csv"].rows == 1
    assert all((tmp_path / "out" / name).stat().st_size == file.size for name, file in written.items())
    document = json.loads((tmp_path / "out" / "catalog.jsonld").read_text(encoding="utf-8"))
    for one in document["dcat:dataset"]:
        for known in one["dcat:distribution"]:
            assert (tmp_path / "out" / known["dcat:downloadURL"]["@id"]).is_file()
