"""``langqiao chains load`` and the demo chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from langqiao.apps.alliances.models import ChainDataset, ChainFirm, ChainLink
from langqiao.apps.registry.domain import load_corridor
from langqiao.cli import chains_demo
from langqiao.cli.chains_load import load
from tests.factories.chains import write_tables

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(load)
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "nowhere"))
    assert code == 1
    assert "nowhere" in said


def test_a_folder_is_loaded_once_and_reported(tmp_path: Path) -> None:
    folder = str(write_tables(tmp_path))
    code, said = run(folder, "--slug", "small", "--source", "某年报", "--json")
    assert code == 0, said
    report = json.loads(said[said.index("{") :])
    assert (report["written"], report["files"][0]["refused"]) == (True, 1)
    dataset = ChainDataset.objects.get()
    assert (dataset.slug, dataset.source_name, dataset.may_be_passed_on) == ("small", "某年报", False)
    code, said = run(folder, "--slug", "small")
    assert code == 0
    assert "nothing has changed" in said


def test_the_demo_chain_stands_without_other_data_and_twice_is_once() -> None:
    load_corridor(None)
    loaded = chains_demo.load(progress=lambda _report: None)
    assert loaded.written
    dataset = ChainDataset.objects.get()
    assert (dataset.illustrative, dataset.may_be_passed_on) == (True, True)
    assert not ChainFirm.objects.exclude(full_name__endswith="（示例）").exists()
    assert not ChainFirm.objects.filter(city=None).exists()
    assert not ChainLink.objects.filter(node=None).exists()
    assert not chains_demo.load(progress=lambda _report: None).written
