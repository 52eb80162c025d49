"""Attachments: judged by content, refused by kind and size, served under the rule only."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Attachment
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.filetypes import check, clean_name
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.challenges.scene import CLEARED, make_scene
from tests.factories import challenges as make

MOST = 1024 * 1024


def archive(**parts: bytes) -> bytes:
    """A ZIP with the given parts; ``__`` in a name stands for ``/`` and ``_x_`` for ``.``."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in parts.items():
            container.writestr(name.replace("__", "/").replace("_x_", "."), content)
    return out.getvalue()


def office(main: str, **more: bytes) -> bytes:
    return archive(**{"[Content_Types]_x_xml": b"<Types/>", main: b"<x/>", **more})


def workbook() -> bytes:
    out = BytesIO()
    book = Workbook()
    book.active.append(["指标", 3])
    book.save(out)
    return out.getvalue()


GOOD = {
    "报告.pdf": (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
    "图.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "image/png"),
    "图.JPEG": (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"),
    "方案.docx": (office("word__document_x_xml"), None),
    "讲稿.pptx": (office("ppt__presentation_x_xml"), None),
    "表.xlsx": (workbook(), None),
    "说明.txt": ("指标说明。\r\n".encode(), "text/plain"),
    "旧.csv": ("名称,数值\n厚度,350\n".encode("gb18030"), "text/csv"),
}
BAD = {
    "包.zip": archive(a=b"a"),
    "改名.docx": archive(a=b"a"),
    "改名.pdf": b"MZ\x90\0 not a pdf",
    "网页.html": b"<script>alert(1)</script>",
    "图.svg": b"<svg onload='alert(1)'/>",
    "程序.exe": b"MZ\x90\0",
    "图.png": b"%PDF-1.7 polyglot",
    "文.txt": b"text with \x00 inside",
    "坏.docx": b"PK\x03\x04 broken",
    "没有扩展名": b"text",
    "宏.docx": office("word__document_x_xml", word__vbaProject_x_bin=b"x"),
    "炸弹.xlsx": office("xl__workbook_x_xml", xl__bomb_x_xml=b"0" * 20_000_000),
    "空.txt": b"",
    "大.txt": b"a" * (MOST + 1),
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_is_what_it_says_is_taken(name: str) -> None:
    content, media_type = GOOD[name]
    file = BytesIO(content)
    checked = check(file, name, most=MOST)
    assert (checked.name, checked.size, checked.digest) == (name, len(content), sm3_hex(content))
    assert media_type is None or checked.media_type == media_type
    assert file.tell() == 0


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_not_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check(BytesIO(BAD[name]), name, most=MOST)
    assert refusal.value.field == "file"


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\张三\\方案.docx", "方案.docx"),
        ('a"; filename=evil.html;.txt', "a__ filename=evil.html_.txt"),
        ("换\n行\u202etxt.exe.pdf", "换_行_txt.exe.pdf"),
        (".txt", "file.txt"),
        ("长" * 300 + ".pdf", "长" * 120 + ".pdf"),
    ],
)
def test_names_are_harmless(given_name: str, clean: str) -> None:
    assert clean_name(given_name) == clean


@given(st.text(max_size=300))
def test_any_name_becomes_one_plain_part(name: str) -> None:
    clean = clean_name(name)
    assert clean
    assert len(clean) <= 140
    assert not set(clean) & set('/\\\0\r\n"<>:|?*;')
    assert clean not in (".", "..")


@pytest.mark.django_db
def test_a_refused_or_rolled_back_file_leaves_nothing_on_disk() -> None:
    firm, boss = make.make_firm()
    challenge = make.make_challenge(boss, firm)
    folder = Path(settings.MEDIA_ROOT) / "attachments"
    before = set(folder.glob("*")) if folder.exists() else set()
    with pytest.raises(Invalid):
        make.make_attachment(boss, challenge, content=b"MZ", name="x.exe")
    stranger = make.make_user()
    with pytest.raises(NotAllowed):
        make.make_attachment(stranger, challenge)
    assert (set(folder.glob("*")) if folder.exists() else set()) == before
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_files_are_limited_in_number_and_state() -> None:
    firm, boss = make.make_firm()
    university, researcher = make.make_university()
    challenge = make.make_published(boss, firm)
    for _ in range(20):
        make.make_attachment(boss, challenge)
    with pytest.raises(Invalid, match="20"):
        make.make_attachment(boss, challenge)
    answer = make.make_submitted(researcher, challenge, university)
    with pytest.raises(Refused, match="草稿"):
        make.make_attachment(researcher, answer)


@pytest.mark.django_db(transaction=True)
def test_a_removed_file_leaves_the_disk_when_the_act_is_certain() -> None:
    firm, boss = make.make_firm()
    attachment = make.make_attachment(boss, make.make_challenge(boss, firm))
    path = Path(attachment.file.path)
    assert path.read_bytes() == "指标说明。".encode()
    assert "指标" not in path.name
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        domain.remove_attachment(boss, attachment)
        raise ZeroDivisionError
    assert path.exists()
    domain.remove_attachment(boss, Attachment.objects.get())
    assert not path.exists()


@pytest.mark.django_db
def test_download_follows_the_rule_and_is_never_shown_in_place(client) -> None:
    scene = make_scene()
    address = f"/attachments/{scene.attachment.pk}/"
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        client.logout()
        if actor.is_authenticated:
            client.force_login(actor)
        response = client.get(address)
        assert response.status_code == (200 if name in CLEARED else 404), name
        if name in CLEARED:
            assert response["Content-Disposition"].startswith("attachment;")
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["Cache-Control"] == "private, no-store"
            assert response["Content-Type"] == "text/plain"
            assert make.MARKER in response.getvalue().decode()


@pytest.mark.django_db
def test_upload_by_the_page(client) -> None:
    firm, boss = make.make_firm()
    challenge = make.make_challenge(boss, firm)
    client.force_login(boss)
    address = f"{challenge.get_absolute_url()}act/attach/"
    client.post(address, {"file": SimpleUploadedFile("x.pdf", b"MZ", content_type="application/pdf")})
    assert not challenge.attachments.exists()
    client.post(address, {"file": SimpleUploadedFile("x.txt", "说明".encode(), content_type="text/html")})
    assert challenge.attachments.get().media_type == "text/plain"
    client.post(f"/attachments/{challenge.attachments.get().pk}/remove/")
    assert not challenge.attachments.exists()
