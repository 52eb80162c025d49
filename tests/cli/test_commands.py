"""The commands a user types."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.challenges.matching import follow, store
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Achievement
from langqiao.cli import app
from tests.apps.registry.openalex.server import serving, work
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    store.index.cache_clear()
    yield
    store.index.cache_clear()


def run(*arguments: str, **options):
    return CliRunner().invoke(app, list(arguments), **options)


ROWS = [
    {"id": 1, "title": "碳化硅晶圆等离子体减薄", "abstract": "等离子体软化后磨削，损伤层小于两微米。"},
    {"id": 2, "title": "单细胞测序文库", "abstract": "微流控液滴构建单细胞文库。"},
    {"id": 3, "abstract": "针对风电叶片，提出声学监测方法。实验表明方法有效。"},
]


@pytest.fixture
def achievements(tmp_path):
    path = tmp_path / "lab.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    return path


def test_import_then_match_in_one_go(achievements):
    done = run("import", str(achievements), "--kind", "achievements", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["created"], report["failed"], report["written"]) == (3, 0, True)
    matched = run("match", "碳化硅晶圆减薄的损伤层太深", "--json")
    assert matched.exit_code == 0, matched.output
    panels = json.loads(matched.stdout)["panels"]
    assert set(panels) == {"technology", "industry", "finance", "talent"}
    best = panels["technology"]["rows"][0]
    assert best["title"] == "碳化硅晶圆等离子体减薄"
    assert sum(best["parts"].values()) == pytest.approx(best["score"], rel=0.05)


def test_importing_again_changes_nothing(achievements):
    run("import", str(achievements), "--kind", "achievements")
    entries = Entry.objects.count()
    again = run("import", str(achievements), "--kind", "achievements", "--json")
    assert json.loads(again.stdout)["unchanged"] == 3
    assert Entry.objects.count() == entries


def test_a_dry_run_writes_nothing(achievements):
    done = run("import", str(achievements), "--kind", "achievements", "--dry-run")
    assert done.exit_code == 0
    assert "未写入" in done.output
    assert Achievement.objects.count() == 0


def test_a_wrong_row_is_named_and_nothing_is_written(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("code,title,kind,trl\nx:1,好的,paper,3\nx:2,坏的,paper,12\n", "utf-8")
    done = run("import", str(path), "--kind", "achievements")
    assert done.exit_code == 1
    assert "第 3 行" in done.output
    assert Achievement.objects.count() == 0


def test_match_prints_four_tables(achievements):
    run("import", str(achievements), "--kind", "achievements")
    shown = run("match", "碳化硅晶圆减薄")
    assert shown.exit_code == 0
    for title in ("技术：成果与实验室", "产业：上下游企业与联盟", "金融：基金与创新券", "人才：专家"):
        assert title in shown.output


def test_match_each_answers_every_row_in_order(achievements):
    run("import", str(achievements), "--kind", "achievements")
    lines = run("match", "--each", str(achievements)).stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 2, 3]


def test_match_reads_standard_input(achievements):
    run("import", str(achievements), "--kind", "achievements")
    shown = run("match", "-", "--json", input="单细胞文库构建\n")
    assert json.loads(shown.stdout)["panels"]["technology"]["rows"][0]["title"] == "单细胞测序文库"


@pytest.mark.parametrize("arguments", [["match", ""], ["match", "--challenge", "LQ-0"], ["match", "--each", "no.csv"],
                                       ["import", "no.csv"]])  # fmt: skip
def test_a_wrong_call_ends_in_one_sentence(arguments):
    done = run(*arguments)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert done.output.count("✗") == 1


def test_ledger_verify_passes_and_fails(achievements):
    run("import", str(achievements), "--kind", "achievements")
    assert run("ledger", "verify").exit_code == 0
    whole = json.loads(run("ledger", "verify", "--json").stdout)
    assert whole["fault"] is None
    Entry.objects.filter(sequence=2).update(data="{}")
    broken = run("ledger", "verify")
    assert broken.exit_code == 1
    assert "第 2 条被改动" in broken.output
    assert json.loads(run("ledger", "verify", "--json").stdout)["fault"]["kind"] == "changed"


def test_ledger_verify_knows_a_head_noted_before(achievements):
    run("import", str(achievements), "--kind", "achievements")
    whole = json.loads(run("ledger", "verify", "--json").stdout)
    assert run("ledger", "verify", "--expect", f"{whole['head']}:{whole['hash']}").exit_code == 0
    assert run("ledger", "verify", "--expect", f"{whole['head']}:{'0' * 64}").exit_code == 1
    assert run("ledger", "verify", "--expect", "nonsense").exit_code == 2


def test_index_commands_say_how_far_they_are(achievements):
    run("import", str(achievements), "--kind", "achievements")
    state = json.loads(run("index", "status", "--json").stdout)
    assert state["documents"] == 3
    assert state["index"] == state["ledger"] > 0
    assert "3 条" in run("index", "rebuild", "--no-train").output
    assert "更新 0 条" in run("index", "update").output


def test_user_add_grants_a_role():
    firm = make_organisation(name="甲公司", kind="enterprise")
    done = run("user", "add", "wang", "--role", "enterprise", "--organisation", "甲公司", "--manager",
               input="Bridge-9-Cities\nBridge-9-Cities\n")  # fmt: skip
    assert done.exit_code == 0, done.output
    user = User.objects.get(username="wang")
    assert holds_role(user, Role.ENTERPRISE, organisation=firm)
    assert user.check_password("Bridge-9-Cities")


@pytest.mark.parametrize(
    ("role", "organisation", "why"), [("king", "甲公司", "没有角色"), ("office", "乙", "没有机构")]
)
def test_user_add_refuses_what_does_not_exist(role, organisation, why):
    make_organisation(name="甲公司", kind="enterprise")
    done = run("user", "add", "wang", "--role", role, "--organisation", organisation,
               input="Bridge-9-Cities\nBridge-9-Cities\n")  # fmt: skip
    assert done.exit_code == 1
    assert why in done.output
    assert not User.objects.filter(username="wang").exists()


def test_the_demo_loads_twice_to_the_same_state():
    first = run("demo", "--no-serve")
    assert first.exit_code == 0, first.output
    assert "企业出题" in first.output
    challenges, entries = Challenge.objects.count(), Entry.objects.count()
    assert challenges >= 120
    second = run("demo", "--no-serve")
    assert second.exit_code == 0, second.output
    assert (Challenge.objects.count(), Entry.objects.count()) == (challenges, entries)
    assert follow.catch_up() == 0


def test_openalex_brings_papers_that_are_found_at_once():
    with serving(works=[work(1), work(2)]) as state:
        done = run("openalex", "works", "--search", "graphene", "--base", state.base)
        assert done.exit_code == 0, done.output
        assert "本次读取 2 条" in done.output
    assert Achievement.objects.count() == 2
    assert store.index().count >= 2


@pytest.mark.parametrize("arguments", [["openalex", "works"], ["openalex", "authors", "--search", "x"]])
def test_openalex_needs_a_known_entity_and_a_question(arguments):
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.output.count("✗") == 1
