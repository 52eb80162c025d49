"""Verbs of endpoints (密钥终端) and sealed deliveries (密封传送).

The file never comes here: the sender seals it with ``langqiao seal``, sends it its own way and reports; the
recipient opens it with ``langqiao open`` and hands in the signed receipt, which is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.models import Entry
from langqiao.apps.quantum.domain.common import (
    enter_site,
    hexadecimal,
    insiders_of,
    notify,
    referred,
    save,
    whole,
)
from langqiao.apps.quantum.models import DELIVERY_TRANSITIONS, Delivery, Endpoint, Site
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    assign,
    clean,
    clean_reason,
    digest,
    enter,
    lock,
    move,
    must_be_in,
)
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Organisation
from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.sealed import Receipt, SealedError, TrustedKeys, check_receipt
from langqiao.engines.sm.sm2 import Sm2PublicKey
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

BYTES_AT_MOST = 2**60
KEYS_AT_MOST = 1_048_576
NOTE_AT_MOST = 10_000
RECEIPT_AT_MOST = 16_384
State = Delivery.State


def _public_key(value: Any) -> str:
    text = str(value or "").strip().lower()
    try:
        return Sm2PublicKey.from_hex(text).hex()
    except SmError as fault:
        raise Invalid(
            _("这不是 SM2 公钥。"),
            mend=_("请填写以 04 开头的 130 位十六进制数。"),
            field="public_key",
        ) from fault


def _sae(value: Any) -> str:
    return clean(value, "sae_id", most=80, lines=False)


@transaction.atomic
def register_endpoint(
    actor: User | None,
    *,
    sae_id: str,
    site: Site,
    organisation: Organisation,
    public_key: str,
    illustrative: bool = False,
) -> Endpoint:
    """Register an organisation's endpoint (登记密钥终端) at a site, with its SM2 public key.

    Raises:
        NotAllowed: the actor does not operate the site.
        Invalid: a value is missing, wrong or taken; ``field`` names it.
    """
    endpoint = Endpoint(
        sae_id=_sae(sae_id),
        site=referred(site, Site, "site"),
        organisation=referred(organisation, Organisation, "organisation"),
        public_key=_public_key(public_key),
        illustrative=bool(illustrative),
    )
    require(actor, "quantum.keep_endpoint", endpoint)
    if Endpoint.objects.filter(sae_id=endpoint.sae_id).exists():
        raise Invalid(
            _("终端“%(sae)s”已经登记。") % {"sae": endpoint.sae_id}, mend=_("请核对标识。"), field="sae_id"
        )
    endpoint.save()
    fingerprint = Sm2PublicKey.from_hex(endpoint.public_key).fingerprint.hex()
    enter_site(actor, "register_endpoint", endpoint, site, {"sae": endpoint.sae_id, "key_sm3": fingerprint})
    return endpoint


@transaction.atomic
def revise_endpoint(actor: User | None, endpoint: Endpoint, **values: Any) -> Endpoint:
    """Give an endpoint another public key, or take it out of use (修改密钥终端).

    Args:
        values: ``public_key``, ``is_active``.

    Raises:
        NotAllowed: the actor does not operate the site.
        Invalid: the key is none.
    """
    require(actor, "quantum.keep_endpoint", endpoint)
    lock(endpoint)
    found: dict[str, Any] = {}
    if "public_key" in values:
        found["public_key"] = _public_key(values["public_key"])
    if "is_active" in values:
        found["is_active"] = bool(values["is_active"])
    if changed := assign(endpoint, found):
        endpoint.save()
        fingerprint = Sm2PublicKey.from_hex(endpoint.public_key).fingerprint.hex()
        data = {"changed": changed, "key_sm3": fingerprint, "is_active": endpoint.is_active}
        enter_site(actor, "revise_endpoint", endpoint, endpoint.site, data)
    return endpoint


@transaction.atomic
def announce_delivery(
    actor: User | None,
    *,
    sender: Endpoint,
    recipient: Endpoint,
    title: str,
    size: int,
    note: str = "",
    code: str | None = None,
    illustrative: bool = False,
) -> Delivery:
    """Announce a delivery (预告传送): a case of its own; the recipient's people are told.

    Args:
        size: of the file in bytes.

    Raises:
        NotAllowed: the actor is not of the sender.
        Invalid: the ends are one or out of use, or a value is wrong; ``field`` names it.
    """
    referred(sender, Endpoint, "sender")
    referred(recipient, Endpoint, "recipient")
    require(actor, "quantum.send", sender)
    for end, field in ((sender, "sender"), (recipient, "recipient")):
        if not end.is_active:
            raise Invalid(
                _("终端“%(sae)s”已停用。") % {"sae": end.sae_id}, mend=_("请另选终端。"), field=field
            )
    if sender.pk == recipient.pk:
        raise Invalid(_("发送与接收应是不同的终端。"), mend=_("请另选接收终端。"), field="recipient")
    delivery = Delivery(
        case=next_case(),
        code=clean(code, "code", most=80, lines=False, required=False) or None,
        illustrative=bool(illustrative),
        title=clean(title, "title", most=TITLE_AT_MOST, lines=False),
        note=clean(note, "note", most=NOTE_AT_MOST, required=False),
        sender=sender,
        recipient=recipient,
        size=whole(size, "size", low=0, high=BYTES_AT_MOST),
        created_by=actor,
    )
    save(delivery)
    entry = _enter(actor, "announce_delivery", delivery, {"size": delivery.size})
    _tell(recipient, delivery, _("有密封文件将传给贵单位：“%(title)s”。"), entry, but=actor)
    return delivery


@transaction.atomic
def seal_delivery(
    actor: User | None,
    delivery: Delivery,
    *,
    file_id: str,
    header_digest: str,
    manifest_digest: str,
    keys: int,
    file_sm3: str = "",
) -> Delivery:
    """Report that the file is sealed (登记已密封), with what ``langqiao seal`` printed.

    Args:
        file_id: 32 hexadecimal digits, of the sealed file's header.
        header_digest, manifest_digest: SM3, 64 digits; the receipt is checked against them.
        keys: how many keys of the KME were used.
        file_sm3: SM3 of the plain file, where the sender gives it.

    Raises:
        NotAllowed: the actor is not of the sender.
        Refused: it is not announced.
        Invalid: a digest or count is wrong; ``field`` names it.
    """
    require(actor, "quantum.send", delivery)
    lock(delivery)
    move(delivery, State.SEALED, DELIVERY_TRANSITIONS)
    delivery.file_id = hexadecimal(file_id, "file_id", 32)
    delivery.header_digest = hexadecimal(header_digest, "header_digest", 64)
    delivery.manifest_digest = hexadecimal(manifest_digest, "manifest_digest", 64)
    delivery.file_sm3 = hexadecimal(file_sm3, "file_sm3", 64, required=False)
    delivery.keys = whole(keys, "keys", low=1, high=KEYS_AT_MOST)
    delivery.sealed_at = timezone.now()
    delivery.save()
    _enter(
        actor, "seal_delivery", delivery,
        {"manifest_sm3": delivery.manifest_digest, "keys": delivery.keys},
    )  # fmt: skip
    return delivery


@transaction.atomic
def report_progress(actor: User | None, delivery: Delivery, *, done: int) -> Delivery:
    """Report how many bytes have been sent (登记进度): no act of the ledger, only a figure that grows.

    Raises:
        NotAllowed: the actor is not of the sender.
        Refused: it is not sealed.
        Invalid: fewer bytes than before, or more than there are.
    """
    require(actor, "quantum.send", delivery)
    lock(delivery)
    must_be_in(delivery, State.SEALED)
    delivery.done = whole(done, "done", low=delivery.done, high=delivery.size)
    delivery.save(update_fields=["done", "updated_at"])
    return delivery


@transaction.atomic
def send_delivery(actor: User | None, delivery: Delivery) -> Delivery:
    """Report that the sealed file is sent whole (登记已发出); the recipient's people are told.

    Raises:
        NotAllowed: the actor is not of the sender.
        Refused: it is not sealed.
    """
    require(actor, "quantum.send", delivery)
    lock(delivery)
    move(delivery, State.SENT, DELIVERY_TRANSITIONS)
    delivery.done, delivery.sent_at = delivery.size, timezone.now()
    delivery.save(update_fields=["state", "done", "sent_at", "updated_at"])
    entry = _enter(actor, "send_delivery", delivery)
    _tell(delivery.recipient, delivery, _("密封文件“%(title)s”已发出，请打开并签收。"), entry, but=actor)
    return delivery


@transaction.atomic
def receive_delivery(actor: User | None, delivery: Delivery, *, receipt: str) -> Delivery:
    """Hand in the signed receipt (签收): the file was opened whole; the signature is checked here.

    Raises:
        NotAllowed: the actor is not of the recipient.
        Refused: it is not sent.
        Invalid: no receipt, one for another file, or its signature does not fit the endpoint's key.
    """
    require(actor, "quantum.receive", delivery)
    lock(delivery)
    move(delivery, State.RECEIVED, DELIVERY_TRANSITIONS)
    text = clean(receipt, "receipt", most=RECEIPT_AT_MOST)
    _check_receipt(delivery, text)
    delivery.receipt, delivery.closed_at = text, timezone.now()
    delivery.save(update_fields=["state", "receipt", "closed_at", "updated_at"])
    entry = _enter(
        actor,
        "receive_delivery",
        delivery,
        {"receipt_sm3": digest(text), "manifest_sm3": delivery.manifest_digest},
    )
    _publish_keys(actor, delivery)
    _tell(delivery.sender, delivery, _("密封文件“%(title)s”已签收。"), entry, but=actor)
    return delivery


@transaction.atomic
def refuse_delivery(actor: User | None, delivery: Delivery, *, why: str) -> Delivery:
    """Refuse a delivery (拒收), with a reason: it does not open, or is not what was announced.

    Raises:
        NotAllowed: the actor is not of the recipient.
        Refused: it is not sent.
        Invalid: no reason.
    """
    require(actor, "quantum.receive", delivery)
    lock(delivery)
    move(delivery, State.REFUSED, DELIVERY_TRANSITIONS)
    delivery.why, delivery.closed_at = clean_reason(why), timezone.now()
    delivery.save(update_fields=["state", "why", "closed_at", "updated_at"])
    entry = _enter(actor, "refuse_delivery", delivery, {"why_sm3": digest(delivery.why)})
    _tell(delivery.sender, delivery, _("密封文件“%(title)s”被拒收。"), entry, but=actor)
    return delivery


@transaction.atomic
def withdraw_delivery(actor: User | None, delivery: Delivery, *, why: str) -> Delivery:
    """Withdraw a delivery (撤回传送) that is not sent, with a reason.

    Raises:
        NotAllowed: the actor is not of the sender.
        Refused: it is sent or closed.
        Invalid: no reason.
    """
    require(actor, "quantum.send", delivery)
    lock(delivery)
    move(delivery, State.WITHDRAWN, DELIVERY_TRANSITIONS)
    delivery.why, delivery.closed_at = clean_reason(why), timezone.now()
    delivery.save(update_fields=["state", "why", "closed_at", "updated_at"])
    entry = _enter(actor, "withdraw_delivery", delivery, {"why_sm3": digest(delivery.why)})
    _tell(delivery.recipient, delivery, _("密封传送“%(title)s”已撤回。"), entry, but=actor)
    return delivery


def _publish_keys(actor: User | None, delivery: Delivery) -> None:
    """Make public how many keys served which pair of cities (公布密钥用量), and nothing of who sent what."""
    site = delivery.sender.site
    data: dict[str, Any] = {"to": delivery.recipient.site.city_id, "keys": delivery.keys}
    if delivery.illustrative:
        data["illustrative"] = True
    enter_site(actor, "publish_keys", site, site, data)


def _check_receipt(delivery: Delivery, text: str) -> None:
    """Refuse a receipt that is not this file's, or not signed by the recipient's endpoint."""
    endpoint = delivery.recipient
    trusted = TrustedKeys([(endpoint.sae_id, Sm2PublicKey.from_hex(endpoint.public_key))])
    try:
        receipt = Receipt.from_json(text)
        stated = (
            receipt.file_id, receipt.header_digest, receipt.manifest_digest, receipt.size, receipt.sender,
            receipt.recipient,
        )  # fmt: skip
        expected = (
            delivery.file_id, delivery.header_digest, delivery.manifest_digest, delivery.size,
            delivery.sender.sae_id, endpoint.sae_id,
        )  # fmt: skip
        if stated != expected:
            raise Invalid(_("这份回执是另一个文件的。"), mend=_("请提交本次传送的回执。"), field="receipt")
        check_receipt(receipt, trusted)
    except SealedError as fault:
        words = {
            "untrusted": _("回执不是由接收终端登记的公钥签署的。"),
            "receipt": _("回执有误，或签名不符。"),
        }
        raise Invalid(
            words.get(fault.kind, _("回执有误，或签名不符。")),
            mend=_("请提交 langqiao open --receipt 写出的回执原文；终端换过密钥的，请先由运营方登记。"),
            field="receipt",
        ) from fault


def _enter(actor: User | None, verb: str, delivery: Delivery, data: Mapping[str, Any] | None = None) -> Entry:
    return enter(
        actor,
        verb,
        delivery,
        case=delivery.case,
        city=delivery.sender.site.city_id,
        organisation=delivery.sender.organisation,
        data={"from": delivery.sender.sae_id, "to": delivery.recipient.sae_id, **(data or {})},
    )


def _tell(endpoint: Endpoint, delivery: Delivery, text: object, entry: Entry, *, but: User | None) -> None:
    notify(insiders_of(endpoint.organisation_id), delivery, text, entry, but=but)
