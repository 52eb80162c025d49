"""Boundaries are drawn with an approval number, or not at all and the page says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.eye.boundaries import boundaries
from tests.factories.eye_portal import nine_cities

SQUARE = [[117.0, 31.0], [118.0, 31.0], [118.0, 32.0], [117.0, 31.0]]


def geojson(folder: Path, document: Any) -> Path:
    path = folder / "map.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def approved(settings: Any, tmp_path: Path) -> Path:
    geometry = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE, SQUARE]]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    empty = {"type": "Feature", "properties": {}, "geometry": None}
    path = geojson(tmp_path, {"type": "FeatureCollection", "features": [feature, empty]})
    settings.MAP_BOUNDARIES, settings.MAP_APPROVAL = str(path), "GS(2024)0650号"
    return path


def test_by_default_nothing_is_drawn_and_nothing_is_said(settings: Any) -> None:
    settings.MAP_BOUNDARIES = settings.MAP_APPROVAL = ""
    found = boundaries()
    assert (found.rings, found.approval, found.refusal) == ([], "", "")


@pytest.mark.django_db
def test_with_its_number_the_map_has_boundaries(approved: Path, client: Client) -> None:
    assert len(boundaries().rings) == 3
    nine_cities()
    shown = client.get(reverse("eye")).content.decode()
    assert shown.count("lq-eye-outline") == 3
    assert "审图号：GS(2024)0650号" in shown


@pytest.mark.django_db
def test_without_a_number_the_page_says_why_there_are_none(
    approved: Path, client: Client, settings: Any
) -> None:
    settings.MAP_APPROVAL = ""
    nine_cities()
    shown = client.get(reverse("eye")).content.decode()
    assert "lq-eye-outline" not in shown
    assert "没有有效的审图号" in shown


@pytest.mark.parametrize("number", ["GS京(2022)1061号", "沪S（2023）012号", "GS(2019)1822号"])
def test_numbers_as_they_are_written(approved: Path, settings: Any, number: str) -> None:
    settings.MAP_APPROVAL = number
    assert boundaries().approval == number


@pytest.mark.parametrize("number", ["1822", "GS(2019)1822", "GS(1819)1822号", "已审核", "GS(2019)号"])
def test_other_numbers_are_refused(approved: Path, settings: Any, number: str) -> None:
    settings.MAP_APPROVAL = number
    assert "写法不对" in str(boundaries().refusal)
    assert not boundaries().rings


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Point", "coordinates": [117, 31]},
        {"type": "Polygon", "coordinates": [[[617, 31], [118, 31], [118, 32]]]},
        {"type": "Polygon", "coordinates": [[["x", 31]]]},
        {"type": "Polygon"}, [], "map", {"type": "FeatureCollection", "features": 3},
        {"type": "Polygon", "coordinates": []},
    ],
)  # fmt: skip
def test_what_is_no_map_is_refused(approved: Path, tmp_path: Path, document: Any) -> None:
    geojson(tmp_path, document)
    assert "GeoJSON" in str(boundaries().refusal)


def test_a_missing_or_huge_file_is_refused(approved: Path, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("langqiao.apps.eye.boundaries.BYTES_AT_MOST", 10)
    approved.write_text(approved.read_text() + " ")
    assert "20 MB" in str(boundaries().refusal)
    settings.MAP_BOUNDARIES = str(approved) + ".gone"
    assert "找不到" in str(boundaries().refusal)
