"""``langqiao eye export``."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from langqiao.cli.eye_data import app
from tests.factories.registry import make_organisation


@pytest.mark.django_db
def test_export_writes_the_folder_and_tells_of_each_file(tmp_path: Path) -> None:
    make_organisation(name="甲")
    done = CliRunner().invoke(app, ["export", str(tmp_path / "open")])
    assert done.exit_code == 0, done.output
    assert "organisations.parquet" in done.output
    assert "甲" in (tmp_path / "open" / "organisations.csv").read_text(encoding="utf-8")
    assert (tmp_path / "open" / "catalog.jsonld").is_file()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert CliRunner().invoke(app, ["export", str(tmp_path / "file")]).exit_code == 2
