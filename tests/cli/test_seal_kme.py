"""A film goes from city to city: keys from two real KMEs over mutual TLS."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.test_seal import run
from tests.kme.conftest import line_folder, network  # noqa: F401 - fixtures


@pytest.fixture
def sides(network, tmp_path):  # noqa: F811 - the fixture
    return two_sides(network("east", "middle"), tmp_path)


def two_sides(net, tmp_path):
    """A folder with keys, lists and settings for an SAE of either city."""
    lines = [
        run("seal-keys", tmp_path / name, "--sae", f"SAE-{name}-1").stdout for name in ("east", "middle")
    ]
    for name in ("east", "middle"):
        cert, key = net.files(f"SAE-{name}-1")
        host, port = net.address(name)
        (tmp_path / name / "trusted.txt").write_text("".join(lines), "utf-8")
        (tmp_path / name / "seal.toml").write_text(
            f'sae = "SAE-{name}-1"\nsigning_key = "sm2.pem"\ntrusted = "trusted.txt"\nsecret = "seal.secret"\n'
            f'[kme]\nurl = "https://{host}:{port}"\ncert = "{cert}"\nkey = "{key}"\nca = "{net.folder / "ca.crt"}"\n',
            "utf-8",
        )
    return tmp_path


def test_a_film_with_keys_from_the_network(sides):
    film, sealed = sides / "film.mov", sides / "film.lqs"
    film.write_bytes(os.urandom(70 * 4096))
    facts = json.loads(
        run("seal", film, "--to", "SAE-middle-1", "--output", sealed, "--config", sides / "east" / "seal.toml",
            "--segment-kib", 4, "--segments-per-key", 1, "--json").stdout
    )  # fmt: skip
    assert facts["keys"] == 70
    args = ("open", sealed, "--config", sides / "middle" / "seal.toml", "--output")
    run(*args, sides / "out.mov")
    assert (sides / "out.mov").read_bytes() == film.read_bytes()
    # Keys are delivered once: a second opening finds none.
    told = run(*args, sides / "again.mov", code=1).output
    assert "密钥不可用" in told
    assert not (sides / "again.mov").exists()


def test_a_file_that_needs_more_keys_than_the_pool_holds(network, tmp_path):  # noqa: F811 - the fixture
    net = network("east", "middle", extra="[keys]\nmax_key_count = 128")
    folder = two_sides(net, tmp_path)
    film, sealed = folder / "film.mov", folder / "film.lqs"
    film.write_bytes(os.urandom(300 * 4096))
    args = ("seal", film, "--to", "SAE-middle-1", "--output", sealed, "--config", folder / "east" / "seal.toml",
            "--segment-kib", 4, "--segments-per-key", 1, "--json")  # fmt: skip
    assert "300 are needed" in " ".join(run(*args, "--wait", 0, code=1).output.split())
    assert json.loads(run(*args).stdout)["keys"] == 300
    run("open", sealed, "--config", folder / "middle" / "seal.toml", "--output", folder / "out.mov")
    assert (folder / "out.mov").read_bytes() == film.read_bytes()


def test_a_kme_that_does_not_answer(sides):
    film = sides / "film.mov"
    film.write_bytes(b"x")
    told = run("seal", film, "--to", "SAE-middle-1", "--config", sides / "east" / "seal.toml", "--kme",
               "https://127.0.0.1:9", code=1).output  # fmt: skip
    assert "KME 不可用" in told
    for address in ("https://[::1", "https://a:99999", "127.0.0.1:9", "ftp://x"):
        told = run("seal", film, "--to", "SAE-middle-1", "--config", sides / "east" / "seal.toml", "--kme",
                   address, code=1).output  # fmt: skip
        assert "KME 不可用" in told
    told = run("seal", film, "--to", "SAE-nowhere-1", "--config", sides / "east" / "seal.toml", code=1).output
    assert "KME" in told
