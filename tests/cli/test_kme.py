"""The commands of the KME."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from langqiao.cli import app
from langqiao.kme.initialise import kme_id, sae_id
from langqiao.kme.store import IN
from tests.kme.conftest import LINE, Network, free_ports, line_folder, network, rewrite_ports, until

__all__ = ["line_folder", "network"]
run = CliRunner().invoke


def test_a_network_of_nine_is_made(tmp_path: Path) -> None:
    made = run(app, ["kme", "init", str(tmp_path / "net"), "--saes", "1"])
    assert made.exit_code == 0, made.output
    assert len(list((tmp_path / "net").glob("KME-*/kme.toml"))) == 9
    assert len(list((tmp_path / "net" / "sae").iterdir())) == 18
    again = run(app, ["kme", "init", str(tmp_path / "net")])
    assert again.exit_code == 1
    assert "is not empty" in " ".join(again.output.split())
    config = str(tmp_path / "net" / "KME-hefei" / "kme.toml")
    report = json.loads(run(app, ["kme", "verify", config, "--json"]).output)
    assert (report["faults"], report["entries"]) == ([], 0)
    assert run(app, ["kme", "rotate", config]).exit_code == 0
    head = json.loads(run(app, ["kme", "verify", config, "--json"]).output)["head"]
    assert run(app, ["kme", "verify", config, "--expect", head]).exit_code == 0
    assert run(app, ["kme", "verify", config, "--expect", "1:" + "0" * 64]).exit_code == 1
    assert run(app, ["kme", "discard", config, "--yes"]).exit_code == 0


def test_what_cannot_be_served_is_said_in_a_line(tmp_path: Path) -> None:
    missing = run(app, ["kme", "serve", "--config", str(tmp_path / "none.toml")])
    assert missing.exit_code == 1
    assert "Traceback" not in missing.output
    nothing = run(app, ["quantum", "up", str(tmp_path)])
    assert nothing.exit_code == 1
    assert "holds no network" in " ".join(nothing.output.split())


def test_a_damaged_store_is_said_in_words_by_every_command(line_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(line_folder, tmp_path / "net")
    place = tmp_path / "net" / kme_id("east")
    with contextlib.closing(sqlite3.connect(place / "store" / "keys.sqlite3")) as db:
        db.execute("DROP TABLE audit")
    config = str(place / "kme.toml")
    for command in (
        ["verify", config],
        ["verify", config, "--expect", "1:" + "0" * 64],
        ["rotate", config],
        ["discard", config, "--yes"],
        ["serve", "--config", config],
    ):
        ended = run(app, ["kme", *command])
        words = " ".join(ended.output.split())
        assert (ended.exit_code, type(ended.exception)) == (1, SystemExit), command
        assert "no such table: audit" in words
        assert "langqiao kme discard" in words
    told = run(app, ["kme", "verify", config, "--json"])
    facts = json.loads(told.stdout)
    assert facts["faults"] == ["audit: no such table: audit"]
    assert told.exit_code == 1


def test_conformance_of_nothing_prints_no_table(line_folder: Path) -> None:
    url = f"https://127.0.0.1:{free_ports(1)[0]}"
    sae = line_folder / "sae" / sae_id("east")
    command = ["kme", "conformance", url, "--master", sae_id("east"), "--slave", sae_id("middle")]
    command += ["--cert", f"{sae}.crt", "--key", f"{sae}.pem", "--ca", str(line_folder / "ca.crt")]
    found = run(app, command)
    assert found.exit_code == 2
    assert "no connection" in " ".join(found.output.split())
    assert "passed" not in found.output


@pytest.mark.slow
def test_conformance_prints_a_table(network: Callable[..., Network]) -> None:
    net = network("east", "middle")
    until(lambda: net.kmes["middle"].here.service.store.pools["KME-east", IN].stored > 600)
    crt, key = net.files(sae_id("east"))
    url = net.config("east").directory.kmes[kme_id("east")].url
    command = ["kme", "conformance", url, "--master", sae_id("east"), "--slave", sae_id("middle")]
    command += ["--cert", str(crt), "--key", str(key), "--ca", str(net.folder / "ca.crt"), "--json"]
    found = run(app, command)
    facts = json.loads(found.output)
    assert (facts["counts"].get("fail", 0), found.exit_code) == (0, 0)
    assert facts["counts"]["skip"] > 5


@pytest.mark.slow
def test_all_kmes_of_a_network_come_up(line_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(line_folder, tmp_path / "net")
    slugs = [city.slug for city in LINE.cities]
    rewrite_ports(tmp_path / "net", slugs, "")
    for slug, port in zip(slugs, free_ports(3), strict=True):
        place = tmp_path / "net" / kme_id(slug) / "kme.toml"
        place.write_text(place.read_text().replace("[tls]", f"health_port = {port}\n\n[tls]", 1))
    shown = run(app, ["quantum", "up", str(tmp_path / "net"), "--once", "--json"])
    assert {view["state"] for view in json.loads(shown.output)} <= {"ok", "degraded"}
