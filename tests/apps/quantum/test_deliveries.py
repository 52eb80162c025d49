"""Sealed deliveries: each step a ledger entry, and a receipt that is believed only with the right signature."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain import deliveries as verbs
from langqiao.apps.quantum.models import Delivery, Endpoint
from langqiao.apps.quantum.queries.deliveries import visible_deliveries
from langqiao.engines.sm.sealed import Receipt
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.apps.quantum.scene import make_scene
from tests.factories import quantum as make
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db
SEALED = {"file_id": "0a" * 16, "header_digest": "1b" * 32, "manifest_digest": "2c" * 32, "keys": 4}


def receipt_of(delivery: Delivery, key: Sm2PrivateKey = make.KEY, **changed: Any) -> str:
    """The receipt that the recipient signs, as ``langqiao open`` writes it."""
    values = {
        "file_id": delivery.file_id, "header_digest": delivery.header_digest,
        "manifest_digest": delivery.manifest_digest, "size": delivery.size,
        "sender": delivery.sender.sae_id, "recipient": delivery.recipient.sae_id,
        "opened": "2026-11-27T07:00:00Z", "key": key.public.fingerprint.hex(),
    }  # fmt: skip
    bare = Receipt(**{**values, **changed})
    return Receipt(**{**asdict(bare), "signature": key.sign(bare.message()).hex()}).to_json()


def sent() -> Delivery:
    delivery = make.make_delivery()
    verbs.seal_delivery(None, delivery, **SEALED)
    return verbs.send_delivery(None, delivery)


def test_a_delivery_from_announcement_to_receipt() -> None:
    scene = make_scene()
    member, partner = scene.actors["member"], scene.actors["partner"]
    sender, recipient = scene.endpoint, scene.delivery.recipient
    delivery = verbs.announce_delivery(
        member, sender=sender, recipient=recipient, title="示例影片", size=10**12, note=make.MARKER
    )
    assert Notification.objects.filter(user=partner).count() == 1
    with pytest.raises(Refused):
        verbs.send_delivery(member, delivery)
    verbs.seal_delivery(member, delivery, **SEALED)
    verbs.report_progress(member, delivery, done=5 * 10**11)
    assert delivery.percent == 50.0
    with pytest.raises(Invalid):
        verbs.report_progress(member, delivery, done=1)
    verbs.send_delivery(member, delivery)
    with pytest.raises(NotAllowed):
        verbs.receive_delivery(member, delivery, receipt=receipt_of(delivery))
    verbs.receive_delivery(partner, delivery, receipt=receipt_of(delivery))
    delivery = Delivery.objects.get(pk=delivery.pk)
    assert (delivery.state, delivery.done) == ("received", 10**12)
    assert json.loads(delivery.receipt)["manifest_digest"] == "2c" * 32
    entries = list(Entry.objects.filter(case=delivery.case).order_by("sequence"))
    assert [one.verb for one in entries] == [
        "announce_delivery", "seal_delivery", "send_delivery", "receive_delivery",
    ]  # fmt: skip
    assert all(one.visibility == "parties" for one in entries)
    assert not [one for one in entries if make.MARKER in one.data or "示例影片" in one.data]
    assert Notification.objects.filter(user=member).count() == 1


@pytest.mark.parametrize(
    "changed",
    [{"manifest_digest": "3d" * 32}, {"size": 1}, {"recipient": "SAE-x"}, {"file_id": "0b" * 16}],
)
def test_a_receipt_of_another_file_is_refused(changed: dict[str, Any]) -> None:
    delivery = sent()
    with pytest.raises(Invalid, match="另一个文件"):
        verbs.receive_delivery(None, delivery, receipt=receipt_of(delivery, **changed))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.receipt) == ("sent", "")


def test_a_receipt_that_another_key_signed_is_refused() -> None:
    delivery = sent()
    with pytest.raises(Invalid, match="公钥"):
        verbs.receive_delivery(None, delivery, receipt=receipt_of(delivery, Sm2PrivateKey.generate()))


def test_a_changed_or_broken_receipt_is_refused() -> None:
    delivery = sent()
    good = Receipt.from_json(receipt_of(delivery))
    later = replace(good, opened="2026-11-27T08:00:00Z").to_json()
    for text in (later, "{}", "x", "", "[" * 9_000, receipt_of(delivery)[:-9]):
        with pytest.raises(Invalid):
            verbs.receive_delivery(None, delivery, receipt=text)
    assert Entry.objects.filter(verb="receive_delivery").count() == 0


def test_a_delivery_is_refused_or_withdrawn_with_a_reason() -> None:
    delivery = sent()
    with pytest.raises(Refused):
        verbs.withdraw_delivery(None, delivery, why="改期")
    with pytest.raises(Invalid):
        verbs.refuse_delivery(None, delivery, why=" ")
    delivery.refresh_from_db()
    verbs.refuse_delivery(None, delivery, why="第 3 段打不开")
    assert delivery.state == "refused"
    other = verbs.withdraw_delivery(None, make.make_delivery(), why="改期")
    assert (other.state, other.why) == ("withdrawn", "改期")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("file_id", {"file_id": "zz"}),
        ("manifest_digest", {"manifest_digest": ""}),
        ("header_digest", {"header_digest": "g" * 64}),
        ("keys", {"keys": 0}),
        ("file_sm3", {"file_sm3": "1"}),
    ],
)
def test_a_wrong_digest_is_named(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        verbs.seal_delivery(None, make.make_delivery(), **{**SEALED, **values})
    assert refused.value.field == field


def test_an_endpoint_is_its_site_s_operator_s_to_register() -> None:
    scene = make_scene()
    firm = make_organisation()
    values = {
        "sae_id": "SAE-new",
        "site": scene.site,
        "organisation": firm,
        "public_key": make.KEY.public.hex(),
    }
    with pytest.raises(NotAllowed):
        verbs.register_endpoint(scene.actors["far operator"], **values)
    with pytest.raises(Invalid, match="SM2 公钥"):
        verbs.register_endpoint(None, **{**values, "public_key": "04" + "1" * 128})
    made = verbs.register_endpoint(scene.actors["operator"], **values)
    with pytest.raises(Invalid, match="已经登记"):
        verbs.register_endpoint(None, **values)
    verbs.revise_endpoint(None, made, is_active=False)
    with pytest.raises(Invalid, match="已停用"):
        verbs.announce_delivery(None, sender=made, recipient=scene.endpoint, title="x", size=1)
    with pytest.raises(Invalid, match="不同的终端"):
        verbs.announce_delivery(None, sender=scene.endpoint, recipient=scene.endpoint, title="x", size=1)
    assert Endpoint.objects.get(sae_id="SAE-new").is_active is False


def test_the_query_of_deliveries_agrees_with_the_rule() -> None:
    scene = make_scene()
    for name, actor in scene.actors.items():
        if name == "console":
            continue
        by_rule = {d.pk for d in Delivery.objects.all() if allowed(actor, "quantum.read_delivery", d)}
        assert set(visible_deliveries(actor).values_list("pk", flat=True)) == by_rule, name


def test_a_delivery_on_its_page() -> None:
    scene = make_scene()
    sender, receiver = Client(), Client()
    sender.force_login(scene.actors["member"])
    receiver.force_login(scene.actors["partner"])
    form = {
        "sender": scene.endpoint.pk,
        "recipient": scene.delivery.recipient_id,
        "title": "样片",
        "size": 10,
    }
    assert sender.get(reverse("delivery_new")).status_code == 200
    assert sender.post(reverse("delivery_new"), {**form, "recipient": scene.endpoint.pk}).status_code == 422
    assert sender.post(reverse("delivery_new"), form).status_code == 302
    made = Delivery.objects.get(title="样片")
    page = made.get_absolute_url()
    assert "langqiao seal FILE --to" in sender.get(page).content.decode()
    for act, values in (("seal", SEALED), ("progress", {"done": 5}), ("send", {})):
        assert sender.post(reverse("delivery_act", args=[made.pk, act]), values).status_code == 302
    made.refresh_from_db()
    assert made.state == "sent"
    assert 'data-dialog="receive-dialog"' in receiver.get(page).content.decode()
    act = reverse("delivery_act", args=[made.pk, "receive"])
    assert "回执有误" in receiver.post(act, {"receipt": "x"}, follow=True).content.decode()
    done = receiver.post(act, {"receipt": receipt_of(made)}, follow=True).content.decode()
    assert "签名已核验" in done
    for who, status in (("office", 200), ("operator", 404), ("other member", 404)):
        client = Client()
        client.force_login(scene.actors[who])
        assert client.get(page).status_code == status, who
        for name in ("delivery_list", "endpoint_list"):
            assert client.get(reverse(name), {"export": "csv"}).status_code == 200
    boss = Client()
    boss.force_login(scene.actors["operator"])
    wrong = {"sae_id": "S", "site": scene.site.pk, "organisation": scene.firm.name, "public_key": "04"}
    assert boss.post(reverse("endpoint_new"), wrong).status_code == 422
    right = {**wrong, "public_key": make.KEY.public.hex()}
    assert boss.post(reverse("endpoint_new"), right).status_code == 302


def test_without_an_endpoint_nothing_is_announced() -> None:
    client = Client()
    client.force_login(make_member(make_organisation()))
    page = client.get(reverse("delivery_new"), follow=True)
    assert "还没有密钥终端" in page.content.decode()


def test_an_endpoint_is_revised_on_its_page_by_the_site_s_operator() -> None:
    endpoint = make.make_endpoint()
    operator = make.make_operator(endpoint.site)
    client = Client()
    client.force_login(operator)
    address = reverse("endpoint_edit", args=[endpoint.pk])
    opened = client.get(reverse("endpoint_list"), {"open": endpoint.pk}).content.decode()
    assert address in opened
    assert endpoint.public_key in client.get(address).content.decode()
    assert client.post(address, {"public_key": "04ab", "is_active": "on"}).status_code == 422
    new = Sm2PrivateKey.generate().public.hex()
    assert client.post(address, {"public_key": new}).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.public_key, endpoint.is_active) == (new, False)
    assert Entry.objects.filter(verb="revise_endpoint").count() == 1
    for other, status in ((make.make_operator(make.make_site("hefei")), 403), (make_office(), 403), (make_user(), 404)):  # fmt: skip
        client.force_login(other)
        assert client.get(address).status_code == status
        assert address not in client.get(reverse("endpoint_list"), {"open": endpoint.pk}).content.decode()
