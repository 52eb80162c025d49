"""Receipts (回执): what a submission freezes, and how anybody checks it against the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langqiao.apps.ledger.chain import canonical, entry_hash
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry
from langqiao.apps.verification.models import Application, ApplicationVersion
from langqiao.engines.sm.sm3 import sm3_hex

SUBMIT = "submit_application"


def frozen_content(application: Application) -> dict[str, Any]:
    """What a submission freezes: all that is handed in, files and promises by their digests.

    Only text, whole numbers, small floats, booleans and lists stand in it, so that its canonical JSON is
    the same whichever database kept it.
    """
    achievement = application.achievement
    return {
        "call": application.call.case,
        "number": application.number,
        "title": application.title,
        "organisation": {"id": application.organisation_id, "name": application.organisation.name},
        "city": application.city_id,
        "field": application.field_id,
        "achievement": None if achievement is None else {"id": achievement.pk, "title": achievement.title},
        "amount": None if application.amount is None else f"{application.amount:.2f}",
        "values": application.values,
        "files": [
            {"id": file.pk, "key": file.key, "name": file.name, "size": file.size, "sm3": file.digest}
            for file in application.files.filter(replaced=False).order_by("id")
        ],
        "promises": [
            {"key": promise.key, "title": promise.title, "sm3": promise.digest, "user": promise.user_id}
            for promise in application.promises.order_by("id")
        ],
    }


def content_digest(content: Mapping[str, Any]) -> str:
    """SM3 (GB/T 32905-2016) of the canonical JSON of a version's content, as the receipt states it."""
    return sm3_hex(canonical(content).encode())


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one version (提交回执).

    Attributes:
        call, title: of the call and the application.
        case: the application's case number (项目编号).
        number: of the application in its call; ``version``: of what was handed in.
        digest: SM3 of the canonical content, 64 hexadecimal digits.
        sequence, hash: the ledger's entry that holds the digest.
    """

    call: str
    call_id: int
    title: str
    organisation: str
    case: str
    number: int
    version: int
    digest: str
    at: datetime
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a receipt found.

    Attributes:
        content: the stored content still gives the digest.
        entry: the ledger's entry is there and its fields give its hash.
        held: the entry speaks of this application and version and holds the digest.
    """

    content: bool
    entry: bool
    held: bool

    @property
    def holds(self) -> bool:
        """Whether all of it holds."""
        return self.content and self.entry and self.held


@dataclass(frozen=True, slots=True)
class Held:
    """The ledger's entry that holds a digest somebody showed: its number, hash and time."""

    sequence: int
    hash: str
    at: datetime


def receipt(version: ApplicationVersion) -> Receipt:
    """The receipt of a version, with the ledger's entry read anew.

    Raises:
        Entry.DoesNotExist: the ledger lost the entry (``langqiao ledger verify`` says so too).
    """
    application = version.application
    entry = Entry.objects.get(sequence=version.entry)
    return Receipt(
        call=application.call.title,
        call_id=application.call_id,
        title=str(version.content["title"]),
        organisation=str(version.content["organisation"]["name"]),
        case=application.case,
        number=int(version.content["number"]),
        version=version.number,
        digest=version.digest,
        at=entry.at,
        sequence=entry.sequence,
        hash=entry.hash,
    )


def _says(entry: Entry, *, number: int, version: int, digest: str) -> bool:
    """Whether the entry holds the digest of this version of this number."""
    data = json.loads(entry.data)
    return (data.get("number"), data.get("version"), data.get("sm3")) == (number, version, digest)


def check_receipt(version: ApplicationVersion) -> Checked:
    """Recompute a version's digest from its content and find it in the ledger (验证回执)."""
    entry = Entry.objects.filter(sequence=version.entry).first()
    number = version.content.get("number", 0)
    return Checked(
        content=content_digest(version.content) == version.digest,
        entry=entry is not None and entry_hash(entry) == entry.hash,
        held=entry is not None
        and entry.verb == SUBMIT
        and entry.object == identifier(version.application)
        and _says(entry, number=number, version=version.number, digest=version.digest),
    )


def find_receipt(*, call_id: int, number: int, version: int, digest: str) -> Held | None:
    """The ledger's entry of a receipt that somebody holds, or None.

    Who does not know the digest learns nothing, not even that there is such an application.
    """
    application = Application.objects.filter(call_id=call_id, number=number).first()
    if application is None:
        return None
    entries = Entry.objects.filter(verb=SUBMIT, object=identifier(application)).order_by("sequence")
    for entry in entries:
        if _says(entry, number=number, version=version, digest=digest.strip().lower()):
            return Held(entry.sequence, entry.hash, entry.at) if entry_hash(entry) == entry.hash else None
    return None
