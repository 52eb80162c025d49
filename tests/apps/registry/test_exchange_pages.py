"""The import pages: upload, map, trial, confirm; whose file it is, how long it stays."""

from __future__ import annotations

import threading
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from langqiao.apps.accounts.models import Role
from langqiao.apps.registry.exchange import jobs, staging
from langqiao.apps.registry.models import Achievement, Organisation
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_field, make_organisation

pytestmark = pytest.mark.django_db
GOOD = "编号,机构名称,机构性质,城市\nO-1,甲公司,企业,松江\nO-2,乙大学,高校,嘉兴\n"
BAD = GOOD + "O-3,,企业,松江\nO-4,=1+1,企业,火星\n"


@pytest.fixture(autouse=True)
def corridor(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    make_city()
    make_city("jiaxing")
    make_field()


@pytest.fixture
def office(client):
    user = make_office()
    client.force_login(user)
    return user


def upload(client, text: str | bytes = GOOD, name: str = "机构.csv", **data):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return client.post(reverse("import_start"), {"file": file, **data})


def token(response) -> str:
    assert response.status_code == 302, response.content.decode()
    return response["Location"].split("/")[2]


def columns(client, key: str) -> dict[str, str]:
    """What the mapping form proposes, as a browser would send it."""
    form = client.get(reverse("import_map", args=[key])).context["form"]
    return {"kind": form.kind.slug} | {
        name: form[name].value() for name in form.fields if form[name].value() not in (None, False)
    }


def checked(client, text: str = GOOD, name: str = "机构.csv", **changes) -> str:
    key = token(upload(client, text, name))
    response = client.post(reverse("import_map", args=[key]), columns(client, key) | changes)
    assert response.status_code == 302, response.content.decode()
    return key


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_file_to_list(client, office, language):
    client.cookies["django_language"] = language
    page = client.get(reverse("import_start"))
    assert page.status_code == 200
    key = checked(client)
    assert not Organisation.objects.filter(code="O-1").exists()
    trial = client.get(reverse("import_job", args=[key]))
    assert (trial.context["report"].created, trial.context["report"].failed) == (2, 0)
    client.post(reverse("import_confirm", args=[key]))
    result = client.get(reverse("import_job", args=[key]))
    assert result.context["job"].state == staging.DONE
    assert Organisation.objects.get(code="O-2").city_id == "jiaxing"
    assert reverse("organisation_list") in result.content.decode()
    assert result["Cache-Control"].startswith("max-age=0")
    again = checked(client)
    assert client.get(reverse("import_job", args=[again])).context["report"].unchanged == 2


def test_errors_are_shown_by_row_and_good_rows_go_in(client, office):
    key = checked(client, BAD)
    text = client.get(reverse("import_job", args=[key])).content.decode()
    assert "“名称”必填" in text
    assert "火星" in text
    client.post(reverse("import_confirm", args=[key]), {"skip_errors": "1"})
    assert Organisation.objects.filter(code__startswith="O-").count() == 2
    response = client.get(reverse("import_failed", args=[key]))
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    response.close()
    assert "'=1+1" in body
    assert len(body.splitlines()) == 3
    assert (staging.root() / key / "failed.csv").stat().st_mode & 0o777 == 0o600


def test_confirming_a_file_with_errors_without_skipping_writes_nothing(client, office):
    key = checked(client, BAD)
    client.post(reverse("import_confirm", args=[key]))
    page = client.get(reverse("import_job", args=[key]))
    assert page.context["job"].state == staging.FAILED
    assert not Organisation.objects.filter(code="O-1").exists()


def test_confirm_needs_a_trial(client, office):
    key = token(upload(client))
    assert client.post(reverse("import_confirm", args=[key])).status_code == 409
    assert client.get(reverse("import_job", args=[key])).status_code == 302


def test_mapping_can_be_changed_and_kind_switched(client, office):
    key = token(upload(client, "甲,乙,丙\n7,机构一,企业\n", "表.csv"))
    page = client.get(reverse("import_map", args=[key]))
    assert page.status_code == 200
    refused = client.post(reverse("import_map", args=[key]), {"kind": "organisations"})
    assert refused.status_code == 422
    assert "名称" in refused.content.decode()
    part = client.get(
        reverse("import_map", args=[key]), {"kind": "achievements"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in part.content.decode()
    assert part.context["kind"].slug == "achievements"
    data = {
        "kind": "organisations",
        "column_0": "code",
        "column_1": "name",
        "given_kind": "park",
        "code_prefix": "表",
    }
    client.post(reverse("import_map", args=[key]), data)
    client.post(reverse("import_confirm", args=[key]))
    assert Organisation.objects.get(code="表:7").kind == "park"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "空"),
        (b"a,a\n1,2\n", "a.csv", "重复"),
        (b"PK\x03\x04junk", "a.xlsx", "损坏"),
        (b"code,name\n1,\xff\xfe\xfa\n", "a.csv", "编码"),
    ],
)
def test_bad_files_are_refused_with_words_and_not_kept(client, office, data, name, words):
    response = upload(client, data, name)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert staging.jobs_of(office) == []


