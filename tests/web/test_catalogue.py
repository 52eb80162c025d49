"""The English catalogue is complete and true to its placeholders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).parents[2] / "src" / "langqiao"
CATALOGUE = PACKAGE / "locale" / "en" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w+)\}")
# Chinese that is shown on purpose: the product's own name, the mark of illustrative records.
ON_PURPOSE = re.compile(r"廊桥|示例|简体中文|中文|GS\(\d{4}\)\d{4}号")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def messages():
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="en"):
            if message.id:
                ids = [message.id] if isinstance(message.id, str) else list(message.id)
                texts = [message.string] if isinstance(message.string, str) else list(message.string)
                yield ids, texts, message


def test_every_text_has_an_english_version():
    missing = [ids[0] for ids, texts, message in messages() if not all(texts) or message.fuzzy]
    assert missing == []


def test_placeholders_are_kept():
    def placed(text):
        return sorted(match.group(0) for match in PLACEHOLDER.finditer(text))

    wrong = [
        (ids[0], text)
        for ids, texts, _m in messages()
        for text in texts
        if set(placed(text)) - set(placed(ids[-1]))
    ]
    assert wrong == []


def test_no_chinese_is_left_in_english():
    left = [
        text for _ids, texts, _m in messages() for text in texts if CHINESE.search(ON_PURPOSE.sub("", text))
    ]
    assert left == []


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="the GNU gettext tools are not installed")
def test_the_catalogue_holds_every_text_of_the_source(tmp_path):
    copy = tmp_path / "langqiao"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("dist", "__pycache__", "locale"))
    (copy / "locale" / "en" / "LC_MESSAGES").mkdir(parents=True)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "langqiao.web.settings"}
    command = [sys.executable, "-m", "django", "makemessages", "-l", "en", "--no-location", "-v0"]
    subprocess.run(command, cwd=copy, check=True, env=environment)
    with (copy / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as file:
        wanted = {m.id if isinstance(m.id, str) else m.id[0] for m in read_po(file) if m.id}
    known = {ids[0] for ids, _texts, _m in messages()}
    assert sorted(wanted - known) == []
