"""All data sets as a folder: every form, the dictionaries and the DCAT catalogue beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.eye.open_data.describe import DICTIONARY, catalogue, dictionary
from langqiao.apps.eye.open_data.formats import forms
from langqiao.kit.opendata import Dataset, datasets

CATALOGUE = "catalog.jsonld"
TITLE = _("廊桥开放数据目录")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: name within the folder, bytes, rows (None for a graph or description)."""

    name: str
    size: int
    rows: int | None


def beside(dataset: Dataset, ending: str) -> str:
    """Addresses within the folder: files lie side by side."""
    return f"{dataset.slug}.{ending}" if ending else f"#{dataset.slug}"


def as_text(document: dict[str, Any]) -> str:
    """JSON for people and machines."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def export(folder: Path) -> Iterator[Written]:
    """Write everything public into ``folder`` and tell of each file.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = datasets()
    for dataset in known:
        number = dataset.size()
        for form in forms(dataset):
            place = folder / beside(dataset, form.ending)
            with place.open("wb") as file:
                for chunk in form.chunks():
                    file.write(chunk)
            rows = number if form.ending in {"csv", "json", "parquet"} else None
            yield Written(place.name, place.stat().st_size, rows)
        if dataset.columns:
            yield _write(folder / beside(dataset, DICTIONARY), dictionary(dataset, beside))
    yield _write(folder / CATALOGUE, catalogue(known, beside, own=CATALOGUE, title=TITLE))


def _write(place: Path, document: dict[str, Any]) -> Written:
    place.write_text(as_text(document), encoding="utf-8")
    return Written(place.name, place.stat().st_size, None)