def test_too_large_an_upload_is_refused(client, office, settings):
    settings.UPLOAD_MAX_BYTES = 2000
    response = upload(client, GOOD + "x" * 2000)
    assert response.status_code == 422
    assert "langqiao import" in response.content.decode()


def test_a_file_is_its_owners_alone_and_goes_after_a_day(client, office):
    key = checked(client)
    other = make_office()
    client.force_login(other)
    for name in ("import_map", "import_job", "import_failed"):
        assert client.get(reverse(name, args=[key])).status_code == 404
    for name in ("import_confirm", "import_stop", "import_drop"):
        assert client.post(reverse(name, args=[key])).status_code == 404
    client.force_login(office)
    job = staging.job_of(office, key)
    assert job.path.stat().st_mode & 0o777 == 0o600
    job.made -= staging.KEPT_SECONDS + 1
    job.save()
    assert client.get(reverse("import_job", args=[key])).status_code == 404
    staging.purge()
    assert not job.folder.exists()


def test_tokens_cannot_leave_the_folder(client, office):
    for key in ("..", "x", "a" * 16 + "%2f..", "." * 20):
        assert client.get(f"/import/{key}/").status_code in (404, 301)


def test_dropped_files_are_gone(client, office):
    key = token(upload(client))
    client.post(reverse("import_drop", args=[key]))
    assert not (staging.root() / key).exists()


def test_who_may_import(client):
    assert client.get(reverse("import_start")).status_code == 302
    client.force_login(make_user())
    assert client.get(reverse("import_start")).status_code == 403
    home = make_organisation(code="H", city=make_city())
    researcher = make_member(home, Role.RESEARCHER)
    client.force_login(researcher)
    page = client.get(reverse("import_start"))
    slugs = {kind.slug for kind in page.context["kinds"]}
    assert "achievements" in slugs
    assert "organisations" not in slugs
    liaison = make_liaison(make_city("jiaxing"))
    client.force_login(liaison)
    key = checked(client)
    report = client.get(reverse("import_job", args=[key])).context["report"]
    assert [(e.row, report.good) for e in report.errors] == [(2, 1)]  # 松江 is not her city
    client.post(reverse("import_confirm", args=[key]), {"skip_errors": "1"})
    assert list(Organisation.objects.filter(code__startswith="O-").values_list("code", flat=True)) == ["O-2"]


def test_a_running_step_is_shown_and_can_be_stopped(client, office):
    key = token(upload(client))
    job = staging.job_of(office, key)
    job.kind, job.state, job.done, job.total = "organisations", staging.WRITING, 500, 2000
    job.save()
    page = client.get(reverse("import_job", args=[key]), headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s' in page
    assert 'value="25"' in page
    assert client.post(reverse("import_drop", args=[key])).status_code == 409
    client.post(reverse("import_stop", args=[key]))
    job = staging.job_of(office, key)
    jobs.work(office, job, write=True)
    assert job.state == staging.FAILED
    assert "停止" in job.why
    assert not Organisation.objects.filter(code="O-1").exists()


def test_a_step_whose_process_died_is_told(client, office):
    import os

    key = checked(client)
    job = staging.job_of(office, key)
    job.state = staging.WRITING
    job.save()
    past = time.time() - staging.SILENT_SECONDS - 5
    os.utime(job.folder / "job.json", (past, past))
    page = client.get(reverse("import_job", args=[key])).content.decode()
    assert "中断" in page
    assert "every 1s" not in page


@pytest.mark.django_db(transaction=True)
def test_large_files_are_handled_beside_the_request(client, office, monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE_BYTES", 10)
    before = set(threading.enumerate())
    key = checked(client, "编号,名称,类型,权属单位\nA-1,成果,技术,\n", "成果.csv")
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
    job = staging.job_of(office, key)
    assert job.report["errors"] == []
    assert (job.state, job.report["created"]) == (staging.CHECKED, 1)
    assert not Achievement.objects.exists()


def test_a_giant_upload_is_cut_off_before_it_is_kept(client, office, settings):
    settings.UPLOAD_MAX_BYTES = 200
    assert upload(client, "x" * 2000).status_code == 413
    assert staging.jobs_of(office) == []
