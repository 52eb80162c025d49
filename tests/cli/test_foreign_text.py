"""What people and files bring is text: brackets stay, control characters do not act, nothing ends in a traceback."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from langqiao.cli.shared import shown
from langqiao.engines.sm.sealed import Receipt
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from tests.cli.test_seal import run

CLI = Path(__file__).parents[2] / "src" / "langqiao" / "cli"


def plain(text: str) -> str:
    """What was told, whose long lines a terminal breaks."""
    return re.sub(r"\s+", "", text)


@pytest.fixture
def demands(tmp_path: Path) -> Path:
    return tmp_path / "demands.json"


def wanted(demands: Path, name: str, purpose: str = "") -> Path:
    row = {"id": name, "source": "松江", "target": "合肥", "bps": 9000, "purpose": purpose}
    demands.write_text(json.dumps([row]), "utf-8")
    return demands


@pytest.mark.parametrize(
    "args",
    [
        ("open", "[/nofile]", "--trusted", "[/nofile]"),
        ("kme", "serve", "--config", "[/x].toml"),
        ("quantum", "up", "[/no]"),
        ("quantum", "plan", "[red]net.toml", "--demands", "x.json"),
        ("seal-receipt", "[red]x[/nofile]"),
    ],
)
def test_a_name_in_brackets_is_told_whole(args: tuple[str, ...]) -> None:
    name = next(one for one in args if "[" in one)
    found = run(*args, code=2 if "plan" in args else 1)
    assert name in plain(found.output)


def test_a_misspelt_limit_is_named_with_its_table(tmp_path: Path) -> None:
    run("kme", "init", tmp_path / "net", "--stock", 1)
    config = next((tmp_path / "net").glob("*/kme.toml"))
    config.write_text(config.read_text("utf-8") + "\n[limits]\nkeys_per_dey = 5\n", "utf-8")
    assert "[limits]:'keys_per_dey'" in plain(run("kme", "verify", config, code=1).output)


def test_a_receipt_whose_recipient_is_in_brackets(tmp_path: Path) -> None:
    key = Sm2PrivateKey.generate()
    bare = Receipt("0a" * 16, "1b" * 32, "2c" * 32, 1, "a", "b[/b]", "2026-11-27T07:00:00Z",
                   key.public.fingerprint.hex())  # fmt: skip
    path, trusted = tmp_path / "receipt.json", tmp_path / "trusted.txt"
    path.write_text(Receipt(**{**asdict(bare), "signature": "00" * 64}).to_json(), "utf-8")
    trusted.write_text("", "utf-8")
    assert "b[/b]hasnotrustedkey" in plain(run("seal-receipt", path, "--trusted", trusted, code=1).output)


def test_a_demand_in_brackets_stands_in_the_table(demands: Path) -> None:
    out = run("quantum", "plan", "nine-cities", "--demands", wanted(demands, "a[/b]:x:[red]")).output
    assert "✗a[/b]:x:[red]：" in plain(out)


def test_half_a_surrogate_pair_is_no_text(demands: Path) -> None:
    for name, purpose in (("\ud800", ""), ("a", "\udfff")):
        found = run("quantum", "plan", "nine-cities", "--demands", wanted(demands, name, purpose), code=2)
        assert "must be text" in found.output


def test_an_endless_file_is_refused() -> None:
    told = run("quantum", "plan", "nine-cities", "--demands", "/dev/zero", code=2).output
    assert "larger than 8,000,000 bytes" in told
    told = run("quantum", "plan", "/dev/zero", "--demands", "/dev/zero", code=2).output
    assert "larger than 8,000,000 bytes" in told


def test_what_could_steer_a_terminal_is_shown_as_an_escape() -> None:
    assert shown("a\x1b]0;x\x07\n\tb\ud800\u3000密") == "a\\x1b]0;x\\x07\n\tb\\ud800\u3000密"
    assert "\\x1b" in run("open", "x\x1b[2J", "--trusted", "x\x1b[2J", code=1).output


def test_no_command_writes_markup_into_sentences() -> None:
    tags = re.compile(r"\[/?(?:red|green|yellow|dim|bold|cyan|magenta|blue)?\][^\n]*\[/")
    assert [path.name for path in CLI.rglob("*.py") if tags.search(path.read_text("utf-8"))] == []
