"""A table of readings: all rows or none, once, by the sites' own operators; page, template, API, command line."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.quantum.api.network import QuantumReadingIn
from langqiao.apps.quantum.domain import imports
from langqiao.apps.quantum.domain.imports import import_readings
from langqiao.apps.quantum.models import Link, Reading
from langqiao.apps.registry.domain.acts import digest
from langqiao.cli import app
from langqiao.kit.refusals import Invalid, NotAllowed
from tests.factories import quantum as make
from tests.factories.accounts import make_office

pytestmark = pytest.mark.django_db
AT = "2026-05-01T08:00:00+08:00"


def row_of(link: Link, /, **values: Any) -> dict[str, Any]:
    return {
        "link": "|".join(link.key), "site": link.a.slug, "at": AT, "stored_bits": 600_000,
        "capacity_bits": 1_000_000, "generated_bps": 8.5, "consumed_bps": "2.25", **values,
    }  # fmt: skip


def test_a_table_is_written_once_with_one_entry_of_counts_and_digest() -> None:
    link = make.make_link()
    operator = make.make_operator(link.a)
    rows = [
        row_of(link),
        {"link": str(link), "site": link.a.name, "at": "2026-05-01 09:00", "reachable": "失联"},
    ]
    tried = import_readings(operator, rows, dry_run=True)
    assert (tried.created, tried.refused, tried.written) == (2, 0, False)
    assert not Reading.objects.exists()
    done = import_readings(operator, rows)
    assert (done.created, done.unchanged, done.written) == (2, 0, True)
    heard = Reading.objects.get(reachable=True)
    assert (heard.stored_bits, heard.generated_bps, heard.consumed_bps) == (600_000, 8.5, 2.25)
    assert heard.at == datetime.fromisoformat(AT)
    entry = Entry.objects.get(verb="import_readings")
    data = json.loads(entry.data)
    assert (data["rows"], data["silent"], len(data["rows_sm3"])) == (2, 1, 64)
    assert entry.visibility == Visibility.PARTIES
    assert "600000" not in entry.data
    again = import_readings(operator, rows)
    assert (again.created, again.unchanged, again.written) == (0, 2, True)
    assert Entry.objects.filter(verb="import_readings").count() == 1


def test_one_wrong_row_and_nothing_is_written() -> None:
    link = make.make_link()
    far = make.make_site("hefei")
    summary = import_readings(
        make.make_operator(link.a),
        [
            row_of(link),
            row_of(link, at="2026-05-01", site=far.slug),
            row_of(link, at="2026-05-02", site=link.b.slug),
        ],
        numbers=[2, 3, 5],
    )
    assert [(one.row, one.field) for one in summary.refusals] == [(3, ""), (5, "")]
    assert all(isinstance(one, NotAllowed) for one in summary.refusals)
    assert not summary.written
    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("site", {"site": "nowhere"}),
        ("site", {"site": ""}),
        ("link", {"link": "a|b"}),
        ("link", {"link": "x\x00"}),
        ("at", {"at": ""}),
        ("at", {"at": "昨天"}),
        ("at", {"at": "2026-02-30T08:00"}),
        ("at", {"at": "0001-01-01T00:00:00+14:00"}),
        ("at", {"at": "2099-01-01"}),
        ("stored_bits", {"stored_bits": "1e6"}),
        ("stored_bits", {"stored_bits": 2_000_000}),
        ("stored_bits", {"stored_bits": -1}),
        ("stored_bits", {"stored_bits": None}),
        ("stored_bits", {"reachable": "失联"}),
        ("generated_bps", {"stored_bits": None, "reachable": "失联"}),
        ("stored_bits", {"stored_bits": "9" * 30}),
        ("capacity_bits", {"capacity_bits": None}),
        ("capacity_bits", {"capacity_bits": 2**70}),
        ("generated_bps", {"generated_bps": "nan"}),
        ("generated_bps", {"generated_bps": 10**400}),
        ("consumed_bps", {"consumed_bps": -1}),
        ("qber_percent", {"qber_percent": "50.1"}),
        ("qber_percent", {"qber_percent": -1}),
        ("qber_percent", {"qber_percent": "三"}),
        ("qber_percent", {"qber_percent": "sNaN"}),
        ("qber_percent", {"qber_percent": "1e999999%"}),
        ("qber_percent", {"qber_percent": "3", "qber": 0.03}),
        ("qber_percent", {"qber_percent": "3", "stored_bits": None, "generated_bps": None, "consumed_bps": None, "reachable": "失联"}),
        ("stored_bits", {"qber_percent": "3", "stored_bits": None, "capacity_bits": None, "generated_bps": None, "consumed_bps": None}),
        ("qber", {"qber": 3}),
        ("qber", {"qber": "x"}),
        ("reachable", {"reachable": "或许"}),
        ("illustrative", {"illustrative": "或许"}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_row_and_field(field: str, values: dict[str, Any]) -> None:
    link = make.make_link()
    summary = import_readings(None, [row_of(link, **values)])
    assert [(one.row, one.field) for one in summary.refusals] == [(1, field)]
    assert not Reading.objects.exists()


@pytest.mark.parametrize(("written", "kept"), [("1.23", 0.0123), ("3%", 0.03), ("３％", 0.03), (2.9, 0.029), (50, 0.5), ("0", 0.0), (" ", None)])  # fmt: skip
def test_an_error_rate_is_read_in_per_cent_exactly(written: Any, kept: float | None) -> None:
    import_readings(None, [row_of(make.make_link(), qber_percent=written)])
    assert Reading.objects.get().qber == kept


def test_digests_of_readings_without_an_error_rate_are_what_they_were() -> None:
    link = make.make_link()
    import_readings(None, [row_of(link), row_of(link, at="2026-05-02T08:00:00+08:00", qber=0.02)])
    lines = [
        [link.pk, "2026-05-01T00:00:00+00:00", True, 600_000, 1_000_000, 8.5, 2.25, False],
        [link.pk, "2026-05-02T00:00:00+00:00", True, 600_000, 1_000_000, 8.5, 2.25, False, 0.02],
    ]
    data = json.loads(Entry.objects.get(verb="import_readings").data)
    assert data["rows_sm3"] == digest(json.dumps(lines, separators=(",", ":")))
    clash = import_readings(None, [row_of(link, qber=0.02)])
    assert [(one.row, one.field) for one in clash.refusals] == [(1, "qber")]


def test_twice_in_a_table_or_with_other_figures_is_refused() -> None:
    link = make.make_link()
    import_readings(None, [row_of(link)])
    clash = import_readings(None, [row_of(link, stored_bits=1)])
    assert [(one.row, one.field) for one in clash.refusals] == [(1, "stored_bits")]
    twice = import_readings(None, [row_of(link), row_of(link, link=f"{link.key[1]}-{link.key[0]}")])
    assert [(one.row, one.field) for one in twice.refusals] == [(2, "at")]


def test_a_name_that_two_sites_bear_is_refused() -> None:
    link = make.make_link(make.make_site(name="同名站"), make.make_site("jiaxing", name="同名站"))
    summary = import_readings(None, [row_of(link, site="同名站")])
    assert [one.field for one in summary.refusals] == ["site"]


def test_silence_now_is_noted_and_old_readings_note_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    link = make.make_link()
    make.make_reading(link)
    import_readings(None, [{"link": "|".join(link.key), "site": link.a.slug, "at": AT}])
    assert not Entry.objects.filter(verb="lose_site").exists()
    later = timezone.now() + timedelta(minutes=1)
    import_readings(None, [{"link": "|".join(link.key), "site": link.a.slug, "at": later}])
    assert Entry.objects.filter(verb="lose_site").count() == 1
    monkeypatch.setattr(imports, "ROWS_AT_MOST", 1)
    with pytest.raises(Invalid, match="最多 1 条"):
        import_readings(None, [row_of(link)] * 2)


def test_an_import_takes_few_queries(django_assert_max_num_queries: Any) -> None:
    link = make.make_link()
    start = datetime.fromisoformat(AT)
    rows = [row_of(link, at=start + timedelta(minutes=step)) for step in range(400)]
    with django_assert_max_num_queries(25):
        assert import_readings(None, rows).created == 400


def at_page(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_tries_first_and_the_list_s_export_comes_back() -> None:
    link = make.make_link()
    for hours in (3, 2, 1):
        make.make_reading(
            link, at=timezone.now() - timedelta(hours=hours), illustrative=hours == 2,
            qber={3: 0.01234567, 2: 0.029, 1: None}[hours],
        )  # fmt: skip
    operator = make.make_operator(link.a)
    client = at_page(operator)
    assert "导入读数" in client.get(reverse("key_reading_list")).content.decode()
    export = b"".join(client.get(reverse("key_reading_list"), {"export": "xlsx"}).streaming_content)
    Reading.objects.order_by("pk").first().delete()
    address = reverse("key_reading_import")
    tried = client.post(address, {"file": SimpleUploadedFile("r.xlsx", export)})
    assert "将新增 1 条，2 条未变" in tried.content.decode()
    assert Reading.objects.count() == 2
    done = client.post(address, {"file": SimpleUploadedFile("r.xlsx", export), "write": "1"}, follow=True)
    assert "已导入读数：新增 1 条，未变 2 条" in done.content.decode()
    assert sorted(Reading.objects.exclude(qber=None).values_list("qber", flat=True)) == [0.01234567, 0.029]
    csv = b"".join(client.get(reverse("key_reading_list"), {"export": "csv"}).streaming_content).decode()
    assert "量子误码率（%）" in csv
    assert ",1.234567" in csv
    again = client.post(address, {"file": SimpleUploadedFile("r.csv", csv.encode())})
    assert "将新增 0 条，3 条未变" in again.content.decode()
    bad = f"时间,链路,应答站点,存量（bit）,容量（bit）\n{AT},{link},{link.a.slug},5,4\n"
    wrong = client.post(address, {"file": SimpleUploadedFile("r.csv", bad.encode()), "write": "1"})
    assert wrong.status_code == 422
    assert "1 行需要改正" in wrong.content.decode()
    assert "存量大于容量" in wrong.content.decode()
    for text, said in (("时间,链路\n", "缺少列：应答站点"), ("时间,链路,站点,误码率\n", "不认识的列：误码率")):  # fmt: skip
        refused = client.post(address, {"file": SimpleUploadedFile("r.csv", text.encode())})
        assert refused.status_code == 422
        assert said in refused.content.decode()
    assert at_page(make_office()).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_the_template_lists_the_own_ends_and_is_read_back() -> None:
    link = make.make_link()
    client = at_page(make.make_operator(link.a))
    body = b"".join(client.get(reverse("key_reading_template", args=["xlsx"])).streaming_content)
    book = openpyxl.load_workbook(BytesIO(body))
    sheet = book.active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][:3] == [None, "|".join(link.key), link.a.slug]
    assert sheet.max_row == 2
    sheet["A2"], sheet["E2"], sheet["F2"] = datetime(2026, 5, 1, 8), 256, 1024  # noqa: DTZ001  as people type it
    filled = BytesIO()
    book.save(filled)
    client.post(
        reverse("key_reading_import"), {"file": SimpleUploadedFile("r.xlsx", filled.getvalue()), "write": "1"}
    )
    reading = Reading.objects.get()
    assert (reading.at, reading.stored_bits) == (datetime.fromisoformat(AT), 256)
    english = client.get(reverse("key_reading_template", args=["csv"]), headers={"Accept-Language": "en"})
    assert b"at,link,site,reachable" in b"".join(english.streaming_content)
    assert client.get(reverse("key_reading_template", args=["pdf"])).status_code == 404
    assert at_page(make_office()).get(reverse("key_reading_template", args=["csv"])).status_code == 403


def test_the_api_writes_all_or_none() -> None:
    link = make.make_link()
    client = at_page(make.make_operator(link.a))

    def post(who: Client, **values: Any) -> tuple[int, Any]:
        found = who.post("/api/v1/quantum/readings", values, content_type="application/json")
        return found.status_code, found.json()

    row = row_of(link, consumed_bps=2.25, qber=0.0123)
    status, tried = post(client, rows=[row], dry_run=True)
    assert (status, tried["created"], tried["written"]) == (200, 1, False)
    assert post(client, rows=[row])[1]["written"] is True
    assert post(client, rows=[row])[1] == {
        "created": 0, "unchanged": 1, "refused": 0, "written": True, "refusals": [],
    }  # fmt: skip
    refused = post(client, rows=[row, {**row, "site": link.b.slug}])[1]
    assert [(one["row"], one["field"]) for one in refused["refusals"]] == [(2, "")]
    for wrong in (
        {"at": "0001-01-01T00:00:00+14:00"}, {"at": "2026-05-01T08:00"}, {"stored_bits": 10**30},
        {"link": "\0"}, {"generated_bps": -1}, {"at": 10**18}, {"stored_bits": "x"}, {"qber": 3}, {"qber": -1}, {"qber": 10**400}, {"qber": "x"},
    ):  # fmt: skip
        status, found = post(client, rows=[{**row, **wrong}])
        assert status in {400, 422} or found["refused"] == 1, wrong
    assert post(client, rows=[])[0] == 422
    assert post(at_page(make_office()), rows=[row])[0] == 403
    assert post(Client(), rows=[row])[0] in {401, 403}
    assert Reading.objects.count() == 1
    assert client.get("/api/v1/quantum/readings").json()["items"][0]["qber"] == 0.0123
    bounds = QuantumReadingIn.model_json_schema()["properties"]["qber"]["anyOf"][0]
    assert (bounds["minimum"], bounds["maximum"]) == (0, 0.5)
    assert "fraction" in bounds["description"]


def test_the_command_line(tmp_path: Path) -> None:
    link = make.make_link()
    table = tmp_path / "readings.csv"
    table.write_text(f"at,link,site,stored_bits,capacity_bits\n{AT},{'|'.join(link.key)},{link.a.slug},1,2\n")
    tried = CliRunner().invoke(app, ["quantum", "readings", str(table), "--dry-run"])
    assert "将新增 1" in tried.output, tried.output
    assert CliRunner().invoke(app, ["quantum", "readings", str(table)]).exit_code == 0
    assert Reading.objects.count() == 1
    table.write_text(f"at,link,site,stored_bits,capacity_bits\n{AT},{'|'.join(link.key)},{link.a.slug},9,2\n")
    wrong = CliRunner().invoke(app, ["quantum", "readings", str(table)])
    assert wrong.exit_code == 1
    assert "stored_bits" in wrong.output
