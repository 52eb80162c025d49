"""Importing tables into the registry: mapping, trial, all or nothing, again and again the same."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from django.test import RequestFactory
from django.utils import translation

from langqiao.apps.accounts.models import Role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry import listings
from langqiao.apps.registry.exchange import (
    detect_kind,
    import_file,
    import_kind,
    import_kinds,
    propose_mapping,
)
from langqiao.apps.registry.exchange.papers import title_from
from langqiao.apps.registry.models import Achievement, Facility, Finance, Organisation, Person
from langqiao.kit.listing import list_view
from langqiao.kit.refusals import Invalid
from tests.factories.challenges import make_city, make_field, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def corridor():
    make_city()
    make_city("jiaxing", "嘉兴", "330400")
    make_field()
    make_field("ai", "人工智能")


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def jsonl(path: Path, *rows: dict) -> Path:
    return write(path, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))


ORGANISATIONS = """编号,机构名称,机构性质,所在城市,领域,示例
O-1,松江精密传动有限公司,企业,松江区,人工智能；新材料,否
O-2,槜李大学,高校,嘉兴市,,否
"""


def test_chinese_headings_create_then_leave_alone_then_change(tmp_path):
    path = write(tmp_path / "机构.csv", ORGANISATIONS, "gb18030")
    report = import_file(None, path)
    assert (report.kind, report.encoding, report.created, report.failed) == ("organisations", "gb18030", 2, 0)
    first = Organisation.objects.get(code="O-1")
    assert (first.kind, first.city_id, {f.slug for f in first.fields.all()}) == (
        "enterprise",
        "songjiang",
        {"ai", "materials"},
    )
    entries = Entry.objects.count()
    again = import_file(None, path)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert Entry.objects.count() == entries
    write(path, ORGANISATIONS.replace("槜李大学", "槜李理工大学"))
    third = import_file(None, path)
    assert (third.changed, third.unchanged) == (1, 1)
    assert Entry.objects.count() == entries + 1


def test_dry_run_writes_nothing_and_names_every_error(tmp_path):
    text = (
        ORGANISATIONS
        + "O-3,,企业,松江,,\nO-4,甲公司,公司,松江,,\nO-5,乙公司,企业,火星,,\nO-1,丙公司,企业,松江,,\n"
    )
    report = import_file(None, write(tmp_path / "机构.csv", text), dry_run=True)
    assert (report.rows, report.created, report.failed, report.written) == (6, 2, 4, False)
    assert [(e.row, e.field) for e in report.errors] == [(7, "code"), (4, "name"), (5, "kind"), (6, "city")]
    assert all(e.why and e.mend for e in report.errors)
    assert "第 2 行" in report.errors[0].why
    assert not Organisation.objects.exists()
    assert not Entry.objects.exists()


def test_one_bad_row_stops_all_unless_told_to_skip(tmp_path):
    path = write(tmp_path / "机构.csv", ORGANISATIONS + "O-3,,企业,松江,,\n")
    report = import_file(None, path)
    assert (report.failed, report.written) == (1, False)
    assert not Organisation.objects.exists()
    assert not Entry.objects.exists()
    report = import_file(None, path, skip_errors=True)
    assert (report.created, report.failed, report.written) == (2, 1, True)
    assert Organisation.objects.count() == 2
    with Path(report.failed_file).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1][:3] == ["O-3", "", "企业"]
    assert rows[1][6] == "4"
    mended = import_file(None, write(tmp_path / "机构2.csv", "编号,名称,类型\nO-3,丁公司,企业\n"))
    assert mended.created == 1


def test_an_error_in_a_late_batch_undoes_the_early_ones(tmp_path):
    rows = [f"O-{n},机构{n},企业" for n in range(1200)]
    rows[1100] = "O-x,机构x,公司"
    report = import_file(None, write(tmp_path / "o.csv", "编号,名称,类型\n" + "\n".join(rows)))
    assert [(e.row, e.field) for e in report.errors] == [(1102, "kind")]
    assert not report.written
    assert not Organisation.objects.exists()


def test_a_file_that_breaks_off_leaves_nothing(tmp_path):
    rows = "".join(f"O-{n},机构{n},企业\n" for n in range(700))
    path = write(tmp_path / "o.csv", f'编号,名称,类型\n{rows}O-y,"坏,企业\nO-z,好,企业\n')
    for skip in (False, True):
        report = import_file(None, path, skip_errors=skip)
        assert (report.written, report.errors[-1].row, report.errors[-1].field) == (False, 702, "名称")
        assert not Organisation.objects.exists()


def test_missing_columns_and_bad_mappings_are_refused_at_once(tmp_path):
    path = write(tmp_path / "o.csv", "编号,类型,备注\n1,企业,x\n")
    with pytest.raises(Invalid, match="名称") as refusal:
        import_file(None, path, "organisations")
    assert refusal.value.field == "name"
    with pytest.raises(Invalid, match="没有“标题”这一列"):
        import_file(None, path, "organisations", mapping={"标题": "name"})
    with pytest.raises(Invalid, match="没有“nome”"):
        import_file(None, path, "organisations", mapping={"备注": "nome"})
    with pytest.raises(Invalid, match="都对应"):
        import_file(None, path, "organisations", mapping={"备注": "name", "类型": "name"})
    with pytest.raises(Invalid, match="没有“planets”"):
        import_file(None, path, "planets")
    report = import_file(None, path, "organisations", mapping={"备注": "name"})
    assert report.created == 1


def test_a_value_for_every_row_and_a_heading_left_out(tmp_path):
    path = write(tmp_path / "o.csv", "编号,名称,城市\n1,甲,火星\n2,乙,火星\n")
    report = import_file(
        None, path, "organisations", mapping={"城市": ""}, constants={"kind": "企业"}, prefix="表"
    )
    assert report.created == 2
    assert report.ignored == ["城市"]
    assert set(Organisation.objects.values_list("code", flat=True)) == {"表:1", "表:2"}


def test_papers_without_title_kind_or_owner(tmp_path):
    path = jsonl(
        tmp_path / "csl.jsonl",
        {"id": 7, "title": "题目", "abstract": "甲。", "keywords": ["a", "b"], "discipline": "机械"},
        {"id": 8, "abstract": "归责原则是关键。学说上存在争论。"},
        {"id": 9, "abstract": "长" * 100},
    )
    assert detect_kind(path) == "achievements"
    report = import_file(None, path)
    assert (report.created, report.failed) == (3, 0)
    assert any("首句" in text and "2 行" in text for text in report.warnings)
    assert any("论文" in text for text in report.warnings)
    assert list(Achievement.objects.order_by("code").values_list("code", "title")) == [
        ("csl:7", "题目"),
        ("csl:8", "归责原则是关键"),
        ("csl:9", "长" * 59 + "…"),
    ]
    assert import_file(None, path).unchanged == 3


@pytest.mark.parametrize(
    ("abstract", "title"),
    [("一。二。", "一"), ("Deep nets. More.", "Deep nets"), ("v1.5 is out", "v1.5 is out"), ("。怪", "。怪")],
)
def test_title_from_abstract(abstract, title):
    assert title_from(abstract) == title


def test_rows_without_code_are_known_by_their_title(tmp_path):
    path = write(tmp_path / "设备.csv", "名称,类型\n电镜,仪器\n光刻机,仪器\n")
    assert detect_kind(path) == "facilities"
    assert import_file(None, path).created == 2
    assert import_file(None, path).unchanged == 2
    by_hand = Facility.objects.create(name="风洞", kind="facility")
    report = import_file(None, write(tmp_path / "设备.csv", "名称,类型,收费\n风洞,设施,面议\n"))
    assert (report.changed, report.created) == (1, 0)
    by_hand.refresh_from_db()
    assert by_hand.fee == "面议"
    Facility.objects.create(name="风洞", kind="facility")
    report = import_file(None, path.with_name("设备.csv"))
    assert "2 条同名" in report.errors[0].why


def test_roles_decide_row_by_row(tmp_path):
    mine, other = make_organisation(code="M"), make_organisation(code="X", city=make_city("jiaxing"))
    path = write(tmp_path / "a.csv", "编号,名称,类型,权属单位\nA-1,甲,技术,M\nA-2,乙,技术,X\n")
    member = make_user(Role.RESEARCHER, mine)
    report = import_file(member, path, "achievements")
    assert [(e.row, report.written) for e in report.errors] == [(3, False)]
    report = import_file(member, path, "achievements", skip_errors=True)
    assert (report.created, report.failed) == (1, 1)
    liaison = make_user(Role.LIAISON, make_organisation(kind="government", city=other.city))
    assert import_file(liaison, path, "achievements").failed == 0  # the first is unchanged, the second hers
    office = make_user(Role.OFFICE, make_organisation(kind="government"))
    assert import_file(office, path, "achievements").unchanged == 2
    visitor = make_user()
    fresh = write(tmp_path / "b.csv", "编号,名称,类型,权属单位\nA-3,丙,技术,M\n")
    assert import_file(visitor, fresh, "achievements").failed == 1


def test_formula_in_a_workbook_is_an_error_of_its_row(tmp_path):
    book = openpyxl.Workbook()
    for row in (["编号", "名称", "类型"], ["1", "甲", "企业"], ["2", "=A1", "企业"]):
        book.active.append(row)
    book.save(tmp_path / "机构.xlsx")
    report = import_file(None, tmp_path / "机构.xlsx")
    assert [(e.row, e.field) for e in report.errors] == [(3, "名称")]
    assert not Organisation.objects.exists()


def test_a_cell_cut_off_by_a_workbook_is_refused(tmp_path):
    book = openpyxl.Workbook()
    for row in (["编号", "名称", "类型", "简介"], ["1", "甲", "企业", "长" * 32766 + "…"]):
        book.active.append(row)
    book.save(tmp_path / "机构.xlsx")
    assert import_file(None, tmp_path / "机构.xlsx").errors[0].field == "description"


def test_progress_counts_rows(tmp_path):
    seen = []
    rows = "".join(f"O-{n},机构{n},企业\n" for n in range(1001))
    path = write(tmp_path / "o.csv", "编号,名称,类型\n" + rows)
    import_file(None, path, dry_run=True, progress=lambda *told: seen.append(told[1:]), total=1001)
    assert seen == [(500, 1001), (1000, 1001), (1001, 1001)]


def test_every_kind_reads_its_own_example_headings():
    for kind in import_kinds():
        for language in ("zh-hans", "en"):
            with translation.override(language):
                labels = {str(column.label): column.name for column in kind.columns}
            mapped = propose_mapping(kind, list(labels))
            assert {header: mapped.get(header) for header in labels} == labels, (kind.slug, language)
        names = [column.name for column in kind.columns]
        assert propose_mapping(kind, names) == {name: name for name in names}


def test_detect_kind_by_name_and_refuses_the_unknown(tmp_path):
    assert (
        detect_kind(jsonl(tmp_path / "organisations.jsonl", {"code": "1", "name": "甲", "kind": "企业"}))
        == "organisations"
    )
    assert detect_kind(write(tmp_path / "x.csv", "姓名,职称,机构,专长\n甲,研究员,乙,丙\n")) == "people"
    with pytest.raises(Invalid, match="看不出"):
        detect_kind(write(tmp_path / "y.csv", "甲,乙\n1,2\n"))


# -- out and in again ---------------------------------------------------------------------------


def made_records() -> None:
    home = make_organisation(code="H", name="同济研究院", kind="institute", credit_code=None)
    home.fields.set(["ai", "materials"])
    make_organisation(code=None, name="-手工登记的机构")
    person = Person.objects.create(
        code="P",
        name="王某",
        title="教授",
        organisation=home,
        city_id="jiaxing",
        expertise=["机器人", "减速器"],
    )
    person.fields.set(["ai"])
    Achievement.objects.create(
        code="A1", kind="patent", title="=一种减速器", owner=home, trl=6, date=date(2026, 1, 2), field_id="ai"
    )
    Achievement.objects.create(
        code="A2", kind="paper", title="论文（示例）", illustrative=True, city_id="jiaxing"
    )
    fund = Finance.objects.create(
        code="F", kind="fund", name="基金", amount_min=5, amount_max=50, stages=["pilot"]
    )
    fund.cities.set(["jiaxing"])
    Finance.objects.create(code="F2", kind="voucher", name="券", amount_max=10)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("listing", "count"),
    [
        (listings.OrganisationListing, 2),
        (listings.PersonListing, 1),
        (listings.AchievementListing, 2),
        (listings.FinanceListing, 2),
    ],
)
def test_an_exported_list_comes_back_unchanged(tmp_path, listing, count, format, language):
    made_records()
    request = RequestFactory().get("/", {"export": format})
    request.user = make_user()
    with translation.override(language):
        response = list_view(listing)(request)
        path = tmp_path / f"{listing.slug}.{format}"
        path.write_bytes(b"".join(response))
        response.close()
        report = import_file(None, path, listing.slug)
    assert [e.why for e in report.errors] == []
    assert (report.unchanged, report.created, report.changed) == (count, 0, 0)


def test_kinds_need_their_permissions():
    assert import_kind("organisations").permission == "registry.register_organisation"
    with pytest.raises(Invalid):
        import_kind("")
