"""What of an application a viewer may read (申报内容): the whole, or what a double-blind review leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.registry.models import Achievement, City, Field, Organisation
from langqiao.apps.verification.domain import receipts
from langqiao.apps.verification.domain.receipts import Receipt, frozen_content
from langqiao.apps.verification.models import HANDED_IN, Application, ApplicationFile, ApplicationVersion
from langqiao.kit.permissions import allowed


@dataclass(frozen=True, slots=True)
class Line:
    """A field with its value: money a decimal (万元), a date a date, choices a list, yes and no booleans.

    ``value`` is None where nothing was filled in.
    """

    key: str
    label: str
    kind: str
    help: str
    value: Any


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the form with what stands in it."""

    key: str
    title: str
    help: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as the viewer may know it; for double-blind reviewers ``name`` is not the file's own."""

    pk: int
    key: str
    label: str
    name: str
    media_type: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed promise (承诺书): its title, digest and time, never who signed."""

    key: str
    title: str
    digest: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a viewer may read of an application.

    Attributes:
        label: its number in words, by which a double-blind reviewer knows it.
        blind: whether the applicant's identity is left out: organisation, city, achievement, identifying
            fields and files, further files, and the files' own names.
        version: of what was handed in; None for the applicant's working copy.
        digest: of that version; empty for the working copy.
    """

    application: int
    label: str
    title: str
    blind: bool
    organisation: Organisation | None
    city: City | None
    field: Field | None
    achievement: Achievement | None
    amount: Decimal | None
    parts: tuple[Part, ...]
    files: tuple[Attached, ...]
    promises: tuple[Signed, ...]
    version: int | None
    digest: str
    at: datetime | None


def newest_version(application: Application) -> ApplicationVersion | None:
    """The newest version that was handed in."""
    return application.versions.first()


def outline_title(application: Application, viewer: Any) -> str:
    """The title in an outline: the applicant's own is the working copy's, all others' what was handed in."""
    if viewer is not None and allowed(viewer, "verification.edit_application", application):
        return application.title
    version = newest_version(application)
    return str(version.content["title"]) if version is not None else application.title


def content_of(application: Application, viewer: Any, *, as_reviewer: bool = False) -> Content | None:
    """What ``viewer`` may read of an application, or None.

    The applicant reads the working copy, everybody else the newest version that was handed in. Who is
    both of the office and a reviewer reads it whole, unless ``as_reviewer`` asks for the review's view.
    """
    if not as_reviewer and allowed(viewer, "verification.edit_application", application):
        # The console may act, but reads as a stranger.
        return _read(application, None, blind=False) if viewer is not None else None
    version = newest_version(application)
    if version is None or application.state not in HANDED_IN:
        return None
    if not as_reviewer and allowed(viewer, "verification.read_application", application):
        return _read(application, version, blind=False)
    if allowed(viewer, "verification.read_assigned", application):
        return _read(application, version, blind=application.call.is_double_blind)
    return None


def version_content(version: ApplicationVersion, viewer: Any) -> Content | None:
    """An earlier version, whole, for the applicant and the office."""
    application = version.application
    if not allowed(viewer, "verification.read_application", application):
        return None
    return _read(application, version, blind=False)


def readable_file(file: ApplicationFile, viewer: Any) -> Attached | None:
    """The file as the viewer may fetch it: one of the content read, or of an earlier version; else None."""
    content = content_of(file.application, viewer)
    for attached in content.files if content is not None else ():
        if attached.pk == file.pk:
            return attached
    if not allowed(viewer, "verification.read_application", file.application):
        return None
    for version in file.application.versions.all():
        earlier = version_content(version, viewer)
        for attached in earlier.files if earlier is not None else ():
            if attached.pk == file.pk:
                return attached
    return None


def receipt_of(version: ApplicationVersion) -> Receipt:
    """The receipt (回执) of a version: number, version, digest, time, and the ledger's entry.

    Raises:
        Entry.DoesNotExist: the ledger lost the entry.
    """
    return receipts.receipt(version)


# -- reading ------------------------------------------------------------------------------------


def _read(application: Application, version: ApplicationVersion | None, *, blind: bool) -> Content:
    """The working copy (``version`` None) or a version, whole or blind."""
    held = frozen_content(application) if version is None else version.content
    call = application.call
    achievement = held["achievement"]
    return Content(
        application=application.pk,
        label=application.label,
        title=held["title"],
        blind=blind,
        organisation=None if blind else application.organisation,
        city=None if blind else application.city,
        field=_field(held["field"]),
        achievement=None
        if blind or achievement is None
        else Achievement.everything.filter(pk=achievement["id"]).first(),
        amount=None if held["amount"] is None else Decimal(held["amount"]),
        parts=_parts(call.form, held["values"], blind=blind),
        files=_files(application, held["files"], blind=blind),
        promises=tuple(Signed(row["key"], row["title"], row["sm3"]) for row in held["promises"]),
        version=version.number if version is not None else None,
        digest=version.digest if version is not None else "",
        at=version.at if version is not None else None,
    )


def _field(slug: str | None) -> Field | None:
    return Field.objects.filter(pk=slug).first() if slug else None


def _parts(form: list[dict[str, Any]], values: Mapping[str, Any], *, blind: bool) -> tuple[Part, ...]:
    parts = []
    for section in form:
        lines = tuple(
            Line(field["key"], field["label"], field["kind"], field["help"], _typed(field, values))
            for field in section["fields"]
            if not (blind and field["identifying"])
        )
        if lines:
            parts.append(Part(section["key"], section["title"], section["help"], lines))
    return tuple(parts)


def _typed(field: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    value = values.get(field["key"])
    if value is None:
        return None
    if field["kind"] == "money":
        return Decimal(value)
    if field["kind"] == "date":
        return date.fromisoformat(value)
    return value


def _files(application: Application, held: list[dict[str, Any]], *, blind: bool) -> tuple[Attached, ...]:
    wanted = {row["key"]: row for row in application.call.wanted_files}
    kept = {file.pk: file for file in application.files.all()}
    found = []
    for row in held:
        asked = wanted.get(row["key"])
        if blind and (asked is None or asked["identifying"]):
            continue
        file = kept.get(row["id"])
        if file is None:
            continue
        label = asked["name"] if asked is not None else _("其他附件")
        ending = row["name"].rpartition(".")[2]
        name = f"{label}.{ending}" if blind else row["name"]
        found.append(Attached(file.pk, row["key"], label, name, file.media_type, row["size"], row["sm3"]))
    return tuple(found)
