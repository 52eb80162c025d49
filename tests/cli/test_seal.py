"""``langqiao seal`` and ``open``: keys offline or from a KME, settings, receipts, one line for what is wrong."""

from __future__ import annotations

import json
import os

import pytest
from typer.testing import CliRunner

from langqiao.cli import app

SIZE = 3 * 4096 + 5


def run(*args, code=0):
    found = CliRunner().invoke(app, list(map(str, args)))
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch, tmp_path):
    monkeypatch.setattr("langqiao.cli.sealing.CONFIG", tmp_path / "no.toml")
    monkeypatch.setattr("langqiao.cli.sealing.SECRET", tmp_path / "state" / "seal.secret")


class Desk:
    """Two sides with keys, trusted lists, settings and a key file each."""

    def __init__(self, folder):
        self.folder, self.film, self.sealed = folder, folder / "film.mov", folder / "film.mov.lqs"
        self.film.write_bytes(os.urandom(SIZE))
        lines = [run("seal-keys", folder / name, "--sae", f"SAE-{name}").stdout for name in ("a", "b")]
        keys = "".join(f"key-{n} {os.urandom(32).hex()}\n" for n in range(8))
        for name in ("a", "b"):
            side = folder / name
            (side / "trusted.txt").write_text("".join(lines), "utf-8")
            (side / "keys").write_text(keys, "utf-8")
            (side / "keys").chmod(0o600)
            (side / "seal.toml").write_text(
                f'sae = "SAE-{name}"\nsigning_key = "sm2.pem"\ntrusted = "trusted.txt"\n'
                f'kem_key = "mlkem.pem"\nsecret = "seal.secret"\n',
                "utf-8",
            )

    def seal(self, *more, code=0):
        return run(
            "seal", self.film, "--to", "SAE-b", "--config", self.folder / "a" / "seal.toml", "--key-file",
            self.folder / "a" / "keys", "--segment-kib", 4, "--segments-per-key", 2, *more, code=code,
        )  # fmt: skip

    def open(self, *more, code=0):
        return run(
            "open", self.sealed, "--config", self.folder / "b" / "seal.toml", "--key-file",
            self.folder / "b" / "keys", "--output", self.folder / "out.mov", *more, code=code,
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_sealed_opened_acknowledged(desk):
    facts = json.loads(desk.seal("--json").stdout)
    assert (facts["segments"], facts["keys"], facts["size"], facts["hybrid"]) == (4, 2, SIZE, False)
    assert facts["sealed_bytes"] == desk.sealed.stat().st_size
    receipt = desk.folder / "receipt.json"
    opened = json.loads(desk.open("--json", "--receipt", receipt).stdout)
    assert desk.folder.joinpath("out.mov").read_bytes() == desk.film.read_bytes()
    assert (opened["name"], opened["manifest_digest"]) == ("film.mov", facts["manifest_digest"])
    trusted = desk.folder / "a" / "trusted.txt"
    words = run("seal-receipt", receipt, "--trusted", trusted, "--file", desk.sealed).stdout
    assert "SAE-b" in words
    found = json.loads(run("seal-receipt", receipt, "--trusted", trusted, "--json").stdout)
    assert found["manifest_digest"] == facts["manifest_digest"]
    receipt.write_text(receipt.read_text("utf-8").replace("SAE-b", "SAE-a"), "utf-8")
    assert "trusted" in run("seal-receipt", receipt, "--trusted", trusted, code=1).output
    assert (desk.folder / "a" / "keys").read_text("utf-8").count("\n") == 6


def test_a_hybrid(desk):
    facts = json.loads(
        desk.seal("--json", "--kem", desk.folder / "b" / "mlkem.pub", "--manifest", "tags").stdout
    )
    assert (facts["hybrid"], facts["manifest"]) == (True, "tags")
    assert "✓ 已启封 opened" in desk.open().stdout
    assert desk.folder.joinpath("out.mov").read_bytes() == desk.film.read_bytes()


def test_words_and_a_check_without_keys(desk):
    assert "✓ 已封装 sealed" in desk.seal().stdout
    assert "SAE-a" in desk.open("--check").stdout
    assert json.loads(desk.open("--check", "--json").stdout)["segments"] == 4
    assert not (desk.folder / "out.mov").exists()


def test_what_was_changed_is_named(desk):
    desk.seal()
    raw = bytearray(desk.sealed.read_bytes())
    raw[3 * 4096] ^= 1
    desk.sealed.write_bytes(raw)
    told = desk.open(code=1).output
    assert "数据段被改动" in told
    assert "segment 2" in told
    assert not (desk.folder / "out.mov").exists()


@pytest.mark.parametrize(("args", "code", "word"), [
    (("--sae", ""), 1, "exists"), (("--manifest", "half"), 2, "full|tags"), (("--overwrite", "--segment-kib", "3"), 1, "power of two"),
    (("--overwrite", "--engine", "fast"), 1, "unknown back end"), (("--overwrite", "--kem", "none.pub"), 1, "none.pub"),
    (("--overwrite", "--config", "none.toml"), 1, "none.toml"), (("--overwrite", "--signing-key", "a/sm2.pub"), 1, "chmod"),
    (("--overwrite", "--workers", "65"), 2, "workers"), (("--overwrite", "--key-file", "none"), 1, "none"),
])  # fmt: skip
def test_one_line_for_what_is_wrong(desk, monkeypatch, args, code, word):
    monkeypatch.chdir(desk.folder)
    desk.sealed.write_bytes(b"already")
    desk.folder.joinpath("a/sm2.pub").chmod(0o644)
    told = desk.seal(*args, code=code).output
    assert (word if word != "exists" else "目标文件已存在") in told
    assert desk.sealed.read_bytes() == b"already"


def test_what_is_missing_is_said(desk):
    told = run("seal", desk.film, "--to", "x", code=2).output
    assert "--sae" in told
    told = run("seal", desk.film, "--to", "x", "--sae", "y", code=2).output
    assert "signing_key" in told
    told = run(
        "seal", desk.film, "--to", "x", "--sae", "y", "--signing-key", desk.folder / "a" / "sm2.pem", code=2
    )
    assert "kme.url" in told.output
    (desk.folder / "bad.toml").write_text("sae = ", "utf-8")
    assert "TOML" in run("open", desk.film, "--config", desk.folder / "bad.toml", code=2).output


def test_files_that_are_no_sealed_files(desk):
    desk.sealed.write_bytes(b"\x00" * 500)
    assert "不是密封文件" in desk.open(code=1).output
    desk.sealed.unlink()
    assert "film.mov.lqs" in desk.open(code=1).output.replace("\n", "")  # a long path is broken
    assert (
        "回执无效"
        in run("seal-receipt", desk.film, "--trusted", desk.folder / "a" / "trusted.txt", code=1).output
    )


def test_keys_are_never_overwritten(desk):
    before = (desk.folder / "a" / "sm2.pem").read_bytes()
    assert run("seal-keys", desk.folder / "a", "--sae", "SAE-a", code=1)
    assert (desk.folder / "a" / "sm2.pem").read_bytes() == before


def left(folder):
    """What lies there, without what was there before."""
    return sorted(path.name for path in folder.iterdir())


def keys_left(desk):
    return (desk.folder / "a" / "keys").read_text("utf-8").count("\n")


def linked(film, how):
    """Another name for the film."""
    other = film.with_name("other.mov")
    {"hard": lambda: os.link(film, other), "soft": lambda: other.symlink_to(film), "same": lambda: None}[
        how
    ]()
    return film if how == "same" else other


@pytest.mark.parametrize("how", ["same", "hard", "soft"])
def test_a_source_is_never_its_own_target(desk, how):
    film, target = desk.film.read_bytes(), linked(desk.film, how)
    before = left(desk.folder)
    for more in ((), ("--overwrite",), ("--overwrite", "--restart")):
        assert "目标就是源文件" in desk.seal("-o", target, *more, code=1).output
    assert (desk.film.read_bytes(), target.read_bytes(), left(desk.folder)) == (film, film, before)
    assert keys_left(desk) == 8


@pytest.mark.parametrize("suffix", [".sealing", ".sealing-journal", ".sealing-journal.new", ".sealing-keys"])
def test_nor_is_it_a_file_of_the_work(desk, suffix):
    film = desk.film.read_bytes()
    desk.film = desk.film.rename(desk.folder / f"x{suffix}")
    assert "目标就是源文件" in desk.seal("-o", desk.folder / "x", "--restart", code=1).output
    assert desk.film.read_bytes() == film


@pytest.mark.parametrize("how", ["same", "hard", "soft"])
def test_a_sealed_file_is_never_replaced_by_its_content(desk, how):
    desk.seal()
    sealed, target = desk.sealed.read_bytes(), linked(desk.sealed, how)
    before = left(desk.folder)
    assert "目标就是源文件" in desk.open("-o", target, "--overwrite", code=1).output
    assert (desk.sealed.read_bytes(), left(desk.folder)) == (sealed, before)
    # The name sealed within may be the sealed file's own; its keys are kept, and the way out is told.
    mine = desk.folder / "mine"
    mine.mkdir()
    desk.sealed = desk.sealed.rename(mine / "film.mov")
    told = " ".join(desk.open("-o", mine, "--overwrite", code=1).output.split())
    assert "rename it to film.mov.lqs, film.mov.opening-journal to film.mov.lqs.opening-journal" in told
    assert desk.sealed.read_bytes() == sealed
    desk.sealed = desk.sealed.rename(mine / "film.mov.lqs")
    (mine / "film.mov.opening-journal").rename(mine / "film.mov.lqs.opening-journal")
    desk.open("-o", mine)
    assert (mine / "film.mov").read_bytes() == desk.film.read_bytes()


def test_a_receipt_replaces_neither_the_sealed_file_nor_the_plaintext(desk):
    desk.seal()
    sealed = desk.sealed.read_bytes()
    assert "回执" in desk.open("--receipt", desk.sealed, "--overwrite", code=1).output
    assert desk.sealed.read_bytes() == sealed
    assert "回执" in desk.open("--receipt", desk.folder / "out.mov", "--overwrite", code=1).output
    assert desk.folder.joinpath("out.mov").read_bytes() == desk.film.read_bytes()


@pytest.mark.parametrize("what", ["folder", "pipe", "device"])
def test_only_regular_files_are_sealed_opened_or_replaced(desk, what):
    place = desk.folder / "thing"
    if what == "folder":
        place.mkdir()
    elif what == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")
    film, desk.film = desk.film, place
    before = left(desk.folder)
    assert "文件夹请先打包" in desk.seal("-o", desk.folder / "x.lqs", code=1).output
    desk.film, desk.sealed = film, place
    assert "不是普通文件" in desk.open(code=1).output
    assert "不是普通文件" in desk.seal("-o", place, "--overwrite", code=1).output
    assert (left(desk.folder), keys_left(desk)) == (before, 8)


def test_a_refused_run_leaves_nothing(desk):
    before = left(desk.folder)
    (desk.folder / "a" / "keys").write_text("", "utf-8")
    assert "密钥不可用" in desk.seal(code=1).output
    assert left(desk.folder) == before


def test_endless_settings_are_refused(desk):
    told = run("seal", desk.film, "--to", "x", "--config", "/dev/zero", code=2).output
    assert "1 MiB" in told
