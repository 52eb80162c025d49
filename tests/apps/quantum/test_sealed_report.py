"""From the command to the page: what ``langqiao seal`` and ``open`` print is what the delivery's forms take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.quantum.models import Delivery
from langqiao.engines.sm.sm2 import Sm2PublicKey
from tests.cli.test_seal import SIZE, Desk
from tests.factories import quantum as make
from tests.factories.accounts import make_member
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db
NAMES = ("file_id", "header_digest", "manifest_digest", "keys")


class Line:
    """Two firms with endpoints whose keys are the desk's, and a delivery that is announced."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        ends = [self._end(desk, name, slug) for name, slug in (("a", "songjiang"), ("b", "jiaxing"))]
        self.delivery = make.make_delivery(ends[0], ends[1], size=SIZE)
        self.sender, self.recipient = (self._client(end.organisation) for end in ends)

    def _end(self, desk: Desk, name: str, slug: str) -> Any:
        public = Sm2PublicKey.from_pem((desk.folder / name / "sm2.pub").read_bytes())
        return make.make_endpoint(
            make.make_site(slug), organisation=make_organisation(), sae_id=f"SAE-{name}",
            public_key=public.hex(),
        )  # fmt: skip

    def _client(self, organisation: Any) -> Client:
        client = Client()
        client.force_login(make_member(organisation, "enterprise"))
        return client

    def act(self, client: Client, act: str, **values: Any) -> str:
        address = reverse("delivery_act", args=[self.delivery.pk, act])
        page = client.post(address, values, follow=True).content.decode()
        self.delivery.refresh_from_db()
        return page


@pytest.fixture
def line(tmp_path: Any) -> Line:
    return Line(Desk(tmp_path))


def reported(delivery: Delivery) -> tuple[str, ...]:
    return tuple(str(getattr(delivery, name)) for name in NAMES)


def test_from_the_command_s_json_to_the_signed_receipt(line: Line) -> None:
    page = line.sender.get(line.delivery.get_absolute_url()).content.decode()
    assert "langqiao seal FILE --to SAE-b --json" in page
    assert 'name="printed"' in page
    printed = line.desk.seal("--json").stdout
    line.act(line.sender, "seal", printed=printed)
    assert line.delivery.state == "sealed"
    facts = json.loads(printed)
    assert reported(line.delivery) == tuple(str(facts[name]) for name in NAMES)
    line.act(line.sender, "send")
    assert "--receipt receipt.json" in line.recipient.get(line.delivery.get_absolute_url()).content.decode()
    receipt = line.desk.folder / "receipt.json"
    line.desk.open("--json", "--receipt", receipt)
    line.act(line.recipient, "receive", receipt=receipt.read_text("utf-8").replace("\n", "\r\n"))
    assert line.delivery.state == "received"


def test_the_lines_of_the_command_fill_the_single_fields(line: Line) -> None:
    told = line.desk.seal().stdout
    values = {name: told.rsplit(name, 1)[1].split()[0] for name in NAMES}
    line.act(line.sender, "seal", **values)
    assert line.delivery.state == "sealed"
    assert reported(line.delivery) == tuple(values.values())
    checked = line.desk.open("--check").stdout
    assert all(value in checked for value in values.values())
    assert json.loads(line.desk.open("--check", "--json").stdout)["header_digest"] == values["header_digest"]


def test_the_interface_takes_the_command_s_json_as_it_is(line: Line) -> None:
    facts = json.loads(line.desk.seal("--json").stdout)
    answer = line.sender.post(
        f"/api/v1/quantum/deliveries/{line.delivery.pk}/seal", facts, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "sealed")
    assert answer.json()["header_digest"] == facts["header_digest"]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"header_digest": "12"}, "文件头摘要（SM3）：这里应是 64 位"),
        ({"manifest_digest": None}, "清单摘要（SM3）：此项必填"),
        ({"keys": True}, "所用密钥数："),
        ({"file_id": ["x"]}, "密封文件标识："),
        ({"size": 1}, "命令输出（JSON）：size 与预告不符"),
        ({"recipient": "SAE-c"}, "recipient 与预告不符：预告为 SAE-b"),
    ],
)
def test_what_is_wrong_in_the_json_is_named(line: Line, changed: dict[str, Any], word: str) -> None:
    facts = {**json.loads(line.desk.seal("--json").stdout), **changed}
    assert word in line.act(line.sender, "seal", printed=json.dumps(facts))
    assert line.delivery.state == "announced"


def test_other_texts_and_contradictions_are_refused(line: Line) -> None:
    for text in ("✓ 已封装 sealed", "[1]", "{", "[" * 10_000):
        assert "命令输出（JSON）：这不是" in line.act(line.sender, "seal", printed=text)
    printed = line.desk.seal("--json").stdout
    told = line.act(line.sender, "seal", printed=printed, header_digest="0" * 64)
    assert "文件头摘要（SM3）：与粘贴的 JSON 不同" in told
    assert "密封文件标识：此项必填" in line.act(line.sender, "seal")
    assert line.delivery.state == "announced"
    digest = json.loads(printed)["header_digest"].upper()
    line.act(line.sender, "seal", printed=printed, header_digest=digest)
    assert line.delivery.state == "sealed"
