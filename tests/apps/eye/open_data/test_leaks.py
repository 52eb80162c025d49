"""Nothing sealed, unpublished, retired or personal gets into open data, in any form."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from langqiao.apps.accounts.models import User
from langqiao.apps.eye.open_data.folder import export
from langqiao.apps.eye.open_data.formats import forms
from langqiao.kit.opendata import datasets
from tests.apps.eye.open_data.scene import SECRET, make_everything, make_secrets

pytestmark = pytest.mark.django_db


def all_text(ending: str, data: bytes) -> str:
    if ending == "parquet":
        return repr(pq.read_table(io.BytesIO(data)).to_pylist())
    return data.decode()


def test_no_form_of_any_data_set_holds_what_is_kept() -> None:
    make_everything()
    make_secrets()
    people = [user.display_name for user in User.objects.all()] + [u.username for u in User.objects.all()]
    assert people
    for dataset in datasets():
        for form in forms(dataset):
            text = all_text(form.ending, b"".join(form.chunks()))
            assert SECRET not in text, (dataset.slug, form.ending)
            assert "13800000000" not in text
            assert "kme_url" not in text
            leaked = [name for name in people if f'"{name}"' in text or f",{name}," in text]
            assert leaked == [], (dataset.slug, form.ending)


def test_the_secrets_are_there_to_be_found_and_the_public_records_stay(tmp_path: Path) -> None:
    """The test above would pass on an empty table: the same slugs hold the public records beside them."""
    make_everything()
    before = {one.slug: one.size() for one in datasets() if one.columns}
    make_secrets()
    after = {one.slug: one.size() for one in datasets() if one.columns}
    # New organisations, sites and finished calls are public themselves; nothing else may have grown but these.
    grown = {slug for slug, number in after.items() if number != before[slug]}
    assert grown <= {
        "cities", "organisations", "people", "challenges", "verification-calls", "quantum-sites",
        "quantum-links", "campuses", "campus-buildings", "ledger", "fields", "achievements", "products",
        "quantum-scenarios", "projects", "alliances", "alliance-members",
    }  # fmt: skip
    assert after["verification-results"] == before["verification-results"] == 1
    assert after["reports"] == before["reports"] == 1
    assert after["indicator-values"] == before["indicator-values"]
    assert after["notices"] == before["notices"] == 1
    assert after["resolutions"] == before["resolutions"] == 1
    names = {written.name for written in export(tmp_path)}
    assert "organisations.parquet" in names
    assert all(SECRET.encode() not in file.read_bytes() for file in tmp_path.iterdir())
