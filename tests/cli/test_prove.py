"""``langqiao ledger prove``: a whole file passes, every way of tampering is named."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import typer
from django.db import transaction
from typer.testing import CliRunner

from langqiao.apps.eye.queries.dossier import as_file, dossier
from langqiao.apps.ledger.chain import entry_hash
from langqiao.apps.ledger.domain import Act, record_all
from langqiao.apps.ledger.models import Entry, Head
from langqiao.cli.prove import prove
from tests.factories.accounts import make_office, make_user

pytestmark = pytest.mark.django_db
CASE = "LQ-2026-000007"


@pytest.fixture
def office():
    return make_office()


@pytest.fixture
def document(office):
    acts = [
        Act("publish_challenge", "challenges.challenge:7", {"n": 1}, "", "suzhou", CASE),
        Act("register_organisation", "registry.organisation:3"),
        Act("submit_answer", "challenges.answer:1", {"sm3": "é"}, "", "", CASE, "parties"),
        Act("select_answer", "challenges.answer:1", {}, "", "", CASE),
    ]
    with transaction.atomic():
        record_all(make_user(), acts)
    return as_file(dossier(CASE, office))


def run(document, tmp_path, *arguments: str):
    file = tmp_path / "dossier.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    app = typer.Typer()
    app.command()(prove)
    return CliRunner().invoke(app, [str(file), *arguments])


def found(result) -> list[tuple[int, str]]:
    return [(one["sequence"], one["kind"]) for one in json.loads(result.stdout)["mismatches"]]


def test_a_whole_file_holds_alone_and_against_the_ledger(document, tmp_path):
    for arguments in (
        ["--offline"],
        [],
        ["--head", f"{document['head']['sequence']}:{document['head']['hash']}"],
    ):
        result = run(document, tmp_path, *arguments, "--json")
        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        assert (told["entries"], told["recomputed"], told["mismatches"]) == (3, 3, [])
    assert "✓ 卷宗" in run(document, tmp_path).stdout


def test_openssl_gives_the_same_hash(document):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    for entry in document["entries"]:
        told = subprocess.run(
            ["openssl", "dgst", "-sm3"],
            input=entry["text"].encode(),
            capture_output=True,
            check=True,
        )
        assert told.stdout.decode().split()[-1] == entry["hash"]


def _change(document):
    document["entries"][0]["text"] = document["entries"][0]["text"].replace("suzhou", "hefei!")


def _change_with_its_hash(document):
    from langqiao.engines.sm.sm3 import sm3_hex

    _change(document)
    document["entries"][0]["hash"] = sm3_hex(document["entries"][0]["text"].encode())


def _swap(document):
    document["entries"][1:] = reversed(document["entries"][1:])


def _rename(document):
    document["case"] = "LQ-other"


def _cut_head(document):
    document["head"] = {"sequence": document["head"]["sequence"] - 1, "hash": document["head"]["hash"]}


def _forge_head(document):
    document["head"]["hash"] = "0" * 64


@pytest.mark.parametrize(
    ("tamper", "alone", "beside"),
    [
        (_change, ["changed"], ["changed", "different"]),
        (_change_with_its_hash, [], ["different"]),
        (_swap, ["disordered"], ["disordered"]),
        (_rename, ["foreign"] * 3, ["foreign"] * 3),
        (_cut_head, ["head", "beyond"], ["head", "beyond", "head"]),
        (_forge_head, ["head"], ["head", "head"]),
    ],
)
def test_each_way_of_tampering_is_named(document, tmp_path, tamper, alone, beside):
    tamper(document)
    for arguments, kinds in ((["--offline"], alone), ([], beside)):
        result = run(document, tmp_path, *arguments, "--json")
        assert [kind for _sequence, kind in found(result)] == kinds
        assert result.exit_code == (1 if kinds else 0)


def test_a_link_that_was_cut_is_named(document, tmp_path):
    first, second = document["entries"][1], document["entries"][2]
    assert second["sequence"] == first["sequence"] + 1
    first["hash"] = "1" * 64
    assert (second["sequence"], "unlinked") in found(run(document, tmp_path, "--offline", "--json"))


def test_a_head_noted_elsewhere_must_be_the_files(document, tmp_path):
    assert found(run(document, tmp_path, "--offline", "--head", f"1:{'2' * 64}", "--json"))[0][1] == "head"
    assert run(document, tmp_path, "--offline", "--head", "1:abc").exit_code == 2


def test_a_ledger_that_was_rewritten_is_found_out(document, tmp_path):
    entry = Entry.objects.get(pk=document["entries"][0]["sequence"])
    entry.data = '{"n":2}'
    entry.hash = entry_hash(entry)
    entry.save()
    kinds = [kind for _sequence, kind in found(run(document, tmp_path, "--json"))]
    assert "different" in kinds
    assert "chain" in kinds
    Entry.objects.all().delete()
    Head.objects.all().delete()
    kinds = [kind for _sequence, kind in found(run(document, tmp_path, "--json"))]
    assert kinds == ["missing"] * 3 + ["head"]


def test_where_who_acted_is_withheld_the_ledger_decides(document, tmp_path):
    guest = as_file(dossier(CASE, None))
    assert [entry["withheld"] for entry in guest["entries"]] == [["actor"], ["actor"]]
    assert "accounts.user" not in json.dumps(guest)
    told = json.loads(run(guest, tmp_path, "--offline", "--json").stdout)
    assert (told["entries"], told["recomputed"], told["mismatches"]) == (2, 0, [])
    assert found(run(guest, tmp_path, "--json")) == []
    _change(guest)
    assert found(run(guest, tmp_path, "--offline", "--json")) == []
    assert [kind for _sequence, kind in found(run(guest, tmp_path, "--json"))] == ["different"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"format": "langqiao-dossier/2"}',
        "[" * 100_000,
        json.dumps({"format": "langqiao-dossier/1", "case": "x", "made_at": "x", "head": {}, "entries": []}),
    ],
)
def test_what_is_no_such_file_is_said(tmp_path, text):
    result = run(text, tmp_path, "--offline")
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {"sequence": True, "hash": "0" * 64, "text": "{}"},
        {"sequence": 10**30, "hash": "0" * 64, "text": "{}"},
        {"sequence": 1, "hash": "zz", "text": "{}"},
        {"sequence": 1, "hash": "0" * 64, "text": "nothing"},
        {"sequence": 1, "hash": "0" * 64, "text": "[]"},
        {"sequence": 1, "hash": "0" * 64, "text": 7},
        {"sequence": 1, "hash": "0" * 64, "text": "{}", "withheld": ["data"]},
    ],
)
def test_an_entry_in_no_format_is_said(document, tmp_path, entry):
    document["entries"][1] = entry
    result = run(document, tmp_path, "--offline")
    assert result.exit_code == 2
    assert "entries[1]" in result.output + str(result.stderr)


def test_a_file_that_is_not_there(tmp_path):
    app = typer.Typer()
    app.command()(prove)
    assert CliRunner().invoke(app, [str(tmp_path / "none.json"), "--offline"]).exit_code == 2
